//! The load on a queue: clients that each send, receive and delete, one call after the other, on a kept connection.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::bench::http::{Connection, Operation, find};
use crate::machine::{self, Outcome};

const SEND: Operation = Operation::sqs("SendMessage");
const SEND_BATCH: Operation = Operation::sqs("SendMessageBatch");
const RECEIVE: Operation = Operation::sqs("ReceiveMessage");
const DELETE: Operation = Operation::sqs("DeleteMessage");
const DELETE_BATCH: Operation = Operation::sqs("DeleteMessageBatch");
/// How many messages a batch holds.
pub(crate) const BATCH: usize = 10;
const HANDLE: &[u8] = b"\"ReceiptHandle\":\"";

/// A queue at the door.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) url: String,
}

/// What each client sends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    /// Messages in a request.
    pub(crate) batch: usize,
    /// Bytes of a message's body, a multiple of 16.
    pub(crate) size: usize,
}

/// What a load found: how many messages went the whole way in how long, and how long each call took, sorted.
#[derive(Debug, Default)]
pub(crate) struct Cycled {
    pub(crate) messages: u64,
    pub(crate) time: Duration,
    pub(crate) send_ns: Vec<u64>,
    pub(crate) receive_ns: Vec<u64>,
    pub(crate) delete_ns: Vec<u64>,
}

/// One client: its connection and its prepared requests.
#[derive(Debug)]
pub(crate) struct Client {
    door: Connection,
    url: String,
    batch: usize,
    send: Vec<u8>,
    receive: Vec<u8>,
    pub(crate) seen: Cycled,
}

impl Target {
    /// Makes the queue.
    ///
    /// # Errors
    /// When the door refuses.
    pub(crate) fn make(address: SocketAddr, name: &str) -> Outcome<Self> {
        let wanted = json!({"QueueName": name, "Attributes": {"VisibilityTimeout": "600"}});
        let made = Connection::open(address)?.ask(Operation::sqs("CreateQueue"), &wanted)?;
        let url = made.pointer("/QueueUrl").and_then(Value::as_str);
        let url = url.map(str::to_owned).ok_or_else(|| format!("no QueueUrl in {made}"))?;
        Ok(Self { address, url })
    }

    /// How many messages can be received.
    ///
    /// # Errors
    /// When the door refuses.
    pub(crate) fn visible(&self) -> Outcome<u64> {
        let name = "ApproximateNumberOfMessages";
        let wanted = json!({"QueueUrl": self.url, "AttributeNames": [name]});
        let answer = Connection::open(self.address)?.ask(Operation::sqs("GetQueueAttributes"), &wanted)?;
        let count = answer.pointer(&format!("/Attributes/{name}")).and_then(Value::as_str);
        count.and_then(|count| count.parse().ok()).ok_or_else(|| format!("no {name} in {answer}"))
    }

    /// Sends, receives and deletes with `clients` at once for `duration`, then receives and deletes what is left.
    ///
    /// # Errors
    /// When a call fails, or messages are lost or come twice.
    pub(crate) fn cycle(&self, clients: usize, load: Load, duration: Duration) -> Outcome<Cycled> {
        let (sent, deleted) = (AtomicU64::new(0), AtomicU64::new(0));
        let start = machine::now();
        let work = || -> Outcome<Cycled> {
            let mut client = Client::open(self, load)?;
            while start.elapsed() < duration {
                client.send()?;
                sent.fetch_add(load.batch as u64, Ordering::SeqCst);
                deleted.fetch_add(client.take()?, Ordering::SeqCst);
            }
            while deleted.load(Ordering::SeqCst) < sent.load(Ordering::SeqCst) {
                let taken = client.take()?;
                deleted.fetch_add(taken, Ordering::SeqCst);
                if taken == 0 && start.elapsed() > duration + Duration::from_secs(20) {
                    break;
                }
            }
            Ok(client.seen)
        };
        let parts: Vec<_> = thread::scope(|scope| {
            let all: Vec<_> = (0..clients).map(|_| scope.spawn(work)).collect();
            all.into_iter()
                .map(|one| one.join().unwrap_or_else(|_| Err("a client broke".to_owned())))
                .collect()
        });
        let mut whole = Cycled { time: start.elapsed(), ..Cycled::default() };
        for part in parts.into_iter().collect::<Outcome<Vec<_>>>()? {
            whole.add(part);
        }
        whole.messages = deleted.into_inner();
        match sent.into_inner() {
            sent if sent == whole.messages => Ok(whole),
            sent => Err(format!("{sent} messages were sent and {} deleted", whole.messages)),
        }
    }

