//! JSON texts, refused in the words of the reader that AWS uses (Jackson's).

use serde_json::Value;

/// Why a text is no JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidJson {
    /// Jackson's words, without the place.
    pub message: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

/// How much of a text Jackson quotes, in characters.
const QUOTED_MAX: usize = 500;

impl InvalidJson {
    /// `[Source: (String)"..."; line: 1, column: 4]`.
    pub fn place(&self, text: &str) -> String {
        let quoted: String = text.chars().take(QUOTED_MAX).collect();
        let more = text.chars().count().saturating_sub(QUOTED_MAX);
        let cut = if more > 0 { format!("[truncated {more} chars]") } else { String::new() };
        format!("[Source: (String)\"{quoted}\"{cut}; line: {}, column: {}]", self.line, self.column)
    }
}

/// Reads a JSON text.
///
/// # Errors
/// What Jackson would say of it.
pub fn parse(text: &str) -> Result<Value, InvalidJson> {
    serde_json::from_str(text).map_err(|error| {
        let mut scan = Scan { chars: text.chars().collect(), at: 0 };
        let message = scan.value(0).err().or_else(|| scan.rest().err());
        let (line, column) = scan.position();
        // What only our own reader refuses: numbers out of range, nesting beyond its limit.
        message.map_or_else(
            || InvalidJson { message: error.to_string(), line: error.line(), column: error.column() },
            |message| InvalidJson { message, line, column },
        )
    })
}

/// The input of an execution, as StartExecution reads it: the error's text is the whole of AWS's message.
///
/// # Errors
/// The text of `InvalidExecutionInput`.
pub fn parse_input(text: &str) -> Result<Value, String> {
    if text.trim().is_empty() {
        return Err("Invalid State Machine Execution Input: 'Invalid execution input.'".to_owned());
    }
    parse(text).map_err(|error| format!("Invalid State Machine Execution Input: '{}'", error.message))
}

const VALUES: &str = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
/// Deeper texts are refused by the reader itself.
const DEPTH_MAX: usize = 200;

/// Walks a text to where Jackson would stop.
struct Scan {
    chars: Vec<char>,
    at: usize,
}

impl Scan {
    fn position(&self) -> (usize, usize) {
        let before = self.chars.get(..self.at.min(self.chars.len())).unwrap_or_default();
        let line = before.iter().filter(|c| **c == '\n').count() + 1;
        let column = before.iter().rev().take_while(|c| **c != '\n').count() + 1;
        (line, column)
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(|c| matches!(c, ' ' | '\t' | '\n' | '\r')) {
            self.at += 1;
        }
    }

    fn next(&mut self) -> Option<char> {
        self.skip_space();
        let next = self.peek();
        self.at += usize::from(next.is_some());
        next
    }

    fn ended(what: &str) -> String {
        format!("Unexpected end-of-input{what}")
    }

    fn unexpected(c: char, wanted: &str) -> String {
        format!("Unexpected character ('{c}' (code {})): {wanted}", u32::from(c))
    }

    fn rest(&mut self) -> Result<(), String> {
        match self.next() {
            None => Ok(()),
            Some(c) => Err(Self::unexpected(c, &format!("was expecting {VALUES}"))),
        }
    }

    fn value(&mut self, depth: usize) -> Result<(), String> {
        if depth > DEPTH_MAX {
            return Ok(());
        }
        match self.next() {
            None => Err("No content to map due to end-of-input".to_owned()),
            Some('{') => self.members(depth),
            Some('[') => self.items(depth),
            Some('"') => self.string(),
            Some(c) if c == '-' || c.is_ascii_digit() => {
                self.word();
                Ok(())
            }
            Some(c) if c.is_alphabetic() || c == '_' || c == '$' => {
                self.at -= 1;
                let word = self.word();
                if matches!(word.as_str(), "null" | "true" | "false") {
                    return Ok(());
                }
                Err(format!("Unrecognized token '{word}': was expecting {VALUES}"))
            }
            Some(c) => Err(Self::unexpected(c, &format!("expected a valid value {VALUES}"))),
        }
    }

    fn word(&mut self) -> String {
        let from = self.at;
        while self.peek().is_some_and(|c| c.is_alphanumeric() || "_$.+-".contains(c)) {
            self.at += 1;
        }
        self.chars.get(from..self.at).unwrap_or_default().iter().collect()
    }

    fn string(&mut self) -> Result<(), String> {
        while let Some(c) = self.peek() {
            self.at += 1;
            match c {
                '"' => return Ok(()),
                '\\' => self.at += 1,
                c if u32::from(c) < 0x20 => {
                    return Err(format!(
                        "Illegal unquoted character ((CTRL-CHAR, code {})): has to be escaped using backslash to be \
                         included in string value",
                        u32::from(c)
                    ));
                }
                _ => {}
            }
        }
        Err(Self::ended(" in VALUE_STRING"))
    }

    fn members(&mut self, depth: usize) -> Result<(), String> {
        let mut first = true;
        loop {
            match self.next() {
                Some('}') if first => return Ok(()),
                Some('"') => self.string()?,
                Some(c) => return Err(Self::unexpected(c, "was expecting double-quote to start field name")),
                None => return Err(Self::ended(": expected close marker for Object")),
            }
            match self.next() {
                Some(':') => {}
                Some(c) => {
                    return Err(Self::unexpected(
                        c,
                        "was expecting a colon to separate field name and value",
                    ));
                }
                None => return Err(Self::ended(": expected close marker for Object")),
            }
            self.value(depth + 1)?;
            match self.next() {
                Some('}') => return Ok(()),
                Some(',') => {}
                Some(c) => {
                    return Err(Self::unexpected(c, "was expecting comma to separate Object entries"));
                }
                None => return Err(Self::ended(": expected close marker for Object")),
            }
            first = false;
        }
    }

    fn items(&mut self, depth: usize) -> Result<(), String> {
        self.skip_space();
        if self.peek() == Some(']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.value(depth + 1)?;
            match self.next() {
                Some(']') => return Ok(()),
                Some(',') => {}
                Some(c) => return Err(Self::unexpected(c, "was expecting comma to separate Array entries")),
                None => return Err(Self::ended(": expected close marker for Array")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{parse, parse_input};

    #[test]
    fn a_text_that_is_no_json_is_refused_in_jacksons_words() {
        // Recorded from AWS: test_validate_state_machine_definition_not_a_definition[NOT_A_DEF].
        let error = parse("not a definition").expect_err("no JSON");
        let values = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
        assert_eq!(error.message, format!("Unrecognized token 'not': was expecting {values}"));
        assert_eq!(
            error.place("not a definition"),
            "[Source: (String)\"not a definition\"; line: 1, column: 4]"
        );
        // Recorded from AWS: test_invalid_start_execution_input.
        let error = parse_input("{'not': 'json'").expect_err("no JSON");
        assert_eq!(
            error,
            "Invalid State Machine Execution Input: 'Unexpected character (''' (code 39)): was expecting \
             double-quote to start field name'"
        );
        let error = parse_input("").expect_err("nothing");
        assert_eq!(error, "Invalid State Machine Execution Input: 'Invalid execution input.'");
    }

    #[test]
    fn every_way_to_break_a_text_has_a_message() {
        for text in
            ["", "{", "[1", "[1 2]", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "\"a", "\"\u{1}\"", "1 2", "nul", "?"]
        {
            assert!(!parse(text).expect_err(text).message.is_empty(), "{text}");
        }
    }
}
