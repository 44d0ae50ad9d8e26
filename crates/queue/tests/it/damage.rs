//! Damaged records: what is damaged is passed over, named and counted, and nothing else is lost with it (contract C9).
//!
//! Once a reviewer changed one byte of a stored body, and the receive that met it never ended. Then it ended with an error,
//! again and again, and every queue that was received from in the same transaction was stuck with it.

use std::path::Path;
use std::sync::mpsc::channel;
use std::time::Duration;

use queue::{NewMessage, QueueId, Queues, Receive, Redrive, Settings};
use store::{Error, Key, Options, Store, Table, Tx};

use crate::{at, message};

/// The engine's tables as nobody reads them: what is put through these is damage to the engine.
const QUEUES: Table<u64, Vec<u8>> = Table::new(10, "queues");
const INDEX: Table<(u64, u8, (u64, u64)), Vec<u8>> = Table::new(12, "message index");
const CONTENTS: Table<u64, Vec<u8>> = Table::new(13, "message contents");
const NOTES: Table<u64, Vec<u8>> = Table::new(15, "message notes");
const GROUPS: Table<(u64, String), Vec<u8>> = Table::new(16, "message groups");
const PARKED: Table<(u64, String, u64), Vec<u8>> = Table::new(17, "parked messages");

/// Longer than any job takes, so that a test that would hang fails instead.
const FOR_EVER: Duration = Duration::from_secs(20);

fn open(dir: &Path) -> Queues {
    Queues::open(Store::open(dir, &Options::default()).unwrap()).unwrap()
}

fn write<T: Send + 'static>(
    queues: &Queues,
    job: impl FnOnce(&mut Tx<'_>) -> T + Send + 'static,
) -> Result<T, Error> {
    let (ticket, (done, outcome)) = (queues.store().write(|error| error, move |tx| Ok(job(tx))), channel());
    std::thread::spawn(move || done.send(ticket.wait()));
    outcome.recv_timeout(FOR_EVER).unwrap()
}

fn harm<K: Key>(tx: &mut Tx<'_>, table: &Table<K, Vec<u8>>, key: &K) {
    tx.put(table, key, &vec![0xFF; 9]);
}

/// All that can be received from both queues in one transaction, with how many were damaged.
fn receive_both(queues: &Queues, both: [QueueId; 2], redrive: Option<Redrive>) -> [(Vec<String>, usize); 2] {
    let in_job = queues.clone();
    let receive = Receive { max: 10, until: at(60_000), now: at(2000), redrive };
    let received = write(queues, move |tx| both.map(|queue| in_job.receive_counting(tx, queue, &receive)));
    received.unwrap().map(|(messages, lost)| (messages.into_iter().map(|message| message.id).collect(), lost))
}

/// Two queues with four messages each, of one group or of none, as they are before anything is damaged.
fn two_queues(dir: &Path, group: Option<&str>) -> (Queues, [QueueId; 2], u64) {
    let queues = open(dir);
    let (in_job, group) = (queues.clone(), group.map(str::to_owned));
    let made = write(&queues, move |tx| {
        let both = ["delivery:a", "delivery:b"].map(|name| in_job.internal(tx, name, Settings::default()));
        let mut first = None;
        for queue in both {
            for id in ["1", "2", "3", "4"] {
                let new = NewMessage { group: group.clone(), ..message(id, at(1000)) };
                let sent = in_job.send(tx, queue, new);
                first = first.or(Some(sent.sequence));
            }
        }
        (both, first.unwrap())
    });
    let (both, first) = made.unwrap();
    (queues, both, first)
}

/// A way to damage the first queue: given its number and its first message's.
struct Case {
    name: &'static str,
    group: Option<&'static str>,
    harm: fn(&mut Tx<'_>, u64, u64),
    left: &'static [&'static str],
}

