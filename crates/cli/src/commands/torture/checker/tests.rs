//! Histories that break each promise, and some that look as if they did: the judge tells them apart.

use super::{Checker, Violation};
use crate::commands::torture::line::{Books, Kind, Line, Number, Queue, Receipt, Walk};

/// A history: when, which call, what.
type History = Vec<(u64, u64, Line)>;

fn judge(history: &[(u64, u64, Line)]) -> Result<Checker, Violation> {
    let mut checker = Checker::default();
    for (at_ms, call, line) in history {
        checker.observe(*at_ms, *call, line)?;
    }
    Ok(checker)
}

fn is_clean(history: &[(u64, u64, Line)]) {
    if let Err(violation) = judge(history) {
        panic!("{}", violation.sentence);
    }
}

fn breaks(history: &[(u64, u64, Line)], word: &str, numbers: &[Number]) {
    let violation = judge(history).map(|_| ()).unwrap_err();
    assert!(violation.sentence.contains(word), "{}", violation.sentence);
    assert_eq!(violation.numbers, numbers, "{}", violation.sentence);
}

fn sent(kind: Kind, number: Number) -> History {
    let id = if matches!(kind, Kind::Event | Kind::Webhook | Kind::Unmatched) { 0 } else { id_of(number) };
    let sending = Line::Sending { kind, numbers: vec![number] };
    vec![(10, 100 + number, sending), (20, 100 + number, Line::Sent { messages: vec![(number, id)] })]
}

fn id_of(number: Number) -> u128 {
    u128::from(number) + 1_000
}

fn receipt(number: Number, count: u32) -> Receipt {
    Receipt { number: Some(number), id: id_of(number), count, intact: true }
}

/// Asked at `at_ms`, answered 5 ms later, leased for a second.
fn received(at_ms: u64, queue: Queue, receipts: &[Receipt]) -> History {
    let receiving = Line::Receiving { queue, max: 10, visibility_ms: 1_000 };
    let call = 10_000 + at_ms;
    vec![(at_ms, call, receiving), (at_ms + 5, call, Line::Received { receipts: receipts.to_vec() })]
}

fn deleted(at_ms: u64, number: Number, count: u32) -> History {
    let receipts = vec![(number, count)];
    let call = 20_000 + at_ms;
    vec![
        (at_ms, call, Line::Deleting { receipts: receipts.clone() }),
        (at_ms + 5, call, Line::Deleted { receipts }),
    ]
}

fn drained(events: u64) -> History {
    let books =
        Books { accepted: events, matched: events, made: events, delivered: events, ..Books::default() };
    vec![(9_000, 0, Line::Drained { books })]
}

const STANDARD: Queue = Queue::Standard;
const GROUP: Kind = Kind::Fifo(3);

#[test]
fn a_good_history_is_clean() {
    let history = [
        sent(Kind::Standard, 0),
        sent(Kind::Event, 1),
        sent(GROUP, 2),
        sent(GROUP, 3),
        received(100, STANDARD, &[receipt(0, 1)]),
        deleted(200, 0, 1),
        received(300, Queue::Events, &[receipt(1, 1)]),
        deleted(400, 1, 1),
        received(500, Queue::Fifo, &[receipt(2, 1), receipt(3, 1)]),
        deleted(600, 2, 1),
        deleted(700, 3, 1),
        drained(1),
    ]
    .concat();
    let tally = judge(&history).unwrap().tally();
    assert_eq!((tally.sent, tally.acknowledged, tally.received, tally.deleted), (4, 4, 4, 4));
    assert_eq!((tally.received_again, tally.drained), (0, 1));
}

#[test]
fn a_lost_message_is_found() {
    for kind in [Kind::Standard, Kind::Delayed(1), Kind::Event, Kind::Webhook, GROUP] {
        let event = kind.queue() == Some(Queue::Events);
        breaks(&[sent(kind, 0), drained(u64::from(event))].concat(), "lost", &[0]);
    }
    let gone = [sent(Kind::Standard, 0), received(100, STANDARD, &[receipt(0, 1)]), drained(0)].concat();
    breaks(&gone, "received, never deleted", &[0]);
    // Cut off, so never acknowledged: it may be there or not.
    let sending = Line::Sending { kind: Kind::Standard, numbers: vec![0] };
    is_clean(&[vec![(10, 1, sending), (20, 1, Line::Cut)], drained(0)].concat());
}

