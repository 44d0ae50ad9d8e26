//! What AWS would refuse: told once, shown, and refused where that is asked for.

use std::sync::{Arc, Mutex};

use aws::{Arn, Call, Ids, Timestamp};
use events::{LetterAction, LetterPage, Objection, Permissions, RoleErrand, RoleJudge};
use iam::{Authority, Errand, Iam};
use serde_json::{Value, json};

use crate::house::{ACCOUNT, House, NOON, REGION, answer_of, event};

/// What was told, by whatever thread: each test has rules of its own name.
static TOLD: Mutex<Vec<Objection>> = Mutex::new(Vec::new());

fn tell(objection: &Objection) {
    TOLD.lock().unwrap().push(objection.clone());
}

/// The reasons that were told of a rule.
fn told_of(rule: &str) -> Vec<String> {
    let told = TOLD.lock().unwrap();
    let of_rule = told.iter().filter(|objection| objection.source_arn.resource == format!("rule/{rule}"));
    of_rule.map(|objection| objection.reason.clone()).collect()
}

/// The roles of the same store.
#[derive(Debug)]
struct Roles(Iam);

impl RoleJudge for Roles {
    fn objection(&self, errand: &RoleErrand<'_>) -> Option<String> {
        let RoleErrand { role, action, resource, rule_arn } = *errand;
        let errand = Errand { role, service: "events.amazonaws.com", action, resource, source: rule_arn };
        match self.0.store().read(|read| self.0.may(read, &errand)).unwrap() {
            Authority::Refused(why) => Some(why),
            Authority::Allowed | Authority::Unknown => None,
        }
    }

    fn generation(&self) -> u64 {
        self.0.generation()
    }
}

/// A statement that lets a rule send to a queue.
fn lets(rule: &str, queue: &Arn) -> String {
    json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage",
        "Resource": queue.to_string(),
        "Condition": {"ArnEquals": {"aws:SourceArn": format!("arn:aws:events:{REGION}:{ACCOUNT}:rule/{rule}")}}}]})
    .to_string()
}

impl House {
    fn with_permissions(permissions: Permissions) -> Self {
        let house = Self::new();
        house.events.set_permissions(permissions, tell);
        house
    }

    fn set_policy(&self, queue: &Arn, policy: &str) {
        // The account of the store's home scope, whatever the ARNs of these tests say.
        let url = format!("http://127.0.0.1:4566/{}/{}", self.events.store().scope().account, queue.resource);
        let request = json!({"QueueUrl": url, "Attributes": {"Policy": policy}});
        let row = queue::ops::OPERATIONS.iter().find(|row| row.name == "SetQueueAttributes").unwrap();
        answer_of((row.run)(&self.queues, call(), request.to_string().as_bytes())).unwrap();
    }

    /// Trunkline's own operation.
    fn ask_own(&self, operation: &str, request: &Value) -> Value {
        let row = events::own::OPERATIONS.iter().find(|row| row.name == operation).unwrap();
        answer_of((row.run)(&self.events, call(), request.to_string().as_bytes())).unwrap()
    }

    fn refusals(&self) -> Vec<Value> {
        self.ask_own("ListRefusals", &json!({}))["Refusals"].as_array().unwrap().clone()
    }
}

fn call() -> Call {
    Call {
        now: NOON,
        account: ACCOUNT.to_owned(),
        region: REGION.to_owned(),
        request_id: "request".to_owned(),
        base_url: "http://127.0.0.1:4566".to_owned(),
        ids: Ids::from_seed(7),
        payload: Vec::new(),
    }
}

fn later(seconds: u64) -> Timestamp {
    NOON.plus(std::time::Duration::from_secs(seconds))
}

#[test]
fn a_warning_is_told_once_until_the_policy_changes_and_the_event_is_delivered() {
    let house = House::with_permissions(Permissions::Warn);
    let queue = house.queue("q");
    house.rule("warned", &json!({"source": ["test"]}), &json!([{"Id": "t", "Arn": queue.to_string()}]));
    for id in ["1", "2", "3"] {
        assert_eq!(house.accept(&event(id, "t", "{}"), NOON).delivered, 1);
    }
    let told = told_of("warned");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("it has none") && told[0].contains("this statement would allow it"), "{told:?}");
    assert_eq!(house.refusals().len(), 1);
    // The statement that was told helps.
    let statement = told[0].split_once("would allow it: ").unwrap().1.trim_end_matches('.');
    house.set_policy(&queue, &format!("{{\"Version\":\"2012-10-17\",\"Statement\":[{statement}]}}"));
    house.accept(&event("4", "t", "{}"), NOON);
    assert_eq!(told_of("warned").len(), 1);
    assert_eq!(house.refusals(), [Value::Null; 0]);
    house.set_policy(&queue, &lets("another", &queue));
    // A warning is looked for once a second.
    house.accept(&event("5", "t", "{}"), later(0));
    assert_eq!(told_of("warned").len(), 1);
    house.accept(&event("6", "t", "{}"), later(1));
    assert_eq!(told_of("warned").len(), 2);
    assert_eq!(house.receive(&queue, later(1)).len(), 6);
    assert!(house.counts().balance());
}

