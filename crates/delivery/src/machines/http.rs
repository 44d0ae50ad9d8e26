//! HTTP tasks: an endpoint is called through a connection, which authorizes the call.
//!
//! Source: developer guide, "Call HTTPS APIs in Step Functions workflows".

use std::time::Duration;

use asl::TaskError;
use events::{ApiCall, EndpointRequest, HttpParameters};
use http_client::{Failure, FailureKind, Request, Response};
use serde_json::{Map, Value, json};

use crate::machines::caller::Caller;
use crate::tokens::NoToken;

/// The longest that an endpoint may take.
const CALL_TIME: Duration = Duration::from_secs(60);
/// What is kept of an answer, in bytes: a task's result is no larger.
const ANSWER_BYTES_MAX: usize = 256 << 10;

fn failed(error: &str, cause: impl Into<String>) -> TaskError {
    TaskError { error: Some(error.to_owned()), cause: Some(cause.into()) }
}

/// Calls an endpoint once.
pub(crate) async fn call(caller: &Caller, input: &Value) -> Result<Value, TaskError> {
    let call = prepare(caller, input)?;
    let header = match &call.token {
        None => None,
        Some(token) => {
            let header = caller.tokens.header(token, caller.clock.now).await;
            Some(header.map_err(|none| match none {
                NoToken::Refused(reason) | NoToken::Failed(reason) | NoToken::Held(reason) => failed(
                    "Events.ConnectionResource.AccessDenied",
                    format!("The connection got no token: {reason}."),
                ),
            })?)
        }
    };
    let answer = match request(&call, header.as_deref()) {
        Ok(request) => caller.client.send(request, CALL_TIME).await,
        Err(failure) => Err(failure),
    };
    let answer = answer.map_err(|failure| match failure.kind {
        FailureKind::Invalid | FailureKind::Refused => failed("States.Runtime", failure.text),
        _ => failed("States.Http.Socket", failure.text),
    })?;
    result(&answer)
}

fn prepare(caller: &Caller, input: &Value) -> Result<ApiCall, TaskError> {
    let text = |of: &Value, name: &str| of.get(name).and_then(Value::as_str).map(str::to_owned);
    let missing = |name: &str| failed("States.Runtime", format!("The HTTP task has no {name}."));
    let url = text(input, "ApiEndpoint").ok_or_else(|| missing("ApiEndpoint"))?;
    let method = text(input, "Method").ok_or_else(|| missing("Method"))?;
    let holder = input.get("Authentication").or_else(|| input.get("InvocationConfig"));
    let connection = holder.and_then(|holder| text(holder, "ConnectionArn"));
    let connection = connection.ok_or_else(|| missing("Authentication.ConnectionArn"))?;
    let mut parameters = HttpParameters {
        headers: pairs(input.get("Headers")).into_iter().collect(),
        query: pairs(input.get("QueryParameters")).into_iter().collect(),
        ..HttpParameters::default()
    };
    let body = body(input, &mut parameters);
    let asked =
        EndpointRequest { connection_arn: &connection, method: &method, url: &url, parameters, body: &body };
    let call = caller.events.store().read(|read| caller.events.endpoint_call(read, &asked));
    let call = call.map_err(|error| failed("States.Runtime", error.to_string()))?;
    call.map_err(|none| failed("Events.ConnectionResource.ConcurrentModification", none.message))
}

/// The body, as JSON or, where `Transform` says so, as a form.
fn body(input: &Value, parameters: &mut HttpParameters) -> String {
    let Some(given) = input.get("RequestBody") else { return String::new() };
    let encoding = input.get("Transform").and_then(|transform| transform.get("RequestBodyEncoding"));
    if encoding.and_then(Value::as_str) == Some("URL_ENCODED") {
        parameters.headers.retain(|name, _| !name.eq_ignore_ascii_case("content-type"));
        let form = "application/x-www-form-urlencoded".to_owned();
        parameters.headers.insert("Content-Type".to_owned(), form);
        let encoded = |text: &str| aws::encoding::percent_encoded(text, aws::encoding::ALL_BUT_UNRESERVED);
        let pairs = pairs(Some(given)).into_iter();
        let pairs = pairs.map(|(name, value)| format!("{}={}", encoded(&name), encoded(&value)));
        return pairs.collect::<Vec<_>>().join("&");
    }
    match given {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Names and values; a list stands for one name several times.
fn pairs(given: Option<&Value>) -> Vec<(String, String)> {
    let members = given.and_then(Value::as_object).into_iter().flatten();
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    members
        .flat_map(|(name, value)| match value {
            Value::Array(values) => {
                values.iter().map(|value| (name.clone(), plain(value))).collect::<Vec<_>>()
            }
            value => vec![(name.clone(), plain(value))],
        })
        .collect()
}

fn request(call: &ApiCall, token: Option<&str>) -> Result<Request, Failure> {
    let mut request = Request::new(&call.method, &call.url)?.keep(ANSWER_BYTES_MAX);
    for (name, value) in &call.headers {
        let is_agent = name.eq_ignore_ascii_case("user-agent");
        request = request.header(name, if is_agent { "Amazon|StepFunctions|HttpInvoke" } else { value })?;
    }
    if let Some(token) = token {
        request = request.header("Authorization", token)?;
    }
    Ok(request.body(call.body.clone()))
}

/// What the task gets of an answer.
fn result(answer: &Response) -> Result<Value, TaskError> {
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    if !answer.is_success() {
        return Err(failed(&format!("States.Http.StatusCode.{}", answer.status), text));
    }
    let mut headers: Map<String, Value> = Map::new();
    for (name, value) in &answer.headers {
        match headers.get_mut(name) {
            Some(Value::Array(values)) => values.push(json!(value)),
            _ => drop(headers.insert(name.clone(), json!([value]))),
        }
    }
    let body: Value = serde_json::from_str(&text).unwrap_or(Value::String(text));
    let status = reason(answer.status);
    Ok(json!({"Headers": headers, "ResponseBody": body, "StatusCode": answer.status, "StatusText": status}))
}

/// The reason phrases of successes (RFC 9110, 15.3).
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        203 => "Non-Authoritative Information",
        204 => "No Content",
        205 => "Reset Content",
        206 => "Partial Content",
        _ => "",
    }
}
