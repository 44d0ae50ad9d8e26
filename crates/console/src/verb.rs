//! What pages can do: each verb is a row, with the operation that does it and what is said when it is done.

mod platform;

use aws::Error;
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::address::href;
use crate::source::{Question, Source, ask};
use crate::value::{items, number, text};

/// Something that a page can do.
pub struct Verb {
    /// Its name in requests.
    pub name: &'static str,
    /// The service that does it, as [`Question::service`] has it.
    pub service: &'static str,
    /// The operation that does it.
    pub operation: &'static str,
    /// Makes the operation's request of a page's.
    request: fn(Value) -> Result<Value, Error>,
    /// Says what was done.
    outcome: fn(&Value, &Value) -> Outcome,
}

impl std::fmt::Debug for Verb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verb").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What became of a verb.
#[derive(Debug, Default)]
struct Outcome {
    /// In a sentence.
    said: String,
    /// The page that shows it; empty: the one that is open.
    href: String,
    /// What takes it back: a verb with its request.
    undo: Option<Value>,
}

/// All verbs.
pub const VERBS: &[Verb] = &[
    Verb { name: "rule.pause", service: "events", operation: "DisableRule", request: same, outcome: paused },
    Verb { name: "rule.resume", service: "events", operation: "EnableRule", request: same, outcome: resumed },
    Verb {
        name: "event.send",
        service: "events",
        operation: "PutEvents",
        request: entry_of,
        outcome: sent_event,
    },
    Verb {
        name: "event.trigger",
        service: "console",
        operation: "Trigger",
        request: without_blanks,
        outcome: sent_event,
    },
    Verb {
        name: "event.replay",
        service: "trunkline",
        operation: "StartReplay",
        request: same,
        outcome: replaying,
    },
    Verb {
        name: "queue.send",
        service: "sqs",
        operation: "SendMessage",
        request: without_blanks,
        outcome: sent_message,
    },
    Verb {
        name: "queue.redrive",
        service: "sqs",
        operation: "StartMessageMoveTask",
        request: move_of,
        outcome: moving,
    },
    Verb {
        name: "letters.redrive",
        service: "trunkline",
        operation: "RedriveDeadLetters",
        request: paced,
        outcome: redriven,
    },
    Verb {
        name: "function.invoke",
        service: "lambda",
        operation: "Invoke",
        request: tailed,
        outcome: invoked,
    },
    Verb {
        name: "machine.start",
        service: "states",
        operation: "StartExecution",
        request: without_blanks,
        outcome: started,
    },
    Verb {
        name: "machine.stop",
        service: "states",
        operation: "StopExecution",
        request: same,
        outcome: stopped,
    },
    Verb {
        name: "machine.redrive",
        service: "states",
        operation: "RedriveExecution",
        request: same,
        outcome: redriven_execution,
    },
    Verb {
        name: "letters.purge",
        service: "trunkline",
        operation: "PurgeDeadLetters",
        request: same,
        outcome: purged,
    },
    Verb {
        name: "letters.undo",
        service: "trunkline",
        operation: "UndoDeadLetters",
        request: same,
        outcome: undone,
    },
    Verb {
        name: "subscription.pause",
        service: "platform",
        operation: "Change",
        request: platform::subscription_to_pause,
        outcome: platform::subscription_paused,
    },
    Verb {
        name: "subscription.resume",
        service: "platform",
        operation: "Change",
        request: platform::subscription_to_resume,
        outcome: platform::subscription_resumed,
    },
    Verb {
        name: "subscription.delete",
        service: "platform",
        operation: "Delete",
        request: platform::subscription_to_delete,
        outcome: platform::subscription_deleted,
    },
    Verb {
        name: "stream.pause",
        service: "platform",
        operation: "Change",
        request: platform::stream_to_pause,
        outcome: platform::stream_paused,
    },
    Verb {
        name: "stream.resume",
        service: "platform",
        operation: "Change",
        request: platform::stream_to_resume,
        outcome: platform::stream_resumed,
    },
    Verb {
        name: "stream.delete",
        service: "platform",
        operation: "Delete",
        request: platform::stream_to_delete,
        outcome: platform::stream_deleted,
    },
];

/// Steps that one request of a page takes at most; the page asks for the rest.
const STEPS_MAX: usize = 20;

