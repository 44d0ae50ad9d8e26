//! The porter: carries what is owed to whom it is owed, and settles each attempt in one commit.
//!
//! Dramatis personae:
//!
//! - A *debt* is one thing owed: a rule's delivery to a target, an event stream's post. It is a message of the queue engine
//!   with a not-before time, written in the commit that made it owed. [`Debts`] is a kind of them.
//! - Its *payee* is whom it is owed to: a target, a stream.
//! - A *lease* takes a debt that has fallen due out of everybody else's sight until a moment. If the porter is killed, the lease
//!   ends by itself and the debt falls due again (contract C4: at least once).
//! - A *permit* is a right to call a payee, counted in the store and taken with the lease: the payee's concurrency limit
//!   (contract C11). The queue engine keeps permits; the porter never sees one.
//! - A *slot* is a place among the porter's own hands, counted in memory: it bounds sockets and memory over all payees, and keeps
//!   one that hangs from holding up the rest ([`Slots`]).
//! - A *carrier* is a task that holds one slot. It pays a debt, and then, with the same slot and permit, the next ones to its
//!   payee: leased in the commit that settles the one before, so that a payee with a limit is kept busy and waits for one
//!   sync between two calls, not for two.
//!
//! The loop ([`Porter::carry`]) leases what has fallen due, gives each debt to a carrier, and waits: for an arrival, for a slot, or
//! until something falls due.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws::Clock;
use aws::trace::{Span, Spans};
use events::{HELD_FOR, Slots};
use store::Commit;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::debts::{CallTime, Debts, Label, Verdict};
use crate::meters::Meters;

/// Calls under way at a time, over all payees: a bound on memory and sockets. Each payee has its own, smaller one.
const SLOTS: usize = 1_000;
/// The pause between two looks that find nothing, where what is due waits for a permit.
const PAUSE_FOR_PERMITS: Duration = Duration::from_millis(100);
/// The shortest pause until something falls due.
const PAUSE_MIN: Duration = Duration::from_millis(1);
/// The longest pause, should a signal be missed.
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// How long the commit that renews a lease may take before the lease has to be renewed once more, with twice that.
const RENEWAL_TIME_MAX: Duration = Duration::from_secs(1);

/// Carries what is owed. Clones share its slots.
#[derive(Clone, Debug)]
pub struct Porter {
    clock: Clock,
    slots: Arc<Mutex<Slots>>,
    meters: Meters,
    /// Where spans of calls go, where they are wanted.
    spans: Option<Spans>,
}

/// A slot taken for a payee, given back when dropped.
struct Slot {
    slots: Arc<Mutex<Slots>>,
    payee: String,
}

impl Drop for Slot {
    fn drop(&mut self) {
        lock(&self.slots).give_back(&self.payee);
    }
}

fn lock(slots: &Mutex<Slots>) -> MutexGuard<'_, Slots> {
    // A panic while it was held left the numbers whole: each change of them is one.
    slots.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Porter {
    /// A porter with all its slots free.
    pub fn new(clock: Clock) -> Self {
        Self { clock, slots: Arc::new(Mutex::new(Slots::new(SLOTS))), meters: Meters::default(), spans: None }
    }

    /// The same, making spans of its calls.
    #[must_use]
    pub fn with_spans(self, spans: Option<Spans>) -> Self {
        Self { spans, ..self }
    }

    /// What is measured of its calls.
    pub fn meters(&self) -> &Meters {
        &self.meters
    }

    /// Carries debts of one kind until `closing` turns true, then lets what is under way end.
    pub async fn carry<D: Debts>(self, debts: D, mut closing: watch::Receiver<bool>) {
        let mut carriers = JoinSet::new();
        while !*closing.borrow() {
            while carriers.try_join_next().is_some() {}
            // Asked for before the look, so that what comes between the two is not missed.
            let arrival = debts.arrival();
            let leased = self.lease_due(&debts).await;
            let found = !leased.is_empty();
            for debt in leased {
                let slot = self.slot(D::terms(&debt).payee);
                let carrier = Carrier { porter: self.clone(), debts: debts.clone(), slot };
                carriers.spawn(carrier.carry_on(debt, closing.clone()));
            }
            if found && lock(&self.slots).free() > 0 {
                continue;
            }
            tokio::select! {
                biased;
                () = arrival => {}
                // A slot is free, perhaps a permit.
                Some(_) = carriers.join_next() => {}
                () = sleep(self.pause(&debts)) => {}
                _ = closing.wait_for(|closing| *closing) => {}
            }
        }
        while carriers.join_next().await.is_some() {}
    }

    fn slot(&self, payee: String) -> Slot {
        lock(&self.slots).take(&payee);
        Slot { slots: Arc::clone(&self.slots), payee }
    }

    fn pause(&self, debts: &impl Debts) -> Duration {
        let now = (self.clock.now)();
        match debts.next_due_at() {
            None => PAUSE_MAX,
            Some(at) if at <= now => PAUSE_FOR_PERMITS,
            Some(at) => at.since(now).clamp(PAUSE_MIN, PAUSE_MAX),
        }
    }

    /// Leases what has fallen due. Costs nothing where nothing has.
    async fn lease_due<D: Debts>(&self, debts: &D) -> Vec<D::Debt> {
        let now = (self.clock.now)();
        let slots = lock(&self.slots).clone();
        if slots.free() == 0 || debts.next_due_at().is_none_or(|at| at > now) {
            return Vec::new();
        }
        let (leasing, ids) = (debts.clone(), (self.clock.ids)());
        let lease = debts.store().write_reserved(
            |error| error,
            move |tx| Ok(leasing.lease(&mut Commit::new(tx, now, &ids), slots)),
        );
        lease.await.unwrap_or_else(|error| {
            tracing::error!(%error, "could not lease what is owed");
            Vec::new()
        })
    }
}

