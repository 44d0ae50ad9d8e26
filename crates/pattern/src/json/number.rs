//! Numbers of JSON.

use crate::error::Failure;
use crate::json::{Reader, describe};

impl Reader<'_> {
    /// A number whose first character, `first`, was read: its text.
    pub(super) fn number(&mut self, first: char) -> Result<String, Failure> {
        let start = self.at - 1;
        let mut digit = first;
        if first == '-' {
            digit = match self.bump() {
                Some(c) if c.is_ascii_digit() => c,
                Some(c) => {
                    let comment = "expected digit (0-9) to follow minus sign, for valid numeric value";
                    return Err(self.unexpected_in_number(c, comment));
                }
                None => return Err(self.end_within("No digit following minus sign", "a digit")),
            };
        }
        if digit == '0' && self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.bump();
            let message = "Invalid numeric value: Leading zeroes not allowed";
            return Err(self.located(message, start, "a number without leading zeros"));
        }
        self.skip_digits();
        if self.peek() == Some('.') {
            self.bump();
            self.digits("Decimal point not followed by a digit")?;
        }
        if matches!(self.peek(), Some('e' | 'E')) {
            self.bump();
            if matches!(self.peek(), Some('+' | '-')) {
                self.bump();
            }
            self.digits("Exponent indicator not followed by a digit")?;
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        Ok(text.to_owned())
    }

    /// At least one digit.
    fn digits(&mut self, otherwise: &str) -> Result<(), Failure> {
        match self.bump() {
            Some(c) if c.is_ascii_digit() => {}
            Some(c) => return Err(self.unexpected_in_number(c, otherwise)),
            None => return Err(self.end_within(&format!(": {otherwise}"), "a digit")),
        }
        self.skip_digits();
        Ok(())
    }

    fn skip_digits(&mut self) {
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.bump();
        }
    }

    fn unexpected_in_number(&self, c: char, comment: &str) -> Failure {
        let message = format!("Unexpected character ({}) in numeric value: {comment}", describe(c));
        self.located_at(self.at - c.len_utf8(), &message, "a digit")
    }
}
