//! The queue room through its front door.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]
#![expect(clippy::panic, clippy::indexing_slicing, reason = "a test stops where it fails")]

mod answers;
mod clock;
mod damage;
mod engine;
mod model;

use aws::Timestamp;
use queue::{NewMessage, Queues};
use store::{Options, Store};

fn open(dir: &std::path::Path) -> Queues {
    Queues::open(Store::open(dir, &Options::default()).unwrap()).unwrap()
}

fn at(ms: u64) -> Timestamp {
    Timestamp::from_unix_ms(ms)
}

fn message(id: &str, now: Timestamp) -> NewMessage {
    NewMessage {
        id: id.to_owned(),
        body: format!("body of {id}"),
        now,
        not_before: now,
        ..NewMessage::default()
    }
}
