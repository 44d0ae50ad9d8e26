//! Dead letters: grouped by what went wrong and for whom, sent again, thrown away, and both undone.

use std::collections::BTreeMap;

use aws::Error;
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::address::{href, href_with};
use crate::answer::Visit;
use crate::command::trunkline;
use crate::layout::Sheet;
use crate::parts::{Section, Table, day_moment, filter, grouped, note, nothing};
use crate::payload::{SHOWN_BYTES_MAX, line, payload};
use crate::pipeline::{Pipeline, name_of};
use crate::source::{Question, Source, ask, find};
use crate::value::{items, last_part, number, text};
use crate::verb::{self, Button, Grave};

/// Letters of a queue that are grouped.
const GROUPED_MAX: usize = 1_000;
/// Letters that are shown with their payload.
const SHOWN_MAX: usize = 25;

/// What the letters of a group have in common; a text is empty where it is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Cause {
    error: String,
    /// The ARN of the rule.
    rule: String,
    /// The ARN of the queue that gave it up.
    source: String,
    /// The ARN of the target.
    target: String,
}

/// Letters that failed in the same way on the same way.
#[derive(Clone, Debug, Default)]
struct Group {
    letters: usize,
    message: String,
    oldest: String,
}

impl Cause {
    fn of(letter: &Value) -> Self {
        let own = |name: &str| text(letter, name).to_owned();
        Self {
            error: own("ErrorCode"),
            rule: own("RuleArn"),
            source: own("SourceArn"),
            target: own("TargetArn"),
        }
    }

    /// As the operations on letters select.
    fn selection(&self, queue: &str) -> Value {
        let mut selection = json!({"QueueName": queue, "ErrorCode": self.error});
        let parts = [("Rule", &self.rule), ("Source", &self.source), ("Target", &self.target)];
        if let Some(members) = selection.as_object_mut() {
            members.extend(
                parts
                    .iter()
                    .filter(|(_, text)| !text.is_empty())
                    .map(|(name, text)| ((*name).to_owned(), json!(text))),
            );
        }
        selection
    }

