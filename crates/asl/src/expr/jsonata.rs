//! JSONata (`{% $states.input.name %}`): texts that are expressions, anywhere in a value, and AWS's dialect of the language.

mod bounds;
mod check;
mod dialect;
mod watch;

use std::collections::BTreeSet;

use jlens_core::{
    Bindings, CancelToken, Error, Expression, Node as Syntax, NodeKind, Options,
    audit::{AuditOptions, explain},
};
use serde_json::{Map, Value};

pub use crate::expr::jsonata::check::{FieldPlace, JsonataMistake};
use crate::expr::{
    ExprError, Limits, Scope, check_nesting, json_text,
    jsonata::{
        bounds::bounded,
        dialect::Dialect,
        watch::{Watch, needs_watch},
    },
};

/// The error name of everything that goes wrong in an expression; Retry and Catch match it.
const QUERY_EVALUATION_ERROR: &str = "States.QueryEvaluationError";

/// A value with expressions in it, read.
#[derive(Clone, Debug)]
pub struct Template {
    node: Node,
    names: Names,
}

/// The names with a dollar in expressions.
#[derive(Clone, Debug, Default)]
struct Names {
    /// All of them; a variable may have the name of a function and takes its place then.
    all: BTreeSet<String>,
    /// Those that are variables of the execution: no function, and bound by no expression that has one.
    variables: BTreeSet<String>,
}

#[derive(Clone, Debug)]
enum Node {
    /// No expression in it.
    Literal(Value),
    Expression(Box<Query>),
    Object(Vec<Member>),
    Array(Vec<Node>),
}

#[derive(Clone, Debug)]
struct Member {
    key: String,
    node: Node,
}

/// One expression.
#[derive(Clone, Debug)]
struct Query {
    /// Its text, for AWS's sentences.
    text: String,
    /// Where in the state it stands: `Output/result[0]`.
    location: String,
    compiled: Expression,
    /// Whether it can build anything large.
    is_watched: bool,
}

/// What a field wants its expression to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A JSON array.
    Array,
    /// true or false.
    Boolean,
    /// A number.
    Number,
    /// A JSON object.
    Object,
    /// A text.
    String,
}

/// The text of an expression, where `text` is one: it starts with `{%` and ends with `%}`, with nothing around.
#[must_use]
pub fn expression_of(text: &str) -> Option<&str> {
    text.strip_prefix("{%").and_then(|rest| rest.strip_suffix("%}")).map(str::trim)
}

impl Template {
    /// Reads a value; `field` begins the locations that errors tell (`Output`, `Choices[0]/Condition`).
    ///
    /// # Errors
    /// The first expression that is none, in the words that AWS has for it at creation.
    pub fn parse(field: &str, value: &Value) -> Result<Self, ExprError> {
        let mut names = Names::default();
        let node = read(value, field, &mut names)?;
        Ok(Self { node, names })
    }

    /// All that AWS refuses at creation; `field` begins the locations.
    #[must_use]
    pub fn check(field: &str, value: &Value, place: FieldPlace) -> Vec<JsonataMistake> {
        check::check(field, value, place)
    }

    /// Whether the value is one expression.
    #[must_use]
    pub fn is_expression(&self) -> bool {
        matches!(self.node, Node::Expression(_))
    }

    /// The value with each expression's result in its place.
    ///
    /// # Errors
    /// `States.QueryEvaluationError` in AWS's words, with the location of the first expression that fails, that gives
    /// nothing, or that takes more than `limits`.
    pub fn evaluate(&self, scope: &Scope<'_>, limits: Limits) -> Result<Value, ExprError> {
        let run = Run {
            bindings: self.bindings(scope),
            options: options(scope, limits),
            has_distinct: scope.variables.contains_key("distinct"),
        };
        run.node(&self.node).and_then(check_nesting)
    }

    /// The same for a field that wants one kind of value; a value that is no expression has been checked at creation.
    ///
    /// # Errors
    /// Also "returned an unexpected result type. Expected 'array', but was 'number' for value: 1".
    pub fn evaluate_as(&self, kind: Kind, scope: &Scope<'_>, limits: Limits) -> Result<Value, ExprError> {
        let value = self.evaluate(scope, limits)?;
        match &self.node {
            Node::Expression(query) if !kind.takes(&value) => Err(query.fail(&format!(
                "returned an unexpected result type. Expected '{}', but was '{}' for value: {}",
                kind.name(),
                kind_name(&value),
                json_text(&value)
            ))),
            _ => Ok(value),
        }
    }

