//! What of a pipeline no service of AWS carries, and how a worker is run for it.

use serde_json::{Value, json};

use crate::cloudformation::partner;
use crate::forecast::drain::target;
use crate::noun::genesys::Source;
use crate::noun::worker::{Act, Worker};
use crate::pipeline::Pipeline;

/// What only Trunkline does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// What `trunkline worker` does, a sentence each.
    pub by_worker: Vec<String>,
    /// What only a running Trunkline does, and is not on AWS at all.
    pub by_server: Vec<String>,
}

/// What no service of AWS carries of a pipeline.
pub(super) fn carried(pipeline: &Pipeline) -> Carried {
    let mut by_worker = Vec::new();
    if tracks(pipeline) {
        by_worker.push(format!("partner events -> conversation tracker -> bus {}", pipeline.bus.value));
    }
    by_worker.extend(pipeline.workers.iter().filter(|worker| !worker.prints()).map(sentence));
    let mut by_server = Vec::new();
    let mut add = |noun: &str, name: &str| by_server.push(format!("{noun} {name}"));
    pipeline.webhooks.iter().for_each(|one| add("webhook", &one.name.value));
    pipeline.subscriptions.iter().for_each(|one| add("subscription", &one.name.value));
    pipeline.event_streams.iter().for_each(|one| add("event stream", &one.name.value));
    Carried { by_worker, by_server }
}

/// Whether the file has anything that only a worker carries.
pub fn needs_worker(pipeline: &Pipeline) -> bool {
    tracks(pipeline) || pipeline.workers.iter().any(|worker| !worker.prints())
}

/// Whether workers run the conversation tracker.
fn tracks(pipeline: &Pipeline) -> bool {
    pipeline.genesys.as_ref().is_some_and(|genesys| matches!(genesys.source, Source::PartnerQueue(_)))
}

fn sentence(worker: &Worker) -> String {
    let limit = worker.concurrency.as_ref().map(|limit| format!(", at most {} at a time", limit.value));
    let rate = worker.rate.as_ref().map(|rate| format!(", {} a second", rate.value));
    let (limit, rate) = (limit.unwrap_or_default(), rate.unwrap_or_default());
    format!("queue {} -> {}{limit}{rate}", worker.queue.value, target(&worker.act))
}

/// How a worker is run on a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit<'u> {
    /// The pipeline's name.
    pub pipeline: &'u str,
    /// The stack's name.
    pub stack: &'u str,
    /// The region.
    pub region: &'u str,
    /// The file, as it was named.
    pub file: &'u str,
}

impl Unit<'_> {
    /// The command.
    pub fn command(&self) -> String {
        format!("trunkline worker -f {} --stack {} --region {}", self.file, self.stack, self.region)
    }

    /// A unit of systemd's for it, which may do nothing but read its file and talk to the network. Stopping ends what is under way: it waits
    /// as long as the longest call may take.
    pub fn systemd(&self, stop_s: u64) -> String {
        let name = self.pipeline;
        format!(
            "[Unit]\n\
             Description=Trunkline worker of {name}\n\
             Wants=network-online.target\n\
             After=network-online.target\n\
             \n\
             [Service]\n\
             ExecStart=/usr/local/bin/trunkline worker -f /etc/trunkline/{name}.yaml --stack {} --region {}\n\
             EnvironmentFile=-/etc/trunkline/{name}.env\n\
             DynamicUser=yes\n\
             Restart=always\n\
             RestartSec=2\n\
             KillSignal=SIGTERM\n\
             TimeoutStopSec={stop_s}\n\
             NoNewPrivileges=yes\n\
             ProtectSystem=strict\n\
             ProtectHome=yes\n\
             PrivateTmp=yes\n\
             PrivateDevices=yes\n\
             ProtectKernelTunables=yes\n\
             ProtectKernelModules=yes\n\
             ProtectKernelLogs=yes\n\
             ProtectControlGroups=yes\n\
             ProtectClock=yes\n\
             ProtectHostname=yes\n\
             ProtectProc=invisible\n\
             RestrictAddressFamilies=AF_INET AF_INET6\n\
             RestrictNamespaces=yes\n\
             RestrictRealtime=yes\n\
             RestrictSUIDSGID=yes\n\
             LockPersonality=yes\n\
             MemoryDenyWriteExecute=yes\n\
             SystemCallArchitectures=native\n\
             SystemCallFilter=@system-service\n\
             SystemCallFilter=~@privileged @resources\n\
             CapabilityBoundingSet=\n\
             UMask=0077\n\
             \n\
             [Install]\n\
             WantedBy=multi-user.target\n",
            self.stack, self.region
        )
    }
}

