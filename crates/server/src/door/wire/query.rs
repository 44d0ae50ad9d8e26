//! The query protocol: a form in, XML out. A translation at the wire; the operations are the same.

use aws::query::{Action, Member, Shape};
use aws::service::{Describe, Query};
use aws::{Body, Error, Wire};
use serde_json::{Value, json};

use crate::door::wire::fault_of;
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
    Ok(xml_answer::answer(wire, action, &value_of(body)?, request_id).into_bytes())
}

fn value_of(body: &Body) -> Result<Value, Error> {
    let value = if body.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(body) };
    value.map_err(|e| Error::receiver("InternalFailure", 500, e.to_string()))
}

/// The same as JSON, for a GET that accepts that: `{"ListQueuesResponse": {"ListQueuesResult": ..., "ResponseMetadata": ...}}`.
/// Recorded from AWS by LocalStack: test_get_queue_attributes_json_format.
///
/// # Errors
/// `InternalFailure` where the answer is no JSON.
pub(crate) fn json_answer(
    wire: &Query,
    action: &Action,
    body: &Body,
    request_id: &str,
) -> Result<Body, Error> {
    let value = value_of(body)?;
    let mut response = json!({"ResponseMetadata": {"RequestId": request_id}});
    if !action.answer.is_empty()
        && let Some(response) = response.as_object_mut()
    {
        let result = json_members(wire, action.answer, &value);
        response.insert(format!("{}Result", action.name), result);
    }
    let name = format!("{}Response", action.name);
    Ok(Value::Object([(name, response)].into_iter().collect()).to_string().into_bytes())
}

/// Members as the query protocol's JSON writes them: a map is a list of names and values.
fn json_members(wire: &Query, members: &[Member], object: &Value) -> Value {
    let members = members.iter().filter_map(|member| {
        let name = wire.json_names.iter().find(|(of, _)| *of == member.name);
        let name = name.map_or(member.name, |(_, name)| name);
        Some((name.to_owned(), json_value(wire, &member.shape, object.get(member.name)?)))
    });
    Value::Object(members.collect())
}

fn json_value(wire: &Query, shape: &Shape, value: &Value) -> Value {
    match shape {
        Shape::Text | Shape::Integer | Shape::Boolean => value.clone(),
        Shape::Structure(members) => json_members(wire, members, value),
        Shape::List(_, element) | Shape::Members(element) => {
            value.as_array().into_iter().flatten().map(|one| json_value(wire, element, one)).collect()
        }
        Shape::Map(entry, of) => {
            let entries = value.as_object().into_iter().flatten();
            entries
                .map(|(key, one)| json!({entry.key: key, entry.value: json_value(wire, of, one)}))
                .collect()
        }
    }
}

/// An error as JSON, with its older code and words.
pub(crate) fn json_error(wire: &Query, error: &Error, request_id: &str) -> String {
    let (code, message) = xml_answer::older(Some(wire), error);
    let error = json!({"Type": fault_of(error), "Code": code, "Message": message, "Detail": null});
    json!({"Error": error, "RequestId": request_id}).to_string()
}

#[cfg(test)]
mod tests {
    use super::{action_of, is_resource_path, request, wire_of};
    use crate::door::wire::form::Form;

    #[test]
    fn a_queue_s_own_path_names_the_queue() {
        let service = &queue::ops::SERVICE;
        let (wire, action) = (wire_of(service).unwrap(), action_of(service, "PurgeQueue").unwrap());
        let form = Form::parse("Action=PurgeQueue", b"").unwrap();
        let body = request(wire, action, &form, "/000000000000/orders").unwrap();
        assert_eq!(body, br#"{"QueueUrl":"/000000000000/orders"}"#);
        let body =
            request(wire, action, &Form::parse("", b"QueueUrl=u").unwrap(), "/000000000000/orders").unwrap();
        assert_eq!(body, br#"{"QueueUrl":"u"}"#);
        assert!(action_of(service, "Purge").is_none());
        for path in ["/", "/000000000000", "/000000000000/", "/00000000000a/q", "/0/q"] {
            assert!(!is_resource_path(path), "{path}");
        }
    }
}
