//! The engine's promises that no history shows by chance: wake-ups, sweeps, redrives, permits, duplicates.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use aws::Reply;
use queue::{Arrival, Counts, Deduplication, NewMessage, QueueId, Queues, Receive, Settings, Traffic};
use serde_json::json;
use store::Tx;

use crate::answers::{called_at, run};
use crate::{at, message, open};

fn write<T: Send + 'static>(queues: &Queues, job: impl FnOnce(&mut Tx<'_>) -> T + Send + 'static) -> T {
    queues.store().write(|e: store::Error| e, move |tx| Ok(job(tx))).wait().unwrap()
}

fn create(queues: &Queues, name: &'static str, settings: Settings) -> QueueId {
    let in_job = queues.clone();
    write(queues, move |tx| in_job.internal(tx, name, settings))
}

fn send(queues: &Queues, queue: QueueId, new: NewMessage) {
    let in_job = queues.clone();
    write(queues, move |tx| in_job.send(tx, queue, new));
}

fn receive(queues: &Queues, queue: QueueId, (max, now): (usize, u64)) -> Vec<queue::ReceivedMessage> {
    let in_job = queues.clone();
    let receive = Receive { max, until: at(now + 1000), now: at(now), redrive: None };
    write(queues, move |tx| in_job.receive(tx, queue, &receive))
}

fn has_rung(arrival: &mut Arrival) -> bool {
    let mut context = Context::from_waker(Waker::noop());
    matches!(pin!(arrival).as_mut().poll(&mut context), Poll::Ready(()))
}

#[test]
fn an_arrival_asked_for_before_the_look_is_not_missed() {
    let dir = tempfile::tempdir().unwrap();
    let queues = open(dir.path());
    let queue = create(&queues, "delivery:a", Settings::default());
    let mut arrivals = [queues.arrival(queue), queues.arrival(queue)];
    let mut kind = queues.arrival_of_kind("delivery");
    let mut other = queues.arrival_of_kind("timer");
    // Nobody has polled yet: the bell must know of them all the same.
    send(&queues, queue, message("1", at(1000)));
    send(&queues, queue, message("2", at(1000)));
    assert!(arrivals.iter_mut().all(has_rung), "one message wakes one, two wake both");
    assert!(has_rung(&mut kind));
    assert!(!has_rung(&mut other));
}

#[test]
fn due_names_the_queues_with_something_to_do_and_a_free_permit() {
    let dir = tempfile::tempdir().unwrap();
    let queues = open(dir.path());
    let limited = create(&queues, "delivery:limited", Settings { permits: Some(1), retention_ms: None });
    let later = create(&queues, "delivery:later", Settings::default());
    create(&queues, "delivery:idle", Settings::default());
    let timer = create(&queues, "timer:tracker", Settings::default());
    send(&queues, limited, message("1", at(5000)));
    send(&queues, limited, message("2", at(5000)));
    send(&queues, later, NewMessage { not_before: at(9500), ..message("3", at(5000)) });
    send(&queues, timer, message("4", at(5000)));
    let due = |queues: &Queues, now: u64| -> Vec<String> {
        let found = queues.store().read(|read| queues.due(read, "delivery:", at(now))).unwrap();
        found.into_iter().map(|due| due.name).collect()
    };
    assert_eq!(due(&queues, 5000), ["delivery:limited"]);
    assert_eq!(receive(&queues, limited, (10, 5000)).len(), 1, "one permit");
    assert_eq!(due(&queues, 5999), Vec::<String>::new());
    assert_eq!(due(&queues, 6000), ["delivery:limited"], "the lease has ended, the permit is free");
    assert_eq!(due(&queues, 9500), ["delivery:later", "delivery:limited"]);
    drop(queues);
    let queues = open(dir.path());
    assert_eq!(due(&queues, 5999), Vec::<String>::new(), "the permit is counted in the store");
    assert_eq!(queues.next_due("delivery:"), Some(at(5000)));
    assert_eq!(queues.next_due("none:"), None);
}

