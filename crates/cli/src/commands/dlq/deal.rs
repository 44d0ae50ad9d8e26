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

/// How often a running move task is asked after.
const ASKED_EVERY: Duration = Duration::from_millis(100);
/// Steps a second where a rate is given.
const STEPS_PER_SECOND: u32 = 10;

/// How much can be undone.
const KEPT: &str = "undo keeps 64 MiB of letters, for a day";

/// Arguments of `trunkline dlq redrive`.
///
/// A message that a queue gave up goes back to that queue. An event that a rule could not deliver goes again to the rule's
/// target that missed it, its input made as the target has it now. What has to stay keeps its place, and the reason is
/// said. `dlq undo` takes back what nobody has received yet.
#[derive(Debug, Args)]
pub(crate) struct RedriveArguments {
    #[command(flatten)]
    letters: Selection,
    /// Letters a second; as fast as it goes where not said
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=500))]
    rate: Option<u32>,
    /// To this queue instead, as they are
    #[arg(long, value_name = "ARN")]
    to: Option<Arn>,
    /// With the text of this file (or JSON as it stands, or - for standard input) instead of its own, without the last line
    /// end; for the one letter of --id. Of an event it is the whole event, which `dlq show --json` has as "body"
    #[arg(long, value_name = "FILE", requires = "id")]
    payload: Option<String>,
    #[command(flatten)]
    at: At,
}

/// Arguments of `trunkline dlq purge`.
#[derive(Debug, Args)]
pub(crate) struct PurgeArguments {
    #[command(flatten)]
    letters: Selection,
    /// Yes, throw them away
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    at: At,
}

/// Arguments of `trunkline dlq undo`.
#[derive(Debug, Args)]
pub(crate) struct UndoArguments {
    /// What `redrive` or `purge` called it, or the id of one letter; without it, what can be undone is listed
    name: Option<String>,
    #[command(flatten)]
    at: At,
}

/// What became of the letters.
#[derive(Debug, Default)]
struct Dealt {
    /// By this it can be undone; empty where nothing can.
    name: String,
    done: u64,
    /// The letters that had to stay, and why.
    stayed: Vec<(String, String)>,
    /// Of the letters that were named, those that have not been met.
    unmet: Vec<String>,
    /// How many of `done` cannot be undone by their nature.
    finally: u64,
    /// How many letters of the whole deed undo no longer keeps.
    gone: u64,
}

impl Dealt {
    fn add(&mut self, answer: &Value, list: &str) {
        let number = |name: &str| answer.get(name).and_then(Value::as_u64).unwrap_or(0);
        self.finally += number("Final");
        self.gone = self.gone.max(number("Gone"));
        let done = items(answer, list);
        self.done += u64::try_from(done.len()).unwrap_or(0);
        self.unmet.retain(|id| !done.iter().any(|done| done.as_str() == Some(id)));
        let stayed = items(answer, "Stayed").iter();
        self.stayed
            .extend(stayed.map(|stayed| (text(stayed, "Id").to_owned(), text(stayed, "Reason").to_owned())));
        self.unmet.retain(|id| !self.stayed.iter().any(|(stayed, _)| stayed == id));
    }

    /// How many of the letters that were dealt with can come back; none where nothing of it is kept.
    fn undoable(&self) -> u64 {
        match self.name.is_empty() {
            true => 0,
            false => self.done.saturating_sub(self.finally).saturating_sub(self.gone),
        }
    }

    /// How it is undone, and why not all of it can be.
    fn promise(&self) -> String {
        let (name, undoable) = (&self.name, self.undoable());
        if name.is_empty() || self.done == 0 {
            return String::new();
        }
        if undoable == self.done {
            return format!("; trunkline dlq undo {name} takes it back");
        }
        let mut why = Vec::new();
        if self.finally > 0 {
            why.push("what is logged, or was a duplicate to a FIFO queue, is not taken back");
        }
        if self.gone > 0 {
            why.push(KEPT);
        }
        let why = why.join("; ");
        match undoable {
            0 => format!("; that cannot be undone: {why}"),
            some => format!("; trunkline dlq undo {name} takes back only {some} of them: {why}"),
        }
    }

