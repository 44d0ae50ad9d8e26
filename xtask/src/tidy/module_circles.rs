//! No circle of modules inside a crate.
//!
//! An arrow is an import or a path in product code, taken to the longest run of segments that is a file. None are a
//! `mod` line, a re-export (`pub use`) and the look of a module at one that contains it: a family shares its head's
//! words.

use std::collections::BTreeMap;

use crate::tidy::code::PathUse;
use crate::tidy::finding::Finding;
use crate::tidy::graph::{self, Arrows};
use crate::tidy::tree::{Tree, is_crate_root};

/// The modules of one crate: `["ops", "rules"]` to its file.
type Modules = BTreeMap<Vec<String>, String>;

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let product_roots =
        tree.rust().map(|(path, _)| path).filter(|path| is_crate_root(path) && path.contains("/src/"));
    product_roots.flat_map(|root| in_crate(tree, root)).collect()
}

fn in_crate(tree: &Tree, root: &str) -> Vec<Finding> {
    let mut modules = Modules::new();
    collect(tree, root, &mut Vec::new(), &mut modules);
    let mut arrows = Arrows::new();
    let mut lines: BTreeMap<(String, String), usize> = BTreeMap::new();
    for (module, path) in &modules {
        let Some(file) = tree.files.get(path).filter(|file| !file.is_test) else { continue };
        for used in
            file.code.paths.iter().filter(|used| !used.in_test && !used.reexport && !used.in_inline_mod)
        {
            let Some(to) = target(&modules, module, used).filter(|to| !is_within(path, to)) else { continue };
            arrows.entry(path.clone()).or_default().insert(to.clone());
            lines.entry((path.clone(), to.clone())).or_insert(used.line);
        }
    }
    let circles = graph::circles(&arrows);
    circles.iter().map(|circle| finding(circle, &lines)).collect()
}

/// Whether `inner` is `outer` or a module somewhere inside it.
fn is_within(inner: &str, outer: &str) -> bool {
    inner == outer || inner.starts_with(&format!("{}/", outer.trim_end_matches(".rs")))
}

fn collect(tree: &Tree, path: &str, module: &mut Vec<String>, modules: &mut Modules) {
    let Some(file) = tree.files.get(path) else { return };
    if modules.insert(module.clone(), path.to_owned()).is_some() {
        return;
    }
    for line in &file.code.mods {
        if let Some(child) = tree.module_file(path, line) {
            module.push(line.name.clone());
            collect(tree, &child, module, modules);
            module.pop();
        }
    }
}

/// The file that a path leads to, where it leads into this crate.
fn target<'a>(modules: &'a Modules, from: &[String], used: &PathUse) -> Option<&'a String> {
    let mut base: Vec<String> = from.to_vec();
    let mut rest = used.segments.as_slice();
    let mut relative = true;
    while let [first, tail @ ..] = rest {
        match first.as_str() {
            "crate" => base.clear(),
            "super" => drop(base.pop()),
            "self" => {}
            _ => break,
        }
        relative = false;
        rest = tail;
    }
    if relative {
        // `noun::Thing` beside `mod noun;` is a child; every other bare name comes from elsewhere.
        let child: Vec<String> = base.iter().chain(rest.first()).cloned().collect();
        modules.get(&child)?;
    }
    for taken in (0..=rest.len()).rev() {
        let module: Vec<String> = base.iter().chain(rest.iter().take(taken)).cloned().collect();
        if let Some(path) = modules.get(&module) {
            return Some(path);
        }
    }
    None
}

fn finding(circle: &[String], lines: &BTreeMap<(String, String), usize>) -> Finding {
    let steps: Vec<String> = circle
        .iter()
        .zip(circle.iter().skip(1))
        .map(|(from, to)| format!("{from}:{}", lines.get(&(from.clone(), to.clone())).copied().unwrap_or(1)))
        .collect();
    let path = circle.first().map_or("", String::as_str);
    let line = circle.get(1).and_then(|to| lines.get(&(path.to_owned(), to.clone()))).copied().unwrap_or(1);
    let what = format!("modules import each other in a circle: {}", steps.join(" -> "));
    let right = "move what both need into a module of its own that imports neither";
    Finding::fails(path, line, what, right)
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::tree::sample;

    #[test]
    fn a_circle_of_siblings_is_found() {
        let found = check(&sample(&[
            ("crates/a/src/lib.rs", "mod b;\nmod c;\n"),
            ("crates/a/src/b.rs", "use crate::c::C;\n"),
            ("crates/a/src/c.rs", "fn f() { super::b::g() }\n"),
        ]));
        assert_eq!(found.len(), 1);
        assert!(found[0].what.ends_with("crates/a/src/b.rs:1 -> crates/a/src/c.rs:1"), "{}", found[0].what);
    }

    #[test]
    fn a_circle_through_another_family_is_found_and_a_look_at_the_parent_is_none() {
        let mut files = vec![
            ("crates/a/src/lib.rs", "mod b;\nmod d;\n"),
            ("crates/a/src/b.rs", "mod c;\nfn f() { c::g() }\n"),
            ("crates/a/src/b/c.rs", "use super::B;\n"),
            ("crates/a/src/d.rs", "use crate::b::c::C;\n"),
        ];
        assert_eq!(check(&sample(&files)), []);
        files[2] = ("crates/a/src/b/c.rs", "use crate::d::D;\n");
        assert_eq!(check(&sample(&files)).len(), 1);
    }

    #[test]
    fn reexports_tests_and_straight_lines_are_fine() {
        let found = check(&sample(&[
            ("crates/a/src/lib.rs", "mod b;\nmod c;\npub use b::B;\npub use c::C;\n"),
            ("crates/a/src/b.rs", "use crate::c::C;\n#[cfg(test)]\nmod tests { use super::B; }\n"),
            ("crates/a/src/c.rs", "use crate::Paved;\n#[cfg(test)]\nmod tests { use crate::b::B; }\n"),
        ]));
        assert_eq!(found, []);
    }
}
