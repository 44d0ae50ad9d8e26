//! The members of one object of a definition, read with AWS's refusals.

use std::cell::RefCell;

use serde_json::{Map, Value};

use crate::definition::{Amount, PathField, Payload, Placement, QueryLanguage, Selection, Text};
use crate::diagnostic::Diagnostic;
use crate::expr::ExprError;
use crate::expr::jsonata::{FieldPlace, Template};
use crate::expr::jsonpath::{Path, ReferencePath};
use crate::expr::template::{Dynamic, PayloadTemplate};

/// What has been found so far; shared by every part of the parser.
#[derive(Debug, Default)]
pub(crate) struct Findings(RefCell<Vec<Diagnostic>>);

impl Findings {
    pub(crate) fn tell(&self, found: Diagnostic) {
        self.0.borrow_mut().push(found);
    }

    pub(crate) fn into_list(self) -> Vec<Diagnostic> {
        self.0.into_inner()
    }
}

/// One object, where it is, and in which language its values are.
#[derive(Clone, Debug)]
pub(crate) struct Fields<'a> {
    pub(crate) object: &'a Map<String, Value>,
    /// A slash path, empty for the whole definition.
    pub(crate) at: String,
    pub(crate) language: QueryLanguage,
    /// The place of the state that the object is part of: errors of running tell places from there on.
    state: String,
    findings: &'a Findings,
}

/// The smallest and the largest value of a number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range {
    pub(crate) min: f64,
    pub(crate) max: f64,
    pub(crate) whole: bool,
}

impl Range {
    /// Whole numbers from `min` to `max`.
    pub(crate) const fn whole(min: f64, max: f64) -> Self {
        Self { min, max, whole: true }
    }
}

impl<'a> Fields<'a> {
    pub(crate) fn new(object: &'a Map<String, Value>, at: &str, findings: &'a Findings) -> Self {
        Self { object, at: at.to_owned(), language: QueryLanguage::JsonPath, state: String::new(), findings }
    }

    /// The object is a state.
    pub(crate) fn into_state(mut self) -> Self {
        self.state = format!("{}/", self.at);
        self
    }

    /// An object inside this one.
    fn inside(&self, object: &'a Map<String, Value>, at: &str) -> Self {
        let (at, state) = (at.to_owned(), self.state.clone());
        Self { object, at, language: self.language, state, findings: self.findings }
    }

    /// The place of a member, from its state on: `Output`, `Choices[0]/Condition`.
    fn place_in_state(&self, name: &str) -> String {
        let place = self.place_of(name);
        place.strip_prefix(&self.state).unwrap_or(&place).to_owned()
    }

    /// The same object, its values in another language.
    pub(crate) fn speaking(mut self, language: QueryLanguage) -> Self {
        self.language = language;
        self
    }

    pub(crate) fn is_jsonata(&self) -> bool {
        self.language == QueryLanguage::Jsonata
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.object.contains_key(name)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&'a Value> {
        self.object.get(name)
    }

    /// The place of the object itself.
    pub(crate) fn place(&self) -> &str {
        if self.at.is_empty() { "/" } else { &self.at }
    }

    pub(crate) fn place_of(&self, name: &str) -> String {
        format!("{}/{name}", self.at)
    }

    /// Tells a schema error of the object.
    pub(crate) fn refuse(&self, message: impl Into<String>) {
        self.findings.tell(Diagnostic::schema(message, self.place()));
    }

    /// Tells a schema error of a member.
    pub(crate) fn refuse_field(&self, name: &str, message: impl Into<String>) {
        self.findings.tell(Diagnostic::schema(message, &self.place_of(name)));
    }

    pub(crate) fn tell(&self, found: Diagnostic) {
        self.findings.tell(found);
    }

    /// Tells which of the required members are missing; true if none is.
    pub(crate) fn require(&self, names: &[&str]) -> bool {
        let missing: Vec<&str> = names.iter().copied().filter(|name| !self.has(name)).collect();
        if !missing.is_empty() {
            self.refuse(format!("These fields are required: [{}]", missing.join(", ")));
        }
        missing.is_empty()
    }

    /// Tells which members do not belong here.
    pub(crate) fn only(&self, names: &[&str]) {
        for name in self.object.keys().filter(|name| !names.contains(&name.as_str())) {
            self.refuse(format!("Field '{name}' is not supported"));
        }
    }

    pub(crate) fn string(&self, name: &str) -> Option<String> {
        match self.get(name)? {
            Value::String(text) => Some(text.clone()),
            _ => {
                self.refuse_field(name, "Expected value of type [STRING]");
                None
            }
        }
    }

