//! Partner events: both shapes of one notification, tolerance, and when two events are the same event.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where it fails")]

use genesys::envelope::PartnerEvent;
use genesys::envelope::detail::{DetailEvent, DetailKind};
use genesys::envelope::semantic_key::semantic_key;
use genesys::tracker::user::user_state_change;
use serde_json::{Value, json};

const CONVERSATION: &str = "2f7bf00a-0fc2-4d6a-9b56-92238191433e";

fn frame(topic: &str, body: &Value) -> Value {
    json!({"topicName": topic, "version": "2", "eventBody": body, "metadata": {"CorrelationId": "c-archival"}})
}

fn envelope(id: &str, template: &str, frame: Value) -> Value {
    let mut detail = frame;
    detail["timestamp"] = json!("2026-03-19T22:04:48.128Z");
    json!({
        "version": "0", "id": id, "detail-type": template,
        "source": "aws.partner/genesys.com/cloud/00000000-0000-0000-0000-000000000000/acme",
        "account": "123456789012", "time": "2026-03-19T22:04:48Z", "region": "us-east-2", "resources": [],
        "detail": detail
    })
}

fn parse(value: &Value) -> PartnerEvent {
    PartnerEvent::parse(value.to_string().as_bytes()).unwrap()
}

fn detail(suffix: &str, body: &Value) -> PartnerEvent {
    parse(&frame(&format!("v2.detail.events.conversation.{CONVERSATION}.{suffix}"), body))
}

#[test]
fn an_envelope_and_a_frame_are_one_event() {
    let body = json!({"eventTime": 1_765_551_865_126_u64, "conversationId": CONVERSATION, "sessionId": "s", "queueId": "q"});
    let name = format!("v2.detail.events.conversation.{CONVERSATION}.acd.end");
    let template = "v2.detail.events.conversation.{id}.acd.end";
    let bare = parse(&frame(&name, &body));
    let enveloped = parse(&envelope("e-1", template, frame(&name, &body)));
    assert_eq!(bare.topic, enveloped.topic);
    assert_eq!(enveloped.topic.template(), template);
    assert_eq!(enveloped.topic.id(), Some(CONVERSATION));
    assert_eq!(enveloped.topic.to_string(), name);
    assert_eq!(enveloped.correlation_id.as_deref(), Some("c-archival"));
    assert_eq!(enveloped.timestamp.as_deref(), Some("2026-03-19T22:04:48.128Z"));
    assert_eq!(enveloped.envelope.as_ref().unwrap().region, "us-east-2");
    assert!(bare.envelope.is_none());
    assert_eq!(bare.body.get(), body.to_string(), "the body stays as it came");
    assert_eq!(DetailEvent::from_partner(&bare), DetailEvent::from_partner(&enveloped));
    assert_eq!(semantic_key(&bare), semantic_key(&enveloped), "one event from two feeds");
}

#[test]
fn every_detail_event_is_known_by_its_topic() {
    for (kind, suffix) in DetailKind::ALL {
        let event = detail(suffix, &json!({"eventTime": 5}));
        let read = DetailEvent::from_partner(&event).unwrap().unwrap();
        assert_eq!((read.kind, read.kind.suffix()), (kind, suffix));
        assert_eq!(read.conversation_id, CONVERSATION, "the topic says it where the body does not");
    }
    let other = parse(&frame("v2.users.u.presence", &json!({})));
    assert_eq!(DetailEvent::from_partner(&other), Ok(None));
}

#[test]
fn what_is_absent_null_or_of_another_kind_is_absent() {
    let body = json!({
        "eventTime": 5, "queueId": null, "userId": {}, "sessionId": 7, "acdOutcome": "SOMETHING_NEW",
        "connectedDurationMs": "soon", "interactingDurationMs": -1, "heldDurationMs": 0, "clientId": {}, "new": [1, {"a": 2}]
    });
    let read = DetailEvent::from_partner(&detail("acd.end", &body)).unwrap().unwrap();
    assert_eq!((read.body.queue_id, read.body.user_id, read.body.session_id), (None, None, None));
    assert_eq!(read.body.acd_outcome.as_deref(), Some("SOMETHING_NEW"));
    let durations =
        (read.body.connected_duration_ms, read.body.interacting_duration_ms, read.body.held_duration_ms);
    assert_eq!(durations, (None, None, Some(0)));
}

