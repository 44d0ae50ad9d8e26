//! Event source mappings: each has a poller that gathers its queue's messages and calls its function with them.
//!
//! A batch is leased only when the function has a place for it (reserved concurrency, the account's): messages wait in their
//! queue, where nobody counts them as received, and not at a function that would throttle them. What a poller has in hand when
//! it is killed comes back by its visibility timeout, as everything does that was not handled.

use std::collections::HashSet;
use std::time::Duration;

use aws::{Error, Timestamp};
use bytes::Bytes;
use lambda::mapping::{QueueSight, Sight};
use lambda::{Batch, Functions, Handled, Target};
use queue::{Arrival, QueueId};
use runner::Invocation;
use store::Commit;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::invoker::{Invoker, Permit};

/// Batches at a time of a queue that has just begun to have messages. Source of this and of the next: AWS, "Lambda scaling with
/// SQS event sources".
const BATCHES_AT_FIRST: u64 = 5;
/// How long until there may be one more: 60 a minute.
const ONE_MORE_AFTER_SECONDS: u64 = 1;
/// Batches at a time at most.
const BATCHES_MAX: u64 = 1000;
/// The longest pause between two looks, should a signal be missed: another receiver of the queue may have got it.
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// The shortest one.
const PAUSE_MIN: Duration = Duration::from_millis(20);
/// A window ends early where there is a batch; counted at most so often.
const WINDOW_LOOK: Duration = Duration::from_millis(200);
/// The pause where the function or its queue is gone.
const BROKEN_PAUSE: Duration = Duration::from_secs(2);

/// The event source mappings of one account and region.
#[derive(Clone, Debug)]
pub struct Mappings {
    invoker: Invoker,
}

impl Mappings {
    /// The mappings of the functions that `invoker` calls.
    pub fn new(invoker: Invoker) -> Self {
        Self { invoker }
    }

    /// Runs a poller for each mapping until `closing` turns true, then lets the batches under way end.
    pub async fn carry(self, mut closing: watch::Receiver<bool>) {
        let mut pollers = JoinSet::new();
        let mut polled = HashSet::new();
        while !*closing.borrow() {
            let change = self.invoker.functions().mappings_change();
            let known = self.invoker.functions().mappings().unwrap_or_else(|error| {
                tracing::error!(%error, "the event source mappings cannot be read");
                Vec::new()
            });
            for uuid in known {
                if polled.insert(uuid.clone()) {
                    let poller = Poller::new(self.invoker.clone(), uuid);
                    pollers.spawn(poller.poll(closing.clone()));
                }
            }
            tokio::select! {
                () = change => {}
                Some(ended) = pollers.join_next() => {
                    let Ok(uuid) = ended else { continue };
                    polled.remove(&uuid);
                }
                _ = closing.wait_for(|closing| *closing) => {}
            }
        }
        while pollers.join_next().await.is_some() {}
    }
}

/// Reads the queue of one mapping.
#[derive(Debug)]
struct Poller {
    invoker: Invoker,
    uuid: String,
    carriers: JoinSet<()>,
    /// The engine queue that was seen last: a purge gives the queue another.
    engine: Option<QueueId>,
    /// Since when there is something to receive.
    busy_since: Option<Timestamp>,
    /// Since when messages are gathered for the next batch.
    gathering_since: Option<Timestamp>,
    /// What hindered it last, so that it is said once.
    hindrance: Option<String>,
}

/// A call that can be made, as soon as there is a batch for it.
struct Call {
    target: Target,
    permit: Permit,
    invoked_arn: String,
}

/// What a poller does next.
enum Next {
    Take(Box<Call>),
    /// Looks again when this comes, or after a pause.
    Wait(Arrival, Duration),
    End,
}

impl Poller {
    fn new(invoker: Invoker, uuid: String) -> Self {
        let carriers = JoinSet::new();
        Self {
            invoker,
            uuid,
            carriers,
            engine: None,
            busy_since: None,
            gathering_since: None,
            hindrance: None,
        }
    }

    const fn functions(&self) -> &Functions {
        self.invoker.functions()
    }

