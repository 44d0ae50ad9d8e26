//! Looks up what is there, of all that is wanted or owned.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::api::{Api, ApiError, Request, found};
use crate::desired::{Desired, Id, Resource, SECRETS, SECRETS_OF_FILE, Settings, TAG_PREFIX, TAGS};
use crate::made_up;
use crate::plan::Actual;

/// The settings of a queue that a pipeline decides; the others are left as they are.
const QUEUE_SETTINGS: &[&str] =
    &["VisibilityTimeout", "MessageRetentionPeriod", "DelaySeconds", "RedrivePolicy"];
const RULE_SETTINGS: &[&str] = &["EventPattern", "State", "Description"];
const CONNECTION_SETTINGS: &[&str] = &["AuthorizationType", "AuthParameters", "Description"];
const API_DESTINATION_SETTINGS: &[&str] =
    &["ConnectionArn", "InvocationEndpoint", "HttpMethod", "InvocationRateLimitPerSecond", "Description"];

/// Asks the API for every resource that is wanted or owned.
///
/// # Errors
/// The first answer that is neither the resource nor "there is none".
pub async fn survey(api: &impl Api, desired: &Desired, own: &[Id]) -> Result<Actual, ApiError> {
    let wanted = desired.resources.iter().map(|resource| &resource.id);
    let ids: BTreeSet<&Id> = wanted.chain(own).collect();
    let mut actual = Actual::default();
    let mut rules: BTreeSet<(&str, &str)> = BTreeSet::new();
    for id in ids {
        let found = match id {
            Id::Queue { name } => queue(api, name).await?,
            Id::Bus { name } => bus(api, name).await?,
            Id::Connection { name } => {
                described(api, "DescribeConnection", name, CONNECTION_SETTINGS).await?
            }
            Id::ApiDestination { name } => {
                described(api, "DescribeApiDestination", name, API_DESTINATION_SETTINGS).await?
            }
            Id::Rule { bus, name } => rule(api, bus, name).await?,
            Id::Target { bus, rule, .. } => {
                // All targets of a rule come with one question.
                if rules.insert((bus, rule)) {
                    actual.resources.extend(targets(api, bus, rule).await?);
                }
                continue;
            }
        };
        actual.resources.extend(found.map(|settings| (id.clone(), settings)));
    }
    for resource in &desired.resources {
        if let Some(actual) = actual.resources.get_mut(&resource.id) {
            made_up::recognize(api, &resource.settings, actual).await?;
            compare_secrets(api, resource, actual).await?;
        }
    }
    Ok(actual)
}

/// No operation of AWS's tells a connection's secrets, or whether they are still those of the file.
async fn compare_secrets(api: &impl Api, resource: &Resource, actual: &mut Settings) -> Result<(), ApiError> {
    let Id::Connection { name } = &resource.id else { return Ok(()) };
    let mut body = json!(resource.settings);
    if let Some(members) = body.as_object_mut() {
        members.remove(SECRETS);
        members.insert("Name".to_owned(), json!(name));
    }
    let body = resource.secrets.fill(body);
    let answer = api.call(Request::trunkline("CompareConnection", body)).await?;
    let is_same = answer.get("IsSame").and_then(Value::as_bool);
    let is_same = is_same.ok_or_else(|| ApiError::strange("CompareConnection", "IsSame"))?;
    let state = if is_same { SECRETS_OF_FILE } else { "other or none" };
    actual.insert(SECRETS.to_owned(), json!(state));
    Ok(())
}

async fn described(
    api: &impl Api,
    operation: &'static str,
    name: &str,
    decided: &[&str],
) -> Result<Option<Settings>, ApiError> {
    let answer = api.call(Request::events(operation, json!({"Name": name}))).await;
    Ok(found(answer)?.map(|answer| settings(&answer, decided)))
}

/// The URL by which SQS wants a queue named; `None` where there is no such queue.
pub(crate) async fn queue_url(api: &impl Api, name: &str) -> Result<Option<String>, ApiError> {
    let answer = api.call(Request::sqs("GetQueueUrl", json!({"QueueName": name}))).await;
    let Some(answer) = found(answer)? else { return Ok(None) };
    let url = answer.get("QueueUrl").and_then(Value::as_str).map(str::to_owned);
    url.map(Some).ok_or_else(|| ApiError::strange("GetQueueUrl", "QueueUrl"))
}

