//! Event buses, rules, targets: what is accepted is matched, and what is matched is owed.
//!
//! [`Events::match_event`] does the work that needs no transaction; [`Events::accept`] then writes, in one transaction,
//! the event, what its local queues are sent, and what else is owed because of it. The floor above takes what has fallen
//! due ([`Events::due`]), calls the target and settles ([`Events::settle`]). AWS's operations on all this are the rows of
//! [`ops::OPERATIONS`], Trunkline's own those of [`own::OPERATIONS`].
//!
//! Where to look: [`buses`] and [`target`] for what is set up, [`trip`] for the way of one event from acceptance to
//! settlement, [`records`] for what is kept of it, [`archives`] for running it again, [`dead_letters`] for what could not be
//! delivered, [`limits`] for what slows a delivery down, [`permissions`] for what AWS would refuse, [`schedules`] for events that time makes, [`api_destinations`]
//! for calls to HTTP endpoints, and [`secrets`] for what those are authorized with.

pub mod api_destinations;
pub mod archives;
pub mod buses;
pub mod dead_letters;
pub mod error;
pub mod events;
pub mod limits;
mod neighbours;
pub mod ops;
pub mod own;
pub mod permissions;
#[cfg(feature = "planted")]
pub mod planted;
pub mod records;
pub mod schedules;
pub mod secrets;
pub mod target;
pub mod trip;

pub use crate::api_destinations::api_call::{ApiCall, EndpointRequest, NoCall, TokenCall};
pub use crate::api_destinations::connection::{Connection, ConnectionState};
pub use crate::archives::replay::ReplayScope;
pub use crate::archives::replay::rerun::{Progress, Rehearsal, RehearsalStep, Rerun};
pub use crate::buses::bus::BusName;
pub use crate::buses::rule::{RuleKey, RuleName, RuleState};
pub use crate::dead_letters::give_back::{GiveBack, KeptDebt};
pub use crate::dead_letters::letter::{Letter, Selection, StayingLetter};
pub use crate::dead_letters::location::MessageLocation;
pub use crate::dead_letters::redrive::{ActionReport, LetterAction, LetterPage, ListedLetter};
pub use crate::dead_letters::undo::{UndoReport, UndoStep, UndoableAction};
pub use crate::events::{Events, Retention, WeakEvents};
pub use crate::limits::slots::Slots;
pub use crate::permissions::{Objection, Permissions, RoleErrand, RoleJudge};
pub use crate::records::history::Era;
pub use crate::records::place::EventPlace;
pub use crate::records::record::{DeliveryRecord, EventRecord, MatchedRule, Step, SweepReport};
pub use crate::schedules::schedule::Schedule;
pub use crate::target::kind::{KINDS, TargetKind};
pub use crate::target::{HttpParameters, Input, RetryPolicy, Target};
pub use crate::trip::accept::{Acceptance, LONG_WORK_MIN, MatchedEvent};
pub use crate::trip::attempts::{
    Attempt, AttemptRecord, Attempts, Fate, Outcome, Retry, Settlement, TargetResponse,
};
pub use crate::trip::books::Counts;
pub use crate::trip::delivery::DELIVERIES;
pub use crate::trip::owe::{CALL_TIME_MAX, DueDelivery};
pub use crate::trip::pay_hook::{Debt, PayHook, Payment, Receipt};
pub use crate::trip::settle::HELD_FOR;
