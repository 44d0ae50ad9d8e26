//! Detail events made from a details record: what a gap in the feed has swallowed.
//!
//! An event that was lost and one that came differ in nothing that its semantic key looks at, so that only what was lost
//! gets past the dedupe. What analytics does not report is not made: attributes, contacts, flow outcomes, and the flows in queues.

use aws::Timestamp;
use serde_json::{Map, Value, json};

use crate::analytics::{Conversation, Participant, Segment, Session, spelling};

/// What marks an event that Trunkline made from analytics: a member of its `metadata`.
pub const MARK: &str = "synthesisedFrom";

/// The detail events of a conversation as WebSocket frames (`topicName`, `version`, `eventBody`, `metadata`), in the order of
/// their times. Only of what has happened: an open session has no end yet.
#[must_use]
pub fn detail_events(conversation: &Conversation) -> Vec<Value> {
    let mut out = Events { conversation, frames: Vec::new() };
    for participant in &conversation.participants {
        for session in &participant.sessions {
            out.session(Part { participant, session });
        }
    }
    out.frames.sort_by_key(|frame| frame.at_ms);
    out.frames.into_iter().map(|frame| frame.value).collect()
}

struct Events<'a> {
    conversation: &'a Conversation,
    frames: Vec<Frame>,
}

/// One event, and when it happened.
struct Frame {
    at_ms: u64,
    value: Value,
}

/// A session, and whose it is.
#[derive(Clone, Copy)]
struct Part<'a> {
    participant: &'a Participant,
    session: &'a Session,
}

/// From when to when a session went, after-call work apart; the end is `None` while it goes on.
#[derive(Clone, Copy)]
struct Span<'a> {
    start_ms: u64,
    end_ms: Option<u64>,
    last: &'a Segment,
}

impl Events<'_> {
    fn session(&mut self, of: Part<'_>) {
        let Part { participant, session } = of;
        let Some(span) = span(session) else { return };
        let queue = session.segments.iter().find_map(|segment| segment.queue_id.clone());
        let (kind, start, end) = match participant.purpose.as_str() {
            "customer" | "external" => ("customer", json!({}), customer_end(span)),
            "ivr" | "workflow" | "bot" => {
                let Some(flow) = &session.flow else { return };
                let facts = json!({"flowId": flow.flow_id, "flowType": flow.flow_type});
                let exit = json!({
                    "connectedDurationMs": length(span), "exitReason": flow.exit_reason,
                    "transferType": flow.transfer_type,
                });
                ("flow", facts.clone(), joined(facts, exit))
            }
            "acd" => {
                let queued = json!({"queueId": queue});
                let left =
                    json!({"acdOutcome": acd_outcome(session, span), "connectedDurationMs": length(span)});
                ("acd", queued.clone(), joined(queued, left))
            }
            "agent" | "user" => {
                let agent = json!({"userId": participant.user_id, "queueId": queue});
                self.wrap_ups("acw", of, &agent);
                ("user", agent.clone(), joined(agent, durations(session, span)))
            }
            "voicemail" => {
                let facts = json!({"userId": participant.user_id, "queueId": queue});
                let length = json!({"voicemailDurationMs": length(span)});
                ("voicemail", facts.clone(), joined(facts, length))
            }
            _ => return,
        };
        if kind == "flow" {
            self.wrap_ups("wrapup", of, &json!({}));
        }
        self.push(&format!("{kind}.start"), span.start_ms, of, start);
        if let Some(end_ms) = span.end_ms {
            let disconnect = span.last.disconnect_type.as_deref().map(spelling::to_detail);
            let end = joined(json!({"disconnectType": disconnect}), end);
            self.push(&format!("{kind}.end"), end_ms, of, end);
        }
    }

    /// After-call work that is done.
    fn wrap_ups(&mut self, kind: &str, of: Part<'_>, facts: &Value) {
        for segment in of.session.segments.iter().filter(|segment| segment.segment_type == "wrapup") {
            let (Some(start_ms), Some(end_ms)) =
                (ms(&segment.segment_start), segment.segment_end.as_deref().and_then(ms))
            else {
                continue;
            };
            let done = json!({
                "wrapupCode": segment.wrap_up_code,
                "wrapupDurationMs": end_ms.saturating_sub(start_ms),
            });
            self.push(kind, end_ms, of, joined(facts.clone(), done));
        }
    }

    fn push(&mut self, suffix: &str, at_ms: u64, of: Part<'_>, own: Value) {
        let Part { participant, session } = of;
        let id = &self.conversation.conversation_id;
        let common = json!({
            "eventTime": at_ms,
            "conversationId": id,
            "participantId": participant.participant_id,
            "sessionId": session.session_id,
            "mediaType": spelling::to_detail(&session.media_type),
            "provider": session.provider,
            "direction": spelling::to_detail(&session.direction),
            "ani": session.ani,
            "dnis": session.dnis,
            "addressFrom": session.address_from,
            "addressTo": session.address_to,
            "divisionId": self.conversation.division_ids.first(),
        });
        let value = json!({
            "topicName": format!("v2.detail.events.conversation.{id}.{suffix}"),
            "version": "2",
            "eventBody": without_nulls(joined(common, own)),
            "metadata": {MARK: "analytics"},
        });
        self.frames.push(Frame { at_ms, value });
    }
}

