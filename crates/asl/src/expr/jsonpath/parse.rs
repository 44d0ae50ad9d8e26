//! From a path's text to its segments, by Jayway's rules.

use std::sync::Arc;

use jlens_core::Expression;
use serde_json::Value;

use crate::expr::{
    ExprError,
    cursor::Cursor,
    jsonpath::{
        Path, Root, Segment,
        filter::{Filter, Operand, Operator, Pattern, Test},
    },
};

/// How deep filters may stand in filters.
const FILTERS_MAX: usize = 8;
/// How deep parentheses may stand in a filter.
const GROUPS_MAX: usize = 32;

/// Longer spellings first.
const OPERATORS: [(&str, Operator); 10] = [
    ("===", Operator::SameAs),
    ("!==", Operator::NotSameAs),
    ("==", Operator::Equal),
    ("!=", Operator::NotEqual),
    ("<>", Operator::NotEqual),
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("=~", Operator::Matches),
    ("<", Operator::Less),
    (">", Operator::Greater),
];

const WORDS: [(&str, Operator); 9] = [
    ("in", Operator::In),
    ("nin", Operator::NotIn),
    ("subsetof", Operator::SubsetOf),
    ("anyof", Operator::AnyOf),
    ("noneof", Operator::NoneOf),
    ("contains", Operator::Contains),
    ("all", Operator::All),
    ("size", Operator::Size),
    ("empty", Operator::Empty),
];

pub(super) fn parse(text: &str) -> Result<Path, ExprError> {
    parse_nested(text, 0).map_err(|what| ExprError::runtime(format!("Invalid path '{text}' : {what}")))
}

/// A path that stands in `level` filters; `@` is written as `$` there.
fn parse_nested(text: &str, level: usize) -> Result<Path, String> {
    if level > FILTERS_MAX {
        return Err(format!("more than {FILTERS_MAX} filters stand in one another"));
    }
    let mut cursor = Cursor::new(text);
    if !cursor.eat("$") {
        return Err("Path must start with $".to_owned());
    }
    let root = if cursor.eat("$") {
        Root::Context
    } else {
        match cursor.take_while(|c| !['.', '['].contains(&c)) {
            "" => Root::Input,
            name if is_variable_name(name) => Root::Variable(name.to_owned()),
            name => return Err(format!("'{name}' is no name of a variable")),
        }
    };
    let segments = segments(&mut cursor, level)?;
    Ok(Path { text: text.to_owned(), root, segments })
}

/// Variable names are identifiers (the specification, "Using Variables"): letters, digits and underscores.
fn is_variable_name(name: &str) -> bool {
    name.chars().all(|c| c.is_alphanumeric() || c == '_') && !name.starts_with(|c: char| c.is_numeric())
}

fn segments(cursor: &mut Cursor<'_>, level: usize) -> Result<Vec<Segment>, String> {
    let mut segments = Vec::new();
    while !cursor.is_at_end() {
        if cursor.eat("..") {
            segments.push(Segment::Descendants);
            if cursor.peek() == Some('[') {
                continue;
            }
            segments.push(dotted(cursor)?);
        } else if cursor.eat(".") {
            if cursor.peek() == Some('[') {
                continue;
            }
            segments.push(dotted(cursor)?);
        } else if cursor.eat("[") {
            segments.push(bracketed(cursor, level)?);
        } else {
            return Err(format!("Could not parse token starting at '{}'", cursor.rest()));
        }
    }
    Ok(segments)
}

/// A name after a dot; everything up to the next dot or bracket belongs to it, blanks and dashes too.
fn dotted(cursor: &mut Cursor<'_>) -> Result<Segment, String> {
    match cursor.take_while(|c| !['.', '['].contains(&c)) {
        "" => Err("Path must not end with a '.' or '..'".to_owned()),
        "*" => Ok(Segment::Wildcard),
        // AWS's library has no other function: `$.Jobs.sum()` is a name that is not found there
        // (https://repost.aws/questions/QUYiQKP0XfThWEc_ahsMnLOA).
        "length()" | "size()" if cursor.is_at_end() => Ok(Segment::Length),
        name => Ok(Segment::Names(vec![name.to_owned()])),
    }
}

