//! The client against servers that answer, dawdle, break off, redirect, and that it has no reason to trust.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod server;

use std::time::Duration;

use http_client::{Client, Failure, FailureKind, Guard, Request, Response, Settings};

use crate::server::{Server, certificate};

/// Long enough for any machine: no test waits for it.
const LONG: Duration = Duration::from_secs(60);

fn client(allowed: &[&str], own_authorities: &str) -> Client {
    let guard = Guard::new(allowed.iter().map(|text| text.parse().unwrap()).collect());
    Client::new(Settings { guard, own_authorities: own_authorities.into() }).unwrap()
}

async fn get(client: &Client, url: &str) -> Result<Response, Failure> {
    client.send(Request::new("GET", url).unwrap(), LONG).await
}

#[tokio::test]
async fn an_answer_comes_with_status_headers_and_body_and_connections_are_used_again() {
    let server = Server::start("HTTP/1.1 201 Created\r\nX-Word: yes\r\nContent-Length: 5\r\n\r\nhello").await;
    let client = client(&["127.0.0.1"], "");
    for _ in 0..3 {
        let request = Request::new("POST", &format!("{}/a?b=c", server.url)).unwrap();
        let request = request.header("x-key", "k").unwrap().body("body");
        let answer = client.send(request, LONG).await.unwrap();
        assert_eq!(
            (answer.status, answer.header("x-word"), &*answer.body),
            (201, Some("yes"), &b"hello"[..])
        );
        assert!(answer.is_success() && !answer.is_cut);
    }
    let seen = server.seen();
    assert_eq!((seen.len(), server.connections()), (3, 1));
    let first = &seen[0];
    assert!(first.starts_with("POST /a?b=c HTTP/1.1\r\n") && first.ends_with("\r\n\r\nbody"), "{first}");
    assert!(first.contains("x-key: k\r\n") && first.contains("host: 127.0.0.1:"), "{first}");
}

#[tokio::test]
async fn an_answer_is_kept_up_to_the_limit_and_says_that_it_went_on() {
    let body = "x".repeat(300_000);
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let server = Server::start(&answer).await;
    let client = client(&["127.0.0.1"], "");
    for (limit, kept, is_cut) in
        [(0, 0, true), (10, 10, true), (299_999, 299_999, true), (300_000, 300_000, false)]
    {
        let request = Request::new("GET", &server.url).unwrap().keep(limit);
        let answer = client.send(request, LONG).await.unwrap();
        assert_eq!((answer.body.len(), answer.is_cut), (kept, is_cut), "{limit}");
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let server =
        Server::start("HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n")
            .await;
    let answer = get(&client(&["127.0.0.1"], ""), &server.url).await.unwrap();
    assert_eq!((answer.status, server.seen().len()), (302, 1));
}

#[tokio::test]
async fn addresses_that_are_not_public_are_refused_before_anything_is_connected() {
    let server = Server::start("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let client = client(&["10.0.0.0/8"], "");
    let port = server.port;
    // Forms that the system's resolver reads as 127.0.0.1 are addresses like any other.
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0", "127.1", "2130706433", "0x7f000001"] {
        let failure = get(&client, &format!("http://{host}:{port}/secret?key=secret")).await.unwrap_err();
        let wanted = [FailureKind::Refused, FailureKind::Unresolved];
        assert!(wanted.contains(&failure.kind), "{host}: {failure:?}");
        assert!(!failure.text.contains("secret"), "{failure}");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn no_trust_without_an_authority_that_vouches() {
    let (certificate, key) = certificate("localhost");
    let server =
        Server::start_tls("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", &certificate, &key).await;
    let url = format!("https://localhost:{}/secret", server.port);
    let failure = get(&client(&["localhost"], ""), &url).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Tls, "{failure}");
    assert!(!failure.text.contains("secret"), "{failure}");

    let trusting = client(&["localhost"], &certificate);
    assert_eq!(&*get(&trusting, &url).await.unwrap().body, b"ok");
    // The certificate is the name's, not the address's.
    let other_name = format!("https://127.0.0.1:{}/", server.port);
    assert_eq!(get(&trusting, &other_name).await.unwrap_err().kind, FailureKind::Tls);
    trusting.connect(&url, LONG).await.unwrap();
}

#[tokio::test]
async fn what_is_no_answer_says_why() {
    let client = client(&["127.0.0.1"], "");
    let cases = [
        ("", FailureKind::Cut),
        ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", FailureKind::Cut),
        ("SSH-2.0-OpenSSH_9\r\n\r\n", FailureKind::Cut),
    ];
    for (answer, kind) in cases {
        let server = Server::start_closing(answer).await;
        let failure = get(&client, &format!("{}/secret", server.url)).await.unwrap_err();
        assert_eq!(failure.kind, kind, "{answer:?}: {failure}");
        assert!(!failure.text.contains("secret"), "{failure}");
    }
    let gone = Server::start("").await.closed().await;
    assert_eq!(get(&client, &gone).await.unwrap_err().kind, FailureKind::Connect);
    // A label of 64 letters: the resolver refuses it without asking anybody.
    let failure = get(&client, &format!("http://{}.example/", "a".repeat(64))).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unresolved, "{failure}");
}

#[tokio::test]
async fn the_deadline_ends_what_hangs_before_and_within_the_answer() {
    let client = client(&["127.0.0.1"], "");
    for answer in ["", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"] {
        let server = Server::start(answer).await;
        let request = Request::new("GET", &server.url).unwrap();
        let failure = client.send(request, Duration::from_millis(50)).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Timeout, "{failure}");
    }
}

#[test]
fn what_cannot_be_sent_is_refused_without_a_word_of_its_secrets() {
    for url in ["", "/path", "ftp://host/", "https://", "https://user:secret@host/", "host:80", "http://a b/"]
    {
        let failure = Request::new("GET", url).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Invalid, "{url}");
        assert!(!failure.text.contains("secret"), "{failure}");
    }
    let request = Request::new("GET", "https://host/secret?k=secret").unwrap();
    let request = request.header("x", "secret").unwrap().body("secret");
    assert!(!format!("{request:?}").contains("secret"));
    let failure = request.header("x", "secret\n").unwrap_err();
    assert!(!failure.text.contains("secret"), "{failure}");
    Request::new("GE T", "https://host/").unwrap_err();
}

#[test]
fn a_file_of_authorities_must_hold_some() {
    for wrong in ["hello", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let settings = Settings { own_authorities: wrong.into(), ..Settings::default() };
        assert!(Client::new(settings).is_err(), "{wrong}");
    }
}