#[test]
fn an_invented_or_changed_message_is_found() {
    breaks(&received(100, STANDARD, &[receipt(7, 1)]), "invented", &[7]);
    breaks(&received(100, STANDARD, &[Receipt { number: None, ..receipt(0, 1) }]), "invented", &[]);
    let changed =
        [sent(Kind::Standard, 0), received(100, STANDARD, &[Receipt { intact: false, ..receipt(0, 1) }])];
    breaks(&changed.concat(), "changed", &[0]);
    let unmatched = [sent(Kind::Unmatched, 0), received(100, Queue::Events, &[receipt(0, 1)])];
    breaks(&unmatched.concat(), "came out of queue events", &[0]);
}

#[test]
fn a_reordered_group_is_found() {
    let two = [sent(GROUP, 0), sent(GROUP, 1)].concat();
    let both = [receipt(1, 1), receipt(0, 1)];
    breaks(&[two.clone(), received(100, Queue::Fifo, &both)].concat(), "order broken", &[0, 1]);
    breaks(&[two.clone(), received(100, Queue::Fifo, &[receipt(1, 1)])].concat(), "order broken", &[0, 1]);
    let in_flight = [
        two.clone(),
        received(100, Queue::Fifo, &[receipt(0, 1)]),
        received(200, Queue::Fifo, &[receipt(1, 1)]),
    ];
    breaks(&in_flight.concat(), "order broken", &[0, 1]);
    let twice_in_one =
        [two.clone(), received(100, Queue::Fifo, &[receipt(0, 1), receipt(1, 1), receipt(0, 2)])];
    breaks(&twice_in_one.concat(), "order broken", &[0]);
    // A delete that was cut off may have happened.
    let deleting = vec![(150, 9, Line::Deleting { receipts: vec![(0, 1)] }), (160, 9, Line::Cut)];
    let history = [two, received(100, Queue::Fifo, &[receipt(0, 1)]), deleting];
    is_clean(&[history.concat(), received(200, Queue::Fifo, &[receipt(1, 1)])].concat());
    // Another group is another order.
    is_clean(
        &[sent(Kind::Fifo(1), 0), sent(Kind::Fifo(2), 1), received(100, Queue::Fifo, &[receipt(1, 1)])]
            .concat(),
    );
}

#[test]
fn a_refused_delete_did_not_happen() {
    let refused = vec![
        (1_150, 9, Line::Deleting { receipts: vec![(0, 1)] }),
        (1_160, 9, Line::Refused { receipts: vec![(0, 1)] }),
    ];
    let history =
        [sent(GROUP, 0), sent(GROUP, 1), received(100, Queue::Fifo, &[receipt(0, 1)]), refused].concat();
    breaks(
        &[history.clone(), received(1_200, Queue::Fifo, &[receipt(1, 1)])].concat(),
        "order broken",
        &[0, 1],
    );
    breaks(&[history, drained(0)].concat(), "lost", &[0]);
}

#[test]
fn a_resurrected_delete_is_found() {
    let history =
        [sent(Kind::Standard, 0), received(100, STANDARD, &[receipt(0, 1)]), deleted(200, 0, 1)].concat();
    let back = received(2_000, STANDARD, &[receipt(0, 2)]);
    breaks(&[history.clone(), back.clone()].concat(), "resurrected", &[0]);
    breaks(&[history, drained(0), back.clone()].concat(), "resurrected", &[0]);
    // A delete after the lease deletes nothing where somebody else has received the message.
    let late =
        [sent(Kind::Standard, 0), received(100, STANDARD, &[receipt(0, 1)]), deleted(1_200, 0, 1)].concat();
    is_clean(&[late, back].concat());
    // An answer that is journaled after the delete of a later receive.
    let late = [
        vec![(100, 1, Line::Receiving { queue: STANDARD, max: 1, visibility_ms: 100 })],
        sent(Kind::Standard, 0),
        received(300, STANDARD, &[receipt(0, 2)]),
        deleted(400, 0, 2),
        vec![(450, 1, Line::Received { receipts: vec![receipt(0, 1)] })],
        drained(0),
    ];
    is_clean(&late.concat());
}

