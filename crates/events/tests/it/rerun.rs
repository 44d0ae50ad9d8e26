//! Replays beyond AWS's: from event records, at a speed, to one rule or target only, and rehearsed.

use std::time::Duration;

use aws::{Arn, Error, Timestamp};
use events::{BusName, Events, Progress, Rehearsal, RehearsalStep, ReplayScope, Rerun, RuleName};
use serde_json::json;
use store::Commit;

use crate::house::{ACCOUNT, House, NOON, REGION, event};

/// So many seconds after noon.
fn at(seconds: u64) -> Timestamp {
    NOON.plus(Duration::from_secs(seconds))
}

/// A replay of all event records of the default bus, as fast as it goes.
fn all(name: &str) -> Rerun {
    Rerun {
        name: name.to_owned(),
        bus: BusName::default_bus(),
        archive: None,
        from: Timestamp::ZERO,
        to: Timestamp::MAX,
        speed_milli: None,
        only: None,
    }
}

fn only(rule: &str, target: Option<&str>) -> Option<ReplayScope> {
    Some(ReplayScope { rule: RuleName::parse(rule).unwrap(), target: target.map(str::to_owned) })
}

impl House {
    fn start(&self, rerun: &Rerun, now: Timestamp) -> Result<(), Error> {
        let rerun = rerun.clone();
        self.write(move |events, tx| events.start_rerun(tx, &rerun, now))
    }

    /// Steps until nothing more is due at the moment.
    fn run(&self, now: Timestamp) {
        for _ in 0..100 {
            let ids = self.ids();
            if !self.write(move |events, tx| events.step_replays(&mut Commit::new(tx, now, &ids), 2)) {
                return;
            }
        }
        panic!("a replay did not come to an end");
    }

    fn progress(&self, name: &str) -> Progress {
        self.events.store().read(|read| Events::replay_progress(read, name)).unwrap().unwrap()
    }

    fn rehearsal(&self, rerun: &Rerun, after: Option<(u64, u64)>, limit: usize) -> Rehearsal {
        self.events
            .store()
            .read(|read| self.events.rehearse(read, rerun, RehearsalStep { after, limit, now: NOON }))
            .unwrap()
            .unwrap()
    }

    /// The ids of the events that a queue was sent, in order.
    fn sent(&self, queue: &Arn) -> Vec<String> {
        let bodies =
            std::iter::from_fn(|| Some(self.receive(queue, at(100_000))).filter(|some| !some.is_empty()));
        let id = |body: &str| -> String {
            let event: serde_json::Value = serde_json::from_str(body).unwrap();
            event["id"].as_str().unwrap().to_owned()
        };
        bodies.flatten().map(|message| id(&message.body)).collect()
    }
}

/// A house whose rules `wanted` and `all` have accepted an event every ten seconds: odd ones of type `wanted`.
fn house() -> (House, [Arn; 3]) {
    let house = House::new();
    let queues = ["first", "second", "every"].map(|name| house.queue(name));
    let [first, second, every] = &queues;
    let targets = json!([{"Id": "1", "Arn": first.to_string()}, {"Id": "2", "Arn": second.to_string()}]);
    house.rule("wanted", &json!({"detail-type": ["wanted"]}), &targets);
    house.rule("all", &json!({"source": ["test"]}), &json!([{"Id": "1", "Arn": every.to_string()}]));
    for number in 1..=5 {
        let kind = if number % 2 == 1 { "wanted" } else { "other" };
        house.accept(&event(&number.to_string(), kind, "{}"), at(number * 10));
    }
    for queue in &queues {
        house.sent(queue);
    }
    (house, queues)
}