#[test]
fn a_receive_that_finds_nothing_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let queues = open(dir.path());
    let queue = create(&queues, "delivery:a", Settings::default());
    let before = std::fs::metadata(dir.path().join("store.redb")).unwrap().modified().unwrap();
    assert!(receive(&queues, queue, (10, 1000)).is_empty());
    let after = std::fs::metadata(dir.path().join("store.redb")).unwrap().modified().unwrap();
    assert_eq!(before, after);
}

#[test]
fn sweeps_give_back_what_expired_and_what_was_deleted_a_little_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let queues = open(dir.path());
    let short = create(&queues, "a:short", Settings { permits: None, retention_ms: Some(1000) });
    let dropped = create(&queues, "a:dropped", Settings::default());
    for number in 0..20 {
        let group = (number % 2 == 0).then(|| "g".to_owned());
        send(&queues, short, NewMessage { group: group.clone(), ..message(&format!("s{number}"), at(1000)) });
        send(&queues, dropped, NewMessage { group, ..message(&format!("d{number}"), at(1000)) });
    }
    let in_job = queues.clone();
    write(&queues, move |tx| in_job.drop_queue(tx, dropped));
    let look = |now| queues.store().read(|read| queues.needs_sweep(read, at(now))).unwrap();
    let mut sweeps = 0;
    while look(2000) {
        sweeps += 1;
        let in_job = queues.clone();
        let removed = write(&queues, move |tx| in_job.sweep(tx, at(2000), 7));
        assert!((1..=7).contains(&removed));
    }
    assert!(sweeps >= 40 / 7);
    let counts = queues.store().read(|read| queues.counts(read, short, at(2000))).unwrap();
    assert_eq!(counts, Counts::default());
    assert_eq!(queues.traffic(short), Traffic { came: 20, went: 20 });
    assert!(receive(&queues, dropped, (10, 2000)).is_empty());
}

#[test]
fn traffic_is_what_came_and_went_and_a_receive_is_neither() {
    let dir = tempfile::tempdir().unwrap();
    let queues = open(dir.path());
    let queue = create(&queues, "a:b", Settings::default());
    for number in 0..4 {
        let group = (number < 2).then(|| "g".to_owned());
        send(&queues, queue, NewMessage { group, ..message(&format!("m{number}"), at(1000)) });
    }
    let received = receive(&queues, queue, (3, 1000));
    assert_eq!(queues.traffic(queue), Traffic { came: 4, went: 0 });
    assert_eq!(received.len(), 3);
    for received in received {
        let in_job = queues.clone();
        write(&queues, move |tx| in_job.delete(tx, &received.handle));
    }
    assert_eq!(queues.traffic(queue), Traffic { came: 4, went: 3 });
    drop(queues);
    // What was there when the store was opened did not come.
    assert_eq!(open(dir.path()).traffic(queue), Traffic::default());
}

#[test]
fn a_duplicate_is_known_after_a_restart_and_forgotten_in_time() {
    let dir = tempfile::tempdir().unwrap();
    let mut queues = open(dir.path());
    let queue = create(&queues, "a:b", Settings::default());
    let once = |queues: &Queues, id: &str, now: u64| {
        let (in_job, new) = (queues.clone(), message(id, at(now)));
        write(queues, move |tx| {
            in_job.send_once(
                tx,
                queue,
                new,
                Deduplication { key: "key".to_owned(), until: at(now + 300_000) },
            )
        })
    };
    let first = once(&queues, "1", 1000);
    drop(queues);
    queues = open(dir.path());
    let again = once(&queues, "2", 300_999);
    assert_eq!((again.id, again.sequence, again.duplicate), (first.id, first.sequence, true), "contract C6");
    assert!(!once(&queues, "3", 301_000).duplicate);
    let in_job = queues.clone();
    assert_eq!(write(&queues, move |tx| in_job.sweep(tx, at(301_000), 10)), 1, "the first entry");
    assert!(once(&queues, "4", 302_000).duplicate, "the second one is still there");
}

