//! `trunkline destroy`: deletes everything that a pipeline file created.

use std::process::ExitCode;

use clap::Args;

use crate::deployment::{Agreement, Goal, Target, carry_out};
use crate::stack::destroy::DestroyOptions;
use crate::stack::{self, Options};

/// Arguments of `trunkline destroy`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    target: Target,
    /// Delete it without asking
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    aws: DestroyOptions,
}

/// Exit status 0 where everything is gone, 1 where a step failed or nobody agreed.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    if arguments.options.is_aws(&arguments.aws.given())? {
        let agreement = Agreement::of_flag(&arguments.yes);
        return stack::destroy::run(&arguments.target, &arguments.options, &arguments.aws, agreement);
    }
    arguments.target.compare(Goal::Nothing, async |deployment| {
        carry_out(&deployment, Agreement::of_flag(&arguments.yes), arguments.target.form()).await
    })
}
