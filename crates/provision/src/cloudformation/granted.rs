//! What was granted so far: the policies that are put together from several rules.

use std::collections::{BTreeMap, BTreeSet};

/// One policy a queue, since a second one would overwrite the first; one for all log groups, since a region has ten.
#[derive(Debug, Default)]
pub(super) struct Granted {
    /// The rules' ARNs, by the queue's logical id.
    pub(super) queues: BTreeMap<String, BTreeSet<String>>,
    /// ARNs with `:*` at their ends.
    pub(super) log_groups: BTreeSet<String>,
}

impl Granted {
    /// Lets a rule send to a queue; the logical id of the queue's policy.
    pub(super) fn queue(&mut self, queue: &str, rule_arn: &str) -> String {
        self.queues.entry(queue.to_owned()).or_default().insert(rule_arn.to_owned());
        policy_of(queue)
    }
}

/// The logical id of a queue's policy.
pub(super) fn policy_of(queue: &str) -> String {
    format!("{queue}Policy")
}
