//! What is wrong with a pattern or an event, in AWS's words and in ours.

use std::fmt;

use crate::place::line_and_column;

/// A text that is no event pattern.
///
/// AWS's answer is `InvalidEventPatternException` with [`message`](InvalidPattern::message).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidPattern {
    /// AWS's text, whole: `Event pattern is not valid. Reason: ...`.
    pub message: String,
    /// Line of what is wrong, from 1.
    pub line: usize,
    /// Column in characters of what is wrong, from 1.
    pub column: usize,
    /// Byte offset in the text of what is wrong.
    pub offset: usize,
    /// What was found there.
    pub found: String,
    /// What would be valid there.
    pub expected: String,
}

impl fmt::Display for InvalidPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for InvalidPattern {}

/// Bytes that are no event: AWS answers `ValidationException` "Parameter Event is not valid." to TestEventPattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidEvent {
    /// What is wrong.
    pub message: String,
    /// Byte offset of what is wrong.
    pub offset: usize,
}

impl fmt::Display for InvalidEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.message, self.offset)
    }
}

impl std::error::Error for InvalidEvent {}

/// Something wrong in a text, before it is known what the text is.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    /// AWS's text without its opening words.
    pub(crate) message: String,
    /// Byte offset of what is wrong.
    pub(crate) at: usize,
    /// What would be valid there.
    pub(crate) expected: String,
}

impl Failure {
    pub(crate) fn bare(message: String, at: usize, expected: &str) -> Failure {
        Failure { message, at, expected: expected.to_owned() }
    }

    /// The same as an error about the pattern `text`.
    pub(crate) fn in_pattern(self, text: &str) -> InvalidPattern {
        let (line, column) = line_and_column(text, self.at, |_| 1);
        InvalidPattern {
            message: format!("Event pattern is not valid. Reason: {}", self.message),
            line,
            column,
            offset: self.at,
            found: found_at(text, self.at),
            expected: self.expected,
        }
    }

    /// The same as an error about an event.
    pub(crate) fn in_event(self) -> InvalidEvent {
        let message = self.message.lines().next().unwrap_or_default().to_owned();
        InvalidEvent { message, offset: self.at }
    }
}

/// What stands at a place of a JSON text, in a few words.
fn found_at(text: &str, at: usize) -> String {
    let rest = text.get(at..).unwrap_or_default();
    let end_of_string = |rest: &str| {
        let mut escaped = false;
        rest.char_indices().skip(1).find(|(_, c)| {
            let ends = *c == '"' && !escaped;
            escaped = *c == '\\' && !escaped;
            ends
        })
    };
    let found = match rest.chars().next() {
        None => return "the end of the text".to_owned(),
        Some('{') => return "an object".to_owned(),
        Some('[') => return "an array".to_owned(),
        Some('"') => end_of_string(rest).and_then(|(end, _)| rest.get(..=end)).unwrap_or(rest),
        Some(first) => match rest.find(|c: char| !c.is_alphanumeric() && !"+-._$".contains(c)) {
            Some(0) => rest.get(..first.len_utf8()).unwrap_or(rest),
            Some(end) => rest.get(..end).unwrap_or(rest),
            None => rest,
        },
    };
    let short: String = found.chars().take(60).collect();
    if short.len() < found.len() { format!("`{short}...`") } else { format!("`{short}`") }
}
