//! Every table of the store has a number of its own, and a row in docs/format.md.

use std::collections::BTreeMap;

use crate::tidy::finding::Finding;
use crate::tidy::tree::Tree;

const FORMAT: &str = "docs/format.md";
const DECLARED: &str = "Table::new(";

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let format = tree.files.get(FORMAT).map(|file| file.text.as_str()).unwrap_or_default();
    let mut declared: BTreeMap<u8, Vec<(&str, usize)>> = BTreeMap::new();
    for (path, file) in tree
        .rust()
        .filter(|(path, file)| path.starts_with("crates/") && path.contains("/src/") && !file.is_test)
    {
        for (at, _) in file.text.match_indices(DECLARED) {
            let (before, after) = file.text.split_at(at);
            let argument = after.trim_start_matches(DECLARED).split([',', ')']).next().unwrap_or_default();
            if let Ok(number) = argument.trim().parse() {
                declared.entry(number).or_default().push((path, before.matches('\n').count() + 1));
            }
        }
    }
    let mut found = Vec::new();
    for (number, places) in &declared {
        if let [(first, _), others @ ..] = places.as_slice() {
            found.extend(others.iter().map(|(path, line)| {
                let what = format!("table {number} is declared here and in {first}");
                Finding::fails(path, *line, what, "take a number that no other table has")
            }));
        }
        if let Some((path, line)) = places.first().filter(|_| !format.contains(&format!("\n| {number} | "))) {
            let what = format!("table {number} has no row in {FORMAT}");
            found.push(Finding::fails(path, *line, what, "say there what its keys and values are"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::tree::sample;

    #[test]
    fn a_number_given_twice_and_a_missing_row_are_found() {
        let found = check(&sample(&[
            ("docs/format.md", "\n| 7 | a | - | - |\n| 8 | b | - | - |\n"),
            ("crates/queue/src/a.rs", "const A: Table<u64, u64> = Table::new(7, \"a\");\n"),
            ("crates/events/src/b.rs", "\nconst B: Table<u64, u64> = Table::new(\n    7,\n    \"b\",\n);\n"),
            ("crates/logs/src/c.rs", "const C: Table<u64, u64> = Table::new(8, \"c\");\n"),
            ("crates/logs/src/d.rs", "const D: Table<u64, u64> = Table::new(9, \"d\");\n"),
            ("crates/store/tests/it/e.rs", "const E: Table<u64, u64> = Table::new(8, \"e\");\n"),
        ]));
        let told: Vec<String> = found.iter().map(|f| format!("{}:{} {}", f.path, f.line, f.what)).collect();
        let wanted = [
            "crates/queue/src/a.rs:1 table 7 is declared here and in crates/events/src/b.rs",
            "crates/logs/src/d.rs:1 table 9 has no row in docs/format.md",
        ];
        assert_eq!(told, wanted);
    }
}