/// A task with a slot, and debts of one payee to carry.
struct Carrier<D> {
    porter: Porter,
    debts: D,
    slot: Slot,
}

impl<D: Debts> Carrier<D> {
    /// Carries a debt and then the next ones to its payee, for as long as there are any and nobody else needs the slot more.
    async fn carry_on(self, first: D::Debt, closing: watch::Receiver<bool>) {
        let mut next = Some(first);
        while let Some(debt) = next.take() {
            let Some(debt) = self.with_time(debt).await else { break };
            let terms = D::terms(&debt);
            // A slow disk takes from the time for the settlement, not from the payee's.
            let time = terms.call_until.since((self.porter.clock.now)()).min(terms.call_time);
            let (began, under_way) = ((self.porter.clock.now)(), self.porter.meters.call_began());
            let outcome = self.debts.call(&debt, time).await;
            drop(under_way);
            let time = CallTime { began, ended: (self.porter.clock.now)() };
            self.porter.meters.call_ended(time.ended.since(began), D::label(&debt).attempt);
            let span = self.porter.spans.as_ref().and_then(|_| D::span(&debt, &outcome, time));
            let may_go_on = match D::is_held(&outcome) {
                Some(reason) => self.hold(reason),
                None => self.note_call(&outcome),
            };
            let goes_on = may_go_on && !*closing.borrow();
            next = self.settle(debt, outcome, goes_on.then_some(terms.payee)).await;
            self.trace(span);
        }
    }

    fn trace(&self, span: Option<Span>) {
        if let Some((spans, span)) = self.porter.spans.as_ref().zip(span) {
            spans.push(span);
        }
    }

    /// Leaves the payee alone for a while; told once. Nobody goes on with its debts.
    fn hold(&self, reason: &str) -> bool {
        let until = (self.porter.clock.now)().plus(HELD_FOR);
        if lock(&self.slot.slots).hold(&self.slot.payee, until) {
            let what = "what is owed is held, and grows no older, until this is mended";
            tracing::warn!(target_arn = self.slot.payee, reason, "{what}");
        }
        false
    }

    /// Notes how a call ended; whether the slot may be used for the payee's next debt.
    fn note_call(&self, outcome: &D::Outcome) -> bool {
        let mut slots = lock(&self.slot.slots);
        if slots.release(&self.slot.payee) {
            tracing::warn!(target_arn = self.slot.payee, "what was held is carried again");
        }
        if D::was_cut_off(outcome) {
            slots.was_cut_off(&self.slot.payee)
        } else {
            slots.answered(&self.slot.payee)
        }
    }

    /// The debt with a lease into which a whole call fits (contract C11): a call that began later than its lease would be under
    /// way when its permit is given to another. `None`: the lease has ended, and the debt falls due again by itself.
    async fn with_time(&self, mut debt: D::Debt) -> Option<D::Debt> {
        let mut spare = RENEWAL_TIME_MAX;
        loop {
            let (now, terms) = ((self.porter.clock.now)(), D::terms(&debt));
            if terms.call_until.since(now) >= terms.call_time {
                return Some(debt);
            }
            let (debts, ids) = (self.debts.clone(), (self.porter.clock.ids)());
            let renewal = self.debts.store().write_reserved(
                |error| error,
                move |tx| {
                    let held = debts.renew(&mut Commit::new(tx, now, &ids), &mut debt, spare);
                    Ok(held.then_some(debt))
                },
            );
            debt = match renewal.await {
                Ok(renewed) => renewed?,
                Err(error) => {
                    tracing::error!(%error, "a lease could not be renewed");
                    return None;
                }
            };
            spare *= 2;
        }
    }

    /// Settles an attempt, and leases the next debt to the payee `then` in the same commit.
    async fn settle(&self, debt: D::Debt, outcome: D::Outcome, then: Option<String>) -> Option<D::Debt> {
        let (now, ids) = ((self.porter.clock.now)(), (self.porter.clock.ids)());
        let (label, debts) = (D::label(&debt), self.debts.clone());
        let settled = self.debts.store().write_reserved(
            |error| error,
            move |tx| {
                let mut commit = Commit::new(tx, now, &ids);
                let verdict = debts.settle(&mut commit, debt, outcome);
                let next = then.and_then(|payee| debts.lease_next(&mut commit, &payee));
                Ok((verdict, next))
            },
        );
        let Label { delivery_id, event_id, rule_arn, target_arn, attempt } = label;
        match settled.await {
            Ok((Verdict::Lost { reason }, next)) => {
                let what = "a delivery was given up and there is no dead-letter queue to keep it";
                tracing::warn!(event_id, rule_arn, target_arn, delivery_id, attempt, reason, "{what}");
                next
            }
            Ok((Verdict::Settled, next)) => next,
            // The lease ends by itself and the debt is carried again.
            Err(error) => {
                tracing::error!(%error, event_id, target_arn, delivery_id, "an attempt could not be settled");
                None
            }
        }
    }
}