async fn queue(api: &impl Api, name: &str) -> Result<Option<Settings>, ApiError> {
    let Some(url) = queue_url(api, name).await? else { return Ok(None) };
    let body = json!({"QueueUrl": url, "AttributeNames": ["All"]});
    let Some(answer) = found(api.call(Request::sqs("GetQueueAttributes", body)).await)? else {
        return Ok(None);
    };
    let attributes = answer.get("Attributes").unwrap_or(&Value::Null);
    Ok(Some(settings(attributes, QUEUE_SETTINGS)))
}

async fn bus(api: &impl Api, name: &str) -> Result<Option<Settings>, ApiError> {
    let answer = api.call(Request::events("DescribeEventBus", json!({"Name": name}))).await;
    Ok(found(answer)?.map(|_| Settings::new()))
}

async fn rule(api: &impl Api, bus: &str, name: &str) -> Result<Option<Settings>, ApiError> {
    let body = json!({"Name": name, "EventBusName": bus});
    let Some(answer) = found(api.call(Request::events("DescribeRule", body)).await)? else { return Ok(None) };
    let arn = answer.get("Arn").ok_or_else(|| ApiError::strange("DescribeRule", "Arn"))?;
    let tags = found(api.call(Request::events("ListTagsForResource", json!({"ResourceARN": arn}))).await)?;
    let mut settings = settings(&answer, RULE_SETTINGS);
    let tags = decided_tags(&tags.unwrap_or_default());
    if !tags.is_empty() {
        settings.insert(TAGS.to_owned(), Value::Object(tags));
    }
    Ok(Some(settings))
}

/// The tags that a pipeline decides, by key; the others are left as they are.
fn decided_tags(answer: &Value) -> serde_json::Map<String, Value> {
    let tags = answer.get("Tags").and_then(Value::as_array).into_iter().flatten();
    let pairs =
        tags.filter_map(|tag| Some((tag.get("Key")?.as_str()?.to_owned(), tag.get("Value")?.clone())));
    pairs.filter(|(key, _)| key.starts_with(TAG_PREFIX)).collect()
}

async fn targets(api: &impl Api, bus: &str, rule: &str) -> Result<Vec<(Id, Settings)>, ApiError> {
    let mut out = Vec::new();
    let mut token: Option<Value> = None;
    loop {
        let mut body = json!({"Rule": rule, "EventBusName": bus});
        if let (Some(token), Some(members)) = (token.take(), body.as_object_mut()) {
            members.insert("NextToken".to_owned(), token);
        }
        let Some(answer) = found(api.call(Request::events("ListTargetsByRule", body)).await)? else {
            return Ok(out);
        };
        for target in answer.get("Targets").and_then(Value::as_array).into_iter().flatten() {
            let Some(id) = target.get("Id").and_then(Value::as_str) else { continue };
            let id = Id::Target { bus: bus.to_owned(), rule: rule.to_owned(), id: id.to_owned() };
            let members = target.as_object().into_iter().flatten();
            let is_set = members.filter(|(name, value)| *name != "Id" && !value.is_null());
            out.push((id, is_set.map(|(name, value)| (name.clone(), value.clone())).collect()));
        }
        token = answer.get("NextToken").filter(|token| token.is_string()).cloned();
        if token.is_none() {
            return Ok(out);
        }
    }
}

/// The members that a pipeline decides, in the form that [`crate::desired`] has them in.
fn settings(members: &Value, names: &[&str]) -> Settings {
    let is_set = |value: &&Value| !value.is_null() && value.as_str() != Some("");
    names
        .iter()
        .filter_map(|name| {
            let value = members.get(*name).filter(is_set)?;
            let value = match (*name, value.as_str()) {
                ("EventPattern", Some(text)) => serde_json::from_str(text).unwrap_or_else(|_| value.clone()),
                ("RedrivePolicy", Some(text)) => redrive_policy(text).unwrap_or_else(|| value.clone()),
                _ => value.clone(),
            };
            Some(((*name).to_owned(), value))
        })
        .collect()
}

/// SQS takes `maxReceiveCount` as a number and as text, and gives back what it took.
fn redrive_policy(text: &str) -> Option<Value> {
    let mut policy: Value = serde_json::from_str(text).ok()?;
    let count = policy.get_mut("maxReceiveCount")?;
    if let Some(number) = count.as_str().and_then(|text| text.parse::<u64>().ok()) {
        *count = json!(number);
    }
    Some(policy)
}
