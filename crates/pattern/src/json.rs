//! A reader of JSON tokens that fails where Jackson fails, with Jackson's words: AWS reads patterns with it.
//!
//! What is Jackson's own and kept here: the reader stops at the end of the outermost object, so anything may follow
//! it; after a key it has already read the start of the value, which shows in the columns; columns count UTF-16
//! units. (jackson-core, `ReaderBasedJsonParser`.)

mod number;
mod string;

use crate::error::Failure;
use crate::place::line_and_column;

/// The deepest nesting that is read: Jackson's `StreamReadConstraints.getMaxNestingDepth`.
pub(crate) const DEPTH_MAX: usize = 1000;

const VALID_VALUES: &str = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

/// One token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    StartObject,
    EndObject,
    StartArray,
    EndArray,
    /// A key; the reader is already past the colon.
    Name(String),
    String(String),
    /// A number, as it is written.
    Number(String),
    True,
    False,
    Null,
    /// Nothing is left, outside of everything.
    End,
}

impl Token {
    /// Jackson's `getText`.
    pub(crate) fn text(&self) -> &str {
        match self {
            Token::StartObject => "{",
            Token::EndObject => "}",
            Token::StartArray => "[",
            Token::EndArray => "]",
            Token::Name(text) | Token::String(text) | Token::Number(text) => text,
            Token::True => "true",
            Token::False => "false",
            Token::Null => "null",
            Token::End => "",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Object,
    Array,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Object => "Object",
            Kind::Array => "Array",
        }
    }
}

/// An object or array that is being read.
#[derive(Debug)]
struct Scope {
    kind: Kind,
    /// Where its bracket is.
    start: usize,
    /// Whether something was already read in it, so that a comma must come.
    begun: bool,
}

/// What is known about a value before it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Ahead {
    /// A string whose opening quotation mark was read, and no more.
    OpenString,
    Token(Token),
}

