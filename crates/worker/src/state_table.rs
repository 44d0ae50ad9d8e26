//! The one table that workers share: permits, records, conversations, all under a text key, with a time to live.

use aws::api::DYNAMODB;
use serde_json::{Value, json};

use crate::clock::pause;
use crate::fault::Fault;
use crate::remote::Remote;

/// How long a new table may take until it can be used, in looks of a second.
const LOOKS_MAX: u32 = 60;

/// What to do where the table is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfAbsent {
    /// Say so.
    Refuse,
    /// Make it.
    Create,
}

/// Sees that the table is there and has the key that is needed.
///
/// # Errors
/// What is wrong, and what to do.
pub(crate) async fn open(remote: &Remote, table: &str, if_absent: IfAbsent) -> Result<(), String> {
    match describe(remote, table).await {
        Ok(told) => {
            fits(table, &told)?;
            let is_new = told.pointer("/Table/TableStatus").and_then(Value::as_str) == Some("CREATING");
            if is_new && if_absent == IfAbsent::Create { create(remote, table).await } else { Ok(()) }
        }
        Err(fault) if fault.is_absent() && if_absent == IfAbsent::Create => create(remote, table).await,
        Err(fault) if fault.is_absent() => Err(format!(
            "there is no table '{table}' in {}: workers keep permits and records in it. Run again with --create-table, name another with \
             --table, or make it: a partition key `id` of type S and no sort key, on-demand, time to live on `expiration`",
            remote.region()
        )),
        Err(fault) => Err(format!("the table '{table}' cannot be looked at: {fault}")),
    }
}

async fn describe(remote: &Remote, table: &str) -> Result<Value, Fault> {
    remote.ask(&DYNAMODB, "DescribeTable", &json!({"TableName": table})).await
}

fn fits(table: &str, told: &Value) -> Result<(), String> {
    let keys = told.pointer("/Table/KeySchema").and_then(Value::as_array);
    let name = |key: &Value| key.get("AttributeName").and_then(Value::as_str).map(str::to_owned);
    let names: Vec<String> = keys.into_iter().flatten().filter_map(name).collect();
    if names == ["id"] {
        return Ok(());
    }
    Err(format!(
        "the table '{table}' has the key {}, and workers need `id` alone: name another table with --table",
        names.join(", ")
    ))
}

async fn create(remote: &Remote, table: &str) -> Result<(), String> {
    let wrong = |fault: Fault| format!("the table '{table}' cannot be made: {fault}");
    let request = json!({
        "TableName": table, "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    });
    match remote.ask(&DYNAMODB, "CreateTable", &request).await {
        Ok(_) => {}
        // Another worker was quicker.
        Err(fault) if fault.code == "ResourceInUseException" => {}
        Err(fault) => return Err(wrong(fault)),
    }
    for _ in 0..LOOKS_MAX {
        let told = match describe(remote, table).await {
            Ok(told) => told,
            // It was made, and is not seen everywhere yet.
            Err(fault) if fault.is_absent() => Value::Null,
            Err(fault) => return Err(wrong(fault)),
        };
        if told.pointer("/Table/TableStatus").and_then(Value::as_str) == Some("ACTIVE") {
            return live(remote, table).await.map_err(wrong);
        }
        pause(1_000).await;
    }
    Err(format!("the table '{table}' is being made and is not there yet; run this again in a while"))
}

async fn live(remote: &Remote, table: &str) -> Result<(), Fault> {
    let wish = json!({"Enabled": true, "AttributeName": "expiration"});
    let request = json!({"TableName": table, "TimeToLiveSpecification": wish});
    match remote.ask(&DYNAMODB, "UpdateTimeToLive", &request).await {
        // It is so already, by another worker.
        Err(fault) if fault.code == "ValidationException" => Ok(()),
        told => told.map(drop),
    }
}
