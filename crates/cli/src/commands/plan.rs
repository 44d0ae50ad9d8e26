//! `trunkline plan`: what applying a pipeline file would change.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::deployment::{Deployment, desired, queue_ids, with_api};
use crate::feed::Feed;
use crate::output;
use crate::pipeline_file::{self, PipelineFile};
use crate::remote::At;

/// Arguments of `trunkline plan`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The pipeline file
    #[arg(short, long, value_name = "FILE", default_value = pipeline_file::DEFAULT)]
    file: PathBuf,
    /// Exit with status 0 if there are no changes, 2 if there are, 1 on an error
    #[arg(long)]
    detailed_exitcode: bool,
    #[command(flatten)]
    at: At,
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
    let file = PipelineFile::read(&arguments.file)?;
    let pipeline = file.load_or_say()?;
    with_api(&arguments.at.endpoint, async |api, place| {
        let feed = Box::pin(Feed::of(&pipeline, place, 1)).await?;
        let desired = desired(&file, &pipeline, place, &queue_ids(&pipeline, feed.as_ref()))?;
        let planned = Deployment::plan(api, &pipeline.owner, &desired).await;
        let deployment = planned.map_err(|error| arguments.at.endpoint.explain(&error))?;
        deployment.check()?;
        if arguments.at.json {
            output::json(deployment.json());
        } else {
            deployment.show();
        }
        Ok(if deployment.plan.is_empty() { Changes::None } else { Changes::Some })
    })
}
