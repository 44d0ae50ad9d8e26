//! Bytes as text: hexadecimal, and percent-encoding.

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

/// Every byte but letters, digits, `-._~` (RFC 3986, 2.3) and those of `plain` as `%XX`.
#[must_use]
pub fn percent_encoded(text: &str, plain: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || plain.contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push_str(&hex(&[byte]).to_ascii_uppercase());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{hex, percent_encoded};

    #[test]
    fn every_byte_has_two_digits() {
        assert_eq!(hex(&[0, 0x1f, 0xff]), "001fff");
        assert_eq!(hex(&[]), "");
    }

    #[test]
    fn what_is_encoded_is_encoded_again() {
        assert_eq!(percent_encoded("/f/arn:aws", b"/"), "/f/arn%3Aaws");
        assert_eq!(percent_encoded("/f/arn%3Aaws", b"/"), "/f/arn%253Aaws");
        assert_eq!(percent_encoded("a b/\u{e9}~", b""), "a%20b%2F%C3%A9~");
    }
}
