//! With an agent: talk and hold, transfers, the callback's second call, the end, and the wrap-up after it.

use super::conversation::{AgentLeg, Kind, Leg};
use super::parameters as p;
use super::party::Metric;
use super::random::Lognormal;
use super::{Simulator, Step, Wrap, WrapCode, load_of};

/// The talk of a swift conversation.
const SWIFT_TALK_MS: u64 = 20_000;
/// A hold begins after this part of the talk: a fifth.
const HOLD_AFTER: u64 = 5;
const HAND_OVER_MS: u64 = 16;

impl Simulator {
    /// The agent answers: the queue entry is over and the talk begins.
    pub(super) fn answer(&mut self, slot: usize, place: usize) {
        let now_ms = self.now_ms;
        let Some(leg) = self.leg_mut(slot, place) else { return };
        leg.alerting_ms = now_ms.saturating_sub(leg.leg.since_ms);
        leg.answered_ms = now_ms;
        let (agent, alerting_ms) = (leg.agent, leg.alerting_ms);
        self.say_answered(slot, agent);
        let waited_ms = self
            .conversation(slot)
            .map_or(0, |conversation| now_ms.saturating_sub(conversation.acd.since_ms));
        self.measure_agent(
            slot,
            place,
            &[Metric::new("tAlert", alerting_ms), Metric::new("tAnswered", waited_ms)],
        );
        let Some(kind) = self.conversation(slot).map(|conversation| conversation.kind) else { return };
        if kind == Kind::Callback {
            self.begin_callback(slot, place);
        } else {
            self.say_agent_state(slot, place, "INTERACT");
            self.talk(slot, place);
        }
    }

    /// The agent calls the customer back: a voice session beside the callback's own, for both of them.
    fn begin_callback(&mut self, slot: usize, place: usize) {
        let (customer, voice) = (self.new_leg(), self.new_leg());
        let dialing_ms = self.dice.lognormal(p::DIALING);
        let Some(conversation) = self.conversation_mut(slot) else { return };
        // Same participant, another session.
        conversation.voice = Leg { participant: conversation.customer.participant, ..customer };
        let Some(leg) = self.leg_mut(slot, place) else { return };
        leg.voice = Some(Leg { participant: leg.leg.participant, ..voice });
        leg.dialing_ms = dialing_ms;
        let leg = *leg;
        self.say_agent_state(slot, place, "DIALING");
        self.say_callback_user(slot, &leg, None);
        self.schedule(dialing_ms, Step::Dialed(slot, place));
    }

    pub(super) fn dialed(&mut self, slot: usize, place: usize) {
        let now_ms = self.now_ms;
        if let Some(conversation) = self.conversation_mut(slot) {
            conversation.voice.since_ms = now_ms;
        }
        self.say_callback_voice(slot, None);
        let dialing_ms = self.leg_mut(slot, place).map_or(0, |leg| leg.dialing_ms);
        self.measure_agent(slot, place, &[Metric::new("tDialing", dialing_ms)]);
        self.say_agent_state(slot, place, "INTERACT");
        self.talk(slot, place);
    }

    /// Draws how long they talk, with a hold perhaps, and how the talk goes on.
    fn talk(&mut self, slot: usize, place: usize) {
        let Some(conversation) = self.conversation(slot) else { return };
        let (kind, plan) = (conversation.kind, conversation.plan);
        if plan.swift {
            let talk_ms = SWIFT_TALK_MS + self.dice.between(0..=4_000);
            self.schedule(talk_ms, Step::TalkEnd(slot, place));
            return;
        }
        let shape = match kind {
            Kind::InboundCall | Kind::OutboundCall | Kind::Callback => p::TALK_VOICE,
            Kind::Chat => p::TALK_CHAT,
            Kind::Message => p::TALK_MESSAGE,
            Kind::Email => p::TALK_EMAIL,
        };
        let drawn_ms =
            self.dice.lognormal(Lognormal { median_ms: shape.median_ms * plan.talk_factor, ..shape });
        let held_ms = if kind.is_exclusive() { self.hold(slot, place, drawn_ms) } else { 0 };
        let total_ms = drawn_ms + held_ms;
        // A transfer comes after the hold.
        let hold_end_ms = if held_ms > 0 { drawn_ms / HOLD_AFTER + held_ms } else { 0 };
        let part_ms = (total_ms * self.dice.between(30..=90) / 100).max(hold_end_ms);
        if plan.blind_transfer {
            self.schedule(part_ms, Step::Transfer(slot, place));
        } else if plan.consult_transfer {
            self.schedule(part_ms, Step::Consult(slot, place));
        } else if kind == Kind::Email && self.dice.chance(p::PARK_SHARE) {
            self.schedule(part_ms, Step::Park(slot, place));
            let parked_ms = self.dice.lognormal(p::PARK);
            self.schedule(total_ms + parked_ms, Step::TalkEnd(slot, place));
        } else {
            self.schedule(total_ms, Step::TalkEnd(slot, place));
        }
    }

