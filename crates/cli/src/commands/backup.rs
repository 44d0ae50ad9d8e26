//! `trunkline backup` and `trunkline restore`: a data folder as it was at one moment, and back again.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use provision::Request;
use serde_json::{Value, json};
use server::backup::{self, BackupError, BackupReport};
use store::OpenError;

use crate::output::{self, Form};
use crate::remote::{At, ask};

/// Arguments of `trunkline backup`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The new folder to write the backup to
    #[arg(value_name = "DIR")]
    into: PathBuf,
    /// The data folder
    #[arg(long, value_name = "DIR", default_value = ".trunkline")]
    data_dir: PathBuf,
    #[command(flatten)]
    at: At,
}

/// Arguments of `trunkline restore`.
#[derive(Debug, Args)]
pub(crate) struct RestoreArguments {
    /// The backup
    #[arg(value_name = "DIR")]
    backup: PathBuf,
    /// The data folder to make; it must not hold a store
    #[arg(long, value_name = "DIR", default_value = ".trunkline")]
    data_dir: PathBuf,
    /// Print one JSON object instead of text
    #[arg(long)]
    json: bool,
}

/// Writes a backup: of a folder that nobody uses by itself, else through the server that uses it.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let into = std::path::absolute(&arguments.into).map_err(|error| error.to_string())?;
    let report = match backup::of_folder(&arguments.data_dir, &into) {
        Err(BackupError::Store(OpenError::InUse { .. })) => through_the_server(arguments, &into)?,
        other => other.map_err(|error| error.to_string())?,
    };
    tell(report, &into, arguments.at.form());
    Ok(ExitCode::SUCCESS)
}

fn through_the_server(arguments: &Arguments, into: &std::path::Path) -> Result<BackupReport, String> {
    let number = backup::ask(&arguments.data_dir, into)
        .map_err(|error| format!("could not write to {}: {error}", arguments.data_dir.display()))?;
    let answer = ask(&arguments.at.endpoint, Request::trunkline("Backup", json!({"Number": number})))?;
    let count = |name: &str| answer.get(name).and_then(Value::as_u64).unwrap_or_default();
    Ok(BackupReport { records: count("Records"), tables: count("Tables"), zips: count("Zips") })
}

/// Puts a backup back.
pub(crate) fn restore(arguments: &RestoreArguments) -> Result<ExitCode, String> {
    let report = backup::restore(&arguments.backup, &arguments.data_dir)?;
    let form = if arguments.json { Form::Json } else { Form::Text };
    tell(report, &arguments.data_dir, form);
    Ok(ExitCode::SUCCESS)
}

fn tell(report: BackupReport, folder: &std::path::Path, form: Form) {
    let BackupReport { records, tables, zips } = report;
    if form == Form::Json {
        output::json(json!({"folder": folder, "records": records, "tableFiles": tables, "zips": zips}));
    } else {
        let folder = folder.display();
        output::line(format_args!(
            "wrote {records} records, {tables} files of tables and {zips} zips to {folder}"
        ));
    }
}
