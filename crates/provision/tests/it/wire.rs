//! What goes over the wire to an endpoint, and what comes back, against a listener that answers what it is told.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use provision::Http;
use provision::api::{Api as _, ApiError, Request};
use rustls::pki_types::PrivateKeyDer;
use serde_json::{Value, json};

/// Calls once against a listener that answers with this status and body; also what the listener read.
fn exchange(request: Request, status: &str, body: &str) -> (Result<Value, ApiError>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut read = Vec::new();
        let mut buffer = [0; 4096];
        // The bodies here end with a brace of their own after the empty line.
        while !(read.ends_with(b"}") && read.windows(4).any(|window| window == b"\r\n\r\n")) {
            let count = stream.read(&mut buffer).unwrap();
            assert!(count > 0, "the request ended early");
            read.extend_from_slice(&buffer[..count]);
        }
        stream.write_all(answer.as_bytes()).unwrap();
        String::from_utf8(read).unwrap()
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let result = runtime.block_on(async { Http::new(&endpoint, &[]).unwrap().call(request).await });
    (result, server.join().unwrap().to_lowercase())
}

#[test]
fn each_service_has_its_protocol() {
    let (answer, sent) =
        exchange(Request::sqs("GetQueueUrl", json!({"QueueName": "q"})), "200 OK", "{\"QueueUrl\":1}");
    assert_eq!(answer.unwrap(), json!({"QueueUrl": 1}));
    for part in [
        "post / http/1.1\r\n",
        "content-type: application/x-amz-json-1.0\r\n",
        "x-amz-target: amazonsqs.getqueueurl\r\n",
        "authorization: aws4-hmac-sha256 credential=",
        "\r\n\r\n{\"queuename\":\"q\"}",
    ] {
        assert!(sent.contains(part), "{part} in {sent}");
    }
    let (answer, sent) = exchange(Request::events("DeleteRule", json!({"Name": "r"})), "200 OK", "");
    assert_eq!(answer.unwrap(), Value::Null);
    assert!(sent.contains("content-type: application/x-amz-json-1.1\r\n"), "{sent}");
    assert!(sent.contains("x-amz-target: awsevents.deleterule\r\n"), "{sent}");
}

#[test]
fn a_refusal_keeps_its_code_and_words() {
    let body = "{\"__type\":\"com.amazonaws.sqs#QueueDoesNotExist\",\"message\":\"The queue is not.\"}";
    let (answer, _) =
        exchange(Request::sqs("GetQueueUrl", json!({"QueueName": "q"})), "400 Bad Request", body);
    let error = answer.unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.message.as_str(), error.status),
        ("QueueDoesNotExist", "The queue is not.", 400)
    );
    assert!(error.is_absent());
}

#[test]
fn an_endpoint_with_tls_is_reached_where_its_authority_is_trusted() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let authority = made.cert.pem();
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config =
        rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key).unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let server = thread::spawn(move || {
        for stream in listener.incoming().take(2) {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = rustls::StreamOwned::new(connection, stream.unwrap());
            // The client that does not trust it goes away during the handshake.
            let Ok(count) = stream.read(&mut [0; 4096]) else { continue };
            assert!(count > 0);
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").unwrap();
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let call = |authorities: &[u8]| {
        let http = Http::new(&endpoint, authorities).unwrap();
        runtime.block_on(async { http.call(Request::sqs("ListQueues", json!({}))).await })
    };
    let refused = call(b"").unwrap_err();
    assert!(refused.code == "Unreachable" && refused.message.contains("no TLS"), "{refused}");
    assert_eq!(call(authority.as_bytes()), Ok(json!({})));
    server.join().unwrap();
}

#[test]
fn no_answer_names_the_address() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let call = async { Http::new(&endpoint, &[]).unwrap().call(Request::sqs("ListQueues", json!({}))).await };
    let error = runtime.block_on(call).unwrap_err();
    assert_eq!((error.code.as_str(), error.status), ("Unreachable", 0));
    assert!(error.message.contains(&endpoint), "{error}");
}

#[test]
fn what_is_no_address_is_refused() {
    for text in ["", "127.0.0.1:4566", "http://", "no address"] {
        assert!(Http::new(text, &[]).is_err(), "{text}");
    }
}
