//! Traces: a scripted collector gets one trace of an event's trip, which goes on from the caller's and out to the endpoint.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{Binary, trunkline};

/// The example of the W3C's specification.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";
/// What a test waits for at most.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request as it came.
struct Taken {
    head: String,
    body: String,
    stream: TcpStream,
}

impl Taken {
    fn next(listener: &TcpListener) -> Self {
        let (stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(reader.read_line(&mut head).unwrap() > 0, "it ended early: {head}");
        }
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        reader.read_exact(&mut body).unwrap();
        Self { head, body: String::from_utf8(body).unwrap(), stream }
    }

    fn header(&self, name: &str) -> Option<String> {
        self.head.lines().find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(": ")?.to_owned()))
    }

    fn answer(mut self, status: &str, body: &str) {
        let length = body.len();
        write!(
            self.stream,
            "HTTP/1.1 {status}\r\nRetry-After: 0\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )
        .unwrap();
    }
}

fn pipeline(endpoint: &TcpListener) -> String {
    let address = endpoint.local_addr().unwrap();
    format!(
        "version: 1
allowPrivate: [127.0.0.1]
queues: [{{ name: orders }}]
connections:
  - name: crm
    apiKey: {{ name: x-api-key, value: '${{env:CRM_KEY}}' }}
apiDestinations:
  - {{ name: calls, connection: crm, endpoint: 'http://{address}/calls', method: POST }}
rules:
  - name: r
    pattern: {{ source: [shop] }}
    targets:
      - queue: orders
      - apiDestination: calls
"
    )
}

/// The spans of a request to the collector, whose form is checked.
fn spans(body: &str) -> Vec<Value> {
    let body: Value = serde_json::from_str(body).unwrap();
    let resource = &body["resourceSpans"][0];
    let name = json!({"key": "service.name", "value": {"stringValue": "shop-events"}});
    assert!(resource["resource"]["attributes"].as_array().unwrap().contains(&name), "{body}");
    resource["scopeSpans"][0]["spans"].as_array().unwrap().clone()
}

/// Takes what the collector is sent until it has so many spans; the first request is refused for the moment and comes again.
fn collect(collector: &TcpListener, wanted: usize) -> Vec<Value> {
    let first = Taken::next(collector);
    assert!(first.head.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{}", first.head);
    assert_eq!(first.header("content-type").as_deref(), Some("application/json"));
    assert_eq!(first.header("x-team").as_deref(), Some("a b"));
    let refused = first.body.clone();
    first.answer("503 Service Unavailable", "");
    let mut found = Vec::new();
    while found.len() < wanted {
        let taken = Taken::next(collector);
        if found.is_empty() {
            assert_eq!(taken.body, refused, "the same batch comes again");
        }
        found.extend(spans(&taken.body));
        taken.answer("200 OK", "{}");
    }
    found
}

fn named<'s>(spans: &'s [Value], name: &str) -> &'s Value {
    let found = spans.iter().find(|span| span["name"] == name);
    found.unwrap_or_else(|| panic!("no span {name} in {spans:#?}"))
}

fn attribute<'s>(span: &'s Value, key: &str) -> &'s Value {
    let mut attributes = span["attributes"].as_array().unwrap().iter();
    &attributes.find(|attribute| attribute["key"] == key).unwrap_or_else(|| panic!("no {key} in {span}"))["value"]
}

