//! A participant of a conversation, its addresses, and what is measured of it.

use super::conversation::{Addresses, AgentLeg, Conversation, Leg, Wire};
use super::history::Purpose;

const MESSAGE_TYPES: [&str; 4] = ["WEBMESSAGING", "WHATSAPP", "SMS", "OPEN"];

/// A participant of a conversation: a person, a flow or a queue.
#[derive(Clone, Copy, Debug)]
pub(super) struct Party {
    pub(super) leg: Leg,
    pub(super) purpose: Purpose,
    /// Position of the agent, where it is one.
    pub(super) agent: Option<usize>,
}

impl Party {
    /// A participant that is no agent.
    pub(super) fn new(leg: Leg, purpose: Purpose) -> Self {
        Self { leg, purpose, agent: None }
    }

    /// The agent at this position.
    pub(super) fn agent(leg: Leg, agent: usize) -> Self {
        Self { leg, purpose: Purpose::Agent, agent: Some(agent) }
    }
}

/// The source of a metric: a session, and the queue that it is in or for.
#[derive(Clone, Copy, Debug)]
pub(super) struct MetricSource {
    pub(super) party: Party,
    /// Position of the queue.
    pub(super) queue: Option<usize>,
}

/// A metric by the vendor's name: milliseconds for a `t`, a count for an `n`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Metric {
    pub(super) name: &'static str,
    pub(super) value: u64,
}

impl Metric {
    pub(super) fn new(name: &'static str, value: u64) -> Self {
        Self { name, value }
    }
}

/// An agent's own session.
pub(super) fn agent_of(agent: &AgentLeg) -> Party {
    Party::agent(agent.leg, agent.agent)
}

/// The customer's session.
pub(super) fn customer_of(conversation: &Conversation) -> Party {
    Party::new(conversation.customer, Purpose::Customer)
}

/// The addresses of a conversation.
pub(super) fn addresses(conversation: &Conversation, wire: Wire) -> Addresses {
    let number = conversation.customer_number;
    let ours = || format!("tel:+1317555{:04}", 100 + conversation.queue % 100);
    let theirs = || format!("tel:+1{}55501{:02}", 200 + number / 100 % 700, number % 100);
    let (from, to) = match wire.media {
        "VOICE" if wire.direction == "INBOUND" => (theirs(), ours()),
        "VOICE" => (ours(), theirs()),
        "CALLBACK" => (theirs(), String::new()),
        "MESSAGE" => (format!("customer-{number}"), "trunkline-support".to_owned()),
        "EMAIL" => (format!("customer-{number}@example.net"), "support@example.com".to_owned()),
        _ => (String::new(), String::new()),
    };
    Addresses { from, to }
}

/// The message type of a messaging conversation.
pub(super) fn message_type(conversation: &Conversation) -> &'static str {
    MESSAGE_TYPES
        .get(conversation.customer_number as usize % MESSAGE_TYPES.len())
        .copied()
        .unwrap_or_default()
}
