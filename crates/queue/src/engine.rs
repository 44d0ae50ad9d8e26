//! The engine: queues whose messages have a not-before time, a lease, a receive count and perhaps a group. It knows
//! nothing of SQS; deliveries, retries and timers are its messages as well.
//!
//! A message is a content, written once, and a small state whose key is its place in the index: (queue, waiting or
//! leased, time, sequence number). To receive is to find the first places whose time has come and to move them; a
//! lease that runs out needs nobody to notice. All calls are part of the caller's transaction.

pub(crate) mod desk;
pub(crate) mod family;
mod group;
pub mod handle;
pub mod memory;
pub mod receive;
pub mod record;
pub mod release;
pub mod relocate;
pub mod send;
pub mod settle;
pub mod sweep;
pub mod withdraw;

use std::ops::ControlFlow;
use std::sync::Arc;

use aws::{Scope, Timestamp};
use store::{KeyRange, Read, Store, Tx};

use crate::engine::family::{Family, WaitingTimes};
use crate::engine::memory::{Arrival, Change, Counts, InternalQueue, Memory, Tally, Traffic};
use crate::engine::record::{INDEX, INTERNAL, PARKED, Phase, QUEUES, QueueId, QueueRecord, Settings};

/// All queues of a store. Clones share their memory.
#[derive(Clone, Debug)]
pub struct Queues {
    store: Store,
    memory: Arc<Memory>,
    family: Family,
    newest: Timestamp,
}

/// An internal queue with a message that can be received now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The queue.
    pub queue: QueueId,
    /// Its whole name.
    pub name: String,
}

impl Queues {
    /// The queues of `store`. Scans the index once, to count.
    pub(crate) fn counted(store: Store, family: Family) -> Result<Self, store::Error> {
        let memory = Arc::new(Memory::default());
        let (mut newest_ms, mut tally) = (0, Tally::default());
        store.read(|read| {
            for (id, record) in read.list(&QUEUES, &KeyRange::all(), usize::MAX) {
                memory.configure(QueueId(id), &record);
            }
            read.visit_found(&INDEX, &KeyRange::all(), &mut |(queue, phase, (at_ms, _)), state| {
                // One that is damaged is counted until it falls due and is passed over.
                if let Some(state) = state {
                    newest_ms = newest_ms.max(state.sent_at_ms).max(state.first_received_at_ms);
                }
                tally.add(Change::Added(QueueId(queue), Phase::of_byte(phase), at_ms), &memory);
                ControlFlow::Continue(())
            });
            read.keys(&PARKED, &KeyRange::all(), &mut |(queue, _, _)| {
                tally.add(Change::Parked(QueueId(queue)), &memory);
                ControlFlow::Continue(())
            });
        })?;
        tally.finish(&memory);
        let memory = family.join(store.scope(), memory);
        Ok(Self { store, memory, family, newest: Timestamp::from_unix_ms(newest_ms) })
    }

    /// The latest moment at which a message that is in the index was sent or first received, when the store was opened;
    /// 1970 where there was none. A clock that says less has gone back.
    pub fn newest(&self) -> Timestamp {
        self.newest
    }

    /// Drops nothing for its age before a moment: the clock may be wrong.
    pub fn keep_expired_until(&self, moment: Timestamp) {
        self.memory.keep_expired_until(moment);
    }

    /// Whether nothing is dropped for its age.
    pub fn keeps_expired(&self, now: Timestamp) -> bool {
        self.memory.keeps_expired(now)
    }

    /// The account and the region that they are in.
    pub fn scope(&self) -> &Scope {
        self.store.scope()
    }

    /// The queues of another account or region in the same store; opened where nobody has them open. Blocks then; not for
    /// async code.
    ///
    /// # Errors
    /// The store's.
    pub fn in_scope(&self, scope: &Scope) -> Result<Self, store::Error> {
        match self.sibling(scope) {
            Some(queues) => Ok(queues),
            None => Self::open_in(self.store.in_scope(scope)?, self.family.clone()),
        }
    }

    /// The queues of another account or region, where somebody has them open.
    pub(crate) fn sibling(&self, scope: &Scope) -> Option<Self> {
        let memory = self.family.memory(scope)?;
        let store = self.store.in_scope(scope).ok()?;
        Some(Self { store, memory, family: self.family.clone(), newest: self.newest })
    }

    /// Says whether AWS's waiting times are kept, for the queues of every scope.
    pub fn set_waiting_times(&self, times: WaitingTimes) {
        self.family.set(times);
    }

    /// Whether they are.
    pub(crate) fn keeps_waiting_times(&self) -> bool {
        self.family.is_strict()
    }

    /// Whether queues of more than one account or region are open.
    pub(crate) fn has_siblings(&self) -> bool {
        self.family.len() > 1
    }

    /// The store they are in.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Makes a queue that has no name in the engine.
    pub fn create(&self, tx: &mut Tx<'_>, settings: Settings) -> QueueId {
        let id = QueueId(tx.next_number());
        self.put(tx, id, QueueRecord { internal_name: None, settings, dropped: false });
        id
    }

