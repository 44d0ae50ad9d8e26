//! `trunkline doctor --to aws`: what is deployed in an account, asked by reads alone.

use std::process::ExitCode;

use aws_client::{Access, Chain, Endpoint};
use clap::Args;
use doctor::AWS_CHECKS;
use doctor::aws::account::Account;
use doctor::aws::{AwsCheck, Sureness};
use http_client::{Client, Guard, Settings as HttpSettings};
use serde_json::json;
use server::Server;

use crate::aws_settings;
use crate::commands::genesys;
use crate::output::{self, Form};

/// Which account.
#[derive(Debug, Args)]
pub(super) struct AccountArguments {
    /// With --to aws: the region. Default: AWS_REGION, or the profile's
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// With --to aws: the profile of ~/.aws/config whose credentials and region are used
    #[arg(long, value_name = "NAME")]
    aws_profile: Option<String>,
    /// With --to aws: ask here instead of AWS itself, such as a Trunkline or another peer
    #[arg(long, value_name = "URL")]
    aws_endpoint: Option<String>,
}

/// Exit status 0 where nothing was found, 1 where something was.
pub(super) fn run(arguments: &AccountArguments, (only, form): (&[String], Form)) -> Result<ExitCode, String> {
    let account = account(arguments)?;
    let facts = genesys::runtime()?.block_on(account.read())?;
    let is_wanted = |check: &&AwsCheck| only.is_empty() || only.iter().any(|name| name == check.name);
    let mut found = 0;
    for check in AWS_CHECKS.iter().filter(is_wanted) {
        let findings = (check.run)(&facts);
        found += findings.len();
        match form {
            Form::Json => output::json(json!({
                "check": check.name, "asks": check.asks, "findings": findings, "sureness": check.sureness, "why": check.why,
                "fix": check.fix,
            })),
            Form::Text => print(check, &findings),
        }
    }
    if !facts.unread.is_empty() {
        let names: Vec<&str> = facts.unread.iter().map(String::as_str).collect();
        output::note(&format!(
            "not read, so not judged: {}; these credentials may not, or the endpoint does not have it",
            names.join(", ")
        ));
    }
    Ok(if found == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn account(arguments: &AccountArguments) -> Result<Account, String> {
    let settings = aws_settings::of_profile(arguments.aws_profile.as_ref());
    let region = aws_settings::region(arguments.region.as_ref(), &settings)?;
    let region = region.ok_or("no region: give --region, or set AWS_REGION or the profile's `region`")?;
    let endpoint = arguments.aws_endpoint.as_deref().map(Endpoint::at).transpose()?;
    let allowed = endpoint.iter().filter_map(Endpoint::allowed).collect();
    let chain = if endpoint.is_some() { Chain::of_here(settings)? } else { Chain::new(settings)? };
    let client = Client::new(HttpSettings { guard: Guard::new(allowed), own_authorities: Vec::new() })?;
    Ok(Account { client, access: Access::new(chain), endpoint, region, now: Server::surroundings().now })
}

fn print(check: &AwsCheck, findings: &[String]) {
    if findings.is_empty() {
        return output::line(format_args!("{}  {}", output::styled(output::GOOD, "ok  "), check.name));
    }
    let sure = match check.sureness {
        Sureness::Certain => "",
        Sureness::Likely => " (likely)",
        Sureness::Possible => " (possible: look)",
    };
    let name = output::styled(output::STRONG, check.name);
    output::line(format_args!("{}  {name}{sure}: {}", output::styled(output::BAD, "look"), check.asks));
    for finding in findings {
        output::line(format_args!("        {finding}"));
    }
    output::line(format_args!("      {} {}", output::styled(output::FAINT, "why:"), check.why));
    output::line(format_args!("      {} {}", output::styled(output::FAINT, "fix:"), check.fix));
}
