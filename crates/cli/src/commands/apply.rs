//! `trunkline apply`: makes what a pipeline file names, and removes what it no longer names.

use std::process::ExitCode;

use clap::Args;

use crate::deployment::{Agreement, Goal, Target, carry_out};

/// Arguments of `trunkline apply`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    target: Target,
    /// Apply the changes without asking
    #[arg(long)]
    yes: bool,
}

/// Exit status 0 where everything is as the file says, 1 where a step failed or nobody agreed.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    arguments.target.compare(Goal::File, async |deployment| {
        carry_out(&deployment, Agreement::of_flag(&arguments.yes), arguments.target.form()).await
    })
}
