//! Partner event sources: whose events reach a bus, and whose are dropped and counted.

use std::time::Duration;

use serde_json::{Value, json};

use crate::house::{ACCOUNT, House, NOON};

const SOURCE: &str = "aws.partner/example.com/shop/1";

fn send(house: &House) {
    let entries = json!({"Entries": [{"Source": SOURCE, "DetailType": "order", "Detail": "{\"n\":1}"}]});
    assert_eq!(house.ask("PutPartnerEvents", &entries).unwrap()["FailedEntryCount"], 0);
}

#[test]
fn events_reach_the_bus_while_the_source_is_active() {
    let house = House::new();
    let queue = house.queue("orders");
    house.ask("CreatePartnerEventSource", &json!({"Name": SOURCE, "Account": ACCOUNT})).unwrap();
    send(&house);
    assert_eq!((house.counts().accepted, house.counts().no_bus), (0, 1));
    house.ask("CreateEventBus", &json!({"Name": SOURCE, "EventSourceName": SOURCE})).unwrap();
    let rule =
        json!({"Name": "r", "EventBusName": SOURCE, "EventPattern": json!({"source": [SOURCE]}).to_string()});
    house.ask("PutRule", &rule).unwrap();
    let targets = json!([{"Id": "t", "Arn": queue.to_string()}]);
    house.ask("PutTargets", &json!({"Rule": "r", "EventBusName": SOURCE, "Targets": targets})).unwrap();
    send(&house);
    let received = house.receive(&queue, NOON);
    let [message] = received.as_slice() else { panic!("{received:?}") };
    let event: Value = serde_json::from_str(&message.body).unwrap();
    assert_eq!((&event["source"], &event["detail"]["n"]), (&SOURCE.into(), &1.into()));
    house.ask("DeactivateEventSource", &json!({"Name": SOURCE})).unwrap();
    send(&house);
    assert_eq!((house.counts().accepted, house.counts().no_bus), (1, 2));
}

#[test]
fn a_source_that_nobody_takes_is_gone_after_two_weeks() {
    let house = House::new();
    house.ask("CreatePartnerEventSource", &json!({"Name": SOURCE, "Account": ACCOUNT})).unwrap();
    let name = json!({"Name": SOURCE});
    let later = |days: u64| NOON.plus(Duration::from_secs(days * 86_400));
    house.ask_at(later(13), "DescribeEventSource", &name).unwrap();
    let gone = house.ask_at(later(14), "DescribeEventSource", &name).unwrap_err();
    assert_eq!(gone.code, "ResourceNotFoundException");
}
