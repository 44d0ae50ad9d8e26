//! `trunkline destroy`: deletes everything that a pipeline file created.

use std::process::ExitCode;

use clap::Args;

use crate::deployment::{Agreement, Goal, Target, carry_out};

/// Arguments of `trunkline destroy`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    target: Target,
    /// Delete it without asking
    #[arg(long)]
    yes: bool,
}

/// Exit status 0 where everything is gone, 1 where a step failed or nobody agreed.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    arguments.target.compare(Goal::Nothing, async |deployment| {
        carry_out(&deployment, Agreement::of_flag(&arguments.yes), arguments.target.form()).await
    })
}
