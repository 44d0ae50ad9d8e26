//! `trunkline dlq redrive`: dead letters sent again.
//!
//! What a queue dead-lettered goes back by SQS's own StartMessageMoveTask. That operation knows nothing of events that a
//! rule could not deliver, and EventBridge has none for them ("process the events at a later time", user guide, "Using
//! dead-letter queues to process undelivered events"). Here such an event goes again to the one target that missed it, not to
//! its bus, where the rules that did deliver it would deliver it twice.

use std::process::ExitCode;
use std::time::Duration;

use aws::{Arn, Timestamp};
use clap::Args;
use events::input::{InputMaker, Surroundings};
use events::{BusName, Input, RuleName};
use provision::Request;
use serde_json::{Value, json};

use crate::commands::dlq::letter::{Letter, give_back, receive};
use crate::output;
use crate::remote::{At, Remote, items, text};

/// How often a running move task is asked after.
const ASKED_EVERY: Duration = Duration::from_millis(100);

/// So many letters that have to stay are held while the others are looked for, well within the time that they are hidden.
const HELD_MAX: usize = 1_000;

/// Arguments of `trunkline dlq redrive`.
///
/// Messages that a queue dead-lettered go back to it (StartMessageMoveTask). An event that a rule could not deliver goes
/// again to the rule's target that missed it, its input made as the target has it now: a queue is sent the input, an
/// event bus is put the event under a new id.
/// What has to stay keeps its place, and the reason is said.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The dead-letter queue's name
    queue: String,
    /// Messages a second; as fast as it goes where not said
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=500))]
    rate: Option<u32>,
    /// All of them to this queue instead, as they are
    #[arg(long, value_name = "ARN")]
    to: Option<Arn>,
    #[command(flatten)]
    at: At,
}

/// What became of the letters.
#[derive(Debug, Default)]
struct Done {
    moved: u64,
    /// The letters that had to stay, and why.
    stayed: Vec<(String, String)>,
}

/// Exit status 0 where every letter was sent again, 1 where some had to stay.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let remote = Remote::open(&arguments.at.endpoint)?;
    let url = remote.queue_url(&arguments.queue)?;
    let sources = Request::sqs("ListDeadLetterSourceQueues", json!({"QueueUrl": url}));
    let is_of_queues = !items(&remote.ask(sources)?, "queueUrls").is_empty();
    let mut done = resend(&remote, &url, arguments)?;
    // What is left was dead-lettered by a queue, or is stuck; only the former is the move task's.
    let left_to_move = done.stayed.iter().any(|(_, why)| why == OF_A_QUEUE);
    if is_of_queues && left_to_move {
        done.moved += move_task(&remote, &url, arguments)?;
        done.stayed.retain(|(_, why)| why != OF_A_QUEUE);
    }
    let clean = done.stayed.is_empty();
    if arguments.at.json {
        let stayed: Vec<Value> =
            done.stayed.iter().map(|(id, why)| json!({"id": id, "reason": why})).collect();
        output::line(json!({"redriven": done.moved, "stayed": stayed}));
    } else {
        output::line(format_args!("{} sent again", done.moved));
        for (id, why) in &done.stayed {
            output::line(format_args!("{} {id}: {why}", output::styled(output::BAD, "stays")));
        }
    }
    Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Why a letter is left to the move task.
const OF_A_QUEUE: &str = "it was dead-lettered by a queue";

/// Sends every letter that a rule gave up to its target again, and gives the others back at the end.
fn resend(remote: &Remote, url: &str, arguments: &Arguments) -> Result<Done, String> {
    let mut done = Done::default();
    let mut held: Vec<Letter> = Vec::new();
    let mut failed = None;
    'all: while held.len() < HELD_MAX {
        let letters = match receive(remote, url, 10) {
            Ok(letters) if letters.is_empty() => break,
            Ok(letters) => letters,
            Err(error) => {
                failed = Some(error);
                break;
            }
        };
        for letter in letters {
            match send(remote, &letter, arguments.to.as_ref()) {
                Ok(()) => {
                    // Deleted only after it was sent: at a crash between the two it is there twice, never not at all.
                    let body = json!({"QueueUrl": url, "ReceiptHandle": letter.receipt()});
                    if let Err(error) = remote.ask(Request::sqs("DeleteMessage", body)) {
                        failed = Some(error);
                        break 'all;
                    }
                    done.moved += 1;
                    if let Some(rate) = arguments.rate {
                        remote.pause(Duration::from_secs(1) / rate);
                    }
                }
                Err(why) => {
                    done.stayed.push((letter.id().to_owned(), why));
                    held.push(letter);
                }
            }
        }
    }
    give_back(remote, url, &held)?;
    failed.map_or(Ok(done), Err)
}

