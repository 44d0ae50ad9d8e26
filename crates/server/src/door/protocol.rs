//! AWS's wire protocols: which operation is asked for, and how an answer or an error is written.

use aws::{Body, Error};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::door::query::{self, Form, Query};
use crate::door::xml::escape;

/// The service and operation that a request names.
#[derive(Debug)]
pub(crate) enum Asked {
    /// EventBridge, `X-Amz-Target: AWSEvents.<operation>`.
    Events(String),
    /// SQS, `X-Amz-Target: AmazonSQS.<operation>`.
    Queues(String),
    /// SQS, query protocol.
    QueuesQuery(Query),
    /// CloudWatch Logs, `X-Amz-Target: Logs_20140328.<operation>`.
    Logs(String),
    /// Trunkline's own operations, `X-Amz-Target: Trunkline.<operation>`.
    Trunkline(String),
    /// STS, query protocol.
    Sts(String),
}

/// How a service writes on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// AWS JSON 1.0.
    Json10,
    /// AWS JSON 1.0 with the names that the query protocol had, for SDKs that still know errors by those.
    Sqs,
    /// AWS JSON 1.1.
    Json11,
    /// The query protocol's XML.
    Query,
    /// The query protocol's XML with the names and words of SQS.
    SqsQuery,
}

/// Reads the operation from the request's head (and, in the query protocol, from its form).
pub(crate) fn asked(parts: &Parts, body: &[u8]) -> Result<Asked, (Wire, Error)> {
    match header_text(&parts.headers, "x-amz-target") {
        Some(target) => json_operation(target),
        None => query_operation(parts, body),
    }
}

fn json_operation(target: &str) -> Result<Asked, (Wire, Error)> {
    match target.split_once('.') {
        Some(("AWSEvents", operation)) => Ok(Asked::Events(operation.to_owned())),
        Some(("AmazonSQS", operation)) => Ok(Asked::Queues(operation.to_owned())),
        Some(("Logs_20140328", operation)) => Ok(Asked::Logs(operation.to_owned())),
        Some(("Trunkline", operation)) => Ok(Asked::Trunkline(operation.to_owned())),
        Some((service, operation)) => Err((Wire::Json11, Error::unknown_operation(service, operation))),
        None => Err((
            Wire::Json11,
            Error::sender(
                "UnknownOperationException",
                format!(
                    "The header X-Amz-Target is '{target}'; expected Service.Operation, for example AWSEvents.PutEvents."
                ),
            ),
        )),
    }
}

fn query_operation(parts: &Parts, body: &[u8]) -> Result<Asked, (Wire, Error)> {
    let form = Form::parse(parts.uri.query().unwrap_or_default(), body);
    let path = parts.uri.path();
    let Some(action) = form.value("Action") else {
        return Err(no_action(parts));
    };
    let scope = signed_service(&parts.headers).or_else(|| form.value("X-Amz-Credential")?.split('/').nth(3));
    match scope {
        Some("sts") => Ok(Asked::Sts(action.to_owned())),
        Some("sqs") => queues_query(&form, action, path),
        // Not signed, or by the older scheme that names no service.
        None if query::is_queue_path(path) || query::is_action(action) => queues_query(&form, action, path),
        other => Err((Wire::Query, Error::unknown_operation(other.unwrap_or("an unsigned request"), action))),
    }
}

fn queues_query(form: &Form, action: &str, path: &str) -> Result<Asked, (Wire, Error)> {
    Query::of(form, action, path).map(Asked::QueuesQuery).map_err(|error| (Wire::SqsQuery, error))
}

fn no_action(parts: &Parts) -> (Wire, Error) {
    let path = parts.uri.path();
    if query::is_queue_path(path) {
        let words = "The request must contain the parameter Action.";
        return (Wire::SqsQuery, Error::sender("MissingAction", words));
    }
    let error = Error::unknown_operation("this path", &format!("{} {path}", parts.method));
    (Wire::Json11, Error { status: 404, ..error })
}

/// The service in the credential scope: `Credential=AKID/20260101/us-east-1/sts/aws4_request`.
fn signed_service(headers: &HeaderMap) -> Option<&str> {
    let authorization = header_text(headers, "authorization")?;
    let (_, credential) = authorization.split_once("Credential=")?;
    credential.split(&['/', ','][..]).nth(3)
}

fn header_text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

