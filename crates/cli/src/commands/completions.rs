//! `trunkline completions`: what a shell needs to complete the command line.

use std::process::ExitCode;

use clap::Args;
use clap_complete::Shell;

use crate::output;

/// Arguments of `trunkline completions`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints them; `whole` is the description of the whole command line.
pub(crate) fn run(arguments: &Arguments, mut whole: clap::Command) -> Result<ExitCode, String> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut whole, "trunkline", &mut script);
    output::raw(String::from_utf8_lossy(&script));
    Ok(ExitCode::SUCCESS)
}
