//! A batch: messages of a mapping's queue that are leased for one call of its function, and what became of them.
//!
//! A message that was not handled is left alone: it comes back when its visibility timeout ends, and goes to the queue's own
//! dead-letter queue by the queue's own count, as on AWS. INVARIANT: what is deleted was handled, or matches no filter.

use std::collections::HashSet;

use aws::{Arn, Timestamp};
use pattern::{Event, EventPattern};
use queue::{Handle, Receive, ReceivedMessage};
use serde_json::Value;
use serde_json::value::RawValue;
use store::Commit;

use crate::mapping::Mapping;
use crate::record::record;
use crate::{Functions, limits};

/// What stands around the records of a payload.
const ENVELOPE_BYTES: usize = "{\"Records\":[]}".len();

/// Messages that are leased to one call.
#[derive(Clone, Debug)]
pub struct Batch {
    messages: Vec<Message>,
    /// When the lease of all of them ends.
    pub until: Timestamp,
    reports_failures: bool,
    /// Whether the order within a group counts.
    pub is_fifo: bool,
}

#[derive(Clone, Debug)]
struct Message {
    id: String,
    handle: Handle,
    /// The record, as JSON text.
    text: String,
}

/// What a call made of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handled {
    /// All of it is done.
    Whole,
    /// All but these messages, by id.
    But(Vec<String>),
    /// Nothing: the function failed, or what it says of failures makes no sense.
    Nothing,
}

/// What was received for a mapping.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    /// Batches within the largest payload, to be handled one after another: most often one.
    pub batches: Vec<Batch>,
    /// Messages that no filter matches, to be deleted.
    pub unmatched: Vec<Handle>,
}

/// Messages as they were received, before anybody has looked at them.
#[derive(Clone, Debug)]
pub struct Catch {
    received: Vec<ReceivedMessage>,
    mapping: Mapping,
    source: Arn,
    until: Timestamp,
    is_fifo: bool,
}

impl Functions {
    /// Leases messages of a mapping for its queue's visibility timeout, as many as a batch has; `None` where there are none, or
    /// the mapping or its queue is gone. Poison goes to the queue's dead-letter queue in this commit.
    pub fn catch(&self, commit: &mut Commit<'_>, uuid: &str) -> Option<Catch> {
        let now = commit.now;
        let mapping = Mapping::find(&mut commit.tx, uuid).filter(|mapping| mapping.is_enabled)?;
        let queue = self.queue_of(&mut commit.tx, &mapping)?;
        let source: Arn = mapping.source.parse().ok()?;
        let redrive = self.queues.redrive(&mut commit.tx, &queue);
        let until = queue.visible_after(now, None);
        let max = usize::try_from(mapping.batch_size).unwrap_or(usize::MAX);
        let receive = Receive { max, until, now, redrive };
        let received = self.queues.receive(&mut commit.tx, queue.engine, &receive);
        let is_fifo = queue.attributes.fifo.is_some();
        (!received.is_empty()).then_some(Catch { received, mapping, source, until, is_fifo })
    }

    /// Deletes messages of an earlier catch: those that no filter matches.
    pub fn drop_unmatched(&self, commit: &mut Commit<'_>, unmatched: &[Handle]) {
        for handle in unmatched {
            self.queues.delete(&mut commit.tx, handle);
        }
    }

    /// Deletes what was handled of a batch; the rest comes back when its visibility timeout ends.
    pub fn settle_batch(&self, commit: &mut Commit<'_>, batch: &Batch, handled: &Handled) {
        let failed: HashSet<&str> = match handled {
            Handled::Nothing => return,
            Handled::Whole => HashSet::new(),
            Handled::But(ids) => ids.iter().map(String::as_str).collect(),
        };
        for message in batch.messages.iter().filter(|message| !failed.contains(message.id.as_str())) {
            self.queues.delete(&mut commit.tx, &message.handle);
        }
    }
}

