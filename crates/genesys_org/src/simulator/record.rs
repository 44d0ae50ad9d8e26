//! Recording of conversations for later queries: see `history`.

use aws::Uuid;

use super::conversation::{Addresses, AgentLeg, Kind, Wire};
use super::history::{ConversationRecord, FlowRecord, Purpose, SegmentType, SessionFacts, SessionRecord};
use super::party::{Party, addresses, agent_of};
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
        party: Party,
        wire: Wire,
        edit: impl FnOnce(&mut SessionRecord),
    ) {
        let Some(conversation) = self.conversation(slot).filter(|_| self.config.history > 0) else { return };
        let user = party.agent.and_then(|agent| self.org.users.get(agent)).map(|user| user.id);
        let now_ms = self.now_ms;
        self.history.edit(conversation.id, |record| {
            let is_new = record.session_of(party.leg).is_none();
            let addresses = if is_new { addresses(conversation, wire) } else { Addresses::default() };
            let Party { leg, purpose, .. } = party;
            edit(record.session(SessionFacts { leg, purpose, user, wire, addresses: &addresses }));
            record.note_end(now_ms);
        });
    }

    /// A session of voice alone: a callback's call, a voicemail.
    pub(super) fn remember_voice(&self, slot: usize, party: Party, ending: Option<&'static str>) {
        let (queue, now_ms) = (self.queue_of(slot), self.now_ms);
        // Whoever is called back is called; whoever leaves a voicemail has called.
        let kind = if party.purpose == Purpose::Voicemail { Kind::InboundCall } else { Kind::OutboundCall };
        self.remember(slot, party, kind.wire(), |session| match ending {
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
        self.remember(slot, Party::new(flow.leg, purpose), wire, |session| {
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
