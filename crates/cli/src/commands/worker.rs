//! `trunkline worker`: the deliveries of a pipeline on SQS and DynamoDB, in any number of processes.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use genesys::tracker::grace::Grace;
use http_client::{AllowedHost, Guard};
use provision::Pipeline;
use provision::cloudformation::{partner, workers};
use provision::forecast::carried::table_name;
use provision::noun::genesys::Source;
use provision::noun::worker::{Act, TIMEOUT_MS_DEFAULT, Worker};
use tokio::sync::watch;
use worker::intake::SETTLE_MS;
use worker::{Callee, Config, Fleet, Header, IfAbsent, Remote, TrackerWork, Work};

use crate::aws_settings;
use crate::commands::serve::run_until_interrupted;
use crate::feed::partner_queue_of;
use crate::grace::grace_of;
use crate::input;
use crate::logging::Logging;
use crate::output;
use crate::pipeline_file::FileArguments;
use crate::stack;

/// Arguments of `trunkline worker`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    file: FileArguments,
    /// Where SQS and DynamoDB are: a Trunkline, such as http://127.0.0.1:4566. Default: AWS
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// The region. Default: that of the environment or the profile
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// The profile of ~/.aws/config whose credentials and region are used [default: AWS_PROFILE]
    #[arg(long, value_name = "NAME")]
    aws_profile: Option<String>,
    /// The stack that `trunkline apply --to aws` made of the file: its outputs say which table is shared
    #[arg(long, value_name = "NAME", value_parser = stack::stack_name)]
    stack: Option<String>,
    /// The DynamoDB table that all workers of a pipeline share. Default: the stack's, or trunkline-NAME-workers, by the file's name
    #[arg(long, value_name = "TABLE")]
    table: Option<String>,
    /// Create the table where it does not exist
    #[arg(long)]
    create_table: bool,
    /// Maximum messages of a queue at a time in this process; `concurrency` in the file is for all processes together
    #[arg(long, value_name = "NUMBER", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    lanes: u32,
    /// Allow addresses that are private, and without TLS: localhost, 10.0.0.0/8, crm.internal
    #[arg(long, value_name = "HOST|CIDR", env = "TRUNKLINE_ALLOW_PRIVATE", value_delimiter = ',')]
    allow_private: Vec<AllowedHost>,
    /// Also trust the certificate authorities in this file (PEM) when addresses are called over HTTPS
    #[arg(long, value_name = "FILE", env = "TRUNKLINE_CA_FILE")]
    ca_file: Option<PathBuf>,
    #[command(flatten)]
    logging: Logging,
}

impl Arguments {
    pub(crate) fn logging(&self) -> &Logging {
        &self.logging
    }

    fn remote(&self) -> Result<Remote, String> {
        let settings = aws_settings::of_profile(self.aws_profile.as_ref());
        let named = aws_settings::region(self.region.as_ref(), &settings)?;
        let region = match (named, &self.endpoint) {
            (Some(region), _) => region,
            (None, Some(_)) => "us-east-1".to_owned(),
            (None, None) => {
                return Err("which region? Name it with --region, or set AWS_REGION; for a Trunkline on this machine say --endpoint \
                            http://127.0.0.1:4566"
                    .to_owned());
            }
        };
        Remote::new(&region, self.endpoint.as_deref(), settings)
    }

    /// The outputs of the stack, where one is named.
    async fn outputs(&self) -> Result<Option<BTreeMap<String, String>>, String> {
        let Some(name) = &self.stack else { return Ok(None) };
        let client =
            stack::client(self.endpoint.as_deref(), (self.aws_profile.as_ref(), self.region.as_ref()))?;
        let found = client.stack(name).await.map_err(|error| error.to_string())?;
        let region = client.region();
        let found = found.ok_or_else(|| {
            format!("there is no stack {name} in {region}: run `trunkline apply --to aws` first, or name another --region or --aws-profile")
        })?;
        if self.table.is_none() && !found.outputs.contains_key(workers::TABLE_OUTPUT) {
            let status = &found.status;
            return Err(format!(
                "the stack {name} ({status}) has no output {}: apply the file again with this version, or name the table with --table",
                workers::TABLE_OUTPUT
            ));
        }
        Ok(Some(found.outputs))
    }

    fn config(
        &self,
        pipeline: &Pipeline,
        (tracker, table): (Option<TrackerWork>, Option<String>),
    ) -> Result<Config, String> {
        let own_authorities = self.ca_file.as_deref().map(input::file).transpose()?.unwrap_or_default();
        let allowed = self.allow_private.iter().cloned().chain(pipeline.allowed()).collect();
        Ok(Config {
            table: self.table.clone().or(table).unwrap_or_else(|| table_name(pipeline)),
            if_absent: if self.create_table { IfAbsent::Create } else { IfAbsent::Refuse },
            lanes: self.lanes,
            works: pipeline.workers.iter().filter_map(work_of).collect(),
            tracker,
            http: http_client::Settings {
                guard: Guard::new(allowed),
                own_authorities: own_authorities.into(),
            },
        })
    }
}

