//! PutPermission, RemovePermission: a bus's resource policy. It is kept and shown, and asked where another account puts events on the
//! bus.

use aws::operation::commit;
use aws::policy::{self, Kind};
use aws::{Arn, Call, Error, Reply};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::buses::bus::{BUSES, Bus};
use crate::error;
use crate::events::Events;
use crate::limits::quotas;
use crate::ops::check::{Faults, Nothing, OWN_BUS_NAME, Shape};

/// What PutPermission lacks.
pub const MISSING: &str =
    "The policy is asked for events of other accounts only, and keeps them out under --permissions enforce.";

const VERSION: &str = "2012-10-17";

/// The one action that PutPermission gives.
const ACTION: &str = "events:PutEvents";

/// A policy; statements stay as they were written.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Policy {
    #[serde(default = "version")]
    version: String,
    #[serde(default)]
    statement: Vec<Box<RawValue>>,
}

fn version() -> String {
    VERSION.to_owned()
}

/// A statement as PutPermission makes it, members in AWS's order.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    sid: String,
    effect: &'static str,
    principal: Value,
    action: String,
    resource: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Condition {
    r#type: Option<String>,
    key: Option<String>,
    value: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutRequest {
    event_bus_name: Option<String>,
    action: Option<String>,
    principal: Option<String>,
    statement_id: Option<String>,
    condition: Option<Condition>,
    policy: Option<String>,
}

/// PutPermission: adds a statement, replaces the one with the same id, or, given a Policy, replaces the whole policy.
pub fn put(events: &Events, Call { now, .. }: Call, body: &[u8]) -> Reply {
    commit(body, |request: PutRequest| {
        check_put(&request)?;
        let name = events.bus_of(request.event_bus_name.as_deref())?;
        let service = events.clone();
        Ok(events.store().write(error::of_store, move |tx| {
            let bus = Events::bus(tx, &name)?;
            let policy = match &request.policy {
                Some(policy) => {
                    policy::Policy::parse(policy, Kind::Resource).map_err(|malformed| invalid(&malformed))?;
                    parse(policy)?
                }
                None => {
                    let arn = name.arn(service.region(), service.account());
                    with_statement(bus.policy.as_deref(), &statement_of(&request, &arn))?
                }
            };
            let policy = Some(print(&policy)?);
            tx.put(&BUSES, &name.as_str().to_owned(), &Bus { policy, modified: now, ..bus });
            Ok(Nothing {})
        }))
    })
}

fn check_put(request: &PutRequest) -> Result<(), Error> {
    let mut faults = Faults::default();
    faults.text("eventBusName", request.event_bus_name.as_deref(), &OWN_BUS_NAME);
    let one = Shape::length(1, 64);
    if request.policy.is_none() {
        faults.required("action", request.action.as_deref(), &one);
        faults.required("principal", request.principal.as_deref(), &Shape::length(1, 12));
        faults.required("statementId", request.statement_id.as_deref(), &one);
    }
    if let Some(condition) = &request.condition {
        let any = Shape::length(0, usize::MAX);
        faults.required("condition.type", condition.r#type.as_deref(), &any);
        faults.required("condition.key", condition.key.as_deref(), &any);
        faults.required("condition.value", condition.value.as_deref(), &any);
    }
    faults.result()?;
    // Words: AWS's as moto has them (moto/events/models.py, put_permission).
    if request.policy.is_none() && request.action.as_deref() != Some(ACTION) {
        return Err(Error::validation("Provided value in parameter 'action' is not supported."));
    }
    Ok(())
}

fn statement_of(request: &PutRequest, bus: &Arn) -> Statement {
    let principal = match request.principal.as_deref() {
        Some("*") | None => json!("*"),
        Some(account) => json!({"AWS": format!("arn:aws:iam::{account}:root")}),
    };
    let condition = request.condition.as_ref().map(|condition| {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        json!({text(&condition.r#type): {text(&condition.key): text(&condition.value)}})
    });
    Statement {
        sid: request.statement_id.clone().unwrap_or_default(),
        effect: "Allow",
        principal,
        action: request.action.clone().unwrap_or_default(),
        resource: bus.to_string(),
        condition,
    }
}

fn parse(text: &str) -> Result<Policy, Error> {
    serde_json::from_str(text).map_err(|e| invalid(&e))
}

fn invalid(reason: &dyn std::fmt::Display) -> Error {
    Error::validation(format!("Parameter Policy is not valid. Reason: {reason}."))
}

fn print(policy: &Policy) -> Result<String, Error> {
    let text = serde_json::to_string(policy)
        .map_err(|e| Error::receiver("InternalException", 500, e.to_string()))?;
    if text.len() > quotas::POLICY_SIZE_BYTES_MAX {
        return Err(Error::sender(
            "PolicyLengthExceededException",
            format!("The policy is longer than {} bytes.", quotas::POLICY_SIZE_BYTES_MAX),
        ));
    }
    Ok(text)
}

fn with_statement(policy: Option<&str>, statement: &Statement) -> Result<Policy, Error> {
    let mut policy = match policy {
        Some(text) => parse(text)?,
        None => Policy { version: version(), statement: Vec::new() },
    };
    policy.statement.retain(|other| sid_of(other) != Some(statement.sid.clone()));
    let text = serde_json::value::to_raw_value(statement)
        .map_err(|e| Error::receiver("InternalException", 500, e.to_string()))?;
    policy.statement.push(text);
    Ok(policy)
}

fn sid_of(statement: &RawValue) -> Option<String> {
    let value: Value = serde_json::from_str(statement.get()).ok()?;
    value.get("Sid").and_then(Value::as_str).map(str::to_owned)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RemoveRequest {
    statement_id: Option<String>,
    remove_all_permissions: Option<bool>,
    event_bus_name: Option<String>,
}

/// RemovePermission: the statement with this id, or all of them.
pub fn remove(events: &Events, Call { now, .. }: Call, body: &[u8]) -> Reply {
    commit(body, |request: RemoveRequest| {
        let mut faults = Faults::default();
        faults.text("eventBusName", request.event_bus_name.as_deref(), &OWN_BUS_NAME);
        faults.result()?;
        let name = events.bus_of(request.event_bus_name.as_deref())?;
        Ok(events.store().write(error::of_store, move |tx| {
            let bus = Events::bus(tx, &name)?;
            let policy = match request.remove_all_permissions {
                Some(true) => None,
                Some(false) | None => without(bus.policy.as_deref(), request.statement_id.as_deref())?,
            };
            tx.put(&BUSES, &name.as_str().to_owned(), &Bus { policy, modified: now, ..bus });
            Ok(Nothing {})
        }))
    })
}

fn without(policy: Option<&str>, sid: Option<&str>) -> Result<Option<String>, Error> {
    // Words: recorded from AWS by LocalStack, `test_remove_permission_non_existing_sid`.
    let absent =
        || Error::sender("ResourceNotFoundException", "Statement with the provided id does not exist.");
    let mut policy = parse(policy.ok_or_else(absent)?)?;
    let before = policy.statement.len();
    policy.statement.retain(|statement| sid_of(statement).as_deref() != sid);
    if policy.statement.len() == before {
        return Err(absent());
    }
    if policy.statement.is_empty() { Ok(None) } else { print(&policy).map(Some) }
}
