//! A replay: the archived or kept events of a span of time, put on their bus once more, in order, perhaps at a chosen speed,
//! in bounded steps that a crash between two of them does not lose or repeat.

pub mod rerun;

use std::time::Duration;

use aws::envelope::push_quoted;
use aws::{Arn, Error, Event, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Commit, KeyRange, Read, Table, Tx};
use tokio::sync::futures::Notified;

use crate::archives::archive::{ARCHIVED, ARCHIVES, ArchivedEvent};
use crate::buses::bus::BusName;
use crate::buses::routing::Route;
use crate::buses::rule::{RULES, Rule, RuleName, RuleState};
use crate::error;
use crate::events::Events;
use crate::limits::quotas;
use crate::records::record::{self, EventRecord};
use crate::target::{TARGETS, Target};
use crate::trip::accept::RouteFilter;

/// All replays, by name.
pub(crate) const REPLAYS: Table<String, Replay> = Table::new(31, "replays");

/// How long a replay is remembered after its start (API reference, StartReplay and user guide: 90 days).
const REMEMBERED: Duration = Duration::from_secs(90 * 86_400);

/// How far a replay has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ReplayState {
    #[serde(rename = "STARTING")]
    Starting,
    #[serde(rename = "RUNNING")]
    Running,
    #[serde(rename = "CANCELLING")]
    Cancelling,
    #[serde(rename = "COMPLETED")]
    Completed,
    #[serde(rename = "CANCELLED")]
    Cancelled,
    #[serde(rename = "FAILED")]
    Failed,
}

impl ReplayState {
    /// AWS's name of it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Starting => "STARTING",
            Self::Running => "RUNNING",
            Self::Cancelling => "CANCELLING",
            Self::Completed => "COMPLETED",
            Self::Cancelled => "CANCELLED",
            Self::Failed => "FAILED",
        }
    }

    /// Whether something is still to be done.
    pub(crate) fn is_under_way(self) -> bool {
        match self {
            Self::Starting | Self::Running | Self::Cancelling => true,
            Self::Completed | Self::Cancelled | Self::Failed => false,
        }
    }
}

/// A replay as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Replay {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) source: Source,
    pub(crate) bus: BusName,
    /// ARNs of the rules that see the events; none: all rules.
    pub(crate) filter: Vec<String>,
    /// The one rule, and perhaps the one target of it, that sees the events.
    pub(crate) only: Option<ReplayScope>,
    /// In thousandths of real time; `None`: as fast as it goes.
    pub(crate) speed_milli: Option<u64>,
    /// Events of this time and later.
    pub(crate) from: Timestamp,
    /// Events of before this time.
    pub(crate) to: Timestamp,
    pub(crate) state: ReplayState,
    pub(crate) reason: Option<String>,
    pub(crate) started: Timestamp,
    pub(crate) ended: Option<Timestamp>,
    /// Time in ms and position of the last event that was replayed or passed over.
    pub(crate) reached: Option<(u64, u64)>,
    /// The moment, and the event's time in ms then, from which the speed counts.
    pub(crate) paced_from: Option<(Timestamp, u64)>,
    /// Events put on the bus.
    pub(crate) replayed: u64,
    /// Events that the wanted rules do not match.
    pub(crate) passed_over: u64,
}

/// Where a replay's events come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Source {
    /// An archive.
    Archive {
        name: String,
        /// Which of the archives that had the name.
        number: u64,
    },
    /// The event records of the bus up to this position.
    Kept { last: u64 },
}

/// One rule of the bus, and perhaps one target of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayScope {
    /// The rule.
    pub rule: RuleName,
    /// The target's id; `None`: all targets of the rule.
    pub target: Option<String>,
}

/// An event that is next in a replay.
pub(crate) struct Next {
    pub(crate) time_ms: u64,
    pub(crate) position: u64,
    /// `None`: it is none of this replay, and passed.
    pub(crate) json: Option<String>,
}

/// A step ends once it has written so much: events of 1 MiB may have hundreds of targets each.
const STEP_SIZE_BYTES_MAX: usize = 16 << 20;
/// A replay that is later than this, after a crash, say, goes on from where it is instead of making up for it.
const LATE_MAX: Duration = Duration::from_secs(5);

store::record!(Replay, version 1);

