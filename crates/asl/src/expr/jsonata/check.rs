//! What AWS refuses of expressions when a state machine is created (floci-io/floci#2670, #2745: measured in us-east-1).

use std::collections::HashSet;

use jlens_core::{Expression, Node, NodeKind};
use serde_json::Value;

use crate::expr::jsonata::{bounds::bounded, expression_of};

/// A mistake in an expression, as a diagnostic of AWS says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonataMistake {
    /// `INVALID_JSONATA_EXPRESSION` or `UNSUPPORTED_JSONATA_EXPRESSION`.
    pub code: &'static str,
    /// AWS's message.
    pub message: String,
    /// Where the expression stands: `Output/a[0]`.
    pub location: String,
}

/// Where a field stands, which decides what `$states` has there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldPlace {
    /// A field of a state.
    State,
    /// A catcher, where `$states.errorOutput` is.
    Catcher,
}

pub(super) fn check(field: &str, value: &Value, place: FieldPlace) -> Vec<JsonataMistake> {
    let mut mistakes = Vec::new();
    visit(value, field, place, &mut mistakes);
    mistakes
}

fn visit(value: &Value, location: &str, place: FieldPlace, mistakes: &mut Vec<JsonataMistake>) {
    match value {
        Value::String(text) => {
            if let Some(expression) = expression_of(text) {
                examine(expression, location, place, mistakes);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                visit(item, &format!("{location}[{index}]"), place, mistakes);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                visit(member, &format!("{location}/{key}"), place, mistakes);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn examine(expression: &str, location: &str, place: FieldPlace, mistakes: &mut Vec<JsonataMistake>) {
    let compiled =
        match Expression::compile(expression).and_then(|compiled| bounded(expression).map(|_| compiled)) {
            Ok(compiled) => compiled,
            Err(error) => {
                mistakes.push(JsonataMistake {
                    code: "INVALID_JSONATA_EXPRESSION",
                    message: error.message(),
                    location: location.to_owned(),
                });
                return;
            }
        };
    let root = &compiled.ast().root;
    let mut messages = Vec::new();
    let mut names = Vec::new();
    top_level(root, &mut names);
    messages
        .extend(names.iter().map(|name| format!("Reference to '{name}' at the top level is not supported.")));
    root.walk(&mut |node| {
        if matches!(&node.kind, NodeKind::Variable { name } if name == "$") {
            messages.push("Reference to '$$' is not supported.".to_owned());
        }
        if place == FieldPlace::State && reads_error_output(node) {
            messages.push("Field '$states.errorOutput' does not exist.".to_owned());
        }
    });
    let mut seen = HashSet::new();
    messages.retain(|message| seen.insert(message.clone()));
    mistakes.extend(messages.into_iter().map(|message| JsonataMistake {
        code: "UNSUPPORTED_JSONATA_EXPRESSION",
        message,
        location: location.to_owned(),
    }));
}

fn reads_error_output(node: &Node) -> bool {
    let NodeKind::Path { steps, .. } = &node.kind else { return false };
    let [first, second, ..] = steps.as_slice() else { return false };
    matches!(&first.kind, NodeKind::Variable { name } if name == "states")
        && matches!(&second.kind, NodeKind::Name { name } if name == "errorOutput")
}

/// The names that are read where there is no context: every name there would be undefined.
fn top_level(node: &Node, names: &mut Vec<String>) {
    match &node.kind {
        NodeKind::Name { name } => names.push(name.clone()),
        NodeKind::Wildcard => names.push("*".to_owned()),
        NodeKind::Descendant => names.push("**".to_owned()),
        NodeKind::Variable { name } if name.is_empty() => names.push("$".to_owned()),
        // Behind the first step there is a context.
        NodeKind::Path { steps, .. } => {
            if let Some(first) = steps.first() {
                top_level(first, names);
            }
        }
        // A function's body keeps the context of the place where it is written.
        NodeKind::Lambda(definition) => top_level(&definition.body, names),
        _ => own_children(node, names),
    }
}

/// The parts of a node that are evaluated in its own context; filters and groups are not.
fn own_children(node: &Node, names: &mut Vec<String>) {
    match &node.kind {
        NodeKind::Binary { lhs, rhs, .. }
        | NodeKind::Fallback { lhs, rhs, .. }
        | NodeKind::Apply { lhs, rhs } => {
            top_level(lhs, names);
            top_level(rhs, names);
        }
        NodeKind::Bind { rhs, .. } => top_level(rhs, names),
        NodeKind::Negate { expr } => top_level(expr, names),
        NodeKind::Array { items } => items.iter().for_each(|item| top_level(item, names)),
        NodeKind::Object { pairs } => pairs.iter().for_each(|(key, value)| {
            top_level(key, names);
            top_level(value, names);
        }),
        NodeKind::Condition { condition, then, otherwise } => {
            top_level(condition, names);
            top_level(then, names);
            otherwise.iter().for_each(|node| top_level(node, names));
        }
        NodeKind::Block { exprs, .. } => exprs.iter().for_each(|node| top_level(node, names)),
        NodeKind::Function { procedure, args } | NodeKind::Partial { procedure, args } => {
            top_level(procedure, names);
            args.iter().for_each(|node| top_level(node, names));
        }
        _ => {}
    }
}
