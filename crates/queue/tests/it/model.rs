//! The engine against a plain model: random histories of sends, receives, settlements, jumps of time and reopenings.

use std::collections::BTreeMap;

use proptest::prelude::{ProptestConfig, Strategy, prop_oneof, proptest};
use queue::{
    Counts, DeadLetter, Extension, Handle, LeaseChange, NewMessage, QueueId, Queues, Receive,
    ReceivedMessage, Redrive, Settings,
};
use store::Store;

use crate::{at, message, open};

#[derive(Clone, Debug)]
enum Step {
    Send { delay: u64, group: Option<u8> },
    Receive { max: usize, visibility: u64 },
    Delete { pick: usize },
    Reschedule { pick: usize, delay: u64 },
    Extend { pick: usize, visibility: u64 },
    DeadLetter { pick: usize },
    Pass { ms: u64 },
    Back { ms: u64 },
    Sweep,
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        5 => (0u64..3, proptest::option::of(0u8..3)).prop_map(|(delay, group)| Step::Send { delay: delay * 700, group }),
        5 => (1usize..5, 0u64..4).prop_map(|(max, v)| Step::Receive { max, visibility: v * 900 }),
        3 => (0usize..8).prop_map(|pick| Step::Delete { pick }),
        1 => (0usize..8, 0u64..3).prop_map(|(pick, d)| Step::Reschedule { pick, delay: d * 600 }),
        1 => (0usize..8, 0u64..3).prop_map(|(pick, v)| Step::Extend { pick, visibility: v * 1100 }),
        1 => (0usize..8).prop_map(|pick| Step::DeadLetter { pick }),
        3 => (1u64..1500).prop_map(|ms| Step::Pass { ms }),
        1 => (1u64..1500).prop_map(|ms| Step::Back { ms }),
        1 => proptest::strategy::Just(Step::Sweep),
        1 => proptest::strategy::Just(Step::Reopen),
    ];
    proptest::collection::vec(step, 1..60)
}

/// What the model knows of a message.
#[derive(Clone, Debug)]
struct Known {
    group: Option<u8>,
    sent_at: u64,
    received: u32,
    /// In which queue: 0 the source, 1 the dead-letter queue.
    queue: usize,
    /// Not to be seen before.
    at: u64,
    leased: bool,
}

/// The queue under test beside its model.
struct World {
    dir: tempfile::TempDir,
    queues: Option<Queues>,
    ids: [QueueId; 2],
    known: BTreeMap<String, Known>,
    handles: Vec<(String, Handle)>,
    now: u64,
    sent: usize,
    permits: Option<u32>,
}

const RETENTION_MS: u64 = 20_000;
const MAX_RECEIVES: u32 = 3;

impl World {
    fn new(permits: Option<u32>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let queues = open(dir.path());
        let made = queues.clone();
        let ids = write(&queues, move |tx| {
            let settings = Settings { permits, retention_ms: Some(RETENTION_MS) };
            [made.create(tx, settings), made.internal(tx, "test:dead", Settings::default())]
        });
        Self {
            dir,
            queues: Some(queues),
            ids,
            known: BTreeMap::new(),
            handles: Vec::new(),
            now: 1_000_000,
            sent: 0,
            permits,
        }
    }

