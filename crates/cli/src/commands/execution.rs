//! `trunkline execution`: executions of state machines, through Step Functions' own operations.

mod diff;

use std::process::ExitCode;
use std::time::Duration;

use asl::{Machine, MachineType};
use clap::{Args, Subcommand};
use provision::Request;
use serde_json::{Value, json};

use crate::commands::execution::diff::Likeness;
use crate::remote::{At, Remote, items, text};
use crate::timeline::{Fold, Timeline};
use crate::{output, table};

/// How often `--follow` looks.
const LOOK_EVERY: Duration = Duration::from_millis(300);

/// Arguments of `trunkline execution`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// List executions, newest first
    List {
        /// List only this state machine's
        machine: Option<String>,
        /// List only those with this status: RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED
        #[arg(long, value_name = "STATUS")]
        status: Option<String>,
        /// Maximum number for each state machine
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
        #[command(flatten)]
        at: At,
    },
    /// Show an execution as a time line: what each state got and gave, what each Task sent, why a Choice went where it went
    ///
    /// States that were visited often, in loops and Maps, are folded. The exit status is 1 where the execution did not succeed.
    Show {
        /// The execution's ARN, or a state machine's name for its latest execution
        execution: String,
        /// Show every visit to every state
        #[arg(long)]
        all: bool,
        /// Show states as they are left, until the execution ends
        #[arg(long, conflicts_with = "json")]
        follow: bool,
        #[command(flatten)]
        at: At,
    },
    /// Tell where two executions went different ways, and what they had there
    ///
    /// States are compared one by one until the ways part. The exit status is 1 where something is different.
    Diff {
        /// An execution's ARN, or a state machine's name for its latest execution
        one: String,
        /// The other's
        other: String,
        #[command(flatten)]
        at: At,
    },
    /// Start a failed execution again where it failed
    Redrive {
        /// The execution's ARN, or a state machine's name for its latest execution
        execution: String,
        #[command(flatten)]
        at: At,
    },
}

/// Exit status 0; 1 where the execution that is shown did not succeed.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    match &arguments.act {
        Act::List { machine, status, limit, at } => list(machine.as_deref(), status.as_deref(), *limit, at),
        Act::Show { execution, all, follow, at } => {
            let fold = if *all || *follow { Fold::Nothing } else { Fold::Often };
            let remote = Remote::open(&at.endpoint)?;
            let shown = Shown::open(&remote, &arn_of(&remote, execution)?, fold)?;
            if *follow { shown.follow() } else { shown.show(at) }
        }
        Act::Diff { one, other, at } => {
            let remote = Remote::open(&at.endpoint)?;
            let both = [arn_of(&remote, one)?, arn_of(&remote, other)?];
            Ok(match diff::run(&remote, both, at.form())? {
                Likeness::Same => ExitCode::SUCCESS,
                Likeness::Different => ExitCode::FAILURE,
            })
        }
        Act::Redrive { execution, at } => redrive(execution, at),
    }
}

/// The ARNs and names of the state machines.
fn machines(remote: &Remote) -> Result<Vec<Value>, String> {
    let answer = remote.ask(Request::states("ListStateMachines", json!({"maxResults": 1000})))?;
    Ok(items(&answer, "stateMachines").to_vec())
}

fn latest(
    remote: &Remote,
    machine_arn: &str,
    status: Option<&str>,
    limit: u16,
) -> Result<Vec<Value>, String> {
    let mut request = json!({"stateMachineArn": machine_arn, "maxResults": limit});
    if let (Some(status), Some(members)) = (status, request.as_object_mut()) {
        members.insert("statusFilter".to_owned(), json!(status));
    }
    let answer = remote.ask(Request::states("ListExecutions", request))?;
    Ok(items(&answer, "executions").to_vec())
}

/// The execution that an argument means.
fn arn_of(remote: &Remote, argument: &str) -> Result<String, String> {
    if argument.starts_with("arn:") {
        return Ok(argument.to_owned());
    }
    let all = machines(remote)?;
    let machine = all.iter().find(|machine| text(machine, "name") == argument).ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|machine| text(machine, "name")).collect();
        format!("there is no state machine {argument}; there are: {}", names.join(", "))
    })?;
    let found = latest(remote, text(machine, "stateMachineArn"), None, 1)?;
    let execution = found.first().ok_or_else(|| format!("the state machine {argument} has no executions"))?;
    Ok(text(execution, "executionArn").to_owned())
}

