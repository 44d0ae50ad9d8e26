//! `trunkline dlq redrive`, `purge` and `undo`: each letter in one transaction of the server.
//!
//! SQS's StartMessageMoveTask knows nothing of events that a rule could not deliver, and EventBridge has no operation for
//! them ("process the events at a later time", user guide, "Using dead-letter queues to process undelivered events"). Here
//! such an event goes again to the one target that missed it, not to its bus, where the rules that did deliver it would
//! deliver it twice.

use std::process::ExitCode;
use std::time::Duration;

use aws::Arn;
use clap::Args;
use provision::Request;
use serde_json::{Value, json};

use crate::commands::dlq::selection::{Selection, with};
use crate::remote::{At, Remote, items, text};
use crate::{input, output, table};

/// How often the state of a running move task is asked.
const ASKED_EVERY: Duration = Duration::from_millis(100);
/// Steps a second where a rate is given.
const STEPS_PER_SECOND: u32 = 10;

/// How much can be undone.
const KEPT: &str = "undo keeps 64 MiB of letters for a day";

/// Arguments of `trunkline dlq redrive`.
#[derive(Debug, Args)]
pub(crate) struct RedriveArguments {
    #[command(flatten)]
    letters: Selection,
    /// Maximum letters per second [default: as fast as possible]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=500))]
    rate: Option<u32>,
    /// Send the letters unchanged to this queue instead
    #[arg(long, value_name = "ARN")]
    to: Option<Arn>,
    /// Send this instead of the payload of the one letter of --id: a file, JSON, or - for standard input, without its final
    /// line end. For an event it is the whole event, the "body" in `dlq show --json`
    #[arg(long, value_name = "FILE|JSON|-", requires = "id")]
    payload: Option<String>,
    #[command(flatten)]
    at: At,
}

/// Arguments of `trunkline dlq purge`.
#[derive(Debug, Args)]
pub(crate) struct PurgeArguments {
    #[command(flatten)]
    letters: Selection,
    /// Confirm: delete the letters
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    at: At,
}

/// Arguments of `trunkline dlq undo`.
#[derive(Debug, Args)]
pub(crate) struct UndoArguments {
    /// The name that `redrive` or `purge` printed, or the id of one letter [default: list what can be undone]
    name: Option<String>,
    #[command(flatten)]
    at: At,
}

/// What is done with letters.
#[derive(Clone, Copy, Debug)]
struct Action {
    /// What has become of a letter when it is done.
    outcome: &'static str,
    /// The member of the JSON that counts the letters.
    member: &'static str,
}

const REDRIVE: Action = Action { outcome: "redriven", member: "redriven" };
const PURGE: Action = Action { outcome: "purged", member: "purged" };
const UNDO: Action = Action { outcome: "restored to the dead-letter queue", member: "restored" };

/// A letter that had to stay.
#[derive(Clone, Debug)]
struct StayingLetter {
    id: String,
    reason: String,
}

/// What became of the letters.
#[derive(Debug, Default)]
struct Outcome {
    /// By this it can be undone; empty where nothing can.
    name: String,
    done: u64,
    stayed: Vec<StayingLetter>,
    /// Of the letters that were named, those that were not found.
    unmet: Vec<String>,
    /// How many of `done` cannot be undone by their nature.
    finally: u64,
    /// How many letters of the whole deed undo no longer keeps.
    gone: u64,
}

impl Outcome {
    fn add(&mut self, answer: &Value, list: &str) {
        let number = |name: &str| answer.get(name).and_then(Value::as_u64).unwrap_or(0);
        self.finally += number("Final");
        self.gone = self.gone.max(number("Gone"));
        let done = items(answer, list);
        self.done += u64::try_from(done.len()).unwrap_or(0);
        self.unmet.retain(|id| !done.iter().any(|done| done.as_str() == Some(id)));
        let stayed = items(answer, "Stayed").iter();
        self.stayed.extend(stayed.map(|stayed| StayingLetter {
            id: text(stayed, "Id").to_owned(),
            reason: text(stayed, "Reason").to_owned(),
        }));
        self.unmet.retain(|id| !self.stayed.iter().any(|letter| letter.id == *id));
    }

    /// How many of the letters that were dealt with can come back; none where nothing of it is kept.
    fn undoable(&self) -> u64 {
        if self.name.is_empty() {
            return 0;
        }
        self.done.saturating_sub(self.finally).saturating_sub(self.gone)
    }

    /// How it is undone, and why not all of it can be.
    fn promise(&self) -> String {
        let (name, undoable) = (&self.name, self.undoable());
        if name.is_empty() || self.done == 0 {
            return String::new();
        }
        if undoable == self.done {
            return format!("; to undo: trunkline dlq undo {name}");
        }
        let mut why = Vec::new();
        if self.finally > 0 {
            why.push("what was logged, or was a duplicate for a FIFO queue, cannot be taken back");
        }
        if self.gone > 0 {
            why.push(KEPT);
        }
        let why = why.join("; ");
        match undoable {
            0 => format!("; this cannot be undone: {why}"),
            some => format!("; trunkline dlq undo {name} can restore only {some} of them: {why}"),
        }
    }