    fn query(&self) -> [(&'static str, &str); 4] {
        [("error", &self.error), ("rule", &self.rule), ("source", &self.source), ("target", &self.target)]
    }

    fn from(&self) -> String {
        match (self.rule.rsplit('/').next(), last_part(&self.source)) {
            (Some(rule), _) if !rule.is_empty() => format!("rule {rule}"),
            (_, "") => "sent there by somebody".to_owned(),
            (_, queue) => format!("queue {queue}"),
        }
    }
}

fn grouped_of(letters: &[Value]) -> BTreeMap<Cause, Group> {
    let mut groups: BTreeMap<Cause, Group> = BTreeMap::new();
    for letter in letters {
        let group = groups.entry(Cause::of(letter)).or_insert_with(|| Group {
            letters: 0,
            message: text(letter, "ErrorMessage").to_owned(),
            oldest: text(letter, "Sent").to_owned(),
        });
        group.letters += 1;
    }
    groups
}

/// Reads and writes the page of all dead-letter queues.
pub(crate) async fn sheet(source: &Source, visit: &Visit) -> Result<Sheet, Error> {
    let pipeline = Pipeline::read(source).await?;
    let mut rows = Vec::new();
    let mut empty = Vec::new();
    for (arn, users) in pipeline.dead_letter_queues() {
        let name = name_of(&arn);
        let body = json!({"QueueName": name, "WithoutPayload": true, "Max": GROUPED_MAX});
        let answer = find(source, Question::trunkline("ListDeadLetters", body)).await.unwrap_or_default();
        let groups = grouped_of(items(&answer, "Letters"));
        if groups.is_empty() {
            let users: Vec<String> = users.into_iter().collect();
            empty.push(html! { li { a href=(href(&["dead-letters", &name])) { (line(&name)) } " " span.faint { "of " (line(&users.join(", "))) } } });
        }
        rows.extend(groups.iter().map(|(cause, group)| group_row(&name, cause, group)));
    }
    let undoable = undoable(source).await;
    let body = html! {
        (Section { title: "What could not be delivered", command: "trunkline dlq list".to_owned(), body: table(rows, visit) })
        (undoable)
        @if !empty.is_empty() {
            (Section { title: "Dead-letter queues with nothing in them", command: "trunkline dlq list".to_owned(), body: html! { ul.plain { @for queue in &empty { (queue) } } } })
        }
    };
    Ok(Sheet::new("Dead letters", body))
}

fn table(rows: Vec<Vec<Markup>>, _visit: &Visit) -> Markup {
    if rows.is_empty() {
        return nothing(
            "No dead letters. What a target refuses for good, or too often, is kept here with its payload and the reason.",
        );
    }
    let columns = &["error", "from", "to", "queue", "#letters", "oldest", "actions"];
    html! { (filter("groups")) (Table { caption: "Dead letters by error, rule and target", columns, rows }) }
}

fn group_row(queue: &str, cause: &Cause, group: &Group) -> Vec<Markup> {
    vec![
        html! {
            a href=(href_with(&["dead-letters", queue], &cause.query())) { (line(&cause.error)) }
            @if !group.message.is_empty() { span.condition.faint { (line(&group.message)) } }
        },
        line(&cause.from()),
        html! { span title=(cause.target) { (line(&name_of(&cause.target))) } },
        html! { a href=(href(&["dead-letters", queue])) { (line(queue)) } },
        html! { (grouped(group.letters as u64)) },
        day_moment(&group.oldest),
        deeds(queue, &cause.selection(queue), group.letters),
    ]
}

fn deeds(queue: &str, selection: &Value, letters: usize) -> Markup {
    let count = if letters == 1 { "this letter".to_owned() } else { format!("these {letters} letters") };
    let again = Button {
        verb: "letters.redrive",
        label: "Send again",
        body: selection.clone(),
        ask: format!(
            "Send {count} of {queue} again to whom they were for? It can be undone while nobody has received them."
        ),
        is_grave: Grave::No,
    };
    let purge = Button {
        verb: "letters.purge",
        label: "Throw away",
        body: selection.clone(),
        ask: format!("Throw {count} of {queue} away? It can be undone for a day."),
        is_grave: Grave::Yes,
    };
    html! { span.deeds { (again.markup()) " " (purge.markup()) } }
}

/// What can be undone.
async fn undoable(source: &Source) -> Markup {
    let answer = find(source, Question::trunkline("ListUndoable", json!({}))).await.unwrap_or_default();
    let rows: Vec<Vec<Markup>> = items(&answer, "Deeds").iter().rev().map(undo_row).collect();
    if rows.is_empty() {
        return html! {};
    }
    let body = html! {
        (Table { caption: "Redrives and purges of the last day", columns: &["when", "what", "queue", "#letters", "actions"], rows })
    };
    html! { (Section { title: "What can be undone", command: "trunkline dlq undo".to_owned(), body }) }
}

fn undo_row(action: &Value) -> Vec<Markup> {
    let undo = Button {
        verb: "letters.undo",
        label: "Undo",
        body: json!({"Name": text(action, "Name")}),
        ask: String::new(),
        is_grave: Grave::No,
    };
    vec![
        day_moment(text(action, "At")),
        html! { @if text(action, "Kind") == "PURGE" { "thrown away" } @else { "sent again" } },
        line(text(action, "QueueName")),
        html! { (number(action, "Letters")) },
        undo.markup(),
    ]
}

/// Reads and writes the page of one queue, or of one group of its letters.
pub(crate) async fn one(source: &Source, visit: &Visit, queue: &str) -> Result<Sheet, Error> {
    let own = |name: &str| visit.param(name).to_owned();
    let cause =
        Cause { error: own("error"), rule: own("rule"), source: own("source"), target: own("target") };
    let is_whole = cause == Cause::default();
    let selection = if is_whole { json!({"QueueName": queue}) } else { cause.selection(queue) };
    let mut request = selection.clone();
    if let Some(members) = request.as_object_mut() {
        members.insert("Max".to_owned(), json!(SHOWN_MAX));
    }
    let answer = ask(source, Question::trunkline("ListDeadLetters", request)).await?;
    let letters = items(&answer, "Letters");
    let mut words = vec!["dlq", "show", queue];
    if !cause.error.is_empty() {
        words.extend(["--error", &cause.error]);
    }
    let body = html! {
        @if !is_whole { p { (line(&cause.from())) " · " (line(&cause.error)) } }
        (Section { title: "Letters, the oldest first", command: trunkline(&words), body: shown(queue, &selection, letters) })
    };
    Ok(Sheet::new(queue, body).below("Dead letters", &["dead-letters"]))
}

fn shown(queue: &str, selection: &Value, letters: &[Value]) -> Markup {
    if letters.is_empty() {
        return nothing(
            "No such letter waits here. One that a consumer has received is not shown until it is visible again.",
        );
    }
    html! {
        div.bar { (deeds(queue, selection, letters.len())) span.faint { "all that this page selects" } }
        details.verb { summary { "Send them again at a rate" }
            (verb::form("letters.redrive", selection, "Send again", &verb::field("Rate", "Letters a second, 1 to 500", "10")))
            (note(html! { "It goes on while this page is open; the command line goes on by itself: " code { (trunkline(&["dlq", "redrive", queue, "--rate", "10"])) } }))
        }
        @for letter in letters { (letter_of(queue, letter)) }
        @if letters.len() == SHOWN_MAX { (note(html! { "The oldest " (SHOWN_MAX) "." })) }
    }
}

fn letter_of(queue: &str, letter: &Value) -> Markup {
    let id = text(letter, "Id");
    let fact = |name: &'static str, member: &str| {
        let value = text(letter, member).to_owned();
        html! { @if !value.is_empty() { dt { (name) } dd { (line(&value)) } } }
    };
    html! {
        details.message data-row="" {
            summary {
                (day_moment(text(letter, "Sent"))) " " strong { (line(text(letter, "ErrorCode"))) } " "
                span.peek { (line(text(letter, "ErrorMessage"))) }
            }
            dl.facts {
                (fact("letter", "Id")) (fact("because", "ErrorMessage")) (fact("rule", "RuleArn")) (fact("target", "TargetArn"))
                (fact("from", "SourceArn")) (fact("exhausted", "Exhausted"))
                dt { "retries" } dd { (number(letter, "Retries")) }
                dt { "received" } dd { (number(letter, "Received")) " times" }
            }
            (payload(text(letter, "Payload")))
            (deeds(queue, &json!({"QueueName": queue, "Ids": [id]}), 1))
            @if text(letter, "Payload").len() <= SHOWN_BYTES_MAX {
                details { summary { "Mend the payload and send it" } (mended(queue, letter)) }
            } @else {
                (note(html! { "To mend so large a payload: " code { (trunkline(&["dlq", "redrive", queue, "--id", id, "--payload", "FILE"])) } }))
            }
        }
    }
}

