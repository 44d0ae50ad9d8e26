//! `cargo xtask tidy`: the house checks itself, one rule a file.

mod arrows;
mod captions;
mod cases;
mod clock;
mod code;
mod crate_circles;
mod dead_files;
mod files;
mod finding;
mod graph;
mod links;
mod manifest;
mod module_circles;
mod outside;
mod processes;
mod rooms;
mod sizes;
mod sockets;
mod tables;
mod tree;

use std::io;
use std::path::Path;
use std::process::ExitCode;

use crate::root;
use crate::tidy::finding::{Finding, Weight};
use crate::tidy::tree::Tree;

/// One rule: its name, what it keeps, and the check that finds where it is broken.
#[derive(Debug)]
struct Rule {
    name: &'static str,
    keeps: &'static str,
    check: fn(&Tree) -> Vec<Finding>,
}

/// Every rule, in the order in which they report.
const RULES: &[Rule] = &[
    Rule { name: "arrows", keeps: "crates import only what the design's table allows", check: arrows::check },
    Rule { name: "crate-circles", keeps: "no circle of crates", check: crate_circles::check },
    Rule { name: "module-circles", keeps: "no circle of modules in a crate", check: module_circles::check },
    Rule { name: "captions", keeps: "the first line says what the file is", check: captions::check },
    Rule { name: "clock", keeps: "no clock or random source below floor 4", check: clock::check },
    Rule { name: "sockets", keeps: "no socket outside the rooms that speak", check: sockets::check },
    Rule { name: "processes", keeps: "no process started outside runner", check: processes::check },
    Rule { name: "files", keeps: "no file touched outside store", check: files::check },
    Rule { name: "sizes", keeps: "files of about 600 lines, never over 800", check: sizes::check },
    Rule {
        name: "tables",
        keeps: "a number for each table, and a row in docs/format.md",
        check: tables::check,
    },
    Rule { name: "dead-files", keeps: "every Rust file is compiled", check: dead_files::check },
    Rule { name: "links", keeps: "documents point at files that exist", check: links::check },
    Rule { name: "cases", keeps: "every case file has its source and its reason", check: cases::check },
];

/// Runs the rules, or those whose names are given.
pub(crate) fn run(args: &[String]) -> ExitCode {
    if let Some(unknown) = args.iter().find(|name| RULES.iter().all(|rule| rule.name != name.as_str())) {
        println!("error: no rule `{unknown}`; the rules are:");
        for rule in RULES {
            println!("  {:<15} {}", rule.name, rule.keeps);
        }
        return ExitCode::from(2);
    }
    match findings(&root::path(), args) {
        Ok(findings) => report(&findings),
        Err(error) => {
            println!("error: the checkout cannot be read: {error}");
            ExitCode::from(2)
        }
    }
}

fn findings(root: &Path, names: &[String]) -> io::Result<Vec<(&'static str, Finding)>> {
    let tree = Tree::read(root)?;
    let rules = RULES.iter().filter(|rule| names.is_empty() || names.iter().any(|name| name == rule.name));
    Ok(rules.flat_map(|rule| (rule.check)(&tree).into_iter().map(|found| (rule.name, found))).collect())
}

fn report(findings: &[(&str, Finding)]) -> ExitCode {
    for (rule, finding) in findings {
        let word = if finding.weight == Weight::Fails { "error" } else { "warning" };
        println!("{word}[{rule}] {finding}");
    }
    let broken = findings.iter().filter(|(_, finding)| finding.weight == Weight::Fails).count();
    println!("tidy: {} rules, {} broken, {} told", RULES.len(), broken, findings.len() - broken);
    if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod tests {
    use super::findings;
    use crate::root;
    use crate::tidy::finding::Weight;

    #[test]
    fn this_checkout_is_tidy() {
        let findings = findings(&root::path(), &[]).expect("the checkout is readable");
        let broken: Vec<String> = findings
            .iter()
            .filter(|(_, finding)| finding.weight == Weight::Fails)
            .map(|(rule, finding)| format!("[{rule}] {finding}"))
            .collect();
        assert!(broken.is_empty(), "{} broken:\n{}", broken.len(), broken.join("\n"));
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        findings(&root::path().join("no such folder"), &[]).expect_err("nothing to read");
    }
}
