//! A request to the engine and its answer back, on a thread that may block.

use std::borrow::Cow;

use aws::{Error, Reply};
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::STORAGE_ERRORS;
use crate::{Tables, backup};

/// What stands before a message of the engine's readers, to say which error it is.
const AS_READ: [(&str, Kind); 2] =
    [("SERIALIZATION_AS_READ:", Kind::Serialization), ("VALIDATION_AS_READ:", Kind::Validation)];
const MARKED: [(&str, Kind); 3] = [
    ("SERIALIZATION:", Kind::Serialization),
    ("VALIDATION_REQUEST:", Kind::Enveloped),
    ("VALIDATION:", Kind::Validation),
];

#[derive(Clone, Copy)]
enum Kind {
    Serialization,
    Validation,
    Enveloped,
}

/// An operation of the engine.
pub(crate) type Act<Q, A> = fn(&Database, Q) -> Result<A, DynoxideError>;

impl Tables {
    /// Serves an operation.
    pub(crate) fn run<Q, A>(&self, operation: &'static str, body: &[u8], act: Act<Q, A>) -> Reply
    where
        Q: DeserializeOwned + 'static,
        A: Serialize + 'static,
    {
        let (tables, body) = (self.clone(), body.to_vec());
        Reply::Later(Box::pin(async move {
            let served = tokio::task::spawn_blocking(move || tables.serve(operation, &body, act)).await;
            served.unwrap_or_else(|_| {
                Err(Error::receiver("InternalServerError", 500, "The engine of tables has panicked."))
            })
        }))
    }

    fn serve<Q, A>(&self, operation: &'static str, body: &[u8], act: Act<Q, A>) -> Result<Vec<u8>, Error>
    where
        Q: DeserializeOwned,
        A: Serialize,
    {
        if let Some(cause) = &*self.shared.stopped.borrow() {
            return Err(Error::receiver(STORAGE_ERRORS.failed, 500, cause.clone()));
        }
        let text = self.request_text(body)?;
        let request: Q = serde_json::from_str(&text)
            .map_err(|error| self.refusal(operation, &unreadable(&error.to_string())))?;
        let _at_work = backup::at_work();
        let under_way = self.shared.watched.begin(operation);
        let answer = act(&self.shared.database, request).map_err(|error| self.refusal(operation, &error))?;
        drop(under_way);
        let text = serde_json::to_string(&answer)
            .map_err(|error| Error::receiver("InternalServerError", 500, error.to_string()))?;
        Ok(self.shown(operation, text).into_bytes())
    }

    /// The request's text, with the tables that ARNs name as the engine names them; what items hold is theirs.
    fn request_text<'b>(&self, body: &'b [u8]) -> Result<Cow<'b, str>, Error> {
        let text =
            std::str::from_utf8(body).map_err(|_| Error::serialization("The request body is not UTF-8."))?;
        if !text.contains("arn:aws:dynamodb:") {
            return Ok(Cow::Borrowed(text));
        }
        // What is no JSON is the engine's to refuse, in AWS's words.
        let Ok(mut request) = serde_json::from_str::<Value>(text) else { return Ok(Cow::Borrowed(text)) };
        rename_tables(&mut request, &self.arn_prefix());
        Ok(Cow::Owned(request.to_string()))
    }

    /// The answer's text with ARNs of the account and region; what items hold is theirs.
    fn shown(&self, operation: &str, text: String) -> String {
        let has_arns = operation.contains("Table") || operation.contains("TimeToLive");
        if has_arns { text.replace(ENGINE_ARN_PREFIX, &self.arn_prefix()) } else { text }
    }

    fn arn_prefix(&self) -> String {
        let scope = &self.shared.scope;
        format!("arn:aws:dynamodb:{}:{}:table/", scope.region, scope.account)
    }
}

/// The engine knows one account and one region.
const ENGINE_ARN_PREFIX: &str = "arn:aws:dynamodb:dynoxide:000000000000:table/";

/// Puts what the engine takes in the place of our ARNs where a request names tables: the table's name for `TableName`, also in each
/// part of a transaction, and for the keys of a batch; the engine's ARN for `ResourceArn`.
fn rename_tables(request: &mut Value, own: &str) {
    let name = |arn: &str| arn.strip_prefix(own).map(str::to_owned);
    let rename = |part: &mut Value| replace(part, "TableName", name);
    rename(request);
    replace(request, "ResourceArn", |arn| Some(format!("{ENGINE_ARN_PREFIX}{}", name(arn)?)));
    if let Some(Value::Object(tables)) = request.get_mut("RequestItems") {
        let named = std::mem::take(tables);
        tables.extend(named.into_iter().map(|(table, asked)| (name(&table).unwrap_or(table), asked)));
    }
    for part in request.get_mut("TransactItems").and_then(Value::as_array_mut).into_iter().flatten() {
        part.as_object_mut().into_iter().flat_map(Map::values_mut).for_each(rename);
    }
}

/// Puts another text in the place of a member's, where `change` has one.
fn replace(part: &mut Value, member: &str, change: impl Fn(&str) -> Option<String>) {
    if let Some(named) = part.get_mut(member)
        && let Some(text) = named.as_str().and_then(change)
    {
        *named = Value::String(text);
    }
}

/// The error for a request that the engine's readers do not take: they say by a mark before their words which one it is.
fn unreadable(words: &str) -> DynoxideError {
    for (mark, kind) in AS_READ {
        if let Some(words) = words.strip_prefix(mark) {
            return of(kind, words);
        }
    }
    let words = words.rfind(" at line ").and_then(|at| words.get(..at)).unwrap_or(words);
    for (mark, kind) in MARKED {
        if let Some(words) = words.strip_prefix(mark) {
            return of(kind, words);
        }
    }
    if words.contains("empty AttributeValue") {
        let empty = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes";
        return of(Kind::Validation, empty);
    }
    let is_validation = ["missing field", "unknown variant", "invalid type: null", "Supplied AttributeValue"]
        .iter()
        .any(|part| words.contains(part));
    of(if is_validation { Kind::Validation } else { Kind::Serialization }, words)
}

fn of(kind: Kind, words: &str) -> DynoxideError {
    let words = words.to_owned();
    match kind {
        Kind::Serialization => DynoxideError::SerializationException(words),
        Kind::Validation => DynoxideError::ValidationException(words),
        Kind::Enveloped => DynoxideError::EnvelopedValidation(words),
    }
}
