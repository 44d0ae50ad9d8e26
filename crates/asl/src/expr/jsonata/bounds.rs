//! What keeps an expression from running away: limits of the engine, and ranges (`[1..$n]`) that count what they make.

use std::time::Duration;

use jlens_core::{Error, Expression, Node, NodeKind, ast::BinaryOp};

/// AWS accepts an evaluation at depth 100 and refuses one at 101 (floci-io/floci#2737, measured in us-east-1).
pub(super) const DEPTH_MAX: usize = 100;
/// Items of one array that an expression builds. AWS's own bound is of memory, at 873,782 numbers; the engine compares
/// every pair of items in `$distinct` without a pause, so that many would hold the thread for minutes.
pub(super) const ITEMS_MAX: usize = 50_000;
/// Items of all ranges of one evaluation.
pub(super) const RANGES_ITEMS_MAX: u64 = 1_000_000;
/// Bytes of one text that an expression builds (AWS: between 4 and 8 million characters).
pub(super) const STRING_BYTES_MAX: usize = 4 << 20;
/// Steps decide the outcome; this only stops what makes a step long.
pub(super) const TIME_MAX: Duration = Duration::from_secs(5);
/// The function that `a..b` is written as.
pub(super) const RANGE: &str = "_bounded_range";
/// A range between literals that is no longer stays as it is.
const LITERAL_RANGE_MAX: f64 = 1_000.0;

/// Items that `$distinct` compares, each with every other one before it, without a pause.
const DISTINCT_ITEMS_MAX: usize = 2_000;
/// The function that `$distinct` is written as.
pub(super) const DISTINCT: &str = "_bounded_distinct";

/// Compiles an expression in the language of AWS, JSONata 2.0.6, with bounds where the engine has none:
///
/// - it makes all items of `a..b` within one step, so each range is written as a call of a function that looks at its ends;
/// - `$distinct` takes the square of its items within one step, so it is written as a function that counts them first.
pub(super) fn bounded(text: &str) -> Result<Expression, Error> {
    let compiled = with_ranges_bounded(text)?;
    let text = compiled.source();
    let mut edits = Vec::new();
    distinct_edits(&compiled.ast().root, text, &mut edits);
    if edits.is_empty() {
        return Ok(compiled);
    }
    rewrite(text, edits).and_then(|rewritten| Expression::compile(&rewritten).ok()).ok_or_else(unboundable)
}

/// The first of both alone, for where `$distinct` is a variable.
pub(super) fn with_ranges_bounded(text: &str) -> Result<Expression, Error> {
    let compiled = Expression::compile(text)?;
    let root = &compiled.ast().root;
    refuse_newer(root)?;
    let mut edits = Vec::new();
    range_edits(root, &mut edits);
    if edits.is_empty() {
        return Ok(compiled);
    }
    let bounded = rewrite(text, edits).and_then(|rewritten| Expression::compile(&rewritten).ok());
    bounded.filter(|bounded| !has_range(&bounded.ast().root)).ok_or_else(unboundable)
}

fn unboundable() -> Error {
    Error::new("D3137")
        .with("message", "This expression cannot be bounded: put the ends of its ranges into variables")
}

/// `??` and `?:` came with JSONata 2.1; to 2.0.6 the second character is a syntax error.
fn refuse_newer(root: &Node) -> Result<(), Error> {
    let mut newer = None;
    root.walk(&mut |node| {
        if let NodeKind::Fallback { op, .. } = &node.kind {
            newer = Some(op.symbol());
        }
    });
    match newer.and_then(|symbol| symbol.get(1..)) {
        Some(token) => Err(Error::new("S0211").with("token", token)),
        None => Ok(()),
    }
}

/// Where a range's ends stand in the text, in bytes.
#[derive(Clone, Copy, Debug)]
struct Range {
    start: usize,
    left_end: usize,
    right_start: usize,
    end: usize,
}

fn as_range(node: &Node) -> Option<Range> {
    let NodeKind::Binary { op: BinaryOp::Range, lhs, rhs } = &node.kind else { return None };
    if let (NodeKind::Number { value: from }, NodeKind::Number { value: to }) = (&lhs.kind, &rhs.kind)
        && to - from < LITERAL_RANGE_MAX
    {
        return None;
    }
    Some(Range {
        start: lhs.span.start,
        left_end: lhs.span.end,
        right_start: rhs.span.start,
        end: rhs.span.end,
    })
}

fn has_range(root: &Node) -> bool {
    let mut edits = Vec::new();
    range_edits(root, &mut edits);
    !edits.is_empty()
}

/// What is written at a place instead of the bytes up to `end`.
struct Edit {
    start: usize,
    end: usize,
    text: String,
}

fn range_edits(root: &Node, edits: &mut Vec<Edit>) {
    root.walk(&mut |node| {
        if let Some(range) = as_range(node) {
            edits.push(Edit { start: range.start, end: range.start, text: format!("${RANGE}(") });
            edits.push(Edit { start: range.left_end, end: range.right_start, text: ",".to_owned() });
            edits.push(Edit { start: range.end, end: range.end, text: ")".to_owned() });
        }
    });
}

/// A lambda, and not a host function: it keeps the difference between a sequence and an array.
fn distinct_edits(root: &Node, text: &str, edits: &mut Vec<Edit>) {
    let mut names = Vec::new();
    let mut is_parameter = false;
    root.walk(&mut |node| match &node.kind {
        NodeKind::Variable { name } if name == "distinct" => {
            names.push(Edit { start: node.span.start, end: node.span.end, text: format!("${DISTINCT}") });
        }
        NodeKind::Lambda(definition) => {
            is_parameter |= definition.params.iter().any(|name| name == "distinct")
        }
        _ => {}
    });
    if names.is_empty() || is_parameter {
        return;
    }
    let too_many = format!("${RANGE}(1, {})", RANGES_ITEMS_MAX + 1);
    let function = format!(
        "(${DISTINCT} := function($_){{$count($_) > {DISTINCT_ITEMS_MAX} ? {too_many} : $distinct($_)}};"
    );
    edits.insert(0, Edit { start: 0, end: 0, text: function });
    edits.extend(names);
    edits.push(Edit { start: text.len(), end: text.len(), text: ")".to_owned() });
}

/// The text with the edits; those at one place stay in their order.
fn rewrite(text: &str, mut edits: Vec<Edit>) -> Option<String> {
    edits.sort_by_key(|edit| edit.start);
    let mut rewritten = String::with_capacity(text.len() + edits.len() * 2 * RANGE.len());
    let mut at = 0;
    for edit in &edits {
        rewritten.push_str(text.get(at..edit.start)?);
        rewritten.push_str(&edit.text);
        at = edit.end;
    }
    rewritten.push_str(text.get(at..)?);
    Some(rewritten)
}
