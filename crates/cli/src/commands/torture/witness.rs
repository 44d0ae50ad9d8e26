//! A caller who writes down every call before it is made, and its answer after it has come.

pub(crate) mod executions;
pub(crate) mod tables;

use aws::Uuid;
use serde_json::{Value, json};

use crate::commands::torture::body::{body, number_of};
use crate::commands::torture::checker::Violation;
use crate::commands::torture::clock::now_ms;
use crate::commands::torture::control::{Control, Life};
use crate::commands::torture::http::Connection;
use crate::commands::torture::journal::End;
use crate::commands::torture::line::{Kind, Line, Number, Queue, Receipt};

/// The source of events that the rule matches, and one of events that it does not.
pub(crate) const SOURCES: (&str, &str) = ("torture", "torture.unmatched");
/// The webhook, whose events the rule matches.
const WEBHOOK: &str = "torture";

/// The pipeline file that opens it.
pub(crate) fn webhooks() -> String {
    format!("version: 1\nwebhooks:\n  - name: {WEBHOOK}\n    source: {}\n", SOURCES.0)
}

/// One connection, made again in each life of the server.
#[derive(Debug)]
pub(crate) struct Witness<'c> {
    control: &'c Control,
    connection: Option<(Life, Connection)>,
}

/// A message that was received.
#[derive(Clone, Debug)]
pub(crate) struct Got {
    pub(crate) number: Number,
    pub(crate) count: u32,
    handle: String,
}

/// A receive to be made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish {
    pub(crate) queue: Queue,
    pub(crate) max: u32,
    pub(crate) visibility_s: u64,
    pub(crate) wait_s: u64,
}

/// What became of a call.
#[derive(Debug)]
enum Answer {
    Done(Value),
    /// Status 400.
    Refused(Value),
    Cut,
}

/// Where a queue is asked for.
pub(crate) fn url(queue: Queue) -> String {
    format!("http://any/000000000000/{}", queue.name())
}

impl<'c> Witness<'c> {
    pub(crate) fn new(control: &'c Control) -> Self {
        Self { control, connection: None }
    }

    /// Sends; one message alone, more as a batch. Whether that was acknowledged.
    pub(crate) fn send(&mut self, kind: Kind, numbers: &[Number]) -> bool {
        match kind {
            Kind::Standard | Kind::Delayed(_) => self.send_messages(Queue::Standard, kind, numbers),
            Kind::Fifo(_) => self.send_messages(Queue::Fifo, kind, numbers),
            Kind::Event | Kind::Unmatched => self.put_events(kind, numbers),
            Kind::Webhook => numbers.iter().all(|number| self.post_webhook(*number)),
        }
    }

    fn send_messages(&mut self, queue: Queue, kind: Kind, numbers: &[Number]) -> bool {
        let entry = |number: &Number| {
            let mut entry = json!({"Id": number.to_string(), "MessageBody": body(*number)});
            let mut add = |name: &str, value: Value| {
                if let Some(fields) = entry.as_object_mut() {
                    fields.insert(name.to_owned(), value);
                }
            };
            match kind {
                Kind::Fifo(group) => {
                    add("MessageGroupId", json!(format!("group-{group}")));
                    add("MessageDeduplicationId", json!(format!("once-{number}")));
                }
                Kind::Delayed(seconds) => add("DelaySeconds", json!(seconds)),
                Kind::Standard | Kind::Event | Kind::Webhook | Kind::Unmatched => {}
            }
            entry
        };
        let entries: Vec<Value> = numbers.iter().map(entry).collect();
        let (target, request) = match entries.as_slice() {
            [one] => {
                let mut request = one.clone();
                if let Some(fields) = request.as_object_mut() {
                    fields.remove("Id");
                    fields.insert("QueueUrl".to_owned(), json!(url(queue)));
                }
                ("AmazonSQS.SendMessage", request)
            }
            _ => ("AmazonSQS.SendMessageBatch", json!({"QueueUrl": url(queue), "Entries": entries})),
        };
        let asked = Line::Sending { kind, numbers: numbers.to_vec() };
        let Some((call, answer)) = self.call(&asked, target, &request) else { return false };
        let Answer::Done(answer) = answer else { return self.strange(target, &answer) };
        let sent = match numbers {
            [number] => vec![(*number, id_of(&answer))],
            _ => list(&answer, "Successful")
                .iter()
                .filter_map(|entry| Some((id(entry)?, id_of(entry))))
                .collect(),
        };
        if sent.len() != numbers.len() {
            return self.strange(target, &Answer::Done(answer));
        }
        self.control.journal.note(call, &Line::Sent { messages: sent })
    }

