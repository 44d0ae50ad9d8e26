//! Batches of event source mappings: what is leased, left out, deleted and given up.

use std::time::Duration;

use aws::{Ids, Timestamp};
use lambda::batch::Gathered;
use lambda::{Batch, Functions, Handled};
use serde_json::{Value, json};
use store::Commit;

use crate::house::{House, NOON};

fn commit<T: Send + 'static>(
    house: &House,
    now: Timestamp,
    act: impl FnOnce(&Functions, &mut Commit<'_>) -> T + Send + 'static,
) -> T {
    let (functions, store) = (house.functions.clone(), house.functions.store().clone());
    let done = store
        .write(|error| error, move |tx| Ok(act(&functions, &mut Commit::new(tx, now, &Ids::from_seed(9)))));
    done.wait().unwrap()
}

/// A house with a function and a mapping from a queue; its UUID.
fn mapped(queue: &str, settings: &Value) -> (House, String) {
    let mut house = House::new();
    let role = "arn:aws:iam::000000000000:role/r";
    let request = json!({"FunctionName": "f", "Runtime": "nodejs20.x", "Role": role, "Handler": "i.h",
        "Code": {"ZipFile": "UEsx"}});
    house.ask("CreateFunction", &request).unwrap();
    let mut request = settings.clone();
    request["FunctionName"] = json!("f");
    request["EventSourceArn"] = json!(format!("arn:aws:sqs:us-east-1:000000000000:{queue}"));
    let made = house.ask("CreateEventSourceMapping", &request).unwrap();
    (house, made["UUID"].as_str().unwrap().to_owned())
}

fn send(house: &House, queue: &str, body: &str) -> String {
    let url = format!("http://localhost/000000000000/{queue}");
    let mut request = json!({"QueueUrl": url, "MessageBody": body});
    if queue.ends_with(".fifo") {
        request["MessageGroupId"] = json!(body.split('-').next().unwrap());
    }
    house.sqs("SendMessage", &request)["MessageId"].as_str().unwrap().to_owned()
}

fn gather(house: &House, uuid: &str, now: Timestamp) -> Gathered {
    let uuid = uuid.to_owned();
    let caught = commit(house, now, move |functions, commit| functions.catch(commit, &uuid));
    caught.map(lambda::batch::Catch::gather).unwrap_or_default()
}

fn settle(house: &House, batch: &Batch, handled: Handled) {
    let batch = batch.clone();
    commit(house, NOON, move |functions, commit| functions.settle_batch(commit, &batch, &handled));
}

fn bodies(batch: &Batch) -> Vec<String> {
    let event: Value = serde_json::from_str(&batch.payload()).unwrap();
    let records = event["Records"].as_array().unwrap().iter();
    records.map(|record| record["body"].as_str().unwrap().to_owned()).collect()
}

fn left(house: &House, queue: &str) -> u64 {
    let url = format!("http://localhost/000000000000/{queue}");
    let answer = house.sqs("GetQueueAttributes", &json!({"QueueUrl": url, "AttributeNames": ["All"]}));
    let count = |name: &str| answer["Attributes"][name].as_str().unwrap().parse::<u64>().unwrap();
    // The question is asked at noon, whatever the time of the receives.
    ["", "NotVisible", "Delayed"]
        .iter()
        .map(|kind| count(&format!("ApproximateNumberOfMessages{kind}")))
        .sum()
}

fn after(seconds: u64) -> Timestamp {
    NOON.plus(Duration::from_secs(seconds))
}

