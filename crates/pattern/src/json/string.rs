//! Strings of JSON.

use crate::error::Failure;
use crate::json::{Reader, describe};

impl Reader<'_> {
    /// The rest of a string whose opening quotation mark was read. Jackson calls it `what` in its errors.
    pub(super) fn string(&mut self, what: &str) -> Result<String, Failure> {
        let mut read = String::new();
        loop {
            match self.bump() {
                Some('"') => return Ok(read),
                Some('\\') => read.push(self.escape()?),
                Some(c @ '\0'..='\x1f') => {
                    let message = format!(
                        "Illegal unquoted character ({}): has to be escaped using backslash to be included in {what}",
                        describe(c)
                    );
                    return Err(self.located_at(self.at - 1, &message, "an escape such as `\\n`"));
                }
                Some(c) => read.push(c),
                None if what == "name" => return Err(self.end_within(" in field name", "`\"`")),
                None => {
                    return Err(self.end_within(": was expecting closing quote for a string value", "`\"`"));
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, Failure> {
        let Some(c) = self.bump() else { return Err(self.end_of_escape()) };
        Ok(match c {
            'b' => '\u{8}',
            't' => '\t',
            'n' => '\n',
            'f' => '\u{c}',
            'r' => '\r',
            '"' | '/' | '\\' => c,
            'u' => return self.unicode_escape(),
            _ => {
                let message = format!("Unrecognized character escape {}", describe(c));
                return Err(self.located_at(self.at - c.len_utf8(), &message, "one of `\"\\/bfnrtu`"));
            }
        })
    }

    /// What `\u` stands for, with the second half of a pair where one follows. Half a pair alone becomes `?`, as it
    /// does in AWS's engine when it turns text into bytes.
    fn unicode_escape(&mut self) -> Result<char, Failure> {
        let unit = self.hex_digits()?;
        let after = self.at;
        let is_first_half = (0xd800..0xdc00).contains(&unit);
        if is_first_half && self.text.get(self.at..).is_some_and(|rest| rest.starts_with("\\u")) {
            self.at += 2;
            let second = self.hex_digits()?;
            if let Some(Ok(c)) = char::decode_utf16([unit, second]).next() {
                return Ok(c);
            }
            self.at = after;
        }
        Ok(char::from_u32(u32::from(unit)).unwrap_or('?'))
    }

    fn hex_digits(&mut self) -> Result<u16, Failure> {
        let mut unit = 0;
        for _ in 0..4 {
            let Some(c) = self.bump() else { return Err(self.end_of_escape()) };
            let Some(digit) = c.to_digit(16).and_then(|digit| u16::try_from(digit).ok()) else {
                return Err(self.unexpected(c, "expected a hex-digit for character escape sequence"));
            };
            unit = unit << 4 | digit;
        }
        Ok(unit)
    }

    fn end_of_escape(&self) -> Failure {
        self.end_within(" in character escape sequence", "the rest of the escape")
    }
}