    fn put_events(&mut self, kind: Kind, numbers: &[Number]) -> bool {
        let source = if kind == Kind::Event { SOURCES.0 } else { SOURCES.1 };
        let entry =
            |number: &Number| json!({"Source": source, "DetailType": "torture", "Detail": body(*number)});
        let entries: Vec<Value> = numbers.iter().map(entry).collect();
        let asked = Line::Sending { kind, numbers: numbers.to_vec() };
        let target = "AWSEvents.PutEvents";
        let Some((call, answer)) = self.call(&asked, target, &json!({"Entries": entries})) else {
            return false;
        };
        match answer {
            Answer::Done(answer) if answer.get("FailedEntryCount") == Some(&json!(0)) => {
                let messages = numbers.iter().map(|number| (*number, 0)).collect();
                self.control.journal.note(call, &Line::Sent { messages })
            }
            other => self.strange(target, &other),
        }
    }

    fn post_webhook(&mut self, number: Number) -> bool {
        let asked = Line::Sending { kind: Kind::Webhook, numbers: vec![number] };
        let name = "a post to the webhook";
        let post = |connection: &mut Connection| connection.post_webhook(WEBHOOK, &body(number));
        let Some((call, answer)) = self.call_by(&asked, name, post) else { return false };
        match answer {
            // A duplicate is what an earlier post has brought, whose answer a kill has cut off.
            Answer::Done(answer) if matches!(text(&answer, "status"), "accepted" | "duplicate") => {
                self.control.journal.note(call, &Line::Sent { messages: vec![(number, 0)] })
            }
            other => self.strange(name, &other),
        }
    }

    /// Receives.
    pub(crate) fn receive(&mut self, wish: Wish) -> Vec<Got> {
        let Wish { queue, max, visibility_s, wait_s } = wish;
        let request = json!({
            "QueueUrl": url(queue), "MaxNumberOfMessages": max, "VisibilityTimeout": visibility_s,
            "WaitTimeSeconds": wait_s, "MessageSystemAttributeNames": ["ApproximateReceiveCount"],
        });
        let asked = Line::Receiving { queue, max, visibility_ms: visibility_s * 1_000 };
        let target = "AmazonSQS.ReceiveMessage";
        let Some((call, answer)) = self.call(&asked, target, &request) else { return Vec::new() };
        let at_ms = now_ms();
        let Answer::Done(answer) = answer else {
            self.strange(target, &answer);
            return Vec::new();
        };
        let messages = list(&answer, "Messages");
        let receipts = messages.iter().map(receipt_of).collect();
        if !self.control.journal.write(at_ms, call, &Line::Received { receipts }) {
            return Vec::new();
        }
        messages.iter().filter_map(got_of).collect()
    }

    /// Deletes; one message alone, more as a batch.
    pub(crate) fn delete(&mut self, queue: Queue, got: &[Got]) {
        let receipts: Vec<(Number, u32)> = got.iter().map(|got| (got.number, got.count)).collect();
        let asked = Line::Deleting { receipts: receipts.clone() };
        let (target, request) = match got {
            [] => return,
            [one] => {
                ("AmazonSQS.DeleteMessage", json!({"QueueUrl": url(queue), "ReceiptHandle": one.handle}))
            }
            _ => {
                let entry = |got: &Got| json!({"Id": got.number.to_string(), "ReceiptHandle": got.handle});
                let entries: Vec<Value> = got.iter().map(entry).collect();
                ("AmazonSQS.DeleteMessageBatch", json!({"QueueUrl": url(queue), "Entries": entries}))
            }
        };
        let Some((call, answer)) = self.call(&asked, target, &request) else { return };
        let at_ms = now_ms();
        // Only FIFO queues refuse a handle whose lease has ended.
        let (deleted, refused): (Vec<_>, Vec<_>) = match &answer {
            Answer::Done(answer) => {
                let failed: Vec<Number> = list(answer, "Failed").iter().filter_map(id).collect();
                receipts.into_iter().partition(|(number, _)| !failed.contains(number))
            }
            Answer::Refused(_) => (Vec::new(), receipts),
            Answer::Cut => return,
        };
        if !refused.is_empty() {
            if queue != Queue::Fifo {
                self.strange(target, &answer);
                return;
            }
            self.control.journal.write(at_ms, call, &Line::Refused { receipts: refused });
        }
        if !deleted.is_empty() {
            self.control.journal.write(at_ms, call, &Line::Deleted { receipts: deleted });
        }
    }

