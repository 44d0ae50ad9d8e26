//! The launcher alone, for the tests and measurements of this crate.

use std::process::ExitCode;

fn main() -> ExitCode {
    runner::launcher::main()
}
