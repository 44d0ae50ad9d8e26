//! Requests as SDKs write them: which operation each asks for, with which request, and how answers and errors look.

use aws::operation::{answer, print};
use aws::rest::{Binding, Route};
use aws::service::{Json, Rest};
use aws::{Call, Error, Operation, Reply, Serve, Service, Wire};
use axum::body::to_bytes;
use axum::http::Request;
use axum::http::request::Parts;
use axum::response::Response;
use serde_json::{Value, json};

use super::{Destination, Outgoing};
use crate::services::Services;

/// A service of REST-JSON that exists here only. Its operations answer with the request that they were given.
static KITCHEN: Service<()> = Service::new(
    "Kitchen",
    &["kitchen"],
    &[Wire::Rest(Rest {
        message_member: "Message",
        routes: &[
            Route::new("CreateDish", "POST", "/2026-11-28/dishes").status(201),
            Route::new("GetDish", "GET", "/2026-11-28/dishes/{Name}")
                .query(&[
                    Binding::text("Qualifier", "Qualifier"),
                    Binding::integer("MaxItems", "MaxItems"),
                    Binding::texts("Tags", "tagKeys"),
                ])
                .headers(&[Binding::boolean("DryRun", "X-Amz-Dry-Run")])
                .answer_headers(&[Binding::text("Name", "X-Amz-Dish")]),
            Route::new("Cook", "POST", "/2026-11-28/dishes/{Name}/cooking").blob(),
            Route::new("DeleteDish", "DELETE", "/2026-11-28/dishes/{Name}").status(204),
        ],
    })],
    &[
        Operation::whole("CreateDish", |(), _, body| repeat(body)),
        Operation::whole("GetDish", |(), _, body| repeat(body)),
        Operation::whole("Cook", |(), call, body| {
            let ordered: Value = serde_json::from_slice(body).unwrap();
            Reply::Now(print(&json!({"of": ordered, "payload": String::from_utf8_lossy(&call.payload)})))
        }),
        Operation::whole("DeleteDish", |(), _, _| Reply::Now(Ok(b"{}".to_vec()))),
    ],
);

/// AWS JSON with the checksum that DynamoDB's SDKs look for.
static LEDGER: Service<()> = Service::new(
    "Ledger",
    &["ledger"],
    &[Wire::Json(Json { has_crc32: true, ..Json::new("Ledger_20261128", "1.0") })],
    &[Operation::whole("GetEntry", |(), _, body| repeat(body))],
);

fn repeat(body: &[u8]) -> Reply {
    answer(body, |request: Value| Ok(request))
}

/// SQS's wires, without queues.
static SQS: Service<()> = Service::new(
    "SQS",
    &["sqs"],
    queue::ops::SERVICE.wires,
    &[Operation::whole("ListQueues", |(), _, body| repeat(body))],
);

fn services() -> Services {
    let services: [&'static Service<()>; 4] = [&KITCHEN, &LEDGER, &SQS, &crate::door::sts::SERVICE];
    Services::only(services.into_iter().map(|service| service.bind(()) as Box<dyn Serve>).collect())
}

struct Asking<'a> {
    method: &'a str,
    uri: &'a str,
    headers: &'a [(&'a str, &'a str)],
    body: &'a str,
}

impl Asking<'_> {
    fn parts(&self) -> Parts {
        let mut request = Request::builder().method(self.method).uri(self.uri);
        for (name, value) in self.headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    /// Service and operation, or the error.
    fn names(&self) -> Result<(&'static str, String), Error> {
        let (services, parts) = (services(), self.parts());
        let destination = Destination::of(&services, &parts).map_err(|(_, error)| error)?;
        let asked = destination.read(&services, &parts, self.body.as_bytes()).map_err(|(_, error)| error)?;
        Ok((asked.service.name(), asked.operation))
    }

    /// The whole exchange.
    fn response(&self) -> Response {
        let (services, parts) = (services(), self.parts());
        let asked = Destination::of(&services, &parts)
            .and_then(|destination| destination.read(&services, &parts, self.body.as_bytes()));
        let asked = match asked {
            Ok(asked) => asked,
            Err((outgoing, error)) => return outgoing.error(&error, "r"),
        };
        let mut call = call();
        if asked.is_blob {
            call.payload = self.body.as_bytes().to_vec();
        }
        let request = asked.request.as_deref().unwrap_or(self.body.as_bytes());
        match asked.service.run(&asked.operation, call, request) {
            Reply::Now(Ok(body)) => asked.outgoing.answer(body, "r"),
            Reply::Now(Err(error)) => asked.outgoing.error(&error, "r"),
            other => panic!("{other:?}"),
        }
    }
}

