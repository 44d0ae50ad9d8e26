//! Input templates: text with `<variable>`s, filled with values of the event.
//!
//! There are two forms. A *JSON template* (an object, an array or one variable, once its variables are taken for values)
//! gives JSON: a value is put in as it is, inside a string without its quotes, and white space between is left out
//! ("minified" in the user guide). A *string template* (one string, or several lines of text) gives text; an object or
//! array is put in compact and without quotes. In a string of a JSON template an object or array makes the delivery fail.
//! A path that selects nothing gives the empty string.
//!
//! Sources: EventBridge user guide, "Amazon EventBridge input transformation" ("EventBridge removes any internal quotes to
//! ensure a valid string"; "Do not add quotes for variables that represent JSON objects or arrays"); AWS's answers recorded
//! by LocalStack, `test_events_inputs.snapshot.json`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use aws::Error;
use aws::envelope::push_quoted;

use crate::limits::quotas;
use crate::target::input::path::Path;
use crate::target::input::{InputContext, InputFailure, json};

/// A parsed template.
#[derive(Clone, Debug)]
pub struct Template {
    parts: Vec<Part>,
    /// Each variable once, as the parts number them.
    variables: Vec<Variable>,
    form: Form,
}

/// What a template gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// An object, an array or a lone value.
    Json,
    /// One string.
    Text,
    /// Text that is no JSON: several lines, or words without quotes.
    Lines,
}

#[derive(Clone, Debug)]
enum Part {
    Text(String),
    Value { name: String, variable: usize, in_string: bool },
}

/// A variable in quotes of a JSON template, where an object or array makes the delivery fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotedVariable<'t> {
    /// Its name, without angle brackets.
    pub name: &'t str,
    /// The path that it stands for; `None` where AWS defines it.
    pub path: Option<&'t str>,
    /// Whether it is an object or array in every event.
    pub is_composite: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Variable {
    Path(Path),
    RuleArn,
    RuleName,
    Event,
    EventJson,
    IngestionTime,
}

/// A piece of the template's text.
enum Piece<'a> {
    Text(&'a str),
    Placeholder(&'a str),
}

impl Template {
    /// Parses the template of the target `id`.
    ///
    /// # Errors
    /// `ValidationException`: a variable that is neither in `paths` nor predefined, or text that begins like JSON and is
    /// none.
    pub fn compile(text: &str, paths: &BTreeMap<String, Path>, id: &str) -> Result<Self, Error> {
        let pieces = pieces(text);
        let begins_like_json = matches!(text.trim_start().as_bytes().first(), Some(b'{' | b'['));
        let specimen = specimen(&pieces);
        let form = match serde_json::from_str::<serde::de::IgnoredAny>(&specimen) {
            Ok(_) if specimen.trim_start().starts_with('"') => Form::Text,
            Ok(_) => Form::Json,
            // Words: as users report AWS's answer; Jackson's position in place of serde_json's would differ by little.
            Err(e) if begins_like_json => {
                return Err(Error::validation(format!(
                    "Invalid InputTemplate for target {id} : [Source: (String)\"{text}\"; line: {}, column: {}].",
                    e.line(),
                    e.column()
                )));
            }
            Err(_) => Form::Lines,
        };
        let (mut parts, mut variables) = (Vec::new(), Vec::new());
        let mut strings = Strings::default();
        for piece in pieces {
            match piece {
                Piece::Text(text) if form == Form::Lines => parts.push(Part::Text(text.to_owned())),
                Piece::Text(text) => parts.push(Part::Text(strings.minify(text))),
                Piece::Placeholder(name) => {
                    let variable = variable(name, paths).ok_or_else(|| unknown(name, id))?;
                    let variable = number_of(&mut variables, variable);
                    parts.push(Part::Value { name: name.to_owned(), variable, in_string: strings.inside });
                }
            }
        }
        Ok(Self { parts, variables, form })
    }

    /// The text with this event's values.
    ///
    /// # Errors
    /// Where an object or array would go into a string of a JSON template. Where it becomes longer than any target takes, which
    /// is seen while it is built: a template of 8,192 characters can name a value of 1 MiB 2,730 times. Or where finding the
    /// values would take too long.
    pub fn fill(&self, event: &str, about: InputContext<'_>) -> Result<String, InputFailure> {
        let mut values = Values { event, about, found: vec![None; self.variables.len()], read_bytes: 0 };
        let mut filled = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => filled.push_str(text),
                Part::Value { name, variable, in_string } => {
                    let value = values.of(*variable, &self.variables)?;
                    let is_composite = value.is_some_and(json::is_composite);
                    match (self.form, in_string) {
                        (Form::Json, false) => filled.push_str(value.unwrap_or("\"\"")),
                        (Form::Json, true) if is_composite => return Err(InputFailure::quoted(name)),
                        (Form::Text | Form::Lines, _) if is_composite => {
                            push_unquoted(&mut filled, value.unwrap_or_default());
                        }
                        (Form::Json | Form::Text, _) => push_inside(&mut filled, value.unwrap_or_default()),
                        (Form::Lines, _) => push_plain(&mut filled, value.unwrap_or_default()),
                    }
                }
            }
            if filled.len() > quotas::INPUT_SIZE_BYTES_MAX {
                return Err(InputFailure(format!(
                    "The InputTemplate makes more than {} bytes of this event.",
                    quotas::INPUT_SIZE_BYTES_MAX
                )));
            }
        }
        Ok(filled)
    }

    /// The variables in quotes of a JSON template; none in a string template.
    pub fn quoted_variables(&self) -> Vec<QuotedVariable<'_>> {
        let quoted = |part| {
            let &Part::Value { ref name, variable, in_string: true } = part else { return None };
            let variable = self.variables.get(variable)?;
            let path = variable.path().map(Path::text);
            Some(QuotedVariable { name, path, is_composite: variable.is_composite() })
        };
        self.parts.iter().filter(|_| self.form == Form::Json).filter_map(quoted).collect()
    }
}

