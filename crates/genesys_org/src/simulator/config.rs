//! The configuration of an org: its entities, its day, and the topics that it publishes.

use aws::Uuid;

use super::trouble::Trouble;

/// The configuration of an org.
#[derive(Clone, Debug)]
pub struct Config {
    /// Decides everything; the org's entities follow from it alone.
    pub seed: u64,
    /// Start of the simulated time, milliseconds since 1970. Another start gives other conversations in the same org.
    pub start_ms: u64,
    /// After this time nothing new arrives, and the iterator ends once everything has been delivered. `None`: it never ends.
    pub until_ms: Option<u64>,
    /// Number of the run, for two runs that would have the same start.
    pub run: u64,
    /// Agents, 1 to 20,000 and more.
    pub agents: usize,
    /// Names of the queues, at least one; the first gets half of the load, each next one half of the rest.
    pub queues: Vec<String>,
    /// Replaces the org id that follows from the seed.
    pub org_id: Option<Uuid>,
    /// The end of the partner event source, `aws.partner/genesys.com/cloud/{orgId}/{suffix}`.
    pub source_suffix: String,
    /// The envelope's AWS account, 12 digits.
    pub account: String,
    /// The envelope's AWS region.
    pub region: String,
    /// How the day begins.
    pub opening: Opening,
    /// How arrivals follow the hour.
    pub load: LoadCurve,
    /// Which topics are published.
    pub families: Families,
    /// What goes wrong during delivery.
    pub trouble: Trouble,
    /// How many conversations that are over [`Simulator::history`] keeps, beside those in progress; 0: it records nothing.
    pub history: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            seed: 1,
            start_ms: 0,
            until_ms: None,
            run: 0,
            agents: 50,
            queues: ["Support", "Sales", "Billing"].map(str::to_owned).to_vec(),
            org_id: None,
            source_suffix: "trunkline".to_owned(),
            account: "000000000000".to_owned(),
            region: "us-east-1".to_owned(),
            opening: Opening::Warm,
            load: LoadCurve::Flat,
            families: Families::All,
            trouble: Trouble::default(),
            history: 0,
        }
    }
}

/// Counts the changes that give the same configuration another stream.
const GENERATION: u32 = 4;

impl Config {
    /// What decides the stream of events but for its start, as text to keep: two configurations with the same text and the same
    /// start give the same bytes. A later version of Trunkline that gives others gives another text.
    #[must_use]
    pub fn stream(&self) -> String {
        let Self { seed, start_ms: _, until_ms, run, agents, queues, org_id, source_suffix, .. } = self;
        let Self { account, region, opening, load, families, trouble, history: _, .. } = self;
        let Trouble { duplicate, reorder, reorder_window_ms, drop, late_wrapup, backlog_ms, api: _ } =
            trouble;
        serde_json::json!({
            "generation": GENERATION, "seed": seed, "run": run, "untilMs": until_ms, "agents": agents, "queues": queues,
            "orgId": org_id.map(|id| id.to_string()), "sourceSuffix": source_suffix, "account": account, "region": region,
            "opening": opening.word(), "load": load.word(), "families": families.word(),
            "trouble": [duplicate, reorder, drop, late_wrapup], "reorderWindowMs": reorder_window_ms,
            "backlogMs": backlog_ms,
        })
        .to_string()
    }
}

/// How a run begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// As in the middle of a day: agents are on queue, most are soon busy, and each queue has a short conversation that ends,
    /// with its wrap-up, within a minute of simulated time.
    Warm,
    /// Agents sign in over two minutes, and conversations arrive from nothing.
    Cold,
}

impl Opening {
    const fn word(self) -> &'static str {
        match self {
            Self::Warm => "warm",
            Self::Cold => "cold",
        }
    }
}

/// How arrivals follow the hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadCurve {
    /// The same load at all times.
    Flat,
    /// [`parameters::DAY_CURVE`], with agents in [`parameters::SHIFTS`] of eight hours; the first is always there.
    Day,
}

impl LoadCurve {
    const fn word(self) -> &'static str {
        match self {
            Self::Flat => "flat",
            Self::Day => "day",
        }
    }
}

/// Which topics are published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Families {
    /// `v2.detail.events.conversation.{id}.*` only.
    Conversations,
    /// Also the agents': `v2.detail.events.agent.{id}.state`, and activity, presence and routing status of `v2.users.{id}`.
    Agents,
    /// Also `v2.analytics.conversation.{id}.metrics`, `v2.audits.entitytype.{id}.entityid.{id}` of presences, and what agents
    /// write to each other, `v2.detail.events.collaboratechat`.
    All,
}

impl Families {
    const fn word(self) -> &'static str {
        match self {
            Self::Conversations => "conversations",
            Self::Agents => "agents",
            Self::All => "all",
        }
    }
}