    /// Polls until the mapping is gone or `closing` turns true; its UUID.
    async fn poll(mut self, mut closing: watch::Receiver<bool>) -> String {
        while !*closing.borrow() {
            while self.carriers.try_join_next().is_some() {}
            let change = self.functions().mappings_change();
            let (signal, pause) = match self.next() {
                Ok(Next::Take(call)) => {
                    if self.take(*call).await {
                        continue;
                    }
                    (never(), PAUSE_MIN)
                }
                Ok(Next::Wait(signal, pause)) => (signal, pause),
                Ok(Next::End) => break,
                Err(error) => {
                    self.hindered(&error);
                    (never(), BROKEN_PAUSE)
                }
            };
            tokio::select! {
                () = signal => {}
                () = change => {}
                Some(_) = self.carriers.join_next() => {}
                () = sleep(pause) => {}
                _ = closing.wait_for(|closing| *closing) => {}
            }
        }
        while self.carriers.join_next().await.is_some() {}
        self.uuid
    }

    fn hindered(&mut self, error: &Error) {
        if self.hindrance.as_ref() != Some(&error.message) {
            tracing::warn!(%error, mapping = self.uuid, "an event source mapping waits until this is mended");
            self.hindrance = Some(error.message.clone());
        }
    }

    /// Looks, and says what to do. Signals are asked for before the look whose failure they follow.
    fn next(&mut self) -> Result<Next, Error> {
        let now = (self.invoker.clock().now)();
        let freed = self.invoker.freed();
        let arrival = self.engine.map(|engine| self.functions().queue_arrival(engine));
        let Some(sight) = self.functions().see_mapping(&self.uuid, now)? else { return Ok(Next::End) };
        if !sight.mapping.is_enabled {
            (self.busy_since, self.gathering_since) = (None, None);
            return Ok(Next::Wait(never(), PAUSE_MAX));
        }
        let Some(queue) = sight.queue else {
            let words = format!("The queue {} does not exist.", sight.mapping.source);
            return Err(Error::sender("QueueDoesNotExist", words));
        };
        let Some(arrival) = arrival.filter(|_| self.engine == Some(queue.engine)) else {
            self.engine = Some(queue.engine);
            return Ok(Next::Wait(never(), PAUSE_MIN));
        };
        if !queue.is_due {
            if self.carriers.is_empty() {
                self.busy_since = None;
            }
            self.gathering_since = None;
            let pause = queue.due_at.map_or(PAUSE_MAX, |at| at.since(now));
            return Ok(Next::Wait(arrival, pause.clamp(PAUSE_MIN, PAUSE_MAX)));
        }
        let busy_since = *self.busy_since.get_or_insert(now);
        if self.carriers.len() as u64 >= places(&sight, now.since(busy_since)) {
            return Ok(Next::Wait(never(), Duration::from_secs(ONE_MORE_AFTER_SECONDS)));
        }
        if let Some(left) = self.window_left(&sight, queue, now) {
            return Ok(Next::Wait(never(), left.clamp(PAUSE_MIN, WINDOW_LOOK)));
        }
        let chance = (self.invoker.clock().ids)().next_u64();
        let target = self.functions().target(&sight.function, chance)?;
        let invoked_arn = sight.function.arn(self.functions().store().scope()).to_string();
        Ok(match self.invoker.permit(&target) {
            Ok(permit) => Next::Take(Box::new(Call { target, permit, invoked_arn })),
            Err(_) => Next::Wait(freed, PAUSE_MAX),
        })
    }

    /// How long messages are still gathered for the next batch; `None`: it is ready.
    fn window_left(&mut self, sight: &Sight, queue: QueueSight, now: Timestamp) -> Option<Duration> {
        let window = Duration::from_secs(sight.mapping.window_seconds);
        let ends = self.gathering_since.get_or_insert(now).plus(window);
        (ends > now && queue.visible < sight.mapping.batch_size).then(|| ends.since(now))
    }