fn list(machine: Option<&str>, status: Option<&str>, limit: u16, at: &At) -> Result<ExitCode, String> {
    let remote = Remote::open(&at.endpoint)?;
    let mut rows = Vec::new();
    for known in machines(&remote)? {
        let is_standard = text(&known, "type") == "STANDARD";
        if !is_standard || machine.is_some_and(|wanted| text(&known, "name") != wanted) {
            continue;
        }
        for execution in latest(&remote, text(&known, "stateMachineArn"), status, limit)? {
            if at.json {
                output::json(execution);
                continue;
            }
            rows.push(vec![
                text(&known, "name").to_owned(),
                text(&execution, "name").to_owned(),
                text(&execution, "status").to_owned(),
                moment(&execution, "startDate"),
                moment(&execution, "stopDate"),
            ]);
        }
    }
    if !at.json {
        table::print(&["state machine", "execution", "status", "started", "stopped"], &rows, "no executions");
    }
    Ok(ExitCode::SUCCESS)
}

fn moment(of: &Value, name: &str) -> String {
    let seconds = of.get(name).and_then(Value::as_f64).and_then(aws::Timestamp::from_unix_seconds_f64);
    seconds.map_or_else(String::new, aws::Timestamp::to_iso_millis)
}

fn redrive(execution: &str, at: &At) -> Result<ExitCode, String> {
    let remote = Remote::open(&at.endpoint)?;
    let arn = arn_of(&remote, execution)?;
    let answer = remote.ask(Request::states("RedriveExecution", json!({"executionArn": arn})))?;
    if at.json {
        output::json(json!({"executionArn": arn, "redriveDate": answer.get("redriveDate")}));
    } else {
        output::line(format_args!("{arn} goes on; `trunkline execution show {arn} --follow` shows how"));
    }
    Ok(ExitCode::SUCCESS)
}

/// An execution that is shown.
struct Shown<'r> {
    remote: &'r Remote,
    arn: String,
    machine: Option<Machine>,
    timeline: Timeline,
    /// The last event that was read.
    read: u64,
    fold: Fold,
}

impl<'r> Shown<'r> {
    fn open(remote: &'r Remote, arn: &str, fold: Fold) -> Result<Self, String> {
        let request = Request::states("DescribeStateMachineForExecution", json!({"executionArn": arn}));
        let definition = remote.ask(request)?;
        let machine = asl::parse(text(&definition, "definition"), MachineType::Standard).machine;
        Ok(Self { remote, arn: arn.to_owned(), machine, timeline: Timeline::default(), read: 0, fold })
    }

    fn describe(&self) -> Result<Value, String> {
        self.remote.ask(Request::states("DescribeExecution", json!({"executionArn": self.arn})))
    }

    /// Reads the events that have come since.
    fn read(&mut self) -> Result<(), String> {
        loop {
            let mut request = json!({"executionArn": self.arn, "maxResults": 1000});
            if let (Some(members), true) = (request.as_object_mut(), self.read > 0) {
                // The token of a page is the event before it.
                members.insert("nextToken".to_owned(), json!(self.read.to_string()));
            }
            let answer = self.remote.ask(Request::states("GetExecutionHistory", request))?;
            let events = items(&answer, "events");
            for event in events {
                self.timeline.take(event, self.machine.as_ref());
                self.read = event.get("id").and_then(Value::as_u64).unwrap_or(self.read);
            }
            if answer.get("nextToken").is_none() || events.is_empty() {
                return Ok(());
            }
        }
    }

    fn show(mut self, at: &At) -> Result<ExitCode, String> {
        let described = self.describe()?;
        self.read()?;
        if at.json {
            output::json(json!({"execution": described, "visits": self.timeline.to_json()}));
        } else {
            self.head(&described);
            self.timeline.print_rest(self.fold);
            end(&described);
        }
        Ok(code(&described))
    }

    fn follow(mut self) -> Result<ExitCode, String> {
        self.head(&self.describe()?);
        loop {
            let described = self.describe()?;
            self.read()?;
            self.timeline.print_ended(self.fold);
            if text(&described, "status") != "RUNNING" {
                self.timeline.print_rest(self.fold);
                end(&described);
                return Ok(code(&described));
            }
            self.remote.pause(LOOK_EVERY);
        }
    }

    fn head(&self, described: &Value) {
        output::line(output::styled(output::STRONG, &self.arn));
        let redriven = described.get("redriveCount").and_then(Value::as_u64).unwrap_or_default();
        let again = if redriven > 0 { format!(", redriven {redriven} times") } else { String::new() };
        output::line(format_args!("  started {}{again}", moment(described, "startDate")));
    }
}

fn end(described: &Value) {
    let status = text(described, "status");
    let style = match status {
        "SUCCEEDED" => output::GOOD,
        "RUNNING" => output::STRONG,
        _ => output::BAD,
    };
    let failure = match (text(described, "error"), text(described, "cause")) {
        ("", "") => String::new(),
        (error, cause) => format!(" {error}: {cause}"),
    };
    output::line(format_args!("  {}{failure}", output::styled(style, status)));
}

fn code(described: &Value) -> ExitCode {
    if matches!(text(described, "status"), "SUCCEEDED" | "RUNNING") {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
