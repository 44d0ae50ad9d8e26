//! What lies in the partner queue: events of Genesys Cloud, and the tracker's own timers.

use genesys::envelope::PartnerEvent;
use genesys::envelope::detail::DetailEvent;
use genesys::tracker::derived::DerivedEvent;
use genesys::tracker::user::user_state_change;
use serde_json::{Value, json};

/// The longest delay of a message, in s. Source: SendMessage in the SQS API reference.
const DELAY_S_MAX: u64 = 900;
/// The member by which a timer is told from an event.
const TIMER: &str = "trunkline-timer";

/// What a message says.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// Something about a conversation.
    Detail(Box<DetailEvent>),
    /// A derived event that follows from this message alone.
    Alone(DerivedEvent),
    /// A conversation is to be looked at.
    Timer(Timer),
    /// An event that the tracker has no use for.
    Nothing,
}

/// When to look at a conversation again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timer {
    /// Which one.
    pub conversation: String,
    /// When, in ms since 1970 by the queue's clock: the name of the timer within the conversation.
    pub at_ms: u64,
    /// For how long the message is delayed, in s.
    pub delay_s: u64,
}

impl Timer {
    /// A timer that is sent at `now_ms` and rings at `wake_ms` or soon after; earlier where that is further than a message can be
    /// delayed, and then it is set again.
    pub fn new(conversation: &str, now_ms: u64, wake_ms: u64) -> Self {
        let delay_s = wake_ms.saturating_sub(now_ms).div_ceil(1_000).min(DELAY_S_MAX);
        let at_ms = wake_ms.min(now_ms.saturating_add(delay_s * 1_000));
        Self { conversation: conversation.to_owned(), at_ms, delay_s }
    }

    /// As a message's body.
    pub fn to_body(&self) -> String {
        json!({TIMER: {"conversation": self.conversation, "at": self.at_ms, "delay": self.delay_s}})
            .to_string()
    }

    fn of_body(body: &str) -> Option<Self> {
        // A quick look first: nearly all bodies are events.
        if !body.contains(TIMER) {
            return None;
        }
        let body: Value = serde_json::from_str(body).ok()?;
        let timer = body.get(TIMER)?;
        Some(Self {
            conversation: timer.get("conversation")?.as_str()?.to_owned(),
            at_ms: timer.get("at")?.as_u64()?,
            delay_s: timer.get("delay")?.as_u64()?,
        })
    }
}

/// A message, and when it arrived.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrival {
    /// What it says.
    pub heard: Heard,
    /// When, in ms since 1970 by the queue's clock.
    pub at_ms: u64,
}

impl Arrival {
    /// Reads a message that was sent at this moment of the queue's clock.
    ///
    /// # Errors
    /// Why it is none of an event.
    pub fn read(body: &str, sent_ms: u64) -> Result<Self, String> {
        if let Some(timer) = Timer::of_body(body) {
            let at_ms = sent_ms.saturating_add(timer.delay_s * 1_000);
            return Ok(Self { heard: Heard::Timer(timer), at_ms });
        }
        let event = PartnerEvent::parse(body.as_bytes()).map_err(|error| error.message)?;
        let heard = match user_state_change(&event).map_err(|error| error.message)? {
            Some(change) => Heard::Alone(change),
            None => match DetailEvent::from_partner(&event).map_err(|error| error.message)? {
                Some(detail) => Heard::Detail(Box::new(detail)),
                None => Heard::Nothing,
            },
        };
        Ok(Self { heard, at_ms: sent_ms })
    }

    /// The conversation that it is about.
    pub fn conversation(&self) -> Option<&str> {
        match &self.heard {
            Heard::Detail(event) => Some(&event.conversation_id),
            Heard::Timer(timer) => Some(&timer.conversation),
            Heard::Alone(_) | Heard::Nothing => None,
        }
    }
}
