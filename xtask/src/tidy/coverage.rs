//! `docs/coverage.md` lists the operations that the tables serve, all of them and no others.
//!
//! A table is a Rust item named `OPERATIONS`, with each operation's name in quotes; a row of the page starts with
//! the name in backticks. While the page or the tables are missing there is nothing to compare.

use std::collections::BTreeMap;

use crate::tidy::finding::Finding;
use crate::tidy::tree::Tree;

const PAGE: &str = "docs/coverage.md";

/// The table of operations that AWS does not have, which is no page of AWS's coverage.
const OURS: &str = "crates/server/src/door/own.rs";

/// A name and where it stands: path and line.
type Names = BTreeMap<String, (String, usize)>;

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(page) = tree.files.get(PAGE) else { return Vec::new() };
    let listed = listed(&page.text);
    let served = served(tree);
    if served.is_empty() {
        return Vec::new();
    }
    let missing = served.iter().filter(|(name, _)| !listed.contains_key(*name));
    let missing = missing.map(|(name, (path, line))| {
        Finding::fails(
            path,
            *line,
            format!("`{name}` is served and not in {PAGE}"),
            "a row for it in the page",
        )
    });
    let invented = listed.iter().filter(|(name, _)| !served.contains_key(*name));
    let invented = invented.map(|(name, (path, line))| {
        Finding::fails(path, *line, format!("`{name}` is listed and no table serves it"), "no row for it")
    });
    missing.chain(invented).collect()
}

/// Rows such as ``| `PutRule` | ... |``.
fn listed(page: &str) -> Names {
    let rows = page.lines().enumerate().filter_map(|(number, line)| {
        let name = line.trim().strip_prefix("| `")?.split('`').next()?;
        Some((name.to_owned(), (PAGE.to_owned(), number + 1)))
    });
    rows.filter(|(name, _)| is_operation(name)).collect()
}

/// The quoted operation names between `OPERATIONS` and the `];` that ends its table.
fn served(tree: &Tree) -> Names {
    let mut names = Names::new();
    let product = tree.rust().filter(|(path, file)| path.starts_with("crates/") && !file.is_test);
    for (path, file) in product.filter(|(path, _)| *path != OURS) {
        let mut in_table = false;
        for (number, line) in file.text.lines().enumerate() {
            in_table |= line.contains(" OPERATIONS:") && line.contains('=');
            let quoted = line.split('"').skip(1).step_by(2).filter(|word| in_table && is_operation(word));
            names.extend(quoted.map(|name| (name.to_owned(), (path.to_owned(), number + 1))));
            in_table &= !line.trim_end().ends_with("];");
        }
    }
    names
}

fn is_operation(word: &str) -> bool {
    word.chars().next().is_some_and(|c| c.is_ascii_uppercase())
        && word.chars().all(|c| c.is_ascii_alphanumeric())
        && word.chars().any(|c| c.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::tree::sample;

    #[test]
    fn a_page_that_disagrees_with_a_table_is_found() {
        let table = "pub const OPERATIONS: &[Operation] = &[\n    op(\"PutRule\"),\n    op(\"ListRules\"),\n];\n\
                     const OTHER: &str = \"NotThis\";\n";
        let page = "| Operation | State |\n| `PutRule` | served |\n| `StartReplay` | served |\n";
        let ours = "pub(crate) const OPERATIONS: &[Operation] = &[op(\"GetCounts\")];\n";
        let found = check(&sample(&[
            ("crates/events/src/ops.rs", table),
            ("crates/server/src/door/own.rs", ours),
            ("docs/coverage.md", page),
        ]));
        let places: Vec<(&str, usize)> = found.iter().map(|f| (f.path.as_str(), f.line)).collect();
        assert_eq!(places, [("crates/events/src/ops.rs", 3), ("docs/coverage.md", 3)]);
    }
}