#[test]
fn event_records_are_replayed_in_order_and_their_replays_are_not() {
    let (house, [first, _, every]) = house();
    for name in ["one", "two"] {
        house.start(&all(name), at(60)).unwrap();
        house.run(at(60));
        assert_eq!(house.sent(&every), ["1", "2", "3", "4", "5"], "{name}");
        assert_eq!(house.sent(&first), ["1", "3", "5"]);
    }
    assert_eq!(house.progress("one").replayed, 5);
    assert!(house.counts().balance());
    // A span, by the time of accepting.
    house.start(&Rerun { from: at(20), to: at(40), ..all("span") }, at(60)).unwrap();
    house.run(at(60));
    assert_eq!(house.sent(&every), ["2", "3"]);
    // AWS's operations know it; it is of the bus and of no archive.
    let listed = house.ask("DescribeReplay", &json!({"ReplayName": "span"})).unwrap();
    assert_eq!(listed["State"], "COMPLETED");
    assert_eq!(listed["EventSourceArn"], format!("arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"));
}

#[test]
fn one_target_alone_gets_what_its_rule_matches() {
    let (house, [first, second, every]) = house();
    house.start(&Rerun { only: only("wanted", Some("2")), ..all("one") }, at(60)).unwrap();
    house.run(at(60));
    assert_eq!(house.sent(&second), ["1", "3", "5"]);
    assert!(house.sent(&first).is_empty() && house.sent(&every).is_empty());
    let progress = house.progress("one");
    assert_eq!((progress.state, progress.replayed, progress.passed_over), ("COMPLETED", 3, 2));

    for (rule, target, words) in
        [("none", None, "Rule none does not exist"), ("wanted", Some("3"), "has no target with the Id 3")]
    {
        let refused = house.start(&Rerun { only: only(rule, target), ..all("two") }, NOON).unwrap_err();
        assert!(refused.message.contains(words), "{refused}");
    }
    // Without its rule a replay cannot go on, and says so.
    house.start(&Rerun { only: only("wanted", None), ..all("three") }, at(60)).unwrap();
    house.ask("DisableRule", &json!({"Name": "wanted"})).unwrap();
    house.run(at(60));
    let progress = house.progress("three");
    assert_eq!((progress.state, progress.replayed), ("FAILED", 0));
    assert!(progress.reason.unwrap().contains("disabled"));
}

/// Each event comes when its distance from the first has passed at the speed, also across a restart; what a pause of
/// everything has made late is not made up for at once.
#[test]
fn a_speed_keeps_the_distances() {
    let (house, [.., every]) = house();
    house.start(&Rerun { speed_milli: Some(2_000), ..all("twice") }, at(100)).unwrap();
    let next = |house: &House| house.events.store().read(|read| house.events.next_replay_step(read)).unwrap();
    house.run(at(100));
    assert_eq!((house.sent(&every), next(&house)), (vec!["1".to_owned()], Some(at(105))));
    house.run(at(104));
    assert!(house.sent(&every).is_empty());
    house.run(at(105));
    let house = house.reopened();
    house.run(at(110));
    assert_eq!(house.sent(&every), ["2", "3"]);
    // An hour of nothing.
    house.run(at(3_600));
    assert_eq!((house.sent(&every), next(&house)), (vec!["4".to_owned()], Some(at(3_605))));
    house.run(at(3_605));
    assert_eq!((house.sent(&every), next(&house)), (vec!["5".to_owned()], None));
    assert_eq!(house.progress("twice").state, "COMPLETED");
}

#[test]
fn a_rehearsal_tells_what_would_match_and_changes_nothing() {
    let (house, [.., every]) = house();
    let before = house.counts();
    let mut after = None;
    let mut told = (0, 0, Vec::new());
    loop {
        let step = house.rehearsal(&Rerun { only: only("wanted", None), ..all("dry") }, after, 2);
        told.0 += step.events;
        told.1 += step.unmatched;
        told.2.extend(
            step.rules
                .into_iter()
                .flat_map(|(name, (_, ids))| ids.into_iter().map(move |id| (name.clone(), id))),
        );
        after = step.after;
        if after.is_none() {
            break;
        }
    }
    let wanted = |id: &str| ("wanted".to_owned(), id.to_owned());
    assert_eq!(told, (5, 2, vec![wanted("1"), wanted("3"), wanted("5")]));
    assert_eq!(house.rehearsal(&all("dry"), None, 10).rules["all"].0, 5);
    assert!(house.sent(&every).is_empty());
    assert_eq!(house.counts(), before);
}
