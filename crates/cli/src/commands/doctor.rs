//! `trunkline doctor`: whether a running server is well, check by check.

mod account;

use std::net::ToSocketAddrs as _;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use doctor::live::{Component, Connection, Facts, LiveCheck, Queue, Refusal, Rule, StateMachine, Target};
use doctor::{AWS_CHECKS, LIVE_CHECKS};
use provision::Request;
use serde_json::{Value, json};

use crate::commands::{queue, rule};
use crate::output;
use crate::remote::{At, Remote, items, text};

/// How far back events are counted, in seconds.
const LOOKED_BACK_S: u64 = 3_600;

/// Arguments of `trunkline doctor`.
#[derive(Debug, Args)]
#[command(after_help = checks())]
pub(crate) struct Arguments {
    /// Run only this check; may be repeated
    #[arg(long, value_name = "CHECK", value_parser = clap::builder::PossibleValuesParser::new(names()), hide_possible_values = true)]
    only: Vec<String>,
    /// What is checked: the running server, or what is deployed on AWS
    #[arg(long, value_enum, value_name = "WHERE", default_value_t = Where::Local)]
    to: Where,
    #[command(flatten)]
    account: account::AccountArguments,
    #[command(flatten)]
    at: At,
}

/// What is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Where {
    /// The running server
    Local,
    /// An AWS account
    Aws,
}

/// The names of all checks; some are of both.
fn names() -> Vec<&'static str> {
    let of_aws = AWS_CHECKS.iter().map(|check| check.name);
    let mut names: Vec<&str> = LIVE_CHECKS.iter().map(|check| check.name).chain(of_aws).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// What the help says of the checks.
fn checks() -> String {
    let line = |(name, asks): (&str, &str)| format!("  {name:<28}{asks}\n");
    let here: String = LIVE_CHECKS.iter().map(|check| line((check.name, check.asks))).collect();
    let aws: String = AWS_CHECKS.iter().map(|check| line((check.name, check.asks))).collect();
    format!("Checks of a running server:\n{here}\nChecks of an AWS account (--to aws):\n{aws}")
}

