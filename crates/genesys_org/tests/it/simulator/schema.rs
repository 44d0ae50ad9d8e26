//! Each event against the catalogue of topics.

use std::collections::BTreeMap;

use genesys::catalogue::{Field, Kind, topic, topic_of, topics};
use genesys_org::simulator::{Config, Families};
use serde::Deserialize;
use serde_json::Value;

use crate::simulator::{config, run, text};

/// Of any family: the times of some are texts.
#[derive(Deserialize)]
struct Kinded<'a> {
    #[serde(rename = "detail-type")]
    detail_type: &'a str,
}

#[test]
fn every_field_is_in_the_catalogue_with_its_type_and_value() {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for event in &run(90, Config { families: Families::All, ..config() }) {
        let kind: Kinded<'_> = serde_json::from_str(&event.text).unwrap();
        let count = seen.entry(kind.detail_type.to_owned()).or_default();
        *count += 1;
        // The first of each topic, and then some: all of them would say the same for a hundred times the work.
        if *count > 60 {
            continue;
        }
        let event: Value = serde_json::from_str(&event.text).unwrap();
        let detail_type = text(&event, "/detail-type");
        let known = topic(detail_type);
        assert!(known.is_some(), "no topic {detail_type}");
        assert_eq!(topic_of(text(&event, "/detail/topicName")).map(|topic| topic.name()), Some(detail_type));
        check(&event, &mut Vec::new(), &|path| known?.field_at(path), detail_type);
        let published = text(&event, "/detail/timestamp");
        assert_eq!(
            published.get(..19),
            text(&event, "/time").get(..19),
            "time is the timestamp in whole seconds"
        );
        assert_eq!(text(&event, "/time").len(), 20);
    }
    assert_eq!(seen.len(), 24, "{seen:?}");
    let details =
        topics().iter().map(|topic| topic.name()).filter(|name| name.starts_with("v2.detail.events."));
    let missing: Vec<&str> = details.filter(|name| !seen.contains_key(*name)).collect();
    assert!(missing.is_empty(), "documented detail events that never come: {missing:?}");
}

type FieldAt<'a> = dyn Fn(&[&str]) -> Option<Field> + 'a;

/// Every field below `value`, which is an object.
fn check<'a>(value: &'a Value, path: &mut Vec<&'a str>, field_at: &FieldAt<'_>, name: &str) {
    for (key, inner) in value.as_object().into_iter().flatten() {
        path.push(key);
        let field = field_at(path);
        assert!(field.is_some(), "{name} has no {path:?}");
        if let Some(field) = field {
            assert_eq!(field.is_array, inner.is_array(), "{name} {path:?}");
            for element in inner.as_array().map_or(std::slice::from_ref(inner), Vec::as_slice) {
                assert!(fits(element, &field), "{name} {path:?}: {element} is not {field:?}");
                check(element, path, field_at, name);
            }
        }
        path.pop();
    }
}

fn fits(value: &Value, field: &Field) -> bool {
    match field.kind {
        Kind::Text => {
            value.as_str().is_some_and(|text| field.values.is_empty() || field.values.contains(&text))
        }
        Kind::Time => value.as_str().is_some_and(|text| text.len() >= 20 && text.ends_with('Z')),
        Kind::Integer => value.is_u64(),
        Kind::Number => value.is_number(),
        Kind::Boolean => value.is_boolean(),
        Kind::Object => value.is_object(),
        Kind::Any => true,
    }
}
