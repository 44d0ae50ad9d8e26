//! The request that a delivery to an API destination is.

use events::{ApiCall, NoCall};
use serde_json::{Map, Value, json};

use crate::cases::{each, text};
use crate::house::{House, NOON, event};

/// A house with an API destination as target, owed one delivery.
fn house(case: &Value) -> House {
    let house = House::new();
    let mut connection = case["connection"].clone();
    connection["Name"] = "c".into();
    let connection = house.ask("CreateConnection", &connection).unwrap();
    let destination = json!({
        "Name": "d", "ConnectionArn": connection["ConnectionArn"], "HttpMethod": "POST", "InvocationEndpoint": case["endpoint"],
    });
    let destination = house.ask("CreateApiDestination", &destination).unwrap();
    let mut target = case["target"].clone();
    target["Id"] = "t".into();
    target["Arn"] = destination["ApiDestinationArn"].clone();
    house.rule("r", &json!({"source": ["test"]}), &json!([target]));
    house.accept(&event("1", "t", &case["detail"].to_string()), NOON);
    house
}

fn call(house: &House) -> Result<ApiCall, NoCall> {
    let owed = house.due(NOON).pop().unwrap();
    house.events.store().read(|read| house.events.api_call(read, &owed)).unwrap()
}

fn headers(headers: &[(String, String)]) -> Value {
    let map: Map<String, Value> = headers.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    assert_eq!(map.len(), headers.len(), "each header once");
    Value::Object(map)
}

#[test]
fn requests_are_made_as_aws_does() {
    each("api_call", |name, case| {
        let made = call(&house(case));
        if let Some(refused) = case.get("refused") {
            let refusal = made.unwrap_err();
            let wanted = (text(refused, "code"), text(refused, "message"));
            assert_eq!((refusal.code, refusal.message.as_str()), wanted, "{name}");
            assert!(!refusal.may_be_mended, "{name}");
            return;
        }
        let made = made.unwrap();
        let whole = event("1", "t", &case["detail"].to_string()).to_json();
        let body = if made.body == whole { "<event>".to_owned() } else { made.body.clone() };
        let call =
            json!({"method": made.method, "url": made.url, "headers": headers(&made.headers), "body": body});
        assert_eq!(call, case["call"], "{name}");
        let token = made.token.as_ref().map(|token| {
            json!({"method": token.method, "url": token.url, "headers": headers(&token.headers), "body": token.body})
        });
        assert_eq!(token.as_ref(), case.get("token"), "{name}");
        let shown = format!("{made:?} {:?}", made.token);
        assert!(!shown.contains("secret") && !shown.contains("dXNlcjpwYXNz"), "{shown}");
    });
}

fn simple() -> Value {
    json!({
        "connection": {"AuthorizationType": "BASIC",
            "AuthParameters": {"BasicAuthParameters": {"Username": "user", "Password": "pass"}}},
        "endpoint": "https://example.com/", "target": {}, "detail": {},
    })
}

#[test]
fn what_is_gone_ends_the_delivery_and_what_is_deauthorized_waits() {
    let deauthorized = house(&simple());
    deauthorized.ask("DeauthorizeConnection", &json!({"Name": "c"})).unwrap();
    let refusal = call(&deauthorized).unwrap_err();
    assert_eq!((refusal.code, refusal.may_be_mended), ("NO_PERMISSIONS", true));
    for (operation, name) in [("DeleteConnection", "c"), ("DeleteApiDestination", "d")] {
        let house = house(&simple());
        house.ask(operation, &json!({"Name": name})).unwrap();
        let refusal = call(&house).unwrap_err();
        assert_eq!((refusal.code, refusal.may_be_mended), ("NO_RESOURCE", false), "{operation}");
    }
}

#[test]
fn a_connection_that_gets_its_token_is_authorized_and_one_that_is_refused_is_not() {
    let mut case = simple();
    case["connection"] = json!({"AuthorizationType": "OAUTH_CLIENT_CREDENTIALS", "AuthParameters": {"OAuthParameters": {
        "AuthorizationEndpoint": "https://example.com/oauth", "HttpMethod": "POST",
        "ClientParameters": {"ClientID": "i", "ClientSecret": "s"}}}});
    let house = house(&case);
    let waiting = || {
        let all = house.events.store().read(|read| house.events.connections_to_authorize(read)).unwrap();
        all.into_iter().map(|connection| connection.generation).collect::<Vec<_>>()
    };
    let settle = |generation: u64, outcome: Result<(), String>| {
        house.write(move |_, tx| events::Events::settle_authorization(tx, "c", generation, outcome, NOON));
        house.ask("DescribeConnection", &json!({"Name": "c"})).unwrap()
    };
    let generation = waiting()[0];
    assert_eq!(settle(generation + 1, Ok(()))["ConnectionState"], "AUTHORIZING", "that was another one");
    assert_eq!(settle(generation, Ok(()))["ConnectionState"], "AUTHORIZED");
    assert!(waiting().is_empty());
    let refused = settle(generation, Err("no".to_owned()));
    assert_eq!(
        (&refused["ConnectionState"], &refused["StateReason"]),
        (&json!("DEAUTHORIZED"), &json!("no"))
    );
    house
        .ask(
            "UpdateConnection",
            &json!({"Name": "c", "AuthParameters": {"OAuthParameters": {"HttpMethod": "PUT"}}}),
        )
        .unwrap();
    assert_ne!(waiting(), [generation], "it is asked for again");
}

#[test]
fn a_rate_leaves_deliveries_where_they_are_without_an_attempt() {
    let house = house(&simple());
    house.ask("UpdateApiDestination", &json!({"Name": "d", "InvocationRateLimitPerSecond": 3})).unwrap();
    for id in 2..=10 {
        house.accept(&event(&id.to_string(), "t", "{}"), NOON);
    }
    let second = std::time::Duration::from_secs(1);
    assert_eq!(house.due(NOON).len(), 3);
    assert_eq!(house.due(NOON.plus(second / 2)).len(), 0);
    let later = house.due(NOON.plus(second));
    assert_eq!(later.iter().map(|owed| owed.attempt).collect::<Vec<_>>(), [1, 1, 1], "waiting is no attempt");
    house.ask("UpdateApiDestination", &json!({"Name": "d", "InvocationRateLimitPerSecond": 100})).unwrap();
    assert_eq!(house.due(NOON.plus(second)).len(), 4, "the new rate holds at once");
}
