//! The loop: what has fallen due is carried, each attempt is settled, the rest of the time is waited.
//!
//! A delivery that has been settled gives its permit and its place to the next one to the same target, in the commit that
//! settles it: a target with a limit is kept busy, and waits for one sync between two calls, not for two.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws::{Arn, Ids, Timestamp};
use events::{Attempt, Events, MatchedEvent, Outcome, Owed, Retry, Settlement, Slots};
use http_client::Client;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::authorizer;
use crate::aws_access::AwsAccess;
use crate::target::{self, CUT_OFF, Carried, Outside};
use crate::tokens::Tokens;

/// Deliveries under way at a time, over all targets: a bound on memory and sockets. Each target has its own, smaller one.
const UNDER_WAY_MAX: usize = 1_000;
/// The shortest pause between two looks that find nothing, where what is due waits for a permit.
const PAUSE_MIN: Duration = Duration::from_millis(100);
/// So long the commit that renews a lease may take before it has to be renewed once more, with twice that.
const LATE_MAX: Duration = Duration::from_secs(1);
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
    places: Arc<Mutex<Slots>>,
    outside: Outside,
}

/// A place taken for a target, given back when dropped.
struct Place {
    places: Arc<Mutex<Slots>>,
    target: String,
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.places).give_back(&self.target);
    }
}

