//! Scheduled rules: what a tick delivers, and what becomes of ticks that were missed, disabled, replaced or slept through.

use std::time::Duration;

use aws::Timestamp;
use serde_json::{Value, json};
use store::Commit;

use crate::house::{ACCOUNT, House, NOON, REGION};

impl House {
    /// Takes what has fallen due; how many ticks.
    fn tick(&self, now: Timestamp) -> usize {
        let ids = self.ids();
        self.write(move |events, tx| events.tick_schedules(&mut Commit::new(tx, now, &ids), 100))
    }

    fn bodies(&self, queue: &aws::Arn, now: Timestamp) -> Vec<Value> {
        let received = self.receive(queue, now);
        received.iter().map(|message| serde_json::from_str(&message.body).unwrap()).collect()
    }
}

fn after(seconds: u64) -> Timestamp {
    NOON.plus(Duration::from_secs(seconds))
}

/// A house with a rule of this schedule and a queue that it sends to.
fn house(schedule: &str) -> (House, aws::Arn) {
    let house = House::new();
    let queue = house.queue("ticks");
    house.ask("PutRule", &json!({"Name": "clock", "ScheduleExpression": schedule})).unwrap();
    let targets = json!([{"Id": "t", "Arn": queue.to_string()}]);
    house.ask("PutTargets", &json!({"Rule": "clock", "Targets": targets})).unwrap();
    (house, queue)
}

#[test]
fn a_tick_is_an_event_for_its_rule_alone() {
    let (house, queue) = house("rate(1 minute)");
    let other = house.queue("other");
    house.rule("all", &json!({"source": ["aws.events"]}), &json!([{"Id": "t", "Arn": other.to_string()}]));
    assert_eq!(house.tick(after(59)), 0);
    assert_eq!(house.tick(after(60)), 1);
    let bodies = house.bodies(&queue, after(60));
    let [event] = bodies.as_slice() else { panic!("{bodies:?}") };
    assert_eq!(event["id"].as_str().map(str::len), Some(36));
    let mut without_id = event.clone();
    without_id["id"] = Value::Null;
    let wanted = json!({
        "version": "0", "id": null, "detail-type": "Scheduled Event", "source": "aws.events", "account": ACCOUNT,
        "time": after(60).to_iso_seconds(), "region": REGION,
        "resources": [format!("arn:aws:events:{REGION}:{ACCOUNT}:rule/clock")], "detail": {},
    });
    assert_eq!(without_id, wanted);
    assert_eq!(house.bodies(&other, after(60)), Vec::<Value>::new());
    assert_eq!((house.tick(after(61)), house.tick(after(120))), (0, 1));
    assert_eq!(house.bodies(&queue, after(120)).len(), 1);
    assert!(house.counts().balance());
}

#[test]
fn missed_ticks_are_not_made_up_for() {
    let (house, queue) = house("rate(5 minutes)");
    let house = house.reopened();
    let back = after(3600 + 150);
    assert_eq!(house.tick(back), 1);
    assert_eq!(house.bodies(&queue, back), Vec::<Value>::new());
    // The step of the rate is kept: noon and a multiple of five minutes.
    assert_eq!(house.tick(after(3600 + 299)), 0);
    assert_eq!(house.tick(after(3600 + 300)), 1);
    assert_eq!(house.bodies(&queue, after(3600 + 300)).len(), 1);
}

#[test]
fn a_disabled_rule_owes_no_tick_and_an_enabled_one_owes_one() {
    let (house, queue) = house("rate(1 minute)");
    house.ask("DisableRule", &json!({"Name": "clock"})).unwrap();
    house.tick(after(60));
    assert_eq!(house.bodies(&queue, after(60)), Vec::<Value>::new());
    house.ask_at(after(90), "EnableRule", &json!({"Name": "clock"})).unwrap();
    house.ask_at(after(100), "EnableRule", &json!({"Name": "clock"})).unwrap();
    assert_eq!((house.tick(after(149)), house.tick(after(150))), (0, 1));
    assert_eq!(house.bodies(&queue, after(150)).len(), 1);
}

#[test]
fn a_schedule_that_was_replaced_is_forgotten() {
    let (house, queue) = house("rate(1 minute)");
    house.ask("PutRule", &json!({"Name": "clock", "ScheduleExpression": "cron(5 12 * * ? *)"})).unwrap();
    house.tick(after(60));
    assert_eq!(house.bodies(&queue, after(60)), Vec::<Value>::new());
    house.tick(after(300));
    assert_eq!(house.bodies(&queue, after(300)).len(), 1);
}

#[test]
fn a_deleted_rule_does_not_run() {
    let (house, queue) = house("rate(1 minute)");
    house.ask("RemoveTargets", &json!({"Rule": "clock", "Ids": ["t"]})).unwrap();
    house.ask("DeleteRule", &json!({"Name": "clock"})).unwrap();
    house.tick(after(60));
    assert_eq!(house.bodies(&queue, after(60)), Vec::<Value>::new());
    assert_eq!(house.counts().accepted, 0);
}

#[test]
fn a_rule_with_a_pattern_too_takes_both() {
    let (house, queue) = house("rate(1 minute)");
    let rule = json!({"Name": "clock", "ScheduleExpression": "rate(1 minute)", "EventPattern": "{\"source\":[\"test\"]}"});
    house.ask("PutRule", &rule).unwrap();
    house.accept(&crate::house::event("1", "t", "{}"), NOON);
    house.tick(after(60));
    assert_eq!(house.bodies(&queue, after(60)).len(), 2);
}
