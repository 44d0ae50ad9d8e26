//! A form of the query protocol as the JSON request that the operation reads.

use std::collections::BTreeMap;

use aws::Error;
use aws::query::{Member, Shape};
use serde_json::{Map, Value};

/// A name has at most so many parts (`SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.StringValue` has six);
/// others name nothing of ours and are passed over, as AWS passes over names that it does not know.
const PARTS_MAX: usize = 8;

/// The most parameters that a form may have: a batch of ten messages with ten attributes each has about 400.
const PARAMETERS_MAX: usize = 4_000;

/// A form as the tree that the dots in its names draw.
#[derive(Debug, Default)]
pub(crate) struct Form {
    value: Option<String>,
    parts: BTreeMap<String, Form>,
}

impl Form {
    /// Reads the query string and the body; where both give a name, the later one counts.
    ///
    /// # Errors
    /// `RequestEntityTooLargeException` (413) where it has more parameters than any request of ours needs: each becomes a part of
    /// a tree, which takes many times the memory of its text.
    pub(crate) fn parse(query: &str, body: &[u8]) -> Result<Self, Error> {
        let mut form = Self::default();
        let parameters = form_urlencoded::parse(query.as_bytes()).chain(form_urlencoded::parse(body));
        for (at, (name, value)) in parameters.enumerate() {
            if at == PARAMETERS_MAX {
                let words =
                    format!("The form has more than {PARAMETERS_MAX} parameters, the most that are read.");
                return Err(Error { status: 413, ..Error::sender("RequestEntityTooLargeException", words) });
            }
            if name.split('.').count() > PARTS_MAX {
                continue;
            }
            let place =
                name.split('.').fold(&mut form, |at, part| at.parts.entry(part.to_owned()).or_default());
            place.value = Some(value.into_owned());
        }
        Ok(form)
    }

    /// The value of a name without dots.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.parts.get(name)?.value.as_deref()
    }

    /// The JSON request: the members that the form names.
    ///
    /// # Errors
    /// `InvalidParameterValue` where a number is none.
    pub(crate) fn to_json(&self, members: &[Member]) -> Result<Map<String, Value>, Error> {
        let mut object = Map::new();
        for member in members {
            let Some(part) = self.parts.get(member.wire_name()) else { continue };
            if let Some(value) = part.read(&member.shape, member.wire_name())? {
                object.insert(member.name.to_owned(), value);
            }
        }
        Ok(object)
    }

    fn read(&self, shape: &Shape, name: &str) -> Result<Option<Value>, Error> {
        match shape {
            Shape::Text => Ok(self.value.clone().map(Value::String)),
            Shape::Integer => self.value.as_deref().map(|text| integer(text, name)).transpose(),
            Shape::Boolean => self.value.as_deref().map(|text| boolean(text, name)).transpose(),
            Shape::Members(element) => match self.parts.get("member") {
                Some(members) => members.read(&Shape::List("member", element), name),
                // `Name=` alone is how SDKs write an empty list.
                None => Ok(Some(Value::Array(Vec::new()))),
            },
            Shape::Structure(members) => Ok(Some(Value::Object(self.to_json(members)?))),
            Shape::List(_, element) => {
                let read = self.numbered().into_iter().map(|one| one.read(element, name));
                let list: Result<Vec<_>, Error> = read.collect();
                Ok(Some(Value::Array(list?.into_iter().flatten().collect())))
            }
            Shape::Map(entry, value_shape) => {
                let mut object = Map::new();
                for one in self.numbered() {
                    let value = match one.parts.get(entry.value) {
                        Some(value) => value.read(value_shape, name)?,
                        None => None,
                    };
                    if let (Some(key), Some(value)) = (one.value(entry.key), value) {
                        object.insert(key.to_owned(), value);
                    }
                }
                Ok(Some(Value::Object(object)))
            }
        }
    }

    /// The parts by their numbers, least first; where there are none this is the one entry, as in AWS's own examples
    /// (`AttributeName=All`, `Attribute.Name=...&Attribute.Value=...`).
    fn numbered(&self) -> Vec<&Self> {
        let number = |(key, part)| Some((str::parse::<u32>(key).ok()?, part));
        let mut parts: Vec<(u32, &Self)> =
            self.parts.iter().map(|(key, part)| (key.as_str(), part)).filter_map(number).collect();
        parts.sort_by_key(|(number, _)| *number);
        // `Name=` alone is how SDKs write an empty list.
        let alone = !self.parts.is_empty() || self.value.as_deref().is_some_and(|text| !text.is_empty());
        match parts.is_empty() {
            true if alone => vec![self],
            _ => parts.into_iter().map(|(_, part)| part).collect(),
        }
    }
}

