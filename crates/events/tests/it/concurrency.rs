//! C11: never more under way to a target than its limit says, and no target holds up another. Time is an argument, so that
//! minutes of calls, kills and restarts run in a moment.

use std::time::Duration;

use aws::Timestamp;
use events::{BusName, DueDelivery, Events, Outcome, Settlement, Slots};
use serde_json::{Value, json};
use store::Commit;

use crate::house::{House, NOON, event, failed, function};

const TAG: &str = "trunkline:concurrency";

fn rule_arn(name: &str) -> String {
    format!("arn:aws:events:us-east-1:123456789012:rule/{name}")
}

fn tags(limit: &str) -> Value {
    json!([{"Key": TAG, "Value": limit}])
}

impl House {
    /// A rule with a function as target, and perhaps a limit.
    fn limited(&self, rule: &str, target: &str, limit: Option<&str>) {
        self.rule(rule, &json!({"detail-type": [rule]}), &json!([{"Id": "t", "Arn": function(target)}]));
        if let Some(limit) = limit {
            self.ask("TagResource", &json!({"ResourceARN": rule_arn(rule), "Tags": tags(limit)})).unwrap();
        }
    }

    /// So many events that the rule takes, in one commit.
    fn owe(&self, rule: &str, deliveries: usize) {
        let bus = BusName::default_bus();
        let matched: Vec<_> = (0..deliveries)
            .map(|number| {
                let event = event(&format!("{rule}{number}"), rule, "{}");
                self.events.match_event(&bus, &event, NOON).unwrap()
            })
            .collect();
        let ids = self.ids();
        self.write(move |events, tx| {
            for matched in matched {
                events.accept(&mut Commit::new(tx, NOON, &ids), matched);
            }
        });
    }

    fn limit(&self, target: &str) -> Option<u32> {
        let arn = function(target).parse().unwrap();
        self.events.store().read(|read| Events::concurrency_limit(read, &arn)).unwrap()
    }
}

#[test]
fn a_limit_holds_across_events_rules_and_a_restart() {
    let house = House::new();
    house.limited("a", "f", Some("3"));
    house.limited("b", "f", Some("2"));
    house.limited("c", "f", None);
    for rule in ["a", "b", "c"] {
        house.owe(rule, 3);
    }
    let first = house.due(NOON);
    assert_eq!(first.len(), 2, "the smallest limit that is asked for");
    assert!(house.due(NOON).is_empty());
    let house = house.reopened();
    assert!(house.due(NOON).is_empty());
    assert_eq!(house.settle(&first[0], &Outcome::Delivered, NOON), Settlement::Delivered);
    assert_eq!(house.due(NOON).len(), 1, "first come, first served");
    assert_eq!(house.settle(&first[1], &failed(), NOON), Settlement::Rescheduled { at: house_next(&house) });
    assert_eq!(house.due(NOON).len(), 1, "one that waits for its retry has no permit");
}

/// When the house's delivery that waits for its retry is tried again.
fn house_next(house: &House) -> Timestamp {
    let kept = house.events.store().read(|read| house.events.event(read, "a1")).unwrap().pop().unwrap().2;
    let events::Step::Owed { id } = &kept.matched[0].deliveries[0].step else { panic!("{kept:?}") };
    let attempts = house.events.store().read(|read| house.events.attempts(read, id)).unwrap().unwrap();
    let events::Fate::Owed { next } = attempts.fate else { panic!("{attempts:?}") };
    next
}

#[test]
fn a_limit_comes_and_goes_with_rules_tags_and_targets() {
    let house = House::new();
    let put = json!({"Name": "r", "EventPattern": "{\"source\":[\"test\"]}", "Tags": tags("7")});
    house.ask("PutRule", &put).unwrap();
    let target = |name: &str| json!({"Rule": "r", "Targets": [{"Id": "t", "Arn": function(name)}]});
    house.ask("PutTargets", &target("f")).unwrap();
    house.limited("other", "f", Some("9"));
    assert_eq!(house.limit("f"), Some(7));
    house.ask("PutTargets", &target("g")).unwrap();
    assert_eq!((house.limit("f"), house.limit("g")), (Some(9), Some(7)), "the target was replaced");
    house.ask("UntagResource", &json!({"ResourceARN": rule_arn("other"), "TagKeys": [TAG]})).unwrap();
    assert_eq!(house.limit("f"), None);
    house.ask("RemoveTargets", &json!({"Rule": "r", "Ids": ["t"]})).unwrap();
    assert_eq!(house.limit("g"), None);
    // Without a limit, as many as any target may have under way.
    house.owe("other", 120);
    assert_eq!(house.due(NOON).len(), 100);
}