impl Replay {
    /// Its full name.
    pub(crate) fn arn(name: &str, region: &str, account: &str) -> Arn {
        Arn::new("events", region, account, format!("replay/{name}"))
    }

    /// A replay that begins now.
    pub(crate) fn new(name: String, source: Source, bus: BusName, now: Timestamp) -> Self {
        Self {
            name,
            description: None,
            source,
            bus,
            filter: Vec::new(),
            only: None,
            speed_milli: None,
            from: Timestamp::ZERO,
            to: Timestamp::MAX,
            state: ReplayState::Starting,
            reason: None,
            started: now,
            ended: None,
            reached: None,
            paced_from: None,
            replayed: 0,
            passed_over: 0,
        }
    }

    /// When an event falls due by the replay's speed; `None`: at once.
    fn due(&self, next: &Next) -> Option<Timestamp> {
        let (speed_milli, (moment, base_ms)) = (self.speed_milli?, self.paced_from?);
        next.json.as_ref()?;
        let apart_ms = next.time_ms.saturating_sub(base_ms).saturating_mul(1_000) / speed_milli.max(1);
        Some(moment.plus(Duration::from_millis(apart_ms)))
    }

    /// Sets the pace where an event is the first, or came too late to make up for it.
    fn pace(&mut self, next: &Next, now: Timestamp) {
        if self.due(next).is_none_or(|due| now.since(due) > LATE_MAX) {
            self.paced_from = Some((now, next.time_ms));
        }
    }

    /// Whether the replay is for the rule.
    pub(crate) fn wants(&self, route: &Route) -> bool {
        self.only.as_ref().is_none_or(|only| only.rule == route.name)
            && (self.filter.is_empty() || self.filter.contains(&route.arn.to_string()))
    }

    /// Whether the replay is for the target.
    pub(crate) fn wants_target(&self, target: &Target) -> bool {
        self.only.as_ref().and_then(|only| only.target.as_ref()).is_none_or(|id| *id == target.id)
    }

    fn end(&mut self, state: ReplayState, now: Timestamp) {
        self.state = state;
        self.ended = Some(now);
    }

    fn fail(&mut self, reason: String, now: Timestamp) {
        self.reason = Some(reason);
        self.end(ReplayState::Failed, now);
    }
}

