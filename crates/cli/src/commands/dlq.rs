//! `trunkline dlq`: dead letters looked at, sent again, thrown away.

mod deal;
mod selection;

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use provision::Request;
use serde_json::{Value, json};

use crate::commands::dlq::selection::{Selection, letters, with};
use crate::commands::{queue, rule};
use crate::remote::{At, Remote, items, text};
use crate::{output, table};

/// Maximum number of dead letters of a queue that are examined for the list.
const LOOKED_AT_MAX: usize = 10_000;

/// Arguments of `trunkline dlq`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// List dead-letter queues and their letters, grouped by error, rule and target
    ///
    /// Messages that a consumer holds at the moment are left out; listing changes nothing.
    List {
        /// List only this queue, whether or not it is used as a dead-letter queue
        queue: Option<String>,
        #[command(flatten)]
        at: At,
    },
    /// Show the dead letters of a queue: payload, error, attempts, rule and target
    Show {
        #[command(flatten)]
        letters: Selection,
        /// Maximum number of letters
        #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
        #[command(flatten)]
        at: At,
    },
    /// Send dead letters again
    ///
    /// A message that a queue gave up is sent back to that queue. An event that a rule could not deliver is sent again to the
    /// target that missed it, with the input that the target has now. A letter that cannot be sent stays where it is, and the
    /// reason is shown. `dlq undo` takes back what has not been received yet.
    Redrive(deal::RedriveArguments),
    /// Delete dead letters
    Purge(deal::PurgeArguments),
    /// Undo a redrive or purge of the last day
    Undo(deal::UndoArguments),
}

/// Exit status 0; 1 where letters had to stay, or were named and are not there.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    match &arguments.act {
        Act::List { queue, at } => list(queue.as_deref(), at),
        Act::Show { letters, limit, at } => show(letters, usize::from(*limit), at),
        Act::Redrive(arguments) => deal::redrive(arguments),
        Act::Purge(arguments) => deal::purge(arguments),
        Act::Undo(arguments) => deal::undo(arguments),
    }
}

/// The ARNs of all dead-letter queues, each with the queues and the rules that use it.
fn users(remote: &Remote, queues: &[Value]) -> Result<BTreeMap<String, BTreeSet<String>>, String> {
    let mut users: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for queue in queues {
        if let Some(arn) = queue::dead_letter_arn(queue) {
            users.entry(arn).or_default().insert(format!("queue {}", text(queue, "Name")));
        }
    }
    for rule in rule::all(remote, None)? {
        for target in items(&rule, "Targets") {
            let arn = target.get("DeadLetterConfig").map(|config| text(config, "Arn")).unwrap_or_default();
            if !arn.is_empty() {
                let user = format!("rule {}", text(&rule, "Name"));
                users.entry(arn.to_owned()).or_default().insert(user);
            }
        }
    }
    Ok(users)
}

/// Letters of a queue that failed in the same way on the same way.
struct Group {
    letters: u64,
    /// The id of the oldest.
    example: String,
    /// When it was sent.
    oldest: String,
}

/// What the letters of a group have in common; a text is empty where it is not known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Cause {
    error: String,
    /// `rule NAME` or `queue NAME`.
    from: String,
    /// The ARN of the target.
    to: String,
}

type Groups = BTreeMap<Cause, Group>;

fn grouped(letters: &[Value]) -> Groups {
    let mut groups = Groups::new();
    for letter in letters {
        let from = match text(letter, "RuleArn").split_once(":rule/") {
            Some((_, rule)) => format!("rule {rule}"),
            None => match text(letter, "SourceArn").rsplit(':').next() {
                None | Some("") => String::new(),
                Some(queue) => format!("queue {queue}"),
            },
        };
        let cause = Cause {
            error: text(letter, "ErrorCode").to_owned(),
            from,
            to: text(letter, "TargetArn").to_owned(),
        };
        let first = || Group {
            letters: 0,
            example: text(letter, "Id").to_owned(),
            oldest: text(letter, "Sent").to_owned(),
        };
        groups.entry(cause).or_insert_with(first).letters += 1;
    }
    groups
}

fn list(only: Option<&str>, at: &At) -> Result<ExitCode, String> {
    let remote = Remote::open(&at.endpoint)?;
    let queues = queue::all(&remote)?;
    let mut users = users(&remote, &queues)?;
    if let Some(only) = only {
        let arn =
            queues.iter().find(|queue| text(queue, "Name") == only).map(|queue| text(queue, "QueueArn"));
        let arn = arn.ok_or_else(|| format!("there is no queue {only}; see `trunkline queue list`"))?;
        let of_it = users.remove(arn).unwrap_or_default();
        users = BTreeMap::from([(arn.to_owned(), of_it)]);
    }
    let mut rows = Vec::new();
    for (arn, users) in users {
        let Some(queue) = queues.iter().find(|queue| text(queue, "QueueArn") == arn) else { continue };
        let body = with(json!({"QueueName": text(queue, "Name")}), "WithoutPayload", true);
        let letters = letters(&remote, &body, LOOKED_AT_MAX)?;
        let groups = grouped(&letters);
        if at.json {
            output::json(json_of(queue, &users, letters.len(), &groups));
        } else {
            rows.extend(rows_of(queue, users, groups));
        }
    }
    if !at.json {
        let heading = ["dead-letter queue", "messages", "of", "letters", "error", "from", "to", "oldest"];
        table::print(&heading, &rows, "no dead-letter queues");
    }
    Ok(ExitCode::SUCCESS)
}

