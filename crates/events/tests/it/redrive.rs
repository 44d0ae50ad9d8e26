//! Dead letters sent again, thrown away, and both undone: a letter is always in one place, and the books balance.

use std::time::Duration;

use aws::{Arn, Timestamp};
use events::{ActionReport, LetterAction, LetterPage, Outcome, Retry, Selection, Settlement};
use serde_json::json;

use crate::house::{House, NOON, event, function};

/// A day, after which nothing can be undone.
const DAY: Duration = Duration::from_secs(86_400);

/// A house whose rules `calls` (a function, owed) and `fills` (the queue `missing`, which is not there) have each given up
/// the events `1` and `2`.
fn house() -> (House, Arn) {
    let house = House::new();
    let dead = house.queue("dead");
    let letters = json!({"Arn": dead.to_string()});
    let missing = dead.to_string().replace("dead", "missing");
    house.rule(
        "calls",
        &json!({"source": ["test"]}),
        &json!([{"Id": "f", "Arn": function("f"), "DeadLetterConfig": letters}]),
    );
    house.rule(
        "fills",
        &json!({"source": ["test"]}),
        &json!([{"Id": "q", "Arn": missing, "InputPath": "$.detail", "DeadLetterConfig": letters}]),
    );
    for id in ["1", "2"] {
        house.accept(&event(id, "t", "{\"a\":1}"), NOON);
    }
    give_up(&house, NOON);
    assert_eq!(house.letters("dead", NOON).len(), 4);
    (house, dead)
}

/// Every delivery that is owed is given up.
fn give_up(house: &House, now: Timestamp) {
    let hopeless = Outcome::Failed {
        code: "SDK_CLIENT_ERROR".to_owned(),
        message: "no".to_owned(),
        retry: Retry::Never,
    };
    for owed in house.due(now) {
        assert!(matches!(house.settle(&owed, &hopeless, now), Settlement::DeadLettered { .. }));
    }
}

fn through(selection: Selection) -> LetterPage {
    LetterPage { queue: "dead".to_owned(), selection, max: 100, ..LetterPage::default() }
}

fn of_rule(rule: &str) -> Selection {
    Selection { rule: Some(rule.to_owned()), ..Selection::default() }
}

const AGAIN: LetterAction = LetterAction::Redrive { to: None, payload: None };

fn balanced(house: &House) {
    let counts = house.counts();
    assert!(counts.balance(), "{counts:?}");
}

#[test]
fn letters_are_chosen_by_what_they_say() {
    let (house, _) = house();
    let letters = house.letters("dead", NOON);
    let id = letters[0].message().id().to_owned();
    let only = |change: &dyn Fn(&mut Selection)| {
        let mut selection = Selection::default();
        change(&mut selection);
        letters.iter().filter(|letter| selection.takes(letter)).count()
    };
    let name = |name: &str| Some(name.to_owned());
    assert_eq!(only(&|all| all.ids = vec![id.clone(), "other".to_owned()]), 1);
    assert_eq!(only(&|all| all.error_code = name("NO_RESOURCE")), 2);
    assert_eq!(only(&|all| all.error_code = name("SDK_CLIENT_ERROR")), 2);
    assert_eq!(only(&|all| all.rule = name("calls")), 2);
    assert_eq!(only(&|all| all.rule = name("call")), 0);
    assert_eq!(only(&|all| all.rule = name("other/calls")), 0);
    assert_eq!(only(&|all| all.target = name("missing")), 2);
    assert_eq!(only(&|all| all.target = Some(function("f"))), 2);
    assert_eq!(only(&|all| (all.rule, all.target) = (name("calls"), name("missing"))), 0);
    assert_eq!(only(&|all| all.source = name("work")), 0);
}

#[test]
fn a_letter_goes_again_to_the_target_that_missed_it() {
    let (house, _) = house();
    let later = NOON.plus(Duration::from_secs(1));
    let stays = house.deal((through(of_rule("fills")), AGAIN, "a"), later).unwrap();
    assert_eq!((stays.done.len(), stays.stayed.len()), (0, 2), "the queue is still missing");
    assert_eq!(house.letters("dead", later).len(), 4);

    let missing = house.queue("missing");
    let dealt = house.deal((through(of_rule("fills")), AGAIN, "b"), later).unwrap();
    assert_eq!((dealt.done.len(), dealt.stayed.len(), dealt.after), (2, 0, None));
    let bodies: Vec<String> =
        house.receive(&missing, later).into_iter().map(|received| received.body).collect();
    assert_eq!(bodies, ["{\"a\":1}", "{\"a\":1}"]);

    house.deal((through(of_rule("calls")), AGAIN, "c"), later).unwrap();
    let owed = house.due(later);
    assert_eq!(
        owed.iter().map(|owed| (owed.event_id.as_str(), owed.attempt)).collect::<Vec<_>>(),
        [("1", 1), ("2", 1)]
    );
    house.settle(&owed[0], &Outcome::Delivered, later);
    assert!(house.letters("dead", later).is_empty());
    balanced(&house);
    assert_eq!((house.counts().delivered, house.counts().owed, house.counts().dead_lettered), (3, 1, 4));

    // The trip of the event tells it.
    let kept = house.events.store().read(|read| house.events.event(read, "1")).unwrap();
    let made: Vec<usize> = kept[0].2.matched.iter().map(|rule| rule.deliveries.len()).collect();
    assert_eq!(made, [2, 2]);
}