impl Events {
    /// Completes when a replay has been started or cancelled. To be asked for before the look whose failure it follows.
    pub fn replay_arrival(&self) -> Notified<'_> {
        self.replays_changed().notified()
    }

    /// After this commit, whoever waits for [`Events::replay_arrival`] looks again.
    pub(crate) fn announce_replay(&self, tx: &mut Tx<'_>) {
        let events = self.clone();
        tx.after_commit(move || events.replays_changed().notify_one());
    }

    /// How many replays are under way.
    pub fn replays_under_way(&self, read: &mut impl Read) -> usize {
        let replays = read.list(&REPLAYS, &KeyRange::all(), usize::MAX);
        replays.iter().filter(|(_, replay)| replay.state.is_under_way()).count()
    }

    /// When a step ([`Events::step_replays`]) is worth making; `None`: nothing is under way.
    pub fn next_replay_step(&self, read: &mut impl Read) -> Option<Timestamp> {
        let replays = read.list(&REPLAYS, &KeyRange::all(), usize::MAX);
        let under_way = replays.into_iter().filter(|(_, replay)| replay.state.is_under_way());
        let at_once = Timestamp::ZERO;
        under_way
            .map(|(_, replay)| match (replay.state, replay.speed_milli) {
                (ReplayState::Running, Some(_)) => {
                    let next = next_of(read, &replay, 1).unwrap_or_default();
                    next.first().and_then(|next| replay.due(next)).unwrap_or(at_once)
                }
                _ => at_once,
            })
            .min()
    }

    /// Starts a replay that is whole, but for what only the store knows of its name and the number of replays.
    pub(crate) fn begin_replay(&self, tx: &mut Tx<'_>, replay: &Replay) -> Result<(), Error> {
        if tx.contains(&REPLAYS, &replay.name) {
            return Err(error::replay_exists(&replay.name));
        }
        if self.replays_under_way(tx) >= quotas::REPLAYS_UNDER_WAY_MAX {
            return Err(error::limit_exceeded());
        }
        tx.put(&REPLAYS, &replay.name, replay);
        self.announce_replay(tx);
        Ok(())
    }

    /// One step of each replay that is under way, about `max` events in all; whether there is more to do at once.
    pub fn step_replays(&self, commit: &mut Commit<'_>, max: usize) -> bool {
        let replays = commit.list(&REPLAYS, &KeyRange::all(), usize::MAX);
        let under_way: Vec<_> =
            replays.into_iter().filter(|(_, replay)| replay.state.is_under_way()).collect();
        let share = max.checked_div(under_way.len()).unwrap_or(0).max(1);
        for (name, mut replay) in under_way {
            self.step_replay(commit, &mut replay, share);
            commit.put(&REPLAYS, &name, &replay);
        }
        self.next_replay_step(&mut commit.tx).is_some_and(|at| at <= commit.now)
    }

    fn step_replay(&self, commit: &mut Commit<'_>, replay: &mut Replay, share: usize) {
        let now = commit.now;
        if replay.state == ReplayState::Cancelling {
            return replay.end(ReplayState::Cancelled, now);
        }
        let found = match Self::lacks(&mut commit.tx, replay)
            .map_or_else(|| next_of(&mut commit.tx, replay, share), Err)
        {
            Ok(found) => found,
            Err(reason) => return replay.fail(reason, now),
        };
        replay.state = ReplayState::Running;
        let last = found.len() < share;
        let mut size_bytes = 0_usize;
        for next in found {
            if size_bytes >= STEP_SIZE_BYTES_MAX {
                return;
            }
            if next.json.is_some() {
                replay.pace(&next, now);
            }
            if replay.due(&next).is_some_and(|due| due > now) {
                return;
            }
            match self.replay_one(commit, replay, &next) {
                Ok(more_bytes) => size_bytes = size_bytes.saturating_add(more_bytes),
                Err(reason) => return replay.fail(reason, now),
            }
            replay.reached = Some((next.time_ms, next.position));
        }
        if last {
            replay.end(ReplayState::Completed, now);
        }
    }

    /// Puts one event on the bus, for the wanted rules and targets; one that no wanted rule matches is passed over. How many
    /// bytes that writes, about.
    fn replay_one(&self, commit: &mut Commit<'_>, replay: &mut Replay, next: &Next) -> Result<usize, String> {
        let Some(json) = &next.json else { return Ok(0) };
        let event = replayed(json, &replay.name, commit.now);
        let wanted =
            RouteFilter { rule: &|route| replay.wants(route), target: &|target| replay.wants_target(target) };
        let matched = self.match_where(&replay.bus, event, &wanted);
        let matched = matched.ok_or_else(|| format!("Event bus {} does not exist.", replay.bus))?;
        let filtered = replay.only.is_some() || !replay.filter.is_empty();
        if filtered && matched.rules_matched() == 0 {
            replay.passed_over += 1;
            return Ok(0);
        }
        let size_bytes = matched.size_bytes();
        self.accept(commit, matched);
        replay.replayed += 1;
        Ok(size_bytes)
    }

    /// Why the one rule or target of a replay cannot see events.
    pub(crate) fn lacks(read: &mut impl Read, replay: &Replay) -> Option<String> {
        let ReplayScope { rule, target } = replay.only.as_ref()?;
        let key = Rule::key(&replay.bus, rule);
        let Some(record) = read.get(&RULES, &key) else {
            return Some(error::rule_not_found(rule, &replay.bus).message);
        };
        if record.state == RuleState::Disabled {
            return Some(format!("Rule {rule} is disabled, so it matches nothing."));
        }
        if record.pattern.is_none() {
            return Some(format!("Rule {rule} has a schedule and no event pattern, so it matches nothing."));
        }
        let target = target.as_ref()?;
        let known = read.contains(&TARGETS, &(key.0, key.1, target.clone()));
        (!known).then(|| format!("Rule {rule} has no target with the Id {target}."))
    }

    /// Forgets replays that ended and started long ago.
    pub(crate) fn sweep_replays(tx: &mut Tx<'_>, now: Timestamp) {
        let oldest_kept = now.minus(REMEMBERED);
        for (name, replay) in tx.list(&REPLAYS, &KeyRange::all(), usize::MAX) {
            if !replay.state.is_under_way() && replay.started < oldest_kept {
                tx.remove(&REPLAYS, &name);
            }
        }
    }
}