fn call() -> Call {
    Call {
        now: aws::Timestamp::from_unix_ms(0),
        account: "123456789012".to_owned(),
        region: "us-east-1".to_owned(),
        request_id: "r".to_owned(),
        base_url: "http://localhost".to_owned(),
        ids: aws::Ids::from_seed(1),
        payload: Vec::new(),
    }
}

fn signed(service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=00"
    )
}

async fn text_of(response: Response) -> String {
    String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap()
}

fn header(response: &Response, name: &str) -> String {
    response.headers().get(name).map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
}

#[test]
fn the_target_header_names_the_operation() {
    let asking = |target| {
        Asking { method: "POST", uri: "/", headers: &[("X-Amz-Target", target)], body: "{}" }.names()
    };
    assert_eq!(asking("Ledger_20261128.GetEntry").unwrap(), ("Ledger", "GetEntry".to_owned()));
    assert_eq!(asking("AmazonSQS.SendMessage").unwrap(), ("SQS", "SendMessage".to_owned()));
    let error = asking("AWSStepFunctions.StartExecution").unwrap_err();
    assert_eq!(error.code, "UnknownOperationException");
    assert!(error.message.contains("StartExecution"), "{error}");
    assert!(asking("nonsense").unwrap_err().message.contains("nonsense"));
}

#[test]
fn the_query_protocol_finds_its_service_in_the_credential_the_path_or_the_action() {
    let post = |authorization: &str, uri: &str, body: &str| {
        let headers = [("authorization", authorization)];
        let headers = if authorization.is_empty() { &headers[1..] } else { &headers[..] };
        Asking { method: "POST", uri, headers, body }.names()
    };
    let identity = "Action=GetCallerIdentity&Version=2011-06-15";
    assert_eq!(post(&signed("sts"), "/", identity).unwrap().0, "STS");
    assert_eq!(post("", "/", identity).unwrap().0, "STS");
    for authorization in [String::new(), signed("sqs")] {
        let (service, operation) = post(&authorization, "/", "Action=ListQueues&Version=2012-11-05").unwrap();
        assert_eq!((service, operation.as_str()), ("SQS", "ListQueues"));
    }
    // AddPermission is an action of SNS too.
    assert_eq!(
        post(&signed("sns"), "/", "Action=AddPermission").unwrap_err().code,
        "UnknownOperationException"
    );
    let presigned = "Action=ListQueues&X-Amz-Credential=AKID%2F20260101%2Fus-east-1%2Fsns%2Faws4_request";
    assert_eq!(post("", "/", presigned).unwrap_err().code, "UnknownOperationException");
    assert_eq!(post("", "/000000000000/orders", "Action=Purge").unwrap_err().code, "InvalidAction");
    assert_eq!(post("", "/000000000000/orders", "").unwrap_err().code, "MissingAction");
    for action in ["CreateQueue", "ListQueues"] {
        let error = post("", "/000000000000/orders", &format!("Action={action}&QueueName=new")).unwrap_err();
        assert_eq!((error.code.as_ref(), error.status), ("InvalidAction", 400));
        assert_eq!(error.message, format!("The action {action} is not valid for this endpoint."));
    }
    assert_eq!(post("", "/", "").unwrap_err().status, 404);
    assert_eq!(post("", "/", "Action=Fly").unwrap_err().code, "UnknownOperationException");
}

