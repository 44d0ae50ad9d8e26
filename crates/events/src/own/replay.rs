//! Replays beyond AWS's, started, watched and rehearsed. They are listed and cancelled by AWS's own operations.

use std::collections::BTreeMap;
use std::time::Duration;

use aws::{Call, Error, Reply, Timestamp, operation};
use serde::{Deserialize, Serialize};

use crate::archives::replay::ReplayScope;
use crate::archives::replay::rerun::{Rehearsal, RehearsalStep, Rerun};
use crate::buses::rule::RuleName;
use crate::events::Events;
use crate::own::records::bus_of;

/// Events that one step of a rehearsal looks at.
const REHEARSED_MAX: usize = 1_000;
/// The slowest and the fastest speed, in times real time.
const SPEEDS: (f64, f64) = (0.001, 1_000_000.0);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Request {
    /// Made where it is absent.
    replay_name: Option<String>,
    archive_name: Option<String>,
    /// Whose event records are replayed, where no archive is named.
    event_bus_name: Option<String>,
    /// ISO 8601; absent: from the first.
    start_time: Option<String>,
    /// Instead: so many seconds ago.
    age_seconds: Option<u64>,
    /// ISO 8601; absent: until now.
    end_time: Option<String>,
    /// Times real time; absent: as fast as it goes.
    speed: Option<f64>,
    rule_name: Option<String>,
    target_id: Option<String>,
    /// Of a rehearsal: where the step before ended.
    after: Option<(u64, u64)>,
}

impl Request {
    fn rerun(self, call: &Call) -> Result<Rerun, Error> {
        let from = match (self.age_seconds, &self.start_time) {
            (Some(age), _) => call.now.minus(Duration::from_secs(age)),
            (None, Some(text)) => moment(text)?,
            (None, None) => Timestamp::ZERO,
        };
        let only = match (self.rule_name, self.target_id) {
            (None, None) => None,
            (None, Some(_)) => return Err(Error::validation("A target needs its rule: name RuleName too.")),
            (Some(rule), target) => {
                let rule = RuleName::parse(&rule)
                    .ok_or_else(|| Error::validation(format!("'{rule}' is not the name of a rule.")))?;
                Some(ReplayScope { rule, target })
            }
        };
        Ok(Rerun {
            name: name_of(self.replay_name, call)?,
            bus: bus_of(self.event_bus_name.as_deref())?,
            archive: self.archive_name,
            from,
            to: self.end_time.as_deref().map_or(Ok(call.now), moment)?,
            speed_milli: self.speed.map(milli).transpose()?,
            only,
        })
    }
}

fn moment(text: &str) -> Result<Timestamp, Error> {
    Timestamp::parse_iso_or_utc(text).ok_or_else(|| {
        Error::validation(format!("'{text}' is not a time; write it like 2026-03-19T22:04:48Z."))
    })
}

/// The name that was given, or one that tells when the replay was started.
fn name_of(name: Option<String>, call: &Call) -> Result<String, Error> {
    let Some(name) = name else {
        let when: String = call.now.to_iso_seconds().chars().filter(char::is_ascii_alphanumeric).collect();
        return Ok(format!("replay-{when}-{:04x}", call.ids.next_u64() & 0xFFFF));
    };
    // The form of AWS's ReplayName is that of a rule's name.
    match RuleName::parse(&name) {
        Some(_) => Ok(name),
        None => {
            Err(Error::validation(format!("'{name}' is not a replay's name: 1 to 64 of A-Z a-z 0-9 . - _")))
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the bounds just checked")]
fn milli(speed: f64) -> Result<u64, Error> {
    if !(SPEEDS.0..=SPEEDS.1).contains(&speed) {
        let (slowest, fastest) = SPEEDS;
        return Err(Error::validation(format!(
            "Speed is {speed}; it may be {slowest} to {fastest}, in times real time."
        )));
    }
    Ok((speed * 1_000.0).round() as u64)
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct StartAnswer {
    replay_name: String,
}

/// Starts a replay.
pub(super) fn start(events: &Events, call: &Call, body: &[u8]) -> Reply {
    operation::commit(body, |request: Request| {
        let rerun = request.rerun(call)?;
        let (service, now) = (events.clone(), call.now);
        Ok(events.store().write(queue::error::of_store, move |tx| {
            service.start_rerun(tx, &rerun, now)?;
            Ok(StartAnswer { replay_name: rerun.name })
        }))
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NameRequest {
    replay_name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct DescribeAnswer {
    replay_name: String,
    state: &'static str,
    under_way: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_reason: Option<String>,
    /// Events put on the bus.
    replayed: u64,
    /// Events that the one rule, or the rules of the filter, do not match.
    passed_over: u64,
    /// The time of the last of them, ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    reached: Option<String>,
}

/// How far a replay has come.
pub(super) fn describe(events: &Events, body: &[u8]) -> Reply {
    operation::answer(body, |request: NameRequest| {
        let read = events.store().read(|snapshot| Events::replay_progress(snapshot, &request.replay_name));
        let progress = read.map_err(queue::error::of_store)??;
        Ok(DescribeAnswer {
            replay_name: request.replay_name,
            state: progress.state,
            under_way: progress.under_way,
            state_reason: progress.reason,
            replayed: progress.replayed,
            passed_over: progress.passed_over,
            reached: progress.reached.map(Timestamp::to_iso_millis),
        })
    })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RehearseAnswer {
    events: u64,
    unmatched: u64,
    rules: Vec<RehearsedRule>,
    /// To be given back, so that all steps speak of the same span.
    end_time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<(u64, u64)>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RehearsedRule {
    rule_name: String,
    events: u64,
    /// The ids of the first of them.
    examples: Vec<String>,
}

impl RehearseAnswer {
    fn of(rehearsal: Rehearsal, to: Timestamp) -> Self {
        let Rehearsal { events, unmatched, rules, after } = rehearsal;
        let rules: BTreeMap<String, (u64, Vec<String>)> = rules;
        let of_rule = |(rule_name, (events, examples))| RehearsedRule { rule_name, events, examples };
        let rules = rules.into_iter().map(of_rule).collect();
        Self { events, unmatched, rules, end_time: to.to_iso_millis(), after }
    }
}

/// One step of a rehearsal: what of the next events which rule would match. Nothing is written.
pub(super) fn rehearse(events: &Events, call: &Call, body: &[u8]) -> Reply {
    operation::answer(body, |request: Request| {
        let after = request.after;
        let rerun = request.rerun(call)?;
        let step = RehearsalStep { after, limit: REHEARSED_MAX, now: call.now };
        let read = events.store().read(|snapshot| events.rehearse(snapshot, &rerun, step));
        Ok(RehearseAnswer::of(read.map_err(queue::error::of_store)??, rerun.to))
    })
}
