//! Whether a text is one JSON object: one pass that keeps nothing, and says what [`Event::parse`](crate::Event::parse) and a
//! strict reader of the whole text say together.

use crate::scan::literal;

/// How deep the containers on the way may be counted: enough for the deepest event.
const DEPTH_MAX: usize = super::walk::DEPTH_MAX;
const WORD_BITS: usize = 64;

/// Whether `text` is a JSON object with nothing but white space around it, nested at most `levels` deep, itself included.
/// `levels` beyond 1000 count as 1000.
pub(crate) fn is_object(text: &str, levels: usize) -> bool {
    let mut reader = Reader { text: text.as_bytes(), at: 0, open: Open::default() };
    reader.whole_object(levels.min(DEPTH_MAX)).is_some()
}

/// What may stand where the reader is.
#[derive(Clone, Copy)]
enum Expectation {
    Value,
    Key,
    /// A comma or the end of the innermost container.
    Next,
}

/// The containers around a place, a bit for each: set for an object.
#[derive(Default)]
struct Open {
    kinds: [u64; DEPTH_MAX.div_ceil(WORD_BITS)],
    depth: usize,
}

impl Open {
    fn push(&mut self, is_object: u64, levels: usize) -> Option<()> {
        if self.depth >= levels {
            return None;
        }
        let word = self.kinds.get_mut(self.depth / WORD_BITS)?;
        let bit = self.depth % WORD_BITS;
        *word = *word & !(1 << bit) | is_object << bit;
        self.depth += 1;
        Some(())
    }

    fn is_object(&self) -> bool {
        let innermost = self.depth.wrapping_sub(1);
        self.kinds.get(innermost / WORD_BITS).is_some_and(|word| word >> (innermost % WORD_BITS) & 1 == 1)
    }
}

struct Reader<'t> {
    text: &'t [u8],
    at: usize,
    open: Open,
}

