//! What the org publishes: the envelope, the fields that all detail events share, and each topic's own.
//!
//! Which fields a topic has is the vendor's schema (the catalogue beside this folder; a test compares). Their order, and the
//! fields that are left out, follow the public sample payloads.

use aws::Uuid;

use super::conversation::{Addresses, AgentLeg, Conversation, Kind, Leg, Wire};
use super::history::{Purpose, SegmentType};
use super::org::{Org, WRAP_UP_TIMEOUT};
use super::outbox::{BEFORE_ID, Sort};
use super::parameters::{ACD_BEFORE_ANSWER_MS, PUBLISH_LAG_MS, TRANSPORT_LAG_MS};
use super::party::{Metric, MetricSource, Party, addresses, agent_of, customer_of, message_type};
use super::topics::{self, Topic};
use super::writer::{Object, Precision, Truth, push_time};
use super::{Families, Simulator, Wrap, WrapCode};

/// Room for nearly all events, so that their text is allocated once: 1.1 to 1.4 kB are usual.
const TEXT_BYTES: usize = 1_536;
/// Attribute names as flows write them, spaces and brackets included (as in a real sample), each with its values.
const ATTRIBUTES: [(&str, [&str; 3]); 8] = [
    ("Language", ["en-US", "de-DE", "fr-FR"]),
    ("Customer Tier", ["gold", "silver", "standard"]),
    ("outage_flag", ["false", "false", "true"]),
    ("Intent (NLU)", ["billing_question", "technical_problem", "new_contract"]),
    ("identified", ["true", "true", "false"]),
    ("Menu.Choice", ["1", "2", "3"]),
    ("crm.caseId", ["C-104233", "C-104871", "C-105002"]),
    ("LLM (AW) question", ["How do I pay my bill?", "Why is it \"offline\"?", "Can I change my plan?"]),
];
const SUBJECTS: [&str; 4] =
    ["Question about my invoice", "Cannot sign in", "Change of address", "Re: your offer"];

/// One event to publish: its topic, the entity whose id is in the topic's name, and when it happened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Notification {
    pub(super) topic: Topic,
    pub(super) entity: Uuid,
    pub(super) at_ms: u64,
}

/// A conversation's event of one of its legs.
#[derive(Clone, Copy, Debug)]
struct Detail {
    topic: Topic,
    leg: Leg,
    wire: Wire,
    at_ms: u64,
}

/// One event of a flow.
#[derive(Clone, Copy, Debug)]
struct FlowEvent {
    topic: Topic,
    at_ms: u64,
    flow: FlowFacts,
}

/// The facts of a flow's events, the same from its start to its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct FlowFacts {
    pub(super) leg: Leg,
    pub(super) flow_type: &'static str,
}

/// How a flow ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct FlowExit {
    pub(super) disconnect: &'static str,
    pub(super) reason: &'static str,
    /// Empty where nothing was transferred.
    pub(super) transfer: &'static str,
}

/// How a queue entry ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AcdOutcome {
    Answered { user: usize },
    Abandoned,
    FlowOut,
}

impl Simulator {
    pub(super) fn say_customer_start(&mut self, slot: usize) {
        if let Some(conversation) = self.conversation(slot) {
            let now_ms = self.now_ms;
            self.remember(slot, customer_of(conversation), conversation.kind.wire(), |session| {
                session.begin(SegmentType::Interact, now_ms, None);
            });
        }
        self.say_customer(slot, topics::CUSTOMER_START, |_, _, _| {});
    }

    pub(super) fn say_contact(&mut self, slot: usize) {
        self.say_customer(slot, topics::CONTACT, |_, _, _| {});
    }

    pub(super) fn say_customer_end(&mut self, slot: usize, disconnect: &'static str) {
        let Some(since_ms) = self.conversation(slot).map(|conversation| conversation.customer.since_ms)
        else {
            return;
        };
        let duration_ms = self.now_ms.saturating_sub(since_ms);
        if let Some(party) = self.conversation(slot).map(customer_of) {
            let source = MetricSource { party, queue: None };
            self.measure(slot, source, &[Metric::new("tConnected", duration_ms)]);
        }
        self.say_customer(slot, topics::CUSTOMER_END, |body, _, _| {
            body.text("disconnectType", disconnect);
            body.number("interactingDurationMs", duration_ms);
        });
        if let Some(conversation) = self.conversation(slot) {
            let now_ms = self.now_ms;
            self.remember(slot, customer_of(conversation), conversation.kind.wire(), |session| {
                session.end(now_ms, disconnect);
            });
        }
        if let Some(conversation) = self.conversation_mut(slot) {
            conversation.ended = true;
        }
    }

