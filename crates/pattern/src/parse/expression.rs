//! Match expressions: `{"prefix": "x"}` and the others, one function each.

mod anything_but;
mod numeric;

use crate::error::Failure;
use crate::json::Token;
use crate::matcher::Matcher;
use crate::matcher::cidr::AddressRange;
use crate::matcher::ignore_case::IgnoreCase;
use crate::matcher::prefix::Prefix;
use crate::matcher::suffix::Suffix;
use crate::matcher::wildcard::{InvalidWildcard, Wildcard};
use crate::parse::{Parser, complexity};

const ONE_KEY: &str = "Only one key allowed in match expression";
const STRING: &str = "a string";
const IGNORE_CASE_STRING: &str = "equals-ignore-case match pattern must be a string";
const OPERATORS: &str = "one of `prefix`, `suffix`, `equals-ignore-case`, `wildcard`, `anything-but`, `numeric`, \
                         `exists`, `cidr`, `exactly`";

impl Parser<'_> {
    /// The rest of an expression whose brace was read.
    pub(super) fn expression(&mut self) -> Result<Matcher, Failure> {
        let Token::Name(operator) = self.reader.next()? else {
            return Err(self.wrong("Match expression name not found", OPERATORS));
        };
        match operator.as_str() {
            "exactly" => self.exactly(),
            "prefix" => self.prefix(),
            "suffix" => self.suffix(),
            "numeric" => self.numeric(),
            "anything-but" => self.anything_but(),
            "exists" => self.exists(),
            "cidr" => self.cidr(),
            "equals-ignore-case" => self.equals_ignore_case(),
            "wildcard" => self.wildcard(),
            _ => Err(self.wrong(&format!("Unrecognized match type {operator}"), OPERATORS)),
        }
    }

    fn exactly(&mut self) -> Result<Matcher, Failure> {
        let text = self.string_operand("exact match pattern must be a string")?;
        self.end_of_object(ONE_KEY)?;
        Ok(Matcher::String(text))
    }

    fn prefix(&mut self) -> Result<Matcher, Failure> {
        match self.reader.next()? {
            Token::StartObject => Ok(Matcher::PrefixIgnoreCase(self.nested_ignore_case("prefix", "Prefix")?)),
            Token::String(_) => {
                let prefix = Prefix::new(self.reader.read_string()?);
                self.end_of_object(ONE_KEY)?;
                Ok(Matcher::Prefix(prefix))
            }
            _ => Err(self.wrong("prefix match pattern must be a string", STRING)),
        }
    }

    fn suffix(&mut self) -> Result<Matcher, Failure> {
        match self.reader.next()? {
            Token::StartObject => Ok(Matcher::SuffixIgnoreCase(self.nested_ignore_case("suffix", "Suffix")?)),
            Token::String(_) => {
                let suffix = Suffix::new(self.reader.read_string()?);
                self.end_of_object(ONE_KEY)?;
                Ok(Matcher::Suffix(suffix))
            }
            _ => Err(self.wrong("suffix match pattern must be a string", STRING)),
        }
    }

    /// `{"equals-ignore-case": "x"}` inside prefix or suffix.
    fn nested_ignore_case(&mut self, operator: &str, title: &str) -> Result<IgnoreCase, Failure> {
        let expected = "`equals-ignore-case`";
        let Token::Name(nested) = self.reader.next()? else {
            return Err(self.wrong(&format!("{title} expression name not found"), expected));
        };
        if nested != "equals-ignore-case" {
            return Err(self.wrong(&format!("Unsupported {operator} pattern: {nested}"), expected));
        }
        let text = self.string_operand(IGNORE_CASE_STRING)?;
        self.end_of_object(ONE_KEY)?;
        self.end_of_object(ONE_KEY)?;
        Ok(IgnoreCase::new(text))
    }

    fn exists(&mut self) -> Result<Matcher, Failure> {
        let wanted = match self.reader.next()? {
            Token::True => true,
            Token::False => false,
            _ => {
                let message = "exists match pattern must be either true or false.";
                return Err(self.wrong(message, "`true` or `false`"));
            }
        };
        self.end_of_object(ONE_KEY)?;
        Ok(Matcher::Exists(wanted))
    }

    fn cidr(&mut self) -> Result<Matcher, Failure> {
        // AWS's own slip: it says "prefix".
        let text = self.string_operand("prefix match pattern must be a string")?;
        let start = self.reader.token_start();
        let expected = "an address, `/`, and up to 31 (IPv4) or 127 (IPv6) bits: `10.0.0.0/8`";
        let range = AddressRange::cidr(&text);
        let range = range.map_err(|invalid| Failure::bare(invalid.message(), start, expected))?;
        self.end_of_object(ONE_KEY)?;
        Ok(Matcher::Cidr { text, range })
    }

    fn equals_ignore_case(&mut self) -> Result<Matcher, Failure> {
        let text = self.string_operand(IGNORE_CASE_STRING)?;
        self.end_of_object(ONE_KEY)?;
        Ok(Matcher::EqualsIgnoreCase(IgnoreCase::new(text)))
    }

    fn wildcard(&mut self) -> Result<Matcher, Failure> {
        let text = self.string_operand("wildcard match pattern must be a string")?;
        let start = self.reader.token_start();
        let wildcard = self.wildcard_of(text)?;
        self.end_of_object(ONE_KEY)?;
        self.note_complexity(&wildcard, start);
        Ok(Matcher::Wildcard(wildcard))
    }

    fn note_complexity(&mut self, wildcard: &Wildcard, start: usize) {
        if self.too_complex.is_none() && complexity::is_too_complex(wildcard) {
            self.too_complex = Some(start);
        }
    }

    /// A wildcard of the given text, an error placed where the reader stands.
    fn wildcard_of(&mut self, text: String) -> Result<Wildcard, Failure> {
        Wildcard::new(text).map_err(|invalid| match invalid {
            InvalidWildcard::ConsecutiveStars(at) => self.wrong(
                &format!("Consecutive wildcard characters at pos {at}"),
                "one `*`, or `\\\\*` for a star",
            ),
            InvalidWildcard::InvalidEscape(at) => self.wrong(
                &format!("Invalid escape character at pos {at}"),
                "`\\\\*` or `\\\\\\\\` in the JSON text",
            ),
        })
    }

    /// A string, read whole.
    fn string_operand(&mut self, otherwise: &str) -> Result<String, Failure> {
        match self.reader.next()? {
            Token::String(_) => self.reader.read_string(),
            _ => Err(self.wrong(otherwise, STRING)),
        }
    }

    fn end_of_object(&mut self, otherwise: &str) -> Result<(), Failure> {
        match self.reader.next()? {
            Token::EndObject => Ok(()),
            _ => Err(self.wrong(otherwise, "`}`: one operator an object; write another object for another")),
        }
    }
}
