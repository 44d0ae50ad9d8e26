//! `trunkline check`: all mistakes of a pipeline file at once.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::output;
use crate::pipeline_file::{self, Environment, PipelineFile};

/// Arguments of `trunkline check`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The pipeline file
    #[arg(short, long, value_name = "FILE", default_value = pipeline_file::DEFAULT)]
    file: PathBuf,
    /// Accept environment variables that are not set here
    #[arg(long)]
    allow_missing_env: bool,
    /// Print one JSON object instead of text
    #[arg(long)]
    json: bool,
}

/// Exit status 0 without a mistake, 1 with one. A rule that nothing known can match counts as one here; `dev` runs it.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let file = PipelineFile::read(&arguments.file)?;
    let environment = if arguments.allow_missing_env { Environment::Elsewhere } else { Environment::Here };
    let mut mistakes = file.mistakes(environment);
    // Also beside other mistakes, as far as the file can be read.
    mistakes.extend(file.parse(environment).map(|pipeline| doctor::lint(&pipeline)).unwrap_or_default());
    mistakes.sort_by_key(|mistake| (mistake.span.line, mistake.span.column));
    if arguments.json {
        let list: Vec<serde_json::Value> = mistakes
            .iter()
            .map(|mistake| {
                serde_json::json!({
                    "line": mistake.span.line, "column": mistake.span.column,
                    "sentence": mistake.sentence, "suggestion": mistake.suggestion,
                })
            })
            .collect();
        output::json(serde_json::json!({"file": arguments.file, "mistakes": list}));
    } else if mistakes.is_empty() {
        output::line(format_args!("{}: no mistakes", arguments.file.display()));
    } else {
        output::line(file.show(&mistakes));
        let many = if mistakes.len() == 1 { "mistake" } else { "mistakes" };
        output::line(format_args!("{} {many} to fix in {}", mistakes.len(), arguments.file.display()));
    }
    Ok(if mistakes.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