/// Sends one letter again.
///
/// # Errors
/// Why it has to stay.
fn send(remote: &Remote, letter: &Letter, to: Option<&Arn>) -> Result<(), String> {
    if letter.source().is_some() {
        return Err(OF_A_QUEUE.to_owned());
    }
    if let Some(to) = to {
        return send_to_queue(remote, to, (letter.body().to_owned(), None));
    }
    let (Some(rule), Some(target)) = (letter.attribute("RULE_ARN"), letter.attribute("TARGET_ARN")) else {
        return Err("it does not say which rule and target it was for; name a queue with --to".to_owned());
    };
    let rule_arn: Arn = rule.parse().map_err(|_| format!("{rule} is no ARN"))?;
    let arn: Arn = target.parse().map_err(|_| format!("{target} is no ARN"))?;
    if let Some(bus) = BusName::of_arn(&arn) {
        return put_on_bus(remote, &bus, letter.body());
    }
    if arn.service != "sqs" {
        return Err(format!("its target {target} is no queue and no event bus; name a queue with --to"));
    }
    let (bus, name) = RuleName::of_arn(&rule_arn).ok_or_else(|| format!("{rule} is no rule's ARN"))?;
    let body = json!({"Rule": name.as_str(), "EventBusName": bus.as_str()});
    let targets = remote.all(&Request::events("ListTargetsByRule", body), "Targets")?;
    let found = targets.iter().find(|found| text(found, "Arn") == target);
    let found = found.ok_or_else(|| {
        format!("the rule {} no longer has the target {target}; name a queue with --to", name.as_str())
    })?;
    let maker = InputMaker::compile(&input_of(found), text(found, "Id")).map_err(|e| e.message)?;
    let event: Value = serde_json::from_str(letter.body()).unwrap_or_default();
    let accepted = Timestamp::parse_iso(text(&event, "time")).unwrap_or_default();
    let about = Surroundings { rule_arn: &rule_arn, rule_name: name.as_str(), accepted };
    let input = maker.make(letter.body(), about).map_err(|e| e.to_string())?;
    let group = found.get("SqsParameters").map(|parameters| text(parameters, "MessageGroupId").to_owned());
    send_to_queue(remote, &arn, (input, group))
}

/// A target's input as its wire form has it.
fn input_of(target: &Value) -> Input {
    let member = |name: &str| target.get(name).and_then(Value::as_str).map(str::to_owned);
    if let Some(transformer) = target.get("InputTransformer") {
        let paths = transformer.get("InputPathsMap").cloned().unwrap_or_default();
        let paths = serde_json::from_value(paths).unwrap_or_default();
        return Input::Transformer { paths, template: text(transformer, "InputTemplate").to_owned() };
    }
    match (member("Input"), member("InputPath")) {
        (Some(input), _) => Input::Constant(input),
        (None, Some(path)) => Input::Path(path),
        (None, None) => Input::Whole,
    }
}

fn send_to_queue(remote: &Remote, to: &Arn, (body, group): (String, Option<String>)) -> Result<(), String> {
    let url = remote.queue_url(&to.resource)?;
    let mut request = json!({"QueueUrl": url, "MessageBody": body});
    if let (Some(group), Some(members)) = (group, request.as_object_mut()) {
        members.insert("MessageGroupId".to_owned(), group.into());
    }
    remote.ask(Request::sqs("SendMessage", request)).map(|_| ())
}

/// Puts an event on a bus again; it gets a new id there, as PutEvents gives one.
fn put_on_bus(remote: &Remote, bus: &BusName, event: &str) -> Result<(), String> {
    let event: Value = serde_json::from_str(event).map_err(|e| format!("its payload is no event: {e}"))?;
    let detail = event.get("detail").map(Value::to_string).unwrap_or_default();
    let entry = json!({
        "EventBusName": bus.as_str(),
        "Source": event.get("source"),
        "DetailType": event.get("detail-type"),
        "Detail": detail,
        "Resources": event.get("resources"),
        "Time": event.get("time"),
    });
    let answer = remote.ask(Request::events("PutEvents", json!({"Entries": [entry]})))?;
    match items(&answer, "Entries").first().map(|entry| text(entry, "ErrorMessage")) {
        Some("") => Ok(()),
        Some(refused) => Err(refused.to_owned()),
        None => Err("PutEvents gave no answer for it".to_owned()),
    }
}

/// Lets SQS move what queues dead-lettered, and waits until it has: how many it moved.
fn move_task(remote: &Remote, url: &str, arguments: &Arguments) -> Result<u64, String> {
    let body = json!({"QueueUrl": url, "AttributeNames": ["QueueArn"]});
    let answer = remote.ask(Request::sqs("GetQueueAttributes", body))?;
    let arn = answer.get("Attributes").map(|attributes| text(attributes, "QueueArn")).unwrap_or_default();
    let mut body = json!({"SourceArn": arn});
    if let Some(members) = body.as_object_mut() {
        let to = arguments.to.as_ref().map(|to| ("DestinationArn", Value::from(to.to_string())));
        let rate = arguments.rate.map(|rate| ("MaxNumberOfMessagesPerSecond", Value::from(rate)));
        members.extend(to.into_iter().chain(rate).map(|(name, value)| (name.to_owned(), value)));
    }
    remote.ask(Request::sqs("StartMessageMoveTask", body))?;
    loop {
        let answer = remote.ask(Request::sqs("ListMessageMoveTasks", json!({"SourceArn": arn})))?;
        let task = items(&answer, "Results").first().cloned().unwrap_or_default();
        match text(&task, "Status") {
            "RUNNING" | "CANCELLING" => remote.pause(ASKED_EVERY),
            "COMPLETED" => {
                let moved = task.get("ApproximateNumberOfMessagesMoved").and_then(Value::as_u64);
                return Ok(moved.unwrap_or_default());
            }
            other => {
                return Err(format!("SQS's move task ended as {other}: {}", text(&task, "FailureReason")));
            }
        }
    }
}