/// What stands in brackets, from behind the opening one to behind the closing one.
fn bracketed(cursor: &mut Cursor<'_>, level: usize) -> Result<Segment, String> {
    let open = || "a bracket is not closed".to_owned();
    cursor.skip_blanks();
    if cursor.eat("?") {
        cursor.skip_blanks();
        let inner = cursor.take_balanced(|c| c == ']').ok_or_else(open)?;
        close(cursor)?;
        let inner = inner.trim();
        let inner = inner
            .strip_prefix('(')
            .and_then(|inner| inner.strip_suffix(')'))
            .ok_or_else(|| "a filter is written [?(...)]".to_owned())?;
        return filter(inner, level).map(Segment::Filter);
    }
    if matches!(cursor.peek(), Some('\'' | '"')) {
        let names = listed(cursor, |cursor| quoted_name(cursor).ok_or_else(open))?;
        return Ok(Segment::Names(names));
    }
    if cursor.eat("*") {
        close(cursor)?;
        return Ok(Segment::Wildcard);
    }
    if cursor.peek() == Some('(') {
        return from_end(cursor);
    }
    positions(cursor)
}

fn close(cursor: &mut Cursor<'_>) -> Result<(), String> {
    cursor.skip_blanks();
    if cursor.eat("]") { Ok(()) } else { Err("a bracket is not closed".to_owned()) }
}

/// Things with commas between them, to behind the closing bracket.
fn listed<T>(
    cursor: &mut Cursor<'_>,
    one: impl Fn(&mut Cursor<'_>) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    let mut items = Vec::new();
    loop {
        cursor.skip_blanks();
        items.push(one(cursor)?);
        cursor.skip_blanks();
        if !cursor.eat(",") {
            close(cursor)?;
            return Ok(items);
        }
    }
}

/// A name in quotes. A backslash is one of its characters, unless the quote or another backslash follows: recorded from
/// AWS, `$['Test\""Name"']` reads the member `Test\""Name"`.
fn quoted_name(cursor: &mut Cursor<'_>) -> Option<String> {
    let mark = cursor.bump()?;
    let mut name = String::new();
    loop {
        match cursor.bump()? {
            c if c == mark => return Some(name),
            '\\' if cursor.peek().is_some_and(|next| next == mark || next == '\\') => {
                name.extend(cursor.bump())
            }
            c => name.push(c),
        }
    }
}

/// A text in single or double quotes; a backslash takes the next character as it is, but for `\n`, `\t` and their kin.
fn quoted(cursor: &mut Cursor<'_>) -> Option<String> {
    let mark = cursor.bump()?;
    let mut text = String::new();
    loop {
        match cursor.bump()? {
            c if c == mark => return Some(text),
            '\\' => text.push(match cursor.bump()? {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                'b' => '\u{8}',
                'f' => '\u{c}',
                'u' => unicode(cursor)?,
                other => other,
            }),
            c => text.push(c),
        }
    }
}

fn unicode(cursor: &mut Cursor<'_>) -> Option<char> {
    let mut code = 0;
    for _ in 0..4 {
        code = code * 16 + cursor.bump()?.to_digit(16)?;
    }
    char::from_u32(code)
}

/// `(@.length-1)`, `(@.size() - 1)`.
fn from_end(cursor: &mut Cursor<'_>) -> Result<Segment, String> {
    let inner = cursor.take_balanced(|c| c == ']').ok_or_else(|| "a bracket is not closed".to_owned())?;
    close(cursor)?;
    let compact: String = inner.chars().filter(|c| !c.is_whitespace()).collect();
    let back = compact
        .strip_prefix("(@.")
        .and_then(|rest| rest.strip_suffix(')'))
        .and_then(|rest| rest.strip_prefix("length").or_else(|| rest.strip_prefix("size")))
        .map(|rest| rest.strip_prefix("()").unwrap_or(rest))
        .and_then(|rest| rest.strip_prefix('-'))
        .and_then(|back| back.parse().ok())
        .filter(|back| *back >= 0);
    back.map(Segment::FromEnd).ok_or_else(|| format!("'{inner}' is no (@.length-n)"))
}

/// `0`, `-1`, `0,2`, `1:3`, `:2`, `-2:`.
fn positions(cursor: &mut Cursor<'_>) -> Result<Segment, String> {
    let inner = cursor.take_while(|c| c != ']');
    close(cursor)?;
    let refuse = || format!("Could not parse token '[{inner}]'. Expected ?, ', 0-9, *");
    let number = |text: &str| text.trim().parse::<i64>().map_err(|_| refuse());
    if let Some((from, to)) = inner.split_once(':') {
        let end = |text: &str| if text.trim().is_empty() { Ok(None) } else { number(text).map(Some) };
        let (from, to) = (end(from)?, end(to)?);
        if from.is_none() && to.is_none() {
            return Err(refuse());
        }
        return Ok(Segment::Slice { from, to });
    }
    inner.split(',').map(number).collect::<Result<_, _>>().map(Segment::Indexes)
}

/// What stands in `[?(...)]`.
fn filter(text: &str, level: usize) -> Result<Filter, String> {
    let mut reader = Reader { cursor: Cursor::new(text), level: level + 1, groups: 0 };
    let test = reader.any()?;
    reader.cursor.skip_blanks();
    if !reader.cursor.is_at_end() {
        return Err(format!("the filter does not end at '{}'", reader.cursor.rest()));
    }
    Ok(Filter { text: text.to_owned(), test })
}

/// Reads one filter.
struct Reader<'a> {
    cursor: Cursor<'a>,
    level: usize,
    groups: usize,
}