fn json_of(queue: &Value, users: &BTreeSet<String>, examined: usize, groups: &Groups) -> Value {
    let mut errors: BTreeMap<&str, u64> = BTreeMap::new();
    for (cause, group) in groups {
        *errors.entry(&cause.error).or_default() += group.letters;
    }
    let none_where_empty = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let of_group = |(cause, group): (&Cause, &Group)| {
        json!({
            "error": cause.error,
            "from": none_where_empty(&cause.from),
            "target": none_where_empty(&cause.to),
            "letters": group.letters,
            "oldest": group.oldest,
            "example": group.example,
        })
    };
    json!({
        "queue": text(queue, "Name"),
        "usedBy": users,
        "messages": text(queue, "ApproximateNumberOfMessages").parse::<u64>().ok(),
        "examined": examined,
        "byError": errors,
        "groups": groups.iter().map(of_group).collect::<Vec<_>>(),
    })
}

/// A row for each group; the queue is named in the first.
fn rows_of(queue: &Value, users: BTreeSet<String>, groups: Groups) -> Vec<Vec<String>> {
    let users = users.into_iter().collect::<Vec<_>>().join(", ");
    let mut about =
        vec![text(queue, "Name").to_owned(), text(queue, "ApproximateNumberOfMessages").to_owned(), users];
    if groups.is_empty() {
        return vec![about];
    }
    let mut rows = Vec::new();
    for (Cause { error, from, to }, group) in groups {
        let mut row = std::mem::replace(&mut about, vec![String::new(); 3]);
        let [error, from, to] = [error, from, to].map(|text| in_one_line(&text));
        row.extend([group.letters.to_string(), error, from, to, group.oldest]);
        rows.push(row);
    }
    rows
}

