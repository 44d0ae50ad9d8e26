//! `trunkline apply`: makes what a pipeline file names, and removes what it no longer names.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::deployment::{Agreement, Deployment, carry_out, desired, queue_ids, with_api};
use crate::feed::Feed;
use crate::pipeline_file::{self, PipelineFile};
use crate::remote::At;

/// Arguments of `trunkline apply`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The pipeline file
    #[arg(short, long, value_name = "FILE", default_value = pipeline_file::DEFAULT)]
    file: PathBuf,
    /// Apply the changes without asking
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    at: At,
}

/// Exit status 0 where everything is as the file says, 1 where a step failed or nobody agreed.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let file = PipelineFile::read(&arguments.file)?;
    let pipeline = file.load_or_say()?;
    with_api(&arguments.at.endpoint, async |api, place| {
        let feed = Box::pin(Feed::of(&pipeline, place, 1)).await?;
        let desired = desired(&file, &pipeline, place, &queue_ids(&pipeline, feed.as_ref()))?;
        let planned = Deployment::plan(api, &pipeline.owner, &desired).await;
        let deployment = planned.map_err(|error| arguments.at.endpoint.explain(&error))?;
        carry_out(&deployment, Agreement::of_flag(&arguments.yes), arguments.at.form()).await
    })
}