/// How long the longest call of a pipeline's workers may take, in s, and some more.
pub fn stop_s(pipeline: &Pipeline) -> u64 {
    let timeouts = pipeline.workers.iter().filter_map(|worker| worker.timeout_ms.as_ref());
    timeouts.map(|value| value.value).max().unwrap_or(crate::noun::worker::TIMEOUT_MS_DEFAULT).div_ceil(1_000)
        + 25
}

/// Actions on a queue that is worked on: what is received may be kept hidden, and is deleted.
const RECEIVE: &[&str] = &[
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:GetQueueUrl",
    "sqs:ReceiveMessage",
];
/// Actions on the queue of partner events: the tracker's timers are messages in it.
const TRACK: &[&str] = &[
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
    "sqs:SendMessage",
];
/// Actions on the workers' table.
const TABLE: &[&str] = &[
    "dynamodb:BatchGetItem",
    "dynamodb:DeleteItem",
    "dynamodb:DescribeTable",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
];

/// How ARNs are written where a policy is for.
pub type ToArn<'a> = &'a dyn Fn(&str, &str) -> Value;

/// What a worker of a stack may do, and nothing more: statements of a policy. `arn` is the ARN of a service's resource.
pub fn statements(pipeline: &Pipeline, (table, stack): (&str, &str), arn: ToArn<'_>) -> Vec<Value> {
    let allow = |actions: &[&str], resources: Vec<Value>| json!({"Effect": "Allow", "Action": actions, "Resource": resources});
    let mut out = vec![allow(TABLE, vec![arn("dynamodb", &format!("table/{table}"))])];
    let workers: Vec<&Worker> = pipeline.workers.iter().filter(|worker| !worker.prints()).collect();
    let queues: Vec<Value> = workers.iter().map(|worker| arn("sqs", &worker.queue.value)).collect();
    if !queues.is_empty() {
        out.push(allow(RECEIVE, queues));
    }
    let mut sent = Vec::new();
    let mut called = Vec::new();
    let mut started = Vec::new();
    for worker in &workers {
        match &worker.act {
            Act::Send(name) => sent.push(arn("sqs", &name.value)),
            Act::Function(name) => called.push(arn("lambda", &format!("function:{}", name.value))),
            Act::StateMachine(name) => {
                started.push(arn("states", &format!("stateMachine:{}", name.value)));
                started.push(arn("states", &format!("execution:{}:*", name.value)));
            }
            Act::Print(_) | Act::Post { .. } => {}
        }
    }
    let targets: [(&[&str], Vec<Value>); 3] = [
        (&["sqs:GetQueueUrl", "sqs:SendMessage"], sent),
        (&["lambda:InvokeFunction"], called),
        (&["states:DescribeExecution", "states:DescribeStateMachine", "states:StartExecution"], started),
    ];
    out.extend(targets.into_iter().filter(|(_, on)| !on.is_empty()).map(|(actions, on)| allow(actions, on)));
    let made = partner::suffix(pipeline).map(|_| arn("sqs", &partner::queue_name(pipeline)));
    if let Some(queue) = made.or_else(|| tracked_queue(pipeline)) {
        out.push(allow(
            &["events:PutEvents"],
            vec![arn("events", &format!("event-bus/{}", pipeline.bus.value))],
        ));
        out.push(allow(TRACK, vec![queue]));
    }
    // Its outputs say which table is shared.
    out.push(allow(
        &["cloudformation:DescribeStacks"],
        vec![arn("cloudformation", &format!("stack/{stack}/*"))],
    ));
    out
}

/// The ARN of the queue of partner events, by its URL: `https://sqs.eu-west-1.amazonaws.com/123456789012/name`.
fn tracked_queue(pipeline: &Pipeline) -> Option<Value> {
    let Source::PartnerQueue(queue) = &pipeline.genesys.as_ref()?.source else { return None };
    let url = &queue.queue_url.as_ref()?.value;
    let mut parts = url.rsplit('/');
    let (name, account) = (parts.next()?, parts.next()?);
    let host = url.split('/').nth(2)?;
    let of_host = host.strip_prefix("sqs.").and_then(|rest| rest.split('.').next());
    let region = queue.region.as_ref().map(|region| region.value.as_str()).or(of_host)?;
    Some(json!(format!("arn:aws:sqs:{region}:{account}:{name}")))
}

/// The name of the table that all workers of a pipeline share.
pub fn table_name(pipeline: &Pipeline) -> String {
    format!("trunkline-{}-workers", pipeline.owner.0)
}