/// Exit status 0 where nothing was found, 1 where something was.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    if arguments.to == Where::Aws {
        return account::run(&arguments.account, (&arguments.only, arguments.at.form()));
    }
    let facts = facts(&Remote::open(&arguments.at.endpoint)?)?;
    let is_wanted = |check: &&LiveCheck| {
        arguments.only.is_empty() || arguments.only.iter().any(|name| name == check.name)
    };
    let mut found = 0;
    for check in LIVE_CHECKS.iter().filter(is_wanted) {
        let findings = (check.run)(&facts);
        found += findings.len();
        if arguments.at.json {
            output::json(json!({
                "check": check.name, "asks": check.asks, "findings": findings, "why": check.why, "fix": check.fix,
            }));
        } else {
            print(check, &findings);
        }
    }
    Ok(if found == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(check: &LiveCheck, findings: &[String]) {
    if findings.is_empty() {
        return output::line(format_args!("{}  {}", output::styled(output::GOOD, "ok  "), check.name));
    }
    let name = output::styled(output::STRONG, check.name);
    output::line(format_args!("{}  {name}: {}", output::styled(output::BAD, "look"), check.asks));
    for finding in findings {
        output::line(format_args!("        {finding}"));
    }
    output::line(format_args!("      {} {}", output::styled(output::FAINT, "why:"), check.why));
    output::line(format_args!("      {} {}", output::styled(output::FAINT, "fix:"), check.fix));
}

/// Asks for everything that the checks look at.
fn facts(remote: &Remote) -> Result<Facts, String> {
    let books = remote.ask(Request::trunkline("GetBooks", json!({})))?;
    let rules = rule::all(remote, None)?;
    let mut facts = Facts {
        now: books.get("Now").and_then(Value::as_f64).unwrap_or_default(),
        unbalanced_pages: items(&books, "Pages").iter().filter(|page| !balances(page)).map(name).collect(),
        components: items(&books, "Components").iter().map(component).collect(),
        rules: rules.iter().map(rule_of).collect(),
        queues: queue::all(remote)?.iter().map(queue_of).collect(),
        connections: connections(remote)?,
        state_machines: state_machines(remote)?,
        unknown_sync_host: unknown_sync_host(remote.endpoint()),
        ..Facts::default()
    };
    for bus in remote.all(&Request::events("ListEventBuses", json!({})), "EventBuses")? {
        let account = text(&bus, "Arn").split(':').nth(4).unwrap_or_default();
        if !facts.accounts.iter().any(|known| known == account) {
            facts.accounts.push(account.to_owned());
        }
        let bus = text(&bus, "Name");
        let refusals = remote.ask(Request::trunkline("ListRefusals", json!({"EventBusName": bus})))?;
        facts.refusals.extend(items(&refusals, "Refusals").iter().map(refusal));
        // An org's own bus carries what the tracker reads: rules on it are the exception.
        if bus.starts_with("aws.partner/") {
            continue;
        }
        let body = json!({"EventBusName": bus, "AgeSeconds": LOOKED_BACK_S});
        let counted = remote.ask(Request::trunkline("ListUnmatched", body))?;
        facts.events_seen += counted.get("Seen").and_then(Value::as_u64).unwrap_or_default();
        facts.events_unmatched += u64::try_from(items(&counted, "Events").len()).unwrap_or(u64::MAX);
    }
    Ok(facts)
}

fn name(value: &Value) -> String {
    text(value, "Name").to_owned()
}

fn balances(page: &Value) -> bool {
    let sums = items(page, "Sums");
    sums.iter().all(|sum| sum.get("Total") == sum.get("Parts"))
}

fn component(value: &Value) -> Component {
    Component { name: name(value), next_due: value.get("NextDue").and_then(Value::as_f64) }
}

fn rule_of(rule: &Value) -> Rule {
    let target = |target: &Value| Target {
        id: text(target, "Id").to_owned(),
        arn: text(target, "Arn").to_owned(),
        dead_letter_arn: target.pointer("/DeadLetterConfig/Arn").and_then(Value::as_str).map(str::to_owned),
    };
    Rule {
        bus: text(rule, "EventBusName").to_owned(),
        name: name(rule),
        is_enabled: text(rule, "State") != "DISABLED",
        targets: items(rule, "Targets").iter().map(target).collect(),
    }
}

fn refusal(refusal: &Value) -> Refusal {
    Refusal {
        rule: text(refusal, "Rule").to_owned(),
        target_arn: text(refusal, "TargetArn").to_owned(),
        reason: text(refusal, "Reason").to_owned(),
    }
}

fn queue_of(value: &Value) -> Queue {
    let number = |name: &str| text(value, name).parse().unwrap_or_default();
    Queue {
        name: name(value),
        arn: text(value, "QueueArn").to_owned(),
        messages: number("ApproximateNumberOfMessages"),
        in_flight: number("ApproximateNumberOfMessagesNotVisible"),
        dead_letter_arn: queue::dead_letter_arn(value),
    }
}

fn connections(remote: &Remote) -> Result<Vec<Connection>, String> {
    let all = remote.all(&Request::events("ListConnections", json!({})), "Connections")?;
    let connection = |value: &Value| Connection {
        name: name(value),
        state: text(value, "ConnectionState").to_owned(),
        reason: text(value, "StateReason").to_owned(),
    };
    Ok(all.iter().map(connection).collect())
}

fn state_machines(remote: &Remote) -> Result<Vec<StateMachine>, String> {
    let all = remote.ask(Request::states("ListStateMachines", json!({"maxResults": 1000})))?;
    let mut machines = Vec::new();
    for listed in items(&all, "stateMachines") {
        let asked = Request::states(
            "DescribeStateMachine",
            json!({"stateMachineArn": text(listed, "stateMachineArn")}),
        );
        // One that was deleted meanwhile is none.
        let Ok(machine) = remote.ask(asked) else { continue };
        machines.push(StateMachine {
            name: text(&machine, "name").to_owned(),
            is_express: text(&machine, "type") == "EXPRESS",
            definition: text(&machine, "definition").to_owned(),
        });
    }
    Ok(machines)
}

/// The host that SDKs make for two of Step Functions' operations, where no resolver of this machine knows it.
fn unknown_sync_host(endpoint: &str) -> Option<String> {
    let authority = endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest);
    let host = authority.split(['/', ':']).next().unwrap_or_default();
    let host = format!("sync-{host}");
    (host.as_str(), 80).to_socket_addrs().is_err().then_some(host)
}
