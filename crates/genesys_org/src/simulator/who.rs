//! Somebody in a conversation: whose session it is, and the addresses it is carried between.

use super::conversation::{AgentLeg, Conversation, Leg, Wire};
use super::history::Purpose;

const MESSAGE_TYPES: [&str; 4] = ["WEBMESSAGING", "WHATSAPP", "SMS", "OPEN"];

/// Somebody in a conversation: the leg, what it is there for, the agent's position where it is one.
pub(super) type Who = (Leg, Purpose, Option<usize>);

/// A session, and the queue that it is in or for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measured {
    pub(super) who: Who,
    /// Position of the queue.
    pub(super) queue: Option<usize>,
}

impl Measured {
    pub(super) fn new(who: Who, queue: Option<usize>) -> Self {
        Self { who, queue }
    }
}

/// An agent's own session.
pub(super) fn agent_of(agent: &AgentLeg) -> Who {
    (agent.leg, Purpose::Agent, Some(agent.agent))
}

/// The customer's session.
pub(super) fn customer_of(conversation: &Conversation) -> Who {
    (conversation.customer, Purpose::Customer, None)
}

/// From whom, to whom; empty where the medium has no address.
pub(super) fn addresses(conversation: &Conversation, wire: Wire) -> (String, String) {
    let number = conversation.customer_number;
    let ours = || format!("tel:+1317555{:04}", 100 + conversation.queue % 100);
    let theirs = || format!("tel:+1{}55501{:02}", 200 + number / 100 % 700, number % 100);
    match wire.media {
        "VOICE" if wire.direction == "INBOUND" => (theirs(), ours()),
        "VOICE" => (ours(), theirs()),
        "CALLBACK" => (theirs(), String::new()),
        "MESSAGE" => (format!("customer-{number}"), "trunkline-support".to_owned()),
        "EMAIL" => (format!("customer-{number}@example.net"), "support@example.com".to_owned()),
        _ => (String::new(), String::new()),
    }
}

/// What carries a conversation of messages.
pub(super) fn message_type(conversation: &Conversation) -> &'static str {
    MESSAGE_TYPES
        .get(conversation.customer_number as usize % MESSAGE_TYPES.len())
        .copied()
        .unwrap_or_default()
}