impl Catch {
    /// Sorts what matches no filter out, and what is left into batches.
    pub fn gather(self) -> Gathered {
        // What a filter would sort out that cannot be read any more is not known: nothing is thrown away for it.
        let filters: Option<Vec<EventPattern>> =
            self.mapping.filters.iter().map(|text| EventPattern::parse(text).ok()).collect();
        let mut gathered = Gathered::default();
        let (mut messages, mut bytes) = (Vec::new(), ENVELOPE_BYTES);
        for received in &self.received {
            let shown = record(received, &self.source);
            if let Some(filters) = &filters
                && !filters.is_empty()
                && !matches_any(filters, &shown)
            {
                gathered.unmatched.push(received.handle);
                continue;
            }
            let text = shown.to_string();
            let more = text.len() + 1;
            if bytes + more > limits::PAYLOAD_BYTES_MAX && !messages.is_empty() {
                gathered.batches.push(self.batch(std::mem::take(&mut messages)));
                bytes = ENVELOPE_BYTES;
            }
            bytes += more;
            messages.push(Message { id: received.id.clone(), handle: received.handle, text });
        }
        if !messages.is_empty() {
            gathered.batches.push(self.batch(messages));
        }
        gathered
    }

    fn batch(&self, messages: Vec<Message>) -> Batch {
        let reports_failures = self.mapping.reports_failures;
        Batch { messages, until: self.until, reports_failures, is_fifo: self.is_fifo }
    }
}

impl Batch {
    /// The function's event.
    pub fn payload(&self) -> String {
        let records: Vec<&str> = self.messages.iter().map(|message| message.text.as_str()).collect();
        format!("{{\"Records\":[{}]}}", records.join(","))
    }

    /// The number of its messages.
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Whether it has no messages.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// What a call that ended well made of it. Source of the rules: AWS, "Handling errors for an SQS event source in Lambda",
    /// its success and failure conditions.
    pub fn judge(&self, answer: &[u8]) -> Handled {
        if !self.reports_failures || answer.is_empty() {
            return Handled::Whole;
        }
        let Ok(answer) = serde_json::from_slice::<Value>(answer) else { return Handled::Nothing };
        let failures = match &answer {
            Value::Null => return Handled::Whole,
            Value::Object(members) => members.get("batchItemFailures"),
            // An empty text or list is an empty answer; anything else says nothing that could be understood.
            Value::String(text) if text.is_empty() => return Handled::Whole,
            Value::Array(all) if all.is_empty() => return Handled::Whole,
            _ => return Handled::Nothing,
        };
        let failures = match failures {
            None | Some(Value::Null) => return Handled::Whole,
            Some(Value::Array(failures)) => failures,
            Some(_) => return Handled::Nothing,
        };
        let known: HashSet<&str> = self.messages.iter().map(|message| message.id.as_str()).collect();
        let identifier = |failure: &Value| {
            let id = failure.get("itemIdentifier")?.as_str()?;
            known.contains(id).then(|| id.to_owned())
        };
        let ids: Option<Vec<String>> = failures.iter().map(identifier).collect();
        match ids {
            None => Handled::Nothing,
            Some(ids) if ids.is_empty() => Handled::Whole,
            Some(ids) => Handled::But(ids),
        }
    }
}

/// Whether a filter matches a record, whose body counts as the JSON that it may be. Source: AWS, "Using event filtering with
/// an Amazon SQS event source": a pattern on JSON never matches a text, and the other way round.
fn matches_any(filters: &[EventPattern], record: &Value) -> bool {
    let mut rest = record.clone();
    let body = rest.as_object_mut().and_then(|members| members.shift_remove("body"));
    let body = body.as_ref().and_then(Value::as_str).unwrap_or_default();
    // The numbers in it as they are written: the matcher compares texts of them too.
    let body = match serde_json::from_str::<&RawValue>(body) {
        Ok(json) => json.get().to_owned(),
        Err(_) => Value::from(body).to_string(),
    };
    let rest = rest.to_string();
    let event = format!("{{\"body\":{body},{}", rest.strip_prefix('{').unwrap_or(&rest));
    let Ok(event) = Event::parse(event.as_bytes()) else { return false };
    filters.iter().any(|filter| filter.matches_event(&event).unwrap_or(false))
}
