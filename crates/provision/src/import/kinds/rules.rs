//! Rules.

use serde_json::{Map, Value, json};

use crate::import::kinds::{Known, buses, targets};
use crate::import::properties::Properties;
use crate::import::remark::Grade;
use crate::import::value::Use;
use crate::import::yaml::Entry;

/// A pattern as a value; templates may have it as JSON text.
pub(in crate::import) fn pattern(value: Value) -> Value {
    match &value {
        Value::String(text) => serde_json::from_str(text).unwrap_or(value),
        _ => value,
    }
}

/// `None` where it cannot be on the file's bus.
pub(in crate::import) fn rule(mut of: Properties<'_, '_>, name: &str, known: &Known<'_>) -> Option<Entry> {
    let bus = buses::bus_name(&of.text("EventBusName", Use::Name).unwrap_or_default());
    if bus != known.bus && !buses::is_partner(&bus) {
        let sentence = format!(
            "it is on the bus {bus}, and the file has the bus {}: import with --bus {bus} for a file of that bus",
            known.bus
        );
        of.left_out("", sentence);
        return None;
    }
    let mut out = Map::from_iter([("name".to_owned(), json!(name))]);
    let mut comments = Vec::new();
    if let Some(description) = of.text("Description", Use::Text).filter(|text| !text.is_empty()) {
        out.insert("description".to_owned(), json!(description));
    }
    let pattern = of.value("EventPattern", Use::Text).map(pattern);
    let schedule = of.text("ScheduleExpression", Use::Name).filter(|text| !text.is_empty());
    match (pattern, schedule) {
        (Some(pattern), schedule) => {
            if schedule.is_some() {
                of.left_out("ScheduleExpression", "a rule of the file has a pattern or a schedule, not both");
            }
            if buses::is_partner(&bus) {
                let sentence = format!(
                    "its bus {bus} is made of Genesys Cloud's event source: in the file the rule is on the bus {}",
                    known.bus
                );
                of.remark(Grade::Changed, "EventBusName", sentence);
                comments.extend(narrower(&mut of, &pattern, known));
            }
            let queue = of.item.ours.get("Queue").and_then(Value::as_str);
            match queue.filter(|queue| is_end_in(&pattern, queue)) {
                Some(queue) => out.insert("queue".to_owned(), json!(queue)),
                None => out.insert("pattern".to_owned(), pattern),
            };
        }
        (None, Some(schedule)) => {
            out.insert("schedule".to_owned(), json!(schedule));
        }
        (None, None) => {
            of.left_out("", "it has no pattern and no schedule");
            return None;
        }
    }
    let state = of.text("State", Use::Name).unwrap_or_default();
    if state == "DISABLED" {
        out.insert("enabled".to_owned(), json!(false));
    } else if state == "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS" {
        of.left_out("State", "events of CloudTrail are not made here");
    }
    let list = match of.take("Targets") {
        Some(Value::Array(list)) => targets::all(&mut of, list, known),
        _ => Vec::new(),
    };
    out.insert("targets".to_owned(), Value::Array(list));
    of.done(&["Name", "RoleArn"]);
    Some(Entry { members: out, comments, ..Entry::default() })
}

/// Whether a pattern is what `queue: NAME` stands for.
fn is_end_in(pattern: &Value, queue: &str) -> bool {
    let wanted = json!({
        "source": ["genesys.cloud"],
        "detail-type": ["conversation.end"],
        "detail": {"routing": {"queueId": [format!("${{queue:{queue}}}")]}},
    });
    *pattern == wanted
}

/// The members of an envelope that all events of one event source have alike.
const ALIKE: &[&str] = &["account", "region", "version", "source"];

/// What is said of a pattern that every event of the partner's bus matches, as Genesys Cloud's own blueprint has it.
fn narrower(of: &mut Properties<'_, '_>, pattern: &Value, known: &Known<'_>) -> Vec<String> {
    let members = pattern.as_object().cloned().unwrap_or_default();
    if !members.keys().all(|name| ALIKE.contains(&name.as_str())) {
        return Vec::new();
    }
    let topics: Vec<Value> = known.stack.topics.iter().map(|topic| json!(topic)).collect();
    let narrow = if topics.is_empty() {
        json!({"detail-type": [{"prefix": "v2.detail.events.conversation."}]})
    } else {
        json!({"detail-type": topics})
    };
    let sentence = format!("its pattern matches every event of the bus; narrower, by the topics: {narrow}");
    of.remark(Grade::Advice, "EventPattern", sentence);
    vec![format!(
        "Every event of the bus matches this pattern. Narrower, by the topics:\n  pattern: {narrow}"
    )]
}