#[test]
fn a_message_in_flight_is_nobody_elses() {
    let history = [sent(Kind::Standard, 0), received(100, STANDARD, &[receipt(0, 1)])].concat();
    let again = |at_ms| [history.clone(), received(at_ms, STANDARD, &[receipt(0, 2)])].concat();
    breaks(&again(1_094), "in flight", &[0]);
    is_clean(&again(1_095));
    breaks(&[history.clone(), received(1_500, STANDARD, &[receipt(0, 1)])].concat(), "forgotten", &[0]);
    // Released before its time; and held for longer.
    let hidden = |visibility_ms| {
        let receipts = vec![(0, 1)];
        vec![
            (300, 9, Line::Hiding { receipts: receipts.clone(), visibility_ms }),
            (305, 9, Line::Hidden { receipts }),
        ]
    };
    is_clean(&[history.clone(), hidden(0), received(310, STANDARD, &[receipt(0, 2)])].concat());
    breaks(
        &[history, hidden(3_000), received(3_200, STANDARD, &[receipt(0, 2)])].concat(),
        "in flight",
        &[0],
    );
}

#[test]
fn a_deduplication_that_was_forgotten_is_found() {
    let again = |id| {
        let sending = Line::Sending { kind: GROUP, numbers: vec![0] };
        vec![(500, 50, sending), (510, 50, Line::Sent { messages: vec![(0, id)] })]
    };
    let history = [sent(GROUP, 0), again(id_of(0))].concat();
    assert_eq!(judge(&history).unwrap().tally().sent_again, 1);
    breaks(&[sent(GROUP, 0), again(5)].concat(), "became another message", &[0]);
    let other = Receipt { id: 5, ..receipt(0, 1) };
    breaks(&[sent(GROUP, 0), received(100, Queue::Fifo, &[other])].concat(), "delivered twice", &[0]);
}

#[test]
fn a_webhook_posted_twice_that_became_two_events_is_found() {
    let again = vec![
        (500, 50, Line::Sending { kind: Kind::Webhook, numbers: vec![0] }),
        (510, 50, Line::Sent { messages: vec![(0, 0)] }),
    ];
    let first = received(600, Queue::Events, &[receipt(0, 1)]);
    let history = [sent(Kind::Webhook, 0), again, first, deleted(700, 0, 1)].concat();
    is_clean(&[history.clone(), drained(1)].concat());
    let other = Receipt { id: 5, ..receipt(0, 1) };
    breaks(&[history.clone(), received(800, Queue::Events, &[other])].concat(), "one webhook id", &[0]);
    breaks(&[history, drained(2)].concat(), "do not balance", &[]);
}

#[test]
fn a_message_before_its_delay_is_found() {
    let sent = sent(Kind::Delayed(2), 0);
    breaks(
        &[sent.clone(), received(2_004, STANDARD, &[receipt(0, 1)])].concat(),
        "1 ms before its delay",
        &[0],
    );
    is_clean(&[sent, received(2_005, STANDARD, &[receipt(0, 1)])].concat());
}

#[test]
fn duplicates_are_at_most_what_was_in_flight() {
    let unseen =
        [sent(Kind::Standard, 0), received(100, STANDARD, &[receipt(0, 2)]), deleted(200, 0, 2)].concat();
    breaks(&[unseen.clone(), drained(0)].concat(), "to nobody", &[]);
    let cut =
        vec![(50, 1, Line::Receiving { queue: STANDARD, max: 1, visibility_ms: 0 }), (60, 1, Line::Cut)];
    let tally = judge(&[cut, unseen, drained(0)].concat()).unwrap().tally();
    assert_eq!((tally.received_unseen, tally.unseen_max, tally.cut), (1, 1, 1));
}

#[test]
fn unbalanced_books_are_found() {
    let books = |books: Books| vec![(1_000, 0, Line::Books { books })];
    let right = Books { accepted: 2, matched: 1, unmatched: 1, made: 1, delivered: 1, ..Books::default() };
    let two = [sent(Kind::Event, 0), sent(Kind::Unmatched, 1)].concat();
    is_clean(&[two.clone(), books(right)].concat());
    for wrong in [
        Books { accepted: 3, ..right },
        Books { made: 2, delivered: 2, ..right },
        Books { delivered: 0, ..right },
        Books { accepted: 3, matched: 2, made: 2, delivered: 2, ..right },
        Books { accepted: 1, matched: 0, made: 0, delivered: 0, ..right },
        Books { accepted: 1, unmatched: 0, ..right },
    ] {
        breaks(&[two.clone(), books(wrong)].concat(), "do not balance", &[]);
    }
    let history =
        [sent(Kind::Event, 0), received(100, Queue::Events, &[receipt(0, 1)]), deleted(200, 0, 1)].concat();
    is_clean(&[history.clone(), drained(1)].concat());
    let owed = Books { accepted: 1, matched: 1, made: 1, owed: 1, ..Books::default() };
    breaks(&[history, vec![(9_000, 0, Line::Drained { books: owed })]].concat(), "came out", &[]);
}

