//! Every test case that is a file says where its fact comes from (`source`) and why it is there (`why`).

use serde_json::Value;

use crate::tidy::finding::Finding;
use crate::tidy::tree::Tree;

/// What another tool writes or reads has that tool's form: a template, a plan, Terraform's configuration. A page beside it says
/// where the fact comes from.
fn is_foreign(path: &str) -> bool {
    path.contains("/tests/data/import/") || path.ends_with(".tf.json")
}

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let cases =
        tree.with_ending(&[".json"]).filter(|(path, _)| path.contains("/tests/data/") && !is_foreign(path));
    cases.flat_map(|(path, file)| in_case(path, &file.text)).collect()
}

fn in_case(path: &str, text: &str) -> Vec<Finding> {
    let parsed: Value = match serde_json::from_str(text) {
        Ok(parsed) => parsed,
        Err(error) => {
            let what = format!("no JSON: {error}");
            return vec![Finding::fails(path, error.line().max(1), what, "one JSON value a file")];
        }
    };
    // A file is one case or a list of cases.
    let cases = match &parsed {
        Value::Array(cases) => cases.iter().collect(),
        one => vec![one],
    };
    let mut findings = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        for key in ["source", "why"] {
            if case.get(key).and_then(Value::as_str).is_none_or(|text| text.trim().is_empty()) {
                let what = format!("case {} has no `{key}`", number + 1);
                let right = "`source`: where the fact comes from; `why`: what the case proves";
                findings.push(Finding::fails(path, 1, what, right));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::tree::sample;

    #[test]
    fn a_case_without_source_or_reason_is_found() {
        let found = check(&sample(&[
            ("crates/a/tests/data/x/good.json", r#"{"source": "docs", "why": "because"}"#),
            ("crates/a/tests/data/x/bare.json", r#"{"source": "docs", "why": " "}"#),
            ("crates/a/tests/data/x/list.json", r#"[{"source": "a", "why": "b"}, {}]"#),
            ("crates/a/tests/data/x/torn.json", "{"),
            ("crates/a/src/schema.json", "{}"),
            ("crates/a/tests/data/x/main.tf.json", "{}"),
            ("crates/a/tests/data/import/y/source.json", "{}"),
        ]));
        let names: Vec<&str> = found.iter().filter_map(|f| f.path.rsplit('/').next()).collect();
        assert_eq!(names, ["bare.json", "list.json", "list.json", "torn.json"]);
    }
}
