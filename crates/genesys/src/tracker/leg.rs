//! Legs: what was open from when to when, read out of the facts.

use crate::envelope::detail::DetailKind;
use crate::tracker::fact::Fact;
use crate::tracker::symbol::{Ref, Symbols};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum LegKind {
    Customer,
    Flow,
    Acd,
    User,
    Voicemail,
}

/// One session of somebody (or of a flow or a queue), from its start to its end.
#[derive(Debug, Clone)]
pub(super) struct Leg<'a> {
    pub(super) kind: LegKind,
    pub(super) start: Option<&'a Fact>,
    pub(super) end: Option<&'a Fact>,
    /// The wrap-ups that were given for it.
    pub(super) wrap_ups: Vec<&'a Fact>,
    /// Starts and ends that were received for it and have no effect.
    pub(super) surplus: Vec<&'a Fact>,
    /// When it began; where that was not seen, its end less its durations.
    pub(super) from_ms: u64,
    /// The last moment that is known of it.
    pub(super) to_ms: u64,
}

impl<'a> Leg<'a> {
    /// A value that either end may carry; the later one knows better.
    fn either(&self, field: impl Fn(&Fact) -> Ref) -> Ref {
        let of = |fact: Option<&'a Fact>| fact.map_or(Ref::NONE, &field);
        let end = of(self.end);
        if end.is_some() { end } else { of(self.start) }
    }

    pub(super) fn session(&self) -> Ref {
        self.either(|fact| fact.session)
    }

    pub(super) fn participant(&self) -> Ref {
        self.either(|fact| fact.participant)
    }

    pub(super) fn user(&self) -> Ref {
        self.either(|fact| fact.user)
    }

    pub(super) fn queue(&self) -> Ref {
        self.either(|fact| fact.queue)
    }

    pub(super) fn media(&self) -> Ref {
        self.either(|fact| fact.media)
    }

    pub(super) fn direction(&self) -> Ref {
        self.either(|fact| fact.direction)
    }

    pub(super) fn sort(&self) -> Ref {
        self.either(|fact| fact.sort)
    }

    /// The `n`th duration of its end, in milliseconds; 0 where it has none.
    pub(super) fn ms(&self, n: usize) -> u64 {
        self.end.and_then(|end| end.ms.get(n)).copied().map_or(0, u64::from)
    }

    /// How long it was connected: by its own duration, else from start to end.
    pub(super) fn connected_ms(&self) -> u64 {
        match self.ms(0) {
            0 if self.start.is_some() => self.to_ms.saturating_sub(self.from_ms),
            ms => ms,
        }
    }

    /// Ended: by its end, or because the work after it is done.
    pub(super) fn has_ended(&self) -> bool {
        self.end.is_some() || (self.kind == LegKind::User && !self.wrap_ups.is_empty())
    }

    pub(super) fn facts(&self) -> impl Iterator<Item = &'a Fact> {
        self.start.into_iter().chain(self.end).chain(self.wrap_ups.iter().chain(&self.surplus).copied())
    }
}

fn leg_kind(fact: &Fact) -> Option<LegKind> {
    Some(match fact.kind {
        DetailKind::CustomerStart | DetailKind::CustomerEnd => LegKind::Customer,
        DetailKind::FlowStart | DetailKind::FlowEnd => LegKind::Flow,
        DetailKind::AcdStart | DetailKind::AcdEnd => LegKind::Acd,
        DetailKind::UserStart | DetailKind::UserEnd => LegKind::User,
        DetailKind::VoicemailStart | DetailKind::VoicemailEnd => LegKind::Voicemail,
        _ => return None,
    })
}

fn starts_leg(fact: &Fact) -> bool {
    matches!(
        fact.kind,
        DetailKind::CustomerStart
            | DetailKind::FlowStart
            | DetailKind::AcdStart
            | DetailKind::UserStart
            | DetailKind::VoicemailStart
    )
}

/// Which facts can be of one leg: those of a session, or of a participant where the session is not named.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Owner {
    kind: LegKind,
    session: Ref,
    participant: Ref,
}

/// A start or an end.
struct LegBoundary<'a> {
    owner: Owner,
    starts: bool,
    fact: &'a Fact,
}

/// The legs of all facts, by their beginning.
///
/// The facts of a session are read in the order of their times, so a session that starts again (asynchronous media) gives
/// two legs; a second start within a leg is ignored, and of two ends without a start between them the later one stands.
pub(super) fn legs<'a>(facts: &'a [Fact], symbols: &Symbols) -> Vec<Leg<'a>> {
    let mut bounds: Vec<LegBoundary<'a>> = facts
        .iter()
        .filter_map(|fact| {
            let participant = if fact.session.is_some() { Ref::NONE } else { fact.participant };
            let owner = Owner { kind: leg_kind(fact)?, session: fact.session, participant };
            Some(LegBoundary { owner, starts: starts_leg(fact), fact })
        })
        .collect();
    bounds.sort_by(|a, b| {
        // Of what happened at one moment, the start comes first.
        (a.owner, a.fact.at_ms, b.starts)
            .cmp(&(b.owner, b.fact.at_ms, a.starts))
            .then_with(|| a.fact.cmp_content(b.fact, symbols))
    });
    let mut legs: Vec<Leg<'a>> = Vec::new();
    let mut last = None;
    for LegBoundary { owner, starts, fact } in bounds {
        let same = last.replace(owner) == Some(owner);
        let open = legs.last_mut().filter(|_| same);
        match open {
            Some(leg) if !starts => {
                leg.surplus.extend(leg.end.replace(fact));
                leg.to_ms = fact.at_ms;
            }
            Some(leg) if leg.end.is_none() => leg.surplus.push(fact),
            _ if starts => legs.push(begun(owner.kind, fact)),
            _ => legs.push(only_ended(owner.kind, fact)),
        }
    }
    legs.sort_by(|a, b| {
        (a.from_ms, a.kind)
            .cmp(&(b.from_ms, b.kind))
            .then_with(|| symbols.or_empty(a.session()).cmp(&symbols.or_empty(b.session())))
            .then_with(|| symbols.or_empty(a.participant()).cmp(&symbols.or_empty(b.participant())))
    });
    legs
}

fn begun(kind: LegKind, start: &Fact) -> Leg<'_> {
    Leg {
        kind,
        start: Some(start),
        end: None,
        wrap_ups: Vec::new(),
        surplus: Vec::new(),
        from_ms: start.at_ms,
        to_ms: start.at_ms,
    }
}

/// A leg whose start was not seen began no later than its own durations say.
fn only_ended(kind: LegKind, end: &Fact) -> Leg<'_> {
    let known_ms = end.ms.iter().map(|ms| u64::from(*ms)).sum();
    Leg { start: None, end: Some(end), from_ms: end.at_ms.saturating_sub(known_ms), ..begun(kind, end) }
}
