//! Log groups as targets: paid in the commit that accepts the event, or given up with a reason that a person can use.

use serde_json::{Value, json};

use crate::house::{ACCOUNT, House, NOON, REGION, event};

const GROUP: &str = "/aws/events/orders";

fn arn(group: &str) -> String {
    format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}")
}

impl House {
    /// A log group, and a rule that sends each event there as `target` says.
    fn logging(&self, mut target: Value) {
        self.ask_logs("CreateLogGroup", &json!({"logGroupName": GROUP}));
        let dead = self.queue("dead").to_string();
        target["Id"] = json!("t");
        target["Arn"] = json!(arn(GROUP));
        target["DeadLetterConfig"] = json!({"Arn": dead});
        self.rule("r", &json!({"source": ["test"]}), &json!([target]));
    }

    /// What the log group holds: stream, time and message of each event.
    fn logged(&self) -> Vec<(String, u64, String)> {
        let answer = self.ask_logs("FilterLogEvents", &json!({"logGroupName": GROUP}));
        let events = answer["events"].as_array().unwrap().clone();
        let text = |event: &Value, member: &str| event[member].as_str().unwrap().to_owned();
        events
            .iter()
            .map(|event| {
                (text(event, "logStreamName"), event["timestamp"].as_u64().unwrap(), text(event, "message"))
            })
            .collect()
    }
}

#[test]
fn the_whole_event_is_a_message_at_its_own_time() {
    let house = House::new();
    house.logging(json!({}));
    let accepted =
        house.accept(&event("1", "t", "{\"n\": 1.0}"), NOON.plus(std::time::Duration::from_secs(9)));
    assert_eq!((accepted.made, accepted.delivered, accepted.owed), (1, 1, 0));
    let logged = house.logged();
    assert_eq!((logged[0].0.as_str(), logged[0].1), ("default/r", NOON.unix_ms()));
    assert!(logged[0].2.ends_with("\"detail\":{\"n\": 1.0}}"), "{}", logged[0].2);
    let house = house.reopened();
    assert_eq!(house.logged(), logged);
}

#[test]
fn a_template_says_time_and_message() {
    let house = House::new();
    let template = "{\"timestamp\": <time>, \"message\": <what>}";
    let paths = json!({"time": "$.time", "what": "$.detail.what"});
    house.logging(json!({"InputTransformer": {"InputPathsMap": paths, "InputTemplate": template}}));
    house.accept(&event("1", "t", "{\"what\": \"done\"}"), NOON);
    house.accept(&event("2", "t", "{\"what\": {\"a\": [1]}}"), NOON);
    let messages: Vec<String> = house.logged().into_iter().map(|(_, _, message)| message).collect();
    assert_eq!(messages, ["done", "{\"a\":[1]}"]);
}

#[test]
fn what_cannot_be_logged_goes_to_the_dead_letter_queue() {
    // Input of the target, whether its group is there, the words of the dead letter.
    let cases = [
        (
            json!({"Input": "{\"message\": \"no time\"}"}),
            true,
            "INVALID_PARAMETER",
            "a timestamp and a message",
        ),
        (
            json!({"Input": "{\"timestamp\": \"soon\", \"message\": \"\"}"}),
            true,
            "INVALID_PARAMETER",
            "a timestamp",
        ),
        (json!({"Input": "{\"timestamp\": 1, \"message\": \"\"}"}), true, "INVALID_PARAMETER", "no message"),
        (json!({}), false, "NO_RESOURCE", "The specified log group does not exist."),
    ];
    for (target, is_there, code, words) in cases {
        let house = House::new();
        house.logging(target);
        if !is_there {
            house.ask_logs("DeleteLogGroup", &json!({"logGroupName": GROUP}));
        }
        assert_eq!(house.accept(&event("1", "t", "{}"), NOON).dead_lettered, 1);
        let letter = house.receive(&aws::Arn::new("sqs", REGION, ACCOUNT, "dead"), NOON).pop().unwrap();
        let text = format!("{:?}", letter.attributes);
        assert!(text.contains(code) && text.contains(words), "{text}");
    }
}
