//! The room of tables through its operations.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

mod killed;

use aws::{Call, Error, Ids, Reply, Scope, Timestamp};
use serde_json::{Value, json};
use tables::Tables;

fn ask(tables: &Tables, operation: &str, request: &Value) -> Result<Value, Error> {
    let row = tables::ops::OPERATIONS.iter().find(|row| row.name == operation).unwrap();
    let call = Call {
        now: Timestamp::ZERO,
        account: "123456789012".to_owned(),
        region: "eu-west-1".to_owned(),
        request_id: "request".to_owned(),
        base_url: "http://127.0.0.1:4566".to_owned(),
        ids: Ids::from_seed(1),
        payload: Vec::new(),
    };
    let Reply::Later(answer) = (row.run)(tables, call, request.to_string().as_bytes()) else {
        panic!("{operation} answers at once");
    };
    let body = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(answer)?;
    Ok(serde_json::from_slice(&body).unwrap())
}

fn open(folder: &tempfile::TempDir) -> Tables {
    Tables::open(&folder.path().join("tables.sqlite"), Scope::new("123456789012", "eu-west-1")).unwrap()
}

fn with_table(folder: &tempfile::TempDir) -> Tables {
    let tables = open(folder);
    let request = json!({"TableName": "leases", "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]});
    let made = ask(&tables, "CreateTable", &request).unwrap();
    assert_eq!(made["TableDescription"]["TableArn"], "arn:aws:dynamodb:eu-west-1:123456789012:table/leases");
    tables
}

/// What Powertools' idempotency asks, and what it reads of the refusal.
fn take_lease(tables: &Tables, owner: &str) -> Result<Value, Error> {
    let request = json!({"TableName": "leases", "Item": {"id": {"S": "a"}, "owner": {"S": owner}},
        "ConditionExpression": "attribute_not_exists(#id)", "ExpressionAttributeNames": {"#id": "id"},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD"});
    ask(tables, "PutItem", &request)
}

#[test]
fn a_lease_is_one_s_and_is_there_after_opening_again() {
    let folder = tempfile::tempdir().unwrap();
    let tables = with_table(&folder);
    take_lease(&tables, "one").unwrap();
    drop(tables);
    let tables = open(&folder);
    let error = take_lease(&tables, "two").unwrap_err();
    assert_eq!((&*error.code, error.status), ("ConditionalCheckFailedException", 400));
    assert_eq!(error.message, "The conditional request failed");
    assert_eq!(error.members.unwrap()["Item"]["owner"], json!({"S": "one"}));
    let found = ask(&tables, "GetItem", &json!({"TableName": "leases", "Key": {"id": {"S": "a"}}})).unwrap();
    assert_eq!(found["Item"]["owner"]["S"], "one");
}

#[test]
fn a_cancelled_transaction_says_why_for_each_of_its_parts() {
    let folder = tempfile::tempdir().unwrap();
    let tables = with_table(&folder);
    take_lease(&tables, "one").unwrap();
    let put = |id: &str| json!({"Put": {"TableName": "leases", "Item": {"id": {"S": id}}, "ConditionExpression": "attribute_not_exists(id)"}});
    let request = json!({"TransactItems": [put("b"), put("a")]});
    let error = ask(&tables, "TransactWriteItems", &request).unwrap_err();
    assert_eq!(&*error.code, "TransactionCanceledException");
    let members = error.members.unwrap();
    let codes: Vec<&Value> =
        members["CancellationReasons"].as_array().unwrap().iter().map(|it| &it["Code"]).collect();
    assert_eq!(codes, [&json!("None"), &json!("ConditionalCheckFailed")]);
    let absent = ask(&tables, "GetItem", &json!({"TableName": "leases", "Key": {"id": {"S": "b"}}})).unwrap();
    assert_eq!(absent, json!({}));
}

#[test]
fn what_cannot_be_read_is_refused_without_the_engine_s_marks() {
    let folder = tempfile::tempdir().unwrap();
    let tables = with_table(&folder);
    for (item, code) in [
        (json!({"id": {}}), "ValidationException"),
        (json!({"id": {"S": 1}}), "SerializationException"),
        (json!({"id": {"N": "many"}}), "ValidationException"),
        (json!({"id": {"SS": []}}), "ValidationException"),
    ] {
        let error = ask(&tables, "PutItem", &json!({"TableName": "leases", "Item": item})).unwrap_err();
        assert_eq!(&*error.code, code, "{item}: {error}");
        for mark in ["VALIDATION", "SERIALIZATION", " at line "] {
            assert!(!error.message.contains(mark), "{error}");
        }
    }
    let error =
        ask(&tables, "GetItem", &json!({"TableName": "none", "Key": {"id": {"S": "a"}}})).unwrap_err();
    assert_eq!(
        (&*error.code, error.message.as_str()),
        ("ResourceNotFoundException", "Requested resource not found")
    );
}

#[test]
fn expired_items_go_with_a_sweep_and_others_stay() {
    let folder = tempfile::tempdir().unwrap();
    let tables = with_table(&folder);
    let ttl = json!({"TableName": "leases", "TimeToLiveSpecification": {"AttributeName": "until", "Enabled": true}});
    ask(&tables, "UpdateTimeToLive", &ttl).unwrap();
    // The engine reads its own clock: one moment is long past, the other far ahead.
    let now = std::fs::metadata(folder.path()).unwrap().modified().unwrap();
    let now = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    for (id, until) in [("past", now - 86_400), ("ahead", now + 86_400)] {
        let item = json!({"id": {"S": id}, "until": {"N": until.to_string()}});
        ask(&tables, "PutItem", &json!({"TableName": "leases", "Item": item})).unwrap();
    }
    assert_eq!(tables.sweep(), Ok(1));
    let left = ask(&tables, "Scan", &json!({"TableName": "leases", "Select": "COUNT"})).unwrap();
    assert_eq!(left["Count"], 1, "{left}");
}

#[test]
fn a_file_that_is_none_of_tables_is_refused_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tables.sqlite");
    std::fs::write(&file, "no database, but long enough to be read as the head of one, and then some more")
        .unwrap();
    let error = Tables::open(&file, Scope::default()).unwrap_err();
    assert!(error.to_string().contains("tables.sqlite"), "{error}");
}

#[test]
fn an_arn_names_a_table_and_is_a_text_like_others_in_an_item() {
    let folder = tempfile::tempdir().unwrap();
    let tables = with_table(&folder);
    let arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/leases";
    let put = json!({"TableName": arn, "Item": {"id": {"S": arn}, "of": {"S": format!("see {arn}")}}});
    ask(&tables, "PutItem", &put).unwrap();
    let key = json!({"id": {"S": arn}});
    let found = ask(&tables, "GetItem", &json!({"TableName": "leases", "Key": key})).unwrap();
    assert_eq!(found["Item"], put["Item"], "bytes are given back as they came");
    let batch = json!({"RequestItems": {"leases": {"Keys": [key]}}});
    let found = ask(&tables, "BatchGetItem", &batch).unwrap();
    assert_eq!(found["Responses"]["leases"][0], put["Item"]);
    let item = json!({"id": {"S": "b"}, "of": {"S": arn}});
    let parts = json!({"TransactItems": [{"Put": {"TableName": arn, "Item": item}}]});
    ask(&tables, "TransactWriteItems", &parts).unwrap();
    let found = ask(&tables, "GetItem", &json!({"TableName": "leases", "Key": {"id": {"S": "b"}}})).unwrap();
    assert_eq!(found["Item"], item);
}

#[test]
fn a_file_is_checked_and_copied_with_what_its_log_still_holds() {
    let folder = tempfile::tempdir().unwrap();
    let tables = with_table(&folder);
    take_lease(&tables, "one").unwrap();
    let reports = tables::file::check(folder.path()).unwrap();
    assert_eq!(reports.iter().map(|report| report.damage.len()).collect::<Vec<_>>(), [0]);

    let elsewhere = tempfile::tempdir().unwrap();
    tables::backup::copy(&reports[0].file, &elsewhere.path().join("tables.sqlite")).unwrap();
    let error = take_lease(&open(&elsewhere), "two").unwrap_err();
    assert_eq!(&*error.code, "ConditionalCheckFailedException", "the lease is in the copy");
    drop(tables);

    let file = elsewhere.path().join("tables.sqlite");
    let mut bytes = std::fs::read(&file).unwrap();
    // The first page's tree of tables, behind the file's header of 100 bytes.
    bytes[100..4_096].fill(0x5a);
    std::fs::write(&file, bytes).unwrap();
    let report = tables::file::check(elsewhere.path()).unwrap().remove(0);
    assert!(!report.damage.is_empty());
}