fn lock(places: &Mutex<Slots>) -> MutexGuard<'_, Slots> {
    // A panic while it was held left the numbers whole: each change of them is one.
    places.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Porter {
    /// A porter for these buses, which calls targets outside by `client`.
    pub fn new(events: Events, surroundings: Surroundings, client: Client) -> Self {
        let outside = Outside {
            tokens: Tokens::new(client.clone()),
            client,
            aws: Arc::default(),
            now: surroundings.now,
        };
        let places = Arc::new(Mutex::new(Slots::new(UNDER_WAY_MAX)));
        Self { events, surroundings, places, outside }
    }

    /// The same, with credentials for targets that are real AWS resources.
    #[must_use]
    pub fn with_aws(mut self, access: AwsAccess) -> Self {
        self.outside.aws = Arc::new(access);
        self
    }

    /// Runs until `closing` turns true, then lets what is under way end.
    pub async fn run(self, closing: watch::Receiver<bool>) {
        let (events, Outside { tokens, now, .. }) = (self.events.clone(), self.outside.clone());
        tokio::join!(authorizer::run(events, tokens, now, closing.clone()), self.carry_all(closing));
    }

    async fn carry_all(self, mut closing: watch::Receiver<bool>) {
        let mut under_way = JoinSet::new();
        while !*closing.borrow() {
            while under_way.try_join_next().is_some() {}
            // Asked for before the look, so that what comes between the two is not missed.
            let arrival = self.events.arrival();
            let taken = self.take_due().await;
            let found = !taken.is_empty();
            for owed in taken {
                let place = self.place(&owed);
                under_way.spawn(self.clone().carry_on((owed, place), closing.clone()));
            }
            if found && lock(&self.places).free() > 0 {
                continue;
            }
            tokio::select! {
                () = arrival => {}
                // A place is free, perhaps a permit.
                Some(_) = under_way.join_next() => {}
                () = sleep(self.pause()) => {}
                _ = closing.wait_for(|closing| *closing) => {}
            }
        }
        while under_way.join_next().await.is_some() {}
    }

    fn place(&self, owed: &Owed) -> Place {
        let target = owed.target.arn.to_string();
        lock(&self.places).take(&target);
        Place { places: Arc::clone(&self.places), target }
    }

    fn pause(&self) -> Duration {
        let now = (self.surroundings.now)();
        self.events.next_due_at().map_or(PAUSE_MAX, |at| at.since(now).clamp(PAUSE_MIN, PAUSE_MAX))
    }

    /// Leases what has fallen due. Costs nothing where nothing has.
    async fn take_due(&self) -> Vec<Owed> {
        let now = (self.surroundings.now)();
        let places = lock(&self.places).clone();
        if places.free() == 0 || self.events.next_due_at().is_none_or(|at| at > now) {
            return Vec::new();
        }
        let (events, ids) = (self.events.clone(), (self.surroundings.ids)());
        let lease = self
            .events
            .store()
            .write_reserved(|error| error, move |tx| Ok(events.due(tx, (now, places), &ids)));
        lease.await.unwrap_or_else(|error| {
            tracing::error!(%error, "could not take what is owed");
            Vec::new()
        })
    }

    /// Carries a delivery and then, with the same place and permit, the next ones to its target, for as long as there are
    /// any and nobody else needs the place more.
    async fn carry_on(self, (first, place): (Owed, Place), closing: watch::Receiver<bool>) {
        let mut next = Some(first);
        while let Some(owed) = next.take() {
            let Some(owed) = self.with_time(owed).await else { break };
            let (attempt, forward) = self.call(&owed).await;
            let goes_on = match was_cut_off(&attempt) {
                true => lock(&self.places).was_cut_off(&place.target),
                false => lock(&self.places).answered(&place.target),
            };
            let then = (goes_on && !*closing.borrow()).then(|| owed.target.arn.clone());
            next = self.settle((owed, attempt), forward, then).await;
        }
    }

    /// The delivery with a lease into which a whole call fits (contract C11): a call that began later than its lease would be
    /// under way when its permit is given to another. `None`: the lease has ended, and the delivery falls due again by itself.
    async fn with_time(&self, mut owed: Owed) -> Option<Owed> {
        let mut spare = LATE_MAX;
        loop {
            let now = (self.surroundings.now)();
            if owed.call_until.since(now) >= owed.call_time {
                return Some(owed);
            }
            let (events, late, again) = (self.events.clone(), owed.clone(), spare);
            let renewed = self
                .events
                .store()
                .write_reserved(|error| error, move |tx| Ok(events.renew_lease(tx, &late, (now, again))));
            owed.call_until = renewed.await.unwrap_or_else(|error| {
                tracing::error!(%error, "could not renew a lease");
                None
            })?;
            spare *= 2;
        }
    }

    /// One attempt. It is cut off while its lease still holds, so that its permit is nobody else's meanwhile.
    async fn call(&self, owed: &Owed) -> (Attempt, Option<MatchedEvent>) {
        let started = (self.surroundings.now)();
        // A slow disk takes from the time for the settlement, not from the target's.
        let time = owed.call_until.since(started).min(owed.call_time);
        let carried = timeout(time, target::carry(&self.outside, &self.events, owed, started)).await;
        let carried = carried.unwrap_or_else(|_| {
            let message = format!("The target did not answer within {} ms.", time.as_millis());
            target::failed(CUT_OFF, message, Retry::ByPolicy)
        });
        let took = (self.surroundings.now)().since(started);
        let (outcome, answer, forward) = match carried {
            Carried::Ended { outcome, answer } => (outcome, answer, None),
            Carried::Forward(matched) => (Outcome::Delivered, None, Some(matched)),
        };
        (Attempt { started, took, answer, outcome }, forward)
    }

    /// Settles an attempt, and takes the next delivery of the target `then` in the same commit. An event that
    /// is forwarded to another bus is accepted there in this commit too.
    async fn settle(
        &self,
        (owed, attempt): (Owed, Attempt),
        forward: Option<MatchedEvent>,
        then: Option<Arn>,
    ) -> Option<Owed> {
        let (now, ids, events) = ((self.surroundings.now)(), (self.surroundings.ids)(), self.events.clone());
        let about = (owed.id.clone(), owed.event_id.clone(), owed.attempt);
        let of = (owed.rule_arn.to_string(), owed.target.arn.to_string());
        let reason = reason_of(&attempt);
        let settled = self.events.store().write_reserved(
            |error| error,
            move |tx| {
                let settled = events.settle(tx, (&owed, &attempt), now, &ids);
                // Settlement by somebody else already: then it was also forwarded by them.
                if let (Some(matched), true) = (forward, settled != Settlement::Gone) {
                    events.accept(tx, matched, now, &ids);
                }
                let next = then.and_then(|target| events.next_due_to(tx, &target, now, &ids));
                Ok((settled, next))
            },
        );
        let ((delivery_id, event_id, attempt), (rule_arn, target_arn)) = (about, of);
        match settled.await {
            Ok((Settlement::Lost { .. }, next)) => {
                let what = "a delivery was given up and there is no dead-letter queue to keep it";
                tracing::warn!(event_id, rule_arn, target_arn, delivery_id, attempt, reason, "{what}");
                next
            }
            Ok((_, next)) => next,
            // The lease ends by itself and the delivery is carried again.
            Err(error) => {
                tracing::error!(%error, event_id, target_arn, delivery_id, "an attempt could not be settled");
                None
            }
        }
    }
}

fn was_cut_off(attempt: &Attempt) -> bool {
    matches!(&attempt.outcome, Outcome::Failed { code, .. } if code == CUT_OFF)
}

fn reason_of(attempt: &Attempt) -> String {
    match &attempt.outcome {
        Outcome::Failed { message, .. } => message.clone(),
        Outcome::Delivered => String::new(),
    }
}