    fn queues(&self) -> Queues {
        self.queues.clone().unwrap()
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Send { delay, group } => self.send(delay, group),
            Step::Receive { max, visibility } => self.receive(max, visibility),
            Step::Delete { pick } => {
                self.settle(pick, |queues, tx, handle, _| queues.delete(tx, handle), |_| None)
            }
            Step::Reschedule { pick, delay } => {
                let until = self.now + delay;
                self.settle(
                    pick,
                    move |queues, tx, handle, _| queues.reschedule(tx, handle, at(until)),
                    move |known| Some(Known { at: until, leased: false, ..known }),
                );
            }
            Step::Extend { pick, visibility } => self.extend(pick, visibility),
            Step::DeadLetter { pick } => {
                let to = self.ids[1];
                let now = self.now;
                self.settle(
                    pick,
                    move |queues, tx, handle, now| {
                        let letter = DeadLetter { to, source: None, cause: Vec::new() };
                        queues.dead_letter(tx, handle, letter, at(now))
                    },
                    move |known| Some(Known { queue: 1, at: now, leased: false, ..known }),
                );
            }
            Step::Pass { ms } => self.now += ms,
            Step::Back { ms } => self.now -= ms,
            Step::Sweep => self.sweep(),
            Step::Reopen => {
                self.queues = None;
                self.queues = Some(open(self.dir.path()));
            }
        }
        self.check_counts();
    }

    fn send(&mut self, delay: u64, group: Option<u8>) {
        self.sent += 1;
        let id = format!("m{:05}", self.sent);
        let (queues, queue, now) = (self.queues(), self.ids[0], self.now);
        let new = NewMessage {
            not_before: at(now + delay),
            group: group.map(|g| format!("g{g}")),
            ..message(&id, at(now))
        };
        let sent = write(&self.queues(), move |tx| queues.send(tx, queue, new));
        assert!(!sent.duplicate);
        let known = Known { group, sent_at: now, received: 0, queue: 0, at: now + delay, leased: false };
        self.known.insert(id, known);
    }

    fn receive(&mut self, max: usize, visibility: u64) {
        let (queues, ids, now) = (self.queues(), self.ids, self.now);
        let redrive = Redrive { max_receives: MAX_RECEIVES, to: ids[1], source: "arn:source".to_owned() };
        let receive = Receive { max, until: at(now + visibility), now: at(now), redrive: Some(redrive) };
        let received = write(&self.queues(), move |tx| queues.receive(tx, ids[0], &receive));
        assert!(received.len() <= max);
        let mut last_of_group: BTreeMap<u8, String> = BTreeMap::new();
        let in_flight_before = self.in_flight();
        for message in &received {
            self.check_received(message, &in_flight_before);
            let known = self.known.get_mut(&message.id).unwrap();
            if let Some(group) = known.group {
                let before = last_of_group.insert(group, message.id.clone());
                assert!(before.is_none_or(|before| before < message.id), "order within a group");
            }
            known.received += 1;
            known.leased = true;
            known.at = (now + visibility).max(now + 1);
            assert_eq!(message.receive_count, known.received);
            self.handles.push((message.id.clone(), message.handle));
        }
        for message in &received {
            self.check_nothing_earlier_is_left(message);
        }
        if let Some(permits) = self.permits.filter(|_| !received.is_empty()) {
            let queues = self.queues();
            let look = queues.store().read(|read| queues.in_flight(read, ids[0], at(now), usize::MAX));
            assert!(look.unwrap() <= usize::try_from(permits).unwrap(), "contract C11");
        }
        self.learn_what_moved();
    }

    /// The messages in flight that have a group.
    fn in_flight(&self) -> Vec<(u8, String)> {
        let in_flight =
            |(_, known): &(&String, &Known)| known.queue == 0 && known.leased && known.at > self.now;
        self.known
            .iter()
            .filter(in_flight)
            .filter_map(|(id, known)| Some((known.group?, id.clone())))
            .collect()
    }

    fn check_received(&self, message: &ReceivedMessage, in_flight: &[(u8, String)]) {
        let known = self.known.get(&message.id).unwrap();
        assert_eq!(message.body, format!("body of {}", message.id));
        assert_eq!(known.queue, 0);
        assert!(known.at <= self.now, "not before its time: {known:?} at {}", self.now);
        assert!(known.received < MAX_RECEIVES, "received too often");
        assert!(known.sent_at + RETENTION_MS > self.now, "past its retention");
        assert_eq!(message.sent_at, at(known.sent_at));
        let before = in_flight.iter().find(|(group, id)| Some(*group) == known.group && *id < message.id);
        assert_eq!(before, None, "an earlier one of its group was in flight");
    }

    /// Of its group, nothing that was sent before and is still there may be outside this receive.
    fn check_nothing_earlier_is_left(&self, message: &ReceivedMessage) {
        let Some(group) = self.known[&message.id].group else { return };
        let moved = self.dead();
        for (id, earlier) in self.known.range(..message.id.clone()) {
            let same = earlier.queue == 0 && earlier.group == Some(group);
            let held = earlier.leased && earlier.at > self.now;
            let expired = earlier.sent_at + RETENTION_MS <= self.now;
            assert!(!same || held || expired || moved.contains(id), "{id} was overtaken by {}", message.id);
        }
    }

    /// The ids in the dead-letter queue, by looking at what a receive of all would give, and refusing the write.
    fn dead(&self) -> Vec<String> {
        let (queues, queue, now) = (self.queues(), self.ids[1], self.now);
        let receive = Receive { max: 1000, until: at(now + 1), now: at(u64::MAX / 2), redrive: None };
        let looked = self.queues().store().write(Err, move |tx| {
            let ids: Vec<String> = drain(&queues, tx, queue, &receive);
            Err::<(), Result<Vec<String>, store::Error>>(Ok(ids))
        });
        looked.wait().unwrap_err().unwrap()
    }

    fn learn_what_moved(&mut self) {
        let now = self.now;
        for id in self.dead() {
            let known = self.known.get_mut(&id).unwrap();
            if known.queue == 0 {
                assert!(known.received >= MAX_RECEIVES, "moved without cause");
                *known = Known { queue: 1, at: now, leased: false, ..known.clone() };
            }
        }
        // What is past its retention may be gone: only the engine says, and conservation is checked at the end.
    }

    fn settle(
        &mut self,
        pick: usize,
        act: impl FnOnce(&Queues, &mut store::Tx<'_>, &Handle, u64) -> bool + Send + 'static,
        then: impl FnOnce(Known) -> Option<Known>,
    ) {
        let Some((id, handle)) = self.pick(pick) else { return };
        let (queues, now) = (self.queues(), self.now);
        let done = write(&self.queues(), move |tx| act(&queues, tx, &handle, now));
        if !done {
            return;
        }
        let known = self.known.remove(&id).unwrap();
        assert!(known.leased, "settled what was not leased: {id} {known:?}");
        assert_eq!(known.queue, 0);
        if let Some(known) = then(known) {
            self.known.insert(id, known);
        }
    }

    fn extend(&mut self, pick: usize, visibility: u64) {
        let Some((id, handle)) = self.pick(pick) else { return };
        let (queues, now) = (self.queues(), self.now);
        let until = now + visibility;
        let extended = write(&self.queues(), move |tx| {
            queues.extend(tx, &handle, Extension { until: at(until), now: at(now) })
        });
        match extended {
            LeaseChange::Yes => {
                let known = self.known.get_mut(&id).unwrap();
                assert!(known.leased && known.at > now);
                known.at = until;
            }
            LeaseChange::Expired => assert!(self.known[&id].at <= now),
            LeaseChange::Gone => {}
        }
    }

    /// The newest handle of a message is the one that settles it; older ones are tried as well.
    fn pick(&self, pick: usize) -> Option<(String, Handle)> {
        let from_last = self.handles.len().checked_sub(1 + pick)?;
        self.handles.get(from_last).cloned()
    }

    fn sweep(&mut self) {
        let (queues, now) = (self.queues(), self.now);
        write(&self.queues(), move |tx| queues.sweep(tx, at(now), 3));
    }

    /// What the engine counts from memory agrees with what memory would say after a reopening, and no permit is overdrawn.
    fn check_counts(&self) {
        let queues = self.queues();
        let store = queues.store().clone();
        let fresh = rebuilt(&store);
        for queue in self.ids {
            let counts = |queues: &Queues| -> Counts {
                store.read(|read| queues.counts(read, queue, at(self.now))).unwrap()
            };
            assert_eq!(counts(&queues), counts(&fresh));
        }
    }

    /// Everything sent and not deleted is in one of the queues, or is past its retention.
    fn check_conservation(&mut self) {
        let (queues, ids, now) = (self.queues(), self.ids, self.now);
        let receive =
            Receive { max: 1000, until: at(u64::MAX / 2 + 1), now: at(u64::MAX / 2), redrive: None };
        let left = write(&self.queues(), move |tx| {
            // No retention while we look.
            queues.configure(tx, ids[0], Settings::default());
            let mut left = drain(&queues, tx, ids[0], &receive);
            left.extend(drain(&queues, tx, ids[1], &receive));
            left
        });
        let mut unique = left.clone();
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), left.len(), "no message twice");
        for id in &unique {
            assert!(self.known.contains_key(id), "{id} was invented or is back from the dead");
        }
        for (id, known) in &self.known {
            // A clock that went back may have dropped what is young again now.
            let expired = known.sent_at + RETENTION_MS <= now + 60 * 1500;
            assert!(unique.contains(id) || expired, "{id} is lost: {known:?}");
        }
    }
}

