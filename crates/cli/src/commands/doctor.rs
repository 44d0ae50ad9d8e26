//! `trunkline doctor`: whether a running server is well, check by check.

mod account;

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use doctor::live::LiveCheck;
use doctor::live::gather::gather;
use doctor::{AWS_CHECKS, LIVE_CHECKS};
use serde_json::json;

use crate::output;
use crate::remote::{At, Remote};

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
    let remote = Remote::open(&arguments.at.endpoint)?;
    let facts = gather(remote.endpoint(), &mut |request| remote.ask(request))?;
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
