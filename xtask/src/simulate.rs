//! `cargo xtask simulate`: the whole system in one process, by seeds; the ordinary suite plays a sample.

use std::process::{Command, ExitCode};

use crate::machine::{self, Outcome};
use crate::root;

/// Seeds where nobody says how many.
const SEEDS: [&str; 2] = ["--seeds", "100000"];

/// Plays the seeds, as fast as they can be built.
pub(crate) fn run(args: &[String]) -> ExitCode {
    machine::exit(play(args))
}

fn play(args: &[String]) -> Outcome<()> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = Command::new(cargo);
    command.args(["run", "--quiet", "--release", "--package", "simulation", "--example", "simulate", "--"]);
    if args.is_empty() {
        command.args(SEEDS)
    } else {
        command.args(args)
    };
    machine::run(command.current_dir(root::path()))
}
