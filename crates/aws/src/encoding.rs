//! Bytes as text: hexadecimal, and percent-encoding.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 });
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
    text
}

/// What is encoded where nothing but letters, digits and `-._~` (RFC 3986, 2.3) may stand.
pub const ALL_BUT_UNRESERVED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The same for a path, whose slashes stay.
pub const ALL_BUT_PATH: &AsciiSet = &ALL_BUT_UNRESERVED.remove(b'/');

/// Each byte that is in `encoded`, or not ASCII, as `%XX`.
#[must_use]
pub fn percent_encoded(text: &str, encoded: &'static AsciiSet) -> String {
    utf8_percent_encode(text, encoded).to_string()
}

/// What `%XX` stands for in a text; bytes that are no UTF-8 become the replacement character.
#[must_use]
pub fn percent_decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::{ALL_BUT_PATH, ALL_BUT_UNRESERVED, hex, percent_encoded};

    #[test]
    fn every_byte_has_two_digits() {
        assert_eq!(hex(&[0, 0x1f, 0xff]), "001fff");
        assert_eq!(hex(&[]), "");
    }

    #[test]
    fn what_is_encoded_is_encoded_again() {
        assert_eq!(percent_encoded("/f/arn:aws", ALL_BUT_PATH), "/f/arn%3Aaws");
        assert_eq!(percent_encoded("/f/arn%3Aaws", ALL_BUT_PATH), "/f/arn%253Aaws");
        assert_eq!(percent_encoded("a b/\u{e9}~", ALL_BUT_UNRESERVED), "a%20b%2F%C3%A9~");
    }
}
