//! Why a rule matched or did not.

use std::fmt;

use serde_json::Value;

use crate::expr::{
    Scope,
    choice::{
        Node, Test,
        operator::{Operand, OperandKind, Operator, is_of},
    },
    json_text,
    jsonpath::Path,
};

/// Characters of a value that an explanation shows.
const SHOWN_MAX: usize = 120;

/// What a rule said, and what each of its comparisons said.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// Whether the rule matched; `None` where a path led nowhere, which ends the execution.
    pub matched: Option<bool>,
    /// The comparisons that were tried, in their order.
    pub tests: Vec<TestAnswer>,
}

/// One comparison and its answer.
#[derive(Clone, Debug)]
pub struct TestAnswer {
    /// How many And, Or and Not it stands in.
    pub depth: usize,
    /// The variable's path.
    pub variable: String,
    /// The comparison's name: `StringEquals`.
    pub operator: String,
    /// What was wanted; `None` where its path leads nowhere.
    pub expected: Option<Value>,
    /// What was there; `None` where the variable's path leads nowhere.
    pub seen: Option<Value>,
    /// Whether the comparison held.
    pub held: Option<bool>,
    /// What is likely to be wrong.
    pub hint: Option<String>,
    /// The smallest change of the input that would make it hold.
    pub change: Option<String>,
}

pub(super) fn explain(node: &Node, scope: &Scope<'_>) -> Explanation {
    let mut tests = Vec::new();
    let matched = visit(node, scope, 0, &mut tests);
    Explanation { matched, tests }
}

fn visit(node: &Node, scope: &Scope<'_>, depth: usize, tests: &mut Vec<TestAnswer>) -> Option<bool> {
    match node {
        Node::And(nodes) => {
            for node in nodes {
                if !visit(node, scope, depth + 1, tests)? {
                    return Some(false);
                }
            }
            Some(true)
        }
        Node::Or(nodes) => {
            for node in nodes {
                if visit(node, scope, depth + 1, tests)? {
                    return Some(true);
                }
            }
            Some(false)
        }
        Node::Not(node) => visit(node, scope, depth + 1, tests).map(|held| !held),
        Node::Test(test) => {
            let answer = answer(test, scope, depth);
            let held = answer.held;
            tests.push(answer);
            held
        }
    }
}

fn answer(test: &Test, scope: &Scope<'_>, depth: usize) -> TestAnswer {
    let seen = test.variable.find(scope).ok().map(std::borrow::Cow::into_owned);
    let expected = match &test.operand {
        Operand::Literal(value) => Some(value.clone()),
        Operand::Path(path) => path.find(scope).ok().map(std::borrow::Cow::into_owned),
    };
    let held = test.evaluate(scope).ok();
    let hint = if held == Some(true) { None } else { hint(test, scope, seen.as_ref(), expected.as_ref()) };
    let change = if held == Some(true) { None } else { change(test, expected.as_ref()) };
    TestAnswer {
        depth,
        variable: test.variable.to_string(),
        operator: test.operator.name(),
        expected,
        seen,
        held,
        hint,
        change,
    }
}

fn hint(test: &Test, scope: &Scope<'_>, seen: Option<&Value>, expected: Option<&Value>) -> Option<String> {
    let Some(seen) = seen else { return nearby(&test.variable, scope) };
    let Some(expected) = expected else {
        return match &test.operand {
            Operand::Path(path) => nearby(path, scope),
            Operand::Literal(_) => None,
        };
    };
    let wanted = test.operator.wanted();
    if !is_of(seen, wanted) {
        return Some(format!("it is a {}; {} wants a {}", kind(seen), test.operator.name(), wanted.name()));
    }
    if !is_of(expected, wanted) {
        return Some(format!(
            "what it is compared with is a {}; {} wants a {}",
            kind(expected),
            test.operator.name(),
            wanted.name()
        ));
    }
    let (Some(seen), Some(expected)) = (seen.as_str(), expected.as_str()) else { return None };
    if wanted != OperandKind::Text || seen == expected {
        return None;
    }
    if seen.to_lowercase() == expected.to_lowercase() {
        return Some("the case differs".to_owned());
    }
    if seen.trim() == expected.trim() {
        return Some("blanks around the text differ".to_owned());
    }
    None
}

/// A member whose name differs from the missing one in case only, or the names that are there.
fn nearby(path: &Path, scope: &Scope<'_>) -> Option<String> {
    let (parent, missing) = path.missing(scope)?;
    let Value::Object(members) = parent.as_ref() else {
        return Some(format!("`{missing}` is missing: what should hold it is a {}", kind(&parent)));
    };
    let same = members.keys().find(|name| name.to_lowercase() == missing.to_lowercase());
    Some(match same {
        Some(name) => format!("`{missing}` is missing; there is `{name}`: the same key in another case?"),
        None if members.is_empty() => format!("`{missing}` is missing: the object is empty"),
        None => {
            let names: Vec<&str> = members.keys().take(8).map(String::as_str).collect();
            format!("`{missing}` is missing; there are: {}", names.join(", "))
        }
    })
}

/// What the variable would have to be. Where an order is wanted the bound itself, or just beyond it, is the smallest change.
fn change(test: &Test, expected: Option<&Value>) -> Option<String> {
    let expected = expected?;
    let variable = &test.variable;
    let shown = shown(expected);
    Some(match (test.operator, expected.as_bool()) {
        (Operator::IsPresent, Some(true)) => format!("{variable} present"),
        (Operator::IsPresent, _) => format!("{variable} absent"),
        (Operator::IsNull, Some(true)) => format!("{variable} = null"),
        (
            Operator::IsBoolean
            | Operator::IsNull
            | Operator::IsNumeric
            | Operator::IsString
            | Operator::IsTimestamp,
            _,
        ) => {
            return None;
        }
        (Operator::TextMatches, _) => format!("{variable} = a text like {shown}"),
        (operator, _) => {
            let name = operator.name();
            if name.ends_with("Equals") {
                format!("{variable} = {shown}")
            } else if name.ends_with("GreaterThan") {
                format!("{variable} above {shown}")
            } else {
                format!("{variable} below {shown}")
            }
        }
    })
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn shown(value: &Value) -> String {
    let text = json_text(value);
    if text.chars().count() <= SHOWN_MAX {
        return text;
    }
    let start: String = text.chars().take(SHOWN_MAX).collect();
    format!("{start}...")
}

impl fmt::Display for TestAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.held {
            Some(true) => "yes",
            Some(false) => "no",
            None => "error",
        };
        write!(f, "{:indent$}{verdict}: {} {}", "", self.variable, self.operator, indent = self.depth * 2)?;
        match &self.expected {
            Some(expected) => write!(f, " {}", shown(expected))?,
            None => write!(f, " a path that leads nowhere")?,
        }
        match &self.seen {
            Some(seen) => write!(f, "; saw {}", shown(seen))?,
            None => write!(f, "; nothing there")?,
        }
        if let Some(hint) = &self.hint {
            write!(f, "; {hint}")?;
        }
        if let Some(change) = &self.change {
            write!(f, "; would hold with {change}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = self.tests.iter();
        if let Some(first) = lines.next() {
            write!(f, "{first}")?;
        }
        lines.try_for_each(|line| write!(f, "\n{line}"))
    }
}
