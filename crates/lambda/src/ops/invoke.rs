//! Invoke, InvokeWithResponseStream: which version, with what; the porter calls it.

use aws::{Call, Error, PorterCall, Reply};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::name::FunctionName;
use crate::target::{InvocationType, InvokeRequest, StreamForm};
use crate::{Functions, error, limits};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Request {
    function_name: String,
    qualifier: Option<String>,
    invocation_type: Option<String>,
    log_type: Option<String>,
    client_context: Option<String>,
}

/// Invoke.
pub(super) fn invoke(functions: &Functions, call: Call, body: &[u8]) -> Reply {
    prepare(functions, call, body, None).map_or_else(|error| Reply::Now(Err(error)), Reply::Call)
}

/// InvokeWithResponseStream: the caller waits, and gets the answer in parts.
pub(super) fn invoke_with_stream(functions: &Functions, call: Call, body: &[u8]) -> Reply {
    let prepared = prepare(functions, call, body, Some(StreamForm::Events));
    prepared.map_or_else(|error| Reply::Now(Err(error)), Reply::Call)
}

fn prepare(
    functions: &Functions,
    call: Call,
    body: &[u8],
    stream: Option<StreamForm>,
) -> Result<PorterCall, Error> {
    let request: Request = aws::operation::parse(body)?;
    let home = functions.store().scope();
    let asked = FunctionName::parse(&request.function_name, request.qualifier.as_deref(), home)?;
    let invocation = match request.invocation_type.as_deref() {
        None | Some("RequestResponse") => InvocationType::RequestResponse,
        Some("DryRun") => InvocationType::DryRun,
        Some("Event") if stream.is_none() => InvocationType::Event,
        Some(other) => return Err(no_such_type(other, stream)),
    };
    let payload = call.payload;
    let (most, kind) = match invocation {
        InvocationType::Event => (limits::EVENT_BYTES_MAX, "Event"),
        _ => (limits::PAYLOAD_BYTES_MAX, "RequestResponse"),
    };
    if payload.len() > most {
        return Err(error::too_large(kind, most, payload.len()));
    }
    if !payload.is_empty() {
        serde_json::from_slice::<IgnoredAny>(&payload).map_err(|error| error::no_json(&error))?;
    }
    let context = request.client_context.map(|text| STANDARD.decode(text)).transpose();
    let context = context.ok().map(|bytes| bytes.map(String::from_utf8).transpose());
    let Some(Ok(client_context)) = context else {
        return Err(Error::sender(
            "InvalidRequestContentException",
            "Client context must be a valid Base64-encoded JSON object.",
        ));
    };
    let target = functions.target(&asked, call.ids.next_u64())?;
    let invoke = InvokeRequest {
        request_id: call.request_id,
        name: target.name.clone(),
        version: target.version.clone(),
        invoked_arn: asked.arn(home).to_string(),
        client_context,
        wants_log: request.log_type.as_deref() == Some("Tail"),
        invocation,
        qualifier: asked.qualifier,
        stream,
    };
    target.call(&invoke, payload)
}

fn no_such_type(asked: &str, stream: Option<StreamForm>) -> Error {
    let set = match stream {
        None => "[Event, RequestResponse, DryRun]",
        Some(_) => "[RequestResponse, DryRun]",
    };
    Error::validation(format!(
        "1 validation error detected: Value '{asked}' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: {set}"
    ))
}