#[test]
fn what_is_enforced_goes_to_the_dead_letter_queue_and_comes_back_once_it_is_allowed() {
    let house = House::with_permissions(Permissions::Enforce);
    let (queue, dead) = (house.queue("q"), house.queue("dead"));
    house.set_policy(&dead, &lets("enforced", &dead));
    let target = json!({"Id": "t", "Arn": queue.to_string(), "DeadLetterConfig": {"Arn": dead.to_string()}});
    house.rule("enforced", &json!({"source": ["test"]}), &json!([target]));
    let accepted = house.accept(&event("1", "t", "{}"), NOON);
    assert_eq!((accepted.delivered, accepted.dead_lettered), (0, 1));
    let letters = house.letters("dead", NOON);
    assert_eq!(letters[0].error_code(), "NO_PERMISSIONS");
    assert_eq!(letters[0].attribute("RETRY_ATTEMPTS"), Some("0"));
    assert!(house.receive(&queue, NOON).is_empty());
    let redrive = |house: &House| {
        let through = LetterPage { queue: "dead".to_owned(), max: 10, ..LetterPage::default() };
        house.deal((through, LetterAction::Redrive { to: None, payload: None }, "redrive"), later(1)).unwrap()
    };
    let stayed = redrive(&house).stayed;
    assert!(stayed[0].reason.contains("no statement allows sqs:SendMessage"), "{stayed:?}");
    house.set_policy(&queue, &lets("enforced", &queue));
    assert_eq!(redrive(&house).done.len(), 1);
    assert_eq!(house.receive(&queue, later(1)).len(), 1);
    assert!(house.counts().balance());
}

#[test]
fn a_dead_letter_queue_without_a_policy_loses_the_letter_as_on_aws() {
    let house = House::with_permissions(Permissions::Enforce);
    let (queue, dead) = (house.queue("q"), house.queue("dead"));
    let target = json!({"Id": "t", "Arn": queue.to_string(), "DeadLetterConfig": {"Arn": dead.to_string()}});
    house.rule("lost", &json!({"source": ["test"]}), &json!([target]));
    let accepted = house.accept(&event("1", "t", "{}"), NOON);
    assert_eq!((accepted.dead_lettered, accepted.dropped), (0, 1));
    assert_eq!(told_of("lost").len(), 2);
    assert!(house.counts().balance());
}

#[test]
fn a_role_is_asked_for_what_is_called_with_one() {
    let house = House::with_permissions(Permissions::Enforce);
    let iam = Iam::new(house.events.store().clone());
    house.events.register_role_judge(Arc::new(Roles(iam.clone())));
    let ask_iam = |operation: &str, request: &Value| {
        let row = iam::ops::OPERATIONS.iter().find(|row| row.name == operation).unwrap();
        answer_of((row.run)(&iam, call(), request.to_string().as_bytes())).unwrap()
    };
    let machine = format!("arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:m");
    let role = format!("arn:aws:iam::{ACCOUNT}:role/r");
    let target = json!({"Id": "t", "Arn": machine, "RoleArn": role});
    house.rule("roles", &json!({"source": ["test"]}), &json!([target]));
    let refused = |house: &House, word: &str| {
        assert_eq!(house.accept(&event("1", "t", "{}"), NOON).dropped, 1);
        let told = told_of("roles");
        assert!(told.last().unwrap().contains(word), "{told:?}");
    };
    refused(&house, "does not exist here");
    let trust = |service: &str| {
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]})
            .to_string()
    };
    ask_iam(
        "CreateRole",
        &json!({"RoleName": "r", "AssumeRolePolicyDocument": trust("lambda.amazonaws.com")}),
    );
    refused(&house, "The trust policy of");
    ask_iam(
        "UpdateAssumeRolePolicy",
        &json!({"RoleName": "r", "PolicyDocument": trust("events.amazonaws.com")}),
    );
    refused(&house, "no statement allows states:StartExecution");
    let permissions = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "states:*", "Resource": machine}});
    ask_iam(
        "PutRolePolicy",
        &json!({"RoleName": "r", "PolicyName": "p", "PolicyDocument": permissions.to_string()}),
    );
    assert_eq!(house.accept(&event("2", "t", "{}"), NOON).owed, 1);
    assert_eq!(told_of("roles").len(), 3);
    assert!(house.counts().balance());
}
