//! Permits as lanes take them: looked at, taken, kept by beats, given back.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws::Ids;
use aws::api::DYNAMODB;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::clock::{self, Tick, pause, tick};
use crate::fault::Fault;
use crate::permit::{Bid, Hold, Seen, Terms, Watch, read_answer, to_reads};
use crate::remote::Remote;

/// Between two checks whether somebody waits, in ms.
const IDLE_MS: u64 = 50;
/// The pause before a beat without an answer is sent again, in ms.
const BEAT_AGAIN_MS: u64 = 200;
/// An answer that takes longer than this is none, in ms: the next try may find a connection that works.
const BEAT_PATIENCE_MS: u64 = 2_000;

/// The limit of one target, as one process sees it.
#[derive(Debug)]
pub(crate) struct Gate {
    remote: Remote,
    table: String,
    terms: Terms,
    ids: Ids,
    watch: Mutex<Watch>,
    waiting: AtomicUsize,
    looked: Notify,
}

/// A permit that is held, and beaten for until it is given back.
#[derive(Debug)]
pub(crate) struct Permit {
    gate: Arc<Gate>,
    /// `None`: it is lost.
    hold: Arc<Mutex<Option<Hold>>>,
    beats: JoinHandle<()>,
}

/// What a target is told of a permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    /// Which of the permits it is.
    pub(crate) permit: u32,
    /// Rises each time that the permit changes hands.
    pub(crate) fence: u64,
}

impl Gate {
    pub(crate) fn new(remote: Remote, table: &str, terms: Terms) -> Arc<Self> {
        Arc::new(Self {
            remote,
            table: table.to_owned(),
            terms,
            ids: clock::ids(),
            watch: Mutex::default(),
            waiting: AtomicUsize::new(0),
            looked: Notify::new(),
        })
    }

    /// Looks at all permits as long as somebody waits for one. Runs until it is dropped.
    pub(crate) async fn keep_looking(&self) {
        let mut told = None;
        loop {
            let is_waited_for = self.waiting.load(Ordering::SeqCst) > 0;
            if is_waited_for {
                match self.look().await {
                    Ok(()) => told = None,
                    Err(fault) => self.tell(&fault, &mut told),
                }
                self.looked.notify_waiters();
            }
            // Who begins to wait is looked for at once, however long a lease is.
            pause(if is_waited_for { self.terms.scan_ms() } else { IDLE_MS }).await;
        }
    }

    fn tell(&self, fault: &Fault, told: &mut Option<String>) {
        if told.as_ref() != Some(&fault.code) {
            tracing::warn!(target_name = self.terms.target, error = %fault, "permits cannot be looked at; no new ones are taken meanwhile");
            *told = Some(fault.code.clone());
        }
    }

    async fn look(&self) -> Result<(), Fault> {
        for read in to_reads(&self.table, &self.terms) {
            let answer = self.remote.ask(&DYNAMODB, "BatchGetItem", &read).await?;
            let answered = tick();
            let mut watch = self.watch();
            for (permit, seen) in read_answer(&self.table, &self.terms, &read, &answer) {
                watch.note(permit, seen, answered);
            }
        }
        Ok(())
    }

    /// Waits for a permit. To be dropped where nobody wants it any more.
    pub(crate) async fn take(self: &Arc<Self>) -> Permit {
        let _waits = Waits::begin(&self.waiting);
        loop {
            // Asked for before the bid, so that no look between the two is missed.
            let looked = self.looked.notified();
            if let Some(permit) = self.try_take().await {
                return permit;
            }
            // A permit may fall silent between two looks.
            let silent_at = self.watch().next_silent_at(&self.terms);
            let ms = silent_at.map_or(u64::MAX, |at| at.since(tick())).clamp(50, self.terms.scan_ms());
            // Either is reason enough to try again.
            let _ = timeout(Duration::from_millis(ms), looked).await;
        }
    }

