//! Event patterns: parse, compile, match, explain.
//!
//! The language of Amazon EventBridge rules, complete, as the service itself reads it: no I/O, no clock, no panic.
//!
//! - [`EventPattern::parse`] reads a pattern as PutRule does and refuses it in AWS's words; [`InvalidPattern`] also has
//!   the place, what was found there and what would be valid.
//! - [`EventPattern::matches`] decides one pattern on one event, any JSON object. It is written to be read, and it is
//!   what everything else is tested against.
//! - [`RuleSet`] matches an event against any number of patterns at once.
//! - [`explain::explain`] says why a pattern does not match and what would; [`explain::nearness::near_misses`] ranks
//!   many patterns by how close they came.
//! - [`matcher`] has a file and a runnable example per operator.
//!
//! ```
//! use pattern::{Event, EventPattern, explain::explain};
//!
//! let pattern = EventPattern::parse(r#"{"detail": {"queueid": ["q-1"]}}"#).unwrap();
//! let event = Event::parse(br#"{"detail": {"queueId": "q-1"}}"#).unwrap();
//! assert!(!pattern.matches_event(&event).unwrap());
//! assert_eq!(
//!     explain(&pattern, &event).unwrap().to_string(),
//!     r#"no match: 1 field keeps the pattern from matching
//!
//!  1 | {"detail": {"queueid": ["q-1"]}}
//!    |                         ^^^^^
//!    | the event has no `detail.queueid`; expected "q-1"
//!    | hint: the event has `detail.queueId` ("q-1"): the same key in another case?
//!
//! the smallest edit that was found to match:
//!   1:13: "queueid" -> "queueId"
//! "#
//! );
//! ```
#![warn(missing_docs)]

pub mod cost;
pub mod error;
pub mod event;
pub mod explain;
pub mod matcher;
pub mod pattern;
pub mod ruleset;

mod json;
mod parse;
mod place;
mod reference;
mod scan;

pub use crate::error::{InvalidEvent, InvalidPattern};
pub use crate::event::Event;
pub use crate::pattern::EventPattern;
pub use crate::ruleset::{RuleId, RuleSet, Scratch};