    /// Sends `count` messages of `size` bytes, by `clients` at once.
    ///
    /// # Errors
    /// When a call fails.
    pub(crate) fn fill(&self, clients: usize, size: usize, count: u64) -> Outcome<()> {
        let sent = AtomicU64::new(0);
        let work = || -> Outcome<()> {
            let mut client = Client::open(self, Load { batch: BATCH, size })?;
            while sent.fetch_add(BATCH as u64, Ordering::SeqCst) < count {
                client.send()?;
            }
            Ok(())
        };
        thread::scope(|scope| {
            let all: Vec<_> = (0..clients).map(|_| scope.spawn(work)).collect();
            all.into_iter()
                .try_for_each(|one| one.join().unwrap_or_else(|_| Err("a client broke".to_owned())))
        })
    }
}

impl Cycled {
    fn add(&mut self, other: Self) {
        self.send_ns.extend(other.send_ns);
        self.receive_ns.extend(other.receive_ns);
        self.delete_ns.extend(other.delete_ns);
        for times in [&mut self.send_ns, &mut self.receive_ns, &mut self.delete_ns] {
            times.sort_unstable();
        }
    }
}

impl Client {
    /// Connects.
    ///
    /// # Errors
    /// When the door does not take the connection.
    pub(crate) fn open(target: &Target, load: Load) -> Outcome<Self> {
        let Load { batch, size } = load;
        let body = "0123456789abcdef".repeat(size.div_ceil(16));
        let url = &target.url;
        let send = if batch == 1 {
            json!({"QueueUrl": url, "MessageBody": body})
        } else {
            let entry = |n: usize| json!({"Id": n.to_string(), "MessageBody": body});
            json!({"QueueUrl": url, "Entries": (0..batch).map(entry).collect::<Vec<_>>()})
        };
        let receive = json!({"QueueUrl": url, "MaxNumberOfMessages": batch});
        Ok(Self {
            door: Connection::open(target.address)?,
            url: url.clone(),
            batch,
            send: send.to_string().into_bytes(),
            receive: receive.to_string().into_bytes(),
            seen: Cycled::default(),
        })
    }

    /// Sends once.
    ///
    /// # Errors
    /// When the door refuses, or a part of the batch.
    pub(crate) fn send(&mut self) -> Outcome<()> {
        let operation = if self.batch == 1 { SEND } else { SEND_BATCH };
        let start = machine::now();
        let answer = self.door.call(operation, &self.send)?;
        if find(answer, b"SenderFault").is_some() {
            return Err(format!("SendMessageBatch: {}", String::from_utf8_lossy(answer)));
        }
        self.seen.send_ns.push(nanos(start.elapsed()));
        Ok(())
    }

    /// Receives once and deletes what came; gives back how many that were.
    ///
    /// # Errors
    /// When the door refuses, or a part of the batch.
    pub(crate) fn take(&mut self) -> Outcome<u64> {
        let start = machine::now();
        let answer = self.door.call(RECEIVE, &self.receive)?;
        self.seen.receive_ns.push(nanos(start.elapsed()));
        let handles: Vec<String> = memchr::memmem::find_iter(answer, HANDLE)
            .filter_map(|at| answer.get(at + HANDLE.len()..)?.split(|&byte| byte == b'"').next())
            .map(|handle| String::from_utf8_lossy(handle).into_owned())
            .collect();
        let Some(first) = handles.first() else { return Ok(0) };
        let (operation, request) = if self.batch == 1 {
            (DELETE, json!({"QueueUrl": self.url, "ReceiptHandle": first}))
        } else {
            let entry = |(n, handle): (usize, &String)| json!({"Id": n.to_string(), "ReceiptHandle": handle});
            let entries: Vec<Value> = handles.iter().enumerate().map(entry).collect();
            (DELETE_BATCH, json!({"QueueUrl": self.url, "Entries": entries}))
        };
        let start = machine::now();
        let answer = self.door.call(operation, request.to_string().as_bytes())?;
        if find(answer, b"SenderFault").is_some() {
            return Err(format!("DeleteMessageBatch: {}", String::from_utf8_lossy(answer)));
        }
        self.seen.delete_ns.push(nanos(start.elapsed()));
        Ok(handles.len() as u64)
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
