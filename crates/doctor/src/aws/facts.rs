//! What an account answered, as far as checks look at it: values as the operations give them.

use std::collections::{BTreeMap, BTreeSet};

use aws::Arn;
use aws::policy::{Caller, Kind, Policy, Request, evaluate};
use serde::Deserialize;
use serde_json::Value;

pub use crate::aws::rule::{Rule, Target};

/// What an account answered.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Facts {
    /// `DescribeEventSource`s: `Name`, `State`, `ExpirationTime`.
    pub event_sources: Vec<Value>,
    /// `ListEventBuses`.
    pub buses: Vec<Value>,
    /// Rules with their targets, of all buses.
    pub rules: Vec<Rule>,
    /// `ListArchives`.
    pub archives: Vec<Value>,
    /// `ListConnections`.
    pub connections: Vec<Value>,
    /// `ListApiDestinations`.
    pub api_destinations: Vec<Value>,
    /// The attributes of each queue.
    pub queues: Vec<BTreeMap<String, String>>,
    /// The functions.
    pub functions: Vec<Function>,
    /// `ListEventSourceMappings`.
    pub mappings: Vec<Value>,
    /// `ListStateMachines`.
    pub state_machines: Vec<Value>,
    /// `DescribeLogGroups`.
    pub log_groups: Vec<Value>,
    /// The documents of `DescribeResourcePolicies`.
    pub log_policies: Vec<String>,
    /// The operations that gave no answer: what is missing there is not known to be missing.
    pub unread: BTreeSet<String>,
}

/// A function.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Function {
    /// Its configuration.
    pub configuration: Value,
    /// Its resource policy; `None`: it has none.
    pub policy: Option<String>,
    /// `ReservedConcurrentExecutions`.
    pub reserved: Option<u64>,
    /// `GetFunctionEventInvokeConfig`; null where there is none.
    pub invoke: Value,
}

/// The text of a member; empty where there is none.
pub(super) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

impl Facts {
    /// Whether an operation gave its answer.
    pub(super) fn has_read(&self, operation: &str) -> bool {
        !self.unread.contains(operation)
    }

    /// A queue by its ARN.
    pub(super) fn queue(&self, arn: &str) -> Option<&BTreeMap<String, String>> {
        self.queues.iter().find(|queue| queue.get("QueueArn").is_some_and(|own| own == arn))
    }

    /// A function by its ARN, that of a version or an alias included.
    pub(super) fn function(&self, arn: &str) -> Option<&Function> {
        let bare = arn.splitn(8, ':').take(7).collect::<Vec<_>>().join(":");
        self.functions.iter().find(|function| text(&function.configuration, "FunctionArn") == bare)
    }

    /// Whether an ARN is of the account and region whose queues and functions were read.
    pub(super) fn is_here(&self, arn: &str) -> bool {
        let home = self.buses.iter().find_map(|bus| text(bus, "Arn").parse::<Arn>().ok());
        match (home, arn.parse::<Arn>()) {
            (Some(home), Ok(arn)) => (arn.region, arn.account) == (home.region, home.account),
            _ => false,
        }
    }

    /// Every enabled rule's targets.
    pub(super) fn targets(&self) -> impl Iterator<Item = (&Rule, &Target)> {
        let rules = self.rules.iter().filter(|rule| rule.is_enabled());
        rules.flat_map(|rule| rule.targets.iter().map(move |target| (rule, target)))
    }

    /// The ARNs of the dead-letter queues of targets and of queues.
    pub(super) fn dead_letter_arns(&self) -> BTreeSet<String> {
        let of_targets = self.targets().filter_map(|(_, target)| target.dead_letter().map(str::to_owned));
        let of_queues = self.queues.iter().filter_map(|queue| {
            let policy: Value = serde_json::from_str(queue.get("RedrivePolicy")?).ok()?;
            Some(text(&policy, "deadLetterTargetArn").to_owned())
        });
        of_targets.chain(of_queues).collect()
    }
}

/// Whether a resource policy lets EventBridge do this in the name of a rule. `None` where that is not known.
pub(super) fn lets_in(policy: Option<&str>, action: &str, (resource, rule): (&str, &str)) -> Option<bool> {
    let (resource, rule): (Arn, Arn) = (resource.parse().ok()?, rule.parse().ok()?);
    let Some(policy) = policy.filter(|text| !text.is_empty()) else { return Some(false) };
    let policy = Policy::parse(policy, Kind::Resource).ok()?;
    let request = Request::on_behalf(Caller::eventbridge(), (action, &resource), &rule);
    Some(evaluate(&[&policy], &request).is_allowed())
}

/// The number in a queue's attribute.
pub(super) fn number(queue: &BTreeMap<String, String>, name: &str) -> Option<u64> {
    queue.get(name)?.parse().ok()
}

/// The name at the end of a queue's ARN.
pub(super) fn queue_name(queue: &BTreeMap<String, String>) -> &str {
    queue.get("QueueArn").and_then(|arn| arn.rsplit(':').next()).unwrap_or_default()
}
