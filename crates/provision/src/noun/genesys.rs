//! `genesys:` where the conversations come from.

use crate::fields::Fields;
use crate::mistake::{Marked, Mistake};
use crate::names;
use crate::table::{Kind, Section, may, must};

/// The source of Genesys Cloud events.
#[derive(Clone, Debug, PartialEq)]
pub struct Genesys {
    /// Where they come from.
    pub source: Source,
    /// The names of the org's routing queues.
    pub queues: Vec<Marked<String>>,
}

/// What can be a source.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// An org that Trunkline simulates.
    Simulate {
        /// The same seed gives the same org and the same conversations.
        seed: u64,
        /// How many agents it has.
        agents: u32,
        /// Simulated seconds per second; `None` leaves it to the command.
        speed: Option<f64>,
    },
}

/// The seed where none is given.
pub const SEED_DEFAULT: u64 = 1;
/// The agents where their number is not given.
pub const AGENTS_DEFAULT: u32 = 50;

pub(crate) const SECTION: Section = Section {
    noun: "the Genesys source",
    keys: &[
        must(
            "source",
            "Where conversations come from: `simulate` is an org that Trunkline simulates.",
            Kind::OneOf(&["simulate"]),
        ),
        may(
            "seed",
            "The same seed gives the same org and the same conversations. Default 1.",
            Kind::Integer { min: 0, max: u64::MAX },
        ),
        may(
            "agents",
            "How many agents the simulated org has. Default 50.",
            Kind::Integer { min: 1, max: 10_000 },
        ),
        may(
            "speed",
            "Simulated seconds per second; 1 is real time. Default: chosen by the command.",
            Kind::Number { max: 10_000.0 },
        ),
        must(
            "queues",
            "The names of the org's routing queues, as rules name them.",
            Kind::List(&Kind::Text { chars_max: 256 }),
        ),
    ],
    choices: &[],
    later: &[
        (
            "orgs",
            "this version has no connection to a real Genesys Cloud org; use `source: simulate`, and send real events to the bus with PutEvents",
        ),
        (
            "org",
            "this version has no connection to a real Genesys Cloud org; use `source: simulate`, and send real events to the bus with PutEvents",
        ),
    ],
};

pub(crate) fn read(fields: Fields<'_>) -> Genesys {
    let agents = fields.integer("agents").and_then(|agents| u32::try_from(agents).ok());
    Genesys {
        source: Source::Simulate {
            seed: fields.integer("seed").unwrap_or(SEED_DEFAULT),
            agents: agents.unwrap_or(AGENTS_DEFAULT),
            speed: fields.number("speed"),
        },
        queues: fields.texts("queues"),
    }
}

pub(crate) fn check(genesys: &Genesys, out: &mut Vec<Mistake>) {
    names::unique("routing queue", &genesys.queues, out);
}
