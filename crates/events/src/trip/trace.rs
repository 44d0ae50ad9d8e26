//! An event's trip as a trace: spans made of what is recorded of it, in the commits that record it.
//!
//! The event is a span, each rule that matched one below it, each delivery that was paid at once and each attempt of the others
//! one below its rule's. Their ids are functions of what they are about, so that whoever needs one (the header that goes out with
//! a call, the span of an attempt hours later) makes it again instead of keeping it.

use aws::trace::{Span, SpanKind, TraceContext, span_id};
use aws::{Arn, Scope, Timestamp};
use serde::Deserialize;
use store::Tx;

use crate::buses::bus::BusName;
use crate::buses::rule::RuleKey;
use crate::events::Events;
use crate::records::place::EventPlace;
use crate::records::record::{DeliveryRecord, EventRecord, MatchedRule, Step};
use crate::trip::attempts::{DeliveryAttempt, Outcome, Settlement};
use crate::trip::delivery::Delivery;
use crate::trip::owe::DueDelivery;

/// The trace of an event at one acceptance.
#[derive(Debug)]
pub(crate) struct TripTrace {
    /// The trace, and the span of the event.
    context: TraceContext,
    /// What came before the event; 0: nothing.
    origin: u64,
    /// What the ids of this acceptance begin with: an event may be accepted on several buses, and again by a replay.
    place: String,
}

/// What an envelope says that a reader of traces looks for.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Envelope {
    source: String,
    detail_type: String,
}

impl TripTrace {
    /// That of an event that came with this X-Ray header.
    pub(crate) fn of(scope: &Scope, at: EventPlace<'_>, event_id: &str, header: Option<&str>) -> Self {
        let came = TraceContext::of_event(event_id, header);
        let place = format!("{scope}/{}/{}", at.bus, at.position);
        let context = came.at(span_id(&["accepted", &place]));
        Self { context, origin: came.span_id, place }
    }

    fn of_delivery(scope: &Scope, delivery: &Delivery) -> Self {
        let at = EventPlace { bus: &delivery.bus, position: delivery.position };
        Self::of(scope, at, &delivery.event_id, delivery.trace_header.as_deref())
    }

    fn rule(&self, rule: &str) -> u64 {
        span_id(&["rule", &self.place, rule])
    }

    fn paid(&self, rule: &str, target: &str) -> u64 {
        span_id(&["paid", &self.place, rule, target])
    }

    /// The X-Ray header that a target has which is paid at once.
    pub(crate) fn header_for(&self, rule: &str, target: &str) -> String {
        self.context.at(self.paid(rule, target)).to_x_ray()
    }

    /// The spans of what one commit made: the event, its rules, and the deliveries that ended in it.
    pub(crate) fn spans(&self, bus: &BusName, event: &EventRecord) -> Vec<Span> {
        if !self.context.is_sampled {
            return Vec::new();
        }
        let Envelope { source, detail_type } = serde_json::from_str(&event.json).unwrap_or_default();
        let mut accepted = self.span(self.context.span_id, self.origin, event.accepted);
        accepted.name = format!("event {detail_type}");
        accepted.kind = SpanKind::Consumer;
        accepted.attributes = vec![
            ("trunkline.event.id", event.id.as_str().into()),
            ("trunkline.event.source", source.into()),
            ("trunkline.event.detail_type", detail_type.into()),
            ("trunkline.event_bus", bus.as_str().into()),
            ("trunkline.rules_matched", event.rules_matched.into()),
        ];
        let mut spans = vec![accepted];
        for matched in &event.matched {
            spans.extend(self.of_rule(matched, event.accepted));
        }
        spans
    }

    fn of_rule(&self, matched: &MatchedRule, at: Timestamp) -> Vec<Span> {
        let (name, id) = (matched.rule.as_str(), self.rule(matched.rule.as_str()));
        let mut rule = self.span(id, self.context.span_id, at);
        rule.name = format!("rule {name}");
        rule.attributes = vec![("trunkline.rule", name.into())];
        let ended = matched.deliveries.iter().filter_map(|made| {
            let mut span = self.span(self.paid(name, &made.target), id, at);
            let outcome = match &made.step {
                Step::Owed { .. } => return None,
                Step::Paid => "delivered",
                Step::GivenUp { code, message, queue } => {
                    span.error = Some(message.clone());
                    span.attributes.push(("error.type", code.as_str().into()));
                    if queue.is_some() { "dead-lettered" } else { "lost" }
                }
            };
            let DeliveryRecord { target, arn, .. } = made;
            span.name = verb(arn);
            span.kind = SpanKind::Producer;
            span.attributes.extend([
                ("trunkline.rule", name.into()),
                ("trunkline.target.id", target.as_str().into()),
                ("trunkline.target.arn", arn.to_string().into()),
                ("trunkline.outcome", outcome.into()),
            ]);
            Some(span)
        });
        let ended: Vec<Span> = ended.collect();
        std::iter::once(rule).chain(ended).collect()
    }

