//! What a value's bytes say: numbers and escapes, read only where somebody asks.

use std::io::{self, Write};

use crate::matcher::number::comparable;

/// How many bytes the JSON number takes that `text` starts with; `None` where it starts with none.
#[inline]
pub(crate) fn number_length(text: &[u8]) -> Option<usize> {
    let first = usize::from(text.first() == Some(&b'-'));
    let mut at = digits_end(text, first)?;
    if at > first + 1 && text.get(first) == Some(&b'0') {
        return None;
    }
    if text.get(at) == Some(&b'.') {
        at = digits_end(text, at + 1)?;
    }
    if let Some(b'e' | b'E') = text.get(at) {
        let sign = usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        at = digits_end(text, at + 1 + sign)?;
    }
    Some(at)
}

/// The end of the digits that begin at `at`, of which there must be one.
#[inline]
fn digits_end(text: &[u8], at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    let count = rest.iter().position(|b| !b.is_ascii_digit()).unwrap_or(rest.len());
    (count > 0).then_some(at + count)
}

/// Whether a JSON number whose nearest double is `value` can be compared, as [`comparable`] says, the common numbers in a
/// fraction of its time.
pub(crate) fn is_comparable(text: &str, value: f64) -> bool {
    if !value.is_finite() {
        return false;
    }
    let Some(written) = Significand::of(text.as_bytes()).filter(|written| !written.exponent) else {
        return comparable(text).is_some();
    };
    // Up to 15 digits a decimal and its nearest double lead to each other, whatever the digits; but not where doubles
    // thin out around zero.
    if !value.is_normal() && written.digits > 0 {
        return comparable(text).is_some();
    }
    if written.digits < 1_000_000_000_000_000 {
        return true;
    }
    // The same double from the same digits: then the power of ten is the same too. serde_json writes the shortest
    // digits, and in less time than the standard library.
    let mut shortest = Short::default();
    serde_json::to_writer(&mut shortest, &value).is_ok()
        && Significand::of(shortest.text()).is_some_and(|shortest| shortest.digits == written.digits)
}

/// The digits of a number as an integer, without zeros at either end.
struct Significand {
    digits: u64,
    /// Whether an exponent follows, which is not read.
    exponent: bool,
}

impl Significand {
    /// `None` where there are more digits than any double's shortest text has.
    fn of(text: &[u8]) -> Option<Significand> {
        const MAX: u64 = 99_999_999_999_999_999;
        let mut digits: u64 = 0;
        let mut exponent = false;
        for byte in text {
            let digit = byte.wrapping_sub(b'0');
            if digit < 10 {
                if digits > MAX {
                    return None;
                }
                digits = digits * 10 + u64::from(digit);
            } else if byte | 0x20 == b'e' {
                exponent = true;
                break;
            }
        }
        while digits > 0 && digits.is_multiple_of(10) {
            digits /= 10;
        }
        (digits <= MAX).then_some(Significand { digits, exponent })
    }
}

/// The text of a double, which is at most 24 bytes long.
#[derive(Default)]
struct Short {
    bytes: [u8; 32],
    length: usize,
}

impl Short {
    fn text(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl Write for Short {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let end = self.length + text.len();
        self.bytes.get_mut(self.length..end).ok_or(io::ErrorKind::WriteZero)?.copy_from_slice(text);
        self.length = end;
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Appends `text`, the inside of a JSON string, to `out` with its escapes undone; `None` where one is wrong.
pub(crate) fn unescape(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        let (plain, escape) = rest.split_at_checked(at)?;
        out.extend_from_slice(plain);
        let (&[_, kind], after) = escape.split_first_chunk::<2>()?;
        rest = after;
        let byte = match kind {
            b'"' | b'\\' | b'/' => kind,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let (c, after) = unicode(rest)?;
                rest = after;
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                continue;
            }
            _ => return None,
        };
        out.push(byte);
    }
    out.extend_from_slice(rest);
    Some(())
}

/// The character of `\uXXXX`, or of two that make a surrogate pair, and what follows. `text` starts after the `u`. Half
/// a pair becomes `?`, as in [`Event::parse`](crate::Event::parse).
fn unicode(text: &[u8]) -> Option<(char, &[u8])> {
    let (first, rest) = hex4(text)?;
    if (0xd800..0xdc00).contains(&first)
        && let Some(second) = rest.strip_prefix(b"\\u")
    {
        let (second, rest) = hex4(second)?;
        if let Some(low) = second.checked_sub(0xdc00).filter(|low| *low < 0x400) {
            return Some((char::from_u32(0x10000 + ((first - 0xd800) << 10) + low)?, rest));
        }
    }
    Some((char::from_u32(first).unwrap_or('?'), rest))
}

fn hex4(text: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, rest) = text.split_first_chunk::<4>()?;
    let mut value = 0;
    for digit in digits {
        value = value * 16 + char::from(*digit).to_digit(16)?;
    }
    Some((value, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{is_comparable, number_length, unescape};
    use crate::event::{Event, Scalar};
    use crate::matcher::number::comparable;

    proptest! {
        #[test]
        fn numbers_are_those_of_serde_json(text in "-?[0-9]{0,3}(\\.[0-9]{0,3})?([eE][+-]?[0-9]{0,2})?") {
            let read = serde_json::from_str::<serde_json::Number>(&text);
            assert_eq!(number_length(text.as_bytes()) == Some(text.len()), read.is_ok(), "{text}");
        }

        #[test]
        fn values_are_those_of_the_slow_way(text in "-?(0|[1-9][0-9]{0,17})(\\.[0-9]{1,17})?") {
            assert_eq!(is_comparable(&text, text.parse().unwrap()), comparable(&text).is_some(), "{text}");
        }

        #[test]
        fn tiny_values_too(zeros in 290usize..330, digits in "[0-9]{1,18}") {
            let text = format!("0.{}{digits}", "0".repeat(zeros));
            assert_eq!(is_comparable(&text, text.parse().unwrap()), comparable(&text).is_some(), "{text}");
        }

        #[test]
        fn doubles_are_comparable_and_their_neighbours_are_not_always(value in -1e9..1e9f64, last in 0u8..10) {
            let text = serde_json::to_string(&value).unwrap();
            assert!(is_comparable(&text, value), "{text}");
            let mut text = text;
            text.pop();
            let text = format!("{text}{last}");
            assert_eq!(is_comparable(&text, text.parse().unwrap()), comparable(&text).is_some(), "{text}");
        }

        #[test]
        fn escapes_are_those_of_the_slow_way(text in any::<String>(), escaped in "(\\\\([\"\\\\/bfnrtux]|ud8[0-9a]{2}|udc[0-9a]{2}|u00[0-9a-f]{2})|[a-z])*") {
            for json in [serde_json::to_string(&text).unwrap(), format!("\"{escaped}\"")] {
                let mut out = vec![];
                let inside = &json.as_bytes()[1..json.len() - 1];
                let read = unescape(inside, &mut out).map(|()| String::from_utf8(out).unwrap());
                let event = Event::parse(format!("{{\"a\":{json}}}").as_bytes());
                let slow = event.ok().map(|event| {
                    let mut found = String::new();
                    event.walk(&mut |_, o| if let Scalar::String(s) = o.value { found = s.to_string() });
                    found
                });
                assert_eq!(read, slow, "{json}");
            }
        }
    }
}
