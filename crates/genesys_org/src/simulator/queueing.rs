//! In the queue: routing, alerting, answers that do not come, and the ways out without an agent.

use std::collections::VecDeque;

use super::agents::{Duty, Load, RoutingResult};
use super::conversation::{AgentLeg, Kind};
use super::events::{AcdOutcome, FlowExit, FlowFacts};
use super::history::Purpose;
use super::parameters as p;
use super::party::{Metric, MetricSource, Party};
use super::{Simulator, Step, Waiting};

/// From the choice of an agent to the alert, and between the steps of a transfer: 16 ms in a real timeline.
const HAND_OVER_MS: u64 = 16;

impl Simulator {
    /// Enters the queue that the conversation names.
    pub(super) fn enqueue(&mut self, slot: usize) {
        let leg = self.new_leg();
        let entry = self.new_entry(slot);
        let Some(conversation) = self.conversation_mut(slot) else { return };
        if conversation.ended {
            return;
        }
        conversation.acd = leg;
        let (kind, plan) = (conversation.kind, conversation.plan);
        self.say_acd_start(slot);
        if let Some(of) = self.measured_acd(slot) {
            self.measure(slot, of, &[Metric::new("nOffered", 1)]);
        }
        if !kind.wire().queue_flow.is_empty() {
            self.say_flow_start(slot, FlowFacts { leg, flow_type: kind.wire().queue_flow });
        }
        if plan.swift {
            self.schedule(1_000, Step::Offer(slot, entry));
            return;
        }
        let throw = self.dice.unit();
        let can_leave = matches!(kind, Kind::InboundCall | Kind::Chat | Kind::OutboundCall);
        let wait_ms = self.dice.exponential(p::WAIT_MEAN_MS).min(p::WAIT_MAX_MS) + HAND_OVER_MS;
        if can_leave && throw < p::ABANDON_SHARE {
            let after_ms = self.dice.lognormal(p::ABANDON_AFTER);
            self.schedule(after_ms, Step::Abandon(slot, entry));
        } else if can_leave && throw < p::ABANDON_SHARE + p::FLOW_OUT_SHARE {
            self.schedule(wait_ms + 30_000, Step::FlowOut(slot, entry));
        } else {
            self.schedule(wait_ms, Step::Offer(slot, entry));
            self.arm_patience(slot, entry);
        }
    }

    fn new_entry(&mut self, slot: usize) -> u64 {
        self.sequence += 1;
        let entry = self.sequence;
        if let Some(conversation) = self.conversation_mut(slot) {
            conversation.entry = entry;
        }
        entry
    }

    /// Those who are there in person give up at some time.
    fn arm_patience(&mut self, slot: usize, entry: u64) {
        let Some(conversation) = self.conversation(slot) else { return };
        if matches!(conversation.kind, Kind::InboundCall | Kind::Chat | Kind::OutboundCall) {
            let after_ms = p::WAIT_MAX_MS + self.dice.lognormal(p::PATIENCE);
            self.schedule(after_ms, Step::Abandon(slot, entry));
        }
    }

    /// Routing has decided: alert an agent who is free, or stand in line.
    pub(super) fn offer(&mut self, slot: usize, entry: u64) {
        if !self.is_current(slot, entry) {
            return;
        }
        let load = self.load(slot);
        let Some(conversation) = self.conversation(slot) else { return };
        let (queue, skill) = (conversation.queue, conversation.wanted_skill(self.org.skills.len()));
        match self.agents.take(queue, load, skill) {
            RoutingResult::Agent(agent) => return self.alert(slot, agent),
            RoutingResult::Unskilled => {
                // Somebody is free, but not with the skill: after a while anybody will do.
                if let Some(conversation) = self.conversation_mut(slot) {
                    conversation.is_relaxed = true;
                }
                return self.schedule(p::SKILL_WAIT_MS, Step::Offer(slot, entry));
            }
            RoutingResult::Nobody => {}
        }
        let waiting = Waiting { slot, entry, since_ms: self.now_ms };
        if let Some(conversation) = self.conversation_mut(slot) {
            conversation.is_waiting = true;
        }
        if let Some(line) = self.line(queue, load) {
            line.push_back(waiting);
        }
    }

    fn line(&mut self, queue: usize, load: Load) -> Option<&mut VecDeque<Waiting>> {
        let [exclusive, digital] = self.lines.get_mut(queue)?;
        Some(match load {
            Load::Exclusive => exclusive,
            Load::Digital => digital,
        })
    }

