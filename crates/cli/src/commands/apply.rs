//! `trunkline apply`: makes what a pipeline file names, and removes what it no longer names.

use std::process::ExitCode;

use clap::Args;

use crate::deployment::{Agreement, Goal, Target, carry_out};
use crate::stack::apply::ApplyOptions;
use crate::stack::{self, Options};

/// Arguments of `trunkline apply`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    target: Target,
    /// Apply the changes without asking
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    aws: ApplyOptions,
}

/// Exit status 0 where everything is as the file says, 1 where a step failed or nobody agreed.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    if arguments.options.is_aws(&arguments.aws.given())? {
        let agreement = Agreement::of_flag(&arguments.yes);
        return stack::apply::run(&arguments.target, &arguments.options, &arguments.aws, agreement);
    }
    arguments.target.compare(Goal::File, async |deployment| {
        carry_out(&deployment, Agreement::of_flag(&arguments.yes), arguments.target.form()).await
    })
}