fn mended(queue: &str, letter: &Value) -> Markup {
    let body = json!({"QueueName": queue, "Ids": [text(letter, "Id")]});
    verb::form(
        "letters.redrive",
        &body,
        "Send this instead",
        &verb::area("Payload", "Payload", text(letter, "Payload")),
    )
}

#[cfg(test)]
mod tests {
    use super::{Cause, grouped_of};
    use serde_json::json;

    #[test]
    fn letters_of_one_cause_are_one_group_that_the_operations_can_select() {
        let rule = "arn:aws:events:us-east-1:000000000000:rule/crm/large";
        let letter = |error: &str| json!({"Id": "1", "RuleArn": rule, "ErrorCode": error, "TargetArn": "t", "Sent": "s"});
        let groups = grouped_of(&[letter("A"), letter("B"), letter("A")]);
        let sizes: Vec<(String, usize)> =
            groups.iter().map(|(cause, group)| (cause.error.clone(), group.letters)).collect();
        assert_eq!(sizes, [("A".to_owned(), 2), ("B".to_owned(), 1)]);
        let cause = groups.keys().next().unwrap();
        assert_eq!(cause.from(), "rule large");
        assert_eq!(
            cause.selection("dead"),
            json!({"QueueName": "dead", "ErrorCode": "A", "Rule": rule, "Target": "t"})
        );
        assert_eq!(Cause::default().from(), "sent there by somebody");
    }
}