    fn is_current(&self, slot: usize, entry: u64) -> bool {
        self.conversation(slot).is_some_and(|conversation| conversation.entry == entry && !conversation.ended)
    }

    /// An agent has become free: takes the longest waiting of the agent's queues, calls first.
    pub(super) fn serve(&mut self, agent: usize) {
        for load in [Load::Exclusive, Load::Digital] {
            while let Some(waiting) = self.next_for(agent, load) {
                self.agents.hold(agent, load);
                self.alert(waiting.slot, agent);
            }
        }
    }

    fn next_for(&mut self, agent: usize, load: Load) -> Option<Waiting> {
        if !self.agents.has_room(agent, load) {
            return None;
        }
        let queues = self.agents.queues(agent).to_vec();
        let fronts = queues.into_iter().filter_map(|queue| Some((self.front(queue, load)?.since_ms, queue)));
        let (_, queue) = fronts.min()?;
        self.line(queue, load)?.pop_front()
    }

    /// Who is first in line. Those who have left are still in it; they go when they come to the front.
    fn front(&mut self, queue: usize, load: Load) -> Option<Waiting> {
        loop {
            let front = self.line(queue, load)?.front().copied()?;
            if self.is_current(front.slot, front.entry) {
                return Some(front);
            }
            self.line(queue, load)?.pop_front();
        }
    }

    /// The agent, already reserved, is alerted.
    fn alert(&mut self, slot: usize, agent: usize) {
        let leg = self.new_leg();
        let Some(conversation) = self.conversation_mut(slot) else { return };
        conversation.is_waiting = false;
        // Not any more in line: whoever is alerting is not abandoned.
        conversation.entry = 0;
        let queue = Some(conversation.queue);
        let swift = conversation.plan.swift;
        let place = self.add_agent(slot, AgentLeg::new(leg, agent, queue));
        self.note_routing(agent);
        self.say_agent_state(slot, place, "ALERT");
        if !swift && self.dice.chance(p::NO_ANSWER_SHARE) {
            self.schedule(p::ALERT_TIMEOUT_MS, Step::Missed(slot, place));
            return;
        }
        let alert_ms =
            if swift { 1_500 } else { self.dice.lognormal(p::ALERT).clamp(200, p::ALERT_TIMEOUT_MS - 1) };
        self.schedule(alert_ms, Step::Answer(slot, place));
    }

    /// Adds an agent's leg and publishes its start; returns its index among the legs.
    pub(super) fn add_agent(&mut self, slot: usize, added: AgentLeg) -> usize {
        let Some(conversation) = self.conversation_mut(slot) else { return 0 };
        conversation.agents.push(added);
        let place = conversation.agents.len() - 1;
        self.say_user_start(slot, &added);
        place
    }

    /// The agent did not answer: out of routing for a while, and the customer goes to the next one.
    pub(super) fn missed(&mut self, slot: usize, place: usize) {
        let now_ms = self.now_ms;
        let Some(leg) = self.leg_mut(slot, place) else { return };
        leg.alerting_ms = now_ms.saturating_sub(leg.leg.since_ms);
        leg.holds_agent = false;
        let leg = *leg;
        self.say_user_end(slot, &leg, "CLIENT");
        let alerting_ms = leg.alerting_ms;
        self.measure_agent(
            slot,
            place,
            &[Metric::new("tAlert", alerting_ms), Metric::new("tNotResponding", alerting_ms)],
        );
        self.say_agent_state(slot, place, "TERMINATED");
        let load = self.load(slot);
        self.agents.set_duty(leg.agent, Duty::NotResponding);
        self.agents.release(leg.agent, load, now_ms);
        self.note_routing(leg.agent);
        let away_ms = self.dice.exponential(p::NOT_RESPONDING_MEAN_MS) + 3_000;
        self.schedule(away_ms, Step::Recover(leg.agent));
        if self.dice.chance(p::MISSED_ACW_SHARE) {
            self.schedule(57_000, Step::MissedAcw(slot, place));
        }
        let entry = self.new_entry(slot);
        self.schedule(2_000, Step::Offer(slot, entry));
        self.arm_patience(slot, entry);
    }

    /// The customer leaves the queue.
    pub(super) fn abandon(&mut self, slot: usize, entry: u64) {
        if !self.is_current(slot, entry) {
            return;
        }
        self.leave_queue(slot, AcdOutcome::Abandoned, "");
        self.say_customer_end(slot, "ENDPOINT");
    }

