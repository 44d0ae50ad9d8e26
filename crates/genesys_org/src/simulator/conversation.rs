//! One simulated conversation: what was drawn for it at its start, and the legs it has had.

use aws::Uuid;

/// The kind of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A customer calls.
    InboundCall,
    /// A customer asked to be called back.
    Callback,
    /// Web chat.
    Chat,
    /// An asynchronous message.
    Message,
    /// An email.
    Email,
    /// The dialler calls a customer.
    OutboundCall,
}

/// How a conversation shows itself in the events' common fields.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wire {
    pub(super) media: &'static str,
    pub(super) provider: &'static str,
    pub(super) direction: &'static str,
    /// Flow before the queue, and in it; empty where there is none.
    pub(super) entry_flow: &'static str,
    pub(super) queue_flow: &'static str,
}

impl Kind {
    /// Values of the events' fields. Media, directions and flow types: the vendor's enums; providers: `Edge` and the chat one from
    /// samples, the others inferred.
    pub(super) fn wire(self) -> Wire {
        let wire = |media, provider, entry_flow, queue_flow| Wire {
            media,
            provider,
            direction: "INBOUND",
            entry_flow,
            queue_flow,
        };
        match self {
            Self::InboundCall => wire("VOICE", "Edge", "INBOUNDCALL", "INQUEUECALL"),
            Self::OutboundCall => Wire { direction: "OUTBOUND", ..wire("VOICE", "Edge", "OUTBOUNDCALL", "") },
            Self::Callback => wire("CALLBACK", "PureCloud Callback", "", ""),
            Self::Chat => wire("CHAT", "PureCloud Webchat v2", "INBOUNDCHAT", ""),
            Self::Message => {
                wire("MESSAGE", "PureCloud Messaging", "INBOUNDSHORTMESSAGE", "INQUEUESHORTMESSAGE")
            }
            Self::Email => wire("EMAIL", "PureCloud Email", "INBOUNDEMAIL", "INQUEUEEMAIL"),
        }
    }

    /// Whether an agent has nothing else while handling it.
    pub(super) fn is_exclusive(self) -> bool {
        matches!(self, Self::InboundCall | Self::OutboundCall | Self::Callback)
    }
}

/// From whom, to whom; empty where the medium has no address.
#[derive(Clone, Debug, Default)]
pub(super) struct Addresses {
    pub(super) from: String,
    pub(super) to: String,
}

/// A participant with its session.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Leg {
    pub(super) participant: Uuid,
    pub(super) session: Uuid,
    pub(super) since_ms: u64,
}

/// An agent's part.
#[derive(Clone, Copy, Debug)]
pub(super) struct AgentLeg {
    pub(super) leg: Leg,
    /// Position of the agent in the org.
    pub(super) agent: usize,
    /// `None` for an agent who was asked directly, as in a consultation.
    pub(super) queue: Option<usize>,
    /// When talking began; 0 before.
    pub(super) answered_ms: u64,
    pub(super) alerting_ms: u64,
    pub(super) held_ms: u64,
    pub(super) dialing_ms: u64,
    /// From the answer to the end; 0 before.
    pub(super) handled_ms: u64,
    /// The voice session within a callback; its participant is the agent's.
    pub(super) voice: Option<Leg>,
    /// Whether it takes up the agent: not while parked, nor once released.
    pub(super) holds_agent: bool,
}

impl AgentLeg {
    /// The leg of an agent who is about to be alerted.
    pub(super) fn new(leg: Leg, agent: usize, queue: Option<usize>) -> Self {
        Self {
            leg,
            agent,
            queue,
            answered_ms: 0,
            alerting_ms: 0,
            held_ms: 0,
            dialing_ms: 0,
            handled_ms: 0,
            voice: None,
            holds_agent: true,
        }
    }
}

/// Drawn when the conversation began, so that a swift or a transferred one can be recognised by its plan.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Plan {
    pub(super) self_service: bool,
    /// Nothing goes wrong and everything is short: what a user who has just started the program sees first.
    pub(super) swift: bool,
    pub(super) blind_transfer: bool,
    pub(super) consult_transfer: bool,
    /// Talk time is multiplied by this; below 1 for conversations that stand for ones already in progress at a warm start.
    pub(super) talk_factor: f64,
}

#[derive(Debug)]
pub(super) struct Conversation {
    pub(super) id: Uuid,
    pub(super) kind: Kind,
    pub(super) plan: Plan,
    pub(super) contact: Option<Uuid>,
    /// Number of the customer, from which the addresses are made.
    pub(super) customer_number: u32,
    pub(super) queue: usize,
    pub(super) customer: Leg,
    pub(super) flow: Leg,
    pub(super) acd: Leg,
    /// The customer's voice session within a callback.
    pub(super) voice: Leg,
    pub(super) agents: Vec<AgentLeg>,
    /// Whether the customer's session has ended.
    pub(super) ended: bool,
    /// The entry in a queue that is current; a timer for another entry is void. 0: in none.
    pub(super) entry: u64,
    /// Waited long enough for the skill that it asks for: any agent of the queue will do.
    pub(super) is_relaxed: bool,
    /// In the line for an agent; then it has no step of its own that would keep it.
    pub(super) is_waiting: bool,
    /// Delivery never goes back in time within a conversation, except for trouble.
    pub(super) delivered_ms: u64,
    /// Steps on the agenda that refer to it; at 0 it is forgotten.
    pub(super) steps: u32,
}

impl Conversation {
    /// Index among `skills` skills of the one that the customer needs; one in three needs none.
    pub(super) fn skill(&self, skills: usize) -> Option<usize> {
        let number = self.customer_number as usize;
        (!number.is_multiple_of(3)).then(|| number % skills.max(1))
    }

    /// The skill that an agent must have now.
    pub(super) fn wanted_skill(&self, skills: usize) -> Option<usize> {
        self.skill(skills).filter(|_| !self.is_relaxed)
    }
}
