//! Replays beyond AWS's: from an archive or straight from the event records, at a chosen speed, for one rule or one target
//! only, or as a rehearsal that only says what would match.

use std::collections::BTreeMap;

use aws::{Error, Timestamp};
use store::{Read, Tx};

use crate::archives::archive::ARCHIVES;
use crate::archives::replay::{Replay, ReplayScope, Source, next_of, replayed};
use crate::buses::bus::BusName;
use crate::error;
use crate::events::Events;

/// What is replayed, and how.
#[derive(Clone, Debug)]
pub struct Rerun {
    /// The replay's name; part of each event.
    pub name: String,
    /// The bus whose event records are replayed, where no archive is named.
    pub bus: BusName,
    /// The archive whose events are replayed on its bus.
    pub archive: Option<String>,
    /// Archived events of this time and later; kept events accepted then and later.
    pub from: Timestamp,
    /// Those before this time.
    pub to: Timestamp,
    /// In thousandths of real time, at least 1; `None`: as fast as it goes.
    pub speed_milli: Option<u64>,
    /// One rule alone, and perhaps one target of it; events that the rule does not match are passed over.
    pub only: Option<ReplayScope>,
}

/// One step of a rehearsal.
#[derive(Clone, Copy, Debug)]
pub struct RehearsalStep {
    /// Where the step before ended, as its [`Rehearsal::after`] says.
    pub after: Option<(u64, u64)>,
    /// How many events it looks at.
    pub limit: usize,
    /// The moment.
    pub now: Timestamp,
}

/// How far a replay has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// AWS's name of its state.
    pub state: &'static str,
    /// Whether something is still to be done.
    pub under_way: bool,
    /// Why it failed.
    pub reason: Option<String>,
    /// Events put on the bus.
    pub replayed: u64,
    /// Events that no wanted rule matched.
    pub passed_over: u64,
    /// The time of the last of them.
    pub reached: Option<Timestamp>,
}

/// What part of a replay would match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rehearsal {
    /// Events of the replay that were looked at.
    pub events: u64,
    /// Those that no wanted rule matches.
    pub unmatched: u64,
    /// By rule: how many events it matches, and the first of them by id.
    pub rules: BTreeMap<String, (u64, Vec<String>)>,
    /// Where to go on; `None`: that was all.
    pub after: Option<(u64, u64)>,
}

/// How many events of each rule one step of a rehearsal names.
const NAMED_MAX: usize = 3;

impl Events {
    /// Starts a replay; it is listed, described and cancelled as AWS's are.
    ///
    /// # Errors
    /// AWS's, and a `ValidationException` where the rule or target cannot see events.
    pub fn start_rerun(&self, tx: &mut Tx<'_>, rerun: &Rerun, now: Timestamp) -> Result<(), Error> {
        let replay = self.replay_of(tx, rerun, now)?;
        self.begin_replay(tx, &replay)
    }

    /// How far a replay has come, whoever started it.
    ///
    /// # Errors
    /// `ResourceNotFoundException`.
    pub fn replay_progress(read: &mut impl Read, name: &str) -> Result<Progress, Error> {
        let replay = Self::replay_named(read, name)?;
        Ok(Progress {
            state: replay.state.name(),
            under_way: replay.state.is_under_way(),
            reason: replay.reason,
            replayed: replay.replayed,
            passed_over: replay.passed_over,
            reached: replay.reached.map(|(time_ms, _)| Timestamp::from_unix_ms(time_ms)),
        })
    }

    /// Looks at the events of one step of a replay, and changes nothing.
    ///
    /// # Errors
    /// As [`Events::start_rerun`].
    pub fn rehearse(
        &self,
        read: &mut impl Read,
        rerun: &Rerun,
        step: RehearsalStep,
    ) -> Result<Rehearsal, Error> {
        let mut replay = self.replay_of(read, rerun, step.now)?;
        replay.reached = step.after;
        let found = next_of(read, &replay, step.limit).map_err(Error::validation)?;
        let routes = self.routes().of_bus(&replay.bus).ok_or_else(|| error::bus_not_found(&replay.bus))?;
        let last = found.last().map(|next| (next.time_ms, next.position));
        let mut rehearsal =
            Rehearsal { after: last.filter(|_| found.len() >= step.limit), ..Rehearsal::default() };
        for json in found.into_iter().filter_map(|next| next.json) {
            let event = replayed(&json, &replay.name, step.now);
            let mut matching = routes.matching(&event.json);
            matching.retain(|route| replay.wants(route));
            rehearsal.events += 1;
            rehearsal.unmatched += u64::from(matching.is_empty());
            for route in matching {
                let (count, named) = rehearsal.rules.entry(route.name.to_string()).or_default();
                *count += 1;
                if named.len() < NAMED_MAX {
                    named.push(event.id.clone());
                }
            }
        }
        Ok(rehearsal)
    }

    fn replay_of(&self, read: &mut impl Read, rerun: &Rerun, now: Timestamp) -> Result<Replay, Error> {
        if rerun.to <= rerun.from {
            return Err(Error::validation("The replay's end must be after its start."));
        }
        let (source, bus) = match &rerun.archive {
            Some(name) => {
                let archive = read.get(&ARCHIVES, name).ok_or_else(|| error::archive_not_found(name))?;
                (Source::Archive { name: archive.name, number: archive.number }, archive.bus)
            }
            None => {
                Self::bus(read, &rerun.bus)?;
                // What comes from now on, its own events included, is not replayed.
                let newest = self.last_events(read, &rerun.bus, 1);
                let last = newest.first().map_or(0, |(position, _)| *position);
                (Source::Kept { last }, rerun.bus.clone())
            }
        };
        let replay = Replay {
            from: rerun.from,
            to: rerun.to,
            speed_milli: rerun.speed_milli,
            only: rerun.only.clone(),
            ..Replay::new(rerun.name.clone(), source, bus, now)
        };
        match Self::lacks(read, &replay) {
            Some(reason) => Err(Error::validation(reason)),
            None => Ok(replay),
        }
    }
}
