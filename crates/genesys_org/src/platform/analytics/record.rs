//! The simulated org's history in the form of analytics.

use aws::Timestamp;
use genesys::analytics::spelling::to_analytics;
use genesys::analytics::{Conversation, Flow, Metric, Participant, Segment, Session};

use crate::simulator::history::{
    ConversationRecord, FlowRecord, ParticipantRecord, Purpose, SegmentRecord, SegmentType, SessionRecord,
};

/// A conversation as the details query answers it.
pub(crate) fn of_record(record: &ConversationRecord) -> Conversation {
    Conversation {
        conversation_id: record.id.to_string(),
        conversation_start: iso(record.start_ms),
        conversation_end: record.end_ms.map(iso),
        originating_direction: Some(to_analytics(record.direction)),
        division_ids: vec![record.division.to_string()],
        participants: record
            .participants
            .iter()
            .map(|participant| {
                let contact = record.contact.filter(|_| participant.purpose == Purpose::Customer);
                Participant {
                    external_contact_id: contact.map(|contact| contact.to_string()),
                    ..of_participant(participant)
                }
            })
            .collect(),
    }
}

fn of_participant(participant: &ParticipantRecord) -> Participant {
    Participant {
        participant_id: participant.id.to_string(),
        participant_name: None,
        purpose: participant.purpose.word().to_owned(),
        user_id: participant.user.map(|user| user.to_string()),
        external_contact_id: None,
        sessions: participant
            .sessions
            .iter()
            .map(|session| of_session(session, participant.purpose))
            .collect(),
    }
}

fn of_session(session: &SessionRecord, purpose: Purpose) -> Session {
    let is_voice = session.media == "VOICE";
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let (from, to) = (text(&session.address_from), text(&session.address_to));
    let (ani, dnis) = if is_voice { (from.clone(), to.clone()) } else { (None, None) };
    let (address_from, address_to) = if is_voice { (None, None) } else { (from, to) };
    Session {
        session_id: session.id.to_string(),
        media_type: to_analytics(session.media),
        direction: to_analytics(session.direction),
        provider: Some(session.provider.to_owned()),
        ani,
        dnis,
        address_from,
        address_to,
        flow: session.flow.map(of_flow),
        segments: session.segments.iter().map(of_segment).collect(),
        metrics: metrics(session, purpose),
    }
}

fn of_flow(flow: FlowRecord) -> Flow {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Flow {
        flow_id: flow.id.to_string(),
        flow_type: flow.flow_type.to_owned(),
        exit_reason: text(flow.exit_reason),
        transfer_type: text(flow.transfer_type),
    }
}

fn of_segment(segment: &SegmentRecord) -> Segment {
    Segment {
        segment_type: segment.segment_type.word().to_owned(),
        segment_start: iso(segment.from_ms),
        segment_end: segment.to_ms.map(iso),
        queue_id: segment.queue.map(|queue| queue.to_string()),
        disconnect_type: segment.disconnect_type.map(to_analytics),
        wrap_up_code: segment.wrap_up_code.clone(),
        conference: false,
    }
}

/// The metrics of a session by the vendor's names (`tAcd`, `tTalk`), as far as its segments give them.
fn metrics(session: &SessionRecord, purpose: Purpose) -> Vec<Metric> {
    let mut out: Vec<Metric> =
        session.metrics.iter().map(|kept| metric(kept.name, kept.value, kept.at_ms)).collect();
    match purpose {
        Purpose::Acd => {
            let (Some(first), Some(last)) = (session.segments.first(), session.segments.last()) else {
                return out;
            };
            let Some(to_ms) = last.to_ms else { return out };
            let from_ms = first.from_ms;
            let waited_ms = to_ms.saturating_sub(from_ms);
            out.push(metric("nOffered", 1, from_ms));
            out.push(metric("tAcd", waited_ms, to_ms));
            match session.acd_outcome {
                Some("ABANDON") => out.push(metric("tAbandon", waited_ms, to_ms)),
                Some("FLOW_OUT") => out.push(metric("tFlowOut", waited_ms, to_ms)),
                _ => {}
            }
        }
        Purpose::Agent => {
            let named = [
                ("tAlert", SegmentType::Alert),
                ("tDialing", SegmentType::Dialing),
                ("tTalk", SegmentType::Interact),
                ("tHeld", SegmentType::Hold),
                ("tAcw", SegmentType::Wrapup),
            ];
            for (name, segment_type) in named {
                let parts = session.segments.iter().filter(|segment| segment.segment_type == segment_type);
                out.extend(parts.filter_map(|part| {
                    let to_ms = part.to_ms?;
                    Some(metric(name, to_ms.saturating_sub(part.from_ms), to_ms))
                }));
            }
        }
        _ => {}
    }
    out
}

fn metric(name: &str, value: u64, at_ms: u64) -> Metric {
    Metric { name: name.to_owned(), value: i64::try_from(value).unwrap_or(i64::MAX), emit_date: iso(at_ms) }
}

fn iso(ms: u64) -> String {
    Timestamp::from_unix_ms(ms).to_iso_millis()
}
