//! The clients' way to the server: AWS's JSON protocol through its door, without a socket.

use axum::body::Body;
use axum::extract::Request;
use http_body_util::BodyExt as _;
use serde_json::Value;
use server::indoors::IndoorsDoor;

use crate::world::World;

/// A client's connection.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) door: IndoorsDoor,
    pub(crate) world: World,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoAnswer {
    /// The server has refused; its words.
    Refused(String),
    /// Nobody knows whether it was done.
    Cut,
}

impl Caller {
    /// Asks for an operation, `AmazonSQS.SendMessage` for example.
    pub(crate) async fn ask(&self, operation: &str, request: &Value) -> Result<Value, NoAnswer> {
        let body = request.to_string();
        self.world.lock().trace.say(format_args!("-> {operation} {body}"));
        let sent = Request::post("/")
            .header("host", "127.0.0.1:4566")
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", operation)
            .body(Body::from(body));
        let Ok(sent) = sent else { return Err(NoAnswer::Refused("no request".to_owned())) };
        let response = self.door.answer(sent).await;
        let status = response.status();
        let body = response.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        let text = String::from_utf8_lossy(&body).into_owned();
        self.world.lock().trace.say(format_args!("<- {operation} {} {text}", status.as_u16()));
        if status.is_success() {
            Ok(serde_json::from_str(&text).unwrap_or_default())
        } else if status.is_server_error() {
            Err(NoAnswer::Cut)
        } else {
            Err(NoAnswer::Refused(text))
        }
    }
}
