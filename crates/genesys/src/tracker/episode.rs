//! Episodes: which legs make one conversation from its beginning to its end.
//!
//! A spoken conversation has one episode. A thread of an asynchronous medium (message, email, chat) may go on after its end:
//! a leg that starts when nothing has been open for [`REOPEN_GAP_MS`], by the events' own times, begins a new episode, with its
//! own start and end. What starts no later than that after a closed episode is late and belongs
//! to it.

use crate::tracker::agent;
use crate::tracker::fact::Fact;
use crate::tracker::grace::REOPEN_GAP_MS;
use crate::tracker::leg::{Leg, LegKind};
use crate::tracker::symbol::Symbols;

/// How many episodes have been closed, and when the last of them ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct EndMark {
    pub(super) count: u16,
    pub(super) until_ms: u64,
}

/// One conversation's facts in order.
#[derive(Debug)]
pub(super) struct View<'a> {
    /// Legs of closed episodes.
    pub(super) late: Vec<Leg<'a>>,
    /// Episodes that are still open, oldest first.
    pub(super) episodes: Vec<Episode<'a>>,
    /// Wrap-ups of no live episode.
    pub(super) orphans: Vec<&'a Fact>,
}

#[derive(Debug)]
pub(super) struct Episode<'a> {
    /// From 1.
    pub(super) number: u16,
    pub(super) legs: Vec<Leg<'a>>,
    /// Wrap-ups whose leg was not seen.
    pub(super) loose: Vec<&'a Fact>,
}

/// What an episode waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wait {
    /// For silence only: nothing is known to be missing.
    Settle,
    /// For something that must still come, or never will.
    Grace,
    /// Something is still open.
    Open,
}

impl<'a> View<'a> {
    pub(super) fn new(facts: &'a [Fact], symbols: &Symbols, ended: EndMark) -> Self {
        let mut legs = crate::tracker::leg::legs(facts, symbols);
        let mut wrap_ups: Vec<&Fact> = facts.iter().filter(|fact| fact.is_wrap_up()).collect();
        wrap_ups.sort_by(|a, b| a.cmp_content(b, symbols));
        let loose = attach(&mut legs, wrap_ups);
        let mut view = Self { late: Vec::new(), episodes: Vec::new(), orphans: Vec::new() };
        view.split(legs, symbols, ended);
        for leg in &view.late {
            view.orphans.extend(leg.wrap_ups.iter().copied());
        }
        for fact in loose {
            view.place(fact, ended);
        }
        view
    }

    fn split(&mut self, legs: Vec<Leg<'a>>, symbols: &Symbols, ended: EndMark) {
        let mut cover_ms = (ended.count > 0).then_some(ended.until_ms);
        let mut number = ended.count;
        for leg in legs {
            let apart = cover_ms.is_none_or(|cover| leg.from_ms > cover.saturating_add(REOPEN_GAP_MS));
            let reach_ms = reach(&leg);
            if cover_ms.is_none() || (apart && is_asynchronous(&leg, symbols)) {
                number = number.saturating_add(1);
                self.episodes.push(Episode { number, legs: vec![leg], loose: Vec::new() });
            } else if let Some(episode) = self.episodes.last_mut() {
                episode.legs.push(leg);
            } else {
                // A late leg does not change when its episode ended: that has been published.
                self.late.push(leg);
                continue;
            }
            cover_ms = Some(cover_ms.unwrap_or_default().max(reach_ms));
        }
    }

    /// A wrap-up without a leg: once the conversation's end has been published, it can only be late.
    fn place(&mut self, fact: &'a Fact, ended: EndMark) {
        let live = if ended.count == 0 { self.episodes.as_mut_slice() } else { &mut [] };
        let at = live.iter().rposition(|episode| episode.first_ms() <= fact.at_ms).unwrap_or_default();
        match live.get_mut(at) {
            Some(episode) => episode.loose.push(fact),
            None => self.orphans.push(fact),
        }
    }
}

/// Gives each wrap-up to the leg it is for: by session, else by participant, else by agent. Returns what found none.
fn attach<'a>(legs: &mut [Leg<'a>], wrap_ups: Vec<&'a Fact>) -> Vec<&'a Fact> {
    let mut loose = Vec::new();
    for fact in wrap_ups {
        let named = fact.session.is_some() || fact.participant.is_some();
        let fits = |leg: &Leg<'_>, how: u8| match how {
            0 => fact.session.is_some() && leg.session() == fact.session,
            1 => fact.participant.is_some() && leg.participant() == fact.participant,
            _ => !named && fact.user.is_some() && leg.kind == LegKind::User && leg.user() == fact.user,
        };
        let place = (0..3).find_map(|how| {
            // The latest leg that had begun by then, else the first that fits.
            let begun = legs.iter().rposition(|leg| fits(leg, how) && leg.from_ms <= fact.at_ms);
            begun.or_else(|| legs.iter().position(|leg| fits(leg, how)))
        });
        match place.and_then(|at| legs.get_mut(at)) {
            Some(leg) => {
                if leg.end.is_none() && leg.kind == LegKind::User {
                    let worked_ms = fact.ms.first().copied().map_or(0, u64::from);
                    leg.to_ms = leg.to_ms.max(fact.at_ms.saturating_sub(worked_ms));
                }
                leg.wrap_ups.push(fact);
            }
            None => loose.push(fact),
        }
    }
    loose
}