    /// A span that begins and ends at once.
    fn span(&self, id: u64, parent: u64, at: Timestamp) -> Span {
        Span {
            context: self.context.at(id),
            parent,
            name: String::new(),
            kind: SpanKind::Internal,
            start: at,
            end: at,
            attributes: Vec::new(),
            error: None,
        }
    }
}

/// What is done with a target's kind.
fn verb(target: &Arn) -> String {
    match target.service.as_str() {
        "states" => "start execution".to_owned(),
        "lambda" => "owe invocation".to_owned(),
        "sqs" => "send message".to_owned(),
        service => format!("deliver to {service}"),
    }
}

/// The span of an attempt.
fn attempt_span(delivery_id: &str, number: u32) -> u64 {
    span_id(&["attempt", delivery_id, &number.to_string()])
}

impl Events {
    /// Makes the span of an attempt, where spans are wanted, once it is committed.
    pub(crate) fn trace_attempt(
        &self,
        tx: &mut Tx<'_>,
        delivery: &Delivery,
        attempt: DeliveryAttempt<'_>,
        settled: &Settlement,
    ) {
        let Some(spans) = self.spans() else { return };
        let trace = TripTrace::of_delivery(self.scope(), delivery);
        if !trace.context.is_sampled {
            return;
        }
        let DeliveryAttempt { delivery_id, number, attempt } = attempt;
        let rule = RuleKey::of_arn(&delivery.rule_arn);
        let rule = rule.as_ref().map_or("", |key| key.rule.as_str());
        let target = &delivery.target;
        let mut span = trace.span(attempt_span(delivery_id, number), trace.rule(rule), attempt.started);
        span.end = attempt.started.plus(attempt.took);
        span.name = format!("deliver to {}", target.arn.service);
        span.kind = SpanKind::Client;
        span.attributes = vec![
            ("trunkline.event.id", delivery.event_id.as_str().into()),
            ("trunkline.rule", rule.into()),
            ("trunkline.target.id", target.id.as_str().into()),
            ("trunkline.target.arn", target.arn.to_string().into()),
            ("trunkline.delivery.id", delivery_id.into()),
            ("trunkline.attempt", number.into()),
            ("trunkline.outcome", outcome_of(settled).into()),
        ];
        if let Some(answer) = &attempt.answer {
            span.attributes.push(("http.response.status_code", u32::from(answer.status).into()));
        }
        if let Outcome::Failed { code, message, .. } = &attempt.outcome {
            span.attributes.push(("error.type", code.as_str().into()));
            span.error = Some(message.clone());
        }
        let spans = spans.clone();
        tx.after_commit(move || spans.push(span));
    }

    /// Where the next step of a delivery's attempt belongs in its trace: at the attempt, where spans are made; else at what came
    /// with the event.
    fn onward(&self, owed: &DueDelivery) -> Option<TraceContext> {
        if self.spans().is_some() {
            let context = TraceContext::of_event(&owed.event_id, owed.trace_header.as_deref());
            return Some(context.at(attempt_span(&owed.id, owed.attempt)));
        }
        owed.trace_header.as_deref().and_then(TraceContext::of_x_ray)
    }

    /// The `traceparent` that goes out with an attempt; `None`: the event came with none, and spans are not wanted.
    pub fn traceparent(&self, owed: &DueDelivery) -> Option<String> {
        let context = self.onward(owed)?;
        // W3C's form has no way to say that a trace begins here.
        (context.span_id != 0).then(|| context.to_traceparent())
    }

    /// The X-Ray header that goes out with an attempt: what came with the event, or the attempt itself where spans are made.
    pub fn onward_header(&self, owed: &DueDelivery) -> Option<String> {
        let traced = self.spans().and_then(|_| self.onward(owed));
        traced.map(TraceContext::to_x_ray).or_else(|| owed.trace_header.clone())
    }
}

fn outcome_of(settled: &Settlement) -> &'static str {
    match settled {
        Settlement::Delivered => "delivered",
        Settlement::Rescheduled { .. } => "rescheduled",
        Settlement::Held { .. } => "held",
        Settlement::DeadLettered { .. } => "dead-lettered",
        Settlement::Lost { .. } => "lost",
        Settlement::Gone => "settled before",
    }
}
