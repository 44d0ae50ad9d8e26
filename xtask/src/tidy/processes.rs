//! A process is started in `runner` alone, and by the torture, which is about processes that are killed.

use crate::tidy::finding::Finding;
use crate::tidy::outside::{self, Outside, is_in};
use crate::tidy::tree::Tree;

const PROCESS: Outside = Outside {
    what: "a process is started",
    right: "only runner starts processes, so that all of them end with us: call it",
    paths: &["process::Command", "CommandExt"],
    may: |path| is_in(path, &["crates/runner/", "crates/cli/src/commands/torture/", "xtask/"]),
};

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    outside::check(tree, &PROCESS)
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::tree::sample;

    #[test]
    fn a_process_started_elsewhere_is_found() {
        let found = check(&sample(&[
            ("crates/lambda/src/lib.rs", "use std::process::{Command, Stdio};\n"),
            ("crates/cli/src/main.rs", "use clap::Command;\nuse std::process::ExitCode;\n"),
            ("crates/delivery/src/lib.rs", "fn f() { tokio::process::Command::new(x); }\n"),
            ("crates/runner/src/process.rs", "use tokio::process::Command;\n"),
        ]));
        let paths: Vec<&str> = found.iter().map(|f| f.path.as_str()).collect();
        assert_eq!(paths, ["crates/delivery/src/lib.rs", "crates/lambda/src/lib.rs"]);
    }
}
