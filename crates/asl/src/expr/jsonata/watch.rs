//! What an evaluation builds, counted while it runs: the engine bounds each value, this bounds all of them together.

use jlens_core::{
    CancelToken, Node, NodeKind,
    ast::BinaryOp,
    audit::{CaptureLimits, Outcome, Tracer, ValueRef},
};
use serde_json::Value;

/// Bytes of all arrays, objects and texts that one evaluation builds; a value that is handed on counts at each call.
const BUILT_BYTES_MAX: usize = 256 << 20;
/// What an item of an array takes, and a member of an object with its name.
const ITEM_BYTES: usize = 24;
const MEMBER_BYTES: usize = 64;

/// Stops an evaluation that builds too much, and sees how it ends.
#[derive(Debug)]
pub(super) struct Watch {
    stop: CancelToken,
    left: usize,
    /// Whether the result was a function, which comes out as nothing.
    pub(super) gave_function: bool,
}

impl Watch {
    /// A watch that cancels `stop`.
    pub(super) fn new(stop: CancelToken) -> Self {
        Self { stop, left: BUILT_BYTES_MAX, gave_function: false }
    }
}

impl Tracer for Watch {
    fn exit(&mut self, node: &Node, outcome: Outcome<'_>) {
        let Outcome::Value(value) = outcome else { return };
        if !builds(&node.kind) {
            return;
        }
        let size = size(value);
        if size > self.left {
            self.stop.cancel();
        }
        self.left = self.left.saturating_sub(size);
    }

    fn end(&mut self, outcome: Outcome<'_>) {
        self.gave_function = matches!(outcome, Outcome::Value(value) if value.type_name() == "function");
    }
}

/// Whether an expression can build anything large: one that only looks and compares cannot, and needs no watch.
pub(super) fn needs_watch(root: &Node) -> bool {
    let mut needs = false;
    root.walk(&mut |node| needs |= builds(&node.kind) && !matches!(node.kind, NodeKind::Path { .. }));
    needs
}

/// Whether a node makes a value of its own; the others hand one on.
fn builds(kind: &NodeKind) -> bool {
    match kind {
        NodeKind::Function { .. }
        | NodeKind::Apply { .. }
        | NodeKind::Array { .. }
        | NodeKind::Object { .. }
        | NodeKind::Path { .. }
        | NodeKind::Descendant => true,
        NodeKind::Binary { op, .. } => matches!(op, BinaryOp::Concat | BinaryOp::Range),
        _ => false,
    }
}

/// About how many bytes a value takes, without what it shares with others.
fn size(value: ValueRef<'_>) -> usize {
    // Nothing of a collection is shown, only how much was left out: "… 12 more".
    let limits =
        CaptureLimits { max_items: 0, max_string: usize::MAX, max_depth: 1, ..CaptureLimits::default() };
    let each = match value.type_name() {
        "array" => ITEM_BYTES,
        "object" => MEMBER_BYTES,
        "string" => 1,
        _ => return 0,
    };
    match value.capture(&limits) {
        Some(Value::String(text)) => text.len(),
        Some(Value::Array(items)) => items.first().and_then(left_out).unwrap_or(0).saturating_mul(each),
        Some(Value::Object(members)) => {
            members.values().next().and_then(left_out).unwrap_or(0).saturating_mul(each)
        }
        _ => 0,
    }
}

fn left_out(shown: &Value) -> Option<usize> {
    shown.as_str()?.split_whitespace().find_map(|word| word.parse().ok())
}
