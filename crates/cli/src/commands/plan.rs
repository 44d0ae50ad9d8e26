//! `trunkline plan`: what applying a pipeline file would change.

use std::process::ExitCode;

use clap::Args;

use crate::deployment::{Goal, Target};
use crate::output::{self, Form};

/// Arguments of `trunkline plan`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    target: Target,
    /// Exit with status 0 if there are no changes, 2 if there are, 1 on an error
    #[arg(long)]
    detailed_exitcode: bool,
}

/// The exit status of `--detailed-exitcode` where there are changes.
const CHANGES: u8 = 2;

/// Exit status 0, or as `--detailed-exitcode` says.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    match (plan(arguments), arguments.detailed_exitcode) {
        (Ok(Changes::Some), true) => Ok(ExitCode::from(CHANGES)),
        (Ok(_), _) => Ok(ExitCode::SUCCESS),
        (Err(error), true) => {
            output::error(&error);
            Ok(ExitCode::FAILURE)
        }
        (Err(error), false) => Err(error),
    }
}

/// Whether there is something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Changes {
    None,
    Some,
}

fn plan(arguments: &Arguments) -> Result<Changes, String> {
    arguments.target.compare(Goal::File, async |deployment| {
        deployment.check()?;
        if arguments.target.form() == Form::Json {
            output::json(deployment.json());
        } else {
            deployment.show();
        }
        Ok(if deployment.plan.is_empty() { Changes::None } else { Changes::Some })
    })
}
