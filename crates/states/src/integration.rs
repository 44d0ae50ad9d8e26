//! How Tasks speak to services: what a resource asks of which operation, and how its answers and failures look to an execution.
//!
//! Source: developer guide, "Optimizing integrations", "AWS SDK integrations"; the forms of failures are LocalStack's recordings.

use asl::TaskError;
use asl::resource::{Pattern, Resource};
use aws::{Error, Timestamp, api};
use serde_json::{Map, Value, json};

/// A service as resources name it.
#[derive(Debug)]
struct Named {
    /// After `aws-sdk:`.
    sdk: &'static str,
    /// What credential scopes call it.
    scope: &'static str,
    /// Before the dot of an error's name.
    prefix: &'static str,
    /// Whether members of its requests begin with a small letter.
    is_camel: bool,
}

const SERVICES: &[Named] = &[
    Named { sdk: "dynamodb", scope: api::DYNAMODB.scope, prefix: "DynamoDb", is_camel: false },
    Named { sdk: "sqs", scope: api::SQS.scope, prefix: "Sqs", is_camel: false },
    Named { sdk: "sfn", scope: api::STATES.scope, prefix: "Sfn", is_camel: true },
    Named { sdk: "eventbridge", scope: api::EVENTS.scope, prefix: "EventBridge", is_camel: false },
    Named { sdk: "lambda", scope: api::LAMBDA.scope, prefix: "Lambda", is_camel: false },
    Named { sdk: "cloudwatchlogs", scope: api::LOGS.scope, prefix: "CloudWatchLogs", is_camel: true },
    Named { sdk: "iam", scope: api::IAM.scope, prefix: "Iam", is_camel: false },
    Named { sdk: "sts", scope: api::STS.scope, prefix: "Sts", is_camel: false },
];

/// An optimized integration that is served.
#[derive(Debug)]
struct Optimized {
    service: &'static str,
    actions: &'static [&'static str],
    scope: &'static str,
    prefix: &'static str,
    /// What the cause of a failure calls it.
    client: &'static str,
}

const OPTIMIZED: &[Optimized] = &[
    Optimized {
        service: "lambda",
        actions: &["invoke"],
        scope: api::LAMBDA.scope,
        prefix: "Lambda",
        client: "AWSLambda",
    },
    Optimized {
        service: "sqs",
        actions: &["sendMessage"],
        scope: api::SQS.scope,
        prefix: "SQS",
        client: "AmazonSQS",
    },
    Optimized {
        service: "events",
        actions: &["putEvents"],
        scope: api::EVENTS.scope,
        prefix: "EventBridge",
        client: "AmazonEventBridge",
    },
    Optimized {
        service: "dynamodb",
        actions: &["getItem", "putItem", "updateItem", "deleteItem"],
        scope: api::DYNAMODB.scope,
        prefix: "DynamoDB",
        client: "AmazonDynamoDBv2",
    },
    Optimized {
        service: "states",
        actions: &["startExecution"],
        scope: api::STATES.scope,
        prefix: "StepFunctions",
        client: "AWSStepFunctions",
    },
    Optimized { service: "http", actions: &["invoke"], scope: "", prefix: "States.Http", client: "" },
];

/// Who asks: what events that a task puts on a bus say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asker {
    /// The execution's ARN.
    pub execution_arn: String,
    /// Its state machine's.
    pub machine_arn: String,
}

/// What `states:startExecution` asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct StartRequest {
    /// Of the machine, perhaps qualified.
    pub machine_arn: String,
    /// As the task has it; else it is derived.
    pub name: Option<String>,
    /// JSON text.
    pub input: String,
}

/// An operation to be called for a task.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceCall {
    /// The service, as credential scopes call it.
    pub scope: &'static str,
    /// `PutItem`.
    pub operation: String,
    /// Its request, as its JSON wire has it.
    pub request: Value,
    /// What is beside the request: a function's payload.
    pub payload: Vec<u8>,
}

/// What an operation answered.
#[derive(Clone, Debug, PartialEq)]
pub enum ServiceAnswer {
    /// Its JSON.
    Json(Value),
    /// A function's.
    Function {
        /// `X-Amz-Function-Error`.
        error: Option<String>,
        /// What it returned.
        payload: Vec<u8>,
        /// `X-Amz-Executed-Version`.
        version: Option<String>,
        /// 200 or 202.
        status: u16,
    },
}

