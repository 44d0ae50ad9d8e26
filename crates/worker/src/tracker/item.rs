//! A conversation as the table keeps it: its state, its timer, and what is still to be published.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use genesys::tracker::conversation::{Context, Conversation};
use genesys::tracker::derived::{DerivedEvent, SOURCE};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::record::URN;
use crate::tracker::message::{Arrival, Heard, Timer};

/// The form of the state's bytes.
const FORMAT: u8 = 1;
/// A timer that has not rung for so long after its time is lost, in ms: its message is set again.
const LOST_AFTER_MS: u64 = 300_000;
/// How much longer than it is needed an item is kept, in s.
const SPARE_S: u64 = 86_400;

/// An event on its way to the bus.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Outgoing {
    /// When it happened, in ms since 1970.
    pub time_ms: u64,
    /// Its type.
    pub detail_type: String,
    /// A function of conversation and kind.
    pub id: String,
    /// As JSON text.
    pub detail: String,
}

impl From<DerivedEvent> for Outgoing {
    fn from(event: DerivedEvent) -> Self {
        let DerivedEvent { time_ms, detail_type, id, detail, .. } = event;
        Self { time_ms, detail_type: detail_type.to_owned(), id, detail }
    }
}

impl Outgoing {
    /// As an entry of PutEvents. EventBridge gives events ids of its own; this one's is its resource.
    pub fn to_entry(&self, bus: &str) -> Value {
        json!({
            "Source": SOURCE, "DetailType": self.detail_type, "Detail": self.detail, "EventBusName": bus,
            "Time": self.time_ms / 1_000, "Resources": [format!("{URN}{}", self.id)],
        })
    }
}

/// A conversation's item.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// How often it was written; 0: never.
    pub version: u64,
    /// What is known.
    pub conversation: Conversation,
    /// When its timer rings, by the queue's clock.
    pub timer_at_ms: Option<u64>,
    /// What was derived and is not known to be published.
    pub outbox: Vec<Outgoing>,
    /// After what moment it may be forgotten, in s since 1970.
    pub expiration_s: u64,
}

/// What the bytes of an item hold.
#[derive(Serialize, Deserialize)]
struct State {
    conversation: Conversation,
    timer_at_ms: Option<u64>,
    outbox: Vec<Outgoing>,
}

impl Item {
    /// One of a conversation of which nothing is known yet.
    pub fn new(conversation: &str) -> Self {
        Self {
            version: 0,
            conversation: Conversation::new(conversation),
            timer_at_ms: None,
            outbox: Vec::new(),
            expiration_s: 0,
        }
    }

    /// Takes in what arrived; the timer that is to be sent before this is written.
    pub fn take(&mut self, arrivals: &[Arrival], context: Context<'_>) -> Option<Timer> {
        let mut now_ms = 0;
        for arrival in arrivals {
            now_ms = now_ms.max(arrival.at_ms);
            match &arrival.heard {
                Heard::Detail(event) => {
                    self.conversation.observe(event, arrival.at_ms);
                }
                Heard::Timer(timer) if self.timer_at_ms == Some(timer.at_ms) => self.timer_at_ms = None,
                Heard::Timer(_) | Heard::Alone(_) | Heard::Nothing => {}
            }
        }
        let derived = self.conversation.due(now_ms, context);
        self.outbox.extend(derived.into_iter().map(Outgoing::from));
        self.set_timer(now_ms, context)
    }

    /// An open conversation has a timer that rings when it has to be looked at, or before. One that is closed has none: the table
    /// forgets it.
    fn set_timer(&mut self, now_ms: u64, context: Context<'_>) -> Option<Timer> {
        let wake_ms = self.conversation.wake_at(context.grace);
        let last_ms = now_ms.max(self.conversation.heard_ms());
        let needed_until_ms = last_ms.max(wake_ms).saturating_add(context.grace.keep_ms);
        self.expiration_s = self.expiration_s.max(needed_until_ms / 1_000 + SPARE_S);
        if !self.conversation.is_open() {
            self.timer_at_ms = None;
            return None;
        }
        let rings = |at: u64| at <= wake_ms && at.saturating_add(LOST_AFTER_MS) > now_ms;
        if self.timer_at_ms.is_some_and(rings) {
            return None;
        }
        let timer = Timer::new(self.conversation.id(), now_ms, wake_ms);
        self.timer_at_ms = Some(timer.at_ms);
        Some(timer)
    }

    /// The key of a conversation's item.
    pub fn id(conversation: &str) -> String {
        format!("conversation#{conversation}")
    }

    /// The PutItem that writes it in the place of the version before.
    pub fn to_put(&self, table: &str) -> Value {
        let state = State {
            conversation: self.conversation.clone(),
            timer_at_ms: self.timer_at_ms,
            outbox: self.outbox.clone(),
        };
        // INVARIANT: structs of texts and numbers are always written.
        let bytes = postcard::to_extend(&state, vec![FORMAT]).unwrap_or_default();
        let mut put = json!({
            "TableName": table,
            "Item": {
                "id": {"S": Self::id(self.conversation.id())}, "version": {"N": (self.version + 1).to_string()},
                "state": {"B": BASE64_STANDARD.encode(bytes)}, "expiration": {"N": self.expiration_s.to_string()},
            },
            "ConditionExpression": "attribute_not_exists(#id)",
            "ExpressionAttributeNames": {"#id": "id"},
        });
        if let (Value::Object(put), true) = (&mut put, self.version > 0) {
            put.insert("ConditionExpression".to_owned(), json!("#version = :version"));
            put.insert("ExpressionAttributeNames".to_owned(), json!({"#version": "version"}));
            let values = json!({":version": {"N": self.version.to_string()}});
            put.insert("ExpressionAttributeValues".to_owned(), values);
        }
        put
    }

    /// Reads an item; `None` where it is none that this version knows.
    pub fn of_item(item: &Value) -> Option<Self> {
        let number = |name: &str| item.pointer(&format!("/{name}/N"))?.as_str()?.parse().ok();
        let bytes = BASE64_STANDARD.decode(item.pointer("/state/B")?.as_str()?).ok()?;
        let (format, bytes) = bytes.split_first()?;
        let State { conversation, timer_at_ms, outbox } =
            (*format == FORMAT).then(|| postcard::from_bytes(bytes).ok())??;
        Some(Self {
            version: number("version")?,
            conversation,
            timer_at_ms,
            outbox,
            expiration_s: number("expiration").unwrap_or_default(),
        })
    }
}
