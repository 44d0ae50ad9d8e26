//! The summary of an episode: `conversation.end`, from all of its facts.
//!
//! Where more than one answer is possible, the policy is: the queue is the last one visited; the outcome is that of the last
//! thing that happened to the customer in a queue or with an agent; the wrap-up code is that of the agent who was
//! connected last of those whose work is wrapped up (it came through a queue, or has a wrap-up), and of nobody else, so that
//! an earlier agent's code never passes for a missing one; only where nobody was connected is it the last one given.

use crate::tracker::agent;
use crate::tracker::derived::{DerivedEvent, End, QueueNames, Routing, Segments, WrapUp, detail_type, iso};
use crate::tracker::episode::Episode;
use crate::tracker::fact::Fact;
use crate::tracker::leg::{Leg, LegKind};
use crate::tracker::symbol::{Ref, Symbols};

pub(super) struct Summary<'a> {
    pub(super) conversation_id: &'a str,
    pub(super) symbols: &'a Symbols,
    pub(super) names: &'a QueueNames,
    /// Something was still open when it was closed for its age.
    pub(super) expired: bool,
    /// Facts had to be left out: there were too many.
    pub(super) overflown: bool,
}

impl Summary<'_> {
    pub(super) fn of(&self, episode: &Episode<'_>) -> DerivedEvent {
        let (from_ms, to_ms) = (episode.first_ms(), episode.last_ms());
        let first = episode.first();
        let queue_ids = self.queue_ids(episode);
        let mut routing = Routing::to(queue_ids.last().cloned(), self.names);
        routing.queue_ids = Some(queue_ids);
        let detail = End {
            id: self.conversation_id.to_owned(),
            conversation_id: self.conversation_id.to_owned(),
            media: first.and_then(|leg| self.lower(leg.media())),
            direction: first.and_then(|leg| self.lower(leg.direction())),
            status: if self.expired { "expired" } else { "completed" },
            routing,
            wrap_up_code: self.wrap_up_code(episode),
            wrap_ups: self.wrap_ups(episode).into_iter().map(|fact| self.wrap_up(fact, episode)).collect(),
            duration: to_ms.saturating_sub(from_ms),
            start_time: iso(from_ms),
            end_time: iso(to_ms),
            participant_count: participants(episode),
            disconnect_type: self.disconnect_type(episode),
            segments: self.segments(episode),
            outcome: self.outcome(episode),
            episode: (episode.number > 1).then_some(episode.number),
            partial: self.overflown || episode.is_partial(self.symbols),
        };
        let number = episode.number.to_string();
        let names: &[&str] =
            if episode.number > 1 { &[self.conversation_id, &number] } else { &[self.conversation_id] };
        let end = DerivedEvent::new(detail_type::CONVERSATION_END, to_ms, names, &detail);
        DerivedEvent { is_expired: self.expired, ..end }
    }

    fn text(&self, at: Ref) -> Option<String> {
        self.symbols.text(at).map(std::borrow::Cow::into_owned)
    }

    fn lower(&self, at: Ref) -> Option<String> {
        self.symbols.text(at).map(|text| text.to_lowercase())
    }

    /// Every visit in order; an agent's own queue counts, for where a queue's session was not seen or never was.
    fn queue_ids(&self, episode: &Episode<'_>) -> Vec<String> {
        let mut ids: Vec<String> = episode.legs.iter().filter_map(|leg| self.text(leg.queue())).collect();
        ids.dedup();
        ids
    }

    fn wrap_ups<'a>(&self, episode: &Episode<'a>) -> Vec<&'a Fact> {
        let mut facts: Vec<&Fact> = episode.facts().filter(|fact| fact.is_wrap_up()).collect();
        facts.sort_by(|a, b| a.cmp_content(b, self.symbols));
        facts
    }

    fn wrap_up(&self, fact: &Fact, episode: &Episode<'_>) -> WrapUp {
        let leg = episode.legs.iter().find(|leg| leg.wrap_ups.iter().any(|own| std::ptr::eq(*own, fact)));
        let or_leg = |own: Ref, of_leg: fn(&Leg<'_>) -> Ref| {
            self.text(own).or_else(|| self.text(leg.map_or(Ref::NONE, of_leg)))
        };
        WrapUp {
            queue_id: or_leg(fact.queue, |leg| leg.queue()),
            user_id: or_leg(fact.user, |leg| leg.user()),
            code: self.text(fact.note),
            duration_ms: fact.ms.first().copied().map_or(0, u64::from),
        }
    }

    fn wrap_up_code(&self, episode: &Episode<'_>) -> Option<String> {
        let last_agent = episode
            .legs
            .iter()
            .filter(|leg| agent::connected(leg, &episode.legs, self.symbols))
            .filter(|leg| leg.queue().is_some() || !leg.wrap_ups.is_empty())
            .max_by_key(|leg| leg.to_ms);
        let code = match last_agent {
            Some(leg) => episode.last_wrap_up(leg),
            None => self.wrap_ups(episode).pop(),
        };
        code.and_then(|fact| self.text(fact.note))
    }

    fn disconnect_type(&self, episode: &Episode<'_>) -> Option<String> {
        let last = episode.customers().filter(|leg| leg.end.is_some()).max_by_key(|leg| leg.to_ms);
        let last = last.or_else(|| episode.legs.iter().max_by_key(|leg| leg.to_ms));
        last.and_then(|leg| leg.end).and_then(|end| self.text(end.note))
    }

    fn outcome(&self, episode: &Episode<'_>) -> Option<String> {
        let of_leg = |leg: &Leg<'_>| match leg.kind {
            LegKind::Acd => leg.end.map(|end| (end.at_ms, false, outcome(&self.symbols.or_empty(end.sort)))),
            LegKind::User if agent::connected(leg, &episode.legs, self.symbols) => {
                let talk_ms = leg.ms(0).saturating_add(leg.ms(1));
                Some((leg.to_ms.saturating_sub(talk_ms), true, "answered".to_owned()))
            }
            _ => None,
        };
        let known = episode.legs.iter().filter_map(of_leg).filter(|(.., outcome)| outcome != "unknown");
        known.max().map(|(.., outcome)| outcome)
    }

    fn segments(&self, episode: &Episode<'_>) -> Segments {
        let mut sum = Segments::default();
        for leg in &episode.legs {
            match leg.kind {
                LegKind::Flow if !self.symbols.or_empty(leg.sort()).to_uppercase().starts_with("INQUEUE") => {
                    sum.ivr_ms += leg.connected_ms();
                }
                LegKind::Acd => sum.queue_ms += leg.connected_ms(),
                LegKind::User => {
                    sum.talk_ms += leg.ms(0);
                    sum.hold_ms += leg.ms(1);
                    sum.alert_ms += leg.ms(2);
                    // The session of a callback itself is neither contacting nor dialing: its call is a session of its own.
                    if self.symbols.is(leg.media(), "CALLBACK") {
                        sum.callback_ms += leg.ms(3);
                    }
                }
                LegKind::Customer | LegKind::Flow | LegKind::Voicemail => {}
            }
        }
        let worked = self.wrap_ups(episode).into_iter().filter_map(|fact| fact.ms.first());
        sum.acw_ms = worked.map(|ms| u64::from(*ms)).sum();
        sum
    }
}

/// As Genesys counts them: a flow and a queue are participants too.
fn participants(episode: &Episode<'_>) -> usize {
    let mut seen: Vec<Ref> = episode.legs.iter().map(Leg::participant).filter(|at| at.is_some()).collect();
    seen.sort_unstable();
    seen.dedup();
    seen.len()
}

/// `ANSWERED`, `ABANDON`, `FLOW_OUT` as derived events spell them; unknown values stay readable.
pub(super) fn outcome(acd_outcome: &str) -> String {
    match acd_outcome {
        "ANSWERED" => "answered".to_owned(),
        "ABANDON" => "abandoned".to_owned(),
        "FLOW_OUT" => "flow-out".to_owned(),
        "" => "unknown".to_owned(),
        other => other.to_lowercase().replace('_', "-"),
    }
}
