//! `trunkline import`: what users have in hand as a pipeline file.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use provision::import::{Grade, Imported, Options, Remark};
use provision::stack::{CloudFormation, Condition, StackError};
use serde_json::json;

use crate::input;
use crate::output;
use crate::stack;

/// Arguments of `trunkline import`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// A template of CloudFormation or SAM (YAML or JSON), the output of `terraform show -json`, or a folder such as cdk.out
    #[arg(value_name = "FILE|DIR", required_unless_present = "stack", conflicts_with = "stack")]
    source: Option<PathBuf>,
    #[command(flatten)]
    deployed: Deployed,
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

/// The stack that is imported.
#[derive(Debug, Args)]
struct Deployed {
    /// Import the template of this stack as it is deployed, with the names that its resources have there
    #[arg(long, value_name = "NAME|ARN", conflicts_with = "source")]
    stack: Option<String>,
    /// The stack's AWS region [default: AWS_REGION, or the profile's]
    #[arg(long, value_name = "REGION", requires = "stack")]
    region: Option<String>,
    /// The profile of ~/.aws/config whose credentials and region are used [default: AWS_PROFILE]
    #[arg(long, value_name = "NAME", requires = "stack")]
    aws_profile: Option<String>,
    /// Another CloudFormation than AWS's [default: AWS_ENDPOINT_URL_CLOUDFORMATION]
    #[arg(long, value_name = "URL", requires = "stack")]
    endpoint: Option<String>,
}

impl Deployed {
    /// Asks for the stack, and imports it; `None` after Ctrl-C.
    ///
    /// # Errors
    /// CloudFormation's words, or why there is nothing to import.
    fn import(&self, options: Options) -> Result<Option<Imported>, String> {
        let name = self.stack.as_deref().unwrap_or_default();
        let client =
            stack::client(self.endpoint.as_deref(), (self.aws_profile.as_ref(), self.region.as_ref()))?;
        let imported = stack::until_interrupted(imported(&client, name, options))?;
        imported.transpose()
    }
}

/// The template of a stack, with what the stack says beside it.
async fn imported(client: &CloudFormation, name: &str, mut options: Options) -> Result<Imported, String> {
    let words = |error: StackError| error.to_string();
    let region = client.region();
    let found = client.stack(name).await.map_err(words)?;
    let found = found.filter(|stack| stack.condition() != Ok(Condition::Gone)).ok_or_else(|| {
        format!(
            "there is no stack {name} in {region}; `aws cloudformation list-stacks --region {region}` shows those that are"
        )
    })?;
    if found.condition() == Ok(Condition::Shell) {
        return Err(format!(
            "the stack {name} has no resources yet ({}): a change set waits to be executed",
            found.status
        ));
    }
    let text = client.template_text(&found.id).await.map_err(words)?;
    let resources = client.resources(&found.id).await.map_err(words)?;
    let there = resources.into_iter().filter(|resource| resource.status != "DELETE_COMPLETE");
    options.deployed = Some(there.map(|one| (one.logical_id, one.physical_id)).collect());
    // What is said on the command line goes before what the stack has.
    for (name, value) in found.values {
        options.parameters.entry(name).or_insert(value);
    }
    provision::import::import_text(&text, &found.name, &options)
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
        deployed: None,
    };
    if let Some(path) = arguments.output.as_ref().filter(|path| path.exists()) {
        return Err(format!("{} is there already: name another file", path.display()));
    }
    let imported = match &arguments.source {
        Some(source) => provision::import::import(source, &options)?,
        None => match arguments.deployed.import(options)? {
            Some(imported) => imported,
            None => return Ok(stack::interrupted()),
        },
    };
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
