//! What becomes of a delivery to an API destination, by what the endpoint does.

use std::time::Duration;

use events::{AttemptRecord, Fate};
use serde_json::json;

use crate::fault_target::{Act, FaultTarget};
use crate::house::{House, NOON, basic, is_over, oauth, set_clock};

/// What becomes of a delivery at its first attempt.
#[derive(Clone, Copy, Debug)]
enum Wanted {
    Delivered,
    /// AttemptRecord again, with this error code, not before so many seconds.
    Retried(&'static str, u64),
    /// In the dead-letter queue, with this error code.
    Dead(&'static str),
}

use Wanted::{Dead, Delivered, Retried};

const FROM_TARGET: &str = "ERROR_FROM_TARGET";
const BROKEN: &str = "SDK_CLIENT_ERROR";

async fn check(name: &str, act: Act, (status, wanted): (Option<u16>, Wanted)) -> AttemptRecord {
    let house = House::new(&["127.0.0.1"]);
    let never_ends = matches!(act, Act::Hang | Act::Slow);
    let target = FaultTarget::start([act]).await;
    house.target("a", (&format!("{}/hidden-path?q=hidden-query", target.url), 300), basic());
    let event = house.accept("a");
    let running = house.run();
    target.has_seen(1).await;
    if never_ends {
        // From here on the runtime's clock jumps to the next deadline whenever there is nothing else to wait for.
        tokio::time::pause();
    }
    running.ended().await;
    let attempts = house.attempts(&event);
    let [tried] = attempts.kept.as_slice() else { panic!("{name}: one attempt: {attempts:?}") };
    assert_eq!((target.requests().len(), tried.status), (1, status), "{name}");
    let error = tried.error.clone();
    let (code, message) =
        error.as_ref().map_or(("", ""), |(code, message)| (code.as_str(), message.as_str()));
    match wanted {
        Delivered => assert_eq!((&attempts.fate, code), (&Fate::Delivered, ""), "{name}"),
        Retried(wanted, seconds) => {
            assert_eq!(code, wanted, "{name}");
            let Fate::Owed { next } = attempts.fate else { panic!("{name}: {attempts:?}") };
            assert!(next >= NOON.plus(Duration::from_secs(seconds)), "{name}: {next:?}");
            assert!(next <= NOON.plus(Duration::from_secs(seconds.max(1))), "{name}: {next:?}");
        }
        Dead(wanted) => {
            assert_eq!(code, wanted, "{name}");
            assert!(matches!(attempts.fate, Fate::DeadLettered { .. }), "{name}: {attempts:?}");
            let letter = house.dead_letters().pop().expect(name);
            assert!(format!("{letter:?}").contains(wanted), "{name}");
        }
    }
    let told = format!("{message} {}", tried.answer);
    assert!(!told.contains("hidden"), "{name}: {told}");
    tried.clone()
}

fn code_of(status: &str) -> Option<u16> {
    status.split(' ').next().and_then(|code| code.parse().ok())
}

#[tokio::test]
async fn an_answers_status_decides() {
    for (status, wanted) in [
        ("200 OK", Delivered),
        ("204 No Content", Delivered),
        ("299 Odd", Delivered),
        ("301 Moved Permanently", Dead(FROM_TARGET)),
        ("304 Not Modified", Dead(FROM_TARGET)),
        ("400 Bad Request", Dead(FROM_TARGET)),
        ("401 Unauthorized", Retried(FROM_TARGET, 0)),
        ("403 Forbidden", Dead(FROM_TARGET)),
        ("404 Not Found", Dead(FROM_TARGET)),
        ("407 Proxy Authentication Required", Retried(FROM_TARGET, 0)),
        ("408 Request Timeout", Dead(FROM_TARGET)),
        ("409 Conflict", Retried(FROM_TARGET, 0)),
        ("429 Too Many Requests", Retried(FROM_TARGET, 0)),
        ("500 Internal Server Error", Retried(FROM_TARGET, 0)),
        ("503 Service Unavailable", Retried(FROM_TARGET, 0)),
        ("599 Odd", Retried(FROM_TARGET, 0)),
    ] {
        check(status, Act::answer(status), (code_of(status), wanted)).await;
    }
}

#[tokio::test]
async fn retry_after_is_honoured() {
    let noon = "Retry-After: Thu, 19 Mar 2026 12:02:00 GMT";
    for (status, header, wanted) in [
        ("429 Too Many Requests", "Retry-After: 90", Retried(FROM_TARGET, 90)),
        ("503 Service Unavailable", noon, Retried(FROM_TARGET, 120)),
        ("503 Service Unavailable", "Retry-After: -1", Dead(FROM_TARGET)),
        // Later than the event may grow old: then it is of no use to wait.
        ("503 Service Unavailable", "Retry-After: 86401", Dead(FROM_TARGET)),
        ("400 Bad Request", "Retry-After: 90", Dead(FROM_TARGET)),
    ] {
        let act = Act::with_header(status, header);
        check(header, act, (code_of(status), wanted)).await;
    }
}

#[tokio::test]
async fn what_is_no_answer_is_tried_again() {
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf";
    for (name, bytes) in [("cut", ""), ("cut within the body", half), ("no HTTP", "220 smtp.example\r\n\r\n")]
    {
        check(name, Act::Raw(bytes.to_owned()), (None, Retried(BROKEN, 0))).await;
    }
}

#[tokio::test]
async fn what_hangs_is_given_up_after_five_seconds() {
    for act in [Act::Hang, Act::Slow] {
        let tried = check("hangs", act, (None, Retried("TIMEOUT", 0))).await;
        tokio::time::resume();
        let (_, message) = tried.error.unwrap();
        assert_eq!(message, "The target did not answer within 5000 ms.");
    }
}

#[tokio::test]
async fn only_the_first_bytes_of_an_answer_are_kept_and_no_secret_of_them() {
    let huge = Act::json("200 OK", &"x".repeat(2 << 20));
    let answer = check("huge", huge, (Some(200), Delivered)).await.answer;
    assert_eq!(answer.len(), 256);
    let long = format!("{}hidden-password", "x".repeat(4_000));
    check("a secret far down", Act::json("500 Odd", &long), (Some(500), Retried(FROM_TARGET, 0))).await;
    let body = "{\"you\":\"said hidden-key and dXNlcjpoaWRkZW4tcGFzc3dvcmQ=\"}";
    let answer = check("echo", Act::json("200 OK", body), (Some(200), Delivered)).await.answer;
    assert_eq!(answer, "{\"you\":\"said *** and ***\"}");
}

#[tokio::test]
async fn a_redirect_into_a_private_network_is_not_followed() {
    let inside = FaultTarget::start([Act::answer("200 OK")]).await;
    let location = format!("Location: {}/hidden", inside.url);
    check("redirect", Act::with_header("307 Temporary Redirect", &location), (Some(307), Dead(FROM_TARGET)))
        .await;
    assert!(inside.requests().is_empty());
}

#[tokio::test]
async fn what_is_owed_to_a_refused_address_is_held() {
    let target = FaultTarget::start([Act::answer("200 OK")]).await;
    let house = House::new(&["10.0.0.0/8"]);
    house.target("a", (&target.url, 300), basic());
    let event = house.accept("a");
    let arrival = house.events.arrival();
    let running = house.run();
    arrival.await;
    running.ended().await;
    let attempts = house.attempts(&event);
    let (code, message) = attempts.kept[0].error.clone().unwrap();
    assert_eq!(code, "NO_PERMISSIONS");
    assert!(message.contains("127.0.0.1, which is not public"), "{message}");
    assert!(target.requests().is_empty() && !is_over(&attempts));
    assert!(house.dead_letters().is_empty(), "nothing is thrown away for a guard of ours");
}

#[tokio::test]
async fn a_flapping_target_gets_each_event_in_the_end() {
    let house = House::new(&["127.0.0.1"]);
    let bad = Act::answer("503 Service Unavailable");
    let target = FaultTarget::start([bad.clone(), Act::Raw(String::new()), bad, Act::answer("200 OK")]).await;
    house.target("a", (&target.url, 300), basic());
    let event = house.accept("a");
    for attempt in 1..=4 {
        let running = house.run();
        target.has_seen(attempt).await;
        running.ended().await;
        set_clock(NOON.plus(Duration::from_secs(60 * attempt as u64)));
    }
    let attempts = house.attempts(&event);
    assert_eq!((attempts.made, &attempts.fate), (4, &Fate::Delivered));
    let bodies: Vec<_> =
        target.requests().iter().map(|request| request.split("\r\n\r\n").nth(1).map(str::to_owned)).collect();
    assert!(bodies.iter().all(|body| *body == bodies[0]), "each attempt is the same: {bodies:?}");
}

#[tokio::test]
async fn a_target_that_hangs_holds_up_nobody() {
    let house = House::new(&["127.0.0.1"]);
    let (hanging, good) =
        (FaultTarget::start([Act::Hang]).await, FaultTarget::start([Act::answer("200 OK")]).await);
    house.target("hanging", (&hanging.url, 300), basic());
    house.target("good", (&good.url, 300), basic());
    for _ in 0..5 {
        house.accept("hanging");
        house.accept("good");
    }
    let _running = house.run();
    good.has_seen(5).await;
    hanging.has_seen(5).await;
}

#[tokio::test]
async fn a_rate_is_kept_without_attempts() {
    let house = House::new(&["127.0.0.1"]);
    let target = FaultTarget::start([Act::answer("200 OK")]).await;
    house.target("a", (&target.url, 2), basic());
    let events: Vec<_> = (0..5).map(|_| house.accept("a")).collect();
    for (second, seen) in [(0, 2), (1, 4), (2, 5)] {
        set_clock(NOON.plus(Duration::from_secs(second)));
        let running = house.run();
        target.has_seen(seen).await;
        running.ended().await;
        assert_eq!((target.requests().len(), house.delivered()), (seen, seen as u64));
    }
    assert!(events.iter().all(|event| house.attempts(event).made == 1));
}

fn token(number: u32, lives: u32) -> Act {
    let body = json!({"access_token": format!("hidden-token-{number}"), "token_type": "bearer", "expires_in": lives});
    Act::json("200 OK", &body.to_string())
}

/// The `Authorization` header of each request.
fn authorizations(target: &FaultTarget) -> Vec<String> {
    let requests = target.requests();
    let header = |request: &String| {
        let line = request.lines().find_map(|line| line.strip_prefix("authorization: "));
        line.unwrap_or_default().to_owned()
    };
    requests.iter().map(header).collect()
}

#[tokio::test]
async fn a_token_is_fetched_once_and_renewed_before_it_ends_and_when_it_is_not_taken() {
    let house = House::new(&["127.0.0.1"]);
    let server = FaultTarget::start([token(1, 100), token(2, 3600), token(3, 3600)]).await;
    let ok = Act::answer("200 OK");
    let target =
        FaultTarget::start([ok.clone(), ok.clone(), ok.clone(), Act::answer("401 Unauthorized"), ok]).await;
    house.target("a", (&target.url, 300), oauth(&format!("{}/token", server.url)));
    // The clock, then how many requests there have been at the end.
    for (second, requests) in [(0, 1), (49, 2), (51, 3), (52, 4)] {
        set_clock(NOON.plus(Duration::from_secs(second)));
        house.accept("a");
        let running = house.run();
        target.has_seen(requests).await;
        running.ended().await;
    }
    set_clock(NOON.plus(Duration::from_secs(60)));
    let running = house.run();
    target.has_seen(5).await;
    running.ended().await;
    let used = [1, 1, 2, 2, 3].map(|number| format!("Bearer hidden-token-{number}"));
    assert_eq!(authorizations(&target), used);
    assert_eq!(server.requests().len(), 3);
    assert!(
        server.requests()[0]
            .ends_with("grant_type=client_credentials&client_id=client&client_secret=hidden-secret")
    );
    assert_eq!(house.ask("DescribeConnection", &json!({"Name": "a"}))["ConnectionState"], "AUTHORIZED");
}

#[tokio::test]
async fn an_authorization_server_that_hangs_is_named_and_asked_again() {
    let house = House::new(&["127.0.0.1"]);
    let server = FaultTarget::start([Act::Hang]).await;
    let target = FaultTarget::start([Act::answer("200 OK")]).await;
    house.target("a", (&target.url, 300), oauth(&format!("{}/token", server.url)));
    let event = house.accept("a");
    let arrival = house.events.arrival();
    let running = house.run();
    server.has_seen(1).await;
    tokio::time::pause();
    arrival.await;
    running.ended().await;
    let attempts = house.attempts(&event);
    let error = attempts.kept[0].error.clone().unwrap();
    let message = "The connection a got no token: the authorization server gave none within 4s.";
    assert_eq!((error.0.as_str(), error.1.as_str()), (BROKEN, message));
    assert!(!is_over(&attempts) && target.requests().is_empty());
    assert_eq!(house.ask("DescribeConnection", &json!({"Name": "a"}))["ConnectionState"], "AUTHORIZING");
}

#[tokio::test]
async fn a_token_that_no_header_can_hold_is_said_and_not_kept() {
    let house = House::new(&["127.0.0.1"]);
    let bad = Act::json("200 OK", &json!({"access_token": "hidden\ntoken"}).to_string());
    let server = FaultTarget::start([bad.clone(), bad.clone(), bad]).await;
    let target = FaultTarget::start([Act::answer("200 OK")]).await;
    house.target("a", (&target.url, 300), oauth(&format!("{}/token", server.url)));
    let event = house.accept("a");
    let arrival = house.events.arrival();
    let running = house.run();
    arrival.await;
    running.ended().await;
    let attempts = house.attempts(&event);
    let error = attempts.kept[0].error.clone().unwrap();
    let message =
        "The connection a got no token: the authorization server's token is none that a header can hold.";
    assert_eq!((error.0.as_str(), error.1.as_str()), (BROKEN, message));
    assert!(!is_over(&attempts) && target.requests().is_empty());
}

#[tokio::test]
async fn a_connection_that_is_refused_its_token_says_so_and_waits_to_be_mended() {
    let house = House::new(&["127.0.0.1"]);
    let server = FaultTarget::start([Act::json("400 Bad Request", "{\"error\":\"invalid_client\"}")]).await;
    let target = FaultTarget::start([Act::answer("200 OK")]).await;
    house.target("a", (&target.url, 300), oauth(&format!("{}/token", server.url)));
    let running = house.run();
    server.has_seen(1).await;
    running.ended().await;
    let shown = house.ask("DescribeConnection", &json!({"Name": "a"}));
    assert_eq!(shown["ConnectionState"], "DEAUTHORIZED");
    let reason = "the authorization server answered with the status 400 (invalid_client)";
    assert_eq!(shown["StateReason"], reason);
    assert_eq!(house.ask("DescribeApiDestination", &json!({"Name": "a"}))["ApiDestinationState"], "INACTIVE");
    assert!(!shown.to_string().contains("hidden"));
    // What is owed meanwhile waits, asks for no token, and goes out once the connection is mended.
    let event = house.accept("a");
    let arrival = house.events.arrival();
    let running = house.run();
    arrival.await;
    running.ended().await;
    let attempts = house.attempts(&event);
    assert_eq!(
        (attempts.kept[0].error.clone().unwrap().0.as_str(), is_over(&attempts)),
        ("NO_PERMISSIONS", false)
    );
    assert_eq!(server.requests().len(), 1);
    house.ask(
        "UpdateConnection",
        &json!({"Name": "a", "AuthorizationType": "BASIC", "AuthParameters": basic()["AuthParameters"]}),
    );
    set_clock(NOON.plus(Duration::from_secs(60)));
    let running = house.run();
    target.has_seen(1).await;
    running.ended().await;
    assert_eq!(house.attempts(&event).fate, Fate::Delivered);
}
