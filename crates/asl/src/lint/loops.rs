//! Loops that nothing bounds but the length of a history.

use std::collections::{BTreeMap, VecDeque};

use crate::definition::{Amount, Block, Kind, State, Until};
use crate::history::HISTORY_EVENTS_MAX;
use crate::lint::Lint;

/// Tells each way from a catcher back to its state that has no Choice on it.
pub(super) fn check(block: &Block, found: &mut Vec<Lint>) {
    for state in &block.states {
        let catchers = state.guard().map(|guard| guard.catch.as_slice()).unwrap_or_default();
        let Some(way) = catchers.iter().find_map(|catcher| way(block, &catcher.next, state)) else {
            continue;
        };
        let rounds = HISTORY_EVENTS_MAX / events(state, &way).max(1);
        let seconds = seconds(state, &way) * rounds_as_float(rounds);
        let through = way.first().map_or(state.name.as_str(), |first| first.name.as_str());
        let message = format!(
            "an error of {} that stays leads back to it for ever: after {rounds} rounds ({}) the history's \
             {HISTORY_EVENTS_MAX} events are used up and the execution fails",
            state.name,
            duration(seconds)
        );
        let fix = "use Retry with MaxAttempts, or count the rounds and leave by a Choice";
        found.push(Lint::new("unbounded-retry-loop", through, message, fix));
    }
}

/// How many states are looked at for one way back.
const STATES_MAX: usize = 100;

/// The states from here to the goal, both ends but the goal; None if there is a Choice on every way, or none.
fn way<'a>(block: &'a Block, from: &str, goal: &State) -> Option<Vec<&'a State>> {
    let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
    let mut open = VecDeque::from([block.state(from)?]);
    while let Some(state) = open.pop_front() {
        if state.name == goal.name {
            return Some(path(block, &came_from, goal));
        }
        if matches!(state.kind, Kind::Choice(_)) {
            continue;
        }
        for next in state.targets().into_iter().filter_map(|next| block.state(next)) {
            let new = next.name != from && !came_from.contains_key(next.name.as_str());
            if new && came_from.len() < STATES_MAX {
                came_from.insert(&next.name, &state.name);
                open.push_back(next);
            }
        }
    }
    None
}

/// The way back from the goal, without the goal, in the order of walking.
fn path<'a>(block: &'a Block, came_from: &BTreeMap<&'a str, &'a str>, goal: &State) -> Vec<&'a State> {
    let mut way = Vec::new();
    let mut at = came_from.get(goal.name.as_str());
    while let Some(name) = at {
        way.extend(block.state(name));
        at = came_from.get(name).filter(|_| way.len() < STATES_MAX);
    }
    way.reverse();
    way
}

/// Entered and exited, and for each attempt of the task scheduled, started, failed.
fn events(state: &State, way: &[&State]) -> u64 {
    let attempts: u64 = state.guard().map_or(0, |guard| {
        guard.retry.iter().map(|retrier| u64::from(retrier.max_attempts)).max().unwrap_or_default()
    });
    let around = u64::try_from(way.len()).unwrap_or(u64::MAX).saturating_add(1).saturating_mul(2);
    around.saturating_add(attempts.saturating_add(1).saturating_mul(3))
}

/// How long one round takes at least, in seconds.
fn seconds(state: &State, way: &[&State]) -> f64 {
    let waits: f64 = way
        .iter()
        .map(|state| match &state.kind {
            Kind::Wait(Until::Seconds(Amount::Fixed(seconds))) => *seconds,
            _ => 0.0,
        })
        .sum();
    let retries: f64 = state.guard().map_or(0.0, |guard| {
        guard.retry.iter().map(|retrier| retrier.interval_seconds * f64::from(retrier.max_attempts)).sum()
    });
    waits + retries
}

#[expect(clippy::cast_precision_loss, reason = "at most the length of a history")]
fn rounds_as_float(rounds: u64) -> f64 {
    rounds as f64
}

fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 60.0 => "within a minute".to_owned(),
        s if s < 7_200.0 => format!("about {:.0} minutes", s / 60.0),
        s if s < 172_800.0 => format!("about {:.0} hours", s / 3_600.0),
        s => format!("about {:.0} days", s / 86_400.0),
    }
}