#[test]
fn a_tag_can_be_for_one_target_of_the_rule() {
    let house = House::new();
    let tags = [(TAG, "8"), ("trunkline:concurrency:one", "3"), ("trunkline:concurrencyx", "no limit")];
    let tags = tags.map(|(key, value)| json!({"Key": key, "Value": value}));
    let put = json!({"Name": "r", "EventPattern": "{\"source\":[\"test\"]}", "Tags": tags});
    house.ask("PutRule", &put).unwrap();
    let targets = [("one", "f"), ("two", "g"), ("three", "g")]
        .map(|(id, name)| json!({"Id": id, "Arn": function(name)}));
    house.ask("PutTargets", &json!({"Rule": "r", "Targets": targets})).unwrap();
    assert_eq!((house.limit("f"), house.limit("g")), (Some(3), Some(8)));
    let tag = json!([{"Key": "trunkline:concurrency:three", "Value": "5"}]);
    house.ask("TagResource", &json!({"ResourceARN": rule_arn("r"), "Tags": tag})).unwrap();
    assert_eq!((house.limit("f"), house.limit("g")), (Some(3), Some(5)), "two ids reach one target");
    let tag = json!([{"Key": "trunkline:concurrency:three", "Value": "many"}]);
    let error = house.ask("TagResource", &json!({"ResourceARN": rule_arn("r"), "Tags": tag})).unwrap_err();
    assert!(error.message.contains("trunkline:concurrency:three is 'many'"), "{}", error.message);
}

#[test]
fn what_is_no_limit_is_refused_with_a_sentence() {
    let house = House::new();
    house.limited("r", "f", None);
    for value in ["0", "-1", "1001", "ten", "", "+5", "1.0", "99999999999"] {
        let tag = json!({"ResourceARN": rule_arn("r"), "Tags": tags(value)});
        let put = json!({"Name": "n", "EventPattern": "{\"source\":[\"test\"]}", "Tags": tags(value)});
        for (operation, request) in [("TagResource", tag), ("PutRule", put)] {
            let error = house.ask(operation, &request).unwrap_err();
            assert_eq!(error.code, "ValidationException");
            assert!(error.message.contains("a whole number from 1 to 1000"), "{}", error.message);
        }
    }
    assert_eq!(
        house.ask("DescribeRule", &json!({"Name": "n"})).unwrap_err().code,
        "ResourceNotFoundException"
    );
}

/// A target that counts the calls it is at work on. It works on, whatever becomes of the caller.
struct Target {
    ends: Vec<Timestamp>,
    most: usize,
}

impl Target {
    fn call(&mut self, now: Timestamp, takes: Duration) {
        self.ends.retain(|end| *end > now);
        self.ends.push(now.plus(takes));
        self.most = self.most.max(self.ends.len());
    }
}

/// How long the target may take; it takes less.
const TIMEOUT: Duration = Duration::from_millis(400);

/// How a run of [`drain`] went.
struct Drained {
    took: Duration,
    most: usize,
    kills: usize,
    called: usize,
}

/// Carries `deliveries` to a target with a limit whose calls take `takes`; the carrier is killed every `killed_every` and
/// comes up again `down` later.
fn drain(deliveries: usize, limit: usize, takes: Duration, kills: Option<(Duration, Duration)>) -> Drained {
    let mut house = House::new();
    house.limited("r", "f", Some(&limit.to_string()));
    let timeout = json!([{"Key": "trunkline:timeout-ms", "Value": TIMEOUT.as_millis().to_string()}]);
    house.ask("TagResource", &json!({"ResourceARN": rule_arn("r"), "Tags": timeout})).unwrap();
    house.owe("r", deliveries);
    let mut target = Target { ends: Vec::new(), most: 0 };
    let mut done = Drained { took: Duration::ZERO, most: 0, kills: 0, called: 0 };
    let mut under_way: Vec<(Timestamp, DueDelivery)> = Vec::new();
    let mut killed_at = NOON;
    let mut now = NOON;
    while house.counts().owed > 0 {
        assert!(now.since(NOON) < Duration::from_secs(60), "it makes no progress");
        if let Some((every, down)) = kills
            && now.since(killed_at) >= every
        {
            // What it carried is known to the target alone from now on.
            under_way.clear();
            done.kills += 1;
            killed_at = now;
            now = now.plus(down);
            house = house.reopened();
        }
        let (ended, going): (Vec<_>, Vec<_>) = under_way.into_iter().partition(|(end, _)| *end <= now);
        under_way = going;
        for (_, owed) in ended {
            let (ids, attempt) = (house.ids(), events::Attempt::at_once(now, Outcome::Delivered));
            let (_, next) = house.write(move |events, tx| {
                let settled = events.settle(&mut Commit::new(tx, now, &ids), &owed, &attempt);
                (settled, events.next_due_to(&mut Commit::new(tx, now, &ids), &owed.target.arn))
            });
            under_way.extend(next.map(|next| (now.plus(takes), next)));
        }
        let carried = under_way.iter().filter(|(end, _)| *end == now.plus(takes)).count();
        let fresh = house.due(now);
        for _ in 0..carried + fresh.len() {
            target.call(now, takes);
            done.called += 1;
        }
        under_way.extend(fresh.into_iter().map(|owed| (now.plus(takes), owed)));
        now = now.plus(Duration::from_millis(10));
    }
    Drained { took: now.since(NOON), most: target.most, ..done }
}

