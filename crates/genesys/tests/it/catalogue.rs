//! The catalogue against cases in files, against real payloads' fields, and against its own listing.

use genesys::catalogue::{
    Advice, FieldAt, Kind, nearest_topic, topic, topics, topics_with_field, unsatisfiable,
};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct AdviceCase {
    source: String,
    why: String,
    detail_types: Vec<String>,
    paths: Vec<String>,
    sentences: Vec<String>,
    #[serde(default)]
    path_instead: Option<String>,
    #[serde(default)]
    first_detail_type: Option<String>,
}

#[test]
fn advice_reads_as_the_cases_say() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/advice");
    let mut names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    assert!(names.len() >= 10, "the cases are found");
    for name in names {
        let case: AdviceCase = serde_json::from_str(&std::fs::read_to_string(&name).unwrap()).unwrap();
        assert!(!case.source.is_empty() && !case.why.is_empty(), "{}: source and why", name.display());
        let detail_types: Vec<&str> = case.detail_types.iter().map(String::as_str).collect();
        let paths: Vec<&str> = case.paths.iter().map(String::as_str).collect();
        let advice = unsatisfiable(&detail_types, &paths);
        let sentences: Vec<&str> = advice.iter().map(|advice| advice.sentence.as_str()).collect();
        assert_eq!(sentences, case.sentences, "{}", name.display());
        let first = advice.first();
        assert_eq!(
            first.and_then(|advice| advice.path_instead.clone()),
            case.path_instead,
            "{}",
            name.display()
        );
        let detail_type = first.and_then(|advice| advice.detail_types.first()).map(|name| (*name).to_owned());
        if case.first_detail_type.is_some() {
            assert_eq!(detail_type, case.first_detail_type, "{}", name.display());
        }
        all_advice_holds(&advice, &case.paths);
    }
}

/// Whatever a sentence recommends exists in the catalogue.
fn all_advice_holds(advice: &[Advice], paths: &[String]) {
    for advice in advice {
        for name in &advice.detail_types {
            let path = advice.path_instead.as_deref().unwrap_or("source");
            assert!(topic(name).is_some_and(|topic| topic.field(path).is_some()), "{name} has {path}");
        }
        assert!(advice.path.as_ref().is_none_or(|path| paths.contains(path)));
    }
}

#[test]
fn every_listed_field_is_found_by_its_path() {
    let mut count = 0;
    for topic in topics() {
        let fields = topic.fields();
        assert!(!fields.is_empty() || topic.name().starts_with("v2."), "{} has fields", topic.name());
        for FieldAt { path, field } in fields {
            assert_eq!(topic.field(&path), Some(field), "{} {path}", topic.name());
            count += 1;
        }
    }
    assert!(count > 5_000, "{count} fields");
}

#[test]
fn shapes_that_contain_themselves_are_walked_but_not_unrolled() {
    let topic =
        topic("v2.routing.queues.{id}.conversations.callbacks").expect("its error bodies hold error bodies");
    assert!(topic.field("detail.eventBody.participants.errorInfo.errors.errors.errors.code").is_some());
    assert!(topic.fields().len() < 2_000);
}

#[test]
fn fields_have_the_types_and_values_of_the_vendor() {
    let end = topic("v2.detail.events.conversation.{id}.acd.end").unwrap();
    let outcome = end.field("detail.eventBody.acdOutcome").unwrap();
    assert_eq!(outcome.values, ["UNKNOWN", "ABANDON", "ANSWERED", "FLOW_OUT"]);
    assert_eq!(outcome.near_value("flow-out"), Some("FLOW_OUT"));
    assert_eq!(outcome.near_value("ANSWERED"), None);
    assert_eq!(outcome.near_value("SOMETHING_NEW"), None);
    assert_eq!(end.field("detail.eventBody.eventTime").unwrap().kind, Kind::Integer);
    assert!(end.field("detail.eventBody.requestedRoutingSkillIds").unwrap().is_array);
    assert_eq!(end.field("detail.metadata.CorrelationId").unwrap().kind, Kind::Text);
    assert!(
        end.field("detail.queueId").is_none()
            && end.field("source").is_some()
            && end.field("detail.wrapUpCode").is_none()
    );
    let attributes = topic("v2.detail.events.conversation.{id}.attributes").unwrap();
    assert_eq!(attributes.field("detail.eventBody.attributes.any key").unwrap().kind, Kind::Text);
    assert!(attributes.field_at(&["detail", "eventBody", "attributes", "key.with.dots"]).is_some());
    assert!(
        attributes.field("detail.eventBody.communications.mediaType").is_some(),
        "arrays are stepped through"
    );
}

#[test]
fn what_carries_a_queue_is_known() {
    let names: Vec<&str> =
        topics_with_field("detail.eventBody.queueId").iter().map(|topic| topic.short_name()).collect();
    assert!(names.contains(&"acd.end") && names.contains(&"user.end") && names.contains(&"acw"), "{names:?}");
    assert!(!names.contains(&"customer.end") && !names.contains(&"flow.end"), "{names:?}");
    let ours: Vec<&str> =
        topics_with_field("detail.routing.queueId").iter().map(|topic| topic.name()).collect();
    assert!(ours.contains(&"conversation.end"), "{ours:?}");
}

#[test]
fn a_slip_of_the_pen_finds_the_topic() {
    let near = |name| nearest_topic(name).map(|topic| topic.name());
    assert_eq!(
        near("v2.detail.event.conversation.{id}.customer.end"),
        Some("v2.detail.events.conversation.{id}.customer.end")
    );
    assert_eq!(near("customer.end"), Some("v2.detail.events.conversation.{id}.customer.end"));
    assert_eq!(near("Conversation.End"), Some("conversation.end"));
    assert_eq!(near("Order Created"), None);
}
