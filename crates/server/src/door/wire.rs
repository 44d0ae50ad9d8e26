//! AWS's wire protocols: which operation a request asks for, and how its answer or error is written.
//!
//! The protocols know no service: what is particular to one stands in its [`aws::Service`]. An answer goes out on the wire that
//! its request came in by.

pub(crate) mod form;
pub(crate) mod query;
pub(crate) mod rest;
#[cfg(test)]
mod tests;
pub(crate) mod xml;
mod xml_answer;

use aws::query::Action;
use aws::rest::Route;
use aws::service::{BODY_BYTES_MAX, HeaderMember, Json, Query, Rest};
use aws::{Body, Error, Serve, Wire};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

use crate::door::wire::form::Form;
use crate::services::Services;

/// Where a request's head leads.
#[derive(Debug)]
pub(crate) enum Destination<'s> {
    /// `X-Amz-Target` names service and operation.
    Json { service: &'s dyn Serve, wire: &'static Json, operation: String },
    /// Method and path name the operation of a service.
    Rest { service: &'s dyn Serve, wire: &'static Rest, route: &'static Route },
    /// A form will name the action. `service` is the one that the credential scope names, if it was signed.
    Form { service: Option<&'s dyn Serve> },
}

/// What a request asks for, its body read.
#[derive(Debug)]
pub(crate) struct OperationRequest<'s> {
    pub(crate) service: &'s dyn Serve,
    pub(crate) operation: String,
    /// The request as the operation reads it; `None`: the body as it came.
    pub(crate) request: Option<Vec<u8>>,
    /// Whether the body is a member by itself.
    pub(crate) is_blob: bool,
    pub(crate) outgoing: Outgoing,
}

/// The wire that an answer or an error goes out by.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Outgoing {
    Json(&'static Json),
    Query(&'static Query, Option<&'static Action>),
    /// The query protocol's GET that asks for JSON.
    QueryJson(&'static Query, Option<&'static Action>),
    /// The query protocol's GET of a resource without an action.
    NoAction,
    Rest(&'static Rest, Option<&'static Route>),
    /// Of a service that is not ours: what its SDK is likely to read.
    UnknownJson,
    UnknownQuery,
    /// S3 and the other services of REST with XML.
    UnknownRestXml,
}

/// An error, and the wire that it goes out by.
pub(crate) type Refusal = (Outgoing, Error);

/// Services whose errors are REST with XML (the list of Smithy's `restXml` in AWS's own models).
const REST_XML: &[&str] = &["s3", "s3express", "s3-outposts", "s3-object-lambda", "cloudfront", "route53"];

/// Who signed a request, as far as its credential scope says: `AKID/20260101/us-east-1/sqs/aws4_request`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CredentialScope {
    pub(crate) access_key: String,
    pub(crate) region: String,
    pub(crate) service: String,
}

impl CredentialScope {
    /// Out of the header `Authorization` or, where a URL was signed, out of its query string.
    pub(crate) fn of(parts: &Parts) -> Option<Self> {
        let authorization = header_text(&parts.headers, "authorization");
        if let Some((_, credential)) = authorization.and_then(|text| text.split_once("Credential=")) {
            return Self::parse(credential.split(',').next()?);
        }
        let query = form_urlencoded::parse(parts.uri.query()?.as_bytes());
        let (_, credential) = query.into_iter().find(|(name, _)| name == "X-Amz-Credential")?;
        Self::parse(&credential)
    }

    fn parse(credential: &str) -> Option<Self> {
        let mut parts = credential.trim().split('/');
        let (access_key, _date, region, service) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let owned = str::to_owned;
        Some(Self { access_key: owned(access_key), region: owned(region), service: owned(service) })
    }
}

impl<'s> Destination<'s> {
    /// Reads a request's head.
    ///
    /// # Errors
    /// `UnknownOperationException` where it names a service or an operation that is not served.
    pub(crate) fn of(services: &'s Services, parts: &Parts) -> Result<Self, Refusal> {
        if let Some(target) = header_text(&parts.headers, "x-amz-target") {
            return Self::of_target(services, target);
        }
        match CredentialScope::of(parts) {
            Some(scope) => Self::of_scope(services, &scope.service, parts),
            // Unsigned, or by the older scheme that names no service.
            None => match services.at_path(parts) {
                Some((service, wire, route)) => Ok(Self::Rest { service, wire, route }),
                None => Ok(Self::Form { service: None }),
            },
        }
    }

