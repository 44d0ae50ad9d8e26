//! What the engine keeps in memory: counts by second, and bells that ring on arrival. Changed only after a commit, so
//! it never says more than the disk; rebuilt from the index when the store is opened.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws::Timestamp;
use tokio::sync::Notify;

use crate::engine::record::{Phase, QueueId, QueueRecord, Settings};

/// A future that completes when something has arrived.
pub type Arrival = Pin<Box<dyn Future<Output = ()> + Send>>;

/// How many messages a queue holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Can be received now, or as soon as earlier ones of their group are settled.
    pub visible: u64,
    /// Received and neither settled nor expired.
    pub in_flight: u64,
    /// Not yet due.
    pub delayed: u64,
}

/// What has passed through a queue since the store was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Messages that came: sent, moved or given up into it.
    pub came: u64,
    /// Messages that went: deleted, moved elsewhere, or past their retention.
    pub went: u64,
}

/// One change of the index.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change {
    Added(QueueId, Phase, u64),
    Removed(QueueId, Phase, u64),
    Parked(QueueId),
    Unparked(QueueId),
}

/// A bucket is a second: so many entries at most as there are seconds with messages, and never more than messages.
const BUCKET_MS: u64 = 1000;

#[derive(Debug, Default)]
struct QueueMemory {
    internal_name: Option<String>,
    settings: Settings,
    dropped: bool,
    waiting: BTreeMap<u64, u32>,
    leased: BTreeMap<u64, u32>,
    leases: u64,
    parked: u64,
    bell: Arc<Notify>,
    traffic: Traffic,
}

impl QueueMemory {
    fn buckets(&mut self, phase: Phase) -> &mut BTreeMap<u64, u32> {
        match phase {
            Phase::Waiting => &mut self.waiting,
            Phase::Leased => &mut self.leased,
        }
    }

    fn apply(&mut self, change: Change) {
        match change {
            Change::Added(_, phase, at_ms) => {
                self.leases += u64::from(phase == Phase::Leased);
                *self.buckets(phase).entry(at_ms / BUCKET_MS).or_default() += 1;
            }
            Change::Removed(_, phase, at_ms) => {
                self.leases = self.leases.saturating_sub(u64::from(phase == Phase::Leased));
                if let Entry::Occupied(mut count) = self.buckets(phase).entry(at_ms / BUCKET_MS) {
                    *count.get_mut() = count.get().saturating_sub(1);
                    let _ = (*count.get() == 0).then(|| count.remove());
                }
            }
            Change::Parked(_) => self.parked += 1,
            Change::Unparked(_) => self.parked = self.parked.saturating_sub(1),
        }
    }

    /// The second in which the first message falls due.
    fn first_bucket(&self) -> Option<u64> {
        let firsts = [self.waiting.first_key_value(), self.leased.first_key_value()];
        firsts.into_iter().flatten().map(|(bucket, _)| *bucket).min()
    }
}

/// Changes on their way into memory, many at a time: the million of an opening would else take its lock a million times.
#[derive(Debug, Default)]
pub(crate) struct Tally(Vec<Change>);

impl Tally {
    const MANY: usize = 8192;

    pub(crate) fn add(&mut self, change: Change, memory: &Memory) {
        self.0.push(change);
        if self.0.len() == Self::MANY {
            memory.apply(&self.0);
            self.0.clear();
        }
    }

    pub(crate) fn finish(self, memory: &Memory) {
        memory.apply(&self.0);
    }
}

/// Shared by all clones of [`crate::Queues`].
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// Nothing is dropped for its age before this, in ms.
    kept_until_ms: AtomicU64,
    queues: Mutex<HashMap<QueueId, QueueMemory>>,
    /// A bell for each kind of internal queue: the text before the colon of its name.
    kinds: Mutex<BTreeMap<String, Arc<Notify>>>,
}

/// A queue of the house's own.
pub(crate) struct InternalQueue {
    pub(crate) id: QueueId,
    pub(crate) name: String,
    /// The second in which its first message falls due.
    pub(crate) first_due: Timestamp,
}

/// A queue that the memory knows of.
#[derive(Clone, Debug)]
pub(crate) struct KnownQueue {
    pub(crate) id: QueueId,
    pub(crate) settings: Settings,
    pub(crate) dropped: bool,
}

impl Memory {
    pub(crate) fn keep_expired_until(&self, moment: Timestamp) {
        self.kept_until_ms.store(moment.unix_ms(), Ordering::Relaxed);
    }

    pub(crate) fn keeps_expired(&self, now: Timestamp) -> bool {
        now.unix_ms() < self.kept_until_ms.load(Ordering::Relaxed)
    }

    fn queues(&self) -> MutexGuard<'_, HashMap<QueueId, QueueMemory>> {
        // A panic elsewhere leaves counts that are at worst off by one; they are approximate by contract.
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn configure(&self, id: QueueId, record: &QueueRecord) {
        let mut queues = self.queues();
        let queue = queues.entry(id).or_default();
        queue.internal_name.clone_from(&record.internal_name);
        queue.settings = record.settings.clone();
        queue.dropped = record.dropped;
    }

    pub(crate) fn drop_queue(&self, id: QueueId) {
        if let Some(queue) = self.queues().get_mut(&id) {
            queue.dropped = true;
            // Whoever waits finds out that it is gone.
            queue.bell.notify_waiters();
        }
    }

    pub(crate) fn forget(&self, id: QueueId) {
        self.queues().remove(&id);
    }

