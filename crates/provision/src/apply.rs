//! Does what a plan says, step by step, and tells exactly how far it came.

use std::fmt;

use crate::api::{Api, ApiError};
use crate::owner::Owner;
use crate::ownership;
use crate::plan::{Action, Claim, Plan, Step};
use crate::resource::{self, Id, Wanted, rule, target};

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
        Action::Create(settings) => {
            let settings = &resource::settle(api, settings).await?;
            step.id.create(api, Wanted { settings, secrets: &step.secrets }).await
        }
        Action::Update { settings, changes } => {
            let settings = &resource::settle(api, settings).await?;
            step.id.update(api, Wanted { settings, secrets: &step.secrets }, changes).await
        }
        Action::Delete => {
            match step.id.delete(api).await {
                // Somebody else was quicker: what was wanted is so.
                Err(error) if !error.is_absent() => return Err(error),
                Ok(()) | Err(_) => {}
            }
            ownership::forget(api, owner, &step.id).await
        }
    }
}

/// What is half done when the first step of `rest` failed: a rule that stands without a target it should have.
fn half_done(rest: &[&Step], done: &[Step]) -> String {
    let Some(Step { id: Id::Target(target::Id { bus, rule, .. }), action, .. }) = rest.first() else {
        return String::new();
    };
    if *action == Action::Delete {
        return format!("the rule {rule} still has a target that should be removed");
    }
    let missing = rest.iter().filter_map(|step| match &step.id {
        Id::Target(target) if (&target.bus, &target.rule) == (bus, rule) && step.action != Action::Delete => {
            Some(target.id.as_str())
        }
        _ => None,
    });
    let missing: Vec<&str> = missing.collect();
    let rule_id = Id::from(rule::Id { bus: bus.clone(), name: rule.clone() });
    let is_new = done.iter().any(|step| step.id == rule_id && matches!(step.action, Action::Create(_)));
    let state = if is_new { "was created and" } else { "exists and" };
    format!(
        "the rule {rule} {state} matches events, but these of its targets are missing or out of date: {}",
        missing.join(", ")
    )
}