/// The letter names only the ARN, and each of the targets has an input of its own.
#[test]
fn a_letter_stays_where_its_rule_has_two_targets_with_its_arn() {
    let (house, _) = house();
    let missing = house.queue("missing");
    let targets = json!([{"Id": "other", "Arn": missing.to_string(), "Input": "\"B\""}]);
    house.rule("fills", &json!({"source": ["test"]}), &targets);
    let stays = house.deal((through(of_rule("fills")), AGAIN, "a"), NOON).unwrap();
    assert_eq!((stays.done.len(), stays.stayed.len()), (0, 2));
    assert!(stays.stayed[0].reason.contains("several targets with this ARN"), "{stays:?}");
    assert!(house.receive(&missing, NOON).is_empty());
    house.ask("RemoveTargets", &json!({"Rule": "fills", "Ids": ["other"]})).unwrap();
    assert_eq!(house.deal((through(of_rule("fills")), AGAIN, "b"), NOON).unwrap().done.len(), 2);
    assert_eq!(house.receive(&missing, NOON)[0].body, "{\"a\":1}");
    balanced(&house);
}

#[test]
fn one_that_fails_again_meanwhile_is_not_sent_again_and_again() {
    let (house, _) = house();
    let later = NOON.plus(Duration::from_secs(1));
    let step = |after| LetterPage { after, until: Some(later), max: 1, ..through(of_rule("calls")) };
    let ActionReport { done, after, .. } = house.deal((step(None), AGAIN, "a"), later).unwrap();
    assert_eq!(done.len(), 1);
    let failed_at = later.plus(Duration::from_secs(1));
    give_up(&house, failed_at);
    let ActionReport { done, after, .. } = house.deal((step(after), AGAIN, "a"), failed_at).unwrap();
    assert_eq!(done.len(), 1);
    let last = house.deal((step(after), AGAIN, "a"), failed_at).unwrap();
    assert_eq!((last.done.len(), last.after), (0, None));
    assert_eq!(house.letters("dead", failed_at).len(), 3);
    balanced(&house);
}

#[test]
fn the_payload_can_be_edited() {
    let (house, _) = house();
    let missing = house.queue("missing");
    let with = |payload: &str| LetterAction::Redrive { to: None, payload: Some(payload.to_owned()) };
    let refused = house.deal((through(of_rule("fills")), with("{}"), "a"), NOON).unwrap();
    assert_eq!(refused.done.len(), 0);
    assert!(refused.stayed[0].reason.contains("no event"), "{refused:?}");
    let id = house
        .letters("dead", NOON)
        .iter()
        .find(|letter| of_rule("fills").takes(letter))
        .unwrap()
        .message()
        .id()
        .to_owned();
    let one = Selection { ids: vec![id.clone()], ..Selection::default() };
    let edited = event("1", "t", "{\"a\":2}").to_json();
    assert_eq!(house.deal((through(one), with(&edited), "b"), NOON).unwrap().done, [id]);
    assert_eq!(house.receive(&missing, NOON)[0].body, "{\"a\":2}");
    balanced(&house);
}

#[test]
fn what_nobody_has_received_is_taken_back() {
    let (house, dead) = house();
    let missing = house.queue("missing");
    let before: Vec<_> = house.letters("dead", NOON).into_iter().map(events::Letter::into_message).collect();
    let counts = house.counts();
    assert_eq!(house.deal((through(Selection::default()), AGAIN, "a"), NOON).unwrap().done.len(), 4);
    assert!(house.letters("dead", NOON).is_empty());
    let undone = house.undo("a", NOON).unwrap();
    assert_eq!((undone.restored.len(), undone.stayed.len(), undone.after), (4, 0, None));
    let after: Vec<_> = house.letters("dead", NOON).into_iter().map(events::Letter::into_message).collect();
    assert_eq!(after, before, "they are as they were");
    assert_eq!(house.counts(), counts);
    assert!(house.due(NOON).is_empty() && house.receive(&missing, NOON).is_empty());
    assert!(house.undo("a", NOON).is_err(), "once");

    // What was received, or tried, stays where it is.
    house.deal((through(Selection::default()), AGAIN, "b"), NOON).unwrap();
    assert_eq!((house.due(NOON).len(), house.receive(&missing, NOON).len()), (2, 2));
    let undone = house.undo("b", NOON).unwrap();
    assert_eq!((undone.restored.len(), undone.stayed.len()), (0, 4));
    assert!(house.receive(&dead, NOON).is_empty());
    balanced(&house);
}