fn show(selection: &Selection, limit: usize, at: &At) -> Result<ExitCode, String> {
    let remote = Remote::open(&at.endpoint)?;
    let letters = letters(&remote, &selection.body(), limit)?;
    for letter in &letters {
        if at.json {
            output::json(letter_json(letter));
        } else {
            print(letter, &remote);
        }
    }
    if letters.is_empty() && !at.json {
        let which = if selection.is_all() { "messages" } else { "matching messages" };
        output::line(format_args!("no {which} are available in {}", selection.queue));
        if let Some(errors) = other_errors(&remote, selection)? {
            output::line(errors);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The errors that the queue's letters have, where one was named that none has.
fn other_errors(remote: &Remote, selection: &Selection) -> Result<Option<String>, String> {
    let Some(named) = &selection.error else { return Ok(None) };
    let body = with(json!({"QueueName": selection.queue}), "WithoutPayload", true);
    let all = letters(remote, &body, LOOKED_AT_MAX)?;
    let errors: BTreeSet<&str> = all.iter().map(|letter| text(letter, "ErrorCode")).collect();
    if errors.is_empty() || errors.contains(named.as_str()) {
        return Ok(None);
    }
    let errors: Vec<&str> =
        errors.into_iter().map(|error| if error.is_empty() { "(none)" } else { error }).collect();
    Ok(Some(format!("no letter has the error {named}; there are {}", errors.join(", "))))
}

/// The id of the event in a letter's payload, where it is an event.
fn event_id(payload: &str) -> Option<String> {
    let event: Value = serde_json::from_str(payload).ok()?;
    let is_event = event.get("detail-type").is_some() && event.get("source").is_some();
    event.get("id").and_then(Value::as_str).filter(|_| is_event).map(str::to_owned)
}

/// A payload for people: JSON spread over lines, under its name.
fn readable(payload: &str) -> String {
    match serde_json::from_str::<Value>(payload) {
        Ok(value @ (Value::Object(_) | Value::Array(_))) => {
            let page = format!("{value:#}");
            page.lines().map(|line| format!("\n    {line}")).collect()
        }
        _ => payload.to_owned(),
    }
}

/// What the target answered to the last attempt for this event, where the event is still kept.
fn last_answer(remote: &Remote, event: &str, target: &str) -> Option<String> {
    let found = remote.find(Request::trunkline("DescribeEvent", json!({"EventId": event}))).ok()??;
    let rules = items(&found, "Places").iter().flat_map(|place| items(place, "Rules"));
    let mut deliveries = rules.flat_map(|rule| items(rule, "Deliveries"));
    let delivery = deliveries.find(|delivery| text(delivery, "TargetArn") == target)?;
    let attempt = items(delivery, "Attempts").last()?;
    let status = attempt.get("Status").and_then(Value::as_u64);
    let answer = text(attempt, "Answer");
    match (status, answer) {
        (None, "") => None,
        (None, answer) => Some(answer.to_owned()),
        (Some(status), "") => Some(status.to_string()),
        (Some(status), answer) => Some(format!("{status} {answer}")),
    }
}

/// Everything known of a letter.
fn letter_json(letter: &Value) -> Value {
    json!({
        "id": letter.get("Id"),
        "error": letter.get("ErrorCode"),
        "message": letter.get("ErrorMessage"),
        "retries": letter.get("Retries"),
        "exhausted": letter.get("Exhausted"),
        "rule": letter.get("RuleArn"),
        "target": letter.get("TargetArn"),
        "source": letter.get("SourceArn"),
        "receives": letter.get("Received"),
        "sent": letter.get("Sent"),
        "body": letter.get("Payload"),
    })
}

/// A letter's attributes are whatever its sender wrote; a line break among them would look like another row, and a control
/// character would reach the terminal.
fn in_one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line
}

fn print(letter: &Value, remote: &Remote) {
    output::line(output::styled(output::STRONG, text(letter, "Id")));
    let number = |name: &str| letter.get(name).map(Value::to_string).unwrap_or_default();
    let payload = text(letter, "Payload");
    let event = event_id(payload).unwrap_or_default();
    let target = text(letter, "TargetArn");
    let answer = if event.is_empty() { None } else { last_answer(remote, &event, target) };
    let lines = [
        ("event", event.as_str()),
        ("error", text(letter, "ErrorCode")),
        ("because", text(letter, "ErrorMessage")),
        ("answer", answer.as_deref().unwrap_or_default()),
        ("retries", &number("Retries")),
        ("exhausted", text(letter, "Exhausted")),
        ("rule", text(letter, "RuleArn")),
        ("target", target),
        ("from", text(letter, "SourceArn")),
        ("receives", &number("Received")),
        ("sent", text(letter, "Sent")),
    ];
    let lines = lines.map(|(name, value)| (name, in_one_line(value)));
    let payload = ("payload", readable(payload));
    for (name, value) in lines.into_iter().chain([payload]).filter(|(_, value)| !value.is_empty()) {
        output::line(format_args!("  {} {value}", output::styled(output::FAINT, format_args!("{name:<9}"))));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::{event_id, grouped, in_one_line, readable, rows_of};

    fn letter(id: &str, rule: &str, source: &str, error: &str) -> Value {
        json!({"Id": id, "RuleArn": rule, "SourceArn": source, "ErrorCode": error, "TargetArn": "t", "Sent": id})
    }

    #[test]
    fn letters_that_failed_in_the_same_way_are_one_row_and_the_queue_is_named_once() {
        let rule = "arn:aws:events:us-east-1:000000000000:rule/large";
        let letters = [
            letter("1", rule, "", "TIMEOUT"),
            letter("2", "", "arn:aws:sqs:us-east-1:000000000000:orders", ""),
            letter("3", rule, "", "TIMEOUT"),
        ];
        let queue = json!({"Name": "dead", "ApproximateNumberOfMessages": "3"});
        let users = BTreeSet::from(["rule large".to_owned(), "queue orders".to_owned()]);
        let rows = rows_of(&queue, users, grouped(&letters));
        let expected = [
            ["dead", "3", "queue orders, rule large", "1", "", "queue orders", "t", "2"],
            ["", "", "", "2", "TIMEOUT", "rule large", "t", "1"],
        ];
        assert_eq!(rows, expected.map(|row| row.map(str::to_owned).to_vec()));
        let none = rows_of(&queue, BTreeSet::new(), grouped(&[]));
        assert_eq!(none, [["dead", "3", ""].map(str::to_owned).to_vec()]);
    }

    #[test]
    fn a_payload_is_spread_over_lines_and_its_event_named() {
        assert_eq!(readable(r#"{"a":[1]}"#), "\n    {\n      \"a\": [\n        1\n      ]\n    }");
        assert_eq!(readable("plain"), "plain");
        assert_eq!(event_id(r#"{"id": "e-1", "source": "s", "detail-type": "t"}"#).as_deref(), Some("e-1"));
        assert_eq!(event_id(r#"{"id": "order-1"}"#), None);
    }

    #[test]
    fn a_line_break_of_a_sender_is_no_row() {
        assert_eq!(in_one_line("a\nb\r\u{1b}[2Jü \\"), "a\\nb\\r\\u{1b}[2Jü \\");
    }
}