/// Does what a page asks for: `said`, `href`, `undo`, and where more is to be done the request that goes on as `next`.
///
/// # Errors
/// The operation's; `ResourceNotFoundException` (404) where there is no such verb.
pub async fn act(source: &Source, name: &str, body: Value) -> Result<Value, Error> {
    let verb = VERBS.iter().find(|verb| verb.name == name).ok_or_else(|| {
        let words = format!("The console knows no verb '{name}'.");
        Error { status: 404, ..Error::sender("ResourceNotFoundException", words) }
    })?;
    let page_request = body.clone();
    let mut request = (verb.request)(body)?;
    let mut whole = Value::Null;
    let pace = number(&page_request, RATE);
    let steps = if pace == 0 { STEPS_MAX } else { 1 };
    for _ in 0..steps {
        let question = Question::of(verb.service, verb.operation, request.clone());
        let answer = ask(source, question).await?;
        let after = answer.get("After").filter(|after| !after.is_null()).cloned();
        whole = added(whole, answer);
        let Some(after) = after else { break };
        if let Some(members) = request.as_object_mut() {
            members.insert("After".to_owned(), after);
            for name in ["Name", "UntilMs"] {
                let of_answer = whole.get(name).cloned();
                members.extend(of_answer.map(|value| (name.to_owned(), value)));
            }
        }
    }
    let Outcome { said, href, undo } = (verb.outcome)(&page_request, &whole);
    let next = whole.get("After").filter(|after| !after.is_null()).map(|_| request);
    // What goes on at a rate comes back with it, and the page waits before it asks again.
    let next = next.map(|next| with_rate(next, pace));
    let wait_ms = if pace == 0 { 0 } else { PACE_MS };
    Ok(json!({"said": said, "href": href, "undo": undo, "next": next, "waitMs": wait_ms, "answer": whole}))
}

/// The member of a page's request that says how many a second.
const RATE: &str = "Rate";
/// The most of it: SQS's own for a move task.
const RATE_MAX: u64 = 500;
/// So long a page waits between two steps of what goes at a rate, in ms.
const PACE_MS: u64 = 1_000;

fn with_rate(mut next: Value, pace: u64) -> Value {
    if let Some(members) = next.as_object_mut().filter(|_| pace > 0) {
        members.insert(RATE.to_owned(), json!(pace));
    }
    next
}

/// A number that a form sends as text; empty: nothing.
fn rate_of(body: &Value) -> Result<Option<u64>, Error> {
    let refused = || {
        Error::validation(format!("The rate is a whole number from 1 to {RATE_MAX}, in messages a second."))
    };
    match body.get(RATE) {
        None => Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
        Some(_) => match number(body, RATE) {
            rate @ 1..=RATE_MAX => Ok(Some(rate)),
            _ => Err(refused()),
        },
    }
}

/// Letters at a rate: a step deals with a second's worth.
fn paced(body: Value) -> Result<Value, Error> {
    let rate = rate_of(&body)?;
    let mut body = without_blanks(body)?;
    if let Some(members) = body.as_object_mut() {
        members.remove(RATE);
        members.extend(rate.map(|rate| ("Max".to_owned(), json!(rate))));
    }
    Ok(body)
}

#[expect(clippy::needless_pass_by_value, reason = "a row of the table: others keep it")]
fn move_of(body: Value) -> Result<Value, Error> {
    let rate = rate_of(&body)?;
    Ok(json!({"SourceArn": text(&body, "SourceArn"), "MaxNumberOfMessagesPerSecond": rate}))
}

fn moving(_: &Value, _: &Value) -> Outcome {
    Outcome {
        said: "The messages go back to the queues that they came from.".to_owned(),
        ..Outcome::default()
    }
}

/// The answers of two steps as one.
fn added(before: Value, answer: Value) -> Value {
    let (Value::Object(before), Value::Object(mut answer)) = (before, answer.clone()) else { return answer };
    for (name, old) in before {
        match (old, answer.get_mut(&name)) {
            (Value::Array(old), Some(Value::Array(new))) => {
                new.splice(0..0, old);
            }
            (Value::Number(old), Some(Value::Number(new))) if name == "Final" => {
                *new = (old.as_u64().unwrap_or(0) + new.as_u64().unwrap_or(0)).into();
            }
            _ => {}
        }
    }
    Value::Object(answer)
}

#[expect(clippy::unnecessary_wraps, reason = "a row of the table: others refuse")]
fn same(body: Value) -> Result<Value, Error> {
    Ok(body)
}

/// A form sends what was left empty as an empty text; the operation takes it as absent.
#[expect(clippy::unnecessary_wraps, reason = "a row of the table: others refuse")]
fn without_blanks(mut body: Value) -> Result<Value, Error> {
    if let Some(members) = body.as_object_mut() {
        members.retain(|_, value| value.as_str() != Some(""));
    }
    Ok(body)
}