/// What is done with the messages of a queue; `None` where `dev` prints them.
fn work_of(worker: &Worker) -> Option<Work> {
    let callee = match &worker.act {
        Act::Print(_) => return None,
        Act::Post { url, headers } => {
            let header = |(name, value): &(provision::Marked<String>, _)| Header {
                name: name.value.clone(),
                value: Clone::clone(value),
            };
            Callee::Http { url: url.value.clone(), headers: headers.iter().map(header).collect() }
        }
        Act::Function(name) => Callee::Function(name.value.clone()),
        Act::StateMachine(name) => Callee::StateMachine(name.value.clone()),
        Act::Send(name) => Callee::Queue(name.value.clone()),
    };
    let number = |value: &Option<provision::Marked<u64>>| {
        value.as_ref().map(|value| u32::try_from(value.value).unwrap_or(u32::MAX))
    };
    Some(Work {
        queue: worker.queue.value.clone(),
        callee,
        concurrency: number(&worker.concurrency),
        rate: number(&worker.rate),
        timeout_ms: worker.timeout_ms.as_ref().map_or(TIMEOUT_MS_DEFAULT, |value| value.value),
    })
}

/// Works until it is told to stop; what is under way then is ended first.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let file = arguments.file.read()?;
    let pipeline = file.load_or_say()?;
    let has_partner_queue =
        pipeline.genesys.as_ref().is_some_and(|genesys| matches!(genesys.source, Source::PartnerQueue(_)));
    if !has_partner_queue && pipeline.workers.iter().all(Worker::prints) {
        return Err(format!(
            "{} names nothing for a worker to do: add `workers: [{{queue: NAME, url: https://...}}]`, or `function`, `stateMachine`, `sendTo` \
             instead of `url`; or for the tracker `genesys: {{source: sqs, queueUrl: ...}}`",
            arguments.file.file.display()
        ));
    }
    let remote = arguments.remote()?;
    run_until_interrupted(async |interrupt| {
        let fleet = tokio::select! {
            opened = Box::pin(open(arguments, &pipeline, &remote)) => opened?,
            () = interrupt.asked() => return Ok(ExitCode::SUCCESS),
        };
        let (close, closing) = watch::channel(false);
        let working = tokio::spawn(fleet.run(closing));
        interrupt.asked().await;
        close.send_replace(true);
        // It ends with its lanes; a panic of one has been told.
        drop(working.await);
        Ok(ExitCode::SUCCESS)
    })
}

/// Finds everything, and says what is done.
async fn open(arguments: &Arguments, pipeline: &Pipeline, remote: &Remote) -> Result<Fleet, String> {
    let mut outputs = arguments.outputs().await?.unwrap_or_default();
    let tracker = partner_queue_of(pipeline, outputs.remove(partner::QUEUE_OUTPUT)).await?.map(|queue| {
        let grace = grace_of(pipeline);
        let settle_ms = grace.settle_ms.max(SETTLE_MS);
        let grace = Grace { settle_ms, ..grace };
        TrackerWork { queue_url: queue.url, bus: pipeline.bus.value.clone(), grace, names: queue.names }
    });
    let table = outputs.remove(workers::TABLE_OUTPUT);
    let config = arguments.config(pipeline, (tracker, table))?;
    let mut lines: Vec<String> = config.works.iter().map(told).collect();
    lines.extend(
        config
            .tracker
            .as_ref()
            .map(|work| format!("{} -> conversation tracker -> bus {}", work.queue_url, work.bus)),
    );
    lines.push(format!(
        "permits and records are in the table {}; Ctrl-C ends what is under way, and stops",
        config.table
    ));
    let fleet = Fleet::open(remote, config).await?;
    for line in lines {
        output::note(&line);
    }
    Ok(fleet)
}

/// What is done with a queue's messages, for a person.
fn told(work: &Work) -> String {
    let whom = match &work.callee {
        // A URL may hold a secret.
        Callee::Http { url, .. } => {
            format!("POST {}", url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/"))
        }
        Callee::Function(name) => format!("function {name}"),
        Callee::StateMachine(name) => format!("state machine {name}"),
        Callee::Queue(name) => format!("queue {name}"),
    };
    let limit = work
        .concurrency
        .map_or(String::new(), |limit| format!(", at most {limit} at a time over all workers"));
    let rate = work.rate.map_or(String::new(), |rate| format!(", {rate} a second"));
    format!("{} -> {whom}{limit}{rate}", work.queue)
}