/// Recorded from AWS by LocalStack: TestSqsQueryApi, test_get_without_query_returns_unknown_operation,
/// test_get_without_query_json_format_returns_returns_xml, test_get_list_queues_fails_json_format.
#[tokio::test]
async fn a_queue_s_url_is_asked_with_get() {
    for headers in [&[][..], &[("accept", "application/json")]] {
        let response = Asking { method: "GET", uri: "/000000000000/orders", headers, body: "" }.response();
        assert_eq!(response.status().as_u16(), 404);
        assert!(text_of(response).await.contains("<UnknownOperationException"));
    }
    let headers = [("accept", "application/json")];
    let uri = "/000000000000/orders?Action=ListQueues";
    let response = Asking { method: "GET", uri, headers: &headers, body: "" }.response();
    assert_eq!(
        (response.status().as_u16(), header(&response, "content-type").as_str()),
        (400, "application/json")
    );
    let error: Value = serde_json::from_str(&text_of(response).await).unwrap();
    assert_eq!(error["Error"]["Code"], "InvalidAction");
    assert_eq!(error["Error"]["Message"], "The action ListQueues is not valid for this endpoint.");
}

#[test]
fn a_get_that_accepts_json_gets_it() {
    let service = &queue::ops::SERVICE;
    let (wire, json_of) = (super::query::wire_of(service).unwrap(), |name: &str, body: Value| {
        let action = super::query::action_of(service, name).unwrap();
        let wire = super::query::wire_of(service).unwrap();
        let body = super::query::json_answer(wire, action, &body.to_string().into_bytes(), "r").unwrap();
        serde_json::from_slice::<Value>(&body).unwrap()
    });
    assert_eq!(wire.json_names.len(), 2);
    let metadata = json!({"RequestId": "r"});
    assert_eq!(
        json_of("GetQueueAttributes", json!({"Attributes": {"DelaySeconds": "0"}})),
        json!({"GetQueueAttributesResponse": {
            "GetQueueAttributesResult": {"Attributes": [{"Name": "DelaySeconds", "Value": "0"}]},
            "ResponseMetadata": metadata,
        }})
    );
    assert_eq!(
        json_of("ListQueues", json!({"QueueUrls": ["u"]})),
        json!({"ListQueuesResponse": {"ListQueuesResult": {"queueUrls": ["u"]}, "ResponseMetadata": metadata}})
    );
    assert_eq!(
        json_of("PurgeQueue", json!({})),
        json!({"PurgeQueueResponse": {"ResponseMetadata": metadata}})
    );
}

#[test]
fn a_sender_s_trace_becomes_a_member() {
    let request = |headers: &[(&str, &str)], body: &str, uri: &str| {
        let services = services();
        let parts = Asking { method: "POST", uri, headers, body }.parts();
        let asked =
            Destination::of(&services, &parts).unwrap().read(&services, &parts, body.as_bytes()).unwrap();
        asked.request.map(|request| serde_json::from_slice::<Value>(&request).unwrap())
    };
    let (target, trace) = (("X-Amz-Target", "AmazonSQS.SendMessage"), ("X-Amzn-Trace-Id", "Root=1-2-3"));
    let sent = r#"{"MessageBody":"m"}"#;
    assert_eq!(request(&[target], sent, "/"), None);
    assert_eq!(
        request(&[target, trace], sent, "/"),
        Some(json!({"MessageBody": "m", "TraceHeader": "Root=1-2-3"}))
    );
    assert_eq!(request(&[("X-Amz-Target", "AmazonSQS.ListQueues"), trace], "{}", "/"), None);
    let form = "Action=SendMessage&MessageBody=m";
    assert_eq!(
        request(&[trace], form, "/000000000000/q"),
        Some(json!({"MessageBody": "m", "QueueUrl": "/000000000000/q", "TraceHeader": "Root=1-2-3"}))
    );
}

/// `aws s3 ls` is `GET /` and once got the page for people.
#[tokio::test]
async fn a_service_that_is_not_served_is_refused_whatever_the_method_and_path() {
    for (method, uri, scope) in [
        ("GET", "/", "s3"),
        ("PUT", "/bucket/key", "s3"),
        ("GET", "/2015-03-31/functions", "lambda"),
        ("POST", "/", "sns"),
        ("DELETE", "/restapis/1", "apigateway"),
    ] {
        let authorization = signed(scope);
        let response =
            Asking { method, uri, headers: &[("authorization", &authorization)], body: "" }.response();
        assert_eq!(
            header(&response, "x-amzn-errortype"),
            "UnknownOperationException",
            "{method} {uri} of {scope}"
        );
        assert_eq!(response.status(), 400);
        let text = text_of(response).await;
        assert!(text.contains(scope), "{text}");
        assert_eq!(text.starts_with("<?xml"), scope == "s3", "{text}");
    }
}

