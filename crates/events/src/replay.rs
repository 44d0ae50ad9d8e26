//! A replay: the archived events of a span of time, put on their bus once more, in order, in bounded steps that a crash
//! between two of them does not lose or repeat.

use std::time::Duration;

use aws::envelope::push_quoted;
use aws::{Arn, Event, Ids, Timestamp};
use serde::{Deserialize, Serialize};
use store::{KeyRange, Read, Table, Tx};
use tokio::sync::futures::Notified;

use crate::archive::{ARCHIVED, ARCHIVES};
use crate::bus::BusName;
use crate::events::Events;
use crate::kept::KeptEvent;

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
    pub(crate) archive: String,
    /// Which of the archives that had the name.
    pub(crate) archive_number: u64,
    pub(crate) bus: BusName,
    /// ARNs of the rules that see the events; none: all rules.
    pub(crate) filter: Vec<String>,
    /// Events of this time and later.
    pub(crate) from: Timestamp,
    /// Events of before this time.
    pub(crate) to: Timestamp,
    pub(crate) state: ReplayState,
    pub(crate) reason: Option<String>,
    pub(crate) started: Timestamp,
    pub(crate) ended: Option<Timestamp>,
    /// Time in ms and position of the last event that was replayed.
    pub(crate) reached: Option<(u64, u64)>,
}

store::record!(Replay, version 1);

impl Replay {
    /// Its full name.
    pub(crate) fn arn(name: &str, region: &str, account: &str) -> Arn {
        Arn::new("events", region, account, format!("replay/{name}"))
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
    pub(crate) fn announce_replay(&self, tx: &mut Tx<'_, '_>) {
        let events = self.clone();
        tx.after_commit(move || events.replays_changed().notify_one());
    }

    /// How many replays are under way.
    pub fn replays_under_way(&self, read: &mut impl Read) -> usize {
        let replays = read.list(&REPLAYS, &KeyRange::all(), usize::MAX);
        replays.iter().filter(|(_, replay)| replay.state.is_under_way()).count()
    }

    /// One step of each replay that is under way, about `max` events in all; whether there is more to do.
    pub fn step_replays(&self, tx: &mut Tx<'_, '_>, (now, max): (Timestamp, usize), ids: &Ids) -> bool {
        let replays = tx.list(&REPLAYS, &KeyRange::all(), usize::MAX);
        let under_way: Vec<_> =
            replays.into_iter().filter(|(_, replay)| replay.state.is_under_way()).collect();
        let share = max.checked_div(under_way.len()).unwrap_or(0).max(1);
        let mut more = false;
        for (name, mut replay) in under_way {
            self.step_replay(tx, (&mut replay, share), now, ids);
            more |= replay.state.is_under_way();
            tx.put(&REPLAYS, &name, &replay);
        }
        more
    }

    fn step_replay(
        &self,
        tx: &mut Tx<'_, '_>,
        (replay, share): (&mut Replay, usize),
        now: Timestamp,
        ids: &Ids,
    ) {
        if replay.state == ReplayState::Cancelling {
            return replay.end(ReplayState::Cancelled, now);
        }
        let number = replay.archive_number;
        if tx.get(&ARCHIVES, &replay.archive).is_none_or(|archive| archive.number != number) {
            return replay.fail(format!("Archive {} does not exist.", replay.archive), now);
        }
        replay.state = ReplayState::Running;
        let (time_ms, position) =
            replay.reached.map_or((replay.from.unix_ms(), 0), |(time_ms, last)| (time_ms, last + 1));
        let range = KeyRange::between(&(number, time_ms, position), &(number, replay.to.unix_ms()));
        let archived = tx.list(&ARCHIVED, &range, share);
        let found = archived.len();
        for ((_, time_ms, position), event) in archived {
            let event = replayed(&event.json, &replay.name, now);
            let wanted = |rule: &Arn| replay.filter.is_empty() || replay.filter.contains(&rule.to_string());
            let Some(matched) = self.match_where(&replay.bus, event, &wanted) else {
                return replay.fail(format!("Event bus {} does not exist.", replay.bus), now);
            };
            self.accept(tx, matched, now, ids);
            replay.reached = Some((time_ms, position));
        }
        if found < share {
            replay.end(ReplayState::Completed, now);
        }
    }

    /// Forgets replays that ended and started long ago.
    pub(crate) fn sweep_replays(tx: &mut Tx<'_, '_>, now: Timestamp) {
        let oldest_kept = now.minus(REMEMBERED);
        for (name, replay) in tx.list(&REPLAYS, &KeyRange::all(), usize::MAX) {
            if !replay.state.is_under_way() && replay.started < oldest_kept {
                tx.remove(&REPLAYS, &name);
            }
        }
    }
}

/// Where the envelope's resources begin. No text before them can contain this: its quotes would be escaped.
const RESOURCES: &str = ",\"resources\":[";
/// How a replayed event tells of it.
const REPLAY_NAME: &str = ",\"replay-name\":";

/// The archived event as it is replayed: the same, with the replay's name where AWS writes it (recorded by LocalStack,
/// `test_start_list_describe_canceled_replay`).
fn replayed(json: &str, replay: &str, now: Timestamp) -> KeptEvent {
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
    KeptEvent { id, accepted: now, forwarded: false, rules_matched: 0, json: with_name, matched: Vec::new() }
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