fn entry_of(body: Value) -> Result<Value, Error> {
    let body = without_blanks(body)?;
    Ok(json!({"Entries": [body]}))
}

/// An Invoke whose answer brings the end of its log along.
fn tailed(body: Value) -> Result<Value, Error> {
    let mut body = without_blanks(body)?;
    if let Some(members) = body.as_object_mut() {
        members.insert("LogType".to_owned(), json!("Tail"));
    }
    Ok(body)
}

/// The most of a function's answer that is said, in characters.
const ANSWER_MAX: usize = 600;

fn invoked(asked: &Value, answer: &Value) -> Outcome {
    let failed =
        answer.get("Headers").map(|headers| text(headers, "x-amz-function-error")).unwrap_or_default();
    let payload: String = text(answer, "Payload").chars().take(ANSWER_MAX).collect();
    let name = text(asked, "FunctionName");
    let said = if failed.is_empty() {
        format!("{name} answered: {payload}")
    } else {
        format!("{name} failed ({failed}): {payload}")
    };
    Outcome { said, ..Outcome::default() }
}

fn started(_: &Value, answer: &Value) -> Outcome {
    let parts: Vec<&str> = text(answer, "executionArn").rsplitn(3, ':').collect();
    let href = match parts.as_slice() {
        [name, machine, _] => href(&["state-machines", machine, name]),
        _ => String::new(),
    };
    Outcome { said: "The execution has started.".to_owned(), href, undo: None }
}

fn stopped(_: &Value, _: &Value) -> Outcome {
    Outcome { said: "The execution is stopped.".to_owned(), ..Outcome::default() }
}

fn redriven_execution(_: &Value, _: &Value) -> Outcome {
    Outcome { said: "The execution goes on.".to_owned(), ..Outcome::default() }
}

fn paused(asked: &Value, _: &Value) -> Outcome {
    let undo = json!({"verb": "rule.resume", "body": asked});
    Outcome {
        said: format!("The rule {} is paused.", text(asked, "Name")),
        undo: Some(undo),
        ..Outcome::default()
    }
}

fn resumed(asked: &Value, _: &Value) -> Outcome {
    Outcome { said: format!("The rule {} is enabled.", text(asked, "Name")), ..Outcome::default() }
}

fn sent_event(_: &Value, answer: &Value) -> Outcome {
    let entry = items(answer, "Entries").first().cloned().unwrap_or_default();
    let id = text(&entry, "EventId");
    if id.is_empty() {
        let said = format!("Refused: {} {}", text(&entry, "ErrorCode"), text(&entry, "ErrorMessage"));
        return Outcome { said, ..Outcome::default() };
    }
    Outcome { said: format!("Sent as event {id}."), href: href(&["events", id]), undo: None }
}

fn replaying(_: &Value, answer: &Value) -> Outcome {
    Outcome { said: format!("The replay {} has started.", text(answer, "ReplayName")), ..Outcome::default() }
}

fn sent_message(_: &Value, answer: &Value) -> Outcome {
    Outcome { said: format!("Sent as message {}.", text(answer, "MessageId")), ..Outcome::default() }
}

/// `12 letters sent again; 1 stayed: reason`.
fn letters(answer: &Value, outcome: &str) -> String {
    let done = items(answer, "Done").len();
    let stayed = items(answer, "Stayed");
    let mut said = format!("{done} {} {outcome}", if done == 1 { "letter" } else { "letters" });
    if let Some(first) = stayed.first() {
        said.push_str(&format!("; {} stayed: {}", stayed.len(), text(first, "Reason")));
    }
    if number(answer, "Final") > 0 {
        said.push_str(&format!("; {} of them cannot be taken back", number(answer, "Final")));
    }
    said + "."
}

fn undo_of(answer: &Value) -> Option<Value> {
    let is_undoable = !items(answer, "Done").is_empty();
    is_undoable.then(|| json!({"verb": "letters.undo", "body": {"Name": text(answer, "Name")}}))
}

fn redriven(_: &Value, answer: &Value) -> Outcome {
    Outcome { said: letters(answer, "sent again"), href: String::new(), undo: undo_of(answer) }
}

fn purged(_: &Value, answer: &Value) -> Outcome {
    Outcome { said: letters(answer, "thrown away"), href: String::new(), undo: undo_of(answer) }
}

fn undone(_: &Value, answer: &Value) -> Outcome {
    let restored = items(answer, "Restored").len();
    let said = match items(answer, "Stayed").first() {
        Some(first) => {
            format!(
                "{restored} letters are back; {} are not: {}",
                items(answer, "Stayed").len(),
                text(first, "Reason")
            )
        }
        None => format!("{restored} letters are back in their dead-letter queue."),
    };
    Outcome { said, ..Outcome::default() }
}