    fn say_customer(
        &mut self,
        slot: usize,
        topic: Topic,
        fill: impl FnOnce(&mut Object<'_>, &Conversation, &Org),
    ) {
        let Some(detail) = self.detail_of(slot, topic, |conversation| conversation.customer) else { return };
        self.say(slot, detail, |body, conversation, org| {
            body.id("divisionId", org.division);
            if let Some(contact) = conversation.contact {
                body.id("externalContactId", contact);
            }
            fill(body, conversation, org);
        });
    }

    /// The customer's voice session within a callback.
    pub(super) fn say_callback_voice(&mut self, slot: usize, ending: Option<&'static str>) {
        let topic = if ending.is_some() { topics::CUSTOMER_END } else { topics::CUSTOMER_START };
        let Some(detail) = self.detail_of(slot, topic, |conversation| conversation.voice) else { return };
        let duration_ms = self.now_ms.saturating_sub(detail.leg.since_ms);
        self.remember_voice(slot, Party::new(detail.leg, Purpose::Customer), ending);
        self.say(slot, Detail { wire: Kind::OutboundCall.wire(), ..detail }, |body, _, org| {
            body.id("divisionId", org.division);
            if let Some(disconnect) = ending {
                body.text("disconnectType", disconnect);
                body.number("interactingDurationMs", duration_ms);
            }
        });
    }

    pub(super) fn say_outbound(&mut self, slot: usize) {
        let Some(detail) = self.detail_of(slot, topics::OUTBOUND, |conversation| conversation.customer)
        else {
            return;
        };
        let contact = self.noise.uuid();
        self.say(slot, detail, |body, _, org| {
            body.id("outboundCampaignId", org.campaign.id);
            body.id("outboundContactListId", org.contact_list.id);
            body.id("outboundContactId", contact);
            body.id("divisionId", org.division);
        });
    }

    pub(super) fn say_flow_start(&mut self, slot: usize, flow: FlowFacts) {
        self.remember_flow(slot, flow, None);
        let event = FlowEvent { topic: topics::FLOW_START, at_ms: self.now_ms, flow };
        self.say_flow(slot, event, |_, _| {});
    }

    pub(super) fn say_flow_end(&mut self, slot: usize, at_ms: u64, flow: FlowFacts, exit: FlowExit) {
        self.remember_flow(slot, flow, Some(exit));
        let duration_ms = at_ms.saturating_sub(flow.leg.since_ms);
        if matches!(flow.flow_type, "INBOUNDCALL" | "OUTBOUNDCALL") {
            let source = MetricSource { party: Party::new(flow.leg, Purpose::Ivr), queue: None };
            self.measure(slot, source, &[Metric::new("tIvr", duration_ms)]);
        }
        self.say_flow(slot, FlowEvent { topic: topics::FLOW_END, at_ms, flow }, |body, _| {
            body.text("disconnectType", exit.disconnect);
            body.number("connectedDurationMs", duration_ms);
            body.text("exitReason", exit.reason);
            if !exit.transfer.is_empty() {
                body.text("transferType", exit.transfer);
            }
        });
    }

    /// The outcome `number` of a flow that is about to end. Its times lie within the flow, as in a real sample.
    pub(super) fn say_flow_outcome(&mut self, slot: usize, flow: FlowFacts, number: usize) {
        let length_ms = self.now_ms.saturating_sub(flow.leg.since_ms);
        let from_ms = flow.leg.since_ms + length_ms / 8;
        let to_ms = from_ms + length_ms / 3;
        let value = if self.dice.chance(0.85) { "SUCCESS" } else { "FAILURE" };
        let event = FlowEvent { topic: topics::FLOW_OUTCOME, at_ms: self.now_ms, flow };
        self.say_flow(slot, event, |body, org| {
            if let Some(outcome) = org.flow_outcomes.get(number) {
                body.id("flowOutcomeId", outcome.id);
            }
            body.number("flowOutcomeStartTime", from_ms);
            body.number("flowOutcomeEndTime", to_ms);
            body.text("flowOutcomeValue", value);
            body.list(
                "flowMilestones",
                org.milestones.iter().zip([from_ms, to_ms]),
                |out, (milestone, at_ms)| {
                    let mut object = Object::begin(out);
                    object.id("milestoneId", milestone.id);
                    object.number("milestoneTime", at_ms);
                    object.end();
                },
            );
        });
    }

    fn say_flow(
        &mut self,
        slot: usize,
        FlowEvent { topic, at_ms, flow }: FlowEvent,
        fill: impl FnOnce(&mut Object<'_>, &Org),
    ) {
        let Some(detail) = self.detail_of(slot, topic, |_| flow.leg) else { return };
        self.say(slot, Detail { at_ms, ..detail }, |body, conversation, org| {
            body.text("flowType", flow.flow_type);
            body.id("flowId", org.flow(flow.flow_type, conversation.queue));
            body.id("divisionId", org.division);
            body.text("flowVersion", "7.0");
            fill(body, org);
        });
    }

    pub(super) fn say_acd_start(&mut self, slot: usize) {
        let Some(detail) = self.detail_of(slot, topics::ACD_START, |conversation| conversation.acd) else {
            return;
        };
        let (queue, now_ms) = (self.queue_of(slot), self.now_ms);
        self.remember(slot, Party::new(detail.leg, Purpose::Acd), detail.wire, |session| {
            session.begin(SegmentType::Interact, now_ms, queue);
        });
        self.say(slot, detail, |body, conversation, org| {
            push_queue(body, conversation.queue, org);
            body.id("divisionId", org.division);
            body.number("routingPriority", 40);
            push_skill(body, conversation, org);
            body.truth("skillExpressionApplied", Truth::No);
        });
    }

    pub(super) fn say_acd_end(&mut self, slot: usize, outcome: AcdOutcome) {
        let Some(detail) = self.detail_of(slot, topics::ACD_END, |conversation| conversation.acd) else {
            return;
        };
        let (name, disconnect, early_ms) = match outcome {
            AcdOutcome::Answered { .. } => ("ANSWERED", "TRANSFER", ACD_BEFORE_ANSWER_MS),
            AcdOutcome::Abandoned => ("ABANDON", "PEER", 0),
            AcdOutcome::FlowOut => ("FLOW_OUT", "TRANSFER", 0),
        };
        let at_ms = self.now_ms.saturating_sub(early_ms).max(detail.leg.since_ms);
        self.remember(slot, Party::new(detail.leg, Purpose::Acd), detail.wire, |session| {
            session.end(at_ms, disconnect);
            session.acd_outcome = Some(name);
        });
        self.say(slot, Detail { at_ms, ..detail }, |body, conversation, org| {
            body.text("disconnectType", disconnect);
            push_queue(body, conversation.queue, org);
            body.id("divisionId", org.division);
            body.text("acdOutcome", name);
            if let AcdOutcome::Answered { user } = outcome {
                push_user(body, "answeredUserId", user, org);
                body.text("usedRouting", "STANDARD");
            }
            body.texts("requestedRoutings", &["STANDARD"]);
            push_skill(body, conversation, org);
            body.number("routingPriority", 40);
            body.number("connectedDurationMs", at_ms.saturating_sub(conversation.acd.since_ms));
            if conversation.kind == Kind::InboundCall {
                // Lower case here and upper case in the flow's own events, as in a real sample.
                body.text("flowType", "inqueuecall");
            }
        });
    }

    pub(super) fn say_user_start(&mut self, slot: usize, agent: &AgentLeg) {
        let Some(detail) = self.detail_of(slot, topics::USER_START, |_| agent.leg) else { return };
        self.say(slot, detail, |body, _, org| push_agent(body, agent, org));
    }

    /// The agent's part is over; a callback's own session ends with the time that it took.
    pub(super) fn say_user_end(&mut self, slot: usize, agent: &AgentLeg, disconnect: &'static str) {
        let Some(detail) = self.detail_of(slot, topics::USER_END, |_| agent.leg) else { return };
        let now_ms = self.now_ms;
        self.remember(slot, agent_of(agent), detail.wire, |session| session.end(now_ms, disconnect));
        let handled_ms =
            if agent.answered_ms == 0 { 0 } else { self.now_ms.saturating_sub(agent.answered_ms) };
        let is_callback = agent.voice.is_some();
        self.measure_handling(slot, agent, handled_ms);
        self.say(slot, detail, |body, _, org| {
            body.text("disconnectType", disconnect);
            push_agent(body, agent, org);
            let talk_ms = if is_callback { 0 } else { handled_ms.saturating_sub(agent.held_ms) };
            body.number("interactingDurationMs", talk_ms);
            body.number("heldDurationMs", if is_callback { 0 } else { agent.held_ms });
            body.number("alertingDurationMs", agent.alerting_ms);
            body.number("contactingDurationMs", 0);
            body.number("dialingDurationMs", 0);
            body.number("callbackDurationMs", if is_callback { handled_ms } else { 0 });
        });
    }

    /// The agent's voice session within a callback.
    pub(super) fn say_callback_user(&mut self, slot: usize, agent: &AgentLeg, ending: Option<&'static str>) {
        let Some(voice) = agent.voice else { return };
        let topic = if ending.is_some() { topics::USER_END } else { topics::USER_START };
        let Some(detail) = self.detail_of(slot, topic, |_| voice) else { return };
        self.remember_voice(slot, Party::agent(voice, agent.agent), ending);
        let talk_ms = self.now_ms.saturating_sub(voice.since_ms + agent.dialing_ms + agent.held_ms);
        self.say(slot, Detail { wire: Kind::OutboundCall.wire(), ..detail }, |body, _, org| {
            if let Some(disconnect) = ending {
                body.text("disconnectType", disconnect);
            }
            push_agent(body, agent, org);
            if ending.is_some() {
                body.number("interactingDurationMs", talk_ms);
                body.number("heldDurationMs", agent.held_ms);
                body.number("alertingDurationMs", 0);
                body.number("contactingDurationMs", 0);
                body.number("dialingDurationMs", agent.dialing_ms);
                body.number("callbackDurationMs", 0);
            }
        });
    }

    pub(super) fn say_acw(&mut self, slot: usize, agent: &AgentLeg, wrap: Wrap) {
        let Some(detail) = self.detail_of(slot, topics::ACW, |_| agent.leg) else { return };
        self.remember_wrap_up(slot, agent, wrap);
        self.say(slot, detail, |body, _, org| {
            push_user(body, "userId", agent.agent, org);
            if let Some(queue) = agent.queue {
                push_queue(body, queue, org);
            }
            push_wrap(body, wrap, org);
        });
    }

    /// A wrap-up that a flow applied: nobody's, and in no queue.
    pub(super) fn say_flow_wrapup(&mut self, slot: usize, wrap: Wrap) {
        let Some(detail) = self.detail_of(slot, topics::WRAPUP, |conversation| conversation.flow) else {
            return;
        };
        self.say(slot, detail, |body, _, org| push_wrap(body, wrap, org));
    }

    pub(super) fn say_voicemail(&mut self, slot: usize, leg: Leg, ending: Option<&'static str>) {
        let topic = if ending.is_some() { topics::VOICEMAIL_END } else { topics::VOICEMAIL_START };
        let Some(detail) = self.detail_of(slot, topic, |_| leg) else { return };
        let duration_ms = self.now_ms.saturating_sub(leg.since_ms);
        self.remember_voice(slot, Party::new(leg, Purpose::Voicemail), ending);
        self.say(slot, detail, |body, conversation, org| {
            push_queue(body, conversation.queue, org);
            body.id("divisionId", org.division);
            if let Some(disconnect) = ending {
                body.text("disconnectType", disconnect);
                body.number("voicemailDurationMs", duration_ms);
            }
        });
    }

    pub(super) fn say_attributes(&mut self, slot: usize) {
        let Some(conversation) = self.conversation(slot) else { return };
        let (id, customer, contact) = (conversation.id, conversation.customer, conversation.contact);
        let media = conversation.kind.wire().media;
        let first = self.dice.index(ATTRIBUTES.len());
        let choice = self.dice.index(3);
        let notification = Notification { topic: topics::ATTRIBUTES, entity: id, at_ms: self.now_ms };
        self.publish_of(slot, notification, |body, _| {
            body.number("eventTime", notification.at_ms);
            body.id("conversationId", id);
            body.id("participantId", customer.participant);
            body.object("attributes", |attributes| push_attributes(attributes, first, choice));
            body.list("communications", std::iter::once(customer.session), |out, session| {
                let mut object = Object::begin(out);
                object.id("id", session);
                object.text("mediaType", media);
                object.end();
            });
            body.number("participantStartTime", customer.since_ms);
            body.ids("conversationExternalContactIds", contact.into_iter());
        });
    }

    /// The agent's state within a conversation. States: the vendor's enum of `currentState`.
    pub(super) fn say_agent_state(&mut self, slot: usize, leg: usize, state: &'static str) {
        let Some(conversation) = self.conversation(slot) else { return };
        let Some(agent) = conversation.agents.get(leg).copied() else { return };
        self.remember_state(slot, &agent, state);
        if self.config.families == Families::Conversations {
            return;
        }
        let Some(user) = self.org.users.get(agent.agent).map(|user| user.id) else { return };
        let (id, wire, now_ms) = (conversation.id, conversation.kind.wire(), self.now_ms);
        let notification = Notification { topic: topics::AGENT_STATE, entity: user, at_ms: now_ms };
        self.publish_of(slot, notification, |body, org| {
            body.id("conversationId", id);
            body.id("sessionId", agent.leg.session);
            body.number("sessionStart", agent.leg.since_ms);
            body.number("currentStateStart", now_ms);
            body.text("currentState", state);
            body.id("userId", user);
            body.text("originatingDirection", wire.direction);
            body.text("mediaType", wire.media);
            if let Some(queue) = agent.queue {
                push_queue(body, queue, org);
            }
        });
    }

    fn detail_of(&self, slot: usize, topic: Topic, leg: impl FnOnce(&Conversation) -> Leg) -> Option<Detail> {
        let conversation = self.conversation(slot)?;
        Some(Detail { topic, leg: leg(conversation), wire: conversation.kind.wire(), at_ms: self.now_ms })
    }

    /// Publishes a detail event: the common fields, then what `fill` adds.
    fn say(&mut self, slot: usize, detail: Detail, fill: impl FnOnce(&mut Object<'_>, &Conversation, &Org)) {
        // Out of its slot for the time of writing, so that the body can read it while the simulator counts on.
        let Some(conversation) = self.conversations.get_mut(slot).and_then(Option::take) else { return };
        let notification = Notification { topic: detail.topic, entity: conversation.id, at_ms: detail.at_ms };
        let due_ms = self.publish(notification, conversation.delivered_ms, |body, org| {
            push_common(body, &conversation, detail);
            fill(body, &conversation, org);
        });
        self.put_back(slot, Conversation { delivered_ms: due_ms, ..conversation });
    }

    fn put_back(&mut self, slot: usize, conversation: Conversation) {
        if let Some(place) = self.conversations.get_mut(slot) {
            *place = Some(conversation);
        }
    }

    pub(super) fn publish_of(
        &mut self,
        slot: usize,
        notification: Notification,
        fill: impl FnOnce(&mut Object<'_>, &Org),
    ) {
        let Some(delivered_ms) = self.conversation(slot).map(|conversation| conversation.delivered_ms) else {
            return;
        };
        let due_ms = self.publish(notification, delivered_ms, fill);
        if let Some(conversation) = self.conversation_mut(slot) {
            conversation.delivered_ms = due_ms;
        }
    }

    /// Writes the envelope around the body and sends it on its way, due no sooner than `floor_ms`. Returns when it is due.
    pub(super) fn publish(
        &mut self,
        notification: Notification,
        floor_ms: u64,
        fill: impl FnOnce(&mut Object<'_>, &Org),
    ) -> u64 {
        let published_ms = notification.at_ms + self.noise.between(PUBLISH_LAG_MS);
        let due_ms = floor_ms.max(published_ms + self.noise.between(TRANSPORT_LAG_MS));
        let (event_id, correlation_id) = (self.noise.uuid(), self.noise.uuid());
        let (org, config) = (&self.org, &self.config);
        let mut text = String::with_capacity(TEXT_BYTES);
        text.push_str(BEFORE_ID);
        event_id.push_to(&mut text);
        text.push('"');
        let mut root = Object::resume(&mut text);
        root.text("detail-type", notification.topic.template);
        root.text("source", &org.source);
        root.text("account", &config.account);
        root.raw_text("time", |out| push_time(out, published_ms, Precision::Seconds));
        root.text("region", &config.region);
        root.texts("resources", &[]);
        root.object("detail", |detail| {
            detail.raw_text("topicName", |out| {
                out.push_str(notification.topic.before_id);
                notification.entity.push_to(out);
                out.push_str(notification.topic.after_id);
            });
            detail.text("version", "2");
            detail.object("eventBody", |body| fill(body, org));
            detail.object("metadata", |metadata| metadata.id("CorrelationId", correlation_id));
            detail.time("timestamp", published_ms);
        });
        root.end();
        let sort =
            if notification.topic.template == topics::ACW.template { Sort::Wrapup } else { Sort::Other };
        self.outbox.push(due_ms, text, sort);
        due_ms
    }
}

fn push_common(body: &mut Object<'_>, conversation: &Conversation, detail: Detail) {
    body.number("eventTime", detail.at_ms);
    body.id("conversationId", conversation.id);
    body.id("participantId", detail.leg.participant);
    body.id("sessionId", detail.leg.session);
    body.text("mediaType", detail.wire.media);
    body.text("provider", detail.wire.provider);
    body.text("direction", detail.wire.direction);
    push_addresses(body, conversation, detail.wire);
    body.ids("conversationExternalContactIds", conversation.contact.into_iter());
}

/// One to three attributes from the `first` on, each with its value of this `choice`.
fn push_attributes(attributes: &mut Object<'_>, first: usize, choice: usize) {
    for (key, values) in ATTRIBUTES.iter().cycle().skip(first).take(1 + choice) {
        attributes.text(key, values.get(choice).copied().unwrap_or_default());
    }
}

fn pick(choices: &[&'static str], number: u32) -> &'static str {
    choices.get(number as usize % choices.len().max(1)).copied().unwrap_or_default()
}

/// Addresses by media. Numbers are from the range reserved for fiction.
fn push_addresses(body: &mut Object<'_>, conversation: &Conversation, wire: Wire) {
    let number = conversation.customer_number;
    let Addresses { from, to } = addresses(conversation, wire);
    match wire.media {
        "VOICE" => {
            body.text("ani", &from);
            body.text("dnis", &to);
        }
        "CALLBACK" => {
            body.text("callbackUserName", &format!("Customer {number}"));
            body.texts("callbackNumbers", &[&from]);
            body.number("callbackScheduledTime", conversation.customer.since_ms);
        }
        "MESSAGE" => {
            body.text("addressTo", &to);
            body.text("addressFrom", &from);
            body.text("messageType", message_type(conversation));
        }
        "EMAIL" => {
            body.text("addressTo", &to);
            body.text("addressFrom", &from);
            body.text("subject", pick(&SUBJECTS, number));
        }
        _ => {}
    }
}

fn push_queue(body: &mut Object<'_>, queue: usize, org: &Org) {
    if let Some(queue) = org.queues.get(queue) {
        body.id("queueId", queue.id);
    }
}

fn push_user(body: &mut Object<'_>, key: &'static str, agent: usize, org: &Org) {
    if let Some(user) = org.users.get(agent) {
        body.id(key, user.id);
    }
}

fn push_agent(body: &mut Object<'_>, agent: &AgentLeg, org: &Org) {
    push_user(body, "userId", agent.agent, org);
    body.id("divisionId", org.division);
    if let Some(queue) = agent.queue {
        push_queue(body, queue, org);
    }
}

/// One requested skill for two customers in three.
fn push_skill(body: &mut Object<'_>, conversation: &Conversation, org: &Org) {
    if let Some(skill) = conversation.skill(org.skills.len()) {
        let skill = org.skills.get(skill);
        body.ids("requestedRoutingSkillIds", skill.map(|skill| skill.id).into_iter());
    }
}

fn push_wrap(body: &mut Object<'_>, wrap: Wrap, org: &Org) {
    match wrap.code {
        WrapCode::TimedOut => body.text("wrapupCode", WRAP_UP_TIMEOUT),
        WrapCode::Chosen(at) => {
            if let Some(code) = org.wrap_up_codes.get(at) {
                body.id("wrapupCode", code.id);
            }
        }
    }
    body.text("wrapupNotes", "");
    body.number("wrapupDurationMs", wrap.duration_ms);
}