fn integer(text: &str, name: &str) -> Result<Value, Error> {
    text.trim().parse::<i64>().map(Value::from).map_err(|_| {
        Error::sender(
            "InvalidParameterValueException",
            format!("Value {text} for parameter {name} is invalid. Reason: Must be an integer."),
        )
        .with_query_code("InvalidParameterValue")
    })
}

fn boolean(text: &str, name: &str) -> Result<Value, Error> {
    text.trim().to_ascii_lowercase().parse::<bool>().map(Value::from).map_err(|_| {
        let words = format!("Value {text} for parameter {name} is invalid. Reason: Must be true or false.");
        Error::sender("InvalidParameterValueException", words).with_query_code("InvalidParameterValue")
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Form;
    use crate::door::wire::query::action_of;

    fn read(form: &str) -> Value {
        let form = Form::parse("", form.as_bytes()).unwrap();
        let operation = action_of(&queue::ops::SERVICE, form.value("Action").unwrap()).unwrap();
        form.to_json(operation.request).map_or_else(|error| json!(error.message), Value::Object)
    }

    /// Forms as botocore 1.31.80 writes them, and as the examples of the SQS API reference do.
    #[test]
    fn forms_become_the_requests_that_json_would_be() {
        for (form, wanted) in [
            (
                "Action=SendMessage&Version=2012-11-05&QueueUrl=http%3A%2F%2Fa%2F1%2Fq&MessageBody=a+%26%3D%C3%A9&DelaySeconds=3\
                 &MessageAttribute.1.Name=n.m&MessageAttribute.1.Value.DataType=String&MessageAttribute.1.Value.StringValue=v",
                json!({"QueueUrl": "http://a/1/q", "MessageBody": "a &=é", "DelaySeconds": 3,
                    "MessageAttributes": {"n.m": {"DataType": "String", "StringValue": "v"}}}),
            ),
            (
                "Action=SendMessageBatch&SendMessageBatchRequestEntry.10.Id=j&SendMessageBatchRequestEntry.2.Id=b\
                 &SendMessageBatchRequestEntry.2.MessageAttribute.1.Name=n\
                 &SendMessageBatchRequestEntry.2.MessageAttribute.1.Value.BinaryValue=AA%3D%3D",
                json!({"Entries": [{"Id": "b", "MessageAttributes": {"n": {"BinaryValue": "AA=="}}}, {"Id": "j"}]}),
            ),
            (
                "Action=CreateQueue&QueueName=q&Attribute.1.Name=DelaySeconds&Attribute.1.Value=5&Tag.1.Key=k&Tag.1.Value=v",
                json!({"QueueName": "q", "Attributes": {"DelaySeconds": "5"}, "tags": {"k": "v"}}),
            ),
            (
                "Action=SetQueueAttributes&Attribute.Name=Policy&Attribute.Value=",
                json!({"Attributes": {"Policy": ""}}),
            ),
            ("Action=ReceiveMessage&AttributeName=All", json!({"AttributeNames": ["All"]})),
            ("Action=UntagQueue&TagKey=", json!({"TagKeys": []})),
            (
                "Action=ReceiveMessage&MaxNumberOfMessages=many",
                json!("Value many for parameter MaxNumberOfMessages is invalid. Reason: Must be an integer."),
            ),
            ("Action=PurgeQueue&a.b.c.d.e.f.g.h.i=1&&=&%", json!({})),
        ] {
            assert_eq!(read(form), wanted, "{form}");
        }
    }

    #[test]
    fn a_name_of_very_many_parts_is_passed_over() {
        let form = format!("{}=1&Action=x", "a.".repeat(500_000));
        assert_eq!(Form::parse("", form.as_bytes()).unwrap().value("Action"), Some("x"));
    }

    /// 8 MB of `a=&` once became a gigabyte.
    #[test]
    fn a_form_of_very_many_parameters_is_refused() {
        let form = |parameters: usize| {
            let text: String = (0..parameters).map(|n| format!("a.{n}=&")).collect();
            Form::parse("Action=x", text.as_bytes())
        };
        assert!(form(3_999).is_ok());
        assert_eq!(form(4_000).unwrap_err().status, 413);
    }
}
