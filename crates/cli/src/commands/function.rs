//! `trunkline function`: the functions, a call of one, its log, and a new one's first lines.

mod invoke;
mod log;
mod new;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use crate::lambda_door::LambdaDoor;
use crate::remote::{At, items, text};
use crate::{output, table};

/// Arguments of `trunkline function`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// List all functions
    List {
        #[command(flatten)]
        at: At,
    },
    /// Show a function: what it is, who may call it, and what it works on
    Show {
        /// The function's name
        name: String,
        #[command(flatten)]
        at: At,
    },
    /// Call a function and print its log and its answer
    ///
    /// The log goes to standard error, the answer to standard output. Exit status 1 where the function failed; then the line of
    /// your own code and, for the commonest mistakes, what to do about it are printed too.
    Invoke(InvokeArguments),
    /// Print a function's log
    Logs(LogsArguments),
    /// Write a new function's folder: a handler of conversation.end events, with types for your editor
    New(NewArguments),
}

/// Arguments of `trunkline function invoke`.
#[derive(Debug, Args)]
struct InvokeArguments {
    /// The function's name, or NAME:VERSION or NAME:ALIAS
    name: String,
    /// The event: a file, JSON, or - for standard input
    #[arg(long, value_name = "FILE|JSON|-", default_value = "{}")]
    payload: String,
    /// Do not wait: the function is called asynchronously, as rules call it
    #[arg(long = "async", conflicts_with = "json")]
    is_async: bool,
    #[command(flatten)]
    at: At,
}

/// Arguments of `trunkline function logs`.
#[derive(Debug, Args)]
struct LogsArguments {
    /// The function's name
    name: String,
    /// Go on with new lines as they come, until Ctrl-C
    #[arg(long, short = 'f')]
    follow: bool,
    /// Begin with the last N lines
    #[arg(long, value_name = "N", default_value_t = 100)]
    lines: usize,
    #[command(flatten)]
    at: At,
}

/// A language that a new function may be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Language {
    /// index.mjs, with a file of types
    Node,
    /// app.py, with a module of types
    Python,
}

/// Arguments of `trunkline function new`.
#[derive(Debug, Args)]
struct NewArguments {
    /// The folder to write; its name becomes the function's
    folder: PathBuf,
    #[arg(long, value_enum, default_value = "node")]
    language: Language,
    /// Also create the function on the running Trunkline; edits of the folder run at once
    #[arg(long)]
    create: bool,
    #[command(flatten)]
    at: At,
}

/// Exit status 0; 1 where a function that was called failed; 2 where there is no such function.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    match &arguments.act {
        Act::List { at } => list(at),
        Act::Show { name, at } => show(name, at),
        Act::Invoke(arguments) => invoke::run(arguments),
        Act::Logs(arguments) => log::run(arguments),
        Act::New(arguments) => new::run(arguments),
    }
}

/// The path of a function in the REST API.
fn path(name: &str) -> String {
    let escaped: String = name
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect();
    format!("/2015-03-31/functions/{escaped}")
}

fn list(at: &At) -> Result<ExitCode, String> {
    let door = LambdaDoor::open(&at.endpoint)?;
    let mut functions = Vec::new();
    let mut marker = String::new();
    loop {
        let page = door.get(&format!("/2015-03-31/functions?Marker={marker}"))?;
        functions.extend(items(&page, "Functions").iter().cloned());
        text(&page, "NextMarker").clone_into(&mut marker);
        if marker.is_empty() {
            break;
        }
    }
    if at.json {
        functions.iter().map(json_of).for_each(output::json);
        return Ok(ExitCode::SUCCESS);
    }
    let row = |function: &Value| {
        let member = |name: &str| text(function, name).to_owned();
        let number = |name: &str| function.get(name).map(Value::to_string).unwrap_or_default();
        vec![
            member("FunctionName"),
            member("Runtime"),
            member("Handler"),
            format!("{} s", number("Timeout")),
            format!("{} MB", number("MemorySize")),
            member("LastModified"),
        ]
    };
    let rows: Vec<Vec<String>> = functions.iter().map(row).collect();
    table::print(&["function", "runtime", "handler", "timeout", "memory", "modified"], &rows, "no functions");
    Ok(ExitCode::SUCCESS)
}

