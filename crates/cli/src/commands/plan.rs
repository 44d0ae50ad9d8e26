//! `trunkline plan`: what applying a pipeline file would change.

use std::process::ExitCode;

use clap::Args;

use crate::deployment::{Goal, Target};
use crate::output::{self, Form};
use crate::stack::plan::PlanOptions;
use crate::stack::{self, Found, Options};

/// Arguments of `trunkline plan`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    target: Target,
    /// Exit with status 0 if there are no changes, 2 if there are, 1 on an error
    #[arg(long)]
    detailed_exitcode: bool,
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    aws: PlanOptions,
}

/// The exit status of `--detailed-exitcode` where there are changes.
const CHANGES: u8 = 2;

/// Exit status 0, or as `--detailed-exitcode` says.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    match (plan(arguments), arguments.detailed_exitcode) {
        (Ok(Found::Interrupted), _) => Ok(stack::interrupted()),
        (Ok(Found::Changes), true) => Ok(ExitCode::from(CHANGES)),
        (Ok(_), _) => Ok(ExitCode::SUCCESS),
        (Err(error), true) => {
            output::error(&error);
            Ok(ExitCode::FAILURE)
        }
        (Err(error), false) => Err(error),
    }
}

fn plan(arguments: &Arguments) -> Result<Found, String> {
    if arguments.options.is_aws(&arguments.aws.given())? {
        return stack::plan::run(&arguments.target, &arguments.options, &arguments.aws);
    }
    arguments.target.compare(Goal::File, async |deployment| {
        deployment.check()?;
        if arguments.target.form() == Form::Json {
            output::json(deployment.json());
        } else {
            deployment.show();
        }
        Ok(if deployment.plan.is_empty() { Found::Nothing } else { Found::Changes })
    })
}
