//! Every case of `data/stored/queries.json` is a query of the tutorial's form and what the events beside it answer.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where it fails")]

use std::path::Path;

use aws::{Event, Ids, Timestamp};
use genesys::platform::conversation_query::{DetailsQuery, EventsQuery, is_in_tutorial_form};
use genesys::platform::rendering::EventContent;
use genesys::platform::request::ApiRequest;
use genesys::platform::response::{ApiError, ApiResponse};
use serde_json::{Value, json};

fn data(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/stored").join(file);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn request(body: &Value) -> ApiRequest {
    ApiRequest {
        path: String::new(),
        holes: Vec::new(),
        query: Vec::new(),
        body: body.to_string().into_bytes(),
        client_id: String::new(),
        base_url: String::new(),
        now: Timestamp::ZERO,
        ids: Ids::from_seed(1),
    }
}

/// Each event twice, as it lies on two buses, and the newest first: neither may matter.
fn content() -> Vec<EventContent> {
    let read = |event: &Value| {
        EventContent::of_envelope(&Event::from_json(&event.to_string(), Timestamp::ZERO).unwrap()).unwrap()
    };
    let events = data("events.json");
    events["events"].as_array().unwrap().iter().rev().flat_map(|event| [read(event), read(event)]).collect()
}

fn details(request: &ApiRequest) -> Result<ApiResponse, ApiError> {
    assert!(is_in_tutorial_form(request));
    let mut query = DetailsQuery::read(request)?;
    content().iter().for_each(|content| query.add(content));
    Ok(query.answer())
}

fn events(request: &ApiRequest) -> Result<ApiResponse, ApiError> {
    let mut query = EventsQuery::read(request)?;
    for content in content() {
        assert!(query.may_want(&content.text) || content.conversation_id() != Some("A"));
        query.add(&content);
    }
    Ok(query.answer())
}

#[test]
fn each_query_has_its_answer() {
    for case in data("queries.json").as_array().unwrap() {
        let request = request(&case["body"]);
        let answer = if case["query"] == "details" { details(&request) } else { events(&request) };
        match (answer, case["error"].as_str()) {
            (Ok(answer), None) => assert_eq!(answer.body.as_ref(), Some(&case["answer"]), "{}", case["why"]),
            (Err(fault), Some(wanted)) => {
                assert!(
                    fault.status == 400 && fault.message.contains(wanted),
                    "{}: {}",
                    case["why"],
                    fault.message
                );
            }
            (answer, _) => panic!("{}: {answer:?}", case["why"]),
        }
    }
}

#[test]
fn the_real_form_is_told_from_the_tutorial_s() {
    for (body, is_tutorial) in [
        (json!({"interval": "a/b", "paging": {"pageSize": 1}}), false),
        (json!({"interval": "a/b", "pageSize": 1}), false),
        (json!({"order": "asc"}), false),
        (json!({"dateFrom": "x"}), true),
        (json!({"filter": {}}), true),
        (json!([]), false),
    ] {
        assert_eq!(is_in_tutorial_form(&request(&body)), is_tutorial, "{body}");
    }
}