    pub(crate) fn known(&self) -> Vec<KnownQueue> {
        let queues = self.queues();
        let known = |(id, queue): (&QueueId, &QueueMemory)| KnownQueue {
            id: *id,
            settings: queue.settings.clone(),
            dropped: queue.dropped,
        };
        queues.iter().map(known).collect()
    }

    pub(crate) fn apply(&self, changes: &[Change]) {
        let mut queues = self.queues();
        for change in changes {
            let (Change::Added(id, ..) | Change::Removed(id, ..) | Change::Parked(id) | Change::Unparked(id)) =
                *change;
            queues.entry(id).or_default().apply(*change);
        }
    }

    /// As [`Memory::apply`], of what has happened now: what one call puts in beyond what it takes out has come.
    pub(crate) fn count(&self, changes: &[Change]) {
        self.apply(changes);
        let mut more: HashMap<QueueId, i64> = HashMap::new();
        for change in changes {
            match change {
                Change::Added(id, ..) | Change::Parked(id) => *more.entry(*id).or_default() += 1,
                Change::Removed(id, ..) | Change::Unparked(id) => *more.entry(*id).or_default() -= 1,
            }
        }
        let mut queues = self.queues();
        for (id, more) in more {
            let Some(queue) = queues.get_mut(&id) else { continue };
            let count = more.unsigned_abs();
            if more > 0 {
                queue.traffic.came += count;
            } else {
                queue.traffic.went += count;
            }
        }
    }

    pub(crate) fn traffic(&self, id: QueueId) -> Traffic {
        self.queues().get(&id).map(|queue| queue.traffic).unwrap_or_default()
    }

    /// Wakes one of those who wait for a message of this queue, and all who wait for its kind.
    pub(crate) fn ring(&self, id: QueueId) {
        let (bell, kind) = {
            let mut queues = self.queues();
            let queue = queues.entry(id).or_default();
            (Arc::clone(&queue.bell), queue.internal_name.as_deref().map(kind_of).map(str::to_owned))
        };
        bell.notify_one();
        if let Some(kind) = kind {
            self.kind_bell(&kind).notify_waiters();
        }
    }

    pub(crate) fn arrival(&self, id: QueueId) -> Arrival {
        let bell = Arc::clone(&self.queues().entry(id).or_default().bell);
        registered(bell)
    }

    pub(crate) fn arrival_of_kind(&self, kind: &str) -> Arrival {
        registered(self.kind_bell(kind))
    }

    fn kind_bell(&self, kind: &str) -> Arc<Notify> {
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(kinds.entry(kind.to_owned()).or_default())
    }

    /// Whether anything may be due at `now`: never wrongly no.
    pub(crate) fn may_be_due(&self, id: QueueId, now: Timestamp) -> bool {
        let first = self.queues().get(&id).and_then(QueueMemory::first_bucket);
        first.is_some_and(|bucket| bucket <= now.unix_ms() / BUCKET_MS)
    }

    /// How a queue that was not dropped treats its messages.
    pub(crate) fn settings(&self, id: QueueId) -> Option<Settings> {
        self.queues().get(&id).filter(|queue| !queue.dropped).map(|queue| queue.settings.clone())
    }

    pub(crate) fn leases(&self, id: QueueId) -> u64 {
        self.queues().get(&id).map_or(0, |queue| queue.leases)
    }

    /// Internal queues whose names begin with `prefix`, with the second in which their first message falls due.
    pub(crate) fn internal(&self, prefix: &str) -> Vec<InternalQueue> {
        let queues = self.queues();
        let mut found: Vec<_> = queues
            .iter()
            .filter(|(_, queue)| !queue.dropped)
            .filter_map(|(id, queue)| {
                let name = queue.internal_name.as_ref().filter(|name| name.starts_with(prefix))?;
                let first = queue.first_bucket()?;
                let first_due = Timestamp::from_unix_ms(first.saturating_mul(BUCKET_MS));
                Some(InternalQueue { id: *id, name: name.clone(), first_due })
            })
            .collect();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found
    }

    /// Counts, exact but for the second that `now` lies in, which is taken as past.
    pub(crate) fn counts(&self, id: QueueId, now: Timestamp) -> Counts {
        let queues = self.queues();
        let Some(queue) = queues.get(&id) else { return Counts::default() };
        let bucket = now.unix_ms() / BUCKET_MS;
        let due = |buckets: &BTreeMap<u64, u32>| sum(buckets, (Bound::Unbounded, Bound::Included(bucket)));
        let later = |buckets: &BTreeMap<u64, u32>| sum(buckets, (Bound::Excluded(bucket), Bound::Unbounded));
        Counts {
            visible: due(&queue.waiting) + due(&queue.leased) + queue.parked,
            in_flight: later(&queue.leased),
            delayed: later(&queue.waiting),
        }
    }

    /// The bounds, in ms, of the second that `now` lies in.
    pub(crate) fn second_of(now: Timestamp) -> (u64, u64) {
        let start = now.unix_ms() / BUCKET_MS * BUCKET_MS;
        (start, start.saturating_add(BUCKET_MS))
    }
}

/// The text before the first colon.
fn kind_of(name: &str) -> &str {
    name.split_once(':').map_or(name, |(kind, _)| kind)
}

fn sum(buckets: &BTreeMap<u64, u32>, range: (Bound<u64>, Bound<u64>)) -> u64 {
    buckets.range(range).map(|(_, count)| u64::from(*count)).sum()
}

/// A future that is in the bell's line from now on, not only from its first poll: what rings in between is not missed.
fn registered(bell: Arc<Notify>) -> Arrival {
    let mut notified = Box::pin(bell.notified_owned());
    notified.as_mut().enable();
    notified
}
