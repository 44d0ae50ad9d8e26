//! Trunkline's own operations on events: what they show, and what they refuse.

use std::time::Duration;

use aws::{Error, Reply, Timestamp};
use events::own::trip::{Beyond, RuleMiss, describe_event};
use serde_json::{Value, json};

use crate::house::{House, NOON, answer_of, event};

impl House {
    fn own(&self, operation: &str, request: &Value) -> Result<Value, Error> {
        answer_of(self.own_reply(operation, request))
    }

    fn own_reply(&self, operation: &str, request: &Value) -> Reply {
        let row = events::own::OPERATIONS.iter().find(|row| row.name == operation).unwrap();
        (row.run)(&self.events, self.call(later(100)), request.to_string().as_bytes())
    }

    fn refusal(&self, operation: &str, request: &Value) -> String {
        self.own(operation, request).unwrap_err().message
    }

    /// Events `1` to `n`, a second apart; those with even ids match the rule `even`.
    fn with_events(n: u64) -> Self {
        let house = Self::new();
        let queue = house.queue("q").to_string();
        house.rule("even", &json!({"detail-type": ["even"]}), &json!([{"Id": "t", "Arn": queue}]));
        for number in 1..=n {
            let kind = if number % 2 == 0 { "even" } else { "odd" };
            house.accept(&event(&number.to_string(), kind, "{}"), later(number));
        }
        house
    }
}

fn later(seconds: u64) -> Timestamp {
    NOON.plus(Duration::from_secs(seconds))
}

