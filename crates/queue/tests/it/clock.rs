//! A clock that goes back an hour, and comes back: nothing is seen early, seen twice, reordered or stuck.
//!
//! Time is an argument here, so a jump is a number. A jump forward is, to the engine, an hour that has passed: that the
//! server never says so while it runs is `server::clock`'s part. A jump back comes at a restart.

use queue::{NewMessage, Queues, Receive, ReceivedMessage, Settings};
use store::Tx;

use crate::{at, message, open};

const NOON: u64 = 1_700_000_000_000;
const HOUR: u64 = 3_600_000;
const MINUTE: u64 = 60_000;

/// A folder whose queue is opened anew at each jump, as at a restart.
struct Bench {
    dir: tempfile::TempDir,
    queues: Queues,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let queues = open(dir.path());
        Self { dir, queues }
    }

    fn restart(self) -> Self {
        let Self { dir, queues } = self;
        drop(queues);
        let queues = open(dir.path());
        Self { dir, queues }
    }

    fn write<T: Send + 'static>(&self, job: impl FnOnce(&Queues, &mut Tx<'_>) -> T + Send + 'static) -> T {
        let queues = self.queues.clone();
        let ticket = self.queues.store().write(|e: store::Error| e, move |tx| Ok(job(&queues, tx)));
        ticket.wait().unwrap()
    }

    fn send(&self, new: NewMessage) {
        self.write(|queues, tx| {
            let queue = queues.internal(tx, "timer:a", Settings::default());
            queues.send(tx, queue, new);
        });
    }

    /// Whether it was a duplicate of one sent within the last five minutes.
    fn send_once(&self, new: NewMessage) -> bool {
        let until = at(new.now.unix_ms() + 5 * MINUTE);
        self.write(move |queues, tx| {
            let queue = queues.internal(tx, "timer:a", Settings::default());
            queues.send_once(tx, queue, new, queue::Deduplication { key: "key".to_owned(), until }).duplicate
        })
    }

    /// Everything that can be received, leased for a minute.
    fn receive(&self, now: u64) -> Vec<ReceivedMessage> {
        let receive = Receive { max: 10, until: at(now + MINUTE), now: at(now), redrive: None };
        self.write(move |queues, tx| {
            let queue = queues.internal(tx, "timer:a", Settings::default());
            queues.receive(tx, queue, &receive)
        })
    }

    fn ids(&self, now: u64) -> Vec<String> {
        self.receive(now).into_iter().map(|received| received.id).collect()
    }

    fn is_due(&self, now: u64) -> bool {
        let due = self.queues.store().read(|read| self.queues.due(read, "timer:", at(now))).unwrap();
        !due.is_empty()
    }
}

#[test]
fn what_is_leased_or_delayed_is_not_seen_early() {
    let bench = Bench::new();
    bench.send(message("leased", at(NOON)));
    assert_eq!(bench.ids(NOON), ["leased"]);
    bench.send(NewMessage { not_before: at(NOON + 10), ..message("delayed", at(NOON)) });
    let bench = bench.restart();
    for now in [NOON - HOUR, NOON - 1, NOON, NOON + 9] {
        assert_eq!(bench.ids(now), [] as [&str; 0], "at {now}");
    }
    assert_eq!(bench.ids(NOON + 10), ["delayed"]);
    assert_eq!(bench.ids(NOON + MINUTE - 1), [] as [&str; 0]);
    assert_eq!(bench.ids(NOON + MINUTE + 10), ["leased", "delayed"]);
}

#[test]
fn a_handle_from_before_the_jump_still_settles() {
    let bench = Bench::new();
    bench.send(message("deleted", at(NOON)));
    bench.send(message("kept", at(NOON)));
    let handles: Vec<_> = bench.receive(NOON).into_iter().map(|received| received.handle).collect();
    let bench = bench.restart();
    let (deleted, kept) = (handles[0], handles[1]);
    assert!(bench.write(move |queues, tx| queues.delete(tx, &deleted)));
    let now = NOON - HOUR;
    assert!(bench.write(move |queues, tx| queues.renew(tx, &kept, at(now + MINUTE))));
    // The new lease is of the new time, so it ends in a minute and not in an hour.
    assert_eq!(bench.ids(now + MINUTE - 1), [] as [&str; 0]);
    assert_eq!(bench.ids(now + MINUTE), ["kept"]);
}

#[test]
fn deduplication_outlives_the_jump() {
    let bench = Bench::new();
    assert!(!bench.send_once(message("first", at(NOON))));
    let bench = bench.restart();
    for now in [NOON - HOUR, NOON - 1, NOON, NOON + 5 * MINUTE - 1] {
        assert!(bench.write(move |queues, tx| queues.sweep(tx, at(now), 100)) == 0, "swept at {now}");
        assert!(bench.send_once(message("again", at(now))), "at {now}");
    }
    assert!(!bench.send_once(message("new", at(NOON + 5 * MINUTE))), "and ends when it should");
}

#[test]
fn the_newest_message_tells_of_a_jump_back() {
    let bench = Bench::new();
    assert_eq!(bench.queues.newest(), at(0));
    bench.send(message("received", at(NOON)));
    bench.send(NewMessage { not_before: at(NOON + HOUR), ..message("delayed", at(NOON + 5)) });
    let bench = bench.restart();
    assert_eq!(bench.queues.newest(), at(NOON + 5), "a time to come is no time that was");
    assert_eq!(bench.ids(NOON + 7), ["received"]);
    let bench = bench.restart();
    assert_eq!(bench.queues.newest(), at(NOON + 7));
}

#[test]
fn a_group_keeps_its_order() {
    let bench = Bench::new();
    let of_group = |id: &str, now: u64| NewMessage { group: Some("g".to_owned()), ..message(id, at(now)) };
    bench.send(of_group("before", NOON));
    let bench = bench.restart();
    // Sent later, at an earlier hour.
    bench.send(of_group("after", NOON - HOUR));
    assert_eq!(bench.ids(NOON - HOUR), [] as [&str; 0], "the first of the group is not due");
    assert_eq!(bench.ids(NOON), ["before", "after"]);
}

#[test]
fn no_timer_sticks() {
    let bench = Bench::new();
    for (id, after) in [("a", 10), ("b", MINUTE), ("c", 2 * HOUR)] {
        bench.send(NewMessage { not_before: at(NOON + after), ..message(id, at(NOON)) });
    }
    let bench = bench.restart();
    assert!(!bench.is_due(NOON - HOUR));
    // One that is set after the jump rings by the clock of after the jump, in front of those of before.
    let now = NOON - HOUR;
    bench.send(NewMessage { not_before: at(now + 10), ..message("new", at(now)) });
    assert_eq!(bench.queues.next_due("timer:"), Some(at((now + 10) / 1_000 * 1_000)));
    assert!(bench.is_due(now + 10));
    let mut rung = Vec::new();
    // Forward again by jumps of an hour: each rings once, in its order.
    for hour in 0..5 {
        let now = now + 10 + hour * HOUR;
        while bench.is_due(now) {
            for received in bench.receive(now) {
                rung.push(received.id);
                bench.write(move |queues, tx| queues.delete(tx, &received.handle));
            }
        }
    }
    assert_eq!(rung, ["new", "a", "b", "c"]);
    assert_eq!(bench.queues.next_due("timer:"), None);
}
