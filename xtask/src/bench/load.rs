//! The load: PutEvents of ten Genesys-shaped events, half of them for the queue; ReceiveMessage; DeleteMessageBatch.
//!
//! Requests are prepared bytes in which only a fixed-width mark changes (when it was put, and which one it is), so that
//! the generator leaves the two cores to the server.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::bench::http::{Connection, Operation, find, text};
use crate::machine::{self, Outcome};

/// How many events a PutEvents call carries, and how many messages a receive asks for.
pub(crate) const BATCH: usize = 10;
const QUEUE_ID: &str = "5b7a3f3e-52f4-4b7c-9a35-2f0a6f3f1c11";
const OTHER_QUEUE_ID: &str = "c0ffee00-52f4-4b7c-9a35-2f0a6f3f1c22";
const SOURCE: &str = "simulate.aws.partner/genesys.com/cloud/0f2b7e6c-3b0a-4c3e-9d6b-4d1f6f0e8a11/bench";
const DETAIL_TYPE: &str = "v2.detail.events.conversation.{id}.acd.end";
/// `when` in nanoseconds and `which`, both with leading zeros: the part of an event that changes.
const MARK_DIGITS: usize = 18;
const MARK: &str = "mark-000000000000000000-000000000000000000";
/// How long the queue may stay silent at the end before what is missing counts as lost.
const SILENCE_MAX: Duration = Duration::from_secs(10);

/// What one pass found.
#[derive(Debug, Default)]
pub(crate) struct Pass {
    pub(crate) events: u64,
    pub(crate) matched: u64,
    pub(crate) delivered: u64,
    pub(crate) duplicates: u64,
    /// From the first PutEvents to the last answer of one.
    pub(crate) put_time: Duration,
    /// From the first PutEvents to the last delete.
    pub(crate) whole_time: Duration,
    /// Of each PutEvents call, sorted.
    pub(crate) put_ns: Vec<u64>,
    /// Of each delivered event, from before its PutEvents to after its receive, sorted.
    pub(crate) delivery_ns: Vec<u64>,
}

/// How hard to push.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) putters: usize,
    pub(crate) receivers: usize,
    pub(crate) duration: Duration,
    /// Between two calls of one putter; zero is as fast as the answers come.
    pub(crate) pace: Duration,
}

/// The names a pass works with.
#[derive(Debug, Clone)]
pub(crate) struct Pipeline {
    address: SocketAddr,
    bus: String,
    queue_url: String,
}

impl Pipeline {
    /// Makes bus, queue, rule and target.
    ///
    /// # Errors
    /// When the door refuses one of them.
    pub(crate) fn make(address: SocketAddr) -> Outcome<Pipeline> {
        let mut door = Connection::open(address)?;
        let bus = "bench".to_owned();
        door.ask(Operation::events("CreateEventBus"), &json!({"Name": bus}))?;
        let made = door.ask(Operation::sqs("CreateQueue"), &json!({"QueueName": "bench"}))?;
        let queue_url = text(&made, "/QueueUrl")?;
        let wanted = json!({"QueueUrl": queue_url, "AttributeNames": ["QueueArn"]});
        let attributes = door.ask(Operation::sqs("GetQueueAttributes"), &wanted)?;
        let arn = text(&attributes, "/Attributes/QueueArn")?;
        let pattern = json!({"detail": {"eventBody": {"queueId": [QUEUE_ID]}}}).to_string();
        let rule = json!({"Name": "bench", "EventBusName": bus, "EventPattern": pattern});
        door.ask(Operation::events("PutRule"), &rule)?;
        let targets = json!({"Rule": "bench", "EventBusName": bus, "Targets": [{"Id": "queue", "Arn": arn}]});
        door.ask(Operation::events("PutTargets"), &targets)?;
        Ok(Pipeline { address, bus, queue_url })
    }

    /// One pass: put for `shape.duration`, receive and delete until nothing is owed.
    ///
    /// # Errors
    /// When any call fails.
    pub(crate) fn pass(&self, shape: Shape) -> Outcome<Pass> {
        let counts = Counts::default();
        let start = machine::now();
        let (put, put_time, received) = thread::scope(|scope| {
            let putters: Vec<_> =
                (0..shape.putters).map(|_| scope.spawn(|| self.put(&counts, start, shape))).collect();
            let receivers: Vec<_> =
                (0..shape.receivers).map(|_| scope.spawn(|| self.receive(&counts, start))).collect();
            let put: Vec<_> = putters.into_iter().map(|putter| joined(putter.join())).collect();
            let put_time = start.elapsed();
            counts.putting_ended.store(true, Ordering::SeqCst);
            let received: Vec<_> = receivers.into_iter().map(|receiver| joined(receiver.join())).collect();
            (put, put_time, received)
        });
        let put_ns: Vec<u64> = put.into_iter().collect::<Outcome<Vec<_>>>()?.concat();
        let mut pass =
            Pass { events: put_ns.len() as u64 * BATCH as u64, put_time, put_ns, ..Pass::default() };
        pass.matched = counts.matched.load(Ordering::SeqCst);
        pass.whole_time = put_time;
        let mut which = Vec::new();
        for received in received.into_iter().collect::<Outcome<Vec<_>>>()? {
            pass.whole_time = pass.whole_time.max(received.last);
            pass.delivery_ns.extend(received.delivery_ns);
            which.extend(received.which);
        }
        let received = which.len() as u64;
        which.sort_unstable();
        which.dedup();
        pass.delivered = which.len() as u64;
        pass.duplicates = received - pass.delivered;
        pass.put_ns.sort_unstable();
        pass.delivery_ns.sort_unstable();
        Ok(pass)
    }