    /// Why an expression gave what it gave, a line each: comparisons with the values they saw, and the branches taken.
    #[must_use]
    pub fn explain(&self, scope: &Scope<'_>, limits: Limits) -> Vec<String> {
        let Node::Expression(query) = &self.node else { return Vec::new() };
        let bindings = self.bindings(scope);
        let (_, audit) = query.compiled.evaluate_audited(
            None,
            &bindings,
            &options(scope, limits),
            &AuditOptions::decisions(),
        );
        let explanation = explain(&audit);
        let mut lines = vec![format!("{} gave {}", query.text, explanation.result)];
        for line in explanation.lines {
            let verdict = match line.passed {
                Some(true) => "yes: ",
                Some(false) => "no: ",
                None => "",
            };
            lines.push(format!("{}{verdict}{}", "  ".repeat(line.depth + 1), line.text));
        }
        lines
    }

    /// The variables of the execution that it reads, sorted.
    #[must_use]
    pub fn variables(&self) -> Vec<String> {
        self.names.variables.iter().cloned().collect()
    }

    fn bindings(&self, scope: &Scope<'_>) -> Bindings {
        let mut bindings = Dialect::new(scope.seed).bind(Bindings::new());
        for name in &self.names.all {
            if let Some(value) = scope.variables.get(name) {
                bindings = bindings.var(name, value.clone());
            }
        }
        if self.names.all.contains("states") {
            bindings = bindings.var("states", states(scope));
        }
        bindings
    }
}

/// `$states`, with the members that this field may see.
fn states(scope: &Scope<'_>) -> Value {
    let mut states = Map::new();
    states.insert("input".to_owned(), scope.input.clone());
    states.insert("context".to_owned(), scope.context.clone());
    if let Some(result) = scope.result {
        states.insert("result".to_owned(), result.clone());
    }
    if let Some(error_output) = scope.error_output {
        states.insert("errorOutput".to_owned(), error_output.clone());
    }
    Value::Object(states)
}

fn options(scope: &Scope<'_>, limits: Limits) -> Options {
    Options::new()
        .max_steps(limits.steps_max)
        .max_depth(bounds::DEPTH_MAX)
        .max_array_length(bounds::ITEMS_MAX)
        .max_string_length(bounds::STRING_BYTES_MAX)
        .max_result_size(limits.result_bytes_max)
        .timeout(bounds::TIME_MAX)
        .now(i64::try_from(scope.now_ms).unwrap_or(i64::MAX))
        .seed(scope.seed)
}

