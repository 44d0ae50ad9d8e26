//! What the org measures of its conversations: a record in the history, and an event of
//! `v2.analytics.conversation.{id}.metrics`, for each metric of each session.

use super::conversation::AgentLeg;
use super::events::Said;
use super::history::{MetricRecord, Purpose};
use super::topics;
use super::who::{Measured, addresses, agent_of, message_type};
use super::{Families, Simulator};

impl Simulator {
    /// Says metrics of a session: the vendor's name of each, and milliseconds for a `t`, a count for an `n`.
    pub(super) fn measure(&mut self, slot: usize, of: Measured, metrics: &[(&'static str, u64)]) {
        let Some(wire) = self.conversation(slot).map(|conversation| conversation.kind.wire()) else { return };
        let at_ms = self.now_ms;
        self.remember(slot, of.who, wire, |session| {
            session.metrics.extend(metrics.iter().map(|(name, value)| MetricRecord {
                name,
                at_ms,
                value: *value,
            }));
        });
        if self.config.families == Families::All {
            for (name, value) in metrics {
                self.say_metric(slot, of, (name, *value));
            }
        }
    }

    fn say_metric(&mut self, slot: usize, of: Measured, (name, value): (&'static str, u64)) {
        let record = self.noise.uuid();
        let Some(conversation) = self.conversation(slot) else { return };
        let (leg, purpose, user) = of.who;
        let (id, wire) = (conversation.id, conversation.kind.wire());
        let (from, to) = addresses(conversation, wire);
        let message_type = (wire.media == "MESSAGE").then(|| message_type(conversation));
        let said = Said { topic: topics::CONVERSATION_METRICS, entity: id, at_ms: self.now_ms };
        // Lower case here and upper case in detail events, as the schemas have it.
        let direction = if wire.direction == "INBOUND" { "inbound" } else { "outbound" };
        self.publish_of(slot, said, |body, org| {
            body.text("metric", name);
            body.time("metricDate", said.at_ms);
            body.number("value", value);
            body.id("recordId", record);
            body.id("conversationId", id);
            body.id("sessionId", leg.session);
            body.text("mediaType", &wire.media.to_lowercase());
            body.text("provider", wire.provider);
            body.text("direction", direction);
            body.text("originatingDirection", direction);
            body.text("purpose", purpose.word());
            body.ids("divisionIds", std::iter::once(org.division));
            if let Some(queue) = of.queue.and_then(|queue| org.queues.get(queue)) {
                body.id("queueId", queue.id);
            }
            if let Some(user) = user.and_then(|user| org.users.get(user)) {
                body.id("userId", user.id);
            }
            let (from_key, to_key) =
                if wire.media == "VOICE" { ("ani", "dnis") } else { ("addressFrom", "addressTo") };
            for (key, address) in [(from_key, from), (to_key, to)] {
                if !address.is_empty() {
                    body.text(key, &address);
                }
            }
            if let Some(message_type) = message_type {
                body.text("messageType", message_type);
            }
        });
    }

    /// A queue entry as it is measured.
    pub(super) fn measured_acd(&self, slot: usize) -> Option<Measured> {
        let conversation = self.conversation(slot)?;
        Some(Measured::new((conversation.acd, Purpose::Acd, None), Some(conversation.queue)))
    }

    /// An agent's leg as it is measured.
    pub(super) fn measured_agent(&self, slot: usize, place: usize) -> Option<Measured> {
        let leg = self.conversation(slot)?.agents.get(place)?;
        Some(Measured::new((leg.leg, Purpose::Agent, Some(leg.agent)), leg.queue))
    }

    /// Metrics of an agent's leg.
    pub(super) fn measure_agent(&mut self, slot: usize, place: usize, metrics: &[(&'static str, u64)]) {
        if let Some(of) = self.measured_agent(slot, place) {
            self.measure(slot, of, metrics);
        }
    }

    /// What an agent's part came to, at its end.
    pub(super) fn measure_handling(&mut self, slot: usize, agent: &AgentLeg, handled_ms: u64) {
        let of = Measured::new(agent_of(agent), agent.queue);
        let talk_ms = handled_ms.saturating_sub(agent.held_ms);
        if handled_ms > 0 && agent.voice.is_some() {
            self.measure(
                slot,
                of,
                &[("tActiveCallback", handled_ms), ("tActiveCallbackComplete", handled_ms)],
            );
        } else if handled_ms > 0 {
            self.measure(slot, of, &[("tTalk", talk_ms), ("tTalkComplete", talk_ms)]);
        }
        if agent.held_ms > 0 {
            self.measure(slot, of, &[("tHeld", agent.held_ms), ("tHeldComplete", agent.held_ms)]);
        }
    }
}