/// The reader: tokens from a text, one by one.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    text: &'a str,
    /// The next byte to read.
    at: usize,
    scopes: Vec<Scope>,
    /// The value behind a key that was just read.
    ahead: Option<Ahead>,
    /// Whether the string that was handed out last has yet to be read.
    open_string: bool,
    /// Where the token that was handed out last starts.
    token_start: usize,
    value_start: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(text: &'a str) -> Reader<'a> {
        let (scopes, ahead) = (vec![], None);
        Reader { text, at: 0, scopes, ahead, open_string: false, token_start: 0, value_start: 0 }
    }

    /// The text that is read.
    pub(crate) fn source(&self) -> &'a str {
        self.text
    }

    /// Where the reader stands; errors name it.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Where the last token starts.
    pub(crate) fn token_start(&self) -> usize {
        self.token_start
    }

    /// The next token. A string is an [open](Reader::read_string) one: its text is read on demand, as in Jackson, so
    /// that an error about its type comes before an error inside it.
    pub(crate) fn next(&mut self) -> Result<Token, Failure> {
        if let Some(ahead) = self.ahead.take() {
            self.token_start = self.value_start;
            return self.hand_out(ahead);
        }
        if self.open_string {
            self.open_string = false;
            self.string("string value")?;
        }
        let Some(c) = self.after_space()? else { return self.end_of_text() };
        self.token_start = self.at - c.len_utf8();
        if c == ']' || c == '}' {
            return self.close(c);
        }
        let c = if self.comma_due() { self.after_comma(c)? } else { c };
        self.token_start = self.at - c.len_utf8();
        if self.scopes.last().is_none_or(|scope| scope.kind == Kind::Array) {
            self.value_start = self.token_start;
            let ahead = self.value(c)?;
            return self.hand_out(ahead);
        }
        if c != '"' {
            return Err(self.unexpected(c, "was expecting double-quote to start field name"));
        }
        let name = self.string("name")?;
        let c = self.after_colon()?;
        self.value_start = self.at - c.len_utf8();
        self.ahead = Some(self.value(c)?);
        Ok(Token::Name(name))
    }

    /// The text of the string that [`next`](Reader::next) gave last.
    pub(crate) fn read_string(&mut self) -> Result<String, Failure> {
        if !std::mem::take(&mut self.open_string) {
            return Ok(String::new());
        }
        self.string("string value")
    }

    fn hand_out(&mut self, ahead: Ahead) -> Result<Token, Failure> {
        match ahead {
            Ahead::OpenString => {
                self.open_string = true;
                Ok(Token::String(String::new()))
            }
            Ahead::Token(token) => {
                let kind = match token {
                    Token::StartObject => Kind::Object,
                    Token::StartArray => Kind::Array,
                    _ => return Ok(token),
                };
                self.scopes.push(Scope { kind, start: self.token_start, begun: false });
                if self.scopes.len() > DEPTH_MAX {
                    return Err(Failure::bare(
                        format!(
                            "Document nesting depth ({}) exceeds the maximum allowed ({DEPTH_MAX}, from \
                             `StreamReadConstraints.getMaxNestingDepth()`)",
                            self.scopes.len()
                        ),
                        self.token_start,
                        "at most 1000 nested objects and arrays",
                    ));
                }
                Ok(token)
            }
        }
    }

    /// Whether a comma must separate what comes from what was; notes that something comes.
    fn comma_due(&mut self) -> bool {
        self.scopes.last_mut().is_some_and(|scope| std::mem::replace(&mut scope.begun, true))
    }

    fn close(&mut self, c: char) -> Result<Token, Failure> {
        let (kind, token) =
            if c == ']' { (Kind::Array, Token::EndArray) } else { (Kind::Object, Token::EndObject) };
        if self.scopes.last().is_some_and(|scope| scope.kind == kind) {
            self.scopes.pop();
            return Ok(token);
        }
        let expected = if c == ']' { '}' } else { ']' };
        let (name, start) = match self.scopes.last() {
            Some(scope) => (scope.kind.name(), self.place(scope.start)),
            None => ("root", self.place_named(1, 0)),
        };
        let message =
            format!("Unexpected close marker '{c}': expected '{expected}' (for {name} starting at {start})");
        Err(self.located_at(self.at - 1, &message, &format!("`{expected}`")))
    }

    fn end_of_text(&self) -> Result<Token, Failure> {
        let Some(scope) = self.scopes.last() else { return Ok(Token::End) };
        let (name, start) = (scope.kind.name(), self.place(scope.start));
        let close = if scope.kind == Kind::Array { "`]`" } else { "`}`" };
        Err(self.end_within(&format!(": expected close marker for {name} (start marker at {start})"), close))
    }

    /// The start of a value whose first character is `c`.
    fn value(&mut self, c: char) -> Result<Ahead, Failure> {
        let token = match c {
            '"' => return Ok(Ahead::OpenString),
            '[' => Token::StartArray,
            '{' => Token::StartObject,
            't' => self.word("true", Token::True)?,
            'f' => self.word("false", Token::False)?,
            'n' => self.word("null", Token::Null)?,
            '-' | '0'..='9' => Token::Number(self.number(c)?),
            '}' => return Err(self.unexpected(c, "expected a value")),
            'N' => return Err(self.not_a_number()),
            _ if is_identifier_start(c) => return Err(self.unknown_word(c.to_string())),
            _ => return Err(self.unexpected(c, &format!("expected a valid value {VALID_VALUES}"))),
        };
        Ok(Ahead::Token(token))
    }

    fn word(&mut self, word: &str, token: Token) -> Result<Token, Failure> {
        let mut read = String::new();
        for (i, expected) in word.chars().enumerate() {
            // The first character is already read.
            if i > 0 && self.peek() != Some(expected) {
                return Err(self.unknown_word(read));
            }
            if i > 0 {
                self.bump();
            }
            read.push(expected);
        }
        if self.peek().is_some_and(is_identifier_part) {
            return Err(self.unknown_word(read));
        }
        Ok(token)
    }

    fn unknown_word(&mut self, mut read: String) -> Failure {
        while let Some(c) = self.peek().filter(|c| is_identifier_part(*c)) {
            self.bump();
            read.push(c);
            if read.len() >= 256 {
                read.push_str("...");
                break;
            }
        }
        let message = format!("Unrecognized token '{read}': was expecting {VALID_VALUES}");
        self.located(&message, self.value_start, "a JSON value; texts need double quotes")
    }

    fn not_a_number(&mut self) -> Failure {
        if !self.text.get(self.at..).is_some_and(|rest| rest.starts_with("aN")) {
            return self.unknown_word("N".to_owned());
        }
        self.at += 2;
        let message = "Non-standard token 'NaN': enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow";
        self.located(message, self.value_start, "a number")
    }

    fn after_comma(&mut self, c: char) -> Result<char, Failure> {
        let name = self.scopes.last().map_or("root", |scope| scope.kind.name());
        if c != ',' {
            return Err(self.unexpected(c, &format!("was expecting comma to separate {name} entries")));
        }
        match self.after_space()? {
            Some(c) => Ok(c),
            None => Err(self.end_within(&format!(" within/between {name} entries"), "another entry")),
        }
    }

    fn after_colon(&mut self) -> Result<char, Failure> {
        let end = " within/between Object entries";
        match self.after_space()? {
            Some(':') => {}
            Some(c) => {
                return Err(self.unexpected(c, "was expecting a colon to separate field name and value"));
            }
            None => return Err(self.end_within(end, "`:`")),
        }
        match self.after_space()? {
            Some(c) => Ok(c),
            None => Err(self.end_within(end, "a value")),
        }
    }

    /// The next character that is no white space, read; `None` at the end.
    fn after_space(&mut self) -> Result<Option<char>, Failure> {
        while let Some(c) = self.bump() {
            match c {
                ' ' | '\t' | '\n' | '\r' => {}
                '/' => {
                    let comment = "maybe a (non-standard) comment? (not recognized as one since Feature \
                                   'ALLOW_COMMENTS' not enabled for parser)";
                    return Err(self.unexpected(c, comment));
                }
                '\0'..='\x1f' => {
                    let message = format!(
                        "Illegal character ({}): only regular white space (\\r, \\n, \\t) is allowed between tokens",
                        describe(c)
                    );
                    return Err(self.located_at(self.at - 1, &message, "white space"));
                }
                _ => return Ok(Some(c)),
            }
        }
        Ok(None)
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// An error about the character `c` that was just read.
    fn unexpected(&self, c: char, comment: &str) -> Failure {
        let message = format!("Unexpected character ({}): {comment}", describe(c));
        let wanted = comment.strip_prefix("was ").unwrap_or(comment);
        let wanted = wanted.strip_prefix("expected ").or_else(|| wanted.strip_prefix("expecting "));
        self.located_at(self.at - c.len_utf8(), &message, wanted.unwrap_or(comment))
    }

    fn end_within(&self, what: &str, expected: &str) -> Failure {
        self.located(&format!("Unexpected end-of-input{what}"), self.at, expected)
    }

    /// An error of Jackson's: the message and the place where the reader stands.
    pub(crate) fn located(&self, message: &str, wrong_at: usize, expected: &str) -> Failure {
        let place = self.place(self.at);
        Failure::bare(format!("{message}\n at {place}"), wrong_at, expected)
    }

    /// An error of Jackson's about one character: the place is the character's own.
    fn located_at(&self, at: usize, message: &str, expected: &str) -> Failure {
        Failure::bare(format!("{message}\n at {}", self.place(at)), at, expected)
    }

    /// `[Source: ...; line, column]` of the byte at `at`.
    fn place(&self, at: usize) -> String {
        let (line, column) = line_and_column(self.text, at, char::len_utf16);
        self.place_named(line, column)
    }

    fn place_named(&self, line: usize, column: usize) -> String {
        format!("[Source: (String){}; line: {line}, column: {column}]", quoted_source(self.text))
    }
}