fn drain(queues: &Queues, tx: &mut store::Tx<'_>, queue: QueueId, receive: &Receive) -> Vec<String> {
    let mut ids = Vec::new();
    loop {
        let some = queues.receive(tx, queue, receive);
        if some.is_empty() {
            return ids;
        }
        for message in some {
            assert!(queues.delete(tx, &message.handle));
            ids.push(message.id);
        }
    }
}

fn rebuilt(store: &Store) -> Queues {
    Queues::open(store.clone()).unwrap()
}

fn write<T: Send + 'static>(
    queues: &Queues,
    job: impl FnOnce(&mut store::Tx<'_>) -> T + Send + 'static,
) -> T {
    queues.store().write(|e: store::Error| e, move |tx| Ok(job(tx))).wait().unwrap()
}

fn run(permits: Option<u32>, steps: Vec<Step>) {
    let mut world = World::new(permits);
    for step in steps {
        world.step(&step);
    }
    world.check_conservation();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn the_engine_does_what_the_model_says(steps in steps()) {
        run(None, steps);
    }

    #[test]
    fn permits_hold(steps in steps()) {
        run(Some(3), steps);
    }
}

#[test]
fn nothing_is_left_after_all_is_deleted() {
    let mut world = World::new(None);
    for group in [None, Some(1), Some(1), Some(2)] {
        world.step(&Step::Send { delay: 0, group });
    }
    world.check_conservation();
    let store = world.queues().store().clone();
    let left = store.read(|read| world.queues().counts(read, world.ids[0], at(world.now))).unwrap();
    assert_eq!(left, Counts::default());
    let due = store.read(|read| world.queues().due_at(read, world.ids[0])).unwrap();
    assert_eq!(due, None);
}
