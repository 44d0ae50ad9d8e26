//! `trunkline runtimes`: which interpreters run functions here, and the SDKs that AWS ships with them.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use runner::interpreter::{Interpreters, VersionRule};
use runner::runtime::Language;
use runner::{Runtime, sdk};
use serde_json::json;

use crate::{output, table};

/// Arguments of `trunkline runtimes`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// List the runtimes and what runs each on this machine
    List {
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
    },
    /// Fetch the AWS SDKs that Lambda's runtimes have and plain node and python do not
    ///
    /// SDK for JavaScript 3 by npm, boto3 by pip, once, into a folder of their own that all functions find. What a function
    /// brings along itself comes first, as on AWS.
    Install {
        /// Only this language's
        #[arg(value_enum)]
        language: Option<Sdk>,
        /// Where they go; functions look in the default folder alone, or in that of the same variable
        #[arg(long, value_name = "DIR", env = sdk::FOLDER_VARIABLE)]
        to: Option<PathBuf>,
    },
}

/// Whose SDK.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Sdk {
    /// SDK for JavaScript 3
    Node,
    /// boto3
    Python,
}

/// Exit status 0; 2 where an SDK could not be fetched.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| format!("could not start the runtime: {e}"))?;
    match &arguments.act {
        Act::List { json } => {
            runtime.block_on(list(if *json { output::Form::Json } else { output::Form::Text }))
        }
        Act::Install { language, to } => {
            let folder = to.clone().or_else(sdk::default_folder);
            let folder = folder.ok_or("no home folder is known; name one with --to")?;
            runtime.block_on(install(*language, folder))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(form: output::Form) {
    let search_path = std::env::var_os("PATH").unwrap_or_default();
    let interpreters = Interpreters::new(search_path, VersionRule::Nearest);
    let mut rows = Vec::new();
    for runtime in Runtime::all() {
        let found = interpreters.find(runtime).await;
        let (version, program) = match &found {
            Ok(Some(found)) => (found.version.clone(), found.program.display().to_string()),
            Ok(None) => (String::new(), "its own bootstrap".to_owned()),
            Err(_) => (String::new(), String::new()),
        };
        let is_exact = found.as_ref().is_ok_and(|found| found.as_ref().is_none_or(|found| found.is_exact));
        if form == output::Form::Json {
            output::json(json!({"runtime": runtime.name(), "program": program, "version": version,
                "exact": is_exact, "runs": found.is_ok()}));
            continue;
        }
        let note = match &found {
            Err(missing) => missing.to_string(),
            Ok(_) if is_exact => String::new(),
            Ok(_) => "the nearest that is here".to_owned(),
        };
        rows.push(vec![runtime.name().to_owned(), version, program, note]);
    }
    if form == output::Form::Json {
        return;
    }
    table::print(&["runtime", "version", "program", ""], &rows, "");
    for (what, folder) in
        [("SDK for JavaScript 3", sdk::node_folder as fn(&_) -> _), ("boto3", sdk::python_folder)]
    {
        let is_there = sdk::default_folder().is_some_and(|sdks| folder(&sdks).is_dir());
        let how = if is_there {
            "installed".to_owned()
        } else {
            format!("not installed: `{}`", sdk::INSTALL_COMMAND)
        };
        output::line(format_args!("{what}: {how}"));
    }
}

async fn install(only: Option<Sdk>, folder: PathBuf) -> Result<(), String> {
    let all = [(Sdk::Node, Language::Node, "SDK for JavaScript 3"), (Sdk::Python, Language::Python, "boto3")];
    let mut failed = Vec::new();
    for (_, language, what) in all.into_iter().filter(|(sdk, ..)| only.is_none_or(|only| only == *sdk)) {
        output::progress(&format!("fetching {what}"));
        match sdk::install(language, &folder).await {
            Ok(place) => output::line(format_args!("{what}: in {}", place.display())),
            Err(why) => failed.push(format!("{what}: {why}")),
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(failed.join("\n")) }
}
