//! A message as SQS sees it: what may be in it, how large it is, and the digests that SDKs check.

use std::collections::BTreeMap;

use aws::Error;
use aws::encoding::hex;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

use crate::engine::receive::ReceivedMessage;
use crate::engine::record::{Attribute, Value};
use crate::error;
use crate::limits;

/// `MessageAttributeValue` on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct WireAttribute {
    pub(crate) data_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) string_value: Option<String>,
    /// Base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) binary_value: Option<String>,
}

/// Names to values, in the order of the names: the digests need that order.
pub(crate) type WireAttributes = BTreeMap<String, WireAttribute>;

/// Checks and reads a message's attributes.
///
/// # Errors
/// `InvalidParameterValue`.
pub(crate) fn read_attributes(wire: WireAttributes) -> Result<Vec<Attribute>, Error> {
    if wire.len() > limits::ATTRIBUTES_MAX {
        return Err(error::invalid_parameter(format!(
            "Number of message attributes [{}] exceeds the allowed maximum [{}].",
            wire.len(),
            limits::ATTRIBUTES_MAX
        )));
    }
    wire.into_iter().map(|(name, value)| read_attribute(name, value)).collect()
}

fn read_attribute(name: String, wire: WireAttribute) -> Result<Attribute, Error> {
    check_attribute_name(&name)?;
    let about = |rest: &str| error::invalid_parameter(format!("The message attribute '{name}' {rest}"));
    let data_type = wire.data_type.filter(|data_type| !data_type.is_empty());
    let data_type = data_type.ok_or_else(|| about("must contain non-empty message attribute type."))?;
    if data_type.len() > limits::ATTRIBUTE_NAME_MAX {
        return Err(about("has a message attribute type that is longer than 256 bytes."));
    }
    let kind = data_type.split('.').next().unwrap_or_default();
    let value = match kind {
        "String" | "Number" => wire.string_value.filter(|text| !text.is_empty()).map(Value::Text),
        "Binary" => {
            let bytes = wire.binary_value.map(|text| STANDARD.decode(text)).transpose();
            let bytes = bytes.map_err(|_| about("has a binary value that is no base64."))?;
            bytes.filter(|bytes| !bytes.is_empty()).map(Value::Bytes)
        }
        _ => {
            return Err(about(
                "has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.",
            ));
        }
    };
    let value = value.ok_or_else(|| {
        error::invalid_parameter(format!(
            "Message (user) attribute '{name}' must contain a non-empty value of type '{kind}'."
        ))
    })?;
    match &value {
        Value::Text(text) if kind == "Number" && text.trim().parse::<f64>().is_err() => {
            Err(error::invalid_parameter(format!(
                "Can't cast the value of message (user) attribute '{name}' to a number."
            )))
        }
        Value::Text(text) if !has_allowed_characters(text) => {
            Err(error::invalid_parameter(error::invalid_contents().message))
        }
        Value::Text(_) | Value::Bytes(_) => Ok(Attribute { name, data_type, value }),
    }
}

/// Letters and digits of any script. Source of the rules: SQS developer guide, "Amazon SQS message metadata", and
/// LocalStack's recordings (test_send_message_with_invalid_string_attributes: `attr.1øßä` is taken).
fn check_attribute_name(name: &str) -> Result<(), Error> {
    let refuse = |message: String| Err(error::invalid_parameter(message));
    if name.is_empty() || name.len() > limits::ATTRIBUTE_NAME_MAX {
        return refuse("Message (user) attribute name must be between 1 and 256 characters long.".to_owned());
    }
    if let Some(c) = name.chars().find(|c| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))) {
        return refuse(format!(
            "Invalid non-alphanumeric character '#x{:X}' was found in the message attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots.",
            u32::from(c)
        ));
    }
    let lower = name.to_ascii_lowercase();
    if lower.starts_with("aws.") || lower.starts_with("amazon.") {
        return refuse("You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These strings are reserved for internal use.".to_owned());
    }
    if name.starts_with('.') || name.ends_with('.') || name.contains("..") {
        return refuse(format!(
            "The message attribute name '{name}' can't start or end with a dot, or have two dots in a row."
        ));
    }
    Ok(())
}

/// Checks a body.
///
/// # Errors
/// `MissingParameter`, `InvalidMessageContents`.
pub(crate) fn check_body(body: &str) -> Result<(), Error> {
    if body.is_empty() {
        return Err(error::missing_parameter("MessageBody"));
    }
    if has_allowed_characters(body) { Ok(()) } else { Err(error::invalid_contents()) }
}

/// #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF: all that XML 1.0 can carry. Source: SQS
/// API reference, SendMessage.
fn has_allowed_characters(text: &str) -> bool {
    // Without an early end the compiler looks at many bytes at a time.
    let (mut control, mut may_be_last) = (false, false);
    for &byte in text.as_bytes() {
        control |= byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r');
        may_be_last |= byte == 0xEF;
    }
    // U+FFFE and U+FFFF are EF BF BE and EF BF BF in UTF-8; surrogates are in no str.
    !(control || may_be_last && text.contains(['\u{FFFE}', '\u{FFFF}']))
}