#[test]
fn a_record_is_what_aws_gives_a_function() {
    let (house, uuid) = mapped("work", &json!({}));
    let url = "http://localhost/000000000000/work";
    let attributes = json!({"Hello": {"DataType": "String", "StringValue": "There"}});
    let sent = house
        .sqs("SendMessage", &json!({"QueueUrl": url, "MessageBody": "msg", "MessageAttributes": attributes}));
    let batch = gather(&house, &uuid, NOON).batches.pop().unwrap();
    let event: Value = serde_json::from_str(&batch.payload()).unwrap();
    let mut record = event["Records"][0].clone();
    assert!(record["receiptHandle"].is_string() && record["attributes"]["SentTimestamp"].is_string());
    record["receiptHandle"].take();
    record["attributes"].take();
    let wanted = json!({
        "messageId": sent["MessageId"],
        "receiptHandle": null,
        "body": "msg",
        "attributes": null,
        "messageAttributes": {"Hello": {"stringValue": "There", "stringListValues": [], "binaryListValues": [],
            "dataType": "String"}},
        "md5OfBody": "6e2baaf3b97dbeef01c0043275f9a0e7",
        "md5OfMessageAttributes": "a311262e065454b75da111d535b8dacd",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:work",
        "awsRegion": "us-east-1",
    });
    assert_eq!(record, wanted);
}

#[test]
fn answers_of_a_function_mean_what_they_mean_on_aws() {
    let settings = json!({"FunctionResponseTypes": ["ReportBatchItemFailures"]});
    let (house, uuid) = mapped("work", &settings);
    let ids = [send(&house, "work", "a"), send(&house, "work", "b")];
    let batch = gather(&house, &uuid, NOON).batches.pop().unwrap();
    let data: Value = serde_json::from_str(include_str!("../data/batch_answers.json")).unwrap();
    for case in data["answers"].as_array().unwrap() {
        let number = |text: &str| {
            text.replace("\"1\"", &format!("\"{}\"", ids[0])).replace("\"2\"", &format!("\"{}\"", ids[1]))
        };
        let answer = number(case[0].as_str().unwrap());
        let wanted = match number(&case[1].to_string()).as_str() {
            "\"whole\"" => Handled::Whole,
            "\"nothing\"" => Handled::Nothing,
            ids => Handled::But(serde_json::from_str(ids).unwrap()),
        };
        assert_eq!(batch.judge(answer.as_bytes()), wanted, "{answer}");
    }
    // Who does not ask for reports gets none, whatever the function answers.
    let (house, uuid) = mapped("work", &json!({}));
    send(&house, "work", "a");
    let batch = gather(&house, &uuid, NOON).batches.pop().unwrap();
    assert_eq!(batch.judge(b"{\"batchItemFailures\": [{\"foo\": 1}]}"), Handled::Whole);
}

#[test]
fn one_bad_message_costs_only_itself_and_is_given_up_by_the_queues_own_count() {
    let (house, uuid) = mapped("work", &json!({"FunctionResponseTypes": ["ReportBatchItemFailures"]}));
    let ids: Vec<String> = (0..10).map(|number| send(&house, "work", &number.to_string())).collect();
    let batch = gather(&house, &uuid, NOON).batches.pop().unwrap();
    assert_eq!(batch.len(), 10);
    settle(&house, &batch, Handled::But(vec![ids[3].clone()]));
    assert_eq!((left(&house, "work"), left(&house, "dead")), (1, 0));
    assert!(gather(&house, &uuid, after(29)).batches.is_empty(), "its visibility timeout is honoured");
    let batch = gather(&house, &uuid, after(31)).batches.pop().unwrap();
    assert_eq!(bodies(&batch), ["3"]);
    settle(&house, &batch, Handled::Nothing);
    assert!(gather(&house, &uuid, after(62)).batches.is_empty(), "it was received twice");
    assert_eq!((left(&house, "work"), left(&house, "dead")), (0, 1));
}

