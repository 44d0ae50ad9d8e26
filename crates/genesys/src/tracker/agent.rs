//! Agents' legs: who really talked.

use crate::tracker::fact::Fact;
use crate::tracker::leg::{Leg, LegKind};
use crate::tracker::symbol::Symbols;

/// How far the end of a queue's session and the answering agent's own times may lie apart. In the real timeline the queue
/// lets go 17 ms before the alert ends.
const SLACK_MS: u64 = 1_000;

/// Whether an agent's end by itself shows that they talked.
pub(super) fn talked(end: &Fact) -> bool {
    matches!(end.ms, [talk, hold, ..] if talk > 0 || hold > 0)
}

/// Whether a queue's end names this agent as the one who answered, and the agent's leg was there at that time.
pub(super) fn answered_by(acd: &Leg<'_>, agent: &Leg<'_>, symbols: &Symbols) -> bool {
    let Some(end) = acd.end.filter(|_| acd.kind == LegKind::Acd) else {
        return false;
    };
    let began = agent.from_ms <= end.at_ms.saturating_add(SLACK_MS);
    let was_there = !agent.has_ended() || agent.to_ms.saturating_add(SLACK_MS) >= end.at_ms;
    agent.kind == LegKind::User
        && symbols.is(end.sort, "ANSWERED")
        && end.user.is_some()
        && end.user == agent.user()
        && began
        && was_there
}

/// Whether an agent's leg was connected: by its own durations, or because a queue names them as the one who answered.
pub(super) fn connected(agent: &Leg<'_>, all: &[Leg<'_>], symbols: &Symbols) -> bool {
    agent.kind == LegKind::User
        && (agent.end.is_some_and(talked) || all.iter().any(|leg| answered_by(leg, agent, symbols)))
}
