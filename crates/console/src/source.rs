//! Where pages have what they show: the operations that serve everybody else, asked in the same process.

use aws::operation::Later;
use aws::{Body, Error};
use serde_json::{Value, json};

use crate::value::{items, read, text};

/// A question to an operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// The service as credential scopes name it (`sqs`), `trunkline` for Trunkline's own operations, `platform` for what has the
    /// Platform API, `console` for what only the server's mounting of these pages answers.
    pub service: &'static str,
    /// The operation's name, for example `ListQueues`.
    pub operation: &'static str,
    /// The request.
    pub body: Value,
}

impl Question {
    /// A question to EventBridge.
    pub fn events(operation: &'static str, body: Value) -> Self {
        Self { service: "events", operation, body }
    }

    /// A question to SQS.
    pub fn sqs(operation: &'static str, body: Value) -> Self {
        Self { service: "sqs", operation, body }
    }

    /// A question to Trunkline's own operations.
    pub fn trunkline(operation: &'static str, body: Value) -> Self {
        Self { service: "trunkline", operation, body }
    }

    /// A question about what has the Platform API: `subscriptions` or `streams`, all of them or the one with an id.
    pub fn platform(operation: &'static str, collection: &str, id: &str) -> Self {
        Self { service: "platform", operation, body: json!({"Collection": collection, "Id": id}) }
    }

    /// A question to another service.
    pub fn of(service: &'static str, operation: &'static str, body: Value) -> Self {
        Self { service, operation, body }
    }
}

/// Answers questions. The server's drives the operation to its answer; a test's has the answers ready.
pub type Source = dyn Fn(Question) -> Later<Body> + Send + Sync;

/// Asks, and reads the answer.
///
/// # Errors
/// The operation's.
pub async fn ask(source: &Source, question: Question) -> Result<Value, Error> {
    read(&source(question).await?)
}

/// As [`ask`] for what may have gone meanwhile, or may never have been there: nothing, where the operation refuses.
pub(crate) async fn find(source: &Source, question: Question) -> Option<Value> {
    ask(source, question).await.ok()
}

/// All pages of a list, up to `most` members: the members, and whether there are more.
///
/// # Errors
/// The operation's.
pub(crate) async fn all(source: &Source, question: Question, list: Listed) -> Result<List, Error> {
    let mut found = List::default();
    let mut question = question;
    loop {
        let answer = ask(source, question.clone()).await?;
        found.items.extend(items(&answer, list.member).iter().cloned());
        let token = text(&answer, list.token).to_owned();
        if token.is_empty() {
            return Ok(found);
        }
        if found.items.len() >= list.most {
            found.more = true;
            return Ok(found);
        }
        if let Some(members) = question.body.as_object_mut() {
            members.insert(list.next.to_owned(), json!(token));
        }
    }
}

/// How an operation lists.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listed {
    /// The member that holds the list.
    pub(crate) member: &'static str,
    /// The answer's member that holds the next page's token, and the request's that takes it.
    pub(crate) token: &'static str,
    pub(crate) next: &'static str,
    /// No further page is asked for once there are so many.
    pub(crate) most: usize,
}

impl Listed {
    /// A list with a `NextToken`.
    pub(crate) fn of(member: &'static str, most: usize) -> Self {
        Self { member, token: "NextToken", next: "NextToken", most }
    }
}

/// What was listed.
#[derive(Clone, Debug, Default)]
pub(crate) struct List {
    pub(crate) items: Vec<Value>,
    /// There are more, which were not asked for.
    pub(crate) more: bool,
}