#[test]
fn what_no_filter_matches_is_deleted() {
    let filters =
        [r#"{"body": {"queue": ["q1"], "wait": [{"numeric": [">", 5]}]}}"#, r#"{"body": ["text"]}"#];
    let filters: Vec<Value> = filters.iter().map(|text| json!({"Pattern": text})).collect();
    let (house, uuid) = mapped("work", &json!({"FilterCriteria": {"Filters": filters}}));
    let wanted = [r#"{"queue": "q1", "wait": 6}"#, "text"];
    let others =
        [r#"{"queue": "q1", "wait": 5}"#, r#"{"queue": "q2", "wait": 6}"#, "other", "7", r#"{"text": 1}"#];
    for body in wanted.iter().chain(&others) {
        send(&house, "work", body);
    }
    let gathered = gather(&house, &uuid, NOON);
    assert_eq!(bodies(&gathered.batches[0]), wanted);
    let unmatched = gathered.unmatched;
    assert_eq!(unmatched.len(), others.len());
    commit(&house, NOON, move |functions, commit| functions.drop_unmatched(commit, &unmatched));
    assert_eq!(left(&house, "work"), 2);
}

#[test]
fn a_payload_is_never_over_six_megabytes() {
    let (house, uuid) = mapped("work", &json!({}));
    let body = "x".repeat(1_000_000);
    for _ in 0..8 {
        send(&house, "work", &body);
    }
    let batches = gather(&house, &uuid, NOON).batches;
    assert_eq!(batches.iter().map(Batch::len).collect::<Vec<_>>(), [6, 2]);
    assert!(batches.iter().all(|batch| batch.payload().len() <= 6_291_456));
}

#[test]
fn a_group_of_a_fifo_queue_has_one_batch_at_a_time_and_its_order() {
    let (house, uuid) = mapped("work.fifo", &json!({"BatchSize": 2}));
    for body in ["a-1", "a-2", "a-3", "b-1"] {
        send(&house, "work.fifo", body);
    }
    let first = gather(&house, &uuid, NOON).batches.pop().unwrap();
    assert_eq!(bodies(&first), ["a-1", "a-2"]);
    assert!(first.is_fifo);
    let second = gather(&house, &uuid, NOON).batches.pop().unwrap();
    assert_eq!(bodies(&second), ["b-1"], "a-3 waits for the two before it");
    assert!(gather(&house, &uuid, NOON).batches.is_empty());
    settle(&house, &first, Handled::Whole);
    assert_eq!(bodies(&gather(&house, &uuid, NOON).batches[0]), ["a-3"]);
}

#[test]
fn a_mapping_that_is_disabled_or_deleted_takes_nothing() {
    let (mut house, uuid) = mapped("work", &json!({}));
    send(&house, "work", "a");
    house.ask("UpdateEventSourceMapping", &json!({"UUID": uuid, "Enabled": false})).unwrap();
    assert!(gather(&house, &uuid, NOON).batches.is_empty());
    house.ask("UpdateEventSourceMapping", &json!({"UUID": uuid, "Enabled": true})).unwrap();
    assert!(house.functions.see_mapping(&uuid, NOON).unwrap().unwrap().queue.unwrap().is_due);
    house.ask("DeleteEventSourceMapping", &json!({"UUID": uuid})).unwrap();
    assert!(house.functions.see_mapping(&uuid, NOON).unwrap().is_none());
    assert!(gather(&house, &uuid, NOON).batches.is_empty());
    assert_eq!(left(&house, "work"), 1);
}

#[test]
fn the_functions_role_must_let_lambda_work_on_the_queue() {
    let mut house = House::new();
    let request = json!({"FunctionName": "f", "Runtime": "nodejs20.x", "Role": "arn:aws:iam::000000000000:role/weak",
        "Handler": "i.h", "Code": {"ZipFile": "UEsx"}});
    house.ask("CreateFunction", &request).unwrap();
    let request = json!({"FunctionName": "f", "EventSourceArn": "arn:aws:sqs:us-east-1:000000000000:work"});
    let refused = house.ask("CreateEventSourceMapping", &request).unwrap_err();
    let words = "The function execution role does not have permissions to call DeleteMessage on SQS";
    assert_eq!(refused.message, words);
    let role = json!({"FunctionName": "f", "Role": "arn:aws:iam::000000000000:role/r"});
    house.ask("UpdateFunctionConfiguration", &role).unwrap();
    house.ask("CreateEventSourceMapping", &request).unwrap();
}
