//! Does what a plan says, step by step, and tells exactly how far it came.

use std::fmt;

use serde_json::{Value, json};

use crate::api::{Api, ApiError, Request};
use crate::desired::{Id, SECRETS, Settings, TAGS};
use crate::made_up;
use crate::owner::Owner;
use crate::ownership;
use crate::plan::{Action, Change, Claim, Plan, Step};
use crate::secrets::Secrets;
use crate::survey::queue_url;

/// How far an apply came.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// The steps that changed something, in order.
    pub done: Vec<Step>,
    /// Where it stopped.
    pub failed: Option<Failure>,
}

/// The step that failed. The steps after it were not tried.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// Which.
    pub step: Step,
    /// What the API answered.
    pub error: ApiError,
    /// What is now half done, in a sentence; empty where nothing is.
    pub left: String,
    /// The steps that were not tried.
    pub untried: Vec<Step>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.step.id, self.error)?;
        if !self.left.is_empty() {
            write!(f, "\n{}", self.left)?;
        }
        if !self.untried.is_empty() {
            let untried = self.untried.len();
            write!(f, "\n{untried} more steps were not tried; apply again when this is fixed")?;
        }
        Ok(())
    }
}

/// Does the steps of a plan in order and stops at the first that fails. Each resource is remembered as the owner's before it
/// is made, so that whatever happens then, the next apply knows it. Doing a plan again that was made anew changes nothing.
pub async fn apply(api: &impl Api, plan: &Plan, owner: &Owner) -> Report {
    let mut report = Report::default();
    for (index, step) in plan.steps.iter().enumerate() {
        if let Err(error) = take(api, step, owner).await {
            let rest: Vec<&Step> = plan.steps.iter().skip(index).filter(|step| step.is_change()).collect();
            report.failed = Some(Failure {
                step: step.clone(),
                error,
                left: half_done(&rest, &report.done),
                untried: rest.into_iter().skip(1).cloned().collect(),
            });
            return report;
        }
        if step.is_change() {
            report.done.push(step.clone());
        }
    }
    for id in &plan.vanished {
        // What is remembered of something that is not there does no harm.
        drop(ownership::forget(api, owner, id).await);
    }
    report
}

async fn take(api: &impl Api, step: &Step, owner: &Owner) -> Result<(), ApiError> {
    let is_new = matches!(step.action, Action::Create(_)) || step.claim != Claim::Own;
    if is_new {
        ownership::record(api, owner, &step.id).await?;
    }
    match &step.action {
        Action::Keep => Ok(()),
        Action::Create(settings) => create(api, step, &made_up::settle(api, settings).await?).await,
        Action::Update { settings, changes } => {
            update(api, step, &made_up::settle(api, settings).await?, changes).await
        }
        Action::Delete => {
            match delete(api, &step.id).await {
                // Somebody else was quicker: what was wanted is so.
                Err(error) if !error.is_absent() => return Err(error),
                Ok(()) | Err(_) => {}
            }
            ownership::forget(api, owner, &step.id).await
        }
    }
}

async fn create(api: &impl Api, step: &Step, settings: &Settings) -> Result<(), ApiError> {
    match &step.id {
        Id::Queue { name } => {
            let attributes: Settings =
                settings.iter().map(|(name, value)| attribute(name, Some(value))).collect();
            let body = json!({"QueueName": name, "Attributes": attributes});
            api.call(Request::sqs("CreateQueue", body)).await.map(drop)
        }
        Id::Bus { name } => {
            api.call(Request::events("CreateEventBus", json!({"Name": name}))).await.map(drop)
        }
        Id::Connection { name } => call_http(api, "CreateConnection", name, settings, &step.secrets).await,
        Id::ApiDestination { name } => {
            call_http(api, "CreateApiDestination", name, settings, &step.secrets).await
        }
        Id::Rule { bus, name } => put_rule(api, bus, name, settings).await.map(drop),
        Id::Target { bus, rule, id } => put_target(api, bus, rule, id, settings).await,
    }
}

async fn update(
    api: &impl Api,
    step: &Step,
    settings: &Settings,
    changes: &[Change],
) -> Result<(), ApiError> {
    match &step.id {
        Id::Queue { name } => {
            let url = url(api, name).await?;
            let attributes: Settings =
                changes.iter().map(|change| attribute(&change.field, change.to.as_ref())).collect();
            let body = json!({"QueueUrl": url, "Attributes": attributes});
            api.call(Request::sqs("SetQueueAttributes", body)).await.map(drop)
        }
        // A bus has no settings in a pipeline, so nothing of it differs.
        Id::Bus { .. } => Ok(()),
        Id::Connection { name } => {
            call_http(api, "UpdateConnection", name, &emptied(settings), &step.secrets).await
        }
        Id::ApiDestination { name } => {
            call_http(api, "UpdateApiDestination", name, &emptied(settings), &step.secrets).await
        }
        // PutRule and PutTargets replace what is there, but for a rule's tags.
        Id::Rule { bus, name } => {
            let arn = put_rule(api, bus, name, settings).await?;
            match changes.iter().find(|change| change.field == TAGS) {
                Some(change) => retag(api, &arn, change).await,
                None => Ok(()),
            }
        }
        Id::Target { bus, rule, id } => put_target(api, bus, rule, id, settings).await,
    }
}

