//! `trunkline genesys`: a Genesys Cloud org, connected to an AWS account, looked at, disconnected, and reconciled.

mod reconcile;

use std::path::PathBuf;
use std::process::ExitCode;

use aws::secret::Secret;
use clap::{Args, Subcommand};
use genesys::client::address::Address;
use genesys::client::{Client, Credentials};
use genesys::connect::{self, Change, Integration, IntegrationSpec};
use genesys::feed::notifications::{OrgFacts, TOPICS};
use provision::Request;
use serde_json::json;
use server::Server;
use tokio::runtime::Runtime;

use crate::output::{self, BAD, GOOD, styled};
use crate::remote::{Endpoint, Remote};
use crate::{input, table};

/// Arguments of `trunkline genesys`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Send the org's events to an AWS account through EventBridge; shows the changes unless --yes is given
    Connect(Connect),
    /// Show the org's EventBridge integrations and their states
    Status(Status),
    /// Remove an integration
    Disconnect(Disconnect),
    /// Compare what arrived with the org's analytics, and list conversations with missing events
    Reconcile(reconcile::Arguments),
}

/// Which org, and who calls it.
#[derive(Debug, Args)]
pub(crate) struct Caller {
    /// The org's region (eu-central-1), its domain (mypurecloud.de), or the address of a simulated org
    #[arg(long, value_name = "ORG", env = "GENESYS_ORG")]
    org: String,
    /// Id of an OAuth client (Client Credentials); its secret is read from GENESYS_CLIENT_SECRET or --client-secret-file
    #[arg(long, value_name = "ID", env = "GENESYS_CLIENT_ID")]
    client_id: String,
    /// File that contains only the client's secret
    #[arg(long, value_name = "FILE")]
    client_secret_file: Option<PathBuf>,
}

/// Which integration.
#[derive(Debug, Args)]
struct Place {
    /// AWS account that receives the events, twelve digits
    #[arg(long, value_name = "DIGITS", value_parser = crate::commands::serve::account)]
    aws_account: String,
    /// AWS region that receives the events
    #[arg(long, value_name = "REGION", value_parser = region)]
    region: String,
    /// Last part of the partner event source's name
    #[arg(long, value_name = "TEXT", default_value = "trunkline", value_parser = suffix)]
    suffix: String,
}

#[derive(Debug, Args)]
struct Connect {
    #[command(flatten)]
    caller: Caller,
    #[command(flatten)]
    place: Place,
    /// Topics, with {id} for an entity [default: those of the conversation tracker]
    #[arg(long, value_name = "TOPIC", value_delimiter = ',')]
    topics: Vec<String>,
    /// Apply the changes
    #[arg(long)]
    yes: bool,
    /// Also create the event bus on this Trunkline; on AWS, use the command that is printed
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// Also trust the certificate authorities in this file (PEM), for an https:// endpoint
    #[arg(long, value_name = "FILE", env = "TRUNKLINE_CA_FILE", requires = "endpoint")]
    ca_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct Status {
    #[command(flatten)]
    caller: Caller,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Disconnect {
    #[command(flatten)]
    caller: Caller,
    #[command(flatten)]
    place: Place,
    /// Remove it
    #[arg(long)]
    yes: bool,
}

/// Runs one of them.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    match &arguments.what {
        What::Connect(arguments) => connect(arguments),
        What::Status(arguments) => status(arguments),
        What::Disconnect(arguments) => disconnect(arguments),
        What::Reconcile(arguments) => reconcile::run(arguments),
    }
}

impl Caller {
    /// A client for the org.
    pub(crate) fn client(&self) -> Result<Client, String> {
        let secret = match &self.client_secret_file {
            Some(path) => input::file(path)?.trim().to_owned(),
            None => std::env::var("GENESYS_CLIENT_SECRET").unwrap_or_default(),
        };
        if secret.is_empty() {
            return Err("the OAuth client's secret is missing; set GENESYS_CLIENT_SECRET, or name a file with --client-secret-file".to_owned());
        }
        let credentials =
            Credentials { client_id: self.client_id.clone(), client_secret: Secret::new(secret) };
        Client::new(Address::parse(&self.org)?, credentials, Server::surroundings())
    }
}

/// A runtime for a command that waits for one thing after the other.
pub(crate) fn runtime() -> Result<Runtime, String> {
    let made = tokio::runtime::Builder::new_current_thread().enable_all().build();
    made.map_err(|e| format!("could not start the runtime: {e}"))
}

fn region(text: &str) -> Result<String, String> {
    connect::check_region(text).map(|()| text.to_owned())
}

fn suffix(text: &str) -> Result<String, String> {
    connect::check_suffix(text).map(|()| text.to_owned())
}