impl Reader<'_> {
    fn any(&mut self) -> Result<Test, String> {
        let mut tests = vec![self.all()?];
        loop {
            self.cursor.skip_blanks();
            if !self.cursor.eat("||") {
                return Ok(one_or(tests, Test::Any));
            }
            tests.push(self.all()?);
        }
    }

    fn all(&mut self) -> Result<Test, String> {
        let mut tests = vec![self.single()?];
        loop {
            self.cursor.skip_blanks();
            if !self.cursor.eat("&&") {
                return Ok(one_or(tests, Test::All));
            }
            tests.push(self.single()?);
        }
    }

    fn single(&mut self) -> Result<Test, String> {
        self.cursor.skip_blanks();
        self.groups += 1;
        if self.groups > GROUPS_MAX {
            return Err(format!("more than {GROUPS_MAX} groups stand in one another"));
        }
        let test = if self.cursor.eat("!") {
            self.single().map(|test| Test::Not(Box::new(test)))
        } else if self.cursor.eat("(") {
            let test = self.any()?;
            self.cursor.skip_blanks();
            if self.cursor.eat(")") { Ok(test) } else { Err("a parenthesis is not closed".to_owned()) }
        } else {
            self.comparison()
        };
        self.groups -= 1;
        test
    }

    fn comparison(&mut self) -> Result<Test, String> {
        let left = self.operand()?;
        self.cursor.skip_blanks();
        let Some(operator) = self.operator() else {
            return match left {
                Operand::OfItem(_) | Operand::OfDocument(_) => Ok(Test::Exists(left)),
                Operand::Literal(_) | Operand::Pattern(_) => Err("a filter needs a path".to_owned()),
            };
        };
        self.cursor.skip_blanks();
        let right = self.operand()?;
        Ok(Test::Compare { left, operator, right })
    }

    fn operator(&mut self) -> Option<Operator> {
        if let Some((_, operator)) = OPERATORS.iter().find(|(spelling, _)| self.cursor.eat(spelling)) {
            return Some(*operator);
        }
        let word = self.cursor.clone().take_while(char::is_alphabetic).to_ascii_lowercase();
        let (spelling, operator) = WORDS.iter().find(|(spelling, _)| *spelling == word)?;
        for _ in spelling.chars() {
            self.cursor.bump();
        }
        Some(*operator)
    }

    fn operand(&mut self) -> Result<Operand, String> {
        let refuse = |rest: &str| format!("a value or a path is missing at '{rest}'");
        match self.cursor.peek() {
            Some('@' | '$') => self.path(),
            Some('\'' | '"') => match quoted(&mut self.cursor) {
                Some(text) => Ok(Operand::Literal(Value::String(text))),
                None => Err("a quote is not closed".to_owned()),
            },
            Some('/') => self.pattern(),
            Some('[' | '{') => {
                let text = self.collection()?;
                json(&text).map(Operand::Literal).ok_or_else(|| format!("'{text}' is no JSON"))
            }
            Some(_) => {
                let rest = self.cursor.rest();
                let word = self.cursor.take_while(|c| c.is_alphanumeric() || "+-.".contains(c));
                json(word).map(Operand::Literal).ok_or_else(|| refuse(rest))
            }
            None => Err(refuse("")),
        }
    }

    fn path(&mut self) -> Result<Operand, String> {
        let is_of_item = self.cursor.eat("@");
        if !is_of_item {
            self.cursor.bump();
        }
        let ends = |c: char| c.is_whitespace() || "=!<>&|),".contains(c);
        let rest = self.cursor.take_balanced(ends).ok_or_else(|| "a bracket is not closed".to_owned())?;
        let path = parse_nested(&format!("${rest}"), self.level)?;
        Ok(if is_of_item { Operand::OfItem(path) } else { Operand::OfDocument(path) })
    }

    /// `/text/flags`, compiled by the one engine for regular expressions of this crate.
    fn pattern(&mut self) -> Result<Operand, String> {
        self.cursor.bump();
        let mut text = String::new();
        loop {
            match self.cursor.bump() {
                Some('/') => break,
                Some('\\') => {
                    text.push('\\');
                    text.extend(self.cursor.bump());
                }
                Some(c) => text.push(c),
                None => return Err("a regular expression is not closed".to_owned()),
            }
        }
        let flags: String =
            self.cursor.take_while(char::is_alphabetic).chars().filter(|flag| "im".contains(*flag)).collect();
        let source = format!("$contains($text, /^(?:{text})$/{flags})");
        match Expression::compile(&source) {
            Ok(compiled) => Ok(Operand::Pattern(Pattern(Arc::new(compiled)))),
            Err(error) => Err(format!("'/{text}/' is no regular expression: {}", error.message())),
        }
    }

    fn collection(&mut self) -> Result<String, String> {
        let start = self.cursor.rest();
        let mut after = self.cursor.clone();
        after.bump();
        let ends = |c: char| c == ']' || c == '}';
        after.take_balanced(ends).ok_or_else(|| "a bracket is not closed".to_owned())?;
        if after.bump().is_none() {
            return Err("a bracket is not closed".to_owned());
        }
        let length = start.len() - after.rest().len();
        self.cursor = after;
        Ok(start.get(..length).unwrap_or_default().to_owned())
    }
}

fn one_or(mut tests: Vec<Test>, many: impl Fn(Vec<Test>) -> Test) -> Test {
    match (tests.pop(), tests.is_empty()) {
        (Some(only), true) => only,
        (last, _) => {
            tests.extend(last);
            many(tests)
        }
    }
}

/// JSON, with texts in single quotes too.
fn json(text: &str) -> Option<Value> {
    if !text.contains('\'') {
        return serde_json::from_str(text).ok();
    }
    let mut double = String::new();
    let mut cursor = Cursor::new(text);
    while let Some(c) = cursor.peek() {
        if c == '\'' || c == '"' {
            double.push_str(&Value::String(quoted(&mut cursor)?).to_string());
        } else {
            double.extend(cursor.bump());
        }
    }
    serde_json::from_str(&double).ok()
}
