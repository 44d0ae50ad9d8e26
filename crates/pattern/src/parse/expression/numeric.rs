//! `{"numeric": [">", 0, "<=", 5]}`.

use crate::error::Failure;
use crate::json::Token;
use crate::matcher::Matcher;
use crate::matcher::number::comparable;
use crate::matcher::numeric::{Bound, NumericRange};
use crate::parse::Parser;

pub(super) const TOO_MANY: &str = "Too many elements in numeric expression";
const NUMBER: &str = "a number";

/// Whether a bound belongs to its range.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Open,
    Closed,
}

impl End {
    fn of(operator: &str) -> End {
        if operator.ends_with('=') { End::Closed } else { End::Open }
    }
}

impl Parser<'_> {
    pub(super) fn numeric(&mut self) -> Result<Matcher, Failure> {
        if self.reader.next()? != Token::StartArray {
            return Err(self.wrong("Value of numeric must be an array.", "an array: `[\">\", 0, \"<=\", 5]`"));
        }
        let range = self.range()?;
        self.end_of_object(TOO_MANY)?;
        Ok(Matcher::Numeric(range))
    }

    fn range(&mut self) -> Result<NumericRange, Failure> {
        let first = self.reader.next()?;
        if !matches!(first, Token::String(_)) {
            let message = format!("Invalid member in numeric match: {}", first.text());
            return Err(self.wrong(&message, "`\"=\"`, `\"<\"`, `\"<=\"`, `\">\"` or `\">=\"`"));
        }
        let operator = self.reader.read_string()?;
        let operator_at = self.reader.token_start();
        let operand = self.reader.next()?;
        match operator.as_str() {
            "=" => {
                let text = self.operand(operand, "equals")?;
                self.end_of_array(TOO_MANY)?;
                let bound = Some(self.bound(&text, End::Closed)?);
                Ok(NumericRange { bottom: bound, top: bound })
            }
            "<" | "<=" => {
                let text = self.operand(operand, &operator)?;
                self.end_of_array(TOO_MANY)?;
                Ok(NumericRange { bottom: None, top: Some(self.bound(&text, End::of(&operator))?) })
            }
            ">" | ">=" => {
                let bottom = self.operand(operand, &operator)?;
                self.above(&bottom, End::of(&operator))
            }
            _ => {
                let mut failure = self.wrong(
                    &format!("Unrecognized numeric range operator: {operator}"),
                    "`\"=\"`, `\"<\"`, `\"<=\"`, `\">\"` or `\">=\"`",
                );
                failure.at = operator_at;
                Err(failure)
            }
        }
    }

    /// What may follow `">", bottom`.
    fn above(&mut self, bottom: &str, end: End) -> Result<NumericRange, Failure> {
        let token = self.reader.next()?;
        if token == Token::EndArray {
            return Ok(NumericRange { bottom: Some(self.bound(bottom, end)?), top: None });
        }
        let expected = "`\"<\"` or `\"<=\"`, or the end of the array";
        if !matches!(token, Token::String(_)) {
            return Err(self.wrong(&format!("Bad value in numeric range: {}", token.text()), expected));
        }
        let operator = self.reader.read_string()?;
        if operator != "<" && operator != "<=" {
            return Err(self.wrong(&format!("Bad numeric range operator: {operator}"), expected));
        }
        let operand = self.reader.next()?;
        let top = self.operand(operand, &operator)?;
        self.end_of_array("Too many terms in numeric range expression")?;
        let bottom = self.bound(bottom, end)?;
        let top = self.bound(&top, End::of(&operator))?;
        if bottom.value >= top.value {
            return Err(
                self.wrong("Bottom must be less than top", "a lower number first, then a greater one")
            );
        }
        Ok(NumericRange { bottom: Some(bottom), top: Some(top) })
    }

    fn operand(&self, token: Token, operator: &str) -> Result<String, Failure> {
        match token {
            Token::Number(text) => Ok(text),
            _ => Err(self.wrong(&format!("Value of {operator} must be numeric"), NUMBER)),
        }
    }

    fn bound(&self, text: &str, end: End) -> Result<Bound, Failure> {
        match comparable(text) {
            Some(value) => Ok(Bound { value, closed: end == End::Closed }),
            None => Err(self.wrong(&cannot_compare(text), "a number that a double can hold exactly")),
        }
    }

    fn end_of_array(&mut self, otherwise: &str) -> Result<(), Failure> {
        match self.reader.next()? {
            Token::EndArray => Ok(()),
            _ => Err(self.wrong(otherwise, "`]`: at most a lower and an upper bound")),
        }
    }
}

/// AWS's words for a number that does not survive the way to a double and back.
pub(super) fn cannot_compare(text: &str) -> String {
    format!("Cannot compare number : {text}")
}
