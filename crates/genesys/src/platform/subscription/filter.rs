//! `attributeFilter`: JSONata over the attributes of an event, bounded, with the place of each mistake.

use std::time::Duration;

use aws::Timestamp;
use jlens_core::ast::{BinaryOp, Stage};
use jlens_core::audit::{AuditNode, AuditOptions};
use jlens_core::{Bindings, Error, Expression, Node, NodeKind, Options};
use serde_json::Value;

/// Maximum length of a filter, in characters.
pub(crate) const LENGTH_MAX: usize = 4_096;
/// Limit of one evaluation: steps rather than time, so that a cut-off does not depend on the machine. A step is about
/// a microsecond, and a thousand steps of a regular expression count as one.
const STEPS_MAX: u64 = 2_000;
const DEPTH_MAX: usize = 200;
const STRING_BYTES_MAX: usize = 64 << 10;
const ITEMS_MAX: usize = 10_000;
/// Steps decide the outcome. This only stops an evaluation whose steps are long, such as those of a regular expression.
const TIME_MAX: Duration = Duration::from_millis(250);
/// Largest end of a range, and with it its length: the engine makes all items of a range within one step.
const RANGE_END_MAX: f64 = 10_000.0;
/// The same for a range that is made for each item of something, which multiplies its items by the number of steps.
const RANGE_END_PER_ITEM_MAX: f64 = 100.0;
/// "Evaluation exceeded the step limit", and the other limits.
const CUT_OFF: [&str; 5] = ["U1006", "D1011", "U1001", "U1002", "D1012"];

/// A compiled filter.
#[derive(Debug)]
pub(crate) struct Filter(Expression);

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// What is wrong and where, in a sentence.
    pub(crate) fn compile(source: &str) -> Result<Self, String> {
        let expression = Expression::compile(source).map_err(|error| describe(&error, source))?;
        match check_ranges(&expression.ast().root, Frequency::Once) {
            Ok(()) => Ok(Self(expression)),
            Err(mistake) => Err(mistake.sentence(source)),
        }
    }

    /// Whether the attributes pass: JSONata's `$boolean` of the result.
    ///
    /// # Errors
    /// The evaluation failed or exceeded a limit: a sentence.
    pub(crate) fn passes(&self, attributes: &Value, now: Timestamp) -> Result<bool, String> {
        self.evaluate(attributes, now).map_err(|error| describe(&error, self.0.source()))
    }

    /// Finds, on an example, what is wrong for every event: a call of something that is not a function.
    ///
    /// # Errors
    /// What is wrong and where.
    pub(crate) fn try_on(&self, attributes: &Value, now: Timestamp) -> Result<(), String> {
        match self.evaluate(attributes, now) {
            // T1005 and T1006: "Attempted to invoke a non-function".
            Err(error) if ["T1005", "T1006"].contains(&error.code()) => {
                Err(describe(&error, self.0.source()))
            }
            Err(_) | Ok(_) => Ok(()),
        }
    }

    /// As [`Filter::passes`], with the comparisons that were made on the way.
    pub(crate) fn audit(
        &self,
        attributes: &Value,
        now: Timestamp,
    ) -> (Result<bool, String>, Vec<Comparison>) {
        let audit = AuditOptions::decisions();
        let (result, tree) =
            self.0.evaluate_audited(Some(attributes), &Bindings::new(), &options(now), &audit);
        let mut comparisons = Vec::new();
        if let Some(root) = &tree.root {
            collect(root, &mut comparisons);
        }
        let passes = match result {
            Ok(value) => Ok(value.is_some_and(|value| is_true(&value))),
            Err(error) => Err(describe(&error, self.0.source())),
        };
        (passes, comparisons)
    }

    fn evaluate(&self, attributes: &Value, now: Timestamp) -> Result<bool, Error> {
        let result = self.0.evaluate_with(Some(attributes), &Bindings::new(), &options(now))?;
        Ok(result.is_some_and(|value| is_true(&value)))
    }
}

/// One comparison of a filter, or one call that decides, and how it fared.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Its text.
    pub source: String,
    /// What was on its left side; `None` where the attributes have nothing there.
    pub left: Option<Value>,
    /// On its right side.
    pub right: Option<Value>,
    /// Whether it has two sides: a call has none.
    pub has_sides: bool,
    /// Whether it holds.
    pub holds: bool,
}

/// Comparisons that are told of one evaluation.
const COMPARISONS_MAX: usize = 100;