/// The text as Jackson's errors quote it: 500 characters at most, control characters but line ends escaped.
fn quoted_source(text: &str) -> String {
    const LENGTH_MAX: usize = 500;
    let mut quoted = String::from("\"");
    for c in text.chars().take(LENGTH_MAX) {
        if c.is_control() && c != '\n' && c != '\r' {
            quoted.push_str(&format!("\\u{:04X}", u32::from(c)));
        } else {
            quoted.push(c);
        }
    }
    quoted.push('"');
    let length = text.chars().count();
    if length > LENGTH_MAX {
        quoted.push_str(&format!("[truncated {} chars]", length - LENGTH_MAX));
    }
    quoted
}

/// A character as Jackson's errors show it.
fn describe(c: char) -> String {
    let code = u32::from(c);
    if c.is_control() {
        return format!("(CTRL-CHAR, code {code})");
    }
    if code > 0xffff {
        // Jackson sees half of it.
        let mut units = [0; 2];
        let half = c.encode_utf16(&mut units).first().copied().unwrap_or_default();
        return format!("'?' (code {half} / 0x{half:x})");
    }
    if code > 255 {
        return format!("'{c}' (code {code} / 0x{code:x})");
    }
    format!("'{c}' (code {code})")
}

fn is_identifier_start(c: char) -> bool {
    c.is_alphabetic() || c == '_' || c == '$'
}

fn is_identifier_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}
