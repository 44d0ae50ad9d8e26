//! `trunkline check`: all mistakes of a pipeline file at once.

mod report;

use std::process::ExitCode;

use clap::Args;
use provision::Mistake;

use crate::commands::check::report::{Format, Found};
use crate::pipeline_file::{Environment, FileArguments, PipelineFile};

/// Arguments of `trunkline check`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    file: FileArguments,
    /// Accept environment variables that are not set here
    #[arg(long)]
    allow_missing_env: bool,
    /// How to print what was found
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    format: Format,
    /// Print one JSON object instead of text
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

/// Exit status 0 without a mistake, 1 with one. A rule that nothing known can match counts as one here; `dev` runs it. Doubts about
/// state machines are told and change no status.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let file = arguments.file.read()?;
    let environment = if arguments.allow_missing_env { Environment::Elsewhere } else { Environment::Here };
    let found = found_in_all(&file, environment);
    let format = if arguments.json { Format::Json } else { arguments.format };
    report::print(format, &file, &found);
    Ok(if found.mistakes.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What is found in the file and, where no profile is asked for, with one of its profiles alone.
fn found_in_all(file: &PipelineFile, environment: Environment) -> Found {
    let mut found = found_in(file, environment);
    let profiles = if file.profile().is_none() { file.profiles() } else { Vec::new() };
    for profile in profiles {
        let more = found_in(&file.with_profile(&profile), environment);
        add(&mut found.mistakes, more.mistakes, &profile);
        add(&mut found.doubts, more.doubts, &profile);
    }
    found.mistakes.sort_by_key(|mistake| mistake.span.start);
    found.doubts.sort_by_key(|doubt| doubt.span.start);
    found
}

fn add(known: &mut Vec<Mistake>, more: Vec<Mistake>, profile: &str) {
    for mut mistake in more {
        if !known.contains(&mistake) {
            mistake.sentence = format!("{} (profile `{profile}`)", mistake.sentence);
            known.push(mistake);
        }
    }
}

fn found_in(file: &PipelineFile, environment: Environment) -> Found {
    let mut mistakes = file.mistakes(environment);
    // Also beside other mistakes, as far as the file can be read.
    let pipeline = file.parse(environment);
    mistakes.extend(pipeline.as_ref().map(doctor::lint).unwrap_or_default());
    Found { mistakes, doubts: pipeline.as_ref().map(doctor::doubts).unwrap_or_default() }
}
