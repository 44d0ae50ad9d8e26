//! Every link and every path that the documents name leads to a file of the checkout.

use crate::tidy::finding::Finding;
use crate::tidy::tree::Tree;

/// A word in backticks that starts like this is a path of ours.
const OUR_FOLDERS: &[&str] = &["crates/", "xtask/", "docs/", "clients/", ".ci/"];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, file) in tree.with_ending(&[".md"]) {
        let mut fenced = false;
        for (number, line) in file.text.lines().enumerate() {
            fenced ^= line.trim_start().starts_with("```");
            if fenced {
                continue;
            }
            let linked = links(line).into_iter().map(|target| beside(path, target));
            let named = code_words(line).into_iter().filter_map(named_path);
            for target in linked.chain(named).filter(|target| !target.is_empty() && !tree.has(target)) {
                let right = "a path that exists in the checkout; a link is relative to its document";
                findings.push(Finding::fails(path, number + 1, format!("`{target}` does not exist"), right));
            }
        }
    }
    findings
}

/// The targets of `[text](target)` that are no web address and no anchor alone.
fn links(line: &str) -> Vec<&str> {
    let targets = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let targets = targets.map(|target| target.split(['#', ' ']).next().unwrap_or_default());
    targets.filter(|target| !target.contains("://") && !target.starts_with("mailto:")).collect()
}

/// The words between single backticks.
fn code_words(line: &str) -> Vec<&str> {
    line.split('`').skip(1).step_by(2).collect()
}

/// `crates/store/src/disk.rs:12` as the path; nothing where the word is a pattern or no path of ours.
fn named_path(word: &str) -> Option<String> {
    let plain = !word.contains(['*', '<', '{', ' ', '$', '…']);
    let ours = OUR_FOLDERS.iter().any(|folder| word.starts_with(folder));
    let path = word.split([':', '#']).next().unwrap_or_default();
    (plain && ours).then(|| path.trim_end_matches(['/', '.', ',']).to_owned())
}

/// A link's target as a path from the root.
fn beside(document: &str, target: &str) -> String {
    let folder = document.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    if target.is_empty() {
        return String::new();
    }
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::tree::sample;

    #[test]
    fn a_link_to_nothing_is_found() {
        let text = "[a](docs/a.md) [b](docs/none.md#x) [c](https://example.com/x) [d](#here) `crates/q/src/lib.rs:3`\n\
                    `crates/gone/src/lib.rs` `crates/*` `GET /x`\n```\n[e](nowhere.md)\n```\n";
        let found = check(&sample(&[
            ("README.md", text),
            ("docs/a.md", "[up](../README.md) [down](a/b.md)\n"),
            ("crates/q/src/lib.rs", ""),
        ]));
        let places: Vec<(&str, usize)> = found.iter().map(|f| (f.path.as_str(), f.line)).collect();
        assert_eq!(places, [("README.md", 1), ("README.md", 2), ("docs/a.md", 1)]);
    }
}