const CASES: [Case; 9] = [
    Case {
        name: "a content is unreadable",
        group: None,
        harm: |tx, _, first| harm(tx, &CONTENTS, &first),
        left: &["2", "3", "4"],
    },
    Case {
        name: "a content of a group is unreadable",
        group: Some("g"),
        harm: |tx, _, first| harm(tx, &CONTENTS, &first),
        left: &["2", "3", "4"],
    },
    Case {
        name: "a content is missing",
        group: None,
        harm: |tx, _, first| tx.remove(&CONTENTS, &(first + 1)),
        left: &["1", "3", "4"],
    },
    Case {
        name: "a content of a group is missing",
        group: Some("g"),
        harm: |tx, _, first| tx.remove(&CONTENTS, &(first + 1)),
        left: &["1", "3", "4"],
    },
    Case {
        name: "a place is unreadable",
        group: None,
        harm: |tx, queue, first| harm(tx, &INDEX, &(queue, 0, (1000, first))),
        left: &["2", "3", "4"],
    },
    Case {
        name: "the place of a group's first is unreadable",
        group: Some("g"),
        harm: |tx, queue, first| harm(tx, &INDEX, &(queue, 0, (1000, first))),
        left: &["2", "3", "4"],
    },
    Case {
        name: "a group is unreadable",
        group: Some("g"),
        harm: |tx, queue, _| harm(tx, &GROUPS, &(queue, "g".to_owned())),
        left: &["1", "2", "3", "4"],
    },
    Case {
        name: "a parked message is unreadable",
        group: Some("g"),
        harm: |tx, queue, first| harm(tx, &PARKED, &(queue, "g".to_owned(), first + 2)),
        left: &["1", "2", "4"],
    },
    Case {
        name: "a queue is unreadable",
        group: None,
        harm: |tx, queue, _| harm(tx, &QUEUES, &queue),
        left: &["1", "2", "3", "4"],
    },
];

#[test]
fn what_is_damaged_is_passed_over_and_costs_no_other_message() {
    for Case { name, group, harm, left } in CASES {
        let dir = tempfile::tempdir().unwrap();
        let (queues, both, first) = two_queues(dir.path(), group);
        write(&queues, move |tx| harm(tx, both[0].0, first)).unwrap();
        let [(harmed, lost), (whole, none)] = receive_both(&queues, both, None);
        assert_eq!(harmed, left, "{name}");
        assert_eq!(lost, 4 - left.len(), "{name}");
        assert_eq!(
            (whole.as_slice(), none),
            (["1", "2", "3", "4"].map(str::to_owned).as_slice(), 0),
            "{name}"
        );
        assert_eq!(queues.store().passed_over() > 0, name != "a queue is unreadable", "{name}");
        // It is met once, and the counts know that it is gone.
        assert_eq!(receive_both(&queues, both, None), [(Vec::new(), 0), (Vec::new(), 0)], "{name}");
        let counts = queues.store().read(|read| queues.counts(read, both[0], at(2000))).unwrap();
        assert_eq!((counts.visible, counts.in_flight), (0, left.len() as u64), "{name}");
    }
}

#[test]
fn a_store_with_damage_opens_and_serves_the_rest() {
    for Case { name, group, harm, left } in CASES {
        let dir = tempfile::tempdir().unwrap();
        let (queues, both, first) = two_queues(dir.path(), group);
        write(&queues, move |tx| harm(tx, both[0].0, first)).unwrap();
        drop(queues);
        let queues = open(dir.path());
        let mut received = Vec::new();
        // A queue whose settings are lost gives out one at a time.
        for _ in 0..4 {
            let [(harmed, _), _] = receive_both(&queues, both, None);
            received.extend(harmed);
            let in_job = queues.clone();
            if name == "a queue is unreadable" {
                write(&queues, move |tx| in_job.configure(tx, both[0], Settings::default())).unwrap();
            }
        }
        assert_eq!(received, left, "{name}");
    }
}

#[test]
fn sweeps_and_deleted_queues_go_round_damage_too() {
    for Case { name, group, harm, .. } in CASES {
        let dir = tempfile::tempdir().unwrap();
        let (queues, both, first) = two_queues(dir.path(), group);
        let in_job = queues.clone();
        write(&queues, move |tx| {
            in_job.configure(tx, both[1], Settings { retention_ms: Some(10), ..Settings::default() });
            in_job.drop_queue(tx, both[0]);
            harm(tx, both[0].0, first);
        })
        .unwrap();
        for _ in 0..20 {
            let in_job = queues.clone();
            write(&queues, move |tx| in_job.sweep(tx, at(9000), 10)).unwrap();
        }
        let left = queues.store().read(|read| {
            use store::{KeyRange, Read};
            let messages = read.list(&CONTENTS, &KeyRange::all(), 99).len();
            (
                messages,
                read.list(&INDEX, &KeyRange::all(), 99).len(),
                read.list(&PARKED, &KeyRange::all(), 99).len(),
            )
        });
        let left = left.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(left, (0, 0, 0), "{name}");
    }
}

