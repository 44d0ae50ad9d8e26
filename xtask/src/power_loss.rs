//! `cargo xtask power-loss`: the slow proofs of the store, which the ordinary suite samples.

use std::process::{Command, ExitCode};

use crate::machine::{self, Outcome};
use crate::root;

/// Crash points where none are named.
const POINTS: &str = "100000";

/// Runs the proofs.
pub(crate) fn run(args: &[String]) -> ExitCode {
    machine::exit(prove(args))
}

fn prove(args: &[String]) -> Outcome<()> {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] => power_loss(POINTS),
        ["--points", points] if points.parse::<u64>().is_ok() => power_loss(points),
        ["--damage"] => test("damage::", "TRUNKLINE_DAMAGE", "all"),
        _ => Err("cargo xtask power-loss [--points N | --damage]".to_owned()),
    }
}

fn power_loss(points: &str) -> Outcome<()> {
    let start = machine::now();
    test("power_loss::", "TRUNKLINE_CRASH_POINTS", points)?;
    println!("at least {points} crash points in {:.0} s, nothing lost", start.elapsed().as_secs_f64());
    Ok(())
}

/// The store's tests whose names begin with `names`, with a variable of the environment, as fast as they can be built.
fn test(names: &str, variable: &str, value: &str) -> Outcome<()> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = Command::new(cargo);
    command.args(["test", "--release", "--package", "store", "--test", "it", "--", "--nocapture", names]);
    machine::run(command.env(variable, value).current_dir(root::path()))
}