    /// Puts until the time is over; returns how long each call took.
    fn put(&self, counts: &Counts, start: Instant, shape: Shape) -> Outcome<Vec<u64>> {
        let mut door = Connection::open(self.address)?;
        let mut body = self.put_body().into_bytes();
        let marks: Vec<usize> = memchr::memmem::find_iter(&body, b"mark-").map(|at| at + 5).collect();
        let mut taken = Vec::new();
        let mut due = Duration::ZERO;
        while start.elapsed() < shape.duration {
            machine::pause(due.saturating_sub(start.elapsed()));
            due += shape.pace;
            let first = counts.next.fetch_add(BATCH as u64, Ordering::Relaxed);
            let before = nanos(start);
            for (which, &at) in (first..).zip(&marks) {
                write_digits(&mut body, at, before);
                write_digits(&mut body, at + MARK_DIGITS + 1, which);
            }
            let answer = door.call(Operation::events("PutEvents"), &body)?;
            if find(answer, b"\"FailedEntryCount\":0").is_none() {
                return Err(format!("PutEvents: {}", String::from_utf8_lossy(answer)));
            }
            taken.push(nanos(start) - before);
            counts.matched.fetch_add(BATCH as u64 / 2, Ordering::SeqCst);
        }
        Ok(taken)
    }

    /// Receives and deletes until every matched event has come, or the queue has been silent for too long.
    fn receive(&self, counts: &Counts, start: Instant) -> Outcome<Received> {
        let mut door = Connection::open(self.address)?;
        let ask = json!({"QueueUrl": self.queue_url, "MaxNumberOfMessages": BATCH, "WaitTimeSeconds": 1})
            .to_string();
        let mut received = Received::default();
        let mut heard = start.elapsed();
        loop {
            let owed = !counts.putting_ended.load(Ordering::SeqCst)
                || counts.received.load(Ordering::SeqCst) < counts.matched.load(Ordering::SeqCst);
            if !owed || start.elapsed().saturating_sub(heard) > SILENCE_MAX {
                return Ok(received);
            }
            let answer = door.call(Operation::sqs("ReceiveMessage"), ask.as_bytes())?;
            let now = nanos(start);
            let handles = strings_after(answer, b"\"ReceiptHandle\":\"");
            if handles.is_empty() {
                continue;
            }
            heard = start.elapsed();
            for at in memchr::memmem::find_iter(answer, b"mark-") {
                received.delivery_ns.push(now.saturating_sub(read_digits(answer, at + 5)));
                received.which.push(read_digits(answer, at + 5 + MARK_DIGITS + 1));
            }
            let count = handles.len() as u64;
            let delete = delete_body(&self.queue_url, &handles);
            let answer = door.call(Operation::sqs("DeleteMessageBatch"), delete.as_bytes())?;
            if find(answer, b"SenderFault").is_some() {
                return Err(format!("DeleteMessageBatch: {}", String::from_utf8_lossy(answer)));
            }
            received.last = start.elapsed();
            counts.received.fetch_add(count, Ordering::SeqCst);
        }
    }

    /// Ten entries, every other one for the queue that the rule wants.
    fn put_body(&self) -> String {
        let entry = |n: usize| {
            let queue = if n.is_multiple_of(2) { QUEUE_ID } else { OTHER_QUEUE_ID };
            json!({"Source": SOURCE, "DetailType": DETAIL_TYPE, "EventBusName": self.bus, "Detail": detail(queue)})
        };
        json!({"Entries": (0..BATCH).map(entry).collect::<Vec<Value>>()}).to_string()
    }
}

/// What the threads share.
#[derive(Debug, Default)]
struct Counts {
    next: AtomicU64,
    matched: AtomicU64,
    received: AtomicU64,
    putting_ended: AtomicBool,
}

#[derive(Debug, Default)]
struct Received {
    which: Vec<u64>,
    delivery_ns: Vec<u64>,
    last: Duration,
}

