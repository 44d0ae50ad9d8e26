//! `trunkline import`: what users have in hand as a pipeline file.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use provision::import::{Grade, Imported, Options, Remark};
use serde_json::json;

use crate::input;
use crate::output;

/// Arguments of `trunkline import`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// A template of CloudFormation or SAM (YAML or JSON), the output of `terraform show -json`, or a folder such as cdk.out
    #[arg(value_name = "FILE|DIR")]
    source: PathBuf,
    /// Write the pipeline file here instead of standard output; an existing file is not overwritten
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The value of a parameter of the template; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = parameter)]
    parameter: Vec<Parameter>,
    /// Import the rules of this bus. Default: of the one with the most rules
    #[arg(long, value_name = "NAME")]
    bus: Option<String>,
    /// Print one JSON object, with the file's text and the report, instead
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Debug)]
struct Parameter {
    name: String,
    value: String,
}

fn parameter(text: &str) -> Result<Parameter, String> {
    let (name, value) = text.split_once('=').ok_or("a parameter is NAME=VALUE")?;
    Ok(Parameter { name: name.to_owned(), value: value.to_owned() })
}

/// Exit status 0 where a file was made, whatever was left out of it.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let parameters = arguments.parameter.iter().map(|one| (one.name.clone(), one.value.clone()));
    let folder = arguments.output.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
    let options = Options {
        parameters: parameters.collect(),
        bus: arguments.bus.clone(),
        folder: folder.to_path_buf(),
    };
    if let Some(path) = arguments.output.as_ref().filter(|path| path.exists()) {
        return Err(format!("{} is there already: name another file", path.display()));
    }
    let imported = provision::import::import(&arguments.source, &options)?;
    if let Some(path) = &arguments.output {
        input::write_new(path, &imported.text)?;
    }
    if arguments.json {
        let report: Vec<serde_json::Value> = imported.remarks.iter().map(as_json).collect();
        output::json(json!({"file": arguments.output, "text": imported.text, "report": report}));
        return Ok(ExitCode::SUCCESS);
    }
    if arguments.output.is_none() {
        output::raw(&imported.text);
    }
    report(&imported);
    Ok(ExitCode::SUCCESS)
}

fn as_json(remark: &Remark) -> serde_json::Value {
    json!({
        "kind": remark.grade, "file": remark.place.file, "line": remark.place.line, "about": remark.about, "sentence": remark.sentence,
    })
}

/// The report for a person: what is missing first.
fn report(imported: &Imported) {
    let grades = [
        (Grade::LeftOut, "left out"),
        (Grade::Advice, "look at"),
        (Grade::Changed, "changed"),
        (Grade::Implied, "follows by itself"),
    ];
    for (grade, words) in grades {
        for remark in imported.remarks.iter().filter(|remark| remark.grade == grade) {
            let place = match (remark.place.file.as_str(), remark.place.line) {
                ("", _) => String::new(),
                (file, 0) => format!("{file}: "),
                (file, line) => format!("{file}:{line}: "),
            };
            let about = if remark.about.is_empty() { String::new() } else { format!("{}: ", remark.about) };
            output::note(&format!("{words}: {place}{about}{}", remark.sentence));
        }
    }
}