#[tokio::test]
async fn rest_members_come_from_path_query_headers_and_body() {
    let get = Asking {
        method: "GET",
        uri: "/2026-11-28/dishes/a%3Ab%2Fc?Qualifier=%24LATEST&MaxItems=5&tagKeys=x&tagKeys=y",
        headers: &[("x-amz-dry-run", "true")],
        body: "",
    };
    let response = get.response();
    assert_eq!((response.status().as_u16(), header(&response, "x-amz-dish").as_str()), (200, "a:b/c"));
    assert_eq!(header(&response, "content-type"), "application/json");
    let body: Value = serde_json::from_str(&text_of(response).await).unwrap();
    assert_eq!(body, json!({"Qualifier": "$LATEST", "MaxItems": 5, "Tags": ["x", "y"], "DryRun": true}));

    let body = r#"{"Name": "soup", "Steps": [{"n":1.5}]}"#;
    let create = Asking { method: "POST", uri: "/2026-11-28/dishes/", headers: &[], body };
    let response = create.response();
    assert_eq!(response.status().as_u16(), 201);
    assert_eq!(text_of(response).await, r#"{"Name":"soup","Steps":[{"n":1.5}]}"#);

    let cook =
        Asking { method: "POST", uri: "/2026-11-28/dishes/soup/cooking", headers: &[], body: "no JSON" };
    let answered = text_of(cook.response()).await;
    assert_eq!(answered, r#"{"of":{"Name":"soup"},"payload":"no JSON"}"#);

    let delete = Asking { method: "DELETE", uri: "/2026-11-28/dishes/soup", headers: &[], body: "" };
    let response = delete.response();
    assert_eq!(response.status().as_u16(), 204);
    assert_eq!(text_of(response).await, "");
}

#[tokio::test]
async fn rest_errors_say_who_is_at_fault() {
    let authorization = signed("kitchen");
    let headers = [("authorization", authorization.as_str())];
    let lost =
        Asking { method: "PUT", uri: "/2026-11-28/dishes/soup", headers: &headers, body: "" }.response();
    assert_eq!(
        (lost.status().as_u16(), header(&lost, "x-amzn-errortype").as_str()),
        (404, "UnknownOperationException")
    );
    let body: Value = serde_json::from_str(&text_of(lost).await).unwrap();
    assert_eq!(body["Type"], "User");
    assert!(body["Message"].as_str().unwrap().contains("PUT /2026-11-28/dishes/soup"), "{body}");
    for (method, uri, body) in [
        ("POST", "/2026-11-28/dishes", "[1]"),
        ("POST", "/2026-11-28/dishes", "{"),
        ("GET", "/2026-11-28/dishes/soup?MaxItems=many", ""),
        ("GET", "/2026-11-28/dishes/%FF", ""),
    ] {
        let response = Asking { method, uri, headers: &headers, body }.response();
        assert_eq!(header(&response, "x-amzn-errortype"), "SerializationException", "{uri} {body}");
    }
}

#[tokio::test]
async fn a_json_answer_carries_its_checksum_where_sdks_look_for_it() {
    let headers = [("X-Amz-Target", "Ledger_20261128.GetEntry")];
    let response = Asking { method: "POST", uri: "/", headers: &headers, body: r#"{"a":1}"# }.response();
    // The CRC32 of these seven bytes, by zlib.
    assert_eq!(header(&response, "x-amz-crc32"), "1444654255");
    assert_eq!(header(&response, "content-type"), "application/x-amz-json-1.0");
    assert_eq!(text_of(response).await, r#"{"a":1}"#);
}

#[tokio::test]
async fn errors_have_the_names_that_each_wire_gives_them() {
    let gone =
        Error::sender("QueueDoesNotExist", "gone").with_query_code("AWS.SimpleQueueService.NonExistentQueue");
    let Some(Wire::Json(json)) = queue::ops::SERVICE.wires.first() else { panic!("SQS speaks JSON") };
    let response = Outgoing::Json(json).error(&gone, "r");
    assert_eq!(header(&response, "x-amzn-query-error"), "AWS.SimpleQueueService.NonExistentQueue;Sender");
    assert_eq!(
        text_of(response).await,
        r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"gone"}"#
    );
}
