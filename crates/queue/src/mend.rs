//! Putting in order what damage has torn apart: queues whose record is lost, and messages of which a part is lost.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use store::{Found, Key, KeyRange, Read, Record, Snapshot, Store, Table, Tx};

use crate::engine::Queues;
use crate::engine::desk::Desk;
use crate::engine::family::Family;
use crate::engine::record::{
    CONTENTS, GROUPS, INDEX, INTERNAL, PARKED, QUEUES, QueueId, QueueRecord, Settings,
};
use crate::queue::SQS_QUEUES;

/// Index entries that are looked at in one commit.
const LOOKED_AT_PER_COMMIT: usize = 10_000;

impl Queues {
    /// The queues of `store`. Those whose record is lost are made anew.
    ///
    /// # Errors
    /// The store's.
    pub fn open(store: Store) -> Result<Self, store::Error> {
        Self::open_in(store, Family::default())
    }

    pub(crate) fn open_in(store: Store, family: Family) -> Result<Self, store::Error> {
        queues(&store)?;
        Self::counted(store, family)
    }
}

/// What was given up, because a part of it is lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Repairs {
    /// Places in a queue without a message.
    pub places: u64,
    /// Messages without a place in a queue: nobody knows where they belong.
    pub messages: u64,
}

/// Makes the records of queues that others name and that are lost. Nobody knows how many messages such an internal queue
/// may have in flight: one, until its room says otherwise. Cheap where nothing is lost.
fn queues(store: &Store) -> Result<(), store::Error> {
    let lost = store.read(lost_queues)?;
    if lost.is_empty() {
        return Ok(());
    }
    let restore = move |tx: &mut Tx<'_>| {
        for (id, record) in &lost {
            tx.pass_over(&QUEUES, id);
            tx.put(&QUEUES, id, record);
        }
        Ok(())
    };
    store.write_reserved(same, restore).wait()
}

/// Puts a store in order that holds what could be saved of another, before it is served: a message of which a part is
/// lost is given up, and groups no longer wait for it.
///
/// # Errors
/// The store's.
pub fn after_salvage(store: &Store) -> Result<Repairs, store::Error> {
    queues(store)?;
    let mut mended = Repairs::default();
    mended.places += each(store, &INDEX, |tx, place| {
        let lost = !matches!(tx.find(&CONTENTS, &place.2.1), Found::Value(_));
        if lost {
            Desk::new(tx).unindex_place(*place);
        }
        lost
    })?;
    mended.places += each(store, &PARKED, |tx, key| {
        let lost = !matches!(tx.find(&CONTENTS, &key.2), Found::Value(_));
        if lost {
            tx.remove(&PARKED, key);
        }
        lost
    })?;
    groups(store)?;
    mended.messages = orphans(store)?;
    Ok(mended)
}

type Lost = BTreeMap<u64, QueueRecord>;

fn lost_queues(read: &mut Snapshot) -> Lost {
    let mut lost = Lost::new();
    for (name, id) in read.list_found(&INTERNAL, &KeyRange::all(), usize::MAX) {
        let Some(id) = id else { continue };
        let settings = Settings { permits: Some(1), retention_ms: None };
        lost.insert(id.0, QueueRecord { internal_name: Some(name), settings, dropped: false });
    }
    for (_, queue) in read.list_found(&SQS_QUEUES, &KeyRange::all(), usize::MAX) {
        let Some(queue) = queue else { continue };
        let settings = queue.attributes.settings();
        lost.insert(queue.engine.0, QueueRecord { internal_name: None, settings, dropped: false });
    }
    for (id, record) in read.list_found(&QUEUES, &KeyRange::all(), usize::MAX) {
        match record {
            Some(_) => drop(lost.remove(&id)),
            // One that nobody names: its messages go with the sweeps.
            None => drop(lost.entry(id).or_insert(QueueRecord { dropped: true, ..QueueRecord::default() })),
        }
    }
    lost
}

/// Makes all groups anew, and those that a message without one waits in.
fn groups(store: &Store) -> Result<(), store::Error> {
    let of_queues = |read: &mut Snapshot| {
        let mut of_queues = Vec::new();
        let mut note = |id: u64| {
            if of_queues.last() != Some(&id) {
                of_queues.push(id);
            }
            ControlFlow::Continue(())
        };
        read.keys(&GROUPS, &KeyRange::all(), &mut |(id, _)| note(id));
        read.keys(&PARKED, &KeyRange::all(), &mut |(id, _, _)| note(id));
        of_queues.sort_unstable();
        of_queues.dedup();
        of_queues
    };
    let of_queues = store.read(of_queues)?;
    let mend = move |tx: &mut Tx<'_>| {
        for id in of_queues {
            Desk::new(tx).mend_groups(QueueId(id));
        }
        Ok(())
    };
    store.write_reserved(same, mend).wait()
}

/// Removes contents that no queue has a place for.
fn orphans(store: &Store) -> Result<u64, store::Error> {
    let mut placed = std::collections::HashSet::new();
    store.read(|read| {
        read.keys(&INDEX, &KeyRange::all(), &mut |(_, _, (_, sequence))| {
            placed.insert(sequence);
            ControlFlow::Continue(())
        });
        read.keys(&PARKED, &KeyRange::all(), &mut |(_, _, sequence)| {
            placed.insert(sequence);
            ControlFlow::Continue(())
        });
    })?;
    let placed = std::sync::Arc::new(placed);
    each(store, &CONTENTS, move |tx, sequence| {
        let lost = !placed.contains(sequence);
        if lost {
            tx.remove(&CONTENTS, sequence);
        }
        lost
    })
}

/// Runs `act` on every key of a table, a part in each commit; how often it said yes.
fn each<K: Key + Clone + Send + 'static, V: Record + 'static>(
    store: &Store,
    table: &'static Table<K, V>,
    act: impl Fn(&mut Tx<'_>, &K) -> bool + Clone + Send + 'static,
) -> Result<u64, store::Error> {
    let mut keys = Vec::new();
    store.read(|read| {
        read.keys(table, &KeyRange::all(), &mut |key| {
            keys.push(key);
            ControlFlow::Continue(())
        });
    })?;
    let mut count = 0;
    for part in keys.chunks(LOOKED_AT_PER_COMMIT) {
        let (part, act) = (part.to_vec(), act.clone());
        let look = move |tx: &mut Tx<'_>| Ok(part.iter().filter(|key| act(tx, key)).count());
        count += u64::try_from(store.write_reserved(same, look).wait()?).unwrap_or_default();
    }
    Ok(count)
}

fn same(error: store::Error) -> store::Error {
    error
}