    /// Exit status 1 where letters had to stay, or were named and not met.
    fn report(&self, action: Action, at: &At) -> ExitCode {
        let undoable = self.undoable();
        let undo = Some(&self.name).filter(|_| undoable > 0);
        if at.json {
            let of_stayed = |letter: &StayingLetter| json!({"id": letter.id, "reason": letter.reason});
            let stayed: Vec<Value> = self.stayed.iter().map(of_stayed).collect();
            let unknown = &self.unmet;
            output::json(json!({
                action.member: self.done,
                "stayed": stayed,
                "unknown": unknown,
                "undo": undo,
                "undoable": undoable,
                "gone": self.gone,
            }));
        } else {
            output::line(format_args!("{} {}{}", self.done, action.outcome, self.promise()));
            if self.name.is_empty() && self.gone > 0 {
                let gone = output::styled(output::BAD, "gone");
                output::line(format_args!("{gone} {} more can no longer be restored: {KEPT}", self.gone));
            }
            for StayingLetter { id, reason } in &self.stayed {
                output::line(format_args!("{} {id}: {reason}", output::styled(output::BAD, "stays")));
            }
            for id in &self.unmet {
                let unknown = output::styled(output::BAD, "unknown");
                output::line(format_args!("{unknown} {id}: not in the queue, or held by a consumer"));
            }
        }
        // What a deed did is done even where it cannot be undone; an undo has not done all of it.
        let all =
            self.stayed.is_empty() && self.unmet.is_empty() && (self.gone == 0 || !self.name.is_empty());
        if all { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// Exit status 0 where every letter was sent again, 1 where some had to stay or were not there.
pub(crate) fn redrive(arguments: &RedriveArguments) -> Result<ExitCode, String> {
    let RedriveArguments { letters, rate, to, payload, at } = arguments;
    let remote = Remote::open(&at.endpoint)?;
    if is_fifo(letters) {
        only_as_a_whole(letters)?;
        let done = move_task(&remote, arguments)?;
        return Ok(Outcome { done, ..Outcome::default() }.report(REDRIVE, at));
    }
    let mut body = letters.body();
    if let Some(to) = to {
        body = with(body, "To", to.to_string());
    }
    if let Some(file) = payload {
        if letters.id.len() != 1 {
            return Err("--payload applies to one letter: name it with a single --id".to_owned());
        }
        let text = input::text_argument(file)?;
        let text = text.strip_suffix('\n').unwrap_or(&text);
        body = with(body, "Payload", text.strip_suffix('\r').unwrap_or(text));
    }
    let outcome = steps(&remote, "RedriveDeadLetters", body, letters, *rate)?;
    Ok(outcome.report(REDRIVE, at))
}

/// Exit status 0; 1 where letters were named that are not there.
pub(crate) fn purge(arguments: &PurgeArguments) -> Result<ExitCode, String> {
    let PurgeArguments { letters, yes, at } = arguments;
    let remote = Remote::open(&at.endpoint)?;
    let url = remote.queue_url(&letters.queue)?;
    if !yes {
        let which = if letters.is_all() { "all messages" } else { "the selected messages" };
        return Err(format!("this deletes {which} of {}; confirm with --yes", letters.queue));
    }
    if is_fifo(letters) {
        only_as_a_whole(letters)?;
        remote.ask(Request::sqs("PurgeQueue", json!({"QueueUrl": url})))?;
        if at.json {
            output::json(json!({"purged": letters.queue}));
        } else {
            output::line(format_args!("{} is now empty; this cannot be undone", letters.queue));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let outcome = steps(&remote, "PurgeDeadLetters", letters.body(), letters, None)?;
    Ok(outcome.report(PURGE, at))
}

/// Exit status 0 where all of it was undone, 1 where letters had to stay as they are, or are no longer kept.
pub(crate) fn undo(arguments: &UndoArguments) -> Result<ExitCode, String> {
    let UndoArguments { name, at } = arguments;
    let remote = Remote::open(&at.endpoint)?;
    let Some(name) = name else { return undoable(&remote, at) };
    let mut outcome = Outcome::default();
    let mut body = json!({"Name": name});
    loop {
        let answer = remote.ask(Request::trunkline("UndoDeadLetters", body.clone()))?;
        outcome.add(&answer, "Restored");
        match answer.get("After") {
            Some(after) => body = with(body, "After", after.clone()),
            None => return Ok(outcome.report(UNDO, at)),
        }
    }
}

fn undoable(remote: &Remote, at: &At) -> Result<ExitCode, String> {
    let answer = remote.ask(Request::trunkline("ListUndoable", json!({})))?;
    let mut rows = Vec::new();
    for deed in items(&answer, "Deeds") {
        let letters = deed.get("Letters").and_then(Value::as_u64).unwrap_or_default();
        let [name, queue, kind, moment] =
            ["Name", "QueueName", "Kind", "At"].map(|member| text(deed, member));
        let kind = kind.to_lowercase();
        if at.json {
            output::json(
                json!({"undo": name, "queue": queue, "kind": kind, "at": moment, "letters": letters}),
            );
        } else {
            rows.push([name, queue, &kind, &letters.to_string(), moment].map(str::to_owned).to_vec());
        }
    }
    if !at.json {
        table::print(&["undo", "queue", "what", "letters", "at"], &rows, "nothing can be undone");
    }
    Ok(ExitCode::SUCCESS)
}

/// Deals with all letters step by step; what was done stays done if it is stopped between two steps.
fn steps(
    remote: &Remote,
    operation: &'static str,
    mut body: Value,
    letters: &Selection,
    rate: Option<u32>,
) -> Result<Outcome, String> {
    let mut outcome = Outcome { unmet: letters.id.clone(), ..Outcome::default() };
    let at_once = rate.map(|rate| (rate / STEPS_PER_SECOND).max(1));
    if let Some(at_once) = at_once {
        body = with(body, "Max", at_once);
    }
    loop {
        let answer = remote.ask(Request::trunkline(operation, body.clone()))?;
        outcome.add(&answer, "Done");
        outcome.name = text(&answer, "Name").to_owned();
        output::progress(&format!("{} of {}", outcome.done, text(&body, "QueueName")));
        let Some(after) = answer.get("After") else { break };
        body = with(body, "After", after.clone());
        body = with(body, "Name", outcome.name.clone());
        body = with(body, "UntilMs", answer.get("UntilMs").cloned().unwrap_or_default());
        if let (Some(at_once), Some(rate)) = (at_once, rate) {
            remote.pause(Duration::from_secs(u64::from(at_once)) / rate);
        }
    }
    output::progress("");
    unknown(&outcome, letters)?;
    Ok(outcome)
}

/// # Errors
/// Where letters were named and none of them is there.
fn unknown(outcome: &Outcome, letters: &Selection) -> Result<(), String> {
    let met = outcome.done + u64::try_from(outcome.stayed.len()).unwrap_or(0);
    match letters.id.as_slice() {
        [] => Ok(()),
        ids if met == 0 => Err(format!(
            "{} has no available letter {}; a consumer may hold it at the moment",
            letters.queue,
            ids.join(", ")
        )),
        _ => Ok(()),
    }
}

fn is_fifo(letters: &Selection) -> bool {
    letters.queue.ends_with(".fifo")
}

fn only_as_a_whole(letters: &Selection) -> Result<(), String> {
    if letters.is_all() {
        return Ok(());
    }
    Err(format!(
        "{} is a FIFO queue: to keep their order, its letters can only be redriven or purged all together; leave out the \
         selection",
        letters.queue
    ))
}

/// Lets SQS move what a FIFO queue dead-lettered, and waits until it has: how many it moved.
fn move_task(remote: &Remote, arguments: &RedriveArguments) -> Result<u64, String> {
    if arguments.payload.is_some() {
        return Err("the letters of a FIFO queue are sent unchanged; leave out --payload".to_owned());
    }
    let url = remote.queue_url(&arguments.letters.queue)?;
    let body = json!({"QueueUrl": url, "AttributeNames": ["QueueArn"]});
    let answer = remote.ask(Request::sqs("GetQueueAttributes", body))?;
    let arn = answer.get("Attributes").map(|attributes| text(attributes, "QueueArn")).unwrap_or_default();
    let mut body = json!({"SourceArn": arn});
    if let Some(to) = &arguments.to {
        body = with(body, "DestinationArn", to.to_string());
    }
    if let Some(rate) = arguments.rate {
        body = with(body, "MaxNumberOfMessagesPerSecond", rate);
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
                return Err(format!(
                    "the message move task ended with {other}: {}",
                    text(&task, "FailureReason")
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Outcome;

    #[test]
    fn no_more_is_promised_than_can_be_undone() {
        for (finally, gone, words) in [
            (0, 0, "; to undo: trunkline dlq undo n"),
            (0, 3, "can restore only 7 of them: undo keeps 64 MiB"),
            (4, 0, "can restore only 6 of them: what was logged"),
            (4, 6, "; this cannot be undone: what was logged"),
        ] {
            let outcome = Outcome { name: "n".to_owned(), done: 10, finally, gone, ..Outcome::default() };
            assert!(outcome.promise().contains(words), "{}", outcome.promise());
        }
        assert_eq!(Outcome { done: 10, ..Outcome::default() }.promise(), "");
    }
}
