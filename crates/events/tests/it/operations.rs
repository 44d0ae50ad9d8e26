//! AWS's operations, step by step: what each is asked and what it answers.

use serde_json::{Value, json};

use crate::cases::{each, text};
use crate::house::House;

#[test]
fn operations_answer_as_aws_does() {
    each("operation", |name, case| {
        let house = House::new();
        house.queue("queue");
        house.queue("dead");
        let mut kept = Vec::new();
        for (number, step) in case["steps"].as_array().unwrap().iter().enumerate() {
            check(&format!("{name}, step {}", number + 1), (&house, &mut kept), step);
        }
    });
}

/// What earlier steps' answers said, by the name that a case gives it: `"keep": {"name": "Member"}`, then `<name>`.
type Kept = Vec<(String, String)>;

fn check(step_name: &str, (house, kept): (&House, &mut Kept), step: &Value) {
    let mut request = step["request"].to_string();
    for (name, value) in kept.iter() {
        request = request.replace(name, value);
    }
    let answer = house.ask(text(step, "ask"), &serde_json::from_str(&request).unwrap());
    if let (Ok(answer), Some(Value::Object(keep))) = (&answer, step.get("keep")) {
        let new =
            keep.iter().map(|(name, member)| (format!("<{name}>"), text(answer, member.as_str().unwrap())));
        kept.extend(new.map(|(name, value)| (name, value.to_owned())));
        return;
    }
    match (answer, step.get("error")) {
        (Ok(answer), None) => {
            if let Some(wanted) = step.get("answer") {
                assert_eq!(without_ids(&answer, kept), *wanted, "{step_name}");
            }
        }
        (Err(error), Some(wanted)) => {
            assert_eq!(
                (error.code.as_ref(), error.message.as_str()),
                (text(wanted, "code"), text(wanted, "message")),
                "{step_name}"
            );
            assert_eq!(error.status, 400, "{step_name}");
        }
        (Ok(answer), Some(_)) => panic!("{step_name}: an error was expected, and this came: {answer}"),
        (Err(error), None) => panic!("{step_name}: {error}"),
    }
}

/// Event ids are new each time, and a case says only that there is one.
fn without_ids(answer: &Value, kept: &Kept) -> Value {
    let mut text = answer.to_string();
    for (name, value) in kept {
        text = text.replace(value, name);
    }
    let mut answer: Value = serde_json::from_str(&without_uuids(&text)).unwrap();
    for entry in answer.get_mut("Entries").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(id) = entry.get_mut("EventId") {
            assert_eq!(id.as_str().map(str::len), Some(36));
            *id = Value::from("an id");
        }
    }
    answer
}

/// The UUIDs at the end of connections and API destinations, and what Secrets Manager would put after one.
fn without_uuids(text: &str) -> String {
    let mut pieces = text.split("/");
    let mut out = pieces.next().unwrap().to_owned();
    for piece in pieces {
        let is_uuid = |text: &str| {
            text.split('-').map(str::len).eq([8, 4, 4, 4, 12])
                && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
        };
        let piece = match (piece.get(..36).filter(|id| is_uuid(id)), piece.get(36..).unwrap_or_default()) {
            (None, _) => piece.to_owned(),
            (Some(_), rest) if rest.starts_with('-') => {
                format!("<uuid>-<suffix>{}", rest.chars().skip(7).collect::<String>())
            }
            (Some(_), rest) => format!("<uuid>{rest}"),
        };
        out = format!("{out}/{piece}");
    }
    out
}

/// Levels of nesting whose JSON text is `[[...]]`.
fn nested(levels: usize) -> String {
    format!("{{\"deep\":{}{}}}", "[".repeat(levels), "]".repeat(levels))
}

/// An event that rules cannot read was accepted and matched nothing, not even a rule for every event, and nobody was told.
#[test]
fn what_no_rule_can_read_is_refused_and_the_rest_of_the_request_is_not() {
    let house = House::new();
    let queue = house.queue("all");
    let all = json!({"source": [{"prefix": ""}]});
    house.rule("all", &all, &json!([{"Id": "1", "Arn": queue.to_string()}]));
    let entry = |detail: String| json!({"Source": "s", "DetailType": "t", "Detail": detail});
    let entries = [entry(nested(2000)), entry(nested(998)), entry("{}".to_owned())];
    let answer = house.ask("PutEvents", &json!({"Entries": entries})).unwrap();
    let codes: Vec<_> =
        answer["Entries"].as_array().unwrap().iter().map(|entry| entry["ErrorCode"].as_str()).collect();
    assert_eq!(codes, [Some("MalformedDetail"), None, None], "{answer}");
    assert_eq!(house.counts().matched, 2, "what was accepted was matched");
}

#[test]
fn every_operation_has_its_place_in_the_table_once() {
    let mut names: Vec<_> = events::ops::OPERATIONS.iter().map(|row| row.name).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn buses_and_rules_come_in_pages() {
    let house = House::new();
    for number in 0..7 {
        let rule =
            serde_json::json!({"Name": format!("rule-{number}"), "EventPattern": "{\"source\":[\"a\"]}"});
        house.ask("PutRule", &rule).unwrap();
    }
    let mut seen = Vec::new();
    let mut request = serde_json::json!({"NamePrefix": "rule-", "Limit": 3});
    loop {
        let page = house.ask("ListRules", &request).unwrap();
        seen.extend(page["Rules"].as_array().unwrap().iter().map(|rule| text(rule, "Name").to_owned()));
        match page["NextToken"].as_str() {
            Some(token) => request["NextToken"] = token.into(),
            None => break,
        }
    }
    assert_eq!(seen, (0..7).map(|number| format!("rule-{number}")).collect::<Vec<_>>());
}

#[test]
fn a_bus_takes_three_hundred_rules() {
    let house = House::new();
    let put = |number: usize| {
        let rule = serde_json::json!({"Name": format!("r{number}"), "EventPattern": "{\"source\":[\"a\"]}"});
        house.ask("PutRule", &rule)
    };
    for number in 0..events::limits::quotas::RULES_PER_BUS_MAX {
        put(number).unwrap();
    }
    assert_eq!(put(events::limits::quotas::RULES_PER_BUS_MAX).unwrap_err().code, "LimitExceededException");
    // Replacing one is no new one.
    put(0).unwrap();
}