#[test]
fn what_is_no_event_is_refused_with_a_sentence() {
    for (text, words) in [
        ("nonsense", "is not the JSON"),
        ("[]", "is not the JSON"),
        ("{}", "needs the field `topicName`"),
        (r#"{"topicName": "channel.metadata"}"#, "needs the field `eventBody`"),
        (r#"{"detail": {"topicName": "t", "eventBody": {}}}"#, "needs the field `detail-type`"),
        (r#"{"detail": 5, "detail-type": "t"}"#, "event's detail is not the JSON"),
    ] {
        let message = PartnerEvent::parse(text.as_bytes()).unwrap_err().message;
        assert!(message.contains(words), "{text}: {message}");
    }
    let timeless = DetailEvent::from_partner(&detail("acw", &json!({}))).unwrap_err();
    assert!(timeless.message.contains("`eventTime`"), "{timeless}");
}

/// The rules match what EventBridge calls the event, so the envelope's word stands where the two names disagree.
#[test]
fn the_detail_type_decides_where_the_names_disagree() {
    let name = format!("v2.detail.events.conversation.{CONVERSATION}.customer.start");
    let event =
        parse(&envelope("e", "v2.something.but.conversation.{id}.customer.start", frame(&name, &json!({}))));
    assert_eq!(DetailEvent::from_partner(&event), Ok(None));
}

#[test]
fn the_semantic_key_is_of_what_the_event_says() {
    let body = json!({"eventTime": 5, "conversationId": "c", "participantId": "p", "sessionId": "s", "wrapupCode": "w"});
    let name = "v2.detail.events.conversation.c.acw";
    let template = "v2.detail.events.conversation.{id}.acw";
    let key = |id: &str, body: &Value| semantic_key(&parse(&envelope(id, template, frame(name, body))));
    let first = key("e-1", &body);
    assert_eq!(first, key("e-2", &body), "published again under a new envelope id");
    for (field, value) in [("eventTime", json!(6)), ("sessionId", json!("t")), ("wrapupCode", json!("x"))] {
        let mut other = body.clone();
        other[field] = value;
        assert_ne!(first, key("e-1", &other), "{field}");
    }
    // As Python's hashlib.md5 reckons it from the lines that the function's documentation names.
    let hex: String = first.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "53ea9cc722dd71b66a17eb57f785bd27");
}

#[test]
fn other_families_have_their_own_keys() {
    let key = |topic: &str, body: Value| semantic_key(&parse(&frame(topic, &body)));
    let audit = "v2.audits.entitytype.UserPresence.entityid.278522be-1683-4877-8257-4164a177be89";
    assert_eq!(key(audit, json!({"id": "a", "action": "UPDATE"})), key(audit, json!({"id": "a"})));
    assert_ne!(key(audit, json!({"id": "a"})), key(audit, json!({"id": "b"})));
    let spoken =
        |last: bool| json!({"eventTime": "t", "transcripts": [{"utteranceId": "u", "isFinal": last}]});
    let transcription = "v2.conversations.2f7bf00a-0fc2-4d6a-9b56-92238191433e.transcription";
    assert_ne!(key(transcription, spoken(false)), key(transcription, spoken(true)), "an utterance that grew");
    let presence = "v2.users.u.presence";
    let (one, two) = (r#"{"a":1,"b":{"c":2,"d":3}}"#, r#"{ "b": {"d": 3, "c": 2}, "a": 1 }"#);
    let raw = |body: &str| format!(r#"{{"topicName": "{presence}", "eventBody": {body}}}"#);
    let of = |body: &str| semantic_key(&PartnerEvent::parse(raw(body).as_bytes()).unwrap());
    assert_eq!(of(one), of(two), "the order of keys and white space say nothing");
    let attributes = |value: &str| json!({"eventTime": 5, "conversationId": "c", "attributes": {"k": value}});
    let topic = "v2.detail.events.conversation.c.attributes";
    assert_ne!(key(topic, attributes("1")), key(topic, attributes("2")), "two changes in one millisecond");
}

#[test]
fn a_users_state_is_told_from_each_of_its_topics() {
    let user = "e40f28ea-fa86-493f-a5b8-d559c8533c96";
    let presence = json!({"presenceDefinition": {"id": "d", "systemPresence": "AVAILABLE"}, "modifiedDate": "2021-05-14T09:03:17.047Z"});
    let routing = json!({"status": "OFF_QUEUE", "startTime": "2021-05-14T09:03:17.067Z"});
    let ids = json!({"id": user, "userId": user});
    for (topic, body, expected) in [
        (
            "presence",
            presence.clone(),
            json!({
                "change": "presence", "time": "2021-05-14T09:03:17.047Z", "systemPresence": "AVAILABLE", "presenceDefinitionId": "d"
            }),
        ),
        (
            "routingStatus",
            json!({"id": user, "routingStatus": routing}),
            json!({
                "change": "routingStatus", "time": "2021-05-14T09:03:17.067Z", "routingStatus": "OFF_QUEUE"
            }),
        ),
        (
            "activity",
            json!({"id": user, "routingStatus": routing, "presence": presence, "activeQueueIds": ["q"]}),
            json!({
                "change": "activity", "time": "2021-05-14T09:03:17.067Z", "systemPresence": "AVAILABLE", "presenceDefinitionId": "d",
                "routingStatus": "OFF_QUEUE", "activeQueueIds": ["q"]
            }),
        ),
    ] {
        let event = parse(&frame(&format!("v2.users.{user}.{topic}"), &body));
        let derived = user_state_change(&event).unwrap().unwrap();
        assert_eq!(user_state_change(&event), Ok(Some(derived.clone())));
        let mut expected = expected;
        expected["id"] = ids["id"].clone();
        expected["userId"] = ids["userId"].clone();
        assert_eq!(serde_json::from_str::<Value>(&derived.detail).unwrap(), expected);
        assert_eq!(derived.detail_type, "user.state.change");
    }
    assert_eq!(user_state_change(&parse(&frame("v2.users.u.station", &json!({})))), Ok(None));
    for nothing in [json!({}), json!([]), json!({"presenceDefinition": {"systemPresence": 7}})] {
        let refused = user_state_change(&parse(&frame("v2.users.u.presence", &nothing))).unwrap_err();
        assert!(refused.message.contains("v2.users.u.presence"), "{refused}");
    }
}