#[test]
fn a_lease_has_one_holder() {
    let claimed =
        |owner| vec![(10, 1, Line::Claiming { lease: 0, owner }), (11, 1, Line::Claimed { lease: 0, owner })];
    let freeing = |owner| vec![(12, 1, Line::Freeing { lease: 0, owner })];
    let freed = |owner| vec![(13, 1, Line::Freed { lease: 0, owner })];
    let found = |owner, found| vec![(12, 1, Line::Found { lease: 0, owner, found })];
    is_clean(&[claimed(1), found(1, Some(1)), freeing(1), freed(1), claimed(2)].concat());
    is_clean(&[claimed(1), freeing(1), claimed(2), freeing(2), freed(2)].concat());
    // Its answer was cut off, and the table says that it was done.
    is_clean(&[found(1, Some(1)), freeing(1), claimed(2)].concat());
    is_clean(&[claimed(2), found(1, Some(2))].concat());
    breaks(&[claimed(1), claimed(2)].concat(), "held by two", &[]);
    breaks(&[claimed(1), found(2, Some(2))].concat(), "held by two", &[]);
    breaks(&[claimed(1), found(1, None)].concat(), "lost", &[]);
    breaks(&[claimed(1), found(1, Some(9))].concat(), "lost", &[]);
}

#[test]
fn a_pair_is_whole() {
    let pairing = |number| vec![(10, 1, Line::Pairing { pair: 0, number, doomed: false })];
    let paired = |number| [pairing(number), vec![(11, 1, Line::Paired { pair: 0, number })]].concat();
    let halves = |left, right| vec![(12, 1, Line::Halves { pair: 0, left, right })];
    let cancelled = vec![(11, 1, Line::Unpaired { pair: 0, number: 2 })];
    is_clean(&[halves(None, None), paired(1), halves(Some(1), Some(1))].concat());
    // Its answer was cut off: it was done, or not.
    is_clean(&[paired(1), pairing(2), halves(Some(1), Some(1))].concat());
    is_clean(&[paired(1), pairing(2), halves(Some(2), Some(2)), halves(Some(2), Some(2))].concat());
    // So were the read and what was tried next, which was cancelled.
    let next = vec![
        (14, 1, Line::Pairing { pair: 0, number: 3, doomed: true }),
        (15, 1, Line::Unpaired { pair: 0, number: 3 }),
    ];
    is_clean(&[paired(1), pairing(2), next, halves(Some(2), Some(2))].concat());
    breaks(&[paired(1), pairing(2), halves(Some(2), Some(1))].concat(), "by halves", &[]);
    breaks(&[paired(1), halves(None, None)].concat(), "was acknowledged", &[]);
    breaks(
        &[paired(1), pairing(2), halves(Some(2), Some(2)), halves(Some(1), Some(1))].concat(),
        "acknowledged",
        &[],
    );
    breaks(&[paired(1), pairing(2), cancelled, halves(Some(2), Some(2))].concat(), "acknowledged", &[]);
}

#[test]
fn an_execution_ends_once_with_a_whole_history() {
    let whole = Walk {
        succeeded: true,
        took_ms: 1_000,
        events: 5,
        has_gap: false,
        starts: 1,
        ends: 1,
        is_last_an_end: true,
    };
    let begun = vec![(10, 1, Line::Starting { number: 7, wait_s: 1 }), (11, 1, Line::Begun { number: 7 })];
    let walked = |walk: Walk| vec![(12, 0, Line::Walked { number: 7, walk })];
    is_clean(&[begun.clone(), walked(whole.clone()), walked(whole.clone()), drained(0)].concat());
    breaks(&[begun.clone(), drained(0)].concat(), "has not ended", &[]);
    breaks(&[begun.clone(), walked(Walk { has_gap: true, ..whole })].concat(), "has ended as", &[]);
    breaks(&[begun.clone(), walked(Walk { ends: 2, ..whole })].concat(), "has ended as", &[]);
    breaks(&[begun.clone(), walked(Walk { took_ms: 999, ..whole })].concat(), "waits 1 s", &[]);
    breaks(&[begun, walked(whole.clone()), walked(Walk { events: 6, ..whole })].concat(), "ended twice", &[]);
}
