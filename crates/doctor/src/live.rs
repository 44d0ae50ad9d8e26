//! The checks of a running server: one file each, one line here. Each is a function of what was asked of the server beforehand.

mod authorized_connections;
mod balanced_books;
mod deliverable_targets;
mod draining_queues;
mod empty_dead_letter_queues;
mod enabled_rules;
mod existing_dead_letter_queues;
pub mod gather;
mod kept_failures;
mod matched_events;
mod own_accounts;
mod punctual_work;
mod reachable_sync_calls;
mod sound_machines;
mod targeted_rules;

use serde::Deserialize;

/// One check of a running server.
#[derive(Clone, Copy, Debug)]
pub struct LiveCheck {
    /// Its stable name, in lower case with hyphens.
    pub name: &'static str,
    /// The question that it answers.
    pub asks: &'static str,
    /// Why a finding matters.
    pub why: &'static str,
    /// How a finding is fixed.
    pub fix: &'static str,
    /// Its findings, each a sentence without a full stop.
    pub run: fn(&Facts) -> Vec<String>,
}

/// Every check of a running server, in the order in which they are told.
pub const LIVE_CHECKS: &[LiveCheck] = &[
    balanced_books::CHECK,
    punctual_work::CHECK,
    matched_events::CHECK,
    enabled_rules::CHECK,
    targeted_rules::CHECK,
    own_accounts::CHECK,
    deliverable_targets::CHECK,
    kept_failures::CHECK,
    empty_dead_letter_queues::CHECK,
    existing_dead_letter_queues::CHECK,
    draining_queues::CHECK,
    authorized_connections::CHECK,
    sound_machines::CHECK,
    reachable_sync_calls::CHECK,
];

/// What a server answered, as far as checks look at it. Names are those of the operations.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Facts {
    /// When it was asked, in seconds since 1970 by the server's clock.
    pub now: f64,
    /// Pages of the books whose totals are not the sum of their parts.
    pub unbalanced_pages: Vec<String>,
    /// The components, and when something of them falls due next.
    pub components: Vec<Component>,
    /// Events of the last hour, on all buses.
    pub events_seen: u64,
    /// Those of them that matched no rule.
    pub events_unmatched: u64,
    /// The accounts of this server.
    pub accounts: Vec<String>,
    /// All rules.
    pub rules: Vec<Rule>,
    /// What AWS would refuse, or could never fill.
    pub refusals: Vec<Refusal>,
    /// All queues.
    pub queues: Vec<Queue>,
    /// All connections.
    pub connections: Vec<Connection>,
    /// All state machines.
    pub state_machines: Vec<StateMachine>,
    /// The host that SDKs make of the server's for StartSyncExecution, where no resolver knows it: `sync-127.0.0.1`.
    pub unknown_sync_host: Option<String>,
}

/// A state machine.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct StateMachine {
    /// Its name.
    pub name: String,
    /// Whether it is Express.
    pub is_express: bool,
    /// Its definition, as text.
    pub definition: String,
}

/// A component of the server.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Component {
    /// Its name.
    pub name: String,
    /// In seconds since 1970; `None`: nothing is due.
    pub next_due: Option<f64>,
}

/// A rule.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Rule {
    /// Its bus.
    pub bus: String,
    /// Its name.
    pub name: String,
    /// Whether it takes part.
    pub is_enabled: bool,
    /// Its targets.
    pub targets: Vec<Target>,
}

/// A target.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Target {
    /// Its id within the rule.
    pub id: String,
    /// Where its events go.
    pub arn: String,
    /// The queue for what cannot be delivered; `None`: it has none.
    pub dead_letter_arn: Option<String>,
}

/// What AWS would refuse.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Refusal {
    /// The rule.
    pub rule: String,
    /// The target.
    pub target_arn: String,
    /// Why.
    pub reason: String,
}

/// A queue.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Queue {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Messages that can be received.
    pub messages: u64,
    /// Messages that somebody has received and not deleted.
    pub in_flight: u64,
    /// The queue to which messages go that are received too often.
    pub dead_letter_arn: Option<String>,
}

/// A connection.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Connection {
    /// Its name.
    pub name: String,
    /// `AUTHORIZED`, `AUTHORIZING`, `DEAUTHORIZED`.
    pub state: String,
    /// Why it is in this state.
    pub reason: String,
}

impl Facts {
    /// The ARNs of the queues that are dead-letter queues of a rule's target or of another queue.
    fn dead_letter_arns(&self) -> impl Iterator<Item = &str> {
        let of_targets = self.rules.iter().flat_map(|rule| &rule.targets);
        let of_targets = of_targets.filter_map(|target| target.dead_letter_arn.as_deref());
        of_targets.chain(self.queues.iter().filter_map(|queue| queue.dead_letter_arn.as_deref()))
    }

    fn queue(&self, arn: &str) -> Option<&Queue> {
        self.queues.iter().find(|queue| queue.arn == arn)
    }
}

impl Rule {
    /// `NAME`, or `BUS/NAME` where it is not on the default bus.
    fn label(&self) -> String {
        if self.bus == "default" { self.name.clone() } else { format!("{}/{}", self.bus, self.name) }
    }
}
