//! Clock, randomness, sockets and files: each only in the rooms that own it.

use crate::tidy::finding::Finding;
use crate::tidy::tree::{File, Tree};

/// One thing of the world outside, the paths that reach it, and where they may stand.
#[derive(Debug)]
pub(crate) struct Outside {
    pub(crate) what: &'static str,
    pub(crate) right: &'static str,
    /// Runs of whole segments, such as `SystemTime::now`.
    pub(crate) paths: &'static [&'static str],
    /// Whether product code in the file at this path may use it. Test code may use everything.
    pub(crate) may: fn(&str) -> bool,
}

/// Every use of `outside` where it does not belong.
pub(crate) fn check(tree: &Tree, outside: &Outside) -> Vec<Finding> {
    let ours = |path: &str| is_in(path, &["crates/", "xtask/"]) && path.contains("/src/");
    let product = tree.rust().filter(|(path, file)| ours(path) && !file.is_test);
    product
        .filter(|(path, _)| !(outside.may)(path))
        .flat_map(|(path, file)| in_file(outside, path, file))
        .collect()
}

fn in_file(outside: &Outside, path: &str, file: &File) -> Vec<Finding> {
    let used = file.code.paths.iter().filter(|used| !used.in_test);
    let wrong = used.filter(|used| outside.paths.iter().any(|wanted| used.names(wanted)));
    let mut findings: Vec<Finding> = wrong
        .map(|used| {
            let what = format!("{} here: `{}`", outside.what, used.segments.join("::"));
            Finding::fails(path, used.line, what, outside.right)
        })
        .collect();
    findings.dedup();
    findings
}

/// Whether `path` lies in one of these folders or is one of these files.
pub(crate) fn is_in(path: &str, places: &[&str]) -> bool {
    places.iter().any(|place| path == *place || (place.ends_with('/') && path.starts_with(place)))
}