/// Why a resource cannot be used in a machine that is created here; None where it can.
pub(crate) fn objection(resource: &Resource, serves: crate::Serves) -> Option<String> {
    let Resource::Service { arn, service, action, .. } = resource else { return None };
    let is_served = match sdk_of(service) {
        Some(Some(named)) => serves(named.scope, &capital(action)),
        Some(None) => false,
        None => OPTIMIZED.iter().any(|one| one.service == service && one.actions.contains(&action.as_str())),
    };
    (!is_served).then(|| {
        format!("The resource {arn} is not served by Trunkline: {service} has no {action} here. docs/states.md lists what is served.")
    })
}

/// The service after `aws-sdk:`; `Some(None)` where it is not known, None where the resource is optimized.
fn sdk_of(service: &str) -> Option<Option<&'static Named>> {
    let name = service.strip_prefix("aws-sdk:")?;
    Some(SERVICES.iter().find(|named| named.sdk == name))
}

fn capital(action: &str) -> String {
    let mut letters = action.chars();
    let first: String = letters.next().map(|c| c.to_ascii_uppercase()).into_iter().collect();
    format!("{first}{}", letters.as_str())
}

/// What `states:startExecution` asks for; None for every other resource.
pub fn start_request(resource: &Resource, input: &Value) -> Option<StartRequest> {
    let Resource::Service { service, action, .. } = resource else { return None };
    if service != "states" || action != "startExecution" {
        return None;
    }
    let text = |name: &str| input.get(name).and_then(Value::as_str).map(str::to_owned);
    let given = match input.get("Input") {
        None | Some(Value::Null) => "{}".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    Some(StartRequest {
        machine_arn: text("StateMachineArn").unwrap_or_default(),
        name: text("Name"),
        input: given,
    })
}

/// Whether a resource is an HTTP endpoint.
pub fn is_http(resource: &Resource) -> bool {
    matches!(resource, Resource::Service { service, .. } if service == "http")
}

/// The operation that a task calls.
///
/// # Errors
/// The task's failure where there is none here.
pub fn service_call(resource: &Resource, input: &Value, asker: &Asker) -> Result<ServiceCall, TaskError> {
    match resource {
        Resource::Function { arn } => Ok(invoke(json!({"FunctionName": arn}), Some(input))),
        Resource::Activity { arn } => Err(not_served(arn)),
        Resource::Service { arn, service, action, .. } => match sdk_of(service) {
            Some(Some(named)) => Ok(sdk_call(named, action, input)),
            Some(None) => Err(not_served(arn)),
            None => optimized_call((service, action), input, asker).ok_or_else(|| not_served(arn)),
        },
    }
}

fn not_served(arn: &str) -> TaskError {
    let cause = format!("The resource {arn} is not served by Trunkline.");
    TaskError { error: Some("States.Runtime".to_owned()), cause: Some(cause) }
}

fn optimized_call(resource: (&str, &str), input: &Value, asker: &Asker) -> Option<ServiceCall> {
    let (service, action) = resource;
    let named = OPTIMIZED.iter().find(|one| one.service == service && one.actions.contains(&action))?;
    let request = match service {
        "lambda" => {
            let mut request = input.clone();
            let payload = request.as_object_mut().and_then(|members| members.shift_remove("Payload"));
            return Some(invoke(request, payload.as_ref()));
        }
        "sqs" => with_text(input.clone(), "MessageBody"),
        "events" => entries(input, asker),
        "dynamodb" => input.clone(),
        // What is started is started in the commit that settles the task; HTTP endpoints are not services.
        _ => return None,
    };
    Some(ServiceCall { scope: named.scope, operation: capital(action), request, payload: Vec::new() })
}

fn invoke(request: Value, payload: Option<&Value>) -> ServiceCall {
    // A function that is given nothing gets an empty object.
    let payload = payload.map_or_else(|| b"{}".to_vec(), |payload| payload.to_string().into_bytes());
    ServiceCall { scope: api::LAMBDA.scope, operation: "Invoke".to_owned(), request, payload }
}

/// The same request, with a member that is JSON as its text.
fn with_text(mut request: Value, name: &str) -> Value {
    if let Some(member) = request.get_mut(name).filter(|member| !member.is_string() && !member.is_null()) {
        *member = Value::String(member.to_string());
    }
    request
}

/// Events come from the execution: its machine and itself are their first resources.
fn entries(input: &Value, asker: &Asker) -> Value {
    let mut request = input.clone();
    let list = request.get_mut("Entries").and_then(Value::as_array_mut);
    for entry in list.into_iter().flatten() {
        *entry = with_text(entry.take(), "Detail");
        let Some(members) = entry.as_object_mut() else { continue };
        let mut resources = vec![json!(asker.machine_arn), json!(asker.execution_arn)];
        if let Some(Value::Array(own)) = members.get("Resources") {
            resources.extend(own.iter().cloned());
        }
        members.insert("Resources".to_owned(), Value::Array(resources));
        let time = members.get("Time").and_then(Value::as_str).and_then(Timestamp::parse_iso);
        if let Some(time) = time {
            members.insert("Time".to_owned(), json!(time.to_unix_seconds_f64()));
        }
    }
    request
}

fn sdk_call(named: &Named, action: &str, input: &Value) -> ServiceCall {
    let operation = capital(action);
    if named.scope == api::LAMBDA.scope && operation == "Invoke" {
        let mut request = input.clone();
        let payload = request.as_object_mut().and_then(|members| members.shift_remove("Payload"));
        let payload = match payload {
            Some(Value::String(text)) => text.into_bytes(),
            Some(other) => other.to_string().into_bytes(),
            None => Vec::new(),
        };
        return ServiceCall { payload, ..invoke(request, None) };
    }
    let request = match named.sdk {
        "sqs" => with_text(input.clone(), "MessageBody"),
        "sfn" => with_text(with_text(input.clone(), "Input"), "Output"),
        _ => input.clone(),
    };
    let request = if named.is_camel { recased(request, &|c| c.to_ascii_lowercase()) } else { request };
    ServiceCall { scope: named.scope, operation, request, payload: Vec::new() }
}

/// Members whose own members are names that users give.
const MAPS: &[&str] = &["tags", "Tags", "variableReferences"];

fn recased(value: Value, first: &impl Fn(char) -> char) -> Value {
    match value {
        Value::Object(members) => {
            let recase = |(name, value): (String, Value)| {
                let mut letters = name.chars();
                let start: String = letters.next().map(first).into_iter().collect();
                let is_map = MAPS.contains(&name.as_str()) && value.is_object();
                let value = if is_map { value } else { recased(value, first) };
                (format!("{start}{}", letters.as_str()), value)
            };
            Value::Object(members.into_iter().map(recase).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(|item| recased(item, first)).collect()),
        other => other,
    }
}

/// The same value, its members beginning with capital letters.
pub fn capitalized(value: Value) -> Value {
    recased(value, &|c| c.to_ascii_uppercase())
}

/// What an operation's answer is to the execution.
///
/// # Errors
/// The task's failure.
pub fn task_result(
    resource: &Resource,
    answer: Result<ServiceAnswer, Error>,
    request_id: &str,
) -> Result<Value, TaskError> {
    let answer = answer.map_err(|error| failure(resource, &error, request_id))?;
    match (resource, answer) {
        (_, ServiceAnswer::Function { error: Some(_), payload, .. }) if !is_sdk(resource) => {
            Err(function_error(&payload))
        }
        (Resource::Function { .. }, ServiceAnswer::Function { payload, .. }) => Ok(parsed(&payload)),
        (_, ServiceAnswer::Function { error, payload, version, status }) => {
            let mut result = Map::new();
            result.extend(version.map(|version| ("ExecutedVersion".to_owned(), json!(version))));
            result.extend(error.map(|error| ("FunctionError".to_owned(), json!(error))));
            let payload =
                if is_sdk(resource) { json!(String::from_utf8_lossy(&payload)) } else { parsed(&payload) };
            result.insert("Payload".to_owned(), payload);
            result.insert("StatusCode".to_owned(), json!(status));
            Ok(finished(resource, Value::Object(result), request_id))
        }
        (Resource::Service { service, .. }, ServiceAnswer::Json(answer)) => {
            if service == "events" && answer.get("FailedEntryCount").and_then(Value::as_u64).unwrap_or(0) > 0
            {
                let error = Some("EventBridge.FailedEntry".to_owned());
                return Err(TaskError { error, cause: Some(answer.to_string()) });
            }
            Ok(finished(resource, answer, request_id))
        }
        (_, ServiceAnswer::Json(answer)) => Ok(answer),
    }
}

fn parsed(payload: &[u8]) -> Value {
    serde_json::from_slice(payload).unwrap_or_else(|_| {
        if payload.is_empty() { json!({}) } else { json!(String::from_utf8_lossy(payload)) }
    })
}

fn is_sdk(resource: &Resource) -> bool {
    matches!(resource, Resource::Service { service, .. } if service.starts_with("aws-sdk:"))
}

/// What an SDK of the first generation adds, and what one of the second changes.
pub(crate) fn finished(resource: &Resource, mut answer: Value, request_id: &str) -> Value {
    let Resource::Service { service, .. } = resource else { return answer };
    if let Some(named) = sdk_of(service) {
        let answer = dated(named.map_or("", |named| named.sdk), answer);
        return if named.is_some_and(|named| named.is_camel) { capitalized(answer) } else { answer };
    }
    let headers = json!({"x-amzn-RequestId": request_id, "Content-Type": "application/x-amz-json-1.0"});
    let all = json!({"x-amzn-RequestId": [request_id], "Content-Type": ["application/x-amz-json-1.0"]});
    if let Some(members) = answer.as_object_mut() {
        members.insert(
            "SdkHttpMetadata".to_owned(),
            json!({"AllHttpHeaders": all, "HttpHeaders": headers, "HttpStatusCode": 200}),
        );
        members.insert("SdkResponseMetadata".to_owned(), json!({"RequestId": request_id}));
    }
    answer
}

/// The same answer, its moments as texts: the second generation's SDK has them so.
fn dated(sdk: &str, answer: Value) -> Value {
    let is_moment = |name: &str| match sdk {
        "sfn" => name.ends_with("Date") || name == "timestamp",
        "dynamodb" => name.ends_with("DateTime"),
        "eventbridge" => name.ends_with("Time"),
        "iam" => name.ends_with("Date"),
        _ => false,
    };
    match answer {
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(name, value)| {
                    let moment = value
                        .as_f64()
                        .filter(|_| is_moment(&name))
                        .and_then(Timestamp::from_unix_seconds_f64);
                    let value = moment.map_or_else(|| dated(sdk, value), |at| json!(at.to_iso_millis()));
                    (name, value)
                })
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(|item| dated(sdk, item)).collect()),
        other => other,
    }
}