#[test]
fn what_was_thrown_away_comes_back_for_a_day() {
    let (house, _) = house();
    let id = house.letters("dead", NOON)[0].message().id().to_owned();
    assert_eq!(
        house.deal((through(Selection::default()), LetterAction::Purge, "a"), NOON).unwrap().done.len(),
        4
    );
    assert_eq!(house.undo(&id, NOON.plus(DAY)).unwrap().restored, std::slice::from_ref(&id));
    let house = house.reopened();
    assert_eq!(house.letters("dead", NOON.plus(DAY))[0].message().id(), id);
    let deeds = house.events.store().read(|read| house.events.undoable(read)).unwrap();
    assert_eq!(deeds.iter().map(|deed| (deed.letters, deed.purged)).collect::<Vec<_>>(), [(3, true)]);

    let later = NOON.plus(DAY + Duration::from_millis(1));
    house.write(move |events, tx| events.sweep(tx, later, 100));
    assert!(house.undo("a", later).unwrap_err().message.contains("kept for a day"));
    balanced(&house);
}

/// No more is promised than is kept: 64 MiB.
#[test]
fn what_is_no_longer_kept_is_counted() {
    let house = House::new();
    house.queue("dead");
    let ids = house.ids();
    house.write(move |events, tx| {
        let queue = events.queues().find(tx, "dead").unwrap();
        for _ in 0..5 {
            let (id, body) = (ids.next_uuid(), "x".repeat(15 << 20));
            let message = queue::NewMessage { id, body, now: NOON, ..queue::NewMessage::default() };
            events.queues().send(tx, queue.engine, message);
        }
    });
    let step = |after| LetterPage { after, max: 3, ..through(Selection::default()) };
    let first = house.deal((step(None), LetterAction::Purge, "a"), NOON).unwrap();
    assert_eq!((first.done.len(), first.gone, first.finally), (3, 0, 0));
    let second = house.deal((step(first.after), LetterAction::Purge, "a"), NOON).unwrap();
    assert_eq!((second.done.len(), second.gone), (2, 1));
    let undone = house.undo("a", NOON).unwrap();
    assert_eq!((undone.restored.len(), undone.stayed.len(), undone.gone), (4, 0, 1));
}

/// It would be logged twice when it is sent again after that.
#[test]
fn what_has_been_logged_is_not_undone() {
    let house = House::new();
    let letters = json!({"Arn": house.queue("dead").to_string()});
    let group = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/events/g";
    let target = json!([{"Id": "l", "Arn": group, "DeadLetterConfig": letters}]);
    house.rule("logs", &json!({"source": ["test"]}), &target);
    house.accept(&event("1", "t", "{}"), NOON);
    assert_eq!(house.letters("dead", NOON).len(), 1);
    house.ask_logs("CreateLogGroup", &json!({"logGroupName": "/aws/events/g"}));
    let dealt = house.deal((through(Selection::default()), AGAIN, "a"), NOON).unwrap();
    assert_eq!((dealt.done.len(), dealt.finally, dealt.gone), (1, 1, 0));
    assert!(house.events.store().read(|read| house.events.undoable(read)).unwrap().is_empty());
    let undone = house.undo("a", NOON).unwrap();
    assert!(undone.restored.is_empty() && undone.stayed[0].reason.contains("logged"), "{undone:?}");
    assert!(house.letters("dead", NOON).is_empty());
    balanced(&house);
}

#[test]
fn what_cannot_be_done_is_said() {
    let (house, dead) = house();
    house.queue_with("order.fifo", &json!({"FifoQueue": "true"}));
    let of = |queue: &str| LetterPage { queue: queue.to_owned(), max: 1, ..LetterPage::default() };
    let refused = |through, deed| house.deal((through, deed, "a"), NOON).unwrap_err().message;
    assert!(refused(of("none"), AGAIN).contains("does not exist"));
    assert!(refused(of("order.fifo"), LetterAction::Purge).contains("FIFO queue"));
    let same = LetterAction::Redrive { to: Some(dead.clone()), payload: None };
    assert!(refused(of("dead"), same).contains("in dead already"));
    let stays = |to: &str| {
        let to = Some(dead.to_string().replace("dead", to).parse().unwrap());
        house.deal((of("dead"), LetterAction::Redrive { to, payload: None }, "a"), NOON).unwrap().stayed[0]
            .reason
            .clone()
    };
    assert!(stays("none").contains("does not exist"));
    assert!(stays("order.fifo").contains("FIFO queue"));
    house.ask("RemoveTargets", &json!({"Rule": "calls", "Ids": ["f"]})).unwrap();
    let gone = house.deal((through(of_rule("calls")), AGAIN, "a"), NOON).unwrap();
    assert!(gone.stayed[0].reason.contains("no longer has the target"), "{gone:?}");
    assert_eq!(house.letters("dead", NOON).len(), 4);
}