fn read(value: &Value, location: &str, names: &mut Names) -> Result<Node, ExprError> {
    match value {
        Value::String(text) => match expression_of(text) {
            Some(expression) => {
                let query = Query::parse(expression, location)?;
                names.add(&query.compiled.ast().root);
                Ok(Node::Expression(Box::new(query)))
            }
            None => Ok(Node::Literal(value.clone())),
        },
        Value::Array(items) => {
            let mut nodes = Vec::with_capacity(items.len());
            for (index, item) in items.iter().enumerate() {
                nodes.push(read(item, &format!("{location}[{index}]"), names)?);
            }
            let is_literal = nodes.iter().all(|node| matches!(node, Node::Literal(_)));
            Ok(if is_literal { Node::Literal(value.clone()) } else { Node::Array(nodes) })
        }
        Value::Object(members) => {
            let mut read_members = Vec::with_capacity(members.len());
            for (key, member) in members {
                let node = read(member, &format!("{location}/{key}"), names)?;
                read_members.push(Member { key: key.clone(), node });
            }
            let is_literal = read_members.iter().all(|member| matches!(member.node, Node::Literal(_)));
            Ok(if is_literal { Node::Literal(value.clone()) } else { Node::Object(read_members) })
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(Node::Literal(value.clone())),
    }
}

/// One evaluation of a template.
struct Run {
    bindings: Bindings,
    options: Options,
    /// Whether a variable took the place of the function `$distinct`.
    has_distinct: bool,
}

impl Run {
    fn node(&self, node: &Node) -> Result<Value, ExprError> {
        match node {
            Node::Literal(value) => Ok(value.clone()),
            Node::Array(nodes) => nodes.iter().map(|node| self.node(node)).collect(),
            Node::Object(members) => members
                .iter()
                .map(|member| self.node(&member.node).map(|value| (member.key.clone(), value)))
                .collect::<Result<Map<String, Value>, ExprError>>()
                .map(Value::Object),
            Node::Expression(query) => self.query(query),
        }
    }

    fn query(&self, query: &Query) -> Result<Value, ExprError> {
        let unbounded = if self.has_distinct { bounds::with_ranges_bounded(&query.text).ok() } else { None };
        let compiled = unbounded.as_ref().unwrap_or(&query.compiled);
        if !query.is_watched
            && let Ok(Some(value)) = compiled.evaluate_with(None, &self.bindings, &self.options)
        {
            return Ok(value);
        }
        let stop = CancelToken::new();
        let mut watch = Watch::new(stop.clone());
        let options = self.options.clone().cancel_token(stop);
        match compiled.evaluate_traced(None, &self.bindings, &options, &mut watch) {
            Ok(Some(value)) => Ok(value),
            Ok(None) if watch.gave_function => Err(query.fail("returned an unsupported result type.")),
            Ok(None) => Err(query.fail("returned nothing (undefined).")),
            Err(error) => Err(query.fail(&format!("threw an error during evaluation{}", told(&error)))),
        }
    }
}

/// The end of AWS's sentence: an error of JSONata with its code, a limit without one.
fn told(error: &Error) -> String {
    match error.code() {
        "D1011" => ": Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive."
            .to_owned(),
        "D1012" | "U1006" => ": Expression evaluation timeout: Check for infinite loop".to_owned(),
        "U1001" | "U1003" => ": Expression evaluation memory limit exceeded: Check for excessive memory usage".to_owned(),
        code => format!(". {code}: {}", error.message()),
    }
}

impl Names {
    /// Adds the names of one expression.
    fn add(&mut self, root: &Syntax) {
        let mut read = BTreeSet::new();
        let mut bound = BTreeSet::from(["states"]);
        root.walk(&mut |node| {
            bound.extend(node.attrs.focus.as_deref());
            bound.extend(node.attrs.index.as_deref());
            match &node.kind {
                NodeKind::Variable { name } => {
                    read.insert(name.as_str());
                }
                NodeKind::Lambda(definition) => bound.extend(definition.params.iter().map(String::as_str)),
                NodeKind::Bind { lhs, .. } => {
                    if let NodeKind::Variable { name } = &lhs.kind {
                        bound.insert(name);
                    }
                }
                _ => {}
            }
        });
        self.all.extend(read.iter().map(|name| (*name).to_owned()));
        let variables =
            read.difference(&bound).filter(|name| !["", "$"].contains(*name) && !dialect::is_function(name));
        self.variables.extend(variables.map(|name| (*name).to_owned()));
    }
}

impl Query {
    fn parse(text: &str, location: &str) -> Result<Self, ExprError> {
        match bounded(text) {
            Ok(compiled) => {
                let is_watched = needs_watch(&compiled.ast().root);
                Ok(Self { text: text.to_owned(), location: location.to_owned(), compiled, is_watched })
            }
            Err(error) => Err(ExprError {
                error: QUERY_EVALUATION_ERROR.to_owned(),
                cause: error.message(),
                location: Some(location.to_owned()),
            }),
        }
    }

    fn fail(&self, what: &str) -> ExprError {
        ExprError {
            error: QUERY_EVALUATION_ERROR.to_owned(),
            cause: format!(
                "The JSONata expression '{}' specified for the field '{}' {what}",
                self.text, self.location
            ),
            location: Some(self.location.clone()),
        }
    }
}

impl Kind {
    fn takes(self, value: &Value) -> bool {
        match self {
            Self::Array => value.is_array(),
            Self::Boolean => value.is_boolean(),
            Self::Number => value.is_number(),
            Self::Object => value.is_object(),
            Self::String => value.is_string(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Array => "array",
            Self::Boolean => "boolean",
            Self::Number => "number",
            Self::Object => "object",
            Self::String => "string",
        }
    }
}

fn kind_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
