//! Signed requests: where they go, what they carry, what of them is secret.

use aws::api::SQS;
use aws_client::access::Unsignable;
use aws_client::{Access, Chain, Endpoint, ServiceRequest, Settings};
use http_client::{Client, Guard, Settings as HttpSettings};

use crate::chain::{NOW, environment};
use crate::peer::Peer;

#[tokio::test]
async fn a_request_goes_to_the_endpoint_of_its_service_signed() {
    let peer = Peer::new(|_| (200, "{}".to_owned()));
    let url = format!("{}/vpc", peer.url);
    let settings = environment(&[
        ("AWS_ACCESS_KEY_ID", "AKID"),
        ("AWS_SECRET_ACCESS_KEY", "hidden-key"),
        ("AWS_SESSION_TOKEN", "hidden-token"),
        ("AWS_ENDPOINT_URL_SQS", &url),
    ]);
    let access = Access::new(Chain::new(settings).unwrap());
    let signed =
        access.request(ServiceRequest::json(&SQS, "eu-west-1", "SendMessage", "{}".to_owned()), NOW).await;
    let signed = signed.unwrap();
    assert_eq!(signed.secrets.len(), 3);
    let guard = Guard::new(vec!["127.0.0.1".parse().unwrap()]);
    let client = Client::new(HttpSettings { guard, own_authorities: Vec::new() }).unwrap();
    client.send(signed.request, std::time::Duration::from_secs(10)).await.unwrap();
    let seen = peer.seen().remove(0);
    assert_eq!(seen.line, "POST /vpc/");
    assert!(
        seen.has("x-amz-target: amazonsqs.sendmessage") && seen.has("x-amz-security-token: hidden-token")
    );
    assert!(seen.has("authorization: aws4-hmac-sha256 credential=akid/20260101/eu-west-1/sqs/aws4_request"));
    assert!(!format!("{access:?}").contains("hidden"));

    let elsewhere = Endpoint::at("https://user@x").unwrap_err();
    assert!(elsewhere.contains("names a user"), "{elsewhere}");
}

#[tokio::test]
async fn without_anybody_to_ask_there_is_no_request() {
    let access = Access::default();
    let told =
        access.request(ServiceRequest::json(&SQS, "us-east-1", "t", String::new()), NOW).await.unwrap_err();
    assert!(matches!(&told, Unsignable::NoCredentials(told) if !told.may_pass), "{told:?}");
    Chain::new(Settings::new(|name| (name == "AWS_ENDPOINT_URL_STS").then(|| "x".to_owned()))).unwrap_err();
}
