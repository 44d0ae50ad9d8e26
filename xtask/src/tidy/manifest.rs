//! The dependency lines of a Cargo manifest, as far as the arrows need them.

/// One line under `[dependencies]` or its sisters.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Dependency {
    /// The package, also where the line renames it.
    pub(crate) name: String,
    /// Counted from 1.
    pub(crate) line: usize,
    pub(crate) dev: bool,
}

/// Reads `[dependencies]`, `[dev-dependencies]`, `[build-dependencies]`, the same per target, and `[dependencies.x]`.
pub(crate) fn dependencies(text: &str) -> Vec<Dependency> {
    let mut out: Vec<Dependency> = Vec::new();
    let mut section = "";
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[') {
            section = header.trim_end_matches(']');
            let tables = [("dev-dependencies.", true), ("dependencies.", false)];
            let named = tables.iter().find_map(|(prefix, dev)| Some((section.strip_prefix(prefix)?, *dev)));
            out.extend(named.map(|(name, dev)| Dependency { name: name.to_owned(), line: number + 1, dev }));
            continue;
        }
        let listed = section.ends_with("dependencies") && !section.starts_with("workspace");
        if !listed || line.is_empty() || line.starts_with('#') {
            continue;
        }
        let key = line.split(['=', '.', ' ']).next().unwrap_or_default().trim_matches('"');
        let renamed = line.split_once("package = \"").and_then(|(_, rest)| rest.split('"').next());
        let name = renamed.unwrap_or(key).to_owned();
        out.push(Dependency { name, line: number + 1, dev: section.ends_with("dev-dependencies") });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Dependency, dependencies};

    #[test]
    fn every_way_to_write_a_dependency_is_read() {
        let text = "[package]\nname = \"a\"\n[dependencies]\n# why\nqueue.workspace = true\nq = { package = \"store\" }\n\
                    [dev-dependencies]\naws = \"1\"\n[dependencies.events]\npath = \"../events\"\n";
        let dep = |name: &str, line, dev| Dependency { name: name.to_owned(), line, dev };
        let wanted =
            [dep("queue", 5, false), dep("store", 6, false), dep("aws", 8, true), dep("events", 9, false)];
        assert_eq!(dependencies(text), wanted);
    }
}