    fn of_target(services: &'s Services, target: &str) -> Result<Self, Refusal> {
        let Some((prefix, operation)) = target.split_once('.') else {
            let words = format!(
                "The header X-Amz-Target is '{target}'; expected Service.Operation, for example AWSEvents.PutEvents."
            );
            return Err((Outgoing::UnknownJson, Error::sender("UnknownOperationException", words)));
        };
        match services.of_target(prefix, operation) {
            Some((service, wire)) => Ok(Self::Json { service, wire, operation: operation.to_owned() }),
            None => Err((Outgoing::UnknownJson, Error::unknown_operation(prefix, operation))),
        }
    }

    fn of_scope(services: &'s Services, scope: &str, parts: &Parts) -> Result<Self, Refusal> {
        let asked = || format!("{} {}", parts.method, parts.uri.path());
        let Some(service) = services.of_scope(scope) else {
            return Err((Outgoing::unknown(scope, parts), Error::unknown_operation(scope, &asked())));
        };
        if let Some(wire) = rest::wire_of(service) {
            return match rest::route_of(wire, parts) {
                Some(route) => Ok(Self::Rest { service, wire, route }),
                None => {
                    let error = Error::unknown_operation(service.name(), &asked());
                    Err((Outgoing::Rest(wire, None), Error { status: 404, ..error }))
                }
            };
        }
        match service.wires().first() {
            Some(Wire::Json(wire)) if query::wire_of(service).is_none() => {
                let words =
                    format!("The header X-Amz-Target is missing; expected {}.Operation.", wire.target_prefix);
                Err((Outgoing::Json(wire), Error::sender("UnknownOperationException", words)))
            }
            _ => Ok(Self::Form { service: Some(service) }),
        }
    }

    /// The largest body that is read, in bytes.
    pub(crate) fn body_bytes_max(&self) -> usize {
        match self {
            Self::Json { service, .. } | Self::Rest { service, .. } => service.body_bytes_max(),
            Self::Form { .. } => BODY_BYTES_MAX,
        }
    }

    /// The wire of an error that comes before the operation is known.
    pub(crate) fn outgoing(&self) -> Outgoing {
        match self {
            Self::Json { wire, .. } => Outgoing::Json(wire),
            Self::Rest { wire, route, .. } => Outgoing::Rest(wire, Some(route)),
            Self::Form { service } => match service.and_then(query::wire_of) {
                Some(wire) => Outgoing::Query(wire, None),
                None => Outgoing::UnknownJson,
            },
        }
    }

    /// Reads the operation and its request.
    ///
    /// # Errors
    /// `UnknownOperationException`, `InvalidAction`, `MissingAction`, `SerializationException`.
    pub(crate) fn read(
        self,
        services: &'s Services,
        parts: &Parts,
        body: &[u8],
    ) -> Result<OperationRequest<'s>, Refusal> {
        match self {
            Self::Json { service, wire, operation } => {
                let outgoing = Outgoing::Json(wire);
                let request = with_headers(wire.header_members, &operation, parts, body);
                Ok(OperationRequest { service, operation, request, is_blob: false, outgoing })
            }
            Self::Rest { service, wire, route } => {
                let outgoing = Outgoing::Rest(wire, Some(route));
                let request = rest::request(route, parts, body).map_err(|error| (outgoing, error))?;
                let is_blob = route.body == aws::rest::RequestBody::Blob;
                let operation = route.operation.to_owned();
                Ok(OperationRequest { service, operation, request: Some(request), is_blob, outgoing })
            }
            Self::Form { service } => read_form(service, services, parts, body),
        }
    }
}

