//! Event buses, rules, targets: what is accepted is matched, and what is matched is owed.
//!
//! [`Events::match_event`] does the work that needs no transaction; [`Events::accept`] then writes, in one transaction,
//! the event, what its local queues are sent, and what else is owed because of it. The floor above takes what has fallen
//! due ([`Events::due`]), calls the target and settles ([`Events::settle`]). AWS's operations on all this are the rows of
//! [`ops::OPERATIONS`].

pub mod accept;
pub mod api_call;
pub mod api_destination;
pub mod archive;
pub mod attempt;
pub mod bus;
pub mod concurrency;
pub mod connection;
pub mod counts;
pub mod error;
pub mod events;
pub mod history;
pub mod input;
pub mod kept;
pub mod letter;
pub mod limits;
pub mod ops;
pub mod owed;
pub mod partner;
pub mod places;
pub mod redrive;
pub mod replay;
pub mod rerun;
pub mod rule;
pub mod schedule;
pub mod target;
pub mod undo;

mod archiving;
mod dead_letter;
mod delivery;
mod managed;
mod pace;
mod pay;
mod routing;
mod settle;
mod tick;

pub use crate::accept::{Accepted, Matched};
pub use crate::api_call::{ApiCall, NoCall, TokenCall};
pub use crate::attempt::{Answer, Attempt, Attempts, Fate, Outcome, Retry, Settled, Tried};
pub use crate::bus::BusName;
pub use crate::connection::{Connection, ConnectionState};
pub use crate::counts::Counts;
pub use crate::delivery::DELIVERIES;
pub use crate::events::{Events, Retention};
pub use crate::history::Era;
pub use crate::kept::{KeptEvent, Made, MatchedRule, Step, Swept};
pub use crate::letter::{Letter, Selection};
pub use crate::owed::{CALL_TIME_MAX, Owed};
pub use crate::places::Places;
pub use crate::redrive::{Dealt, Deed, Through};
pub use crate::replay::Only;
pub use crate::rerun::{Progress, Rehearsal, Rerun};
pub use crate::rule::{RuleName, RuleState};
pub use crate::schedule::Schedule;
pub use crate::target::{HttpParameters, Input, RetryPolicy, Target, TargetKind};
pub use crate::undo::{Undoable, Undone};