/// The next events of a replay, in order, at most `limit` of them.
///
/// # Errors
/// Why there can be none.
pub(crate) fn next_of(read: &mut impl Read, replay: &Replay, limit: usize) -> Result<Vec<Next>, String> {
    match &replay.source {
        Source::Archive { name, number } => {
            if read.get(&ARCHIVES, name).is_none_or(|archive| archive.number != *number) {
                return Err(format!("Archive {name} does not exist."));
            }
            let from =
                replay.reached.map_or((replay.from.unix_ms(), 0), |(time_ms, last)| (time_ms, last + 1));
            let range = KeyRange::between(&(*number, from.0, from.1), &(*number, replay.to.unix_ms()));
            let archived = read.list(&ARCHIVED, &range, limit).into_iter();
            let next = |((_, time_ms, position), event): ((u64, u64, u64), ArchivedEvent)| Next {
                time_ms,
                position,
                json: Some(event.json),
            };
            Ok(archived.map(next).collect())
        }
        Source::Kept { last } => {
            let after = match replay.reached {
                Some((_, position)) => position,
                None => Events::position_before(read, &replay.bus, replay.from),
            };
            let range = after.saturating_add(1)..last.saturating_add(1);
            let kept = record::between(read, &replay.bus, range, limit).into_iter();
            let next = |(position, event): (u64, EventRecord)| {
                let wanted =
                    replay.from <= event.accepted && event.accepted < replay.to && !is_replayed(&event.json);
                let time_ms = event.accepted.unix_ms();
                Next { time_ms, position, json: wanted.then_some(event.json) }
            };
            Ok(kept.map(next).collect())
        }
    }
}

/// Where the envelope's resources begin. No text before them can contain this: its quotes would be escaped.
const RESOURCES: &str = ",\"resources\":[";
/// How a replayed event tells of it.
const REPLAY_NAME: &str = ",\"replay-name\":";

/// The archived event as it is replayed: the same, with the replay's name where AWS writes it (recorded by LocalStack,
/// `test_start_list_describe_canceled_replay`).
pub(crate) fn replayed(json: &str, replay: &str, now: Timestamp) -> EventRecord {
    let id = Event::from_json(json, now).map(|event| event.id).unwrap_or_default();
    let mut with_name = String::with_capacity(json.len() + replay.len() + 20);
    match json.split_once(RESOURCES) {
        Some((head, tail)) => {
            with_name.push_str(head);
            with_name.push_str(REPLAY_NAME);
            push_quoted(&mut with_name, replay);
            with_name.push_str(RESOURCES);
            with_name.push_str(tail);
        }
        None => with_name.push_str(json),
    }
    EventRecord {
        id,
        accepted: now,
        forwarded: false,
        rules_matched: 0,
        json: with_name,
        matched: Vec::new(),
    }
}

/// Whether an envelope is one of a replay.
pub(crate) fn is_replayed(json: &str) -> bool {
    json.split_once(RESOURCES).is_some_and(|(head, _)| head.contains(REPLAY_NAME))
}

#[cfg(test)]
mod tests {
    use aws::{Event, Timestamp};

    use super::{is_replayed, replayed};

    #[test]
    fn the_name_is_before_the_resources_and_nothing_else_changes() {
        let event = Event {
            id: "1".to_owned(),
            source: "a,\"resources\":[".to_owned(),
            detail_type: ",\"replay-name\":".to_owned(),
            account: "1".to_owned(),
            time: Timestamp::ZERO,
            region: "r".to_owned(),
            resources: Vec::new(),
            detail: "{ \"n\": 1.00 ,\"replay-name\":1}".to_owned(),
        };
        let json = event.to_json();
        assert!(!is_replayed(&json));
        let kept = replayed(&json, "again", Timestamp::ZERO);
        assert_eq!(kept.id, "1");
        assert!(is_replayed(&kept.json));
        assert!(
            kept.json.contains("\"region\":\"r\",\"replay-name\":\"again\",\"resources\":[]"),
            "{}",
            kept.json
        );
        assert_eq!(kept.json.replacen(",\"replay-name\":\"again\"", "", 1), json);
    }
}