/// What the variables say of one event, each looked for once.
struct Values<'e> {
    event: &'e str,
    about: InputContext<'e>,
    /// `None`: not yet; `Some(None)`: the path selects nothing.
    found: Vec<Option<Option<Cow<'e, str>>>>,
    /// What looking for them has read.
    read_bytes: usize,
}

impl Values<'_> {
    /// The JSON text of the variable with this number.
    fn of(&mut self, number: usize, variables: &[Variable]) -> Result<Option<&str>, InputFailure> {
        let (Some(found), Some(variable)) = (self.found.get_mut(number), variables.get(number)) else {
            return Ok(None);
        };
        if found.is_none() {
            self.read_bytes =
                self.read_bytes.saturating_add(self.event.len().saturating_mul(variable.reads()));
            if self.read_bytes > quotas::INPUT_READ_BYTES_MAX {
                let sentence =
                    "The paths of the InputTemplate take too long to evaluate on an event of this size.";
                return Err(InputFailure(sentence.to_owned()));
            }
            *found = Some(variable.value(self.event, self.about));
        }
        Ok(found.as_ref().and_then(Option::as_deref))
    }
}

impl Variable {
    fn path(&self) -> Option<&Path> {
        match self {
            Self::Path(path) => Some(path),
            _ => None,
        }
    }

    /// Whether it is an object or array in every event that has it.
    fn is_composite(&self) -> bool {
        match self {
            Self::Event | Self::EventJson => true,
            Self::Path(path) => path.is_many() || matches!(path.text(), "$" | "$.detail" | "$.resources"),
            Self::RuleArn | Self::RuleName | Self::IngestionTime => false,
        }
    }

    /// The value's JSON text; `None` where the path selects nothing.
    fn value<'e>(&self, event: &'e str, about: InputContext<'_>) -> Option<Cow<'e, str>> {
        let text = match self {
            Self::Path(path) => return path.select(event),
            Self::EventJson => return Some(Cow::Borrowed(event)),
            Self::RuleArn => quoted(&about.rule_arn.to_string()),
            Self::RuleName => quoted(about.rule_name),
            Self::Event => without_detail(event),
            Self::IngestionTime => quoted(&about.accepted.to_iso_seconds()),
        };
        Some(Cow::Owned(text))
    }

    /// How often looking for it reads the event, at most.
    fn reads(&self) -> usize {
        match self {
            Self::Path(path) => path.steps(),
            Self::Event => 8,
            Self::RuleArn | Self::RuleName | Self::EventJson | Self::IngestionTime => 0,
        }
    }
}

/// Words: recorded from AWS by LocalStack, `test_put_events_with_input_transformer_missing_keys`.
fn unknown(name: &str, id: &str) -> Error {
    Error::validation(format!("InputTemplate for target {id} contains invalid placeholder {name}."))
}

/// The number of the variable, which is added if it is new.
fn number_of(variables: &mut Vec<Variable>, variable: Variable) -> usize {
    variables.iter().position(|known| *known == variable).unwrap_or_else(|| {
        variables.push(variable);
        variables.len() - 1
    })
}

