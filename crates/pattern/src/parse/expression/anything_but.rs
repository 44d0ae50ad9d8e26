//! `{"anything-but": ...}`: a value, a list, or one of four operators over either.

use crate::error::Failure;
use crate::json::Token;
use crate::matcher::Matcher;
use crate::matcher::anything_but::AnythingBut;
use crate::matcher::ignore_case::IgnoreCase;
use crate::matcher::number::comparable;
use crate::matcher::prefix::Prefix;
use crate::matcher::suffix::Suffix;
use crate::parse::Parser;
use crate::parse::expression::numeric::{TOO_MANY, cannot_compare};

const LIST_OF_ONE_KIND: &str = "Inside anything but list, either all values are number or string, mixed type is not \
                                supported";

/// What may stand between `anything-but` and its values.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NestedTest {
    Prefix,
    Suffix,
    IgnoreCase,
    Wildcard,
}

impl NestedTest {
    fn named(name: &str) -> Option<NestedTest> {
        match name {
            "prefix" => Some(NestedTest::Prefix),
            "suffix" => Some(NestedTest::Suffix),
            "equals-ignore-case" => Some(NestedTest::IgnoreCase),
            "wildcard" => Some(NestedTest::Wildcard),
            _ => None,
        }
    }

    /// AWS's words for a value that is no string.
    fn needs_string(self) -> &'static str {
        match self {
            NestedTest::Prefix | NestedTest::Suffix => "prefix/suffix match pattern must be a string",
            NestedTest::IgnoreCase => {
                "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported."
            }
            NestedTest::Wildcard => "wildcard match pattern must be a string",
        }
    }
}

impl Parser<'_> {
    pub(super) fn anything_but(&mut self) -> Result<Matcher, Failure> {
        let mut token = self.reader.next()?;
        let mut nested = None;
        if token == Token::StartObject {
            nested = Some(self.nested()?);
            token = self.reader.next()?;
        }
        let start = self.reader.token_start();
        let but = match (nested, token) {
            (None, Token::StartArray) => self.in_list(Parser::plain_list)?,
            (None, Token::String(_)) => AnythingBut::Strings(vec![self.reader.read_string()?]),
            (None, Token::Number(text)) => AnythingBut::Numbers(vec![self.plain_number(&text)?]),
            (Some(nested), Token::StartArray) => {
                let texts = self.in_list(|parser| parser.nested_list(nested))?;
                self.of_nested(nested, texts)?
            }
            (Some(nested), Token::String(_)) => {
                let text = self.nested_text(nested)?;
                self.of_nested(nested, vec![text])?
            }
            (Some(nested), Token::Number(_)) => return Err(self.wrong(nested.needs_string(), "a string")),
            _ => {
                let message = "Value of anything-but must be an array or single string/number value.";
                return Err(self.wrong(message, "a string, a number, or a list of either"));
            }
        };
        self.end_of_object(TOO_MANY)?;
        if nested.is_some() {
            self.end_of_object(TOO_MANY)?;
        }
        if let AnythingBut::Wildcard(wildcards) = &but {
            wildcards.iter().for_each(|wildcard| self.note_complexity(wildcard, start));
        }
        Ok(Matcher::AnythingBut(but))
    }

    fn nested(&mut self) -> Result<NestedTest, Failure> {
        let expected = "`prefix`, `suffix`, `equals-ignore-case` or `wildcard`";
        let Token::Name(name) = self.reader.next()? else {
            return Err(self.wrong("Anything-But expression name not found", expected));
        };
        NestedTest::named(&name)
            .ok_or_else(|| self.wrong(&format!("Unsupported anything-but pattern: {name}"), expected))
    }

    /// An error inside a list is reported with its place and then once more with the place of the list's reader: AWS
    /// wraps it in itself.
    fn in_list<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Failure>) -> Result<T, Failure> {
        read(self).map_err(|failure| self.reader.located(&failure.message, failure.at, &failure.expected))
    }

    fn plain_list(&mut self) -> Result<AnythingBut, Failure> {
        let (mut strings, mut numbers, mut numbers_seen) = (vec![], vec![], false);
        loop {
            match self.reader.next()? {
                Token::EndArray => break,
                Token::String(_) => strings.push(self.reader.read_string()?),
                Token::Number(text) => {
                    numbers_seen = true;
                    numbers.push(self.plain_number(&text)?);
                }
                _ => {
                    let message = "Inside anything but list, start|null|boolean is not supported.";
                    return Err(self.wrong(message, "a string or a number"));
                }
            }
        }
        match (strings.is_empty(), numbers_seen) {
            (false, false) => Ok(AnythingBut::Strings(strings)),
            (true, true) => Ok(AnythingBut::Numbers(numbers)),
            // The list's reader gives it its place.
            _ => Err(Failure::bare(
                LIST_OF_ONE_KIND.to_owned(),
                self.reader.token_start(),
                "strings only or numbers only",
            )),
        }
    }

    /// A number that can be compared. AWS's error about another has no place in the text of its own.
    fn plain_number(&self, text: &str) -> Result<f64, Failure> {
        let expected = "a number that a double can hold exactly";
        comparable(text)
            .ok_or_else(|| Failure::bare(cannot_compare(text), self.reader.token_start(), expected))
    }

    fn nested_list(&mut self, nested: NestedTest) -> Result<Vec<String>, Failure> {
        let mut texts = vec![];
        loop {
            match self.reader.next()? {
                Token::EndArray => return Ok(texts),
                Token::String(_) => texts.push(self.nested_text(nested)?),
                _ => return Err(self.wrong(nested.needs_string(), "a string")),
            }
        }
    }

    fn nested_text(&mut self, nested: NestedTest) -> Result<String, Failure> {
        let text = self.reader.read_string()?;
        if text.is_empty() && matches!(nested, NestedTest::Prefix | NestedTest::Suffix) {
            return Err(self.wrong("Null prefix/suffix not allowed", "a string that is not empty"));
        }
        Ok(text)
    }

    fn of_nested(&mut self, nested: NestedTest, texts: Vec<String>) -> Result<AnythingBut, Failure> {
        Ok(match nested {
            NestedTest::Prefix => AnythingBut::Prefix(texts.into_iter().map(Prefix::new).collect()),
            NestedTest::Suffix => AnythingBut::Suffix(texts.into_iter().map(Suffix::new).collect()),
            NestedTest::IgnoreCase => {
                AnythingBut::EqualsIgnoreCase(texts.into_iter().map(IgnoreCase::new).collect())
            }
            NestedTest::Wildcard => {
                let wildcards: Result<Vec<_>, Failure> =
                    texts.into_iter().map(|text| self.wildcard_of(text)).collect();
                AnythingBut::Wildcard(wildcards?)
            }
        })
    }
}
