//! Spans as an `ExportTraceServiceRequest` in JSON.
//!
//! Source: OpenTelemetry Protocol specification, "JSON Protobuf Encoding": names in lowerCamelCase, ids as hexadecimal text, enums
//! as numbers, and, as in all of protobuf's JSON, numbers of 64 bits as text.

use aws::Timestamp;
use aws::trace::{Span, SpanKind, SpanValue};
use serde_json::{Value, json};

/// What made the spans.
const SCOPE: &str = "trunkline";
/// `STATUS_CODE_ERROR`.
const STATUS_ERROR: u8 = 2;

/// The request's body.
pub(super) fn request(service_name: &str, spans: &[Span]) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let resource = [
        attribute("service.name", &SpanValue::from(service_name)),
        attribute("service.version", &SpanValue::from(version)),
    ];
    let spans: Vec<Value> = spans.iter().map(span).collect();
    let scope = json!({"scope": {"name": SCOPE, "version": version}, "spans": spans});
    json!({"resourceSpans": [{"resource": {"attributes": resource}, "scopeSpans": [scope]}]}).to_string()
}

fn span(span: &Span) -> Value {
    let attributes: Vec<Value> = span.attributes.iter().map(|(name, value)| attribute(name, value)).collect();
    let mut written = json!({
        "traceId": span.context.trace_hex(),
        "spanId": format!("{:016x}", span.context.span_id),
        "name": span.name,
        "kind": kind(span.kind),
        "startTimeUnixNano": nanos(span.start),
        "endTimeUnixNano": nanos(span.end),
        "attributes": attributes,
    });
    if span.parent != 0 {
        set(&mut written, "parentSpanId", format!("{:016x}", span.parent).into());
    }
    if let Some(message) = &span.error {
        set(&mut written, "status", json!({"code": STATUS_ERROR, "message": message}));
    }
    written
}

fn set(object: &mut Value, member: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(member.to_owned(), value);
    }
}

fn attribute(name: &str, value: &SpanValue) -> Value {
    let value = match value {
        SpanValue::Text(text) => json!({"stringValue": text}),
        SpanValue::Number(number) => json!({"intValue": number.to_string()}),
    };
    json!({"key": name, "value": value})
}

/// The numbers of `SpanKind` in OTLP.
fn kind(kind: SpanKind) -> u8 {
    match kind {
        SpanKind::Internal => 1,
        SpanKind::Client => 3,
        SpanKind::Producer => 4,
        SpanKind::Consumer => 5,
    }
}

fn nanos(moment: Timestamp) -> String {
    (u128::from(moment.unix_ms()) * 1_000_000).to_string()
}

#[cfg(test)]
mod tests {
    use aws::Timestamp;
    use aws::trace::{Span, SpanKind, TraceContext};
    use serde_json::{Value, json};

    use super::request;

    #[test]
    fn a_span_is_written_as_the_specification_has_it() {
        let context =
            TraceContext::of_traceparent("00-5b8efff798038103d269b633813fc60c-eee19b7ec3c1b174-01").unwrap();
        let span = Span {
            context,
            parent: 0x0eee_19b7_ec3c_1b17,
            name: "deliver to events".to_owned(),
            kind: SpanKind::Client,
            start: Timestamp::from_unix_ms(1_544_712_660_000),
            end: Timestamp::from_unix_ms(1_544_712_661_005),
            attributes: vec![("trunkline.attempt", 2.into())],
            error: Some("status 503".to_owned()),
        };
        let body: Value = serde_json::from_str(&request("shop", &[span])).unwrap();
        let written = &body["resourceSpans"][0];
        assert_eq!(written["resource"]["attributes"][0]["value"]["stringValue"], "shop");
        assert_eq!(
            written["scopeSpans"][0]["spans"][0],
            json!({
                "traceId": "5b8efff798038103d269b633813fc60c",
                "spanId": "eee19b7ec3c1b174",
                "parentSpanId": "0eee19b7ec3c1b17",
                "name": "deliver to events",
                "kind": 3,
                "startTimeUnixNano": "1544712660000000000",
                "endTimeUnixNano": "1544712661005000000",
                "attributes": [{"key": "trunkline.attempt", "value": {"intValue": "2"}}],
                "status": {"code": 2, "message": "status 503"},
            })
        );
    }
}