/// What a message counts against the limit: body, attribute names, types and values.
pub(crate) fn size_bytes(body: &str, attributes: &[Attribute]) -> usize {
    let one =
        |attribute: &Attribute| attribute.name.len() + attribute.data_type.len() + attribute.value.len();
    body.len() + attributes.iter().map(one).sum::<usize>()
}

impl Value {
    fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
        }
    }
}

/// As SQS writes an attribute.
pub(crate) fn write_attribute(attribute: &Attribute) -> (String, WireAttribute) {
    let (string_value, binary_value) = match &attribute.value {
        Value::Text(text) => (Some(text.clone()), None),
        Value::Bytes(bytes) => (None, Some(STANDARD.encode(bytes))),
    };
    let data_type = Some(attribute.data_type.clone());
    (attribute.name.clone(), WireAttribute { data_type, string_value, binary_value })
}

impl ReceivedMessage {
    /// `MD5OfMessageBody`.
    pub fn body_md5(&self) -> String {
        md5_of_body(&self.body)
    }

    /// `MD5OfMessageAttributes` of all its attributes; `None` where there are none.
    pub fn attributes_md5(&self) -> Option<String> {
        md5_of_attributes(&self.attributes)
    }

    /// The sequence number as AWS writes it; only messages of FIFO queues have one that is shown.
    pub fn shown_sequence(&self) -> Option<String> {
        self.deduplication_id.as_ref().map(|_| sequence_number(self.sequence))
    }
}

/// A sequence number as AWS writes it: twenty digits, so that texts sort as numbers do, in steps of 256. They begin where
/// no run of zeros looks like an account's number.
pub(crate) fn sequence_number(sequence: u64) -> String {
    (18_849_496_460_467_696_128 + u128::from(sequence) * 256).to_string()
}

/// `MD5OfMessageBody`.
pub(crate) fn md5_of_body(body: &str) -> String {
    hex(&Md5::digest(body.as_bytes()))
}

/// `MD5OfMessageAttributes` and `MD5OfMessageSystemAttributes`; `None` where there are none. Source: SQS developer
/// guide, "Calculating the MD5 message digest for message attributes": in the order of the names, each of name, type
/// and value with its length in four bytes before it, and one byte before the value that tells text from bytes.
pub(crate) fn md5_of_attributes(attributes: &[Attribute]) -> Option<String> {
    if attributes.is_empty() {
        return None;
    }
    let mut sorted: Vec<&Attribute> = attributes.iter().collect();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    let mut digest = Md5::new();
    for attribute in sorted {
        add_sized(&mut digest, attribute.name.as_bytes());
        add_sized(&mut digest, attribute.data_type.as_bytes());
        let (transport, value) = match &attribute.value {
            Value::Text(text) => (1, text.as_bytes()),
            Value::Bytes(bytes) => (2, bytes.as_slice()),
        };
        digest.update([transport]);
        add_sized(&mut digest, value);
    }
    Some(hex(&digest.finalize()))
}

fn add_sized(digest: &mut Md5, bytes: &[u8]) {
    digest.update(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    digest.update(bytes);
}

#[cfg(test)]
mod tests {
    use super::{Attribute, Value, has_allowed_characters, md5_of_attributes, md5_of_body};

    /// Recorded from AWS by LocalStack: tests/aws/services/sqs/test_sqs.snapshot.json, the tests
    /// test_receive_message_message_attribute_names_filters, ..._attribute_names_filters and
    /// test_send_message_with_binary_attributes.
    #[test]
    fn digests_are_those_of_aws() {
        assert_eq!(md5_of_body("msg"), "6e2baaf3b97dbeef01c0043275f9a0e7");
        let [general, hello, help] = [("General", "Kenobi"), ("Hello", "There"), ("Help.Me", "Me")]
            .map(|(n, v)| Attribute::text(n, v));
        let md5 = |attributes: &[&Attribute]| {
            md5_of_attributes(&attributes.iter().map(|a| (*a).clone()).collect::<Vec<_>>()).unwrap()
        };
        assert_eq!(md5(&[&help, &general, &hello]), "4c360f3fdafd970e05fae2f149d997f5");
        assert_eq!(md5(&[&hello, &general]), "fca026605781cb4126a1e9044df24232");
        assert_eq!(md5(&[&hello]), "a311262e065454b75da111d535b8dacd");
        assert_eq!(md5(&[&hello, &help]), "83fee93c1bcd8b9a5a923ffacdc636c7");
        assert_eq!(md5(&[&Attribute::text("Foo", "Bar")]), "ae7155c6026991b6d54b11589678bf9c");
        let bytes = b"traceparent\x1e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01".to_vec();
        let binary = Attribute {
            name: "attr1".to_owned(),
            data_type: "Binary".to_owned(),
            value: Value::Bytes(bytes),
        };
        assert_eq!(md5(&[&binary]), "8cbe4db156db8a94db8b801b7addb984");
        assert_eq!(md5_of_attributes(&[]), None);
    }

    #[test]
    fn what_xml_cannot_carry_is_refused() {
        for text in ["", "a\t\n\r é \u{D7FF}\u{E000}\u{FFFD}\u{10000}\u{10FFFF}"] {
            assert!(has_allowed_characters(text), "{text:?}");
        }
        for text in ["\0", "a\u{b}", "\u{1f}", "a\u{FFFE}", "\u{FFFF}b"] {
            assert!(!has_allowed_characters(text), "{text:?}");
        }
    }
}