fn variable(name: &str, paths: &BTreeMap<String, Path>) -> Option<Variable> {
    Some(match name {
        "aws.events.rule-arn" => Variable::RuleArn,
        "aws.events.rule-name" => Variable::RuleName,
        "aws.events.event" => Variable::Event,
        "aws.events.event.json" => Variable::EventJson,
        "aws.events.event.ingestion-time" => Variable::IngestionTime,
        _ => Variable::Path(paths.get(name)?.clone()),
    })
}

/// Cuts the text at each `<name>`. A `<` that no name and `>` follow is text.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    let mut from = 0;
    while let Some(open) = rest.get(from..).and_then(|tail| tail.find('<')).map(|at| at + from) {
        let after = rest.get(open + 1..).unwrap_or_default();
        let name_end = after.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')));
        match name_end.and_then(|end| after.split_at_checked(end)) {
            Some((name, tail)) if !name.is_empty() && tail.starts_with('>') => {
                pieces.push(Piece::Text(rest.get(..open).unwrap_or_default()));
                pieces.push(Piece::Placeholder(name));
                rest = tail.get(1..).unwrap_or_default();
                from = 0;
            }
            _ => from = open + 1,
        }
    }
    pieces.push(Piece::Text(rest));
    pieces
}

/// The template with a value in place of each variable: nothing inside a string, `null` elsewhere. It shows whether the
/// template is JSON; as a key, `null` is none, and AWS allows no variable there.
fn specimen(pieces: &[Piece<'_>]) -> String {
    let mut specimen = String::new();
    let mut strings = Strings::default();
    for piece in pieces {
        match piece {
            Piece::Text(text) => {
                strings.minify(text);
                specimen.push_str(text);
            }
            Piece::Placeholder(_) if strings.inside => {}
            Piece::Placeholder(_) => specimen.push_str("null"),
        }
    }
    specimen
}

/// Whether we are inside a string of the JSON text that went by.
#[derive(Default)]
struct Strings {
    inside: bool,
    escaped: bool,
}

impl Strings {
    /// Passes over `text` and gives it back without the white space outside strings.
    fn minify(&mut self, text: &str) -> String {
        let mut kept = String::with_capacity(text.len());
        for c in text.chars() {
            if self.inside || !c.is_ascii_whitespace() {
                kept.push(c);
            }
            match c {
                _ if self.escaped => self.escaped = false,
                '\\' if self.inside => self.escaped = true,
                '"' => self.inside = !self.inside,
                _ => {}
            }
        }
        kept
    }
}

/// Puts a JSON value inside a JSON string: a string without its quotes, its escapes kept; anything else as its text.
fn push_inside(filled: &mut String, value: &str) {
    match json::string_inside(value) {
        Some(inside) => filled.push_str(inside),
        None => {
            let quoted = quoted(value);
            filled.push_str(json::string_inside(&quoted).unwrap_or_default());
        }
    }
}

/// Puts an object or array into text as AWS does: compact, and without any quote.
fn push_unquoted(filled: &mut String, value: &str) {
    let compact = Strings::default().minify(value);
    let mut characters = compact.chars().peekable();
    while let Some(c) = characters.next() {
        match (c, characters.peek()) {
            ('"', _) | ('\\', Some('"')) => {}
            ('\\', Some('\\')) => {
                filled.push_str("\\\\");
                characters.next();
            }
            _ => filled.push(c),
        }
    }
}

/// Puts a JSON value into plain text: a string as what it says, anything else as its text.
fn push_plain(filled: &mut String, value: &str) {
    match serde_json::from_str::<String>(value) {
        Ok(text) => filled.push_str(&text),
        Err(_) => filled.push_str(value),
    }
}

fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    push_quoted(&mut quoted, text);
    quoted
}

/// `aws.events.event`: the envelope without its detail, and with `detailType` for `detail-type`, as AWS was recorded to
/// give it (`test_input_transformer_predefined_variables`).
fn without_detail(event: &str) -> String {
    const MEMBERS: [(&str, &str); 8] = [
        ("id", "id"),
        ("account", "account"),
        ("detailType", "detail-type"),
        ("time", "time"),
        ("source", "source"),
        ("region", "region"),
        ("resources", "resources"),
        ("version", "version"),
    ];
    let mut text = String::from("{");
    for (name, member) in MEMBERS {
        let Some(value) = json::member(event, member) else { continue };
        if text.len() > 1 {
            text.push(',');
        }
        push_quoted(&mut text, name);
        text.push(':');
        text.push_str(value);
    }
    text.push('}');
    text
}