#[test]
fn a_limited_target_is_kept_busy() {
    let takes = Duration::from_millis(200);
    let drained = drain(200, 10, takes, None);
    assert_eq!((drained.most, drained.called), (10, 200));
    // 200 deliveries, ten at a time, 0.2 s each, and the last look.
    assert!(drained.took <= Duration::from_millis(4_020), "{:?}", drained.took);
}

#[test]
fn a_carrier_that_is_killed_never_lets_the_target_see_more() {
    let (takes, down) = (Duration::from_millis(300), Duration::from_millis(50));
    let drained = drain(150, 10, takes, Some((Duration::from_secs(2), down)));
    assert!(drained.kills >= 2, "{}", drained.kills);
    assert_eq!(drained.most, 10, "an old call keeps its permit until it cannot be under way any more");
    // At least once: what a kill cut off is called again, and nothing else is.
    assert!(drained.called <= 150 + 10 * drained.kills, "{}", drained.called);
    // A kill costs at most the time that an old call may take, and its settlement.
    let ideal = takes * 15;
    let lost = (takes + 2 * TIMEOUT + down) * u32::try_from(drained.kills).unwrap();
    assert!(drained.took <= ideal + lost, "{:?}", drained.took);
}

#[test]
fn targets_that_hang_do_not_hold_up_another() {
    let house = House::new();
    for number in 0..12 {
        let name = format!("hangs{number}");
        house.limited(&name, &name, None);
        house.owe(&name, 120);
    }
    house.limited("runs", "runs", None);
    let mut places = Slots::new(1_000);
    let mut look = |now| {
        let (ids, given) = (house.ids(), places.clone());
        let due = house.write(move |events, tx| events.due(&mut Commit::new(tx, now, &ids), given));
        due.iter().for_each(|owed| places.take(&owed.target.arn.to_string()));
        due
    };
    // Whoever hangs takes all it can get.
    let mut hanging = 0;
    loop {
        let due = look(NOON);
        hanging += due.len();
        if due.is_empty() {
            break;
        }
    }
    assert!(hanging > 900, "{hanging}");
    house.owe("runs", 5);
    let due = look(NOON);
    assert!(!due.is_empty() && due.iter().all(|owed| owed.target.arn.resource == "function:runs"), "{due:?}");
}

#[test]
fn each_look_begins_with_another_target() {
    let house = House::new();
    for rule in 0..50 {
        let name = format!("r{rule:02}");
        let target =
            |number: i32| json!({"Id": number.to_string(), "Arn": function(&format!("f{rule:02}-{number}"))});
        house.rule(&name, &json!({"detail-type": [name]}), &(0..5).map(target).collect());
        house.owe(&name, 2);
    }
    let mut places = Slots::new(1_000);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..2 {
        let (ids, given) = (house.ids(), places.clone());
        let due = house.write(move |events, tx| events.due(&mut Commit::new(tx, NOON, &ids), given));
        for owed in due {
            places.take(&owed.target.arn.to_string());
            seen.insert(owed.target.arn.to_string());
        }
    }
    assert_eq!(seen.len(), 250, "200 at a look, and nobody waits for a second turn of others");
}

#[test]
fn a_lease_that_is_too_short_for_a_call_is_renewed_and_one_that_has_ended_is_not() {
    let house = House::new();
    house.limited("a", "f", Some("1"));
    house.owe("a", 2);
    let owed = house.due(NOON).pop().unwrap();
    let end = owed.call_until;
    let late = Timestamp::from_unix_ms(end.unix_ms() - 1);
    let spare = Duration::from_secs(1);
    let renew = |owed: &DueDelivery, now: Timestamp| {
        let owed = owed.clone();
        house.write(move |events, tx| events.renew_lease(tx, &owed, now, spare))
    };
    let until = renew(&owed, late).unwrap();
    assert_eq!(until, late.plus(owed.call_time + spare));
    assert!(house.due(end).is_empty(), "the permit is in use");
    assert_eq!(house.settle(&owed, &Outcome::Delivered, end), Settlement::Delivered);
    let next = house.due(end).pop().unwrap();
    assert_eq!(renew(&next, next.call_until), None, "the permit may be somebody else's");
    assert_eq!(renew(&owed, end), None, "it is settled");
}