fn function_error(payload: &[u8]) -> TaskError {
    let told: Value = serde_json::from_slice(payload).unwrap_or_default();
    let kind = told.get("errorType").and_then(Value::as_str).filter(|kind| !kind.is_empty());
    let error = match kind {
        Some("Runtime.ExitError" | "Runtime.Unknown") | None => "Lambda.Unknown".to_owned(),
        Some(kind) => kind.to_owned(),
    };
    TaskError { error: Some(error), cause: Some(String::from_utf8_lossy(payload).into_owned()) }
}

fn failure(resource: &Resource, error: &Error, request_id: &str) -> TaskError {
    match resource {
        Resource::Service { service, .. } => match sdk_of(service) {
            Some(named) => sdk_failure(named.map_or("", |named| named.prefix), error, request_id),
            None => optimized_failure(service, error, request_id),
        },
        Resource::Function { .. } | Resource::Activity { .. } => {
            optimized_failure("lambda", error, request_id)
        }
    }
}

/// A failure as the SDK of the first generation tells it.
pub(crate) fn optimized_failure(service: &str, error: &Error, request_id: &str) -> TaskError {
    let named = OPTIMIZED.iter().find(|one| one.service == service);
    let (prefix, client) = named.map_or(("States", "Unknown"), |named| (named.prefix, named.client));
    let code = error.query_code.unwrap_or(&error.code);
    let name = match (service, &*error.code) {
        ("sqs", _) => "AmazonSQSException".to_owned(),
        ("dynamodb", "ValidationException" | "SerializationException") => {
            "AmazonDynamoDBException".to_owned()
        }
        (_, code) => exception(code),
    };
    let cause = format!(
        "{} (Service: {client}; Status Code: {}; Error Code: {code}; Request ID: {request_id}; Proxy: null)",
        error.message, error.status
    );
    TaskError { error: Some(format!("{prefix}.{name}")), cause: Some(cause) }
}

/// The same, of the second generation.
fn sdk_failure(prefix: &str, error: &Error, request_id: &str) -> TaskError {
    let name = match (prefix, &*error.code) {
        ("DynamoDb", "ValidationException" | "SerializationException") => "DynamoDbException".to_owned(),
        (_, code) => exception(code),
    };
    let cause = format!(
        "{} (Service: {prefix}, Status Code: {}, Request ID: {request_id}) (SDK Attempt Count: 1)",
        error.message, error.status
    );
    TaskError { error: Some(format!("{prefix}.{name}")), cause: Some(cause) }
}

fn exception(code: &str) -> String {
    if code.ends_with("Exception") { code.to_owned() } else { format!("{code}Exception") }
}

/// Whether a task is done with the call's answer.
pub fn is_done_when_answered(resource: &Resource) -> bool {
    resource.pattern() == Pattern::RequestResponse
}
