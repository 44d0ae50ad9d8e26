//! One worker of a fleet: what it is to do, found on AWS, and done until it is told to stop.

use std::sync::Arc;

use aws::Arn;
use aws::api::{SQS, STATES};
use http_client::Client;
use md5::{Digest, Md5};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::carrier::Carrier;
use crate::clock;
use crate::errand::Records;
use crate::fault::Fault;
use crate::gate::Gate;
use crate::intake::{Intake, TrackerWork};
use crate::permit::Terms;
use crate::remote::Remote;
use crate::state_table::{self, IfAbsent};
use crate::target::{Header, Target, Until};

/// What a worker is to do.
#[derive(Debug)]
pub struct Config {
    /// The table that all workers share.
    pub table: String,
    /// What to do where it is not there.
    pub if_absent: IfAbsent,
    /// So many messages of a queue at a time in this process, at most.
    pub lanes: u32,
    /// Which queue's messages go to whom.
    pub works: Vec<Work>,
    /// What the tracker is to do, where there is one.
    pub tracker: Option<TrackerWork>,
    /// How addresses are reached.
    pub http: http_client::Settings,
}

/// The messages of a queue, and whom they are for.
#[derive(Debug)]
pub struct Work {
    /// The queue's name.
    pub queue: String,
    /// Whom they are for.
    pub callee: Callee,
    /// So many calls at a time over all workers, at most.
    pub concurrency: Option<u32>,
    /// So many calls a second over all workers, at most; only with a concurrency.
    pub rate: Option<u32>,
    /// Maximum time of a call, in ms.
    pub timeout_ms: u64,
}

/// Whom messages are for.
#[derive(Clone, Debug)]
pub enum Callee {
    /// An address that is posted to.
    Http {
        /// The URL.
        url: String,
        /// Headers in addition.
        headers: Vec<Header>,
    },
    /// A function, by name.
    Function(String),
    /// A state machine, by name.
    StateMachine(String),
    /// A queue, by name.
    Queue(String),
}

impl Callee {
    /// Its name as permits have it: works that call the same one share its limit.
    fn name(&self) -> String {
        match self {
            // A URL may hold a secret.
            Self::Http { url, .. } => format!("http:{}", aws::encoding::hex(&Md5::digest(url.as_bytes()))),
            Self::Function(name) => format!("function:{name}"),
            Self::StateMachine(name) => format!("stateMachine:{name}"),
            Self::Queue(name) => format!("queue:{name}"),
        }
    }
}

/// A worker that can run.
#[derive(Debug)]
pub struct Fleet {
    carriers: Vec<Run>,
    intake: Option<Arc<Intake>>,
    /// Of the intake.
    lanes: u32,
}

#[derive(Debug)]
struct Run {
    carrier: Arc<Carrier>,
    lanes: u32,
}

impl Fleet {
    /// Looks at everything that is named, so that what is missing is told before anything is received.
    ///
    /// # Errors
    /// What is missing, and what to do.
    pub async fn open(remote: &Remote, config: Config) -> Result<Self, String> {
        state_table::open(remote, &config.table, config.if_absent).await?;
        let client = Client::new(config.http.clone())?;
        let mut carriers = Vec::new();
        for work in &config.works {
            carriers.push(run_of(remote, &client, (&config, work)).await?);
        }
        let intake = match config.tracker {
            None => None,
            Some(work) => {
                is_there(remote, &work.queue_url).await?;
                Some(Arc::new(Intake { remote: remote.clone(), table: config.table, work }))
            }
        };
        Ok(Self { carriers, intake, lanes: config.lanes })
    }

    /// Works until `closing` turns true, and ends what is under way.
    pub async fn run(self, closing: watch::Receiver<bool>) {
        let mut running = JoinSet::new();
        for Run { carrier, lanes } in self.carriers {
            running.spawn(carrier.run(lanes, closing.clone()));
        }
        if let Some(intake) = self.intake {
            running.spawn(intake.run(self.lanes, closing));
        }
        while running.join_next().await.is_some() {}
    }
}

/// Sees that the partner queue can be read.
async fn is_there(remote: &Remote, queue_url: &str) -> Result<(), String> {
    let request = json!({"QueueUrl": queue_url, "AttributeNames": ["QueueArn"]});
    let told = remote.ask(&SQS, "GetQueueAttributes", &request).await;
    told.map(drop).map_err(|fault| absent(&fault, &format!("queue {queue_url}"), remote))
}

