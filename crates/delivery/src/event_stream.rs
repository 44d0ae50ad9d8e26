//! AWS's event stream encoding: messages with headers, their length, and two checksums.
//!
//! Source: Smithy, "Amazon Event Stream Specification"
//! (<https://smithy.io/2.0/aws/amazon-eventstream.html>).

/// Total length, length of the headers, and the CRC-32 of both.
const PRELUDE_BYTES: usize = 12;
/// The CRC-32 of all that is before it.
const CHECKSUM_BYTES: usize = 4;
/// The type of a header whose value is text.
const TEXT: u8 = 7;

/// A header whose value is text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header<'h> {
    /// At most 255 bytes.
    pub(crate) name: &'h str,
    /// At most 32,767 bytes.
    pub(crate) value: &'h str,
}

/// A message. None where a header or the whole is longer than its length can say.
pub(crate) fn message(headers: &[Header<'_>], payload: &[u8]) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    for header in headers {
        head.push(u8::try_from(header.name.len()).ok()?);
        head.extend_from_slice(header.name.as_bytes());
        head.push(TEXT);
        head.extend_from_slice(&u16::try_from(header.value.len()).ok()?.to_be_bytes());
        head.extend_from_slice(header.value.as_bytes());
    }
    let total = PRELUDE_BYTES + head.len() + payload.len() + CHECKSUM_BYTES;
    let mut message = Vec::with_capacity(total);
    message.extend_from_slice(&u32::try_from(total).ok()?.to_be_bytes());
    message.extend_from_slice(&u32::try_from(head.len()).ok()?.to_be_bytes());
    message.extend_from_slice(&crc32fast::hash(&message).to_be_bytes());
    message.append(&mut head);
    message.extend_from_slice(payload);
    message.extend_from_slice(&crc32fast::hash(&message).to_be_bytes());
    Some(message)
}

#[cfg(test)]
mod tests {
    use super::{Header, message};

    /// The vectors that AWS's SDKs test their decoders with (botocore, tests/unit/test_eventstream.py).
    #[test]
    fn messages_are_those_of_awss_own_vectors() {
        let hex = |bytes: Vec<u8>| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let empty = message(&[], b"").unwrap();
        assert_eq!(hex(empty), "000000100000000005c248eb7d98c8ff");
        let payload = message(&[], b"{'foo':'bar'}").unwrap();
        assert_eq!(hex(payload), "0000001d00000000fd528c5a7b27666f6f273a27626172277dc3653936");
        let header = Header { name: "content-type", value: "application/json" };
        let whole = message(&[header], b"{'foo':'bar'}").unwrap();
        let head = "0c636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e";
        let wanted = format!("0000003d0000002007fd8396{head}7b27666f6f273a27626172277d8d9c08b1");
        assert_eq!(hex(whole), wanted);
    }

    #[test]
    fn what_its_length_cannot_say_is_no_message() {
        let long = "n".repeat(256);
        assert!(message(&[Header { name: &long, value: "" }], b"").is_none());
    }
}