/// How far a leg holds its episode open. A queue or flow whose end was lost must not: people do.
fn reach(leg: &Leg<'_>) -> u64 {
    let person = matches!(leg.kind, LegKind::Customer | LegKind::User);
    if person && !leg.has_ended() { u64::MAX } else { leg.to_ms }
}

fn is_asynchronous(leg: &Leg<'_>, symbols: &Symbols) -> bool {
    let media = symbols.or_empty(leg.media());
    ["MESSAGE", "INTERNALMESSAGE", "EMAIL", "CHAT"].iter().any(|known| media.eq_ignore_ascii_case(known))
}

impl<'a> Episode<'a> {
    pub(super) fn first_ms(&self) -> u64 {
        self.legs.iter().map(|leg| leg.from_ms).min().unwrap_or_default()
    }

    pub(super) fn last_ms(&self) -> u64 {
        self.legs.iter().map(|leg| leg.to_ms).max().unwrap_or_default()
    }

    pub(super) fn customers(&self) -> impl Iterator<Item = &Leg<'a>> {
        self.legs.iter().filter(|leg| leg.kind == LegKind::Customer)
    }

    /// The leg that decides the kind of conversation: the first customer's, else the first.
    pub(super) fn first(&self) -> Option<&Leg<'a>> {
        self.customers().next().or_else(|| self.legs.first())
    }

    pub(super) fn facts(&self) -> impl Iterator<Item = &'a Fact> {
        self.legs.iter().flat_map(Leg::facts).chain(self.loose.iter().copied())
    }

    /// A queue took the conversation, so there is a customer, who was not seen.
    fn lacks_customer(&self) -> bool {
        self.customers().next().is_none() && self.legs.iter().any(|leg| leg.queue().is_some())
    }

    /// Something of the episode was not seen: it was in progress when the tracker began, or events were lost. What is
    /// still open has not been missed yet.
    pub(super) fn is_partial(&self, symbols: &Symbols) -> bool {
        let open = self.wait(symbols) == Wait::Open;
        let lacks_end = |leg: &Leg<'_>| !open && leg.end.is_none();
        self.lacks_customer() || self.legs.iter().any(|leg| leg.start.is_none() || lacks_end(leg))
    }

    /// What must still arrive before the episode can be closed.
    pub(super) fn wait(&self, symbols: &Symbols) -> Wait {
        if self.lacks_customer() {
            return Wait::Open;
        }
        self.legs.iter().map(|leg| self.wait_for(leg, symbols)).max().unwrap_or(Wait::Grace)
    }

    fn customer_left(&self) -> bool {
        self.customers().next().is_some() && self.customers().all(Leg::has_ended)
    }

    fn wait_for(&self, leg: &Leg<'a>, symbols: &Symbols) -> Wait {
        if !leg.has_ended() {
            // A flow or a queue does not go on without the customer, except for one who waits to be called back.
            let person = matches!(leg.kind, LegKind::Customer | LegKind::User);
            let holds = person || symbols.is(leg.media(), "CALLBACK");
            return if !holds && self.customer_left() { Wait::Grace } else { Wait::Open };
        }
        if self.lacks_agent(leg, symbols) {
            // They talk, though nothing of the agent was seen yet: the conversation was in progress at the start.
            return if self.customer_left() { Wait::Grace } else { Wait::Open };
        }
        let lacks = leg.start.is_none()
            || leg.end.is_none()
            || self.customers().next().is_none()
            || self.lacks_wrap_up(leg, symbols)
            || self.lacks_successor(leg, symbols);
        if lacks { Wait::Grace } else { Wait::Settle }
    }

    /// After-call work follows what came through a queue, and only where somebody answered.
    fn lacks_wrap_up(&self, leg: &Leg<'a>, symbols: &Symbols) -> bool {
        leg.queue().is_some()
            && self.last_wrap_up(leg).is_none()
            && agent::connected(leg, &self.legs, symbols)
    }

    /// The last wrap-up for the work of this leg's participant: an agent who calls back has a callback and a voice session, and
    /// one wrap-up for both.
    pub(super) fn last_wrap_up(&self, leg: &Leg<'a>) -> Option<&'a Fact> {
        let same = |other: &&Leg<'a>| {
            std::ptr::eq(*other, leg)
                || (leg.participant().is_some() && other.participant() == leg.participant())
        };
        let given = self.legs.iter().filter(same).filter_map(|other| other.wrap_ups.last().copied());
        given.max_by_key(|fact| fact.at_ms)
    }

    fn lacks_agent(&self, leg: &Leg<'a>, symbols: &Symbols) -> bool {
        let answered = leg.kind == LegKind::Acd && symbols.is(leg.sort(), "ANSWERED") && leg.user().is_some();
        answered && !self.legs.iter().any(|other| agent::answered_by(leg, other, symbols))
    }

    /// What was transferred went somewhere; a transfer out of the org leaves no trace, so this only waits.
    fn lacks_successor(&self, leg: &Leg<'a>, symbols: &Symbols) -> bool {
        let transferred = leg.end.is_some_and(|end| symbols.or_empty(end.note).ends_with("TRANSFER"))
            && leg.kind != LegKind::Customer;
        let goes_on = |other: &Leg<'_>| {
            other.kind != LegKind::Customer
                && (other.kind, other.session()) != (leg.kind, leg.session())
                && (!other.has_ended() || other.to_ms.saturating_add(REOPEN_GAP_MS) >= leg.to_ms)
        };
        transferred && !self.legs.iter().any(goes_on)
    }
}