/// A button that does a verb.
#[derive(Debug)]
pub(crate) struct Button<'b> {
    pub(crate) verb: &'static str,
    pub(crate) label: &'b str,
    pub(crate) body: Value,
    /// What is asked before; empty: nothing.
    pub(crate) ask: String,
    pub(crate) is_grave: Grave,
}

/// Whether something is lost by a verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grave {
    Yes,
    No,
}

impl Button<'_> {
    pub(crate) fn markup(&self) -> Markup {
        let class = if self.is_grave == Grave::Yes { "verb act grave" } else { "verb act" };
        html! {
            button type="button" class=(class) data-verb=(self.verb) data-body=(self.body.to_string())
                data-ask=[(!self.ask.is_empty()).then_some(&self.ask)] { (self.label) }
        }
    }
}

/// A form that does a verb: its fields are added to `body`.
pub(crate) fn form(verb: &'static str, body: &Value, label: &str, fields: &Markup) -> Markup {
    html! {
        form.verb.deed data-verb=(verb) data-body=(body.to_string()) autocomplete="off" {
            (fields)
            button.act type="submit" { (label) }
        }
    }
}

/// A field of a form.
pub(crate) fn field(name: &str, label: &str, value: &str) -> Markup {
    html! { label { span { (label) } input type="text" name=(name) value=(value) spellcheck="false"; } }
}

/// A field of many lines.
pub(crate) fn area(name: &str, label: &str, value: &str) -> Markup {
    html! { label.wide { span { (label) } textarea name=(name) rows="6" spellcheck="false" { (value) } } }
}

#[cfg(test)]
mod tests {
    use aws::operation::Later;
    use aws::{Body, Error};
    use serde_json::{Value, json};

    use super::act;
    use crate::source::Question;

    #[expect(clippy::needless_pass_by_value, reason = "the shape of a source")]
    fn steps(question: Question) -> Later<Body> {
        let answer = match (question.operation, question.body.get("After")) {
            ("PurgeDeadLetters", None) => {
                json!({"Name": "n", "Done": ["1", "2"], "Stayed": [], "UntilMs": 5, "After": [0, 1, 2]})
            }
            ("PurgeDeadLetters", Some(_)) => {
                assert_eq!(question.body.get("Name"), Some(&json!("n")));
                assert_eq!(question.body.get("UntilMs"), Some(&json!(5)));
                json!({"Name": "n", "Done": ["3"], "Stayed": [{"Id": "4", "Reason": "it is held"}], "UntilMs": 5})
            }
            _ => Value::Null,
        };
        Box::pin(std::future::ready(Ok(answer.to_string().into_bytes())))
    }

    #[tokio::test]
    async fn all_steps_are_one_deed_with_one_undo() {
        let done = act(&steps, "letters.purge", json!({"QueueName": "dead"})).await.unwrap();
        assert_eq!(done["said"], "3 letters thrown away; 1 stayed: it is held.");
        assert_eq!(done["undo"], json!({"verb": "letters.undo", "body": {"Name": "n"}}));
        assert!(done["next"].is_null());
    }

    #[tokio::test]
    async fn at_a_rate_each_request_is_one_step_of_a_second() {
        let redrive = |question: Question| -> Later<Body> {
            assert_eq!(question.body, json!({"QueueName": "dead", "Max": 7}));
            let answer = json!({"Name": "n", "Done": ["1"], "Stayed": [], "UntilMs": 5, "After": [1]});
            Box::pin(std::future::ready(Ok(answer.to_string().into_bytes())))
        };
        let done = act(&redrive, "letters.redrive", json!({"QueueName": "dead", "Rate": "7"})).await.unwrap();
        assert_eq!(done["waitMs"], 1_000);
        let next = json!({"QueueName": "dead", "Rate": 7, "Max": 7, "After": [1], "Name": "n", "UntilMs": 5});
        assert_eq!(done["next"], next);
        for wrong in ["0", "501", "fast"] {
            let refused = act(&redrive, "letters.redrive", json!({"QueueName": "dead", "Rate": wrong})).await;
            assert!(refused.unwrap_err().message.contains("1 to 500"), "{wrong}");
        }
    }

    #[tokio::test]
    async fn what_is_no_verb_is_refused() {
        let refused: Result<Value, Error> = act(&steps, "queue.delete", json!({})).await;
        assert_eq!(refused.unwrap_err().status, 404);
    }
}
