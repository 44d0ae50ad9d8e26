//! Closed executions after their 90 days.

use serde_json::json;

use crate::house::House;

const DAY_MS: u64 = 86_400_000;

#[test]
fn a_closed_execution_is_swept_after_ninety_days_piece_by_piece() {
    let mut house = House::new();
    let pass = json!({"StartAt": "P", "States": {"P": {"Type": "Pass", "Next": "Q"}, "Q": {"Type": "Pass", "End": true}}});
    let wait = json!({"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 99_999_999, "End": true}}});
    let (passes, waits) = (house.machine("passes", &pass), house.machine("waits", &wait));
    let (old, open) = (house.start(&passes, "one", &json!({})), house.start(&waits, "one", &json!({})));
    while house.step(crate::house::Fate::Settles) {}
    house.now_ms += 90 * DAY_MS - 1_000;
    let young = house.start(&passes, "two", &json!({}));
    while house.step(crate::house::Fate::Settles) {}
    assert_eq!(house.sweep(100), 0);
    house.now_ms += 2_000;
    let mut pieces = 0;
    while house.sweep(3) > 0 {
        pieces += 1;
        assert!(pieces < 20);
        let gone = house.try_call("GetExecutionHistory", &json!({"executionArn": old})).unwrap_err();
        assert_eq!(gone.code, "ExecutionDoesNotExist");
    }
    assert!(pieces > 1);
    assert_eq!(house.describe(&young)["status"], "SUCCEEDED");
    assert_eq!(house.describe(&open)["status"], "RUNNING");
    let listed = house.call("ListExecutions", &json!({"stateMachineArn": passes}));
    assert_eq!(listed["executions"].as_array().unwrap().len(), 1);
    assert_eq!(house.start(&passes, "one", &json!({"other": 1})), old, "its name is free");
}

#[test]
fn children_go_after_their_map_run() {
    let mut house = House::new();
    let map = json!({"StartAt": "M", "States": {"M": {"Type": "Map", "Label": "L", "Next": "W",
        "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "P",
            "States": {"P": {"Type": "Pass", "End": true}}}}, "W": {"Type": "Wait", "Seconds": 864_000, "End": true}}});
    let machine = house.machine("m", &map);
    let execution = house.start(&machine, "one", &json!([1, 2]));
    while house.step(crate::house::Fate::Settles) {}
    let runs = house.call("ListMapRuns", &json!({"executionArn": execution}));
    let run = runs["mapRuns"][0]["mapRunArn"].clone();
    let children = |house: &mut House| {
        let asked = json!({"mapRunArn": run});
        house.try_call("ListExecutions", &asked).map(|listed| listed["executions"].as_array().unwrap().len())
    };
    house.run();
    house.now_ms += 80 * DAY_MS + 3_600_000;
    while house.sweep(100) > 1 {}
    assert_eq!(children(&mut house).unwrap(), 2, "their map run is younger");
    house.now_ms += 12 * DAY_MS;
    for _ in 0..5 {
        house.sweep(100);
    }
    house.now_ms += 2 * DAY_MS;
    for _ in 0..5 {
        house.sweep(100);
    }
    assert!(house.try_call("DescribeExecution", &json!({"executionArn": execution})).is_err());
    assert!(children(&mut house).is_err());
    assert_eq!(house.sweep(100), 0, "nothing is left");
}
