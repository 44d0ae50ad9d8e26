//! What other rooms of the floor do with buses, by what the server registers: a hook that pays, and events of their own.

use std::sync::Arc;
use std::time::Duration;

use aws::{Arn, Event, Timestamp};
use events::target::state_machine;
use events::{BusName, Debt, LetterAction, LetterPage, PayHook, Payment, Receipt, UndoStep};
use serde_json::json;
use store::{Commit, KeyRange, Read, Table};

use crate::house::{ACCOUNT, House, NOON, REGION, event};

/// With what the state machines of the test were started, in order.
const STARTED: Table<(u64, String), ()> = Table::new(250, "state machines that a test started");

/// State machines that exist in this test only: one named `late` is there from the moment after noon on.
#[derive(Debug)]
struct StateMachines;

impl PayHook for StateMachines {
    fn pay(&self, commit: &mut Commit<'_>, debt: Debt<'_>) -> Payment {
        let now = commit.now;
        if debt.target.arn.resource.ends_with("late") && now == NOON {
            return Payment::refused("NO_RESOURCE", "The state machine does not exist.");
        }
        let number = commit.next_number();
        let about = format!("{} {} {} {:?}", debt.input, debt.rule_arn, now.unix_ms(), debt.trace_header);
        assert!(debt.event.contains(&debt.input) && !commit.ids.next_uuid().is_empty());
        commit.put(&STARTED, &(number, about), &());
        Payment::Paid(Receipt::default())
    }
}

fn machine(account: &str, name: &str) -> String {
    Arn::new("states", REGION, account, format!("stateMachine:{name}")).to_string()
}

impl House {
    fn started(&self) -> Vec<String> {
        let read = self.events.store().read(|read| read.list(&STARTED, &KeyRange::all(), 100)).unwrap();
        read.into_iter().map(|((_, about), ())| about).collect()
    }

    /// A rule `r` whose one target is this state machine.
    fn starting(&self, arn: &str) {
        let dead = self.queue("dead").to_string();
        let target =
            json!({"Id": "t", "Arn": arn, "InputPath": "$.detail", "DeadLetterConfig": {"Arn": dead}});
        self.rule("r", &json!({"source": ["test"]}), &json!([target]));
    }
}

#[test]
fn a_registered_hook_pays_in_the_commit_that_accepts_the_event() {
    let house = House::new();
    house.events.register(&state_machine::KIND, Arc::new(StateMachines));
    house.starting(&machine(ACCOUNT, "s"));
    let matched = house.events.match_event(&BusName::default_bus(), &event("1", "t", "{\"n\": 1}"), NOON);
    let (matched, ids) = (matched.unwrap().with_trace_header(Some("Root=1".to_owned())), house.ids());
    let accepted = house.write(move |events, tx| events.accept(&mut Commit::new(tx, NOON, &ids), matched));
    assert_eq!((accepted.made, accepted.delivered, accepted.owed), (1, 1, 0));
    let rule = format!("arn:aws:events:{REGION}:{ACCOUNT}:rule/r");
    assert_eq!(house.started(), [format!("{{\"n\": 1}} {rule} {} Some(\"Root=1\")", NOON.unix_ms())]);
    assert!(house.due(NOON).is_empty());
    assert!(house.counts().balance());
}

#[test]
fn what_has_no_hook_or_is_elsewhere_is_owed() {
    let house = House::new();
    house.starting(&machine(ACCOUNT, "s"));
    assert_eq!(house.accept(&event("1", "t", "{}"), NOON).owed, 1);
    let house = House::new();
    house.events.register(&state_machine::KIND, Arc::new(StateMachines));
    house.starting(&machine("999999999999", "s"));
    assert_eq!(house.accept(&event("1", "t", "{}"), NOON).owed, 1);
    assert_eq!(house.started(), [""; 0]);
}

#[test]
fn what_a_hook_refuses_is_a_dead_letter_that_can_be_redriven() {
    let house = House::new();
    house.events.register(&state_machine::KIND, Arc::new(StateMachines));
    house.starting(&machine(ACCOUNT, "late"));
    assert_eq!(house.accept(&event("1", "t", "{\"n\": 2}"), NOON).dead_lettered, 1);
    let redrive = |name: &str, now: Timestamp| {
        let page = LetterPage { queue: "dead".to_owned(), max: 10, ..LetterPage::default() };
        let again = LetterAction::Redrive { to: None, payload: None };
        house.deal((page, again, name), now).unwrap()
    };
    let refused = redrive("a", NOON);
    assert_eq!(
        (refused.done.len(), refused.stayed[0].reason.as_str()),
        (0, "The state machine does not exist.")
    );
    let later = NOON.plus(Duration::from_secs(60));
    let done = redrive("b", later);
    assert_eq!((done.done.len(), done.stayed.len(), done.finally), (1, 0, 1));
    assert_eq!(house.started().len(), 1);
    assert!(house.counts().balance());
    let undone = house
        .write(move |events, tx| events.undo(tx, UndoStep { name: "b", after: None, max: 10 }, later))
        .unwrap();
    assert_eq!(undone.stayed[0].reason, "it has started an execution, which is not taken back");
}

#[test]
fn an_event_of_our_own_is_put_on_the_default_bus_where_somebody_sees_it() {
    let status = || Event {
        source: "aws.states".to_owned(),
        ..event("1", "Status Change", "{\"status\": \"RUNNING\"}")
    };
    let house = House::new();
    let emit = |house: &House| {
        let (ids, status) = (house.ids(), status());
        house.write(move |events, tx| events.emit(&mut Commit::new(tx, NOON, &ids), &status))
    };
    // No rule, then one that does not match: nothing is written, and nothing is counted.
    assert_eq!(emit(&house), None);
    let queue = house.queue("q");
    house.rule("other", &json!({"source": ["test"]}), &json!([{"Id": "t", "Arn": queue.to_string()}]));
    assert_eq!(emit(&house), None);
    assert_eq!(house.counts(), events::Counts::default());
    house.rule("r", &json!({"source": ["aws.states"]}), &json!([{"Id": "t", "Arn": queue.to_string()}]));
    let accepted = emit(&house).unwrap();
    assert_eq!((accepted.rules_matched, accepted.delivered), (1, 1));
    assert_eq!(house.receive(&queue, NOON)[0].body, status().to_json());
    assert!(house.counts().balance());
    house.ask("DisableRule", &json!({"Name": "r"})).unwrap();
    assert_eq!(emit(&house), None);
}

#[test]
fn an_archive_sees_an_event_of_our_own_too() {
    let house = House::new();
    let bus = format!("arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default");
    let pattern = json!({"source": ["aws.states"]}).to_string();
    let archive = json!({"ArchiveName": "a", "EventSourceArn": bus, "EventPattern": pattern});
    house.ask("CreateArchive", &archive).unwrap();
    let emit = |source: &str| {
        let (ids, event) = (house.ids(), Event { source: source.to_owned(), ..event("1", "t", "{}") });
        house.write(move |events, tx| events.emit(&mut Commit::new(tx, NOON, &ids), &event))
    };
    assert_eq!(emit("aws.lambda"), None);
    assert_eq!(emit("aws.states").unwrap().rules_matched, 0);
    assert_eq!(house.ask("DescribeArchive", &json!({"ArchiveName": "a"})).unwrap()["EventCount"], 1);
}
