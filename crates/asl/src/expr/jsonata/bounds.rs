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

/// Compiles an expression whose ranges are bounded: the engine makes all items of `a..b` within one step, so each range is
/// written as a call of a function that looks at the ends first.
pub(super) fn bounded(text: &str) -> Result<Expression, Error> {
    let compiled = Expression::compile(text)?;
    let mut ranges = Vec::new();
    collect(&compiled.ast().root, &mut ranges);
    if ranges.is_empty() {
        return Ok(compiled);
    }
    let rewritten = rewrite(text, &ranges).unwrap_or_default();
    let bounded = Expression::compile(&rewritten);
    match bounded {
        Ok(bounded) if !has_range(&bounded.ast().root) => Ok(bounded),
        _ => {
            let message = "This range cannot be bounded: put its ends into variables, and write [$from..$to]";
            Err(Error::new("D3137").with("message", message))
        }
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

fn collect(node: &Node, ranges: &mut Vec<Range>) {
    node.walk(&mut |node| ranges.extend(as_range(node)));
}

fn has_range(node: &Node) -> bool {
    let mut ranges = Vec::new();
    collect(node, &mut ranges);
    !ranges.is_empty()
}

/// What is written at a place instead of the bytes up to `end`.
struct Edit {
    start: usize,
    end: usize,
    text: String,
}

fn rewrite(text: &str, ranges: &[Range]) -> Option<String> {
    let mut edits = Vec::with_capacity(ranges.len() * 3);
    for range in ranges {
        edits.push(Edit { start: range.start, end: range.start, text: format!("${RANGE}(") });
        edits.push(Edit { start: range.left_end, end: range.right_start, text: ",".to_owned() });
        edits.push(Edit { start: range.end, end: range.end, text: ")".to_owned() });
    }
    edits.sort_by_key(|edit| edit.start);
    let mut rewritten = String::with_capacity(text.len() + edits.len() * RANGE.len());
    let mut at = 0;
    for edit in &edits {
        rewritten.push_str(text.get(at..edit.start)?);
        rewritten.push_str(&edit.text);
        at = edit.end;
    }
    rewritten.push_str(text.get(at..)?);
    Some(rewritten)
}
