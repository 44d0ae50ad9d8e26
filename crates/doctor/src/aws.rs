//! The checks of what is deployed on AWS: one file each, one line here. Each is a function of what the account answered beforehand.
//!
//! What they look for is lost in silence: EventBridge does not try again what it may not deliver, and nobody is told. Sources: EventBridge
//! user guide, "Using resource-based policies for EventBridge", "Using dead-letter queues", "Receiving events from a SaaS partner"; SQS
//! and Lambda developer guides.

pub mod account;
mod active_destinations;
mod archived_partners;
mod associated_sources;
mod authorized_connections;
mod bounded_receives;
mod callable_functions;
mod caught_failures;
mod dead_letter_policies;
mod dead_letter_queues;
mod deduplicated_fifo;
mod empty_dead_letter_queues;
mod enabled_rules;
mod existing_dead_letter_queues;
mod existing_functions;
mod existing_machines;
mod existing_queues;
pub mod facts;
mod fitting_concurrency;
mod function_policies;
mod grouped_fifo;
mod heard_buses;
mod kept_logs;
mod lasting_dead_letters;
mod living_sources;
mod log_policies;
mod longer_visibility;
mod named_log_groups;
mod narrow_patterns;
mod outlasting_retention;
mod own_keys;
mod partial_batches;
mod patient_retries;
mod queue_policies;
mod roleless_queues;
mod roles_where_needed;
mod rule;
mod rules_on_their_bus;
mod running_mappings;
mod satisfiable_topics;
mod sendable_keys;
mod single_deliveries;
mod sourced_buses;
mod standard_dead_letter_queues;
mod targeted_rules;

use crate::aws::facts::Facts;

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sureness {
    /// It follows from what was read.
    Certain,
    /// It is so unless something was meant that cannot be read.
    Likely,
    /// It depends on what cannot be read: look.
    Possible,
}

/// One check of an account.
#[derive(Clone, Copy, Debug)]
pub struct AwsCheck {
    /// Its stable name, in lower case with hyphens.
    pub name: &'static str,
    /// The question that it answers.
    pub asks: &'static str,
    /// Why a finding matters.
    pub why: &'static str,
    /// How a finding is fixed.
    pub fix: &'static str,
    /// How sure its findings are.
    pub sureness: Sureness,
    /// Its findings, each a sentence without a full stop.
    pub run: fn(&Facts) -> Vec<String>,
}

/// Every check of an account, in the order in which they are told: from the source of the events to the end of their way.
pub const AWS_CHECKS: &[AwsCheck] = &[
    associated_sources::CHECK,
    living_sources::CHECK,
    sourced_buses::CHECK,
    heard_buses::CHECK,
    rules_on_their_bus::CHECK,
    satisfiable_topics::CHECK,
    narrow_patterns::CHECK,
    enabled_rules::CHECK,
    targeted_rules::CHECK,
    single_deliveries::CHECK,
    existing_queues::CHECK,
    existing_functions::CHECK,
    existing_machines::CHECK,
    queue_policies::CHECK,
    roleless_queues::CHECK,
    roles_where_needed::CHECK,
    function_policies::CHECK,
    dead_letter_queues::CHECK,
    existing_dead_letter_queues::CHECK,
    dead_letter_policies::CHECK,
    standard_dead_letter_queues::CHECK,
    lasting_dead_letters::CHECK,
    empty_dead_letter_queues::CHECK,
    sendable_keys::CHECK,
    own_keys::CHECK,
    deduplicated_fifo::CHECK,
    grouped_fifo::CHECK,
    outlasting_retention::CHECK,
    patient_retries::CHECK,
    caught_failures::CHECK,
    callable_functions::CHECK,
    fitting_concurrency::CHECK,
    longer_visibility::CHECK,
    running_mappings::CHECK,
    partial_batches::CHECK,
    bounded_receives::CHECK,
    kept_logs::CHECK,
    named_log_groups::CHECK,
    log_policies::CHECK,
    authorized_connections::CHECK,
    active_destinations::CHECK,
    archived_partners::CHECK,
];