impl Wire {
    /// Writes an answer or an error.
    pub(crate) fn answer(self, outcome: Result<Body, Error>, request_id: &str) -> Response {
        match outcome {
            Ok(body) => {
                let head = [("content-type", self.content_type()), ("x-amzn-requestid", request_id)];
                (StatusCode::OK, head, body).into_response()
            }
            Err(error) => self.error(&error, request_id),
        }
    }

    /// Writes an error as SDKs read it: its name in the body's `__type` and in `x-amzn-errortype`, and for SQS its older
    /// name in `x-amzn-query-error` (<https://smithy.io/2.0/aws/protocols/aws-query-protocol.html>, awsQueryCompatible).
    pub(crate) fn error(self, error: &Error, request_id: &str) -> Response {
        let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let head = [("content-type", self.content_type()), ("x-amzn-requestid", request_id)];
        let body = match self {
            Self::Json10 | Self::Json11 => json_error(&error.code, &error.message),
            Self::Sqs => json_error(&format!("com.amazonaws.sqs#{}", error.code), &error.message),
            Self::Query => query_error(error, request_id),
            Self::SqsQuery => query::error(error, request_id),
        };
        let mut response = (status, head, body).into_response();
        let headers = response.headers_mut();
        if let Ok(code) = error.code.parse() {
            headers.insert("x-amzn-errortype", code);
        }
        let fault = if error.status < 500 { "Sender" } else { "Receiver" };
        if self == Self::Sqs
            && let Ok(value) = format!("{};{fault}", error.query_code.unwrap_or(&error.code)).parse()
        {
            headers.insert("x-amzn-query-error", value);
        }
        response
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Json10 | Self::Sqs => "application/x-amz-json-1.0",
            Self::Json11 => "application/x-amz-json-1.1",
            Self::Query | Self::SqsQuery => "text/xml",
        }
    }
}

fn json_error(kind: &str, message: &str) -> String {
    serde_json::json!({"__type": kind, "message": message}).to_string()
}

fn query_error(error: &Error, request_id: &str) -> String {
    let fault = if error.status < 500 { "Sender" } else { "Receiver" };
    format!(
        "<?xml version=\"1.0\"?><ErrorResponse><Error><Type>{fault}</Type><Code>{}</Code><Message>{}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>",
        escape(&error.code),
        escape(&error.message)
    )
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::{Asked, Wire, asked};

    fn of(headers: &[(&str, &str)], body: &str) -> Result<Asked, (Wire, aws::Error)> {
        let mut request = Request::builder().method("POST").uri("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        asked(&parts, body.as_bytes())
    }

    #[test]
    fn the_target_header_names_the_operation() {
        let asked = of(&[("X-Amz-Target", "AWSEvents.PutRule")], "").unwrap();
        assert!(matches!(asked, Asked::Events(name) if name == "PutRule"));
        let asked = of(&[("X-Amz-Target", "AmazonSQS.SendMessage")], "").unwrap();
        assert!(matches!(asked, Asked::Queues(name) if name == "SendMessage"));
    }

    #[test]
    fn what_is_not_served_is_named() {
        let (_, error) = of(&[("X-Amz-Target", "AWSStepFunctions.StartExecution")], "").unwrap_err();
        assert_eq!(error.code, "UnknownOperationException");
        assert!(error.message.contains("StartExecution"), "{error}");
        let (_, error) = of(&[("X-Amz-Target", "nonsense")], "").unwrap_err();
        assert!(error.message.contains("nonsense"), "{error}");
        let (_, error) = of(&[], "").unwrap_err();
        assert_eq!(error.status, 404);
    }

    #[test]
    fn the_query_protocol_finds_its_service_in_the_credential() {
        let signed = |service: &str| {
            format!(
                "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=00"
            )
        };
        let body = "Action=GetCallerIdentity&Version=2011-06-15";
        let asked = of(&[("Authorization", &signed("sts"))], body).unwrap();
        assert!(matches!(asked, Asked::Sts(name) if name == "GetCallerIdentity"));
        assert!(of(&[], body).is_err());
        let body = "Action=ListQueues&Version=2012-11-05";
        for headers in [vec![], vec![("Authorization", signed("sqs"))]] {
            let headers: Vec<(&str, &str)> =
                headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let asked = of(&headers, body).unwrap();
            assert!(matches!(asked, Asked::QueuesQuery(query) if query.name() == "ListQueues"));
        }
        // AddPermission is an action of SNS too.
        let (wire, _) = of(&[("Authorization", &signed("sns"))], "Action=AddPermission").unwrap_err();
        assert_eq!(wire, Wire::Query);
    }
}
