//! `trunkline check`: all mistakes of a pipeline file at once.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use provision::Mistake;

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

/// Exit status 0 without a mistake, 1 with one. A rule that nothing known can match counts as one here; `dev` runs it. Doubts about
/// state machines are told and change no status.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let file = PipelineFile::read(&arguments.file)?;
    let environment = if arguments.allow_missing_env { Environment::Elsewhere } else { Environment::Here };
    let mut mistakes = file.mistakes(environment);
    // Also beside other mistakes, as far as the file can be read.
    let pipeline = file.parse(environment);
    mistakes.extend(pipeline.as_ref().map(doctor::lint).unwrap_or_default());
    mistakes.sort_by_key(|mistake| (mistake.span.line, mistake.span.column));
    let mut doubts = pipeline.as_ref().map(doctor::doubts).unwrap_or_default();
    doubts.sort_by_key(|doubt| (doubt.span.line, doubt.span.column));
    if arguments.json {
        output::json(serde_json::json!({
            "file": arguments.file, "mistakes": listed(&mistakes), "doubts": listed(&doubts),
        }));
    } else {
        tell(arguments, &file, Found { mistakes: &mistakes, doubts: &doubts });
    }
    Ok(if mistakes.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn listed(mistakes: &[Mistake]) -> Vec<serde_json::Value> {
    let one = |mistake: &Mistake| {
        serde_json::json!({
            "line": mistake.span.line, "column": mistake.span.column,
            "sentence": mistake.sentence, "suggestion": mistake.suggestion,
        })
    };
    mistakes.iter().map(one).collect()
}

/// What was found in a file.
#[derive(Clone, Copy)]
struct Found<'a> {
    mistakes: &'a [Mistake],
    doubts: &'a [Mistake],
}

fn tell(arguments: &Arguments, file: &PipelineFile, found: Found<'_>) {
    let Found { mistakes, doubts } = found;
    if !doubts.is_empty() {
        output::line(file.show(doubts));
        let many = if doubts.len() == 1 { "doubt" } else { "doubts" };
        output::line(format_args!("{} {many}, which AWS would accept\n", doubts.len()));
    }
    let name = arguments.file.display();
    if mistakes.is_empty() {
        return output::line(format_args!("{name}: no mistakes"));
    }
    output::line(file.show(mistakes));
    let many = if mistakes.len() == 1 { "mistake" } else { "mistakes" };
    output::line(format_args!("{} {many} to fix in {name}", mistakes.len()));
}