    /// Changes the visibility timeout of a message.
    pub(crate) fn hide(&mut self, queue: Queue, got: &Got, visibility_s: u64) {
        let receipts = vec![(got.number, got.count)];
        let request =
            json!({"QueueUrl": url(queue), "ReceiptHandle": got.handle, "VisibilityTimeout": visibility_s});
        let asked = Line::Hiding { receipts: receipts.clone(), visibility_ms: visibility_s * 1_000 };
        let Some((call, answer)) = self.call(&asked, "AmazonSQS.ChangeMessageVisibility", &request) else {
            return;
        };
        let line = match answer {
            Answer::Done(_) => Line::Hidden { receipts },
            // Somebody else has received it since.
            Answer::Refused(_) => Line::Refused { receipts },
            Answer::Cut => return,
        };
        self.control.journal.note(call, &line);
    }

    fn call(&mut self, asked: &Line, target: &str, request: &Value) -> Option<(u64, Answer)> {
        self.call_by(asked, target, |connection| connection.call(target, request))
    }

    /// Journals the question, asks it, and journals where the answer was cut off. `None`: the torture has ended.
    fn call_by(
        &mut self,
        asked: &Line,
        name: &str,
        ask: impl FnOnce(&mut Connection) -> std::io::Result<(u16, Value)>,
    ) -> Option<(u64, Answer)> {
        let (life, mut connection) = self.connect()?;
        let call = self.control.journal.next_call();
        if !self.control.journal.note(call, asked) {
            return None;
        }
        match ask(&mut connection) {
            Ok((200, answer)) => {
                self.connection = Some((life, connection));
                Some((call, Answer::Done(answer)))
            }
            Ok((400, answer)) => {
                self.connection = Some((life, connection));
                Some((call, Answer::Refused(answer)))
            }
            Ok((status, answer)) => {
                self.broken(format!("{name} was answered with status {status}: {answer}"));
                None
            }
            Err(error) => {
                if !self.control.was_killed(life) {
                    self.broken(format!(
                        "{name} was not answered, and nobody had killed the server: {error}"
                    ));
                }
                self.control.journal.note(call, &Line::Cut);
                Some((call, Answer::Cut))
            }
        }
    }

    /// The connection to the present life of the server.
    fn connect(&mut self) -> Option<(Life, Connection)> {
        loop {
            let life = self.control.life()?;
            if let Some((_, connection)) = self.connection.take().filter(|(of, _)| *of == life) {
                return Some((life, connection));
            }
            match Connection::open(life.address) {
                Ok(connection) => return Some((life, connection)),
                Err(_) if self.control.was_killed(life) => {}
                Err(error) => {
                    self.broken(format!("the server takes no connection, and nobody had killed it: {error}"));
                    return None;
                }
            }
        }
    }

    /// An answer that no load of this kind may get; a kill is none. Always false.
    fn strange(&self, target: &str, answer: &Answer) -> bool {
        match answer {
            Answer::Cut => {}
            Answer::Done(answer) | Answer::Refused(answer) => {
                self.broken(format!("{target} was answered with {answer}"));
            }
        }
        false
    }

    fn broken(&self, sentence: String) {
        self.control.journal.end(End::Broken(Violation { sentence, numbers: Vec::new() }));
    }
}

fn list<'v>(answer: &'v Value, name: &str) -> &'v [Value] {
    answer.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The number that an entry of a batch has as its Id.
fn id(entry: &Value) -> Option<Number> {
    text(entry, "Id").parse().ok()
}

fn id_of(message: &Value) -> u128 {
    Uuid::parse(text(message, "MessageId")).map_or(0, Uuid::bits)
}

fn count_of(message: &Value) -> u32 {
    let attributes = message.get("Attributes");
    attributes
        .map(|attributes| text(attributes, "ApproximateReceiveCount"))
        .unwrap_or_default()
        .parse()
        .unwrap_or(0)
}

fn receipt_of(message: &Value) -> Receipt {
    let text = text(message, "Body");
    let number = number_of(text);
    let intact = number.is_some_and(|number| body(number) == text);
    Receipt { number, id: id_of(message), count: count_of(message), intact }
}

fn got_of(message: &Value) -> Option<Got> {
    let handle = text(message, "ReceiptHandle").to_owned();
    Some(Got { number: number_of(text(message, "Body"))?, count: count_of(message), handle })
}
