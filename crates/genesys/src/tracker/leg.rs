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
    /// Starts and ends that were heard of it and count for nothing.
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

    /// The `n`th duration of its end, in milliseconds; 0 where there is none.
    pub(super) fn ms(&self, n: usize) -> u64 {
        self.end.and_then(|end| end.ms.get(n)).copied().map_or(0, u64::from)
    }

    /// How long it was connected: by its own word, else by its two ends.
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

fn leg_kind(fact: &Fact) -> Option<(LegKind, bool)> {
    Some(match fact.kind {
        DetailKind::CustomerStart => (LegKind::Customer, true),
        DetailKind::CustomerEnd => (LegKind::Customer, false),
        DetailKind::FlowStart => (LegKind::Flow, true),
        DetailKind::FlowEnd => (LegKind::Flow, false),
        DetailKind::AcdStart => (LegKind::Acd, true),
        DetailKind::AcdEnd => (LegKind::Acd, false),
        DetailKind::UserStart => (LegKind::User, true),
        DetailKind::UserEnd => (LegKind::User, false),
        DetailKind::VoicemailStart => (LegKind::Voicemail, true),
        DetailKind::VoicemailEnd => (LegKind::Voicemail, false),
        _ => return None,
    })
}

/// The legs of all facts, by their beginning.
///
/// The facts of a session are read in the order of their times, so a session that starts again (asynchronous media) gives
/// two legs; a second start within a leg is ignored, and of two ends without a start between them the later one stands.
pub(super) fn legs<'a>(facts: &'a [Fact], symbols: &Symbols) -> Vec<Leg<'a>> {
    let mut of_legs: Vec<(LegKind, Ref, Ref, bool, &Fact)> = facts
        .iter()
        .filter_map(|fact| {
            let (kind, starts) = leg_kind(fact)?;
            let owner = if fact.session.is_some() { Ref::NONE } else { fact.participant };
            Some((kind, fact.session, owner, starts, fact))
        })
        .collect();
    of_legs.sort_by(|a, b| {
        (a.0, a.1, a.2, a.4.at_ms, b.3)
            .cmp(&(b.0, b.1, b.2, b.4.at_ms, a.3))
            .then_with(|| a.4.cmp_content(b.4, symbols))
    });
    let mut legs: Vec<Leg<'a>> = Vec::new();
    let mut owner = None;
    for (kind, session, participant, starts, fact) in of_legs {
        let same = owner.replace((kind, session, participant)) == Some((kind, session, participant));
        let open = legs.last_mut().filter(|_| same);
        match open {
            Some(leg) if !starts => {
                leg.surplus.extend(leg.end.replace(fact));
                leg.to_ms = fact.at_ms;
            }
            Some(leg) if leg.end.is_none() => leg.surplus.push(fact),
            _ if starts => legs.push(begun(kind, fact)),
            _ => legs.push(only_ended(kind, fact)),
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