    pub(crate) fn object(&self, name: &str) -> Option<Fields<'a>> {
        match self.get(name)? {
            Value::Object(object) => Some(self.inside(object, &self.place_of(name))),
            _ => {
                self.refuse_field(name, "Expected value of type [OBJECT]");
                None
            }
        }
    }

    /// The objects of an array.
    pub(crate) fn objects(&self, name: &str) -> Vec<Fields<'a>> {
        let Some(value) = self.get(name) else { return Vec::new() };
        let Value::Array(items) = value else {
            self.refuse_field(name, "Expected value of type [ARRAY]");
            return Vec::new();
        };
        let mut found = Vec::new();
        for (number, item) in items.iter().enumerate() {
            let at = format!("{}[{number}]", self.place_of(name));
            match item {
                Value::Object(object) => {
                    found.push(self.inside(object, &at));
                }
                _ => self.findings.tell(Diagnostic::schema("Expected value of type [OBJECT]", &at)),
            }
        }
        found
    }

    /// Tells an array or an object that is empty and may not be.
    pub(crate) fn refuse_empty(&self, name: &str) {
        let empty = match self.get(name) {
            Some(Value::Array(items)) => items.is_empty(),
            Some(Value::Object(members)) => members.is_empty(),
            _ => false,
        };
        if empty {
            self.refuse_field(name, "Value cannot be empty");
        }
    }

    /// The texts of an array that may not be empty.
    pub(crate) fn strings(&self, name: &str) -> Vec<String> {
        let Some(value) = self.get(name) else { return Vec::new() };
        let texts: Option<Vec<String>> = value
            .as_array()
            .and_then(|items| items.iter().map(|item| item.as_str().map(str::to_owned)).collect());
        match texts {
            Some(texts) if texts.is_empty() => {
                self.refuse_field(name, "Value cannot be empty");
                texts
            }
            Some(texts) => texts,
            None => {
                self.refuse_field(name, "Expected value of type [ARRAY] of [STRING]");
                Vec::new()
            }
        }
    }

    /// A number in its range.
    pub(crate) fn number(&self, name: &str, range: Range) -> Option<f64> {
        let value = self.get(name)?;
        let Some(number) = value.as_f64() else {
            let kind = if range.whole { "INTEGER" } else { "NUMBER" };
            self.refuse_field(name, format!("Expected value of type [{kind}]"));
            return None;
        };
        if range.whole && number.fract() != 0.0 {
            self.refuse_field(name, "Expected value of type [INTEGER]");
        } else if number < range.min {
            self.refuse_field(name, format!("Minimum value is {}", range.min));
        } else if number > range.max {
            self.refuse_field(name, format!("Maximum value is {}", range.max));
        } else {
            return Some(number);
        }
        None
    }

    /// A number, its `...Path` form, or its JSONata form.
    pub(crate) fn amount(&self, name: &str, range: Range) -> Option<Amount> {
        let by_path = format!("{name}Path");
        if self.has(name) && self.has(&by_path) {
            self.refuse(format!("Only one of these fields can be set: [{name}, {by_path}]"));
            return None;
        }
        if self.has(&by_path) {
            return self.path(&by_path).map(Amount::Path);
        }
        match self.get(name)? {
            Value::String(text) if self.is_jsonata() && is_expression(text) => {
                self.jsonata(name).map(Amount::Jsonata)
            }
            _ => self.number(name, range).map(Amount::Fixed),
        }
    }

    /// A path that must be one.
    pub(crate) fn path(&self, name: &str) -> Option<PathField> {
        let text = self.string(name)?;
        match Path::parse(&text) {
            Ok(path) => Some(PathField { text, path }),
            Err(error) => {
                self.refuse_expression(name, &error);
                None
            }
        }
    }

    /// `InputPath` and its like: absent, null or a path.
    pub(crate) fn selection(&self, name: &str) -> Selection {
        match self.get(name) {
            None => Selection::All,
            Some(Value::Null) => Selection::Nothing,
            Some(_) => self.path(name).map_or(Selection::All, Selection::Path),
        }
    }

    /// `ResultPath`: absent, null or a reference path.
    pub(crate) fn placement(&self, name: &str) -> Placement {
        match self.get(name) {
            None => Placement::Whole,
            Some(Value::Null) => Placement::Discard,
            Some(_) => match self.string(name).map(|text| ReferencePath::parse(&text)) {
                Some(Ok(path)) => Placement::At(path),
                Some(Err(error)) => {
                    self.refuse_expression(name, &error);
                    Placement::Whole
                }
                None => Placement::Whole,
            },
        }
    }

    /// A payload in the state's language.
    pub(crate) fn payload(&self, name: &str) -> Option<Payload> {
        let value = self.get(name)?;
        if self.is_jsonata() {
            return self.jsonata(name).map(Payload::Jsonata);
        }
        for mistake in PayloadTemplate::check(value) {
            let place = format!("{}{}", self.place_of(name), mistake.location);
            self.findings.tell(Diagnostic::schema(mistake.message, &place));
        }
        PayloadTemplate::parse(value).ok().map(Payload::Paths)
    }

    /// A value with JSONata in it.
    pub(crate) fn jsonata(&self, name: &str) -> Option<Template> {
        let value = self.get(name)?;
        let place = if self.place_in_state("").starts_with("Catch[") {
            FieldPlace::Catcher
        } else {
            FieldPlace::State
        };
        for mistake in Template::check(&self.place_of(name), value, place) {
            self.findings.tell(Diagnostic::error(mistake.code, mistake.message, &mistake.location));
        }
        Template::parse(&self.place_in_state(name), value).ok()
    }

    /// A text, its `...Path` form, or its JSONata form.
    pub(crate) fn text(&self, name: &str) -> Option<Text> {
        let by_path = format!("{name}Path");
        if self.has(name) && self.has(&by_path) {
            self.refuse(format!("Only one of these fields can be set: [{name}, {by_path}]"));
            return None;
        }
        if self.has(&by_path) {
            let text = self.string(&by_path)?;
            return match Dynamic::parse(&by_path, &text) {
                Ok(dynamic) => Some(Text::Dynamic(dynamic)),
                Err(error) => {
                    self.refuse_expression(&by_path, &error);
                    None
                }
            };
        }
        let text = self.string(name)?;
        if self.is_jsonata() && is_expression(&text) {
            return self.jsonata(name).map(Text::Jsonata);
        }
        Some(Text::Fixed(text))
    }

    /// Tells why an expression of JSONPath mode is none.
    pub(crate) fn refuse_expression(&self, name: &str, error: &ExprError) {
        self.refuse_field(name, error.cause.clone());
    }
}

/// Whether a text is JSONata: AWS wants the marks at its very ends.
pub(crate) fn is_expression(text: &str) -> bool {
    text.len() >= 4 && text.starts_with("{%") && text.ends_with("%}")
}
