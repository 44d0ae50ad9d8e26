//! Every Rust file is reached by a `mod` line from where cargo starts.

use std::collections::BTreeSet;

use crate::tidy::finding::Finding;
use crate::tidy::tree::{Tree, is_crate_root};

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let roots = tree.rust().map(|(path, _)| path).filter(|path| is_crate_root(path));
    let reached: BTreeSet<String> = roots.flat_map(|root| tree.reached(root)).collect();
    let ours = tree.rust().filter(|(path, _)| path.starts_with("crates/") || path.starts_with("xtask/"));
    let dead = ours.filter(|(path, _)| !reached.contains(*path));
    dead.map(|(path, _)| {
        let right = "a `mod` line in its parent, or no file";
        Finding::fails(path, 1, "no `mod` line reaches this file, so nobody compiles it", right)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::tree::sample;

    #[test]
    fn a_file_that_nobody_declares_is_found() {
        let found = check(&sample(&[
            ("crates/a/src/lib.rs", "mod b;\n#[path = \"odd/name.rs\"]\nmod c;\n// mod dead;\n"),
            ("crates/a/src/b.rs", "mod d;\n"),
            ("crates/a/src/b/d.rs", ""),
            ("crates/a/src/odd/name.rs", ""),
            ("crates/a/src/dead.rs", ""),
            ("crates/a/tests/it/main.rs", "mod cases;\n"),
            ("crates/a/tests/it/cases.rs", ""),
            ("crates/a/tests/it/old.rs", ""),
        ]));
        let paths: Vec<&str> = found.iter().map(|f| f.path.as_str()).collect();
        assert_eq!(paths, ["crates/a/src/dead.rs", "crates/a/tests/it/old.rs"]);
    }
}
