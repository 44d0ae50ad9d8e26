//! How each service is called and answers: AWS's JSON, query and REST protocols, and the Genesys platform's REST.

use std::fmt::Write as _;

use aws::api::lambda::INVOKE;
use aws::api::{self, JsonApi};
use aws::encoding::{ALL_BUT_UNRESERVED, percent_encoded};
use aws::rest::{Binding, Route};
use http_client::Response;
use serde_json::{Map, Value, json};

use crate::api::{ApiError, Request, Service};

/// A request as it goes over the wire.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) method: &'static str,
    /// Without the slash that it begins with.
    pub(super) path: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
}

const PAGE: &[Binding] = &[Binding::integer("pageSize", "pageSize"), Binding::integer("page", "pageNumber")];

/// The platform's operations. Source: docs/subscriptions.md and docs/event-streams.md.
const PLATFORM: &[Route] = &[
    Route::new("ListSubscriptions", "GET", "/api/v2/events/subscriptions").query(PAGE),
    Route::new("CreateSubscription", "POST", "/api/v2/events/subscriptions"),
    Route::new("ReplaceSubscription", "PUT", "/api/v2/events/subscriptions/{id}"),
    Route::new("DeleteSubscription", "DELETE", "/api/v2/events/subscriptions/{id}"),
    Route::new("ListEventStreams", "GET", "/api/v2/eventstreams").query(PAGE),
    Route::new("CreateEventStream", "POST", "/api/v2/eventstreams"),
    Route::new("ReplaceEventStream", "PUT", "/api/v2/eventstreams/{id}"),
    Route::new("DeleteEventStream", "DELETE", "/api/v2/eventstreams/{id}"),
];

/// The local door takes any credentials on loopback; this is the form that AWS's clients send them in. The service in it tells
/// services apart that have no other sign.
fn authorization(service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=trunkline/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature={}",
        "0".repeat(64)
    )
}

/// The wire form of a request. `token` is the platform's.
pub(super) fn message(request: &Request, token: Option<&str>) -> Result<Message, String> {
    let json = |api: &JsonApi| {
        let mut headers = api.headers(request.operation).to_vec();
        headers.push(("authorization", authorization(api.scope)));
        Message { method: "POST", path: String::new(), headers, body: request.body.to_string() }
    };
    Ok(match request.service {
        Service::Sqs => json(&api::SQS),
        Service::Events => json(&api::EVENTS),
        Service::Logs => json(&api::LOGS),
        Service::Tables => json(&api::DYNAMODB),
        Service::States => json(&api::STATES),
        Service::Trunkline => json(&api::TRUNKLINE),
        Service::Iam => form(request),
        Service::Lambda => rest(request, api::LAMBDA.routes, authorization(api::LAMBDA.scope))?,
        Service::Platform => rest(request, PLATFORM, format!("Bearer {}", token.unwrap_or_default()))?,
    })
}

/// The question for a token of the platform: any client credentials get one here.
pub(super) fn token() -> Message {
    Message {
        method: "POST",
        path: "oauth/token".to_owned(),
        headers: vec![("content-type", "application/x-www-form-urlencoded".to_owned())],
        body: "grant_type=client_credentials&client_id=trunkline&client_secret=trunkline".to_owned(),
    }
}

fn form(request: &Request) -> Message {
    let mut body = format!("Action={}&Version={}", request.operation, api::IAM.version);
    for (name, value) in request.body.as_object().into_iter().flatten() {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        // Writing to a String cannot fail.
        let _ = write!(body, "&{name}={}", percent_encoded(&text, ALL_BUT_UNRESERVED));
    }
    Message {
        method: "POST",
        path: String::new(),
        headers: vec![
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
            ("authorization", authorization(api::IAM.scope)),
        ],
        body,
    }
}

