//! `trunkline rule`: the rules of the buses and their targets, through EventBridge's own operations.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use provision::Request;
use serde_json::{Value, json};

use crate::remote::{At, Remote, items, text};
use crate::{output, table};

/// Arguments of `trunkline rule`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    look: Look,
}

#[derive(Debug, Subcommand)]
enum Look {
    /// List the rules of all buses, or of one
    List {
        /// List only the rules of this event bus
        #[arg(long, value_name = "NAME")]
        bus: Option<String>,
        #[command(flatten)]
        at: At,
    },
    /// Show a rule's pattern and targets
    Show {
        /// The rule's name
        name: String,
        /// Its event bus
        #[arg(long, value_name = "NAME", default_value = "default")]
        bus: String,
        #[command(flatten)]
        at: At,
    },
}

/// Exit status 0; 2 where there is no such rule.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    match &arguments.look {
        Look::List { bus, at } => list(bus.as_deref(), at),
        Look::Show { name, bus, at } => show(name, bus, at),
    }
}

/// Every rule with its `Targets`, of one bus or of all.
///
/// # Errors
/// What the server said.
pub(crate) fn all(remote: &Remote, bus: Option<&str>) -> Result<Vec<Value>, String> {
    let buses = match bus {
        Some(bus) => vec![bus.to_owned()],
        None => {
            let buses = remote.all(&Request::events("ListEventBuses", json!({})), "EventBuses")?;
            buses.iter().map(|bus| text(bus, "Name").to_owned()).collect()
        }
    };
    let mut rules = Vec::new();
    for bus in &buses {
        let request = Request::events("ListRules", json!({"EventBusName": bus}));
        for rule in remote.all(&request, "Rules")? {
            rules.push(with_targets(remote, rule, bus)?);
        }
    }
    Ok(rules)
}

fn with_targets(remote: &Remote, mut rule: Value, bus: &str) -> Result<Value, String> {
    let body = json!({"Rule": text(&rule, "Name"), "EventBusName": bus});
    let targets = remote.all(&Request::events("ListTargetsByRule", body), "Targets")?;
    if let Some(members) = rule.as_object_mut() {
        members.insert("Targets".to_owned(), Value::Array(targets));
    }
    Ok(rule)
}

fn list(bus: Option<&str>, at: &At) -> Result<ExitCode, String> {
    let rules = all(&Remote::open(&at.endpoint)?, bus)?;
    if at.json {
        rules.into_iter().map(output::camel_case).for_each(output::json);
        return Ok(ExitCode::SUCCESS);
    }
    let row = |rule: &Value| {
        let targets: Vec<&str> = items(rule, "Targets").iter().map(|target| text(target, "Arn")).collect();
        vec![
            text(rule, "EventBusName").to_owned(),
            text(rule, "Name").to_owned(),
            text(rule, "State").to_lowercase(),
            targets.join(", "),
        ]
    };
    let rows: Vec<Vec<String>> = rules.iter().map(row).collect();
    table::print(&["bus", "rule", "state", "targets"], &rows, "no rules");
    Ok(ExitCode::SUCCESS)
}

fn show(name: &str, bus: &str, at: &At) -> Result<ExitCode, String> {
    let remote = Remote::open(&at.endpoint)?;
    let rule = remote.ask(Request::events("DescribeRule", json!({"Name": name, "EventBusName": bus})))?;
    let rule = with_targets(&remote, rule, bus)?;
    if at.json {
        output::json(output::camel_case(rule));
        return Ok(ExitCode::SUCCESS);
    }
    output::line(format_args!(
        "{}  {}  on the bus {bus}",
        output::styled(output::STRONG, name),
        text(&rule, "State").to_lowercase()
    ));
    if !text(&rule, "Description").is_empty() {
        output::line(text(&rule, "Description"));
    }
    output::line(text(&rule, "EventPattern"));
    for target in items(&rule, "Targets") {
        output::line(format_args!("target {}", text(target, "Id")));
        output::line(format_args!("{target:#}"));
    }
    if items(&rule, "Targets").is_empty() {
        output::line("no targets");
    }
    Ok(ExitCode::SUCCESS)
}
