//! The first line of every file says what the file is.

use crate::tidy::finding::Finding;
use crate::tidy::tree::Tree;

/// What a caption starts with, by the ending of the file.
const CAPTIONS: &[(&str, &str)] = &[
    (".rs", "//! "),
    (".toml", "# "),
    (".sh", "# "),
    (".py", "# "),
    (".yaml", "# "),
    (".yml", "# "),
    (".mjs", "// "),
    ("justfile", "# "),
    (".ci/run", "# "),
];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, file) in &tree.files {
        let Some((_, caption)) = CAPTIONS.iter().find(|(ending, _)| path.ends_with(ending)) else { continue };
        let mut lines = file.text.lines().enumerate().skip_while(|(_, line)| line.starts_with("#!/"));
        let (number, first) = lines.next().unwrap_or_default();
        if first.strip_prefix(caption).is_none_or(|words| words.trim().len() <= 3) {
            let right = format!("`{caption}` and what the file is, in one line");
            findings.push(Finding::fails(path, number + 1, "the first line is no caption", right));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::tree::sample;

    #[test]
    fn a_file_without_caption_is_found() {
        let found = check(&sample(&[
            ("a.rs", "use x;\n"),
            ("b.rs", ""),
            ("c.toml", "[package]\n"),
            ("d.sh", "#!/bin/sh\nset -e\n"),
            ("good.rs", "//! The queue.\n"),
            ("good.sh", "#!/bin/sh\n# Starts it.\n"),
        ]));
        let places: Vec<(&str, usize)> = found.iter().map(|f| (f.path.as_str(), f.line)).collect();
        assert_eq!(places, [("a.rs", 1), ("b.rs", 1), ("c.toml", 1), ("d.sh", 2)]);
    }
}
