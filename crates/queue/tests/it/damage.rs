//! A damaged message: a reviewer changed one byte of a stored body, and the receive that met it never ended. It runs on
//! the store's writer, so nobody else could write any more either. What is damaged is an error now, of its queue alone.

use std::sync::mpsc::channel;
use std::time::Duration;

use queue::{NewMessage, QueueId, Queues, Receive, Settings};
use store::{Error, Table, Tx};

use crate::{at, message, open};

/// Message contents and notes as nobody reads them: what is put through these is damage to the engine.
const CONTENTS: Table<u64, Vec<u8>> = Table::new(13, "message contents");
const NOTES: Table<u64, Vec<u8>> = Table::new(15, "message notes");

/// Longer than any receive takes, so that a test that would hang fails instead.
const FOR_EVER: Duration = Duration::from_secs(20);

fn write<T: Send + 'static>(
    queues: &Queues,
    job: impl FnOnce(&mut Tx<'_, '_>) -> T + Send + 'static,
) -> Result<T, Error> {
    let (ticket, (done, outcome)) = (queues.store().write(|error| error, move |tx| Ok(job(tx))), channel());
    std::thread::spawn(move || done.send(ticket.wait()));
    outcome.recv_timeout(FOR_EVER).unwrap()
}

fn receive(queues: &Queues, queue: QueueId) -> Result<Vec<String>, Error> {
    let in_job = queues.clone();
    let receive = Receive { max: 10, until: at(60_000), now: at(2000), redrive: None };
    let received = write(queues, move |tx| in_job.receive(tx, queue, &receive))?;
    Ok(received.into_iter().map(|message| message.id).collect())
}

/// Two queues with two messages each, of one group or of none; what is done to the first message of the first.
fn two_queues(
    dir: &std::path::Path,
    group: Option<&str>,
    harm: impl FnOnce(&mut Tx<'_, '_>, u64) + Send + 'static,
) -> (Queues, [QueueId; 2]) {
    let queues = open(dir);
    let (in_job, group) = (queues.clone(), group.map(str::to_owned));
    let made = write(&queues, move |tx| {
        let made = ["delivery:a", "delivery:b"].map(|name| in_job.internal(tx, name, Settings::default()));
        let mut first = None;
        for queue in made {
            for id in ["1", "2"] {
                let new = NewMessage { group: group.clone(), ..message(id, at(1000)) };
                let sent = in_job.send(tx, queue, new);
                first = first.or(Some(sent.sequence));
            }
        }
        harm(tx, first.unwrap());
        made
    });
    (queues, made.unwrap())
}

#[test]
fn a_receive_that_meets_a_damaged_message_ends_and_harms_no_other_queue() {
    let unreadable: fn(&mut Tx<'_, '_>, u64) = |tx, sequence| tx.put(&CONTENTS, &sequence, &vec![0xFF; 9]);
    let missing: fn(&mut Tx<'_, '_>, u64) = |tx, sequence| tx.remove(&CONTENTS, &sequence);
    for harm in [unreadable, missing] {
        for group in [None, Some("group")] {
            let dir = tempfile::tempdir().unwrap();
            let (queues, [harmed, whole]) = two_queues(dir.path(), group, harm);
            for _ in 0..2 {
                let error = receive(&queues, harmed).unwrap_err();
                assert!(
                    matches!(error, Error::Damaged { table: "message contents", .. }),
                    "{group:?}: {error}"
                );
            }
            assert_eq!(receive(&queues, whole).unwrap(), ["1", "2"], "{group:?}");
        }
    }
}

#[test]
fn a_redrive_that_meets_a_damaged_note_ends() {
    let dir = tempfile::tempdir().unwrap();
    let (noted, tell) = channel();
    let (queues, [from, to]) = two_queues(dir.path(), None, move |_, first| noted.send(first).unwrap());
    let first = tell.recv().unwrap();
    let receive = Receive {
        max: 10,
        until: at(3000),
        now: at(2000),
        redrive: Some(queue::Redrive { max_receives: 0, to, source: "arn".to_owned() }),
    };
    let in_job = queues.clone();
    write(&queues, move |tx| in_job.receive(tx, from, &receive)).unwrap();
    write(&queues, move |tx| tx.put(&NOTES, &first, &vec![0xFF; 9])).unwrap();
    let in_job = queues.clone();
    let moved = write(&queues, move |tx| in_job.relocate(tx, to, (at(2500), 100), |_, _| Some(from)));
    assert!(matches!(moved, Err(Error::Damaged { table: "message notes", .. })), "{moved:?}");
}
