//! The JSON answer of an operation, and an error, as the query protocol's XML.

use aws::Error;
use serde_json::Value;

use crate::door::query::shapes::{Member, Operation, Shape};
use crate::door::xml::escape;

/// Source: the namespace in botocore's older model of SQS.
const NAMESPACE: &str = "http://queue.amazonaws.com/doc/2012-11-05/";

/// The XML of an answer.
pub(crate) fn answer(operation: &Operation, answer: &Value, request_id: &str) -> String {
    let name = operation.name;
    let mut xml = format!("<?xml version=\"1.0\"?><{name}Response xmlns=\"{NAMESPACE}\">");
    if !operation.answer.is_empty() {
        xml.push_str(&format!("<{name}Result>"));
        write_members(&mut xml, operation.answer, answer);
        xml.push_str(&format!("</{name}Result>"));
    }
    xml.push_str(&format!(
        "<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{name}Response>"
    ));
    xml
}

/// The XML of an error: its older code, and the words that went with it.
pub(crate) fn error(error: &Error, request_id: &str) -> String {
    let fault = if error.status < 500 { "Sender" } else { "Receiver" };
    let code = error.query_code.unwrap_or(&error.code);
    // The two protocols say this one differently: recorded in moto and botocore's issue on the change of protocol.
    let message = match code {
        "AWS.SimpleQueueService.NonExistentQueue" => {
            "The specified queue does not exist for this wsdl version."
        }
        _ => &error.message,
    };
    let (code, message) = (escape(code), escape(message));
    format!(
        "<?xml version=\"1.0\"?><ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>{fault}</Type><Code>{code}</Code>\
         <Message>{message}</Message><Detail/></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )
}

fn write_members(xml: &mut String, members: &[Member], object: &Value) {
    for member in members {
        if let Some(value) = object.get(member.0) {
            write(xml, (member.wire_name(), &member.1), value);
        }
    }
}

fn write(xml: &mut String, (name, shape): (&str, &Shape), value: &Value) {
    match (shape, value) {
        (_, Value::Null) => {}
        (Shape::Text | Shape::Integer, Value::String(text)) => write_text(xml, name, text),
        (Shape::Text | Shape::Integer, plain) => write_text(xml, name, &plain.to_string()),
        (Shape::Structure(members), _) => {
            xml.push_str(&format!("<{name}>"));
            write_members(xml, members, value);
            xml.push_str(&format!("</{name}>"));
        }
        (Shape::List(_, element), _) => {
            for one in value.as_array().into_iter().flatten() {
                write(xml, (name, element), one);
            }
        }
        (Shape::Map(entry, value_shape), _) => {
            for (key, one) in value.as_object().into_iter().flatten() {
                xml.push_str(&format!("<{name}>"));
                write_text(xml, entry.key, key);
                write(xml, (entry.value, value_shape), one);
                xml.push_str(&format!("</{name}>"));
            }
        }
    }
}

fn write_text(xml: &mut String, name: &str, text: &str) {
    xml.push_str(&format!("<{name}>{}</{name}>", escape(text)));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{answer, error};
    use crate::door::query::shapes::ACTIONS;

    fn xml_of(name: &str, body: &serde_json::Value) -> String {
        let operation = ACTIONS.iter().find(|operation| operation.name == name).unwrap();
        let xml = answer(operation, body, "r");
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
        assert_eq!(xml_of("DeleteMessage", &json!({})), format!("{end}</DeleteMessageResponse>"));
    }

    #[test]
    fn errors_have_their_older_names_and_words() {
        let gone = aws::Error::sender("QueueDoesNotExist", "The specified queue does not exist.")
            .with_query_code("AWS.SimpleQueueService.NonExistentQueue");
        let xml = error(&gone, "r");
        assert!(
            xml.contains(
                "<Type>Sender</Type><Code>AWS.SimpleQueueService.NonExistentQueue</Code><Message>The specified queue does not exist for this wsdl version.</Message>"
            ),
            "{xml}"
        );
        let odd = aws::Error::sender("InvalidParameterValue", "bell \u{7} & more");
        assert!(error(&odd, "r").contains("<Message>bell \u{FFFD} &amp; more</Message>"));
    }
}