/// The detail of a conversation's ACD end, as Genesys Cloud sends it; with its envelope about 1.2 kB.
pub(crate) fn detail(queue: &str) -> String {
    json!({
        "topicName": "v2.detail.events.conversation.7d1f3c2a-5e77-4b0e-8f2d-0a9f6b7c8d9e.acd.end",
        "version": "2",
        "eventBody": {
            "eventTime": 1_765_551_713_383_u64,
            "conversationId": "7d1f3c2a-5e77-4b0e-8f2d-0a9f6b7c8d9e",
            "participantId": "d2c9a3b4-1f60-4a55-9c1e-5b6a7c8d9e0f",
            "sessionId": "a1b2c3d4-0a1b-4c2d-8e3f-6a7b8c9d0e1f",
            "disconnectType": "TRANSFER",
            "mediaType": "VOICE",
            "externalContactId": "b0c1d2e3-5a6b-4c7d-8e9f-1a2b3c4d5e6f",
            "provider": "Edge",
            "direction": "INBOUND",
            "ani": "tel:+15555550898",
            "dnis": "tel:+15555550000",
            "queueId": queue,
            "edgeId": "f3b2a1c0-9d8e-4f7a-8b6c-5d4e3f2a1b0c",
            "divisionId": "e1f2a3b4-7c8d-4e9f-8a0b-2c3d4e5f6a7b",
            "acdOutcome": "ANSWERED",
            "requestedRoutingSkillIds": ["3c9a7c0e-6f6b-4f43-9d0a-52a1b6d7e8f9", "8e1d2c3b-4a59-4687-9765-4a3b2c1d0e9f"],
            "interactingDurationMs": 369_505,
            "connectedDurationMs": 412_230,
            "conversationExternalContactIds": ["b0c1d2e3-5a6b-4c7d-8e9f-1a2b3c4d5e6f"],
        },
        "metadata": {"CorrelationId": MARK},
        "timestamp": "2025-12-12T15:01:53.761Z",
    })
    .to_string()
}

/// The bytes that one event counts with: its source, its detail-type and its detail.
pub(crate) fn event_size_bytes() -> usize {
    SOURCE.len() + DETAIL_TYPE.len() + detail(QUEUE_ID).len()
}

fn joined<T>(end: thread::Result<Outcome<T>>) -> Outcome<T> {
    end.unwrap_or_else(|_| Err("a thread of the load broke".to_owned()))
}

fn nanos(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

fn write_digits(body: &mut [u8], at: usize, mut number: u64) {
    for digit in body.iter_mut().skip(at).take(MARK_DIGITS).rev() {
        *digit = b"0123456789".get(usize::try_from(number % 10).unwrap_or_default()).copied().unwrap_or(b'0');
        number /= 10;
    }
}

fn read_digits(body: &[u8], at: usize) -> u64 {
    let digits = body.iter().skip(at).take(MARK_DIGITS);
    digits.fold(0, |number, digit| number * 10 + u64::from(digit.saturating_sub(b'0')))
}

/// The strings that follow `key`, up to their quote: receipt handles have nothing to unescape.
fn strings_after<'a>(answer: &'a [u8], key: &[u8]) -> Vec<&'a str> {
    let starts = memchr::memmem::find_iter(answer, key).map(|at| at + key.len());
    let rests = starts.filter_map(|at| answer.get(at..));
    rests.filter_map(|rest| std::str::from_utf8(rest.split(|&b| b == b'"').next()?).ok()).collect()
}

fn delete_body(queue_url: &str, handles: &[&str]) -> String {
    let entry = |(n, handle): (usize, &&str)| json!({"Id": n.to_string(), "ReceiptHandle": handle});
    json!({"QueueUrl": queue_url, "Entries": handles.iter().enumerate().map(entry).collect::<Vec<Value>>()})
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::{MARK, event_size_bytes, read_digits, strings_after, write_digits};

    #[test]
    fn an_event_is_as_large_as_the_benchmark_says() {
        assert!((1_150..=1_300).contains(&event_size_bytes()), "{}", event_size_bytes());
    }

    #[test]
    fn a_mark_is_written_and_read() {
        let mut mark = MARK.as_bytes().to_vec();
        write_digits(&mut mark, 5, 1_234);
        write_digits(&mut mark, 24, 987);
        assert_eq!((read_digits(&mark, 5), read_digits(&mark, 24)), (1_234, 987));
        assert_eq!(mark, b"mark-000000000000001234-000000000000000987");
    }

    #[test]
    fn handles_are_found() {
        let answer = br#"{"Messages":[{"ReceiptHandle":"a==","Body":"x"},{"Body":"y","ReceiptHandle":"b"}]}"#;
        assert_eq!(strings_after(answer, b"\"ReceiptHandle\":\""), ["a==", "b"]);
    }
}