fn read_form<'s>(
    service: Option<&'s dyn Serve>,
    services: &'s Services,
    parts: &Parts,
    body: &[u8],
) -> Result<OperationRequest<'s>, Refusal> {
    let form = Form::parse(parts.uri.query().unwrap_or_default(), body);
    let form = form.map_err(|error| (Outgoing::likely(parts), error))?;
    let path = parts.uri.path();
    let signed = form.value("X-Amz-Credential").and_then(CredentialScope::parse);
    let service = match (service, &signed) {
        (None, Some(scope)) => Some(services.of_scope(&scope.service).ok_or_else(|| {
            let action = form.value("Action").unwrap_or("no action");
            (Outgoing::UnknownQuery, Error::unknown_operation(&scope.service, action))
        })?),
        (service, _) => service,
    };
    let Some(name) = form.value("Action") else {
        return Err(no_action(service.or_else(|| services.of_resource_path(path)), parts));
    };
    // Not signed, or by the older scheme that names no service: the one whose action it is.
    let service = service.or_else(|| services.of_resource_path(path)).or_else(|| services.of_action(name));
    let Some((service, wire)) = service.and_then(|service| Some((service, query::wire_of(service)?))) else {
        let who = service.map_or("an unsigned request", |service| service.name());
        return Err((Outgoing::UnknownQuery, Error::unknown_operation(who, name)));
    };
    let wants_json = parts.method == Method::GET
        && header_text(&parts.headers, "accept").is_some_and(|accept| accept.starts_with("application/json"));
    let out = if wants_json { Outgoing::QueryJson } else { Outgoing::Query };
    let is_valid =
        |action: &&Action| !(wire.not_at_path.contains(&action.name) && query::is_resource_path(path));
    let Some(action) = query::action_of(service, name).filter(is_valid) else {
        let words = format!("The action {name} is not valid for this endpoint.");
        return Err((out(wire, None), Error::sender("InvalidAction", words)));
    };
    let outgoing = out(wire, Some(action));
    let request = query::request(wire, action, &form, path).map_err(|error| (outgoing, error))?;
    let request = with_headers(wire.header_members, action.name, parts, &request).unwrap_or(request);
    Ok(OperationRequest {
        service,
        operation: action.name.to_owned(),
        request: Some(request),
        is_blob: false,
        outgoing,
    })
}

fn no_action(service: Option<&dyn Serve>, parts: &Parts) -> Refusal {
    if parts.method == Method::GET && query::is_resource_path(parts.uri.path()) {
        let error = Error::unknown_operation("this path", &format!("GET {}", parts.uri.path()));
        return (Outgoing::NoAction, Error { status: 404, ..error });
    }
    if let Some(wire) = service.and_then(query::wire_of) {
        let words = "The request must contain the parameter Action.";
        return (Outgoing::Query(wire, None), Error::sender("MissingAction", words));
    }
    let error = Error::unknown_operation("this path", &format!("{} {}", parts.method, parts.uri.path()));
    (Outgoing::UnknownJson, Error { status: 404, ..error })
}

/// A JSON request with the members that its headers bring; `None` where they bring none.
fn with_headers(members: &[HeaderMember], operation: &str, parts: &Parts, body: &[u8]) -> Option<Vec<u8>> {
    let of_operation = members.iter().filter(|of| of.operations.contains(&operation));
    let brought: Vec<(&str, &str)> =
        of_operation.filter_map(|of| Some((of.member, header_text(&parts.headers, of.header)?))).collect();
    if brought.is_empty() {
        return None;
    }
    // What is no object is refused by the operation, in its words.
    let mut request: Map<String, Value> = serde_json::from_slice(body).ok()?;
    for (member, text) in brought {
        request.entry(member).or_insert_with(|| Value::from(text));
    }
    serde_json::to_vec(&request).ok()
}

fn header_text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// Who is at fault for an error, in the words of the query protocol.
pub(crate) fn fault_of(error: &Error) -> &'static str {
    if error.status < 500 { "Sender" } else { "Receiver" }
}

impl Outgoing {
    /// The wire that whoever sent such a request is likely to read.
    pub(crate) fn likely(parts: &Parts) -> Self {
        Self::unknown(&CredentialScope::of(parts).map_or_else(String::new, |scope| scope.service), parts)
    }

    /// The wire that the SDK of a service which is not ours is likely to read.
    fn unknown(scope: &str, parts: &Parts) -> Self {
        let media_type = header_text(&parts.headers, "content-type").unwrap_or_default();
        if REST_XML.contains(&scope) {
            Self::UnknownRestXml
        } else if media_type.starts_with("application/x-www-form-urlencoded") && parts.method == Method::POST
        {
            Self::UnknownQuery
        } else {
            Self::UnknownJson
        }
    }