impl Reader<'_> {
    /// `None` at the first fault.
    fn whole_object(&mut self, levels: usize) -> Option<()> {
        self.take_after_space(b'{')?;
        let mut expected = self.opened(1, levels)?;
        while self.open.depth > 0 {
            expected = match expected {
                Expectation::Value => self.value(levels)?,
                Expectation::Key => {
                    self.take_after_space(b'"')?;
                    self.string()?;
                    self.take_after_space(b':')?;
                    Expectation::Value
                }
                Expectation::Next => self.next()?,
            };
        }
        self.skip_space();
        (self.at == self.text.len()).then_some(())
    }

    /// A container whose bracket was read.
    fn opened(&mut self, is_object: u64, levels: usize) -> Option<Expectation> {
        self.open.push(is_object, levels)?;
        self.skip_space();
        let (end, inside) =
            if is_object == 1 { (b'}', Expectation::Key) } else { (b']', Expectation::Value) };
        if self.byte() == Some(end) {
            self.at += 1;
            self.open.depth -= 1;
            return Some(Expectation::Next);
        }
        Some(inside)
    }

    fn value(&mut self, levels: usize) -> Option<Expectation> {
        self.skip_space();
        let rest = self.text.get(self.at..)?;
        let length = match rest {
            [b'"', ..] => {
                self.at += 1;
                self.string()?;
                0
            }
            [b'{', ..] => {
                self.at += 1;
                return self.opened(1, levels);
            }
            [b'[', ..] => {
                self.at += 1;
                return self.opened(0, levels);
            }
            [b'-' | b'0'..=b'9', ..] => literal::number_length(rest)?,
            [b't', b'r', b'u', b'e', ..] | [b'n', b'u', b'l', b'l', ..] => 4,
            [b'f', b'a', b'l', b's', b'e', ..] => 5,
            _ => return None,
        };
        // What follows must be a comma or a bracket, so that no word or number goes on.
        self.at += length;
        Some(Expectation::Next)
    }

    fn next(&mut self) -> Option<Expectation> {
        self.skip_space();
        let byte = self.byte()?;
        self.at += 1;
        match (byte, self.open.is_object()) {
            (b',', true) => Some(Expectation::Key),
            (b',', false) => Some(Expectation::Value),
            (b'}', true) | (b']', false) => {
                self.open.depth -= 1;
                Some(Expectation::Next)
            }
            _ => None,
        }
    }

    /// The rest of a string whose opening quotation mark was read.
    fn string(&mut self) -> Option<()> {
        loop {
            self.skip_plain();
            let byte = self.byte()?;
            self.at += 1;
            match byte {
                b'"' => return Some(()),
                b'\\' => self.escape()?,
                0..=0x1f => return None,
                _ => {}
            }
        }
    }

    /// Passes over the words that hold nothing that a string has to look at.
    #[inline]
    fn skip_plain(&mut self) {
        const LOW: u64 = 0x0101_0101_0101_0101;
        const HIGH: u64 = 0x8080_8080_8080_8080;
        let equal = |word: u64, byte: u8| {
            let differs = word ^ (LOW * u64::from(byte));
            differs.wrapping_sub(LOW) & !differs
        };
        while let Some(word) = self.text.get(self.at..).and_then(<[u8]>::first_chunk::<8>) {
            let word = u64::from_le_bytes(*word);
            let control = word.wrapping_sub(LOW * 0x20) & !word;
            // Below the first byte that stops, no borrow can have come from anywhere.
            let stops = (equal(word, b'"') | equal(word, b'\\') | control) & HIGH;
            if stops != 0 {
                self.at += stops.trailing_zeros() as usize / 8;
                return;
            }
            self.at += 8;
        }
    }

    fn escape(&mut self) -> Option<()> {
        let byte = self.byte()?;
        self.at += 1;
        match byte {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(()),
            b'u' => {
                let digits = self.text.get(self.at..)?.first_chunk::<4>()?;
                self.at += digits.len();
                digits.iter().all(u8::is_ascii_hexdigit).then_some(())
            }
            _ => None,
        }
    }

    fn take_after_space(&mut self, wanted: u8) -> Option<()> {
        self.skip_space();
        (self.byte()? == wanted).then(|| self.at += 1)
    }

    #[inline]
    fn skip_space(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    #[inline]
    fn byte(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, any, prop_assert_eq, prop_oneof, proptest};
    use proptest::sample::{Index, select};
    use proptest::strategy::{Just, Strategy};

    use super::is_object;
    use crate::event::Event;

    /// As the two slow readers say it: the whole text is an object, and its engine can read it within an envelope.
    fn slow(text: &str) -> bool {
        let whole = text.trim_start().starts_with('{');
        whole
            && serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok()
            && Event::parse(format!("{{\"detail\":{text}}}").as_bytes()).is_ok()
    }

    fn pieces() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("{"),
            Just("}"),
            Just("["),
            Just("]"),
            Just(","),
            Just(":"),
            Just(" "),
            Just("\n"),
            Just("\u{a0}"),
            Just("\"a\""),
            Just("\"a\":"),
            Just("\"\\u00fC\""),
            Just("\"\\ud800\""),
            Just("\"\\x\""),
            Just("\"\\u12\""),
            Just("\"a longer text with \\\"marks\\\" in it and an ü\""),
            Just("\"line\nend\""),
            Just("\"\u{7f}\""),
            Just("1"),
            Just("-1.5e+9"),
            Just("01"),
            Just("1."),
            Just("true"),
            Just("truex"),
            Just("null"),
            Just("false"),
            Just("\"k\":{\"n\":[1,2,{\"m\":\"x\"}]},"),
            Just("{\"a\":1}"),
            Just("{}"),
            Just("[]"),
            Just("\""),
            Just("\\"),
        ];
        proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    /// JSON that is right, of any shape.
    fn json() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
            any::<i64>().prop_map(|number| number.to_string()),
            any::<f64>().prop_filter("JSON has no infinity", |n| n.is_finite()).prop_map(|n| n.to_string()),
            Just("null".to_owned()),
        ];
        let inner = leaf.prop_recursive(5, 40, 5, |inner| {
            let entry = (any::<String>(), inner.clone());
            prop_oneof![
                proptest::collection::vec(inner, 0..5).prop_map(|all| format!("[ {}]", all.join(" , "))),
                proptest::collection::vec(entry, 0..5).prop_map(|all| {
                    let all: Vec<_> = all
                        .iter()
                        .map(|(k, v)| format!("{} :{v}", serde_json::to_string(k).unwrap()))
                        .collect();
                    format!("{{{}\t}}", all.join(","))
                }),
            ]
        });
        inner.prop_map(|inner| format!("{{\"a\":{inner}}}"))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]
        #[test]
        fn pieces_are_judged_as_the_slow_readers_do(pieces in pieces(), inside in pieces()) {
            for text in [pieces.clone(), format!("{{{pieces}}}"), format!("{{\"a\":[{inside}],{pieces}}}"), format!("{{\"a\":{inside}}}")] {
                prop_assert_eq!(is_object(&text, 999), slow(&text), "{}", text);
            }
        }

        #[test]
        fn objects_are_objects_until_a_byte_is_another(text in json(), at: Index, byte in select(b" {}[]\",:\\x1\n".to_vec())) {
            prop_assert_eq!(is_object(&text, 999), slow(&text), "{}", text);
            let at = at.index(text.len());
            let mut bytes = text.into_bytes();
            bytes[at] = byte;
            if let Ok(text) = String::from_utf8(bytes) {
                prop_assert_eq!(is_object(&text, 999), slow(&text), "{}", text);
                let cut = (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap();
                let start = text.get(..cut).unwrap();
                prop_assert_eq!(is_object(start, 999), slow(start), "{}", text);
            }
        }
    }

    #[test]
    fn depth_is_counted_as_the_slow_reader_does() {
        for (open, close) in [("{\"a\":", "}"), ("[", "]")] {
            for levels in [1, 63, 64, 65, 997, 998, 999, 1000] {
                let text = format!("{{\"a\":{}1{}}}", open.repeat(levels), close.repeat(levels));
                assert_eq!(is_object(&text, 999), slow(&text), "{levels} of {open}");
                assert!(is_object(&text, levels + 1) || levels + 1 > 1000);
                assert!(!is_object(&text, levels));
            }
        }
        assert!(!is_object("{}", 0));
        assert!(is_object("{}", usize::MAX));
    }
}