/// The ids of the events in an answer.
fn ids(answer: &Value) -> Vec<String> {
    let events = answer["Events"].as_array().unwrap();
    events.iter().map(|shown| shown["Event"]["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn events_are_listed_oldest_first() {
    let house = House::with_events(12);
    let list = |request: Value| ids(&house.own("ListEvents", &request).unwrap());
    assert_eq!(list(json!({})), ["3", "4", "5", "6", "7", "8", "9", "10", "11", "12"]);
    assert_eq!(list(json!({"Last": 2})), ["11", "12"]);
    assert_eq!(list(json!({"Last": 0})), [""; 0]);
    assert_eq!(list(json!({"Since": later(11).to_iso_millis()})), ["11", "12"]);
    // The call is 100 s after noon.
    assert_eq!(list(json!({"AgeSeconds": 88})), ["12"]);
    assert_eq!(list(json!({"AgeSeconds": 10})), [""; 0]);

    let answer = house.own("ListEvents", &json!({"Last": 1})).unwrap();
    let shown = &answer["Events"][0];
    assert_eq!(shown["EventBusName"], "default");
    assert_eq!(shown["Accepted"], later(12).to_iso_millis());
    assert_eq!((&shown["Forwarded"], &shown["RulesMatched"]), (&json!(false), &json!(1)));
    assert_eq!(shown["Position"], answer["After"]);
    assert_eq!(
        house.refusal("ListEvents", &json!({"Since": "soon"})),
        "'soon' is not a time; write it like 2026-03-19T22:04:48Z."
    );
    assert_eq!(
        house.refusal("ListEvents", &json!({"EventBusName": "a b"})),
        "'a b' is not the name of an event bus."
    );
    assert_eq!(
        house.refusal("ListEvents", &json!({"EventBusName": "absent"})),
        "Event bus absent does not exist."
    );
}

#[test]
fn an_event_that_few_clients_can_hold_is_shown_as_text() {
    let house = House::new();
    house.accept(&event("1", "t", "{\"n\": 1e999}"), NOON);
    let answer = house.own("ListEvents", &json!({})).unwrap();
    assert_eq!(answer["Events"][0]["Event"], Value::Null);
    assert!(answer["Events"][0]["EventText"].as_str().unwrap().contains("{\"n\": 1e999}"), "{answer}");
}

#[test]
fn events_to_come_are_waited_for() {
    let house = House::with_events(2);
    let wait = |request: Value| match house.own_reply("WaitForEvents", &request) {
        Reply::Poll(poll) => poll,
        other => panic!("{other:?}"),
    };
    let body = |body: Option<Vec<u8>>| body.map(|body| serde_json::from_slice::<Value>(&body).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    // Without a position, the newest one's, at once.
    let newest = body(runtime.block_on(wait(json!({})).attempt(NOON)).unwrap()).unwrap();
    assert_eq!(ids(&newest), [""; 0]);
    let after = newest["After"].as_u64().unwrap();
    let mut poll = wait(json!({"After": after, "WaitTimeSeconds": 90}));
    assert_eq!(poll.until(), later(120), "20 s at most");
    assert_eq!(poll.wake_at(), None);
    assert_eq!(body(runtime.block_on(poll.attempt(NOON)).unwrap()), None);
    assert_eq!(body(Some(poll.nothing())).unwrap(), json!({"Events": [], "After": after}));
    let arrival = poll.arrival();
    house.accept(&event("3", "odd", "{}"), later(3));
    runtime.block_on(arrival);
    let found = body(runtime.block_on(poll.attempt(NOON)).unwrap()).unwrap();
    assert_eq!(ids(&found), ["3"]);
    assert!(found["After"].as_u64().unwrap() > after);
}

#[test]
fn what_matched_no_rule_is_listed_with_where_to_go_on() {
    let house = House::with_events(5);
    let all = house.own("ListUnmatched", &json!({})).unwrap();
    assert_eq!(
        (ids(&all), &all["Seen"], &all["More"]),
        (vec!["1".into(), "3".into(), "5".into()], &json!(5), &json!(true))
    );
    let end = house.own("ListUnmatched", &json!({"After": all["After"]})).unwrap();
    assert_eq!(
        (ids(&end).len(), &end["Seen"], &end["More"], &end["After"]),
        (0, &json!(0), &json!(false), &all["After"])
    );
    let last = house.own("ListUnmatched", &json!({"Last": 2})).unwrap();
    assert_eq!((ids(&last), &last["Seen"]), (vec!["5".into()], &json!(2)));
    let since = house.own("ListUnmatched", &json!({"Since": later(3).to_iso_millis()})).unwrap();
    assert_eq!((ids(&since), &since["Seen"]), (vec!["3".into(), "5".into()], &json!(3)));
}

#[test]
fn versions_of_rules_say_which_events_they_met() {
    let house = House::with_events(1);
    let first = house.own("ListEvents", &json!({})).unwrap()["After"].as_u64().unwrap();
    house
        .ask("PutRule", &json!({"Name": "even", "EventPattern": "{\"source\":[\"x\"]}", "State": "DISABLED"}))
        .unwrap();
    let versions = house.own("ListRuleVersions", &json!({})).unwrap()["RuleVersions"].clone();
    assert_eq!((&versions[0]["Name"], &versions[0]["Enabled"]), (&json!("even"), &json!(true)));
    assert!(versions[0]["After"].as_u64().unwrap() < first && first < versions[0]["Until"].as_u64().unwrap());
    assert_eq!(versions[1]["EventPattern"], "{\"source\":[\"x\"]}");
    assert_eq!((&versions[1]["Enabled"], &versions[1]["Until"]), (&json!(false), &Value::Null));
}

#[test]
fn a_replay_is_checked_started_and_described() {
    let house = House::with_events(4);
    for (request, words) in [
        (json!({"TargetId": "t"}), "A target needs its rule: name RuleName too."),
        (json!({"RuleName": "a b"}), "'a b' is not the name of a rule."),
        (json!({"Speed": 0.0001}), "Speed is 0.0001; it may be 0.001 to 1000000, in times real time."),
        (json!({"ReplayName": "a b"}), "'a b' is not a replay's name: 1 to 64 of A-Z a-z 0-9 . - _"),
        (json!({"StartTime": "soon"}), "'soon' is not a time; write it like 2026-03-19T22:04:48Z."),
        (json!({"RuleName": "absent"}), "Rule absent does not exist on EventBus default."),
        (json!({"RuleName": "even", "TargetId": "x"}), "Rule even has no target with the Id x."),
    ] {
        assert_eq!(house.refusal("StartReplay", &request), words, "{request}");
    }
    let rehearsal = house.own("RehearseReplay", &json!({"StartTime": later(2).to_iso_millis()})).unwrap();
    assert_eq!((&rehearsal["Events"], &rehearsal["Unmatched"]), (&json!(3), &json!(1)));
    assert_eq!(rehearsal["Rules"], json!([{"RuleName": "even", "Events": 2, "Examples": ["2", "4"]}]));
    assert_eq!(rehearsal["EndTime"], later(100).to_iso_millis());

    let name =
        house.own("StartReplay", &json!({"AgeSeconds": 97, "RuleName": "even"})).unwrap()["ReplayName"]
            .clone();
    assert!(name.as_str().unwrap().starts_with("replay-20260319T120140Z-"), "{name}");
    let progress = || house.own("DescribeReplay", &json!({"ReplayName": name})).unwrap();
    assert_eq!((&progress()["State"], &progress()["UnderWay"]), (&json!("STARTING"), &json!(true)));
    let ids = house.ids();
    house.write(move |events, tx| events.step_replays(&mut store::Commit::new(tx, later(101), &ids), 100));
    let done = progress();
    assert_eq!((&done["State"], &done["UnderWay"]), (&json!("COMPLETED"), &json!(false)));
    assert_eq!((&done["Replayed"], &done["PassedOver"]), (&json!(1), &json!(1)));
    assert_eq!(done["Reached"], later(4).to_iso_millis());
}

#[test]
fn dead_letters_are_listed_page_by_page_thrown_away_and_brought_back() {
    let house = House::new();
    let dead = house.queue("dead").to_string();
    let target = json!({"Id": "t", "Arn": format!("{dead}-absent"), "DeadLetterConfig": {"Arn": dead}});
    house.rule("r", &json!({"source": ["test"]}), &json!([target]));
    for id in ["1", "2", "3"] {
        assert_eq!(house.accept(&event(id, "t", "{}"), NOON).dead_lettered, 1);
    }
    let list = |request: Value| house.own("ListDeadLetters", &request).unwrap();
    let all = list(json!({"QueueName": "dead"}));
    assert_eq!((all["Letters"].as_array().unwrap().len(), &all["After"]), (3, &Value::Null));
    let letter = &all["Letters"][0];
    assert_eq!((&letter["ErrorCode"], &letter["Retries"]), (&json!("NO_RESOURCE"), &json!(0)));
    assert_eq!(letter["ErrorMessage"], "The specified queue does not exist.");
    assert_eq!((&letter["Received"], &letter["Sent"]), (&json!(0), &json!(NOON.to_iso_millis())));
    assert!(letter["Payload"].as_str().unwrap().contains("\"id\":\"1\""));
    assert_eq!(
        list(json!({"QueueName": "dead", "WithoutPayload": true}))["Letters"][0]["Payload"],
        Value::Null
    );
    assert_eq!(list(json!({"QueueName": "dead", "ErrorCode": "TIMEOUT"}))["Letters"], json!([]));
    let first = list(json!({"QueueName": "dead", "Max": 2}));
    assert_eq!(first["Letters"].as_array().unwrap().len(), 2);
    let rest = list(json!({"QueueName": "dead", "Max": 2, "After": first["After"]}));
    assert_eq!(
        (&rest["Letters"][0]["Id"], rest["Letters"].as_array().unwrap().len()),
        (&all["Letters"][2]["Id"], 1)
    );

    for (request, words) in [
        (
            json!({"QueueName": "dead", "Payload": "{}"}),
            "A payload is of one letter: name exactly one of Ids.",
        ),
        (json!({"QueueName": "dead", "To": "q"}), "'q' is not the ARN of a queue."),
        (json!({"QueueName": "dead", "Name": "x"}), "'x' is not a name that was given."),
        (json!({"QueueName": "dead", "To": dead}), "The letters are in dead already."),
        (json!({"QueueName": "absent"}), "The queue absent does not exist."),
    ] {
        assert_eq!(house.refusal("RedriveDeadLetters", &request), words, "{request}");
    }
    let purge = house.own("PurgeDeadLetters", &json!({"QueueName": "dead", "Ids": [letter["Id"]]})).unwrap();
    assert_eq!(
        (&purge["Done"], &purge["Final"], &purge["Gone"]),
        (&json!([letter["Id"]]), &json!(0), &json!(0))
    );
    let known = house.own("ListUndoable", &json!({})).unwrap()["Deeds"].clone();
    assert_eq!(
        known,
        json!([{"Name": purge["Name"], "QueueName": "dead", "Kind": "PURGE", "At": later(100).to_iso_millis(), "Letters": 1}])
    );
    assert_eq!(list(json!({"QueueName": "dead"}))["Letters"].as_array().unwrap().len(), 2);
    let undone = house.own("UndoDeadLetters", &json!({"Name": purge["Name"]})).unwrap();
    assert_eq!((&undone["Restored"], &undone["Stayed"]), (&json!([letter["Id"]]), &json!([])));
    assert_eq!(list(json!({"QueueName": "dead"}))["Letters"].as_array().unwrap().len(), 3);
    assert!(house.refusal("UndoDeadLetters", &json!({"Name": purge["Name"]})).contains("kept for a day"));
}

#[test]
fn an_event_tells_its_trip() {
    let house = House::with_events(2);
    house.rule(
        "late",
        &json!({"source": ["other"]}),
        &json!([{"Id": "t", "Arn": house.queue("x").to_string()}]),
    );
    house.rule(
        "all",
        &json!({"source": ["test"]}),
        &json!([{"Id": "t", "Arn": "arn:aws:lambda:us-east-1:999999999999:function:f"}]),
    );
    house.accept(&event("7", "even", "{}"), later(7));
    let explain = |eras: &[events::Era], json: &str| {
        assert!(json.contains("\"id\":"));
        let why = |era: &events::Era| RuleMiss {
            rule: era.rule.to_string(),
            path: "source".to_owned(),
            reason: era.pattern.clone(),
        };
        eras.iter().map(why).collect::<Vec<_>>()
    };
    let describe = |id: &str| {
        let body = json!({"EventId": id}).to_string();
        answer_of(describe_event(
            &house.events,
            body.as_bytes(),
            Beyond { explain: &explain, posts: &|_, _| Vec::new() },
        ))
    };
    let trip = describe("7").unwrap();
    let place = &trip["Places"][0];
    assert_eq!((&trip["EventId"], &place["RulesInAll"]), (&json!("7"), &json!(3)));
    assert_eq!(
        place["NotMatched"],
        json!([{"Rule": "late", "Path": "source", "Reason": "{\"source\":[\"other\"]}"}])
    );
    let delivery = |rule: &str| {
        let rules = place["Rules"].as_array().unwrap();
        rules.iter().find(|known| known["Rule"] == rule).unwrap()["Deliveries"][0].clone()
    };
    let paid = delivery("even");
    assert_eq!((&paid["State"], &paid["AttemptsMade"]), (&json!("DELIVERED"), &json!(1)));
    assert_eq!(paid["Attempts"][0]["Started"], later(7).to_iso_millis());
    let owed = delivery("all");
    assert_eq!((&owed["State"], &owed["AttemptsMade"]), (&json!("OWED"), &json!(0)));
    assert_eq!(owed["NextAttempt"], later(7).to_iso_millis());
    // The rules of its own time, not those of now.
    assert_eq!(describe("1").unwrap()["Places"][0]["RulesInAll"], 1);
    assert_eq!(
        describe("9").unwrap_err().message,
        "Event 9 is not kept: it never came, or it has grown too old."
    );
}
