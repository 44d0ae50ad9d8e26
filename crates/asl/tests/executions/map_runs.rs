//! Map runs: orders, children's inputs, batches, concurrency, tolerance, results.

use asl::map_run::{Ended, ItemSource, MapRun, MapRunOrder, Verdict};
use asl::{Event, Execution, Machine, What, step};
use serde_json::{Value, json};

use crate::world::{NOW_MS, about, machine};

/// A distributed Map with these fields besides, and what it is given.
fn ordered(more: &Value, input: Value) -> (Machine, MapRunOrder) {
    let mut map = json!({"Type": "Map", "End": true, "Label": "rows", "ItemProcessor": {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}});
    for (name, value) in more.as_object().into_iter().flatten() {
        map[name] = value.clone();
    }
    let machine = machine(&json!({"StartAt": "M", "States": {"M": map}}));
    let mut execution = Execution::new(about(input));
    let effects = step(&machine, &mut execution, Event { now_ms: NOW_MS, seed: 1, what: What::Start });
    let order = effects.map_runs.into_iter().next().expect("a map run is ordered");
    (machine, order)
}

fn items(order: &MapRunOrder) -> Vec<Value> {
    match &order.source {
        ItemSource::Items(items) => items.clone(),
        ItemSource::Reader { .. } => panic!("a reader"),
    }
}

#[test]
fn an_order_says_what_its_children_are() {
    let selector = json!({"ItemSelector": {"n.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value", "s.$": "$$.Map.Item.Source",
        "all.$": "$.k"}, "ItemsPath": "$.l"});
    let (machine, order) = ordered(&selector, json!({"l": ["a", "b"], "k": 7}));
    assert_eq!(order.label, "rows");
    assert!(
        order.map_run_arn.starts_with("arn:aws:states:us-east-1:111111111111:mapRun:m/rows:"),
        "{order:?}"
    );
    let inputs = order.inputs(&machine, items(&order), "STATE_DATA").expect("inputs");
    assert_eq!(inputs[1].input, json!({"n": 1, "v": "b", "s": "STATE_DATA", "all": 7}));
    assert_eq!(inputs[1].item.as_ref().map(|item| item.index), Some(1));
}

#[test]
fn batches_keep_to_their_items_and_their_bytes() {
    let batched = |batcher: Value, input: Value| {
        let (machine, order) = ordered(&json!({"ItemBatcher": batcher}), input);
        let inputs = order.inputs(&machine, items(&order), "STATE_DATA")?;
        Ok::<Vec<Value>, asl::TaskError>(inputs.into_iter().map(|child| child.input).collect())
    };
    let by_items =
        batched(json!({"MaxItemsPerBatch": 2, "BatchInput": {"k": 1}}), json!([1, 2, 3])).expect("batches");
    assert_eq!(
        by_items,
        [json!({"BatchInput": {"k": 1}, "Items": [1, 2]}), json!({"BatchInput": {"k": 1}, "Items": [3]})]
    );
    let by_bytes =
        batched(json!({"MaxInputBytesPerBatch": 40}), json!(["aaaaaaaaaa", "bbbbbbbbbb", "cccccccccc"]));
    let by_bytes = by_bytes.expect("batches");
    assert!(by_bytes.iter().all(|input| input.to_string().len() <= 40), "{by_bytes:?}");
    assert_eq!(by_bytes.len(), 2);
    let too_large = batched(json!({"MaxInputBytesPerBatch": 20}), json!(["aaaaaaaaaaaaaaaaaaaa"]))
        .expect_err("too large");
    assert_eq!(too_large.error.as_deref(), Some("States.ItemReaderFailed"));
}

#[test]
fn exactly_as_many_children_run_as_may() {
    let (_, order) = ordered(&json!({"MaxConcurrency": 3}), json!([0]));
    let mut run = MapRun::new(&order, 10);
    let mut open = run.start().count();
    let mut started = open;
    assert_eq!(open, 3);
    while run.verdict() == Verdict::GoesOn {
        run.ended(Ended::Succeeded);
        open -= 1;
        let new = run.start().count();
        open += new;
        started += new;
        assert!(open <= 3 && (open == 3 || started == 10));
    }
    assert_eq!((started, open, run.verdict()), (10, 0, Verdict::Succeeded));
    assert_eq!(MapRun::new(&order, 0).verdict(), Verdict::Succeeded);
}

#[test]
fn either_tolerance_breaks_a_run() {
    let verdicts = |more: Value, failures: u64| {
        let (_, order) = ordered(&more, json!([0]));
        let mut run = MapRun::new(&order, 10);
        run.start();
        (0..failures).for_each(|_| run.ended(Ended::Failed));
        run.verdict()
    };
    assert_eq!(verdicts(json!({}), 1), Verdict::Failed);
    assert_eq!(verdicts(json!({"ToleratedFailureCount": 2}), 2), Verdict::GoesOn);
    assert_eq!(verdicts(json!({"ToleratedFailureCount": 2}), 3), Verdict::Failed);
    assert_eq!(verdicts(json!({"ToleratedFailurePercentage": 20}), 2), Verdict::GoesOn);
    assert_eq!(verdicts(json!({"ToleratedFailurePercentage": 20}), 3), Verdict::Failed);
    let both = json!({"ToleratedFailureCount": 9, "ToleratedFailurePercentage": 10});
    assert_eq!(verdicts(both, 2), Verdict::Failed);
    let all = json!({"ToleratedFailurePercentage": 100});
    assert_eq!(verdicts(all, 10), Verdict::Succeeded);
}

#[test]
fn a_writer_gives_the_place_of_its_manifest_and_too_much_fails() {
    let writer = json!({"ResultWriter": {"Resource": "arn:aws:states:::s3:putObject",
        "Parameters": {"Bucket": "out", "Prefix": "jobs"}}});
    let (_, order) = ordered(&writer, json!([0]));
    let result = order.result(vec![json!(1)]).expect("a result");
    let run = order.map_run_arn.rsplit(':').next().expect("a name");
    assert_eq!(result["MapRunArn"], json!(order.map_run_arn));
    let details = json!({"Bucket": "out", "Key": format!("jobs/{run}/manifest.json")});
    assert_eq!(result["ResultWriterDetails"], details);
    let (_, order) = ordered(&json!({}), json!([0]));
    assert_eq!(order.result(vec![json!(1), json!(2)]), Ok(json!([1, 2])));
    let large = order.result(vec![json!("x".repeat(300_000))]).expect_err("too large");
    assert_eq!(large.error.as_deref(), Some("States.DataLimitExceeded"));
}
