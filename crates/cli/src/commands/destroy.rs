//! `trunkline destroy`: deletes everything that a pipeline file created.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use provision::Desired;

use crate::deployment::{Agreement, Deployment, carry_out, with_api};
use crate::pipeline_file::{self, PipelineFile};
use crate::remote::At;

/// Arguments of `trunkline destroy`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The pipeline file
    #[arg(short, long, value_name = "FILE", default_value = pipeline_file::DEFAULT)]
    file: PathBuf,
    /// Delete it without asking
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    at: At,
}

/// Exit status 0 where everything is gone, 1 where a step failed or nobody agreed.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let owner = PipelineFile::read(&arguments.file)?.load_or_say()?.owner;
    with_api(&arguments.at.endpoint, async |api, _| {
        let planned = Deployment::plan(api, &owner, &Desired::default()).await;
        let deployment = planned.map_err(|error| arguments.at.endpoint.explain(&error))?;
        carry_out(&deployment, Agreement::of_flag(&arguments.yes), arguments.at.form()).await
    })
}