fn rest(request: &Request, routes: &[Route], authorization: String) -> Result<Message, String> {
    let found = routes.iter().find(|route| route.operation == request.operation);
    let route = found.ok_or_else(|| format!("{} has no route", request.operation))?;
    let mut members = request.body.as_object().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut path = route.path_of(|label| text(&members.remove(label).unwrap_or_default()));
    let mut mark = '?';
    if let Some(only) = &route.only_with {
        let _ = write!(path, "{mark}{}={}", only.name, only.value);
        mark = '&';
    }
    for Binding { member, name, .. } in route.query {
        if let Some(value) = members.remove(*member) {
            // Writing to a String cannot fail.
            let _ = write!(path, "{mark}{name}={}", percent_encoded(&text(&value), ALL_BUT_UNRESERVED));
            mark = '&';
        }
    }
    let path = path.trim_start_matches('/').to_owned();
    let mut headers = vec![("content-type", "application/json".to_owned()), ("authorization", authorization)];
    if route.operation == INVOKE.operation {
        headers.push(("x-amz-log-type", "Tail".to_owned()));
        let payload = members.remove("Payload").unwrap_or_default();
        return Ok(Message { method: route.method, path, headers, body: payload.to_string() });
    }
    let has_body = matches!(route.method, "POST" | "PUT");
    let body = if has_body { Value::Object(members).to_string() } else { String::new() };
    Ok(Message { method: route.method, path, headers, body })
}

/// The members of an answer.
pub(super) fn answer(request: &Request, response: &Response) -> Result<Value, ApiError> {
    if request.service == Service::Iam {
        let members = leaves(&String::from_utf8_lossy(&response.body));
        return if response.is_success() {
            Ok(Value::Object(members))
        } else {
            let text = |name: &str| members.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            Err(ApiError { code: text("Code"), message: text("Message"), status: response.status })
        };
    }
    if !response.is_success() {
        return Err(refusal(response));
    }
    // Payload and answer are any bytes: here its answer is an object.
    if request.operation == INVOKE.operation {
        let payload: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        let header = |name: &str| response.header(name).map(str::to_owned);
        return Ok(json!({
            "Payload": payload,
            "FunctionError": header("x-amz-function-error"),
            "LogResult": header("x-amz-log-result"),
        }));
    }
    if response.body.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&response.body).map_err(|_| ApiError::strange(request.operation, "JSON"))
}

/// The error of an answer: `__type` may carry a namespace before a `#`; REST has it in a header.
/// Source: error serialisation of the Smithy AWS JSON and REST JSON protocols.
fn refusal(response: &Response) -> ApiError {
    let status = response.status;
    let value: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let header = response.header("x-amzn-errortype").map(str::to_owned);
    let code = text("__type").or(header).or_else(|| text("code"));
    let code = code.unwrap_or_else(|| "UnknownError".to_owned());
    let code = code.rsplit('#').next().unwrap_or_default();
    let code = code.split(':').next().unwrap_or_default().to_owned();
    let message =
        text("message").or_else(|| text("Message")).unwrap_or_else(|| format!("HTTP status {status}"));
    ApiError { code, message, status }
}

/// The elements of an XML text that hold text alone, by their names: all that a pipeline asks IAM for is among them.
fn leaves(xml: &str) -> Map<String, Value> {
    let mut members = Map::new();
    let mut rest = xml;
    while let Some((_, after)) = rest.split_once('<') {
        rest = after;
        let Some((name, inside)) = after.split_once('>') else { break };
        let Some((text, end)) = inside.split_once('<') else { break };
        if end.strip_prefix('/').is_some_and(|end| end.starts_with(name)) {
            members.insert(name.to_owned(), Value::from(unescaped(text)));
        }
    }
    members
}

fn unescaped(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'");
    let text = text.replace("&#34;", "\"").replace("&#39;", "'").replace("&#xA;", "\n");
    text.replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{leaves, message};
    use crate::api::Request;

    #[test]
    fn a_path_is_filled_and_the_rest_is_the_body() {
        let body = json!({"FunctionName": "a b", "StatementId": "s"});
        let sent = message(&Request::lambda("RemovePermission", body.clone()), None).unwrap();
        assert_eq!((sent.method, sent.path.as_str()), ("DELETE", "2015-03-31/functions/a%20b/policy/s"));
        assert_eq!(sent.body, "");
        let sent = message(&Request::lambda("AddPermission", body), None).unwrap();
        assert_eq!(sent.body, r#"{"StatementId":"s"}"#);
        let by_arn = Request::lambda("GetLayerVersionByArn", json!({"Arn": "a:1"}));
        let sent = message(&by_arn, None).unwrap();
        assert_eq!(sent.path, "2018-10-31/layers?find=LayerVersion&Arn=a%3A1");
    }

    #[test]
    fn an_answer_of_iam_is_read_by_its_leaves() {
        let read = leaves("<A><B><C>1 &lt; 2</C><D/></B><E>x</E></A>");
        assert_eq!(json!(read), json!({"C": "1 < 2", "E": "x"}));
        assert!(leaves("no xml <").is_empty());
    }
}
