//! The JSON answer of an operation, and an error, as the query protocol's XML.

use aws::Error;
use aws::query::{Action, Member, Shape};
use aws::service::Query;
use serde_json::Value;

use crate::door::wire::fault_of;
use crate::door::wire::xml::escape;

/// The XML of an answer.
pub(crate) fn answer(wire: &Query, action: &Action, answer: &Value, request_id: &str) -> String {
    let (name, namespace) = (action.name, wire.namespace);
    let mut xml = format!("<?xml version=\"1.0\"?><{name}Response xmlns=\"{namespace}\">");
    if !action.answer.is_empty() {
        write_element(&mut xml, &format!("{name}Result"), |xml| write_members(xml, action.answer, answer));
    }
    xml.push_str(&format!(
        "<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{name}Response>"
    ));
    xml
}

/// The XML of an error: its older code, and the words that went with it. Without a wire, it is of no service of ours.
pub(crate) fn error(wire: Option<&Query>, error: &Error, request_id: &str) -> String {
    let (code, message) = older(wire, error);
    let namespace = wire.map_or_else(String::new, |wire| format!(" xmlns=\"{}\"", wire.namespace));
    let detail = if wire.is_some_and(|wire| wire.has_error_detail) { "<Detail/>" } else { "" };
    let (fault, code, message) = (fault_of(error), escape(code), escape(message));
    format!(
        "<?xml version=\"1.0\"?><ErrorResponse{namespace}><Error><Type>{fault}</Type><Code>{code}</Code>\
         <Message>{message}</Message>{detail}</Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )
}

/// The code and the words that an error had in the query protocol.
pub(crate) fn older<'e>(wire: Option<&Query>, error: &'e Error) -> (&'e str, &'e str) {
    let code = error.query_code.unwrap_or(&error.code);
    let older = wire.and_then(|wire| wire.messages.iter().find(|(of, _)| *of == code));
    (code, older.map_or(error.message.as_str(), |(_, message)| message))
}

/// An element with what `write` puts into it; `<X/>` where that is nothing, as AWS writes it.
fn write_element(xml: &mut String, name: &str, write: impl FnOnce(&mut String)) {
    let begin = xml.len();
    xml.push_str(&format!("<{name}>"));
    let inside = xml.len();
    write(xml);
    if xml.len() == inside {
        xml.truncate(begin);
        xml.push_str(&format!("<{name}/>"));
    } else {
        xml.push_str(&format!("</{name}>"));
    }
}

fn write_members(xml: &mut String, members: &[Member], object: &Value) {
    for member in members {
        if let Some(value) = object.get(member.name) {
            write(xml, member.wire_name(), &member.shape, value);
        }
    }
}

fn write(xml: &mut String, name: &str, shape: &Shape, value: &Value) {
    match (shape, value) {
        (_, Value::Null) => {}
        (Shape::Text | Shape::Integer | Shape::Boolean, Value::String(text)) => write_text(xml, name, text),
        (Shape::Text | Shape::Integer | Shape::Boolean, plain) => write_text(xml, name, &plain.to_string()),
        (Shape::Structure(members), _) => {
            write_element(xml, name, |xml| write_members(xml, members, value));
        }
        (Shape::List(_, element), _) => {
            for one in value.as_array().into_iter().flatten() {
                write(xml, name, element, one);
            }
        }
        (Shape::Members(element), _) => {
            write_element(xml, name, |xml| {
                for one in value.as_array().into_iter().flatten() {
                    write(xml, "member", element, one);
                }
            });
        }
        (Shape::Map(entry, value_shape), _) => {
            for (key, one) in value.as_object().into_iter().flatten() {
                xml.push_str(&format!("<{name}>"));
                write_text(xml, entry.key, key);
                write(xml, entry.value, value_shape, one);
                xml.push_str(&format!("</{name}>"));
            }
        }
    }
}

fn write_text(xml: &mut String, name: &str, text: &str) {
    write_element(xml, name, |xml| xml.push_str(&escape(text)));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use aws::Wire;
    use aws::service::Query;

    use super::{answer, error};
    use crate::door::wire::query::action_of;

    fn sqs() -> &'static Query {
        let wire = queue::ops::SERVICE.wires.iter().find_map(|wire| match wire {
            Wire::Query(query) => Some(query),
            Wire::Json(_) | Wire::Rest(_) => None,
        });
        wire.unwrap()
    }

    fn xml_of(name: &str, body: &serde_json::Value) -> String {
        let action = action_of(&queue::ops::SERVICE, name).unwrap();
        let xml = answer(sqs(), action, body, "r");
        xml.split_once("/\">").unwrap().1.to_owned()
    }

    #[test]
    fn answers_are_flat_as_older_sdks_read_them() {
        let end = "<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>";
        let message = json!({"Messages": [{"Body": "<a>&\r\n", "Attributes": {"SenderId": "1"},
            "MessageAttributes": {"n": {"DataType": "String", "StringValue": "v"}}}, {"Body": "2"}]});
        assert_eq!(
            xml_of("ReceiveMessage", &message),
            format!(
                "<ReceiveMessageResult><Message><Body>&lt;a&gt;&amp;&#xD;\n</Body><Attribute><Name>SenderId</Name>\
                 <Value>1</Value></Attribute><MessageAttribute><Name>n</Name><Value><StringValue>v</StringValue>\
                 <DataType>String</DataType></Value></MessageAttribute></Message><Message><Body>2</Body></Message>\
                 </ReceiveMessageResult>{end}</ReceiveMessageResponse>"
            )
        );
        assert_eq!(
            xml_of("ListQueueTags", &json!({"Tags": {"k": "v"}})),
            format!(
                "<ListQueueTagsResult><Tag><Key>k</Key><Value>v</Value></Tag></ListQueueTagsResult>{end}</ListQueueTagsResponse>"
            )
        );
        assert_eq!(
            xml_of("ReceiveMessage", &json!({})),
            format!("<ReceiveMessageResult/>{end}</ReceiveMessageResponse>")
        );
        assert_eq!(xml_of("DeleteMessage", &json!({})), format!("{end}</DeleteMessageResponse>"));
    }

    #[test]
    fn errors_have_their_older_names_and_words() {
        let gone = aws::Error::sender("QueueDoesNotExist", "The specified queue does not exist.")
            .with_query_code("AWS.SimpleQueueService.NonExistentQueue");
        let xml = error(Some(sqs()), &gone, "r");
        assert!(
            xml.contains(
                "<Type>Sender</Type><Code>AWS.SimpleQueueService.NonExistentQueue</Code><Message>The specified queue does not exist for this wsdl version.</Message>"
            ),
            "{xml}"
        );
        let odd = aws::Error::sender("InvalidParameterValue", "bell \u{7} & more");
        assert!(error(Some(sqs()), &odd, "r").contains("<Message>bell \u{FFFD} &amp; more</Message>"));
    }
}