    /// Finds or makes the internal queue `name`, `kind:rest` as `delivery:<arn>`, and gives it these settings.
    pub fn internal(&self, tx: &mut Tx<'_>, name: &str, settings: Settings) -> QueueId {
        let key = name.to_owned();
        let known = tx.get(&INTERNAL, &key);
        let id = known.unwrap_or_else(|| {
            let id = QueueId(tx.next_number());
            tx.put(&INTERNAL, &key, &id);
            id
        });
        let record = QueueRecord { internal_name: Some(key), settings, dropped: false };
        if tx.get(&QUEUES, &id.0).as_ref() != Some(&record) {
            self.put(tx, id, record);
        }
        id
    }

    /// The internal queue `name`, if there is one.
    pub fn find_internal(&self, read: &mut impl Read, name: &str) -> Option<QueueId> {
        read.get(&INTERNAL, &name.to_owned())
    }

    /// Changes how a queue treats its messages from now on.
    pub fn configure(&self, tx: &mut Tx<'_>, queue: QueueId, settings: Settings) {
        if let Some(record) = tx.get(&QUEUES, &queue.0)
            && record.settings != settings
        {
            self.put(tx, queue, QueueRecord { settings, ..record });
        }
    }

    /// Lets go of a queue and its messages; sweeps remove them. The caller forgets the id.
    pub fn drop_queue(&self, tx: &mut Tx<'_>, queue: QueueId) {
        let Some(record) = tx.get(&QUEUES, &queue.0) else { return };
        if let Some(name) = &record.internal_name {
            tx.remove(&INTERNAL, name);
        }
        tx.put(&QUEUES, &queue.0, &QueueRecord { dropped: true, ..record });
        let memory = Arc::clone(&self.memory);
        tx.after_commit(move || memory.drop_queue(queue));
    }

    /// How many messages a queue holds at `now`.
    pub fn counts(&self, read: &mut impl Read, queue: QueueId, now: Timestamp) -> Counts {
        let mut counts = self.memory.counts(queue, now);
        // Memory counts by the second and takes the present one as past; the index knows what of it is still to come.
        let (_, end) = Memory::second_of(now);
        for phase in Phase::BOTH {
            let from = (queue.0, phase.byte(), now.unix_ms().saturating_add(1));
            let to = (queue.0, phase.byte(), end);
            let mut later = 0;
            read.keys(&INDEX, &KeyRange::between(&from, &to), &mut |_| {
                later += 1;
                ControlFlow::Continue(())
            });
            counts.visible = counts.visible.saturating_sub(later);
            match phase {
                Phase::Leased => counts.in_flight += later,
                Phase::Waiting => counts.delayed += later,
            }
        }
        counts
    }

    /// What has passed through a queue since the store was opened.
    pub fn traffic(&self, queue: QueueId) -> Traffic {
        self.memory.traffic(queue)
    }

    /// How many leases a queue holds, those that have run out included: a bound on what is in flight that costs nothing.
    pub fn leases(&self, queue: QueueId) -> u64 {
        self.memory.leases(queue)
    }

    /// Completes when a message of this queue has come or has changed its time; one arrival wakes one of those who wait,
    /// and may wake one too many. To be asked for before the look whose failure it follows.
    pub fn arrival(&self, queue: QueueId) -> Arrival {
        self.memory.arrival(queue)
    }

    /// As [`Queues::arrival`], for all internal queues of a kind: the part of the name before the colon.
    pub fn arrival_of_kind(&self, kind: &str) -> Arrival {
        self.memory.arrival_of_kind(kind)
    }

    /// The internal queues whose names begin with `prefix` and that have a due message and a free permit.
    pub fn due(&self, read: &mut impl Read, prefix: &str, now: Timestamp) -> Vec<Due> {
        let mut due = Vec::new();
        for InternalQueue { id: queue, name, first_due: first } in self.memory.internal(prefix) {
            if first <= now && self.is_due(read, queue, now) && self.has_permit(read, queue, now) {
                due.push(Due { queue, name });
            }
        }
        due
    }

    /// When the next message of such a queue falls due or its lease ends, to the second below; `None`: all are empty.
    pub fn next_due(&self, prefix: &str) -> Option<Timestamp> {
        self.memory.internal(prefix).into_iter().map(|queue| queue.first_due).min()
    }

    fn has_permit(&self, read: &mut impl Read, queue: QueueId, now: Timestamp) -> bool {
        let settings = self.settings(read, queue).unwrap_or_default();
        match settings.permits.and_then(|permits| usize::try_from(permits).ok()) {
            Some(permits) => self.in_flight(read, queue, now, permits) < permits,
            None => true,
        }
    }

    fn put(&self, tx: &mut Tx<'_>, id: QueueId, record: QueueRecord) {
        tx.put(&QUEUES, &id.0, &record);
        let memory = Arc::clone(&self.memory);
        tx.after_commit(move || memory.configure(id, &record));
    }
}