async fn delete(api: &impl Api, id: &Id) -> Result<(), ApiError> {
    match id {
        Id::Queue { name } => {
            let url = url(api, name).await?;
            api.call(Request::sqs("DeleteQueue", json!({"QueueUrl": url}))).await.map(drop)
        }
        Id::Bus { name } => {
            api.call(Request::events("DeleteEventBus", json!({"Name": name}))).await.map(drop)
        }
        Id::Connection { name } => {
            api.call(Request::events("DeleteConnection", json!({"Name": name}))).await.map(drop)
        }
        Id::ApiDestination { name } => {
            api.call(Request::events("DeleteApiDestination", json!({"Name": name}))).await.map(drop)
        }
        Id::Rule { bus, name } => {
            let body = json!({"Name": name, "EventBusName": bus});
            api.call(Request::events("DeleteRule", body)).await.map(drop)
        }
        Id::Target { bus, rule, id } => {
            let body = json!({"Rule": rule, "EventBusName": bus, "Ids": [id]});
            entries(&api.call(Request::events("RemoveTargets", body)).await?)
        }
    }
}

/// Makes or changes a connection or an API destination.
async fn call_http(
    api: &impl Api,
    operation: &'static str,
    name: &str,
    settings: &Settings,
    secrets: &Secrets,
) -> Result<(), ApiError> {
    let mut body = settings.clone();
    body.remove(SECRETS);
    body.insert("Name".to_owned(), json!(name));
    api.call(Request::events(operation, secrets.fill(json!(body)))).await.map(drop)
}

/// What an update leaves out stays as it was; a description that is no longer wanted is made empty.
fn emptied(settings: &Settings) -> Settings {
    let mut settings = settings.clone();
    settings.entry("Description".to_owned()).or_insert_with(|| json!(""));
    settings
}

async fn url(api: &impl Api, name: &str) -> Result<String, ApiError> {
    queue_url(api, name).await?.ok_or_else(|| ApiError {
        code: "QueueDoesNotExist".to_owned(),
        message: format!("the queue {name} was deleted after the plan was made"),
        status: 400,
    })
}

/// A queue's attribute on the wire: all are text, and an empty redrive policy takes the policy away (as AWS does;
/// see the pull request 11385 of localstack, which was checked against AWS).
fn attribute(name: &str, value: Option<&Value>) -> (String, Value) {
    let text = match value {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    };
    (name.to_owned(), Value::String(text))
}

/// Puts a rule; its ARN. The tags count where the rule is new.
async fn put_rule(api: &impl Api, bus: &str, name: &str, settings: &Settings) -> Result<Value, ApiError> {
    let mut body = settings.clone();
    body.insert("Name".to_owned(), json!(name));
    body.insert("EventBusName".to_owned(), json!(bus));
    if let Some(pattern) = body.get_mut("EventPattern") {
        *pattern = Value::String(pattern.to_string());
    }
    if let Some(tags) = body.get_mut(TAGS) {
        *tags = listed(tags);
    }
    let answer = api.call(Request::events("PutRule", json!(body))).await?;
    answer.get("RuleArn").cloned().ok_or_else(|| ApiError::strange("PutRule", "RuleArn"))
}

/// Gives a rule the tags of a change, and takes those away that only were.
async fn retag(api: &impl Api, arn: &Value, change: &Change) -> Result<(), ApiError> {
    let keys = |tags: &Option<Value>| -> Vec<String> {
        tags.as_ref().and_then(Value::as_object).into_iter().flat_map(|tags| tags.keys().cloned()).collect()
    };
    let kept = keys(&change.to);
    let gone: Vec<String> = keys(&change.from).into_iter().filter(|key| !kept.contains(key)).collect();
    if !gone.is_empty() {
        let body = json!({"ResourceARN": arn, "TagKeys": gone});
        api.call(Request::events("UntagResource", body)).await?;
    }
    if let Some(tags) = &change.to {
        let body = json!({"ResourceARN": arn, "Tags": listed(tags)});
        api.call(Request::events("TagResource", body)).await?;
    }
    Ok(())
}

/// Tags by key in the form that requests have.
fn listed(tags: &Value) -> Value {
    let pairs = tags.as_object().into_iter().flatten();
    pairs.map(|(key, value)| json!({"Key": key, "Value": value})).collect()
}

async fn put_target(
    api: &impl Api,
    bus: &str,
    rule: &str,
    id: &str,
    settings: &Settings,
) -> Result<(), ApiError> {
    let mut target = settings.clone();
    target.insert("Id".to_owned(), json!(id));
    let body = json!({"Rule": rule, "EventBusName": bus, "Targets": [target]});
    entries(&api.call(Request::events("PutTargets", body)).await?)
}

/// PutTargets and RemoveTargets succeed as a whole while entries fail.
fn entries(answer: &Value) -> Result<(), ApiError> {
    let Some(entry) =
        answer.get("FailedEntries").and_then(Value::as_array).and_then(|entries| entries.first())
    else {
        return Ok(());
    };
    let text = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    Err(ApiError { code: text("ErrorCode"), message: text("ErrorMessage"), status: 200 })
}

/// What is half done when the first step of `rest` failed: a rule that stands without a target it should have.
fn half_done(rest: &[&Step], done: &[Step]) -> String {
    let Some(Step { id: Id::Target { bus, rule, .. }, action, .. }) = rest.first() else {
        return String::new();
    };
    if *action == Action::Delete {
        return format!("the rule {rule} still has a target that should be removed");
    }
    let missing = rest.iter().filter_map(|step| match &step.id {
        Id::Target { bus: b, rule: r, id } if b == bus && r == rule && step.action != Action::Delete => {
            Some(id.as_str())
        }
        _ => None,
    });
    let missing: Vec<&str> = missing.collect();
    let rule_id = Id::Rule { bus: bus.clone(), name: rule.clone() };
    let is_new = done.iter().any(|step| step.id == rule_id && matches!(step.action, Action::Create(_)));
    let state = if is_new { "was created and" } else { "exists and" };
    format!(
        "the rule {rule} {state} matches events, but these of its targets are missing or out of date: {}",
        missing.join(", ")
    )
}