/// The group, what is taken away, what is left of the first queue, and how many places and messages are given up.
type Gone = (Option<&'static str>, fn(&mut Tx<'_>, u64, u64), &'static [&'static str], (u64, u64));

#[test]
fn what_was_saved_is_put_in_order_before_it_is_served() {
    // What `fsck --salvage-to` leaves behind: records that are simply not there.
    let gone: [Gone; 6] = [
        (None, |tx, _, first| tx.remove(&CONTENTS, &first), &["2", "3", "4"], (1, 0)),
        (Some("g"), |tx, _, first| tx.remove(&CONTENTS, &first), &["2", "3", "4"], (1, 0)),
        (Some("g"), |tx, _, first| tx.remove(&CONTENTS, &(first + 2)), &["1", "2", "4"], (1, 0)),
        (
            Some("g"),
            |tx, queue, first| tx.remove(&INDEX, &(queue, 0, (1000, first))),
            &["2", "3", "4"],
            (0, 1),
        ),
        (
            Some("g"),
            |tx, queue, _| tx.remove(&GROUPS, &(queue, "g".to_owned())),
            &["1", "2", "3", "4"],
            (0, 0),
        ),
        (None, |tx, queue, _| tx.remove(&QUEUES, &queue), &["1"], (0, 0)),
    ];
    for (number, (group, take, left, (places, messages))) in gone.into_iter().enumerate() {
        let dir = tempfile::tempdir().unwrap();
        let (queues, both, first) = two_queues(dir.path(), group);
        write(&queues, move |tx| take(tx, both[0].0, first)).unwrap();
        drop(queues);
        let store = Store::open(dir.path(), &Options::default()).unwrap();
        let mended = queue::mend::after_salvage(&store).unwrap();
        assert_eq!((mended.places, mended.messages), (places, messages), "case {number}");
        let queues = Queues::open(store).unwrap();
        let [(harmed, lost), (whole, _)] = receive_both(&queues, both, None);
        assert_eq!(
            (harmed.as_slice(), lost),
            (left.iter().map(ToString::to_string).collect::<Vec<_>>().as_slice(), 0),
            "case {number}"
        );
        assert_eq!(whole.len(), 4, "case {number}");
    }
}

#[test]
fn a_message_goes_on_without_a_damaged_note() {
    let dir = tempfile::tempdir().unwrap();
    let (queues, [from, to], first) = two_queues(dir.path(), None);
    let redrive = Redrive { max_receives: 0, to, source: "arn".to_owned() };
    let in_job = queues.clone();
    let receive = Receive { max: 10, until: at(3000), now: at(2000), redrive: Some(redrive) };
    write(&queues, move |tx| in_job.receive(tx, from, &receive)).unwrap();
    write(&queues, move |tx| harm(tx, &NOTES, &first)).unwrap();

    // Nobody knows where it came from: a redrive to where the messages came from stops at it, and says so.
    let in_job = queues.clone();
    let moved = write(&queues, move |tx| {
        in_job.relocate(tx, to, queue::Portion { now: at(2500), max: 100 }, |_, source| source.map(|_| from))
    });
    assert!(moved.unwrap().stuck);
    let receive = Receive { max: 10, until: at(9000), now: at(2500), redrive: None };
    let in_job = queues.clone();
    let received = write(&queues, move |tx| in_job.receive(tx, to, &receive)).unwrap();
    let damaged = received.iter().find(|message| message.sequence == first).unwrap();
    assert_eq!((damaged.id.as_str(), &damaged.dead_letter_source), ("1", &None));
    assert_eq!(queues.store().passed_over(), 1);
}