    /// Writes an answer.
    pub(crate) fn answer(self, body: Body, request_id: &str) -> Response {
        let written = match self {
            Self::Query(wire, Some(action)) => {
                query::answer(wire, action, &body, request_id).map(|body| (StatusCode::OK, Vec::new(), body))
            }
            Self::QueryJson(wire, Some(action)) => query::json_answer(wire, action, &body, request_id)
                .map(|body| (StatusCode::OK, Vec::new(), body)),
            Self::Rest(_, Some(route)) => rest::answer(route, body).map(|parted| {
                (StatusCode::from_u16(route.status).unwrap_or(StatusCode::OK), parted.headers, parted.body)
            }),
            Self::Json(Json { answers_version: Some(version), .. }) => {
                Ok((StatusCode::OK, Vec::new(), with_version(*version, &body)))
            }
            _ => Ok((StatusCode::OK, Vec::new(), body)),
        };
        match written {
            Ok((status, headers, body)) => {
                let crc32 = self.has_crc32().then(|| crc32fast::hash(&body));
                let mut response = (status, self.head(request_id), body).into_response();
                let out = response.headers_mut();
                for (name, text) in headers {
                    insert(out, name, &text);
                }
                if let Some(crc32) = crc32 {
                    insert(out, "x-amz-crc32", &crc32.to_string());
                }
                response
            }
            Err(error) => self.error(&error, request_id),
        }
    }

    /// Writes an error as SDKs read it: its name in the body and in `x-amzn-errortype`, and where the service once spoke the
    /// query protocol its older name in `x-amzn-query-error`
    /// (<https://smithy.io/2.0/aws/protocols/aws-query-protocol.html>, awsQueryCompatible).
    pub(crate) fn error(self, error: &Error, request_id: &str) -> Response {
        let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = self.error_body(error, request_id);
        let crc32 = self.has_crc32().then(|| crc32fast::hash(body.as_bytes()));
        let mut response = (status, self.head(request_id), body).into_response();
        let headers = response.headers_mut();
        insert(headers, "x-amzn-errortype", &error.code);
        if let Self::Json(Json { is_query_compatible: true, .. }) = self {
            let code = error.query_code.unwrap_or(&error.code);
            insert(headers, "x-amzn-query-error", &format!("{code};{}", fault_of(error)));
        }
        if let Some(crc32) = crc32 {
            insert(headers, "x-amz-crc32", &crc32.to_string());
        }
        response
    }

    fn error_body(self, error: &Error, request_id: &str) -> String {
        match self {
            Self::Json(wire) => json_error(&format!("{}{}", wire.error_prefix, error.code), error),
            Self::UnknownJson => json_error(&error.code, error),
            Self::Query(wire, _) => xml_answer::error(Some(wire), error, request_id),
            Self::QueryJson(wire, _) => query::json_error(wire, error, request_id),
            // All that AWS says.
            Self::NoAction => "<UnknownOperationException/>\n".to_owned(),
            Self::UnknownQuery => xml_answer::error(None, error, request_id),
            Self::Rest(wire, _) => {
                let kind = if error.status < 500 { "User" } else { "Service" };
                serde_json::json!({"Type": kind, wire.message_member: error.message}).to_string()
            }
            Self::UnknownRestXml => format!(
                "<?xml version=\"1.0\"?><Error><Code>{}</Code><Message>{}</Message><RequestId>{request_id}</RequestId></Error>",
                xml::escape(&error.code),
                xml::escape(&error.message)
            ),
        }
    }

    fn head(self, request_id: &str) -> [(&'static str, &str); 2] {
        [("content-type", self.content_type()), ("x-amzn-requestid", request_id)]
    }

    fn has_crc32(self) -> bool {
        matches!(self, Self::Json(Json { has_crc32: true, .. }))
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Json(Json { version: "1.0", .. }) => "application/x-amz-json-1.0",
            Self::Json(_) | Self::UnknownJson => "application/x-amz-json-1.1",
            Self::Rest(..) | Self::QueryJson(..) => "application/json",
            Self::Query(..) | Self::UnknownQuery | Self::NoAction => "text/xml",
            Self::UnknownRestXml => "application/xml",
        }
    }
}

/// Sets a header, where its name and text can be one's.
pub(crate) fn insert(headers: &mut HeaderMap, name: &str, text: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(text)) {
        headers.insert(name, value);
    }
}

/// An object with its version before its members.
fn with_version(version: u32, body: &[u8]) -> Body {
    let members = body.strip_prefix(b"{").unwrap_or(b"}");
    let separator = if members == b"}" { "" } else { "," };
    [format!("{{\"Version\":{version}{separator}").as_bytes(), members].concat()
}

fn json_error(kind: &str, error: &Error) -> String {
    let mut body = Map::new();
    body.insert("__type".to_owned(), kind.into());
    body.insert("message".to_owned(), error.message.as_str().into());
    body.extend(error.members.iter().flat_map(|members| members.as_ref().clone()));
    Value::Object(body).to_string()
}
