//! `trunkline schema`: the JSON Schema of the pipeline file, for editors.

use std::process::ExitCode;

use clap::Args;

use crate::output;

/// Arguments of `trunkline schema`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {}

/// Prints it.
pub(crate) fn run(_arguments: &Arguments) -> Result<ExitCode, String> {
    output::raw(provision::schema::text());
    Ok(ExitCode::SUCCESS)
}