#[test]
fn an_events_trip_is_one_trace_from_its_caller_to_the_endpoint() {
    let folder = tempfile::tempdir().unwrap();
    let (collector, endpoint) =
        (TcpListener::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.1:0").unwrap());
    let file = folder.path().join("trunkline.yaml");
    std::fs::write(&file, pipeline(&endpoint)).unwrap();
    let (file, data) = (file.to_str().unwrap(), folder.path().join("data"));
    let arguments = ["serve", "-f", file, "--data-dir", data.to_str().unwrap(), "--listen", "127.0.0.1:0"];
    let mut command = trunkline(&arguments);
    command
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{}", collector.local_addr().unwrap()))
        .env("OTEL_EXPORTER_OTLP_HEADERS", "x-team=a%20b")
        .env("CRM_KEY", "hunter2")
        .env("OTEL_SERVICE_NAME", "shop-events");
    let binary = Binary::start(command).unwrap_or_else(|mut child| panic!("{}", child.wait().unwrap()));

    let came = format!("00-{TRACE}-{CALLER}-01");
    let target = ("X-Amz-Target", "AWSEvents.PutEvents");
    let entry = json!({"Source": "shop", "DetailType": "order", "Detail": "{\"id\":1}"});
    let headers = [target, ("Content-Type", "application/x-amz-json-1.1"), ("traceparent", came.as_str())];
    let (status, answer) =
        binary.request("POST /", &headers, &json!({"Entries": [entry]}).to_string()).unwrap();
    assert_eq!((status, &answer["FailedEntryCount"]), (200, &json!(0)), "{answer}");

    let call = Taken::next(&endpoint);
    let went = call.header("traceparent").unwrap();
    call.answer("200 OK", "");
    // The event, the rule, the queue's message, the endpoint's attempt.
    let spans = collect(&collector, 4);
    assert!(spans.iter().all(|span| span["traceId"] == TRACE), "{spans:#?}");
    let (event, rule) = (named(&spans, "event order"), named(&spans, "rule r"));
    assert_eq!((&event["parentSpanId"], &event["kind"]), (&json!(CALLER), &json!(5)));
    assert_eq!(rule["parentSpanId"], event["spanId"]);
    let (message, attempt) = (named(&spans, "send message"), named(&spans, "deliver to events"));
    for below in [message, attempt] {
        assert_eq!(below["parentSpanId"], rule["spanId"]);
        assert_eq!(attribute(below, "trunkline.outcome"), &json!({"stringValue": "delivered"}));
    }
    assert_eq!(went, format!("00-{TRACE}-{}-01", attempt["spanId"].as_str().unwrap()));
    assert_eq!(attribute(attempt, "http.response.status_code"), &json!({"intValue": "200"}));
    for span in &spans {
        let nanos = |member: &str| span[member].as_str().unwrap().parse::<u64>().unwrap();
        assert!(nanos("startTimeUnixNano") <= nanos("endTimeUnixNano"), "{span}");
        assert!(nanos("startTimeUnixNano") > 1_600_000_000_000_000_000, "{span}");
    }

    let ask = json!({"QueueUrl": format!("http://{}/000000000000/orders", binary.address), "AttributeNames": ["All"]});
    let received = binary.ok("AmazonSQS.ReceiveMessage", &ask);
    let header = received["Messages"][0]["Attributes"]["AWSTraceHeader"].as_str().unwrap().to_owned();
    let (time, rest) = TRACE.split_at(8);
    let parent = message["spanId"].as_str().unwrap();
    assert_eq!(header, format!("Root=1-{time}-{rest};Parent={parent};Sampled=1"));

    wait_until_told(&binary);
}

/// Until `/metrics` says that every span was taken, and none was dropped.
#[expect(clippy::disallowed_methods, reason = "the clock of the machine, for a wait that must end")]
fn wait_until_told(binary: &Binary) {
    let began = std::time::Instant::now();
    loop {
        let (_, page) = binary.request_text("GET /metrics", &[], "").unwrap();
        if page.contains("trunkline_trace_spans_total{outcome=\"exported\"} 4\n") {
            assert!(page.contains("trunkline_trace_spans_total{outcome=\"dropped\"} 0\n"), "{page}");
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{page}");
    }
}

#[test]
fn without_a_collector_what_came_goes_on_as_it_came() {
    let folder = tempfile::tempdir().unwrap();
    let binary = Binary::serve(folder.path());
    binary.ok("AmazonSQS.CreateQueue", &json!({"QueueName": "q"}));
    binary.ok("AWSEvents.PutRule", &json!({"Name": "r", "EventPattern": "{\"source\":[\"shop\"]}"}));
    let targets = json!([{"Id": "1", "Arn": "arn:aws:sqs:us-east-1:000000000000:q"}]);
    binary.ok("AWSEvents.PutTargets", &json!({"Rule": "r", "Targets": targets}));
    let came = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
    let entry = json!({"Source": "shop", "DetailType": "order", "Detail": "{}"});
    let target = ("X-Amz-Target", "AWSEvents.PutEvents");
    let headers = [target, ("Content-Type", "application/x-amz-json-1.1"), ("X-Amzn-Trace-Id", came)];
    binary.request("POST /", &headers, &json!({"Entries": [entry]}).to_string()).unwrap();
    binary.ok("AWSEvents.PutEvents", &json!({"Entries": [entry]}));
    let url = format!("http://{}/000000000000/q", binary.address);
    let ask = json!({"QueueUrl": url, "AttributeNames": ["All"], "MaxNumberOfMessages": 10});
    let received = binary.ok("AmazonSQS.ReceiveMessage", &ask);
    let header = |at: usize| received["Messages"][at]["Attributes"]["AWSTraceHeader"].as_str();
    assert_eq!((header(0), header(1)), (Some(came), None), "{received}");
    let (_, page) = binary.request_text("GET /metrics", &[], "").unwrap();
    assert!(!page.contains("trunkline_trace_spans"), "{page}");
}
