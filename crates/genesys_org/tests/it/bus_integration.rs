//! Integrations in the form of seed 003, on a real store: made, found by name, changed, removed, and which buses they feed.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where it fails")]

use std::sync::atomic::{AtomicU64, Ordering};

use aws::{Ids, Scope, Timestamp};
use genesys::platform::request::ApiRequest;
use genesys::platform::response::{ApiError, ApiResponse};
use genesys_org::platform::Platform;
use genesys_org::platform::bus_integration::bus_of;
use genesys_org::platform::integration::{self, Handler, Host};
use serde_json::{Value, json};
use store::{Options, Store};

struct House {
    store: Store,
    platform: Platform,
    _folder: tempfile::TempDir,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), &Options::default()).unwrap();
        Self { store, platform: Platform::new(), _folder: folder }
    }

    fn ask(&self, run: Handler, id: &str, body: &Value) -> Result<ApiResponse, ApiError> {
        self.run(run, request(id, body))
    }

    fn named(&self, name: &str) -> Value {
        let mut request = request("", &json!(null));
        request.query.push(("name".to_owned(), name.to_owned()));
        self.run(integration::list, request).unwrap().body.unwrap()["entities"].clone()
    }

    fn run(&self, run: Handler, request: ApiRequest) -> Result<ApiResponse, ApiError> {
        let platform = self.platform.clone();
        let written = self.store.write(ApiError::of_store, move |tx| {
            let scope = Scope::new("123456789012", "us-east-1");
            run(tx, Host { platform: &platform, scope: &scope }, &request)
        });
        written.wait()
    }
}

/// A request with this id in its path.
fn request(id: &str, body: &Value) -> ApiRequest {
    static SEED: AtomicU64 = AtomicU64::new(1);
    ApiRequest {
        path: "/api/v2/integrations".to_owned(),
        holes: vec![id.to_owned()],
        query: Vec::new(),
        body: body.to_string().into_bytes(),
        client_id: "client".to_owned(),
        base_url: "http://127.0.0.1:4566".to_owned(),
        now: Timestamp::from_unix_ms(1_698_400_800_000),
        ids: Ids::from_seed(u128::from(SEED.fetch_add(1, Ordering::Relaxed))),
    }
}

/// The payload of the tutorial's step 1.
fn seed() -> Value {
    json!({
        "name": "Production EventBridge Pipeline",
        "type": "eventbridge",
        "active": true,
        "configuration": {
            "awsAccount": "123456789012",
            "awsRegion": "us-east-1",
            "eventBusArn": "arn:aws:events:us-east-1:123456789012:event-bus/MyBus",
        },
    })
}

#[test]
fn the_seed_s_integration_lives() {
    let house = House::new();
    assert_eq!(house.named("Production EventBridge Pipeline"), json!([]));
    let made = house.ask(integration::create, "", &seed()).unwrap();
    let body = made.body.unwrap();
    let id = body["id"].as_str().unwrap().to_owned();
    assert_eq!((made.status, &body["configuration"]), (201, &seed()["configuration"]));
    assert_eq!(house.platform.buses(), ["MyBus"]);
    assert_eq!(house.ask(integration::create, "", &seed()).unwrap_err().status, 409);
    assert_eq!(house.named("Production EventBridge Pipeline")[0]["id"], json!(id));
    assert_eq!(house.named("Another"), json!([]));

    let mut idle = seed();
    idle["active"] = json!(false);
    let changed = house.ask(integration::put, &id, &idle).unwrap();
    assert_eq!((changed.status, &changed.body.unwrap()["active"]), (200, &json!(false)));
    assert!(house.platform.buses().is_empty(), "it is not active");
    let wrong = house.ask(integration::patch, &id, &json!({"intendedState": "ENABLED"})).unwrap_err();
    assert!(wrong.status == 400 && wrong.message.contains("changed by PUT"), "{}", wrong.message);

    house.ask(integration::put, &id, &seed()).unwrap();
    house.ask(integration::delete, &id, &json!(null)).unwrap();
    assert!(house.platform.buses().is_empty(), "it is gone");
    assert_eq!(house.ask(integration::get, &id, &json!(null)).unwrap_err().status, 404);
    assert_eq!(house.ask(integration::put, &id, &seed()).unwrap_err().status, 404);
}

#[test]
fn what_is_wrong_is_told() {
    let house = House::new();
    let with = |pointer: &str, value: Value| {
        let mut body = seed();
        *body.pointer_mut(pointer).unwrap() = value;
        body
    };
    for (body, wanted) in [
        (with("/name", json!(" ")), "name is missing"),
        (with("/type", json!("webhook")), "type must be 'eventbridge'"),
        (with("/configuration", json!(null)), "awsAccount, awsRegion and eventBusArn"),
        (with("/configuration/awsAccount", json!("999999999999")), "awsAccount says 999999999999"),
        (with("/configuration/awsRegion", json!("eu-west-1")), "awsRegion says eu-west-1"),
        (with("/configuration/eventBusArn", json!("MyBus")), "is not an ARN"),
        (
            with("/configuration/eventBusArn", json!("arn:aws:sqs:us-east-1:123456789012:q")),
            "not an event bus",
        ),
        (
            with(
                "/configuration/eventBusArn",
                json!("arn:aws:events:eu-west-1:123456789012:event-bus/MyBus"),
            ),
            "eventBusArn says eu-west-1",
        ),
    ] {
        let fault = house.ask(integration::create, "", &body).unwrap_err();
        assert!(fault.status == 400 && fault.message.contains(wanted), "{body}: {}", fault.message);
    }
    assert_eq!(bus_of(&request("", &seed())).as_deref(), Some("MyBus"));
    assert_eq!(bus_of(&request("", &json!({"integrationType": {"id": "x"}}))), None);
}
