//! What the org measures of its conversations: a record in the history, and an event of
//! `v2.analytics.conversation.{id}.metrics`, for each metric of each session.

use super::conversation::AgentLeg;
use super::events::Notification;
use super::history::{MetricRecord, Purpose};
use super::party::{Metric, MetricSource, Party, addresses, agent_of, message_type};
use super::topics;
use super::{Families, Simulator};

impl Simulator {
    /// Records metrics of a session, and publishes them.
    pub(super) fn measure(&mut self, slot: usize, of: MetricSource, metrics: &[Metric]) {
        let Some(wire) = self.conversation(slot).map(|conversation| conversation.kind.wire()) else { return };
        let at_ms = self.now_ms;
        self.remember(slot, of.party, wire, |session| {
            session.metrics.extend(metrics.iter().map(|metric| MetricRecord {
                name: metric.name,
                at_ms,
                value: metric.value,
            }));
        });
        if self.config.families == Families::All {
            for metric in metrics {
                self.say_metric(slot, of, *metric);
            }
        }
    }

    fn say_metric(&mut self, slot: usize, of: MetricSource, metric: Metric) {
        let record = self.noise.uuid();
        let Some(conversation) = self.conversation(slot) else { return };
        let Party { leg, purpose, agent } = of.party;
        let (id, wire) = (conversation.id, conversation.kind.wire());
        let addresses = addresses(conversation, wire);
        let message_type = (wire.media == "MESSAGE").then(|| message_type(conversation));
        let notification =
            Notification { topic: topics::CONVERSATION_METRICS, entity: id, at_ms: self.now_ms };
        // Lower case here and upper case in detail events, as the schemas have it.
        let direction = if wire.direction == "INBOUND" { "inbound" } else { "outbound" };
        self.publish_of(slot, notification, |body, org| {
            body.text("metric", metric.name);
            body.time("metricDate", notification.at_ms);
            body.number("value", metric.value);
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
            if let Some(user) = agent.and_then(|agent| org.users.get(agent)) {
                body.id("userId", user.id);
            }
            let (from_key, to_key) =
                if wire.media == "VOICE" { ("ani", "dnis") } else { ("addressFrom", "addressTo") };
            for (key, address) in [(from_key, addresses.from), (to_key, addresses.to)] {
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
    pub(super) fn measured_acd(&self, slot: usize) -> Option<MetricSource> {
        let conversation = self.conversation(slot)?;
        let party = Party::new(conversation.acd, Purpose::Acd);
        Some(MetricSource { party, queue: Some(conversation.queue) })
    }

    /// An agent's leg as it is measured.
    pub(super) fn measured_agent(&self, slot: usize, place: usize) -> Option<MetricSource> {
        let leg = self.conversation(slot)?.agents.get(place)?;
        Some(MetricSource { party: agent_of(leg), queue: leg.queue })
    }

    /// Metrics of an agent's leg.
    pub(super) fn measure_agent(&mut self, slot: usize, place: usize, metrics: &[Metric]) {
        if let Some(of) = self.measured_agent(slot, place) {
            self.measure(slot, of, metrics);
        }
    }

    /// Metrics of an agent's part, at its end.
    pub(super) fn measure_handling(&mut self, slot: usize, agent: &AgentLeg, handled_ms: u64) {
        let of = MetricSource { party: agent_of(agent), queue: agent.queue };
        let talk_ms = handled_ms.saturating_sub(agent.held_ms);
        if handled_ms > 0 && agent.voice.is_some() {
            self.measure(
                slot,
                of,
                &[
                    Metric::new("tActiveCallback", handled_ms),
                    Metric::new("tActiveCallbackComplete", handled_ms),
                ],
            );
        } else if handled_ms > 0 {
            self.measure(slot, of, &[Metric::new("tTalk", talk_ms), Metric::new("tTalkComplete", talk_ms)]);
        }
        if agent.held_ms > 0 {
            self.measure(
                slot,
                of,
                &[Metric::new("tHeld", agent.held_ms), Metric::new("tHeldComplete", agent.held_ms)],
            );
        }
    }
}