/// The comparisons below a node; a call that gives true or false where nothing was compared within it.
fn collect(node: &AuditNode, found: &mut Vec<Comparison>) {
    let before = found.len();
    for child in &node.children {
        collect(child, found);
    }
    let Some(holds) = node.passed() else { return };
    let decides = node.operands.is_some() || (node.kind == "function" && found.len() == before);
    if !decides || found.len() >= COMPARISONS_MAX {
        return;
    }
    let [left, right] = node.operands.clone().unwrap_or_default();
    let has_sides = node.operands.is_some();
    found.push(Comparison { source: node.source.clone(), left, right, has_sides, holds });
}

fn options(now: Timestamp) -> Options {
    Options::new()
        .max_steps(STEPS_MAX)
        .timeout(TIME_MAX)
        .max_depth(DEPTH_MAX)
        .max_string_length(STRING_BYTES_MAX)
        .max_array_length(ITEMS_MAX)
        .max_result_size(STRING_BYTES_MAX)
        .now(i64::try_from(now.unix_ms()).unwrap_or(i64::MAX))
        .seed(0)
}

/// How often a part of an expression is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Frequency {
    Once,
    PerItem,
}

/// A range that may make more items than an evaluation can bound.
#[derive(Clone, Copy, Debug)]
struct RangeMistake {
    /// Where the range begins, in bytes.
    start: usize,
    end_max: f64,
}

impl RangeMistake {
    fn sentence(self, source: &str) -> String {
        let character = source.get(..self.start).map_or(0, |before| before.chars().count()) + 1;
        format!(
            "both ends of the range at character {character} must be numbers of at most {}, written out",
            self.end_max
        )
    }
}

/// Refuses ranges whose length is not known, or too large.
fn check_ranges(node: &Node, evaluated: Frequency) -> Result<(), RangeMistake> {
    if let NodeKind::Binary { op: BinaryOp::Range, lhs, rhs } = &node.kind {
        let end_max = if evaluated == Frequency::Once { RANGE_END_MAX } else { RANGE_END_PER_ITEM_MAX };
        let is_bounded = |end: &Node| literal(end).is_some_and(|value| value.abs() <= end_max);
        if !(is_bounded(lhs) && is_bounded(rhs)) {
            return Err(RangeMistake { start: lhs.span.start, end_max });
        }
    }
    let mut checked = Ok(());
    node.for_each_child(|child| {
        if checked.is_ok() {
            let evaluated = if is_per_item(node, child) { Frequency::PerItem } else { evaluated };
            checked = check_ranges(child, evaluated);
        }
    });
    checked
}

/// A number as it is written, a minus included.
fn literal(node: &Node) -> Option<f64> {
    match &node.kind {
        NodeKind::Number { value } => Some(*value),
        NodeKind::Negate { expr } => literal(expr).map(|value| -value),
        _ => None,
    }
}

/// Whether `child` may be evaluated more than once for one evaluation of `node`: a step of a path, a predicate, a group, what a
/// function does.
fn is_per_item(node: &Node, child: &Node) -> bool {
    match &node.kind {
        NodeKind::Path { steps, .. } => !steps.first().is_some_and(|first| std::ptr::eq(first, child)),
        NodeKind::Lambda(_) | NodeKind::Transform(_) | NodeKind::Sort { .. } => true,
        _ => {
            let is_filter =
                |stage: &Stage| matches!(stage, Stage::Filter { expr, .. } if std::ptr::eq(&**expr, child));
            let is_pair = |pair: &(Node, Node)| std::ptr::eq(&pair.0, child) || std::ptr::eq(&pair.1, child);
            let attrs = &node.attrs;
            attrs.stages.iter().chain(&attrs.predicate).any(is_filter)
                || attrs.group.as_ref().is_some_and(|group| group.pairs.iter().any(is_pair))
        }
    }
}

/// JSONata's `$boolean` (its documentation, "Boolean functions").
fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64().is_some_and(|number| number != 0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => items.iter().any(is_true),
        Value::Object(members) => !members.is_empty(),
    }
}

fn describe(error: &Error, source: &str) -> String {
    let message = error.message();
    let what = if CUT_OFF.contains(&error.code()) { "the evaluation was cut off: " } else { "" };
    let before = error.span().and_then(|span| source.get(..span.start));
    match before {
        Some(before) => {
            let character = before.chars().count() + 1;
            format!("{what}{message} (JSONata {}, at character {character})", error.code())
        }
        None => format!("{what}{message} (JSONata {})", error.code()),
    }
}
