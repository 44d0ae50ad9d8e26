//! An AWS operation as a row of a table: its name, how far it is served, and the function that serves it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

use crate::call::Call;
use crate::error::Error;
use crate::porter_call::PorterCall;
use crate::strict::Strict;
use crate::time::Timestamp;

/// The JSON text of an answer.
pub type Body = Vec<u8>;

/// A future answer, boxed so that a table can hold functions with different ones.
pub type Later<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

/// What an operation gives back to the door.
pub enum Reply {
    /// The answer is there.
    Now(Result<Body, Error>),
    /// The answer comes with the sync of what it acknowledges.
    Later(Later<Body>),
    /// The answer comes when there is something to answer with, or when the caller's patience ends.
    Poll(Box<dyn LongPoll>),
    /// The answer takes long to work out, so that no thread that serves others should: what gives the reply.
    Long(Box<dyn FnOnce() -> Reply + Send>),
    /// The answer is the porter's, who calls somebody for it (a function, an execution that the caller waits for).
    Call(PorterCall),
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Now(answer) => f.debug_tuple("Now").field(answer).finish(),
            Self::Later(_) => f.write_str("Later"),
            Self::Poll(_) => f.write_str("Poll"),
            Self::Long(_) => f.write_str("Long"),
            Self::Call(call) => f.debug_tuple("Call").field(call).finish(),
        }
    }
}

/// A request that waits for something to arrive (ReceiveMessage with WaitTimeSeconds). The door drives it: it calls
/// [`LongPoll::attempt`] and, while that finds nothing, waits for [`LongPoll::arrival`], for
/// [`LongPoll::wake_at`] or for [`LongPoll::until`], whichever comes first; at the end it answers
/// [`LongPoll::nothing`]. So time stays at the door.
pub trait LongPoll: Send {
    /// Tries once. `None`: nothing there yet.
    fn attempt(&mut self, now: Timestamp) -> Later<Option<Body>>;
    /// Completes when trying again may be worth it. Must be asked for before the attempt whose failure it follows,
    /// so that no arrival between the two is missed.
    fn arrival(&self) -> Pin<Box<dyn Future<Output = ()> + Send>>;
    /// When something already there becomes visible by itself, if that is known.
    fn wake_at(&self) -> Option<Timestamp>;
    /// When the caller's patience ends.
    fn until(&self) -> Timestamp;
    /// The answer to a caller whose patience has ended.
    fn nothing(&self) -> Body;
}

/// One row of a service's table of operations. From these tables come the routes, the coverage page and the
/// console's list.
pub struct Operation<S> {
    /// AWS's name of it, for example `PutRule`.
    pub name: &'static str,
    /// What of it is missing, in a sentence; empty where it is served whole.
    pub missing: &'static str,
    /// Serves it: the service, the call, the JSON text of the request.
    pub run: fn(&S, Call, &[u8]) -> Reply,
}

impl<S> Operation<S> {
    /// An operation that is served whole.
    pub const fn whole(name: &'static str, run: fn(&S, Call, &[u8]) -> Reply) -> Self {
        Self { name, missing: "", run }
    }

    /// An operation of which something is missing, told in a sentence.
    pub const fn partly(
        name: &'static str,
        missing: &'static str,
        run: fn(&S, Call, &[u8]) -> Reply,
    ) -> Self {
        Self { name, missing, run }
    }
}

impl<S> fmt::Debug for Operation<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operation").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Serves an operation that only looks: reads the request, calls `f`, writes the answer.
pub fn answer<Q: DeserializeOwned, A: Serialize>(
    body: &[u8],
    f: impl FnOnce(Q) -> Result<A, Error>,
) -> Reply {
    Reply::Now(parse(body).and_then(f).and_then(|answer| print(&answer)))
}

/// Serves an operation that changes something: reads the request, calls `f`, and writes the answer once the future
/// that `f` returned (a store ticket) is there.
pub fn commit<Q, A, T>(body: &[u8], f: impl FnOnce(Q) -> Result<T, Error>) -> Reply
where
    Q: DeserializeOwned,
    A: Serialize,
    T: Future<Output = Result<A, Error>> + Send + 'static,
{
    match parse(body).and_then(f) {
        Ok(ticket) => Reply::Later(Box::pin(async move { print(&ticket.await?) })),
        Err(error) => Reply::Now(Err(error)),
    }
}

/// Reads a request. An empty body is the empty object, as AWS takes it. Members that the operation does not know are
/// ignored, as AWS ignores them.
///
/// # Errors
/// `SerializationException` naming line and column.
pub fn parse<Q: DeserializeOwned>(body: &[u8]) -> Result<Q, Error> {
    let body = if body.is_empty() { b"{}" } else { body };
    let invalid = |e: serde_json::Error| {
        Error::serialization(format!("The request body is not valid: {}.", without_value(&e.to_string())))
    };
    let mut reader = serde_json::Deserializer::from_slice(body);
    let request = Q::deserialize(Strict(&mut reader)).map_err(invalid)?;
    reader.end().map_err(invalid)?;
    Ok(request)
}

/// Reads an optional list or map of a request, for `#[serde(default, deserialize_with)]`: `null` is as good as absent, as
/// for any other optional member. Source: AWS JSON protocol of Smithy, "null" of structure members.
///
/// # Errors
/// The reader's, where something else stands there than such a list or map.
pub fn null_is_absent<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    from: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// Writes an answer.
///
/// # Errors
/// `InternalFailure` where a value cannot be written as JSON.
pub fn print<A: Serialize>(answer: &A) -> Result<Body, Error> {
    serde_json::to_vec(answer).map_err(|e| Error::receiver("InternalFailure", 500, e.to_string()))
}
/// A reader's words without the value that they repeat, which may be a password that somebody wrote as a number.
fn without_value(words: &str) -> String {
    for kind in ["invalid type: ", "invalid value: "] {
        let Some(rest) = words.strip_prefix(kind) else { continue };
        let Some((value, expected)) = rest.rsplit_once(", expected ") else { continue };
        // "integer `5`", "string \"x\"", "floating point `1.5`", "map": what it is comes before how it is quoted.
        let what = value.split(['`', '"']).next().unwrap_or_default().trim_end();
        return format!("{kind}{what}, expected {expected}");
    }
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::parse;

    /// A password given as a number was said back in the error, and so stood in logs.
    #[test]
    fn a_value_of_the_wrong_type_is_not_repeated() {
        #[derive(Debug, serde::Deserialize)]
        struct Request {
            #[serde(rename = "Password")]
            _password: Option<String>,
            #[serde(rename = "Port")]
            _port: Option<u16>,
        }
        for (body, secret) in [
            (r#"{"Password": 48151623}"#, "48151623"),
            (r#"{"Password": 48.5}"#, "48.5"),
            (r#"{"Password": -7}"#, "-7"),
            (r#"{"Port": "hunter2, expected x"}"#, "hunter2"),
            (r#"{"Port": 481516}"#, "481516"),
        ] {
            let error = parse::<Request>(body.as_bytes()).unwrap_err();
            assert_eq!(error.code, "SerializationException");
            assert!(!error.message.contains(secret), "{}", error.message);
            assert!(
                error.message.contains("expected") && error.message.contains("line 1"),
                "{}",
                error.message
            );
        }
    }
}