    /// Perhaps one hold, early in the talk, so that a transfer comes after it. Returns its length.
    fn hold(&mut self, slot: usize, place: usize, talk_ms: u64) -> u64 {
        if !self.dice.chance(p::HOLD_SHARE) {
            return 0;
        }
        let held_ms = self.dice.exponential(p::HOLD_MEAN_MS).max(500);
        let from_ms = talk_ms / HOLD_AFTER;
        if let Some(leg) = self.leg_mut(slot, place) {
            leg.held_ms += held_ms;
        }
        self.schedule(from_ms, Step::HoldStart(slot, place));
        self.schedule(from_ms + held_ms, Step::HoldEnd(slot, place));
        held_ms
    }

    /// The agent puts the email aside: free for others, while the agent's session goes on. Its last minutes, hours later, are
    /// beyond the agent's limit, as unparked work is in the product.
    pub(super) fn park(&mut self, slot: usize, place: usize) {
        self.say_agent_state(slot, place, "PARKED");
        self.free(slot, place);
    }

    /// Blind transfer: the agent is out, the customer is in the next queue, and the wrap-up overlaps.
    pub(super) fn transfer(&mut self, slot: usize, place: usize) {
        if let Some(conversation) = self.conversation_mut(slot) {
            conversation.plan.blind_transfer = false;
        }
        self.end_leg(slot, place, "TRANSFER");
        self.measure_agent(
            slot,
            place,
            &[Metric::new("nTransferred", 1), Metric::new("nBlindTransferred", 1)],
        );
        self.change_queue(slot);
        self.schedule(HAND_OVER_MS, Step::Enqueue(slot));
        self.wrap_up(slot, place);
    }

    /// The agent asks a colleague of the same queue, who later takes over. Nobody free: the agent finishes alone.
    pub(super) fn consult(&mut self, slot: usize, place: usize) {
        let Some(conversation) = self.conversation_mut(slot) else { return };
        conversation.plan.consult_transfer = false;
        let (queue, load) = (conversation.queue, load_of(conversation.kind));
        let Some(colleague) = self.agents.take(queue, load, None).agent() else {
            let rest_ms = self.dice.lognormal(p::CONSULT);
            self.schedule(rest_ms, Step::TalkEnd(slot, place));
            return;
        };
        let leg = self.new_leg();
        let asked = self.add_agent(slot, AgentLeg::new(leg, colleague, None));
        self.note_routing(colleague);
        self.measure_agent(slot, place, &[Metric::new("nConsult", 1)]);
        self.say_agent_state(slot, place, "HOLD");
        self.say_agent_state(slot, asked, "ALERT");
        let alert_ms = self.dice.lognormal(p::ALERT).clamp(200, p::ALERT_TIMEOUT_MS);
        self.schedule(alert_ms, Step::ConsultAnswer(slot, asked));
    }

    pub(super) fn consult_answer(&mut self, slot: usize, asked: usize) {
        let now_ms = self.now_ms;
        let Some(leg) = self.leg_mut(slot, asked) else { return };
        leg.alerting_ms = now_ms.saturating_sub(leg.leg.since_ms);
        leg.answered_ms = now_ms;
        self.say_agent_state(slot, asked, "INTERACT");
        let consult_ms = self.dice.lognormal(p::CONSULT);
        self.schedule(consult_ms, Step::ConsultDone(slot, asked));
    }

    /// The colleague, whose leg follows that of the agent who asked, takes over.
    pub(super) fn consult_done(&mut self, slot: usize, asked: usize) {
        let now_ms = self.now_ms;
        let place = asked.saturating_sub(1);
        let asked_since_ms = self.leg_mut(slot, asked).map_or(now_ms, |leg| leg.leg.since_ms);
        if let Some(leg) = self.leg_mut(slot, place) {
            // The customer was on hold from the question on.
            leg.held_ms += now_ms.saturating_sub(asked_since_ms);
        }
        self.end_leg(slot, place, "CONSULT_TRANSFER");
        self.measure_agent(
            slot,
            place,
            &[Metric::new("nTransferred", 1), Metric::new("nConsultTransferred", 1)],
        );
        self.wrap_up(slot, place);
        let rest_ms = self.dice.lognormal(p::TALK_VOICE) / 2;
        self.schedule(rest_ms, Step::TalkEnd(slot, asked));
    }

    /// The customer or the agent ends it.
    pub(super) fn talk_end(&mut self, slot: usize, place: usize) {
        let Some(kind) = self.conversation(slot).map(|conversation| conversation.kind) else { return };
        let by_customer = self.dice.chance(p::CUSTOMER_ENDS_SHARE);
        match kind {
            Kind::Callback => self.end_callback(slot, place),
            Kind::Message if self.dice.chance(p::INACTIVITY_SHARE) => {
                self.say_customer_end(slot, "INACTIVITY");
                self.end_leg(slot, place, "PEER");
            }
            // Nobody hangs up on an email or a message: the agent closes it.
            Kind::Email | Kind::Message => self.end_by_agent(slot, place),
            _ if by_customer => {
                self.say_customer_end(slot, "ENDPOINT");
                self.end_leg(slot, place, "PEER");
            }
            _ => self.end_by_agent(slot, place),
        }
        self.wrap_up(slot, place);
    }

