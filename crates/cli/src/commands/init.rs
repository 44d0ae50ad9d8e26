//! `trunkline init`: the sample pipeline as a file.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::{input, output};

/// Arguments of `trunkline init`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The file to write; an existing file is not overwritten
    #[arg(value_name = "FILE", default_value = "trunkline.yaml")]
    file: PathBuf,
}

/// Writes the file and says what to do with it.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    input::write_new(&arguments.file, provision::sample())?;
    let file = arguments.file.display();
    output::line(format_args!(
        "wrote {file}; now: trunkline dev -f {file}\nfor editors: trunkline schema > trunkline.schema.json"
    ));
    Ok(ExitCode::SUCCESS)
}
