//! What is said of a conversation, kept for those who ask later: see `history`.

use super::conversation::{AgentLeg, Kind, Wire};
use super::history::{ConversationRecord, FlowRecord, Purpose, SegmentType, SessionOf, SessionRecord};
use super::ids::Uuid;
use super::who::{Who, addresses, agent_of};
use super::{FlowExit, FlowFacts, Simulator, Wrap};

impl Simulator {
    /// A conversation begins, or begins again.
    pub(super) fn remember_begin(&self, slot: usize) {
        let Some(conversation) = self.conversation(slot).filter(|_| self.config.history > 0) else { return };
        self.history.begin(ConversationRecord {
            id: conversation.id,
            kind: conversation.kind,
            direction: conversation.kind.wire().direction,
            division: self.org.division,
            contact: conversation.contact,
            start_ms: self.now_ms,
            end_ms: None,
            participants: Vec::new(),
        });
    }

    /// Changes the record of a session, which is made where it is new, and sees whether the conversation has ended by that.
    pub(super) fn remember(
        &self,
        slot: usize,
        (leg, purpose, user): Who,
        wire: Wire,
        edit: impl FnOnce(&mut SessionRecord),
    ) {
        let Some(conversation) = self.conversation(slot).filter(|_| self.config.history > 0) else { return };
        let user = user.and_then(|user| self.org.users.get(user)).map(|user| user.id);
        let now_ms = self.now_ms;
        self.history.edit(conversation.id, |record| {
            let (from, to) = match record.session_of(leg) {
                Some(_) => Default::default(),
                None => addresses(conversation, wire),
            };
            let of = SessionOf { leg, purpose, user, wire, addresses: (&from, &to) };
            edit(record.session(of));
            record.note_end(now_ms);
        });
    }

    /// A session of voice alone: a callback's call, a voicemail.
    pub(super) fn remember_voice(&self, slot: usize, who: Who, ending: Option<&'static str>) {
        let (queue, now_ms) = (self.queue_of(slot), self.now_ms);
        // Whoever is called back is called; whoever leaves a voicemail has called.
        let kind = if who.1 == Purpose::Voicemail { Kind::InboundCall } else { Kind::OutboundCall };
        self.remember(slot, who, kind.wire(), |session| match ending {
            Some(disconnect) => session.end(now_ms, disconnect),
            None => session.begin(SegmentType::Interact, now_ms, queue),
        });
    }

    /// The queue that a conversation is in, or was in last.
    pub(super) fn queue_of(&self, slot: usize) -> Option<Uuid> {
        let queue = self.conversation(slot)?.queue;
        self.org.queues.get(queue).map(|queue| queue.id)
    }

    pub(super) fn remember_flow(&self, slot: usize, flow: FlowFacts, exit: Option<FlowExit>) {
        let Some(conversation) = self.conversation(slot) else { return };
        let wire = conversation.kind.wire();
        let purpose = if wire.media == "VOICE" { Purpose::Ivr } else { Purpose::Workflow };
        let is_queues = flow.leg.session == conversation.acd.session;
        let (id, now_ms) = (self.org.flow(flow.flow_type, conversation.queue), self.now_ms);
        self.remember(slot, (flow.leg, purpose, None), wire, |session| {
            let (exit_reason, transfer_type) = exit.map_or(("", ""), |exit| (exit.reason, exit.transfer));
            // A queue's flow may change with the queue; the session keeps the one it began with.
            let id = session.flow.map_or(id, |flow| flow.id);
            session.flow = Some(FlowRecord { id, flow_type: flow.flow_type, exit_reason, transfer_type });
            match exit {
                _ if is_queues => {}
                None => session.begin(SegmentType::Ivr, now_ms, None),
                Some(exit) => session.end(now_ms, exit.disconnect),
            }
        });
    }

    /// The agent's state of a detail event, as the part of a session that it is.
    pub(super) fn remember_state(&self, slot: usize, agent: &AgentLeg, state: &str) {
        let Some(wire) = self.conversation(slot).map(|conversation| conversation.kind.wire()) else { return };
        let queue = agent.queue.and_then(|queue| self.org.queues.get(queue)).map(|queue| queue.id);
        let now_ms = self.now_ms;
        self.remember(slot, agent_of(agent), wire, |session| match SegmentType::of_state(state) {
            Some(segment_type) => session.begin(segment_type, now_ms, queue),
            None => session.close(now_ms),
        });
    }

    pub(super) fn remember_wrap_up(&self, slot: usize, agent: &AgentLeg, wrap: Wrap) {
        let Some(wire) = self.conversation(slot).map(|conversation| conversation.kind.wire()) else { return };
        let (now_ms, code) = (self.now_ms, self.org.wrap_up_text(wrap.code));
        self.remember(slot, agent_of(agent), wire, |session| {
            session.wrap_up(now_ms, wrap.duration_ms, code);
        });
    }
}