fn connect(arguments: &Connect) -> Result<ExitCode, String> {
    let client = arguments.caller.client()?;
    let runtime = runtime()?;
    let place = &arguments.place;
    let topics = match arguments.topics.as_slice() {
        [] => TOPICS.map(str::to_owned).to_vec(),
        written => connect::topics_of(written),
    };
    if topics.is_empty() {
        return Err("--topics is empty; leave it out for those of the conversation tracker".to_owned());
    }
    if let Some(wrong) = topics.iter().find(|topic| genesys::catalogue::topic(topic).is_none()) {
        return Err(format!(
            "'{wrong}' is not a topic; topics are templates such as v2.detail.events.conversation.{{id}}.acd.end"
        ));
    }
    let spec = IntegrationSpec {
        account: place.aws_account.clone(),
        region: place.region.clone(),
        suffix: place.suffix.clone(),
        topics,
    };
    let all = runtime.block_on(connect::list(&client)).map_err(|fault| fault.to_string())?;
    let found = connect::of(&all, &spec);
    let changes = connect::plan(found, &spec);
    show(&changes, &spec);
    if !changes.is_empty() && !arguments.yes {
        output::line("nothing was changed; confirm with --yes");
        return Ok(ExitCode::SUCCESS);
    }
    let done = runtime.block_on(connect::apply(&client, found, &spec)).map_err(|fault| fault.to_string())?;
    let facts = runtime.block_on(OrgFacts::ask(&client, &[])).map_err(|fault| fault.to_string())?;
    output::line(format_args!("the integration '{}' is {}", done.name, styled(GOOD, &done.state)));
    let source = format!("aws.partner/genesys.com/cloud/{}/{}", facts.id, spec.suffix);
    match &arguments.endpoint {
        Some(url) => {
            make_bus(
                &Endpoint { url: url.clone(), ca_file: arguments.ca_file.clone(), auth_file: None },
                &source,
            )?;
        }
        None => output::line(format_args!(
            "to receive the source, the account needs an event bus:\n  aws events create-event-bus --region {} --name {source} --event-source-name {source}",
            spec.region
        )),
    }
    Ok(ExitCode::SUCCESS)
}

/// The bus takes the name of the source, and the source is active from then on.
fn make_bus(endpoint: &Endpoint, source: &str) -> Result<(), String> {
    let remote = Remote::open(endpoint)?;
    let is_there = remote.find(Request::events("DescribeEventBus", json!({"Name": source})))?.is_some()
        // Somebody else may make it in between.
        || !remote.make(Request::events("CreateEventBus", json!({"Name": source, "EventSourceName": source})))?;
    let what = if is_there { "exists" } else { "was created" };
    output::line(format_args!("the event bus {source} {what}"));
    Ok(())
}

fn show(changes: &[Change], spec: &IntegrationSpec) {
    if changes.is_empty() {
        output::line("the integration is up to date");
    }
    for change in changes {
        match change {
            Change::Create => output::line(styled(
                GOOD,
                format_args!(
                    "+ integration amazon-eventbridge-source to account {}, region {}, source suffix {}",
                    spec.account, spec.region, spec.suffix
                ),
            )),
            Change::Configure { added, removed } => {
                for topic in added {
                    output::line(styled(GOOD, format_args!("+ topic {topic}")));
                }
                for topic in removed {
                    output::line(styled(BAD, format_args!("- topic {topic}")));
                }
            }
            Change::Enable => output::line("~ enable"),
        }
    }
}

fn status(arguments: &Status) -> Result<ExitCode, String> {
    let client = arguments.caller.client()?;
    let runtime = runtime()?;
    let facts = runtime.block_on(OrgFacts::ask(&client, &[])).map_err(|fault| fault.to_string())?;
    let all = runtime.block_on(connect::list(&client)).map_err(|fault| fault.to_string())?;
    if arguments.json {
        let integrations: Vec<_> = all.iter().map(to_json).collect();
        output::json(json!({"org": {"id": facts.id, "name": facts.name}, "integrations": integrations}));
        return Ok(exit(&all));
    }
    output::line(format_args!("org '{}' ({}), {} queues", facts.name, facts.id, facts.queues.len()));
    let rows: Vec<Vec<String>> = all
        .iter()
        .map(|one| {
            let topics = one.topics.len().to_string();
            let cells = [&one.name, &one.state, &one.account, &one.region, &one.suffix, &topics, &one.detail];
            cells.map(Clone::clone).to_vec()
        })
        .collect();
    let heading = ["integration", "state", "account", "region", "suffix", "topics", ""];
    table::print(&heading, &rows, "no EventBridge integrations; `trunkline genesys connect` creates one");
    Ok(exit(&all))
}

/// 1 where an integration that shall be enabled is in error.
fn exit(all: &[Integration]) -> ExitCode {
    if all.iter().any(|one| one.is_enabled && one.state == "ERROR") {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

fn to_json(found: &Integration) -> serde_json::Value {
    json!({
        "id": found.id, "name": found.name, "enabled": found.is_enabled, "state": found.state, "detail": found.detail,
        "awsAccountId": found.account, "awsAccountRegion": found.region, "eventSourceSuffix": found.suffix,
        "topics": found.topics,
    })
}

fn disconnect(arguments: &Disconnect) -> Result<ExitCode, String> {
    let client = arguments.caller.client()?;
    let runtime = runtime()?;
    let place = &arguments.place;
    let spec = IntegrationSpec {
        account: place.aws_account.clone(),
        region: place.region.clone(),
        suffix: place.suffix.clone(),
        topics: Vec::new(),
    };
    let all = runtime.block_on(connect::list(&client)).map_err(|fault| fault.to_string())?;
    let Some(found) = connect::of(&all, &spec) else {
        output::line("there is no such integration; nothing to do");
        return Ok(ExitCode::SUCCESS);
    };
    output::line(styled(BAD, format_args!("- integration '{}' ({}), {}", found.name, found.id, found.state)));
    if !arguments.yes {
        output::line("nothing was changed; confirm with --yes");
        return Ok(ExitCode::SUCCESS);
    }
    runtime.block_on(connect::disconnect(&client, found)).map_err(|fault| fault.to_string())?;
    output::line("removed; an event bus that received its source stays until the account deletes it");
    Ok(ExitCode::SUCCESS)
}