async fn run_of(remote: &Remote, client: &Client, (config, work): (&Config, &Work)) -> Result<Run, String> {
    let queue_url = queue_url(remote, &work.queue).await?;
    let target = target_of(remote, client, (work, &queue_url)).await?;
    let gate = work.concurrency.map(|concurrency| {
        let terms = Terms::new(&work.callee.name(), concurrency, work.timeout_ms);
        Gate::new(remote.clone(), &config.table, terms)
    });
    let pace_ms = match (work.concurrency, work.rate) {
        (Some(concurrency), Some(rate)) => u64::from(concurrency) * 1_000 / u64::from(rate.max(1)),
        _ => 0,
    };
    let lanes = work.concurrency.map_or(config.lanes, |concurrency| concurrency.min(config.lanes));
    let carrier = Carrier {
        remote: remote.clone(),
        table: config.table.clone(),
        queue: work.queue.clone(),
        queue_url,
        target,
        timeout_ms: work.timeout_ms,
        gate,
        pace_ms,
        records: Records::Kept,
        ids: clock::ids(),
    };
    Ok(Run { carrier: Arc::new(carrier), lanes: lanes.max(1) })
}

/// The URL of a queue of the caller's account.
///
/// # Errors
/// That it is not there, and what to do.
pub(crate) async fn queue_url(remote: &Remote, name: &str) -> Result<String, String> {
    let told = remote.ask(&SQS, "GetQueueUrl", &json!({"QueueName": name})).await;
    let url = told.map_err(|fault| absent(&fault, &format!("queue '{name}'"), remote))?;
    let url = url.get("QueueUrl").and_then(Value::as_str).map(str::to_owned);
    url.ok_or_else(|| format!("GetQueueUrl gave no URL for '{name}'"))
}

fn absent(fault: &Fault, what: &str, remote: &Remote) -> String {
    let is_absent = fault.is_absent() || fault.code.ends_with("DoesNotExist");
    if is_absent {
        return format!(
            "there is no {what} in {}: apply the file there first, or name another --region or --aws-profile",
            remote.region()
        );
    }
    format!("the {what} cannot be looked at: {fault}")
}

async fn target_of(
    remote: &Remote,
    client: &Client,
    (work, queue_url_of_work): (&Work, &str),
) -> Result<Target, String> {
    Ok(match &work.callee {
        Callee::Http { url, headers } => {
            Target::Http { client: client.clone(), url: url.clone(), headers: headers.clone() }
        }
        Callee::Function(name) => Target::Function { name: name.clone() },
        Callee::Queue(name) => Target::Queue { url: queue_url(remote, name).await? },
        Callee::StateMachine(name) => {
            let arn = state_machine_arn(remote, name, queue_url_of_work).await?;
            let told = remote.ask(&STATES, "DescribeStateMachine", &json!({"stateMachineArn": arn})).await;
            let told = told.map_err(|fault| absent(&fault, &format!("state machine '{name}'"), remote))?;
            let is_express = told.get("type").and_then(Value::as_str) == Some("EXPRESS");
            if is_express && work.concurrency.is_some() {
                return Err(format!(
                    "'{name}' is an Express state machine, whose executions cannot be waited for: leave out `concurrency`, or make it STANDARD"
                ));
            }
            let until = if work.concurrency.is_some() { Until::Ended } else { Until::Started };
            Target::StateMachine { arn, until }
        }
    })
}

/// State machines are named by ARN: partition and account are those of the queue.
async fn state_machine_arn(remote: &Remote, name: &str, queue_url: &str) -> Result<String, String> {
    let request = json!({"QueueUrl": queue_url, "AttributeNames": ["QueueArn"]});
    let told = remote.ask(&SQS, "GetQueueAttributes", &request).await.map_err(|fault| fault.to_string())?;
    let arn =
        told.pointer("/Attributes/QueueArn").and_then(Value::as_str).and_then(|arn| arn.parse::<Arn>().ok());
    let mut arn = arn.ok_or("GetQueueAttributes gave no ARN of the queue")?;
    arn.service = "states".to_owned();
    arn.resource = format!("stateMachine:{name}");
    Ok(arn.to_string())
}