fn json_of(function: &Value) -> Value {
    let member = |name: &str| function.get(name).cloned();
    json!({
        "name": member("FunctionName"), "arn": member("FunctionArn"), "runtime": member("Runtime"),
        "handler": member("Handler"), "timeoutS": member("Timeout"), "memoryMb": member("MemorySize"),
        "modified": member("LastModified"), "codeSha256": member("CodeSha256"), "role": member("Role"),
    })
}

fn show(name: &str, at: &At) -> Result<ExitCode, String> {
    let door = LambdaDoor::open(&at.endpoint)?;
    let path = path(name);
    let function = door.get(&path)?;
    let configuration = function.get("Configuration").cloned().unwrap_or_default();
    let policy = door.find(&format!("{path}/policy"))?;
    let policy: Value =
        policy.and_then(|policy| serde_json::from_str(text(&policy, "Policy")).ok()).unwrap_or_default();
    let plain = text(&configuration, "FunctionName");
    let mappings = door.get(&format!("/2015-03-31/event-source-mappings?FunctionName={plain}"))?;
    let invoke = door.find(&format!("/2019-09-25/functions/{plain}/event-invoke-config"))?;
    if at.json {
        let mut shown = json_of(&configuration);
        if let Some(members) = shown.as_object_mut() {
            members.insert(
                "environment".to_owned(),
                configuration.get("Environment").cloned().unwrap_or_default(),
            );
            members.insert("policy".to_owned(), policy);
            members.insert("mappings".to_owned(), items(&mappings, "EventSourceMappings").into());
            members.insert("eventInvokeConfig".to_owned(), invoke.unwrap_or_default());
            members
                .insert("concurrency".to_owned(), function.get("Concurrency").cloned().unwrap_or_default());
        }
        output::json(shown);
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (member, value) in configuration.as_object().into_iter().flatten() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        rows.push(vec![member.clone(), value]);
    }
    let location = function.get("Code").map(|code| text(code, "Location").to_owned()).unwrap_or_default();
    if !location.is_empty() {
        rows.push(vec!["Code".to_owned(), location]);
    }
    for statement in items(&policy, "Statement") {
        rows.push(vec!["may be called by".to_owned(), caller(statement)]);
    }
    for mapping in items(&mappings, "EventSourceMappings") {
        let (source, state) = (text(mapping, "EventSourceArn"), text(mapping, "State"));
        rows.push(vec!["works on".to_owned(), format!("{source} ({state})")]);
    }
    let destinations = invoke.as_ref().and_then(|invoke| invoke.get("DestinationConfig"));
    for (when, member) in [("tells success to", "OnSuccess"), ("tells failure to", "OnFailure")] {
        let arn = destinations
            .and_then(|all| all.get(member))
            .map(|one| text(one, "Destination"))
            .unwrap_or_default();
        if !arn.is_empty() {
            rows.push(vec![when.to_owned(), arn.to_owned()]);
        }
    }
    table::print(&["attribute", "value"], &rows, "");
    Ok(ExitCode::SUCCESS)
}

/// Whom a statement lets call, and on whose behalf.
fn caller(statement: &Value) -> String {
    let principal = statement.get("Principal").cloned().unwrap_or_default();
    let principal = match principal.as_object().and_then(|members| members.values().next()) {
        Some(one) => one.as_str().unwrap_or_default().to_owned(),
        None => principal.as_str().unwrap_or_default().to_owned(),
    };
    let source = statement.pointer("/Condition/ArnLike/AWS:SourceArn").and_then(Value::as_str);
    source.map_or_else(|| principal.clone(), |source| format!("{principal} for {source}"))
}
