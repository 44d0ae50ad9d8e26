//! A call that the porter makes while the caller of an operation waits, and the answer that it gives.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use crate::arn::Arn;
use crate::error::Error;

/// What is to be called for an answer. A room of floor 3 has judged the request and says what it stands for; the porter, one
/// floor up, has the hands: it calls, within the deadline, and gives the answer as the operation's wire has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PorterCall {
    /// The operation that waits, for example `Invoke`: it decides what the answer looks like.
    pub operation: &'static str,
    /// What is called: a function's version, a state machine.
    pub target: Arn,
    /// What the operation says about the call beside its payload, as JSON text.
    pub request: Vec<u8>,
    /// What the target is given.
    pub payload: Vec<u8>,
    /// The longest that the call may take.
    pub deadline: Duration,
}

/// An answer with all that HTTP can say of it.
pub struct Response {
    /// The status.
    pub status: u16,
    /// Headers, `content-type` among them.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: ResponseBody,
}

/// A body that is there, or that comes.
pub enum ResponseBody {
    /// All of it.
    Whole(Vec<u8>),
    /// Piece by piece: an event stream, a function's streamed answer.
    Chunks(Box<dyn Chunks>),
}

/// The next piece, when it is there.
pub type NextChunk<'a> = Pin<Box<dyn Future<Output = Option<Result<Vec<u8>, Error>>> + Send + 'a>>;

/// The pieces of a body, in their order.
pub trait Chunks: Send {
    /// The next piece; `None` at the end. A failure ends the body and the connection, so that nobody takes a part for the whole.
    fn next(&mut self) -> NextChunk<'_>;
}

impl Response {
    /// A whole answer of this media type.
    pub fn whole(status: u16, content_type: &str, body: Vec<u8>) -> Self {
        Self {
            status,
            headers: vec![("content-type", content_type.to_owned())],
            body: ResponseBody::Whole(body),
        }
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(bytes) => f.debug_tuple("Whole").field(&bytes.len()).finish(),
            Self::Chunks(_) => f.write_str("Chunks"),
        }
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("status", &self.status).finish_non_exhaustive()
    }
}
