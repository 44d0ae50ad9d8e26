//! An explanation for machines.

use serde_json::{Value, json};

use crate::explain::edit::Change;
use crate::explain::{Below, Branch, Explanation, FieldReport, Step};
use crate::pattern::Span;

impl Explanation {
    /// The explanation as JSON: the tree, the blamed fields' paths, and the edit.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let blamed: Vec<&str> = self.blamed().iter().map(|field| field.path.as_str()).collect();
        let edit = self.edit.as_ref().map(|edit| {
            let changes: Vec<Value> = edit.changes.iter().map(change).collect();
            json!({ "pattern": edit.pattern, "changes": changes })
        });
        let excluding: Vec<&str> = self.excluding().iter().map(|field| field.path.as_str()).collect();
        json!({
            "matched": self.matched, "blamed": blamed, "excluding": excluding, "tree": steps(&self.steps), "edit": edit,
        })
    }
}

fn steps(list: &[Step]) -> Value {
    let step = |step: &Step| {
        let (kind, below) = match &step.below {
            Below::Object(list) => ("object", steps(list)),
            Below::Or(branches) => ("or", branches.iter().map(branch).collect()),
            Below::Field(report) => ("field", field(report)),
        };
        json!({ "key": step.key, "matched": step.matched, kind: below })
    };
    list.iter().map(step).collect()
}

fn branch(branch: &Branch) -> Value {
    json!({ "matched": branch.matched, "closest": branch.closest, "tree": steps(&branch.steps) })
}

fn field(field: &FieldReport) -> Value {
    let leaves = field
        .leaves
        .iter()
        .map(|leaf| json!({ "matched": leaf.matched, "expected": leaf.expected, "at": span(leaf.span) }));
    let hints = field
        .hints
        .iter()
        .map(|hint| json!({ "kind": hint.kind.name(), "text": hint.text, "path": hint.path }));
    json!({
        "path": field.path,
        "matched": field.matched,
        "blamed": field.blamed,
        "overridden": field.overridden,
        "at": span(field.span),
        "leaves": leaves.collect::<Vec<_>>(),
        "found": field.found,
        "foundCount": field.found_count,
        "reason": field.reason,
        "hints": hints.collect::<Vec<_>>(),
    })
}

fn change(change: &Change) -> Value {
    json!({ "at": span(change.span), "old": change.old, "new": change.new })
}

fn span(span: Span) -> Value {
    json!({ "line": span.line, "column": span.column, "start": span.start, "end": span.end })
}