    async fn try_take(self: &Arc<Self>) -> Option<Permit> {
        let owner = self.ids.next_uuid();
        let first =
            u32::try_from(self.ids.next_u64() % u64::from(self.terms.permits.max(1))).unwrap_or_default();
        let bid = self.watch().bid(&self.terms, first, &owner, tick())?;
        let sent = tick();
        let update = bid.to_update(&self.table, &self.terms);
        match self.remote.ask(&DYNAMODB, "UpdateItem", &update).await {
            Ok(answer) => Some(self.won(&bid, answer.get("Attributes").unwrap_or(&Value::Null), sent)),
            Err(fault) if fault.is_refused_condition() => {
                let there = fault.item.as_ref().map(Seen::of_item).unwrap_or_default();
                self.watch().note(bid.permit, there, tick());
                None
            }
            Err(fault) => {
                tracing::warn!(target_name = self.terms.target, error = %fault, "no permit can be taken");
                pause(BEAT_PATIENCE_MS).await;
                None
            }
        }
    }

    fn won(self: &Arc<Self>, bid: &Bid, item: &Value, sent: Tick) -> Permit {
        let hold = bid.won(&self.terms, item, sent);
        self.watch().note(bid.permit, Seen::of_item(item), tick());
        if bid.instead_of.is_some() {
            tracing::info!(
                target_name = self.terms.target,
                permit = hold.permit,
                fence = hold.fence,
                "a permit was taken over whose holder is silent"
            );
        }
        let shared = Arc::new(Mutex::new(Some(hold)));
        let beats = tokio::spawn(beat(Arc::clone(self), Arc::clone(&shared), sent));
        Permit { gate: Arc::clone(self), hold: shared, beats }
    }

    fn watch(&self) -> std::sync::MutexGuard<'_, Watch> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts one who waits, as long as it does.
struct Waits<'w>(&'w AtomicUsize);

impl<'w> Waits<'w> {
    fn begin(waiting: &'w AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::SeqCst);
        Self(waiting)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Says that the holder lives, until the permit is lost: because somebody else has it, or because no beat got through within the lease.
async fn beat(gate: Arc<Gate>, shared: Arc<Mutex<Option<Hold>>>, first: Tick) {
    let mut due = first.plus(gate.terms.beat_ms());
    loop {
        pause(due.since(tick())).await;
        let Some(hold) = locked(&shared).clone() else { return };
        let (sent, update) = (tick(), hold.to_beat(&gate.table, &gate.terms));
        let patience = Duration::from_millis(BEAT_PATIENCE_MS);
        match gate.remote.ask_within(&DYNAMODB, ("UpdateItem", patience), &update).await {
            Ok(_) => {
                if let Some(hold) = locked(&shared).as_mut() {
                    hold.renew(&gate.terms, sent);
                }
                due = sent.plus(gate.terms.beat_ms());
            }
            Err(fault) if fault.is_refused_condition() || tick() > hold.until => {
                tracing::warn!(target_name = gate.terms.target, permit = hold.permit, error = %fault, "a permit is lost; its lane stops");
                *locked(&shared) = None;
                return;
            }
            Err(_) => due = tick().plus(BEAT_AGAIN_MS),
        }
    }
}

fn locked(shared: &Mutex<Option<Hold>>) -> std::sync::MutexGuard<'_, Option<Hold>> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Permit {
    /// The permit, where a call may begin now.
    pub(crate) fn ticket(&self) -> Option<Ticket> {
        let hold = locked(&self.hold);
        let hold = hold.as_ref().filter(|hold| hold.may_call(&self.gate.terms, tick()))?;
        Some(Ticket { permit: hold.permit, fence: hold.fence })
    }

    /// Gives it back. Where that fails it is free after a lease.
    pub(crate) async fn give_back(self) {
        self.beats.abort();
        let Some(hold) = locked(&self.hold).take() else { return };
        let release = hold.to_release(&self.gate.table, &self.gate.terms);
        match self.gate.remote.ask(&DYNAMODB, "UpdateItem", &release).await {
            Ok(_) => {
                let free = Seen { owner: None, fence: hold.fence, ..Seen::of_item(&json!({})) };
                self.gate.watch().note(hold.permit, free, tick());
            }
            Err(fault) => {
                tracing::debug!(permit = hold.permit, error = %fault, "a permit was not given back; it is free after a lease");
            }
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.beats.abort();
    }
}