    fn end_by_agent(&mut self, slot: usize, place: usize) {
        self.end_leg(slot, place, "CLIENT");
        self.say_customer_end(slot, "PEER");
    }

    fn end_callback(&mut self, slot: usize, place: usize) {
        let Some(leg) = self.leg_mut(slot, place).copied() else { return };
        self.say_callback_voice(slot, Some("ENDPOINT"));
        self.say_callback_user(slot, &leg, Some("PEER"));
        self.end_by_agent(slot, place);
    }

    fn end_leg(&mut self, slot: usize, place: usize, disconnect: &'static str) {
        let now_ms = self.now_ms;
        if let Some(leg) = self.leg_mut(slot, place) {
            leg.handled_ms = if leg.answered_ms == 0 { 0 } else { now_ms.saturating_sub(leg.answered_ms) };
            let leg = *leg;
            self.say_user_end(slot, &leg, disconnect);
        }
    }

    /// After-call work, then the agent is free. Sometimes there is none, and sometimes it runs into its time limit.
    fn wrap_up(&mut self, slot: usize, place: usize) {
        let swift = self.conversation(slot).is_some_and(|conversation| conversation.plan.swift);
        if !swift && self.dice.chance(p::ACW_NONE_SHARE) {
            self.say_agent_state(slot, place, "TERMINATED");
            self.measure_work(slot, place, 0);
            return self.free(slot, place);
        }
        self.say_agent_state(slot, place, "WRAPUP");
        let chosen = WrapCode::Chosen(self.dice.index(self.org.wrap_up_codes.len()));
        let drawn_ms = self.dice.lognormal(p::ACW).max(800);
        let is_timeout = self.dice.chance(p::ACW_TIMEOUT_SHARE) || drawn_ms > p::ACW_LIMIT_MS;
        let wrap = match (swift, is_timeout) {
            (true, _) => Wrap { duration_ms: 5_000, code: chosen },
            (false, true) => Wrap { duration_ms: drawn_ms.min(p::ACW_LIMIT_MS), code: WrapCode::TimedOut },
            (false, false) => Wrap { duration_ms: drawn_ms, code: chosen },
        };
        self.schedule(wrap.duration_ms, Step::Wrapped(slot, place, wrap));
    }

    pub(super) fn wrapped(&mut self, slot: usize, place: usize, wrap: Wrap) {
        let Some(leg) = self.leg_mut(slot, place).copied() else { return };
        self.say_acw(slot, &leg, wrap);
        self.measure_work(slot, place, wrap.duration_ms);
        self.say_agent_state(slot, place, "TERMINATED");
        self.free(slot, place);
        self.perhaps_reopen(slot, place);
    }

    /// All that an agent did for a conversation, the work after it included.
    fn measure_work(&mut self, slot: usize, place: usize, acw_ms: u64) {
        let Some(leg) = self.leg_mut(slot, place).copied() else { return };
        if acw_ms > 0 {
            self.measure_agent(slot, place, &[Metric::new("tAcw", acw_ms)]);
        }
        self.measure_agent(slot, place, &[Metric::new("tHandle", leg.handled_ms + acw_ms)]);
    }

    /// An agent who never answered can still have after-call work.
    pub(super) fn missed_acw(&mut self, slot: usize, place: usize) {
        let Some(leg) = self.leg_mut(slot, place).copied() else { return };
        self.say_acw(slot, &leg, Wrap { duration_ms: 57_000, code: WrapCode::TimedOut });
    }

    /// Gives the agent back, once, and lets the next in line have them.
    fn free(&mut self, slot: usize, place: usize) {
        let load = self.load(slot);
        let now_ms = self.now_ms;
        let Some(leg) = self.leg_mut(slot, place) else { return };
        let AgentLeg { agent, holds_agent, .. } = *leg;
        leg.holds_agent = false;
        if !holds_agent {
            return;
        }
        self.agents.release(agent, load, now_ms);
        self.serve(agent);
        self.note_routing(agent);
        self.perhaps_break(agent);
    }

    /// Hours later the customer may write into the same thread again: the same conversation, a new session.
    fn perhaps_reopen(&mut self, slot: usize, place: usize) {
        let Some(conversation) = self.conversation(slot) else { return };
        let is_last = place + 1 == conversation.agents.len() && conversation.ended && conversation.steps == 1;
        if conversation.kind == Kind::Message
            && is_last
            && self.dice.chance(p::REOPEN_SHARE)
            && !self.is_over()
        {
            let after_ms = self.dice.lognormal(p::REOPEN);
            self.schedule(after_ms, Step::Reopen(slot));
        }
    }
}
