//! No circle of crates, not even through dev-dependencies.

use crate::tidy::finding::Finding;
use crate::tidy::graph::{self, Arrows};
use crate::tidy::manifest;
use crate::tidy::tree::Tree;

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let crates = tree.crates();
    let mut arrows = Arrows::new();
    for (name, folder) in &crates {
        let Some(file) = tree.files.get(&format!("{folder}/Cargo.toml")) else { continue };
        let ours = manifest::dependencies(&file.text).into_iter().map(|line| line.name);
        // A crate may list itself under dev-dependencies to switch a feature on.
        let ours = ours.filter(|to| to != name && crates.iter().any(|(known, _)| known == to));
        arrows.entry(name.clone()).or_default().extend(ours);
    }
    graph::circles(&arrows).into_iter().map(|circle| finding(&crates, &circle)).collect()
}

fn finding(crates: &[(String, String)], circle: &[String]) -> Finding {
    let folder =
        crates.iter().find(|(name, _)| Some(name) == circle.first()).map_or("", |(_, folder)| folder);
    let what = format!("crates import each other in a circle: {}", circle.join(" -> "));
    let right = "move what both need to a room below both";
    Finding::fails(&format!("{folder}/Cargo.toml"), 1, what, right)
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::tree::sample;

    #[test]
    fn a_circle_through_a_dev_dependency_is_found() {
        let down = ("crates/queue/Cargo.toml", "[dependencies]\nstore.workspace = true\n");
        let up = ("crates/store/Cargo.toml", "[dev-dependencies]\nqueue.workspace = true\n");
        assert_eq!(check(&sample(&[down, ("crates/store/Cargo.toml", "")])), []);
        let found = check(&sample(&[down, up]));
        assert_eq!(found.len(), 1);
        assert!(found[0].what.ends_with("queue -> store -> queue"), "{}", found[0].what);
    }
}
