//! The loop: what has fallen due is carried, each attempt is settled, the rest of the time is waited.

use std::time::Duration;

use aws::{Ids, Timestamp};
use events::{Attempt, Events, Matched, Outcome, Owed, Settled};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::target::{self, Carried};

/// Deliveries under way at a time, over all targets: a bound on memory and sockets. Each target has its own, smaller one.
const UNDER_WAY_MAX: usize = 1_000;
/// Deliveries leased in one commit.
const LEASED_AT_ONCE_MAX: usize = 200;
/// The shortest pause between two looks that find nothing, where what is due waits for a permit.
const PAUSE_MIN: Duration = Duration::from_millis(100);
/// The longest pause, should a signal be missed.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// Where the porter has its time and its random numbers from: the floor above, or a test.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings {
    /// The time.
    pub now: fn() -> Timestamp,
    /// A fresh source of identifiers and jitter.
    pub ids: fn() -> Ids,
}

/// Carries what `events` owe.
#[derive(Clone, Debug)]
pub struct Porter {
    events: Events,
    surroundings: Surroundings,
}

impl Porter {
    /// A porter for these buses.
    pub fn new(events: Events, surroundings: Surroundings) -> Self {
        Self { events, surroundings }
    }

    /// Runs until `closing` turns true, then lets what is under way end.
    pub async fn run(self, mut closing: watch::Receiver<bool>) {
        let mut under_way = JoinSet::new();
        while !*closing.borrow() {
            // Those that have ended give their places back first.
            while under_way.try_join_next().is_some() {}
            // Asked for before the look, so that what comes between the two is not missed.
            let arrival = self.events.arrival();
            let taken = self.take_due(UNDER_WAY_MAX.saturating_sub(under_way.len())).await;
            let found = !taken.is_empty();
            for owed in taken {
                under_way.spawn(self.clone().carry(owed));
            }
            if found && under_way.len() < UNDER_WAY_MAX {
                continue;
            }
            tokio::select! {
                () = arrival => {}
                // A delivery that ended has given its permit back.
                Some(_) = under_way.join_next() => {}
                () = sleep(self.pause()) => {}
                _ = closing.wait_for(|closing| *closing) => {}
            }
        }
        while under_way.join_next().await.is_some() {}
    }

    fn pause(&self) -> Duration {
        let now = (self.surroundings.now)();
        self.events.next_due_at().map_or(PAUSE_MAX, |at| at.since(now).clamp(PAUSE_MIN, PAUSE_MAX))
    }

    /// Leases what has fallen due. Costs nothing where nothing has.
    async fn take_due(&self, max: usize) -> Vec<Owed> {
        let now = (self.surroundings.now)();
        if max == 0 || self.events.next_due_at().is_none_or(|at| at > now) {
            return Vec::new();
        }
        let (events, ids) = (self.events.clone(), (self.surroundings.ids)());
        let lease = self.events.store().write_reserved(
            |error| error,
            move |tx| Ok(events.due(tx, (now, max.min(LEASED_AT_ONCE_MAX)), &ids)),
        );
        lease.await.unwrap_or_else(|error| {
            tracing::error!(%error, "could not take what is owed");
            Vec::new()
        })
    }

    /// One attempt, and its settlement.
    async fn carry(self, owed: Owed) {
        let started = (self.surroundings.now)();
        let carried = target::carry(&self.events, &owed, started).await;
        let took = (self.surroundings.now)().since(started);
        let (outcome, answer, forward) = match carried {
            Carried::Ended { outcome, answer } => (outcome, answer, None),
            Carried::Forward(matched) => (Outcome::Delivered, None, Some(matched)),
        };
        let attempt = Attempt { started, took, answer, outcome };
        let about = (owed.id.clone(), owed.target.arn.to_string(), owed.attempt);
        let reason = match &attempt.outcome {
            Outcome::Failed { message, .. } => message.clone(),
            Outcome::Delivered => String::new(),
        };
        match self.settle((owed, attempt), forward).await {
            Ok(Settled::Lost { .. }) => {
                let (id, target, attempt) = about;
                tracing::warn!(
                    id,
                    target,
                    attempt,
                    reason,
                    "a delivery was given up and there is no dead-letter queue to keep it"
                );
            }
            Ok(_) => {}
            // The lease ends by itself and the delivery is carried again.
            Err(error) => tracing::error!(%error, id = about.0, "an attempt could not be settled"),
        }
    }

    /// Settles an attempt; an event that is forwarded to another bus is accepted there in the same commit.
    async fn settle(
        &self,
        (owed, attempt): (Owed, Attempt),
        forward: Option<Matched>,
    ) -> Result<Settled, aws::Error> {
        let (now, ids, events) = ((self.surroundings.now)(), (self.surroundings.ids)(), self.events.clone());
        let settled = self.events.store().write_reserved(queue::error::of_store, move |tx| {
            let settled = events.settle(tx, (&owed, &attempt), now, &ids);
            // Settled by somebody else already: then it was also forwarded by them.
            if let (Some(matched), true) = (forward, settled != Settled::Gone) {
                events.accept(tx, matched, now, &ids);
            }
            Ok(settled)
        });
        settled.await
    }
}