    /// Exit status 1 where letters had to stay, or were named and not met.
    fn told(&self, (what, member): (&str, &str), at: &At) -> ExitCode {
        let undoable = self.undoable();
        let undo = Some(&self.name).filter(|_| undoable > 0);
        if at.json {
            let of_stayed = |(id, why): &(String, String)| json!({"id": id, "reason": why});
            let stayed: Vec<Value> = self.stayed.iter().map(of_stayed).collect();
            let unknown = &self.unmet;
            output::line(json!({
                member: self.done,
                "stayed": stayed,
                "unknown": unknown,
                "undo": undo,
                "undoable": undoable,
                "gone": self.gone,
            }));
        } else {
            output::line(format_args!("{} {what}{}", self.done, self.promise()));
            if self.name.is_empty() && self.gone > 0 {
                let gone = output::styled(output::BAD, "gone");
                output::line(format_args!("{gone} {} more can no longer be taken back: {KEPT}", self.gone));
            }
            for (id, why) in &self.stayed {
                output::line(format_args!("{} {id}: {why}", output::styled(output::BAD, "stays")));
            }
            for id in &self.unmet {
                let unknown = output::styled(output::BAD, "unknown");
                output::line(format_args!("{unknown} {id}: no such letter is free"));
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
        return Ok(Dealt { done, ..Dealt::default() }.told(("sent again", "redriven"), at));
    }
    let mut body = letters.body();
    if let Some(to) = to {
        body = with(body, "To", to.to_string());
    }
    if let Some(file) = payload {
        if letters.id.len() != 1 {
            return Err("--payload is for one letter: name it with one --id".to_owned());
        }
        let text = input::text_argument(file)?;
        let text = text.strip_suffix('\n').unwrap_or(&text);
        body = with(body, "Payload", text.strip_suffix('\r').unwrap_or(text));
    }
    let dealt = steps(&remote, ("RedriveDeadLetters", body), (letters, *rate))?;
    Ok(dealt.told(("sent again", "redriven"), at))
}

/// Exit status 0; 1 where letters were named that are not there.
pub(crate) fn purge(arguments: &PurgeArguments) -> Result<ExitCode, String> {
    let PurgeArguments { letters, yes, at } = arguments;
    let remote = Remote::open(&at.endpoint)?;
    let url = remote.queue_url(&letters.queue)?;
    if !yes {
        return Err(match letters.is_all() {
            true => format!("this throws away all messages of {}; say --yes if you want that", letters.queue),
            false => format!(
                "this throws the chosen messages of {} away; say --yes if you want that",
                letters.queue
            ),
        });
    }
    if is_fifo(letters) {
        only_as_a_whole(letters)?;
        remote.ask(Request::sqs("PurgeQueue", json!({"QueueUrl": url})))?;
        output::line(match at.json {
            true => json!({"purged": letters.queue}).to_string(),
            false => format!("{} is empty now; that cannot be undone", letters.queue),
        });
        return Ok(ExitCode::SUCCESS);
    }
    let dealt = steps(&remote, ("PurgeDeadLetters", letters.body()), (letters, None))?;
    Ok(dealt.told(("thrown away", "purged"), at))
}

/// Exit status 0 where all of it was undone, 1 where letters had to stay as they are, or are no longer kept.
pub(crate) fn undo(arguments: &UndoArguments) -> Result<ExitCode, String> {
    let UndoArguments { name, at } = arguments;
    let remote = Remote::open(&at.endpoint)?;
    let Some(name) = name else { return undoable(&remote, at) };
    let mut dealt = Dealt::default();
    let mut body = json!({"Name": name});
    loop {
        let answer = remote.ask(Request::trunkline("UndoDeadLetters", body.clone()))?;
        dealt.add(&answer, "Restored");
        match answer.get("After") {
            Some(after) => body = with(body, "After", after.clone()),
            None => return Ok(dealt.told(("back in the dead-letter queue", "restored"), at)),
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
        match at.json {
            true => output::line(
                json!({"undo": name, "queue": queue, "kind": kind, "at": moment, "letters": letters}),
            ),
            false => {
                rows.push([name, queue, &kind, &letters.to_string(), moment].map(str::to_owned).to_vec())
            }
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
    (operation, mut body): (&'static str, Value),
    (letters, rate): (&Selection, Option<u32>),
) -> Result<Dealt, String> {
    let mut dealt = Dealt { unmet: letters.id.clone(), ..Dealt::default() };
    let at_once = rate.map(|rate| (rate / STEPS_PER_SECOND).max(1));
    if let Some(at_once) = at_once {
        body = with(body, "Max", at_once);
    }
    loop {
        let answer = remote.ask(Request::trunkline(operation, body.clone()))?;
        dealt.add(&answer, "Done");
        dealt.name = text(&answer, "Name").to_owned();
        output::progress(&format!("{} of {}", dealt.done, text(&body, "QueueName")));
        let Some(after) = answer.get("After") else { break };
        body = with(body, "After", after.clone());
        body = with(body, "Name", dealt.name.clone());
        body = with(body, "UntilMs", answer.get("UntilMs").cloned().unwrap_or_default());
        if let (Some(at_once), Some(rate)) = (at_once, rate) {
            remote.pause(Duration::from_secs(u64::from(at_once)) / rate);
        }
    }
    output::progress("");
    unknown(&dealt, letters)?;
    Ok(dealt)
}

/// # Errors
/// Where letters were named and none of them is there.
fn unknown(dealt: &Dealt, letters: &Selection) -> Result<(), String> {
    let met = dealt.done + u64::try_from(dealt.stayed.len()).unwrap_or(0);
    match letters.id.as_slice() {
        [] => Ok(()),
        ids if met == 0 => Err(format!(
            "{} has no such letter that is free: {}; it may be received by somebody at this moment",
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
    match letters.is_all() {
        true => Ok(()),
        false => Err(format!(
            "{} is a FIFO queue, whose order holds: its letters go again, or away, all together; leave the selection out",
            letters.queue
        )),
    }
}

/// Lets SQS move what a FIFO queue dead-lettered, and waits until it has: how many it moved.
fn move_task(remote: &Remote, arguments: &RedriveArguments) -> Result<u64, String> {
    if arguments.payload.is_some() {
        return Err("a FIFO queue's letters go as they are: leave --payload out".to_owned());
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
                return Err(format!("SQS's move task ended as {other}: {}", text(&task, "FailureReason")));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Dealt;

    #[test]
    fn no_more_is_promised_than_can_be_undone() {
        for (finally, gone, words) in [
            (0, 0, "; trunkline dlq undo n takes it back"),
            (0, 3, "takes back only 7 of them: undo keeps 64 MiB"),
            (4, 0, "takes back only 6 of them: what is logged"),
            (4, 6, "; that cannot be undone: what is logged"),
        ] {
            let dealt = Dealt { name: "n".to_owned(), done: 10, finally, gone, ..Dealt::default() };
            assert!(dealt.promise().contains(words), "{}", dealt.promise());
        }
        assert_eq!(Dealt { done: 10, ..Dealt::default() }.promise(), "");
    }
}
