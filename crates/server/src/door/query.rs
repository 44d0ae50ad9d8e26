//! SQS's older query protocol: a form in, XML out. A translation at the wire; the operations are the same.

mod answer;
mod request;
mod shapes;

use aws::{Body, Error};
use serde_json::Value;

pub(crate) use crate::door::query::answer::error;
pub(crate) use crate::door::query::request::Form;
use crate::door::query::shapes::{ACTIONS, Operation};

/// A request of the query protocol, read.
#[derive(Debug)]
pub(crate) struct Query {
    operation: &'static Operation,
    /// The request as JSON.
    pub(crate) body: Vec<u8>,
}

/// Whether SQS has an action of this name.
pub(crate) fn is_action(action: &str) -> bool {
    ACTIONS.iter().any(|operation| operation.name == action)
}

/// Whether a path is a queue's: `/{twelve digits}/{name}`.
pub(crate) fn is_queue_path(path: &str) -> bool {
    let parts = path.strip_prefix('/').and_then(|path| path.split_once('/'));
    parts.is_some_and(|(account, name)| {
        account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()) && !name.is_empty()
    })
}

impl Query {
    /// Reads a form. A request to a queue's own path speaks of that queue.
    ///
    /// # Errors
    /// `InvalidAction`; `InvalidParameterValue` where a number is none.
    pub(crate) fn of(form: &Form, action: &str, path: &str) -> Result<Self, Error> {
        let operation = ACTIONS.iter().find(|operation| operation.name == action).ok_or_else(|| {
            Error::sender("InvalidAction", format!("The action {action} is not valid for this endpoint."))
        })?;
        let mut request = form.to_json(operation.request)?;
        if is_queue_path(path) && !request.contains_key("QueueUrl") {
            request.insert("QueueUrl".to_owned(), Value::String(path.to_owned()));
        }
        Ok(Self { operation, body: Value::Object(request).to_string().into_bytes() })
    }

    /// The operation's name.
    pub(crate) fn name(&self) -> &'static str {
        self.operation.name
    }

    /// The XML of what the operation answered.
    ///
    /// # Errors
    /// `InternalFailure` where the answer is no JSON.
    pub(crate) fn answer(&self, body: &Body, request_id: &str) -> Result<Body, Error> {
        let value = if body.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(body) };
        let value = value.map_err(|e| Error::receiver("InternalFailure", 500, e.to_string()))?;
        Ok(answer::answer(self.operation, &value, request_id).into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::{Form, Query, is_queue_path};

    #[test]
    fn a_queue_s_own_path_names_the_queue() {
        let form = Form::parse("Action=PurgeQueue", b"");
        let query = Query::of(&form, "PurgeQueue", "/000000000000/orders").unwrap();
        assert_eq!(query.body, br#"{"QueueUrl":"/000000000000/orders"}"#);
        let form = Form::parse("", b"QueueUrl=u");
        assert_eq!(
            Query::of(&form, "PurgeQueue", "/000000000000/orders").unwrap().body,
            br#"{"QueueUrl":"u"}"#
        );
        assert_eq!(Query::of(&form, "Purge", "/").unwrap_err().code, "InvalidAction");
        for path in ["/", "/000000000000", "/000000000000/", "/00000000000a/q", "/0/q"] {
            assert!(!is_queue_path(path), "{path}");
        }
    }
}