    /// Ends the queue entry with its flow. `transfer` is the flow's transfer type, empty for a disconnect.
    fn leave_queue(&mut self, slot: usize, outcome: AcdOutcome, transfer: &'static str) {
        let Some(conversation) = self.conversation_mut(slot) else { return };
        conversation.entry = 0;
        conversation.is_waiting = false;
        let (flow_type, leg) = (conversation.kind.wire().queue_flow, conversation.acd);
        self.say_acd_end(slot, outcome);
        self.measure_queue(slot, if outcome == AcdOutcome::Abandoned { "tAbandon" } else { "tFlowOut" });
        if flow_type.is_empty() {
            return;
        }
        let exit = match transfer {
            "" => FlowExit { disconnect: "PEER", reason: "DISCONNECT", transfer },
            _ => FlowExit { disconnect: "TRANSFER", reason: "TRANSFER", transfer },
        };
        self.say_flow_end(slot, self.now_ms, FlowFacts { leg, flow_type }, exit);
    }

    /// The queue's flow sends the customer on: to a voicemail, or to another queue.
    pub(super) fn flow_out(&mut self, slot: usize, entry: u64) {
        if !self.is_current(slot, entry) {
            return;
        }
        let Some(kind) = self.conversation(slot).map(|conversation| conversation.kind) else { return };
        if kind == Kind::InboundCall && self.dice.chance(p::VOICEMAIL_SHARE) {
            self.leave_queue(slot, AcdOutcome::FlowOut, "ACD_VOICEMAIL");
            self.begin_voicemail(slot);
            return;
        }
        self.leave_queue(slot, AcdOutcome::FlowOut, "ACD");
        self.change_queue(slot);
        self.schedule(HAND_OVER_MS, Step::Enqueue(slot));
    }

    /// Another queue, where there is one.
    pub(super) fn change_queue(&mut self, slot: usize) {
        let queues = self.org.queues.len();
        let ahead = 1 + self.dice.index(queues.saturating_sub(1));
        if let Some(conversation) = self.conversation_mut(slot) {
            conversation.queue = (conversation.queue + ahead) % queues.max(1);
        }
    }

    /// How long the customer was in the queue, also by the `name` of the way out, if it has one.
    fn measure_queue(&mut self, slot: usize, name: &'static str) {
        let Some(of) = self.measured_acd(slot) else { return };
        let waited_ms = self.now_ms.saturating_sub(of.party.leg.since_ms);
        self.measure(slot, of, &[Metric::new("tAcd", waited_ms)]);
        if !name.is_empty() {
            self.measure(slot, of, &[Metric::new(name, waited_ms)]);
        }
    }

    fn begin_voicemail(&mut self, slot: usize) {
        let leg = self.new_leg();
        if let Some(conversation) = self.conversation_mut(slot) {
            conversation.voice = leg;
        }
        self.say_voicemail(slot, leg, None);
        let length_ms = self.dice.lognormal(p::VOICEMAIL);
        self.schedule(length_ms, Step::VoicemailEnd(slot));
    }

    pub(super) fn voicemail_end(&mut self, slot: usize) {
        let Some(leg) = self.conversation(slot).map(|conversation| conversation.voice) else { return };
        self.say_voicemail(slot, leg, Some("PEER"));
        let source = MetricSource { party: Party::new(leg, Purpose::Voicemail), queue: None };
        let length_ms = self.now_ms.saturating_sub(leg.since_ms);
        self.measure(slot, source, &[Metric::new("tVoicemail", length_ms)]);
        self.say_customer_end(slot, "ENDPOINT");
    }

    /// The answering agent ends the queue entry, a few milliseconds before the alert itself ends.
    pub(super) fn say_answered(&mut self, slot: usize, agent: usize) {
        let Some(conversation) = self.conversation(slot) else { return };
        let (flow_type, leg) = (conversation.kind.wire().queue_flow, conversation.acd);
        self.say_acd_end(slot, AcdOutcome::Answered { user: agent });
        self.measure_queue(slot, "");
        if !flow_type.is_empty() {
            let exit = FlowExit { disconnect: "TRANSFER", reason: "TRANSFER", transfer: "USER" };
            self.say_flow_end(slot, self.now_ms, FlowFacts { leg, flow_type }, exit);
        }
    }

    pub(super) fn leg_mut(&mut self, slot: usize, place: usize) -> Option<&mut AgentLeg> {
        self.conversation_mut(slot)?.agents.get_mut(place)
    }
}