fn span(session: &Session) -> Option<Span<'_>> {
    let mut parts = session.segments.iter().filter(|segment| segment.segment_type != "wrapup");
    let first = parts.next()?;
    let last = parts.next_back().unwrap_or(first);
    let start_ms = ms(&first.segment_start)?;
    let end_ms = last.segment_end.as_deref().and_then(ms);
    Some(Span { start_ms, end_ms, last })
}

fn length(span: Span<'_>) -> Option<u64> {
    Some(span.end_ms?.saturating_sub(span.start_ms))
}

fn customer_end(span: Span<'_>) -> Value {
    json!({"interactingDurationMs": length(span)})
}

/// How the customer left the queue: by the metrics; where there are none, by how the session ended.
fn acd_outcome(session: &Session, span: Span<'_>) -> &'static str {
    if session.has_metric("tAbandon") || session.has_metric("nAbandon") {
        "ABANDON"
    } else if session.has_metric("tFlowOut") {
        "FLOW_OUT"
    } else if session.has_metric("tAnswered") || session.has_metric("nAnswered") {
        "ANSWERED"
    } else {
        match span.last.disconnect_type.as_deref() {
            Some("transfer") => "ANSWERED",
            Some("peer" | "endpoint" | "client") => "ABANDON",
            _ => "UNKNOWN",
        }
    }
}

/// The durations of an agent's session, from its segments.
fn durations(session: &Session, span: Span<'_>) -> Value {
    let total = |segment_type: &str| -> u64 {
        let parts = session.segments.iter().filter(|segment| segment.segment_type == segment_type);
        parts.filter_map(part_ms).sum()
    };
    let is_callback = session.media_type == "callback";
    let talk_ms = total("interact");
    json!({
        "interactingDurationMs": if is_callback { 0 } else { talk_ms },
        "heldDurationMs": total("hold"),
        "alertingDurationMs": total("alert"),
        "contactingDurationMs": total("contacting"),
        "dialingDurationMs": total("dialing"),
        "callbackDurationMs": if is_callback { length(span).unwrap_or(0).saturating_sub(total("alert")) } else { 0 },
    })
}

fn part_ms(segment: &Segment) -> Option<u64> {
    Some(ms(segment.segment_end.as_deref()?)?.saturating_sub(ms(&segment.segment_start)?))
}

fn ms(text: &str) -> Option<u64> {
    Timestamp::parse_iso(text).map(Timestamp::unix_ms)
}

/// The members of both; those of the second count.
fn joined(first: Value, second: Value) -> Value {
    let (Value::Object(mut first), Value::Object(second)) = (first, second) else { return Value::Null };
    first.extend(second);
    Value::Object(first)
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept: Map<String, Value> =
                members.into_iter().filter(|(_, value)| !value.is_null()).collect();
            Value::Object(kept)
        }
        other => other,
    }
}