    /// Takes a batch and gives it to a carrier; `false` where there was none.
    async fn take(&mut self, call: Call) -> bool {
        let Call { target, permit, invoked_arn } = call;
        self.gathering_since = None;
        let clock = self.invoker.clock();
        let (functions, uuid) = (self.functions().clone(), self.uuid.clone());
        let (now, ids) = ((clock.now)(), (clock.ids)());
        let caught = self.functions().store().write_reserved(
            |error| error,
            move |tx| Ok(functions.catch(&mut Commit::new(tx, now, &ids), &uuid)),
        );
        let gathered = match caught.await {
            Ok(Some(caught)) => caught.gather(),
            Ok(None) => return false,
            Err(error) => {
                tracing::error!(%error, mapping = self.uuid, "messages could not be received");
                return false;
            }
        };
        self.hindrance = None;
        if !gathered.unmatched.is_empty() {
            let (functions, ids) = (self.functions().clone(), (clock.ids)());
            let dropped = self.functions().store().write_reserved(
                |error| error,
                move |tx| {
                    functions.drop_unmatched(&mut Commit::new(tx, now, &ids), &gathered.unmatched);
                    Ok(())
                },
            );
            if let Err(error) = dropped.await {
                tracing::error!(%error, mapping = self.uuid, "what no filter matches could not be deleted");
            }
        }
        if !gathered.batches.is_empty() {
            let (invoker, uuid) = (self.invoker.clone(), self.uuid.clone());
            let carrier = Carrier { invoker, target, uuid, invoked_arn };
            self.carriers.spawn(carrier.carry(permit, gathered.batches));
        }
        true
    }
}

/// How many batches may be under way.
fn places(sight: &Sight, busy_for: Duration) -> u64 {
    let grown = BATCHES_AT_FIRST + busy_for.as_secs() / ONE_MORE_AFTER_SECONDS;
    let most = sight.mapping.concurrency_max.unwrap_or(BATCHES_MAX);
    grown.min(most)
}

fn never() -> Arrival {
    Box::pin(std::future::pending())
}

/// Calls the function with the batches of one receive.
#[derive(Debug)]
struct Carrier {
    invoker: Invoker,
    target: Target,
    uuid: String,
    /// As the mapping names the function.
    invoked_arn: String,
}

impl Carrier {
    /// The batches one after another, each with the function's place; those that a whole call no longer fits into, and those
    /// of a FIFO queue behind one that failed, come back by themselves.
    async fn carry(self, first: Permit, batches: Vec<Batch>) {
        let mut first = Some(first);
        for batch in batches {
            let place = first.take().or_else(|| self.another_place(&batch));
            let Some(place) = place else { return };
            let handled = self.call(place, &batch).await;
            let stops = batch.is_fifo && handled != Handled::Whole;
            self.settle(batch, handled).await;
            if stops {
                return;
            }
        }
    }

    /// A place for a further batch, if a whole call of it fits into its lease.
    fn another_place(&self, batch: &Batch) -> Option<Permit> {
        let time = Duration::from_secs(self.target.configuration.timeout_seconds);
        let fits = (self.invoker.clock().now)().plus(time) <= batch.until;
        fits.then(|| self.invoker.permit(&self.target).ok())?
    }

    async fn call(&self, place: Permit, batch: &Batch) -> Handled {
        let invocation = Invocation {
            request_id: (self.invoker.clock().ids)().next_uuid(),
            payload: Bytes::from(batch.payload()),
            invoked_arn: self.invoked_arn.clone(),
            client_context: None,
            trace_id: None,
            stream: None,
        };
        match self.invoker.call_with(place, &self.target, invocation).await {
            Ok(outcome) if outcome.error_type.is_none() => batch.judge(&outcome.payload),
            Ok(_) => Handled::Nothing,
            Err(error) => {
                tracing::warn!(%error, mapping = self.uuid, function = self.target.name, "a batch could not be given to its function");
                Handled::Nothing
            }
        }
    }

    async fn settle(&self, batch: Batch, handled: Handled) {
        let clock = self.invoker.clock();
        let (functions, now, ids) = (self.invoker.functions().clone(), (clock.now)(), (clock.ids)());
        let settled = self.invoker.functions().store().write_reserved(
            |error| error,
            move |tx| {
                functions.settle_batch(&mut Commit::new(tx, now, &ids), &batch, &handled);
                Ok(())
            },
        );
        if let Err(error) = settled.await {
            tracing::error!(%error, mapping = self.uuid, "a batch could not be settled");
        }
    }
}
