//! REST-JSON: the request's labels, parameters and headers put into the one JSON object that an operation reads, and the
//! answer's headers taken out of the one that it writes.

use std::collections::BTreeMap;

use aws::rest::{Binding, Kind, Parameter, RequestBody, Route};
use aws::service::{Describe, Rest};
use aws::{Body, Error, Wire};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use percent_encoding::percent_decode_str;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// The REST wire of a service, where it has one.
pub(crate) fn wire_of(service: &(impl Describe + ?Sized)) -> Option<&'static Rest> {
    service.wires().iter().find_map(|wire| match wire {
        Wire::Rest(rest) => Some(rest),
        Wire::Json(_) | Wire::Query(_) => None,
    })
}

/// The operation at a method and path. Where several match, the one with the fewest labels is meant
/// (`/functions/list` before `/functions/{name}`), and one that asks for a parameter before one that asks for none.
pub(crate) fn route_of(wire: &Rest, parts: &Parts) -> Option<&'static Route> {
    let query = parts.uri.query().unwrap_or_default();
    let is_there = |wanted: Parameter| {
        form_urlencoded::parse(query.as_bytes())
            .any(|(name, value)| name == wanted.name && value == wanted.value)
    };
    let matching = wire
        .routes
        .iter()
        .filter(|route| route.method == parts.method.as_str() && route.only_with.is_none_or(is_there))
        .filter_map(|route| Some((route.labels(parts.uri.path())?.len(), route)));
    matching.min_by_key(|(labels, route)| (*labels, route.only_with.is_none())).map(|(_, route)| route)
}

/// A request as the JSON object that its operation reads.
///
/// # Errors
/// `SerializationException` where the body is no JSON object, or a parameter is not of its kind.
pub(crate) fn request(route: &Route, parts: &Parts, body: &[u8]) -> Result<Vec<u8>, Error> {
    let mut members: BTreeMap<String, Box<RawValue>> = match route.body {
        RequestBody::Members if !body.trim_ascii().is_empty() => serde_json::from_slice(body)
            .map_err(|e| Error::serialization(format!("The request body is not valid: {e}.")))?,
        RequestBody::Members | RequestBody::Blob => BTreeMap::new(),
    };
    let mut put = |member: &str, value: &Value| -> Result<(), Error> {
        let raw = RawValue::from_string(value.to_string());
        let raw = raw.map_err(|e| Error::receiver("InternalFailure", 500, e.to_string()))?;
        members.insert(member.to_owned(), raw);
        Ok(())
    };
    for (label, text) in route.labels(parts.uri.path()).into_iter().flatten() {
        let text = percent_decode_str(text).decode_utf8();
        let text = text.map_err(|_| Error::serialization(format!("The path's {label} is not UTF-8.")))?;
        put(label, &Value::String(text.into_owned()))?;
    }
    let query = parts.uri.query().unwrap_or_default();
    for binding in route.query {
        let texts = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == binding.name);
        let texts: Vec<String> = texts.map(|(_, text)| text.into_owned()).collect();
        if let Some(value) = value_of(binding, texts)? {
            put(binding.member, &value)?;
        }
    }
    for binding in route.headers {
        if let Some(value) = value_of(binding, header_texts(&parts.headers, binding.name))? {
            put(binding.member, &value)?;
        }
    }
    serde_json::to_vec(&members).map_err(|e| Error::receiver("InternalFailure", 500, e.to_string()))
}

fn header_texts(headers: &HeaderMap, name: &str) -> Vec<String> {
    let texts = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    texts.map(str::to_owned).collect()
}

fn value_of(binding: &Binding, texts: Vec<String>) -> Result<Option<Value>, Error> {
    let Binding { name, kind, .. } = binding;
    if *kind == Kind::Texts {
        return Ok((!texts.is_empty()).then(|| Value::from(texts)));
    }
    let Some(text) = texts.into_iter().next() else { return Ok(None) };
    let refuse = |wanted: &str| Error::serialization(format!("'{name}' is '{text}', and must be {wanted}."));
    let value = match kind {
        Kind::Integer => text.parse::<i64>().map(Value::from).map_err(|_| refuse("a whole number")),
        Kind::Boolean => text.parse::<bool>().map(Value::from).map_err(|_| refuse("true or false")),
        Kind::Text | Kind::Texts => Ok(Value::String(text)),
    };
    value.map(Some)
}

/// What an answer becomes on the wire: its headers and its body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RestAnswer {
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Body,
}

/// Takes the members that travel as headers out of an answer.
///
/// # Errors
/// `InternalFailure` where the answer is no JSON object.
pub(crate) fn answer(route: &Route, body: Body) -> Result<RestAnswer, Error> {
    // 204 has no body (RFC 9110, 15.3.5).
    let body = if route.status == 204 { Body::new() } else { body };
    if route.answer_headers.is_empty() {
        return Ok(RestAnswer { headers: Vec::new(), body });
    }
    let broken = |e: serde_json::Error| Error::receiver("InternalFailure", 500, e.to_string());
    let mut members: Map<String, Value> = serde_json::from_slice(&body).map_err(broken)?;
    let mut headers = Vec::new();
    for binding in route.answer_headers {
        match members.remove(binding.member) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) => headers.push((binding.name, text)),
            Some(other) => headers.push((binding.name, other.to_string())),
        }
    }
    Ok(RestAnswer { headers, body: serde_json::to_vec(&members).map_err(broken)? })
}
