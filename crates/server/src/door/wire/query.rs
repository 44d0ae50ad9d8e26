//! The query protocol: a form in, XML out. A translation at the wire; the operations are the same.

use aws::query::Action;
use aws::service::{Describe, Query};
use aws::{Body, Error, Wire};
use serde_json::Value;

use crate::door::wire::form::Form;
use crate::door::wire::xml_answer;

/// The query wire of a service, where it has one.
pub(crate) fn wire_of(service: &(impl Describe + ?Sized)) -> Option<&'static Query> {
    service.wires().iter().find_map(|wire| match wire {
        Wire::Query(query) => Some(query),
        Wire::Json(_) | Wire::Rest(_) => None,
    })
}

/// The shapes of an operation.
pub(crate) fn action_of(service: &(impl Describe + ?Sized), name: &str) -> Option<&'static Action> {
    wire_of(service)?.actions.iter().find(|action| action.name == name)
}

/// Whether a path is a resource's, as queue URLs are: `/{twelve digits}/{name}`.
pub(crate) fn is_resource_path(path: &str) -> bool {
    let parts = path.strip_prefix('/').and_then(|path| path.split_once('/'));
    parts.is_some_and(|(account, name)| {
        account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()) && !name.is_empty()
    })
}

/// The request of an action as the JSON that its operation reads. A request to a resource's own path speaks of that resource.
///
/// # Errors
/// `InvalidParameterValue` where a number is none.
pub(crate) fn request(wire: &Query, action: &Action, form: &Form, path: &str) -> Result<Vec<u8>, Error> {
    let mut request = form.to_json(action.request)?;
    if let Some(member) = wire.path_member
        && is_resource_path(path)
        && !request.contains_key(member)
    {
        request.insert(member.to_owned(), Value::String(path.to_owned()));
    }
    Ok(Value::Object(request).to_string().into_bytes())
}

/// The XML of what the operation answered.
///
/// # Errors
/// `InternalFailure` where the answer is no JSON.
pub(crate) fn answer(wire: &Query, action: &Action, body: &Body, request_id: &str) -> Result<Body, Error> {
    let value = if body.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(body) };
    let value = value.map_err(|e| Error::receiver("InternalFailure", 500, e.to_string()))?;
    Ok(xml_answer::answer(wire, action, &value, request_id).into_bytes())
}

#[cfg(test)]
mod tests {
    use super::{action_of, is_resource_path, request, wire_of};
    use crate::door::wire::form::Form;

    #[test]
    fn a_queue_s_own_path_names_the_queue() {
        let service = &queue::ops::SERVICE;
        let (wire, action) = (wire_of(service).unwrap(), action_of(service, "PurgeQueue").unwrap());
        let form = Form::parse("Action=PurgeQueue", b"");
        let body = request(wire, action, &form, "/000000000000/orders").unwrap();
        assert_eq!(body, br#"{"QueueUrl":"/000000000000/orders"}"#);
        let body = request(wire, action, &Form::parse("", b"QueueUrl=u"), "/000000000000/orders").unwrap();
        assert_eq!(body, br#"{"QueueUrl":"u"}"#);
        assert!(action_of(service, "Purge").is_none());
        for path in ["/", "/000000000000", "/000000000000/", "/00000000000a/q", "/0/q"] {
            assert!(!is_resource_path(path), "{path}");
        }
    }
}