#[test]
fn a_move_task_takes_dead_letters_home_at_its_rate() {
    let dir = tempfile::tempdir().unwrap();
    let queues = open(dir.path());
    let call = |name: &str, request: serde_json::Value, now: u64| {
        run(&queues, name, &request.to_string(), at(now)).unwrap()
    };
    let (q, dead) = ("http://h/000000000000/q", "http://h/000000000000/dead");
    let policy =
        json!({"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:dead", "maxReceiveCount": 1});
    call("CreateQueue", json!({"QueueName": "dead"}), 1000);
    call(
        "CreateQueue",
        json!({"QueueName": "q", "Attributes": {"RedrivePolicy": policy.to_string(), "VisibilityTimeout": "0"}}),
        1000,
    );
    for number in 0..5 {
        call("SendMessage", json!({"QueueUrl": q, "MessageBody": format!("m{number}")}), 1000);
    }
    let ten = json!({"QueueUrl": q, "MaxNumberOfMessages": 10});
    assert_eq!(call("ReceiveMessage", ten.clone(), 1000)["Messages"].as_array().unwrap().len(), 5);
    assert_eq!(call("ReceiveMessage", ten.clone(), 2000), json!({}));
    let source =
        json!({"SourceArn": "arn:aws:sqs:us-east-1:000000000000:dead", "MaxNumberOfMessagesPerSecond": 2});
    call("StartMessageMoveTask", source, 3000);
    let step = |now: u64| {
        let in_job = queues.clone();
        write(&queues, move |tx| in_job.step_move_tasks(tx, at(now)))
    };
    assert_eq!((step(3000), step(3500), step(4000), step(4001), step(6000)), (2, 0, 2, 0, 1));
    let list = json!({"SourceArn": "arn:aws:sqs:us-east-1:000000000000:dead"});
    let task = call("ListMessageMoveTasks", list, 6000);
    assert_eq!(task["Results"][0]["Status"], "COMPLETED");
    assert_eq!(task["Results"][0]["ApproximateNumberOfMessagesMoved"], 5);
    assert!(!queues.store().read(|read| queues.has_move_tasks(read)).unwrap());
    assert_eq!(call("ReceiveMessage", json!({"QueueUrl": dead}), 6000), json!({}));
    let home = call("ReceiveMessage", ten, 6000);
    assert_eq!(home["Messages"].as_array().unwrap().len(), 5, "received anew, not dead at once");
}

#[test]
fn a_long_poll_knows_when_a_delayed_message_comes() {
    let dir = tempfile::tempdir().unwrap();
    let queues = open(dir.path());
    let call =
        |name: &str, request: serde_json::Value| run(&queues, name, &request.to_string(), at(1000)).unwrap();
    call("CreateQueue", json!({"QueueName": "q"}));
    call(
        "SendMessage",
        json!({"QueueUrl": "http://h/000000000000/q", "MessageBody": "m", "DelaySeconds": 7}),
    );
    let operation =
        queue::ops::OPERATIONS.iter().find(|operation| operation.name == "ReceiveMessage").unwrap();
    let request = json!({"QueueUrl": "http://h/000000000000/q", "WaitTimeSeconds": 20}).to_string();
    let Reply::Poll(mut poll) = (operation.run)(&queues, called_at(1000), request.as_bytes()) else {
        panic!("it waits");
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(poll.until(), at(21_000));
    assert_eq!(runtime.block_on(poll.attempt(at(1000))).unwrap(), None);
    assert_eq!(poll.wake_at(), Some(at(8000)));
    // The sending rang when nobody waited; the next one to ask hears of it, which costs one look.
    assert!(has_rung(&mut poll.arrival()));
    let mut arrival = poll.arrival();
    assert_eq!(runtime.block_on(poll.attempt(at(7999))).unwrap(), None);
    assert!(!has_rung(&mut arrival));
    let answer = runtime.block_on(poll.attempt(at(8000))).unwrap().unwrap();
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&answer).unwrap()["Messages"][0]["Body"], "m");
    call("PurgeQueue", json!({"QueueUrl": "http://h/000000000000/q"}));
    assert!(has_rung(&mut arrival), "whoever waits on a purged queue looks again, at the new one");
}
