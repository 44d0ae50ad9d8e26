//! A file has one subject: above 600 lines it is told, above 800 it is refused.

use crate::tidy::finding::Finding;
use crate::tidy::tree::Tree;

const LINES_TOLD: usize = 600;
const LINES_MAX: usize = 800;

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, file) in tree.with_ending(&[".rs", ".py", ".mjs", ".sh"]) {
        let lines = file.text.lines().count();
        if lines <= LINES_TOLD {
            continue;
        }
        let right = format!("about {LINES_TOLD} lines and one subject a file, never more than {LINES_MAX}");
        let finding = Finding::fails(path, lines, format!("{lines} lines"), right);
        findings.push(if lines > LINES_MAX { finding } else { finding.into_warning() });
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::finding::Weight;
    use crate::tidy::tree::sample;

    #[test]
    fn a_long_file_is_told_and_a_longer_one_refused() {
        let (long, longer) = ("x\n".repeat(601), "x\n".repeat(801));
        let found = check(&sample(&[("a.rs", "x\n"), ("b.rs", &long), ("c.rs", &longer)]));
        let weights: Vec<(&str, Weight)> = found.iter().map(|f| (f.path.as_str(), f.weight)).collect();
        assert_eq!(weights, [("b.rs", Weight::Warns), ("c.rs", Weight::Fails)]);
    }
}
