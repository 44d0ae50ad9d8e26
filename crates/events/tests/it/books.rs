//! Conservation (C2) under random histories, and event records that stay bounded.

use std::time::Duration;

use aws::{Arn, Scope};
use events::{BusName, Events, LetterAction, LetterPage, Outcome, Retention, Retry};
use proptest::prelude::{Just, ProptestConfig, Strategy, prop_oneof, proptest};
use queue::Queues;
use serde_json::json;
use store::{Commit, Options, Store};

use crate::house::{ACCOUNT, House, NOON, REGION, event, failed, function};

#[derive(Clone, Debug)]
enum Step {
    /// An event of a type: how many targets it has is in [`rules`].
    Accept(&'static str),
    Settle(Outcome),
    Later(u64),
    Reopen,
    /// Sends so many dead letters again, or throws them away.
    Deal(LetterAction, usize),
    /// The last of those deeds.
    Undo,
}

fn redriven_or_purged() -> impl Strategy<Value = LetterAction> {
    prop_oneof![2 => Just(LetterAction::Redrive { to: None, payload: None }), 1 => Just(LetterAction::Purge)]
}

fn step() -> impl Strategy<Value = Step> {
    let hopeless =
        Outcome::Failed { code: "NO_RESOURCE".to_owned(), message: String::new(), retry: Retry::Never };
    let outcome = prop_oneof![2 => Just(Outcome::Delivered), 3 => Just(failed()), 1 => Just(hopeless)];
    prop_oneof![
        4 => prop_oneof![Just("none"), Just("bare"), Just("queue"), Just("function"), Just("both"), Just("broken")]
            .prop_map(Step::Accept),
        6 => outcome.prop_map(Step::Settle),
        2 => (1..100_000_u64).prop_map(Step::Later),
        1 => Just(Step::Reopen),
        2 => (redriven_or_purged(), 1..4_usize).prop_map(|(deed, max)| Step::Deal(deed, max)),
        1 => Just(Step::Undo),
    ]
}

fn rules(house: &House) {
    let (queue, dead) = (house.queue("queue").to_string(), house.queue("dead").to_string());
    let to_queue = json!({"Id": "q", "Arn": queue});
    let to_function = json!({"Id": "f", "Arn": function("f"), "RetryPolicy": {"MaximumRetryAttempts": 2}, "DeadLetterConfig": {"Arn": dead}});
    let to_nowhere = json!({"Id": "n", "Arn": function("n"), "RetryPolicy": {"MaximumRetryAttempts": 1}});
    let broken = json!({"Id": "p", "Arn": queue, "InputPath": "$.detail.absent"});
    let pattern = |detail_type: &str| json!({"detail-type": [detail_type]});
    house.ask("PutRule", &json!({"Name": "bare", "EventPattern": pattern("bare").to_string()})).unwrap();
    house.rule("queue", &pattern("queue"), &json!([to_queue]));
    house.rule("function", &pattern("function"), &json!([to_function]));
    house.rule("both", &pattern("both"), &json!([to_queue, to_function, to_nowhere]));
    house.rule("broken", &pattern("broken"), &json!([broken]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn the_books_balance_after_any_history(steps in proptest::collection::vec(step(), 1..40)) {
        let mut house = House::new();
        rules(&house);
        let mut now = NOON;
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Accept(detail_type) => {
                    house.accept(&event(&number.to_string(), detail_type, "{}"), now);
                }
                Step::Settle(outcome) => {
                    for owed in house.due(now) {
                        house.settle(&owed, &outcome, now);
                    }
                }
                Step::Later(seconds) => now = now.plus(Duration::from_secs(seconds)),
                Step::Reopen => house = house.reopened(),
                Step::Deal(deed, max) => {
                    let through = LetterPage { queue: "dead".to_owned(), max, ..LetterPage::default() };
                    house.deal((through, deed, &format!("{number:04}")), now).unwrap();
                }
                Step::Undo => {
                    let deeds = house.events.store().read(|read| house.events.undoable(read)).unwrap();
                    if let Some(last) = deeds.last() {
                        house.undo(&last.name, now).unwrap();
                    }
                }
            }
        }
        let counts = house.counts();
        assert!(counts.balance(), "{counts:?}");
        let functions: Vec<Arn> = ["f", "n"].map(|name| function(name).parse().unwrap()).to_vec();
        let owed = house.events.store().read(|read| house.events.count_owed(read, &functions, now)).unwrap();
        assert_eq!(owed, counts.owed);
        assert_eq!(counts.kept, counts.accepted);
    }
}

/// Buses that keep as much as said, in a folder of their own.
fn keeping(retention: Retention) -> (Events, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), &Options { home: Scope::new(ACCOUNT, REGION), ..Options::default() })
        .unwrap();
    let queues = Queues::open(store.clone()).unwrap();
    (Events::open_with(store, queues, retention, NOON).unwrap(), dir)
}

fn accept(events: &Events, id: u32, now: aws::Timestamp) {
    let matched =
        events.match_event(&BusName::default_bus(), &event(&id.to_string(), "t", "{}"), now).unwrap();
    let (inside, ids) = (events.clone(), aws::Ids::from_seed(u128::from(id)));
    events
        .store()
        .write(|e| e, move |tx| Ok(inside.accept(&mut Commit::new(tx, now, &ids), matched)))
        .wait()
        .unwrap();
}

fn sweep(events: &Events, now: aws::Timestamp, limit: usize) -> events::SweepReport {
    let inside = events.clone();
    events.store().write(|e| e, move |tx| Ok(inside.sweep(tx, now, limit))).wait().unwrap()
}

fn kept(events: &Events) -> Vec<String> {
    let last = events.store().read(|read| events.last_events(read, &BusName::default_bus(), 100)).unwrap();
    last.into_iter().map(|(_, event)| event.id).collect()
}

#[test]
fn old_events_go_and_young_ones_stay() {
    let (events, _dir) = keeping(Retention::default());
    for id in 0..5 {
        accept(&events, id, NOON.plus(Duration::from_secs(u64::from(id) * 3600)));
    }
    let later = NOON.plus(Duration::from_secs(86_400 + 3600 + 1));
    assert_eq!(sweep(&events, later, 1), events::SweepReport { removed: 1, more: true });
    assert_eq!(sweep(&events, later, 10), events::SweepReport { removed: 1, more: false });
    assert_eq!(kept(&events), ["4", "3", "2"]);
    let gone = events.store().read(|read| events.event(read, "0")).unwrap();
    assert!(gone.is_empty());
    assert_eq!(events.store().read(|read| events.counts(read).kept).unwrap(), 3);
}

#[test]
fn too_many_bytes_push_out_the_oldest() {
    let (events, _dir) = keeping(Retention { age_max: Duration::from_secs(86_400), size_bytes_max: 1000 });
    for id in 0..10 {
        accept(&events, id, NOON);
    }
    let swept = sweep(&events, NOON, 100);
    let counts = events.store().read(|read| events.counts(read)).unwrap();
    assert!(swept.removed > 0 && counts.kept_bytes <= 1000, "{swept:?} {counts:?}");
    assert_eq!(kept(&events).first().map(String::as_str), Some("9"));
    assert_eq!(counts.kept, u64::try_from(kept(&events).len()).unwrap());
}
