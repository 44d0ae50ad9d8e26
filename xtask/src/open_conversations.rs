//! `cargo xtask open-conversations`: the slow proof that a million open conversations stay under 1 GiB of memory.

use std::process::{Command, ExitCode};

use crate::machine::{self, Outcome};
use crate::root;

/// Conversations where no number is named.
const CONVERSATIONS: &str = "1000000";

/// Runs the proof.
pub(crate) fn run(args: &[String]) -> ExitCode {
    machine::exit(prove(args))
}

fn prove(args: &[String]) -> Outcome<()> {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let count = match words.as_slice() {
        [] => CONVERSATIONS,
        ["--conversations", count] if count.parse::<u64>().is_ok() => count,
        _ => return Err("cargo xtask open-conversations [--conversations N]".to_owned()),
    };
    let folder = tempfile::Builder::new().prefix("data-").tempdir_in(machine::scratch()?);
    let folder = folder.map_err(|error| format!("no folder for data: {error}"))?;
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = Command::new(cargo);
    command.args([
        "run",
        "--quiet",
        "--release",
        "--package",
        "genesys",
        "--example",
        "open_conversations",
        "--",
    ]);
    machine::run(command.arg(folder.path()).arg(count).current_dir(root::path()))
}
