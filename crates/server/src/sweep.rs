//! The sweep: what nobody needs any more goes, and what is to be moved moves, a bounded piece of each component at a time.

use std::sync::Arc;
use std::time::Duration;

use aws::Timestamp;
use store::{Commit, Store};

use crate::clock::{self, CLOCK};
use crate::component::{Component, More};
use crate::ticking::{Next, Tick};

/// How often the sweep looks: message move tasks have rates in messages a second.
const TICK: Duration = Duration::from_secs(1);

/// The sweep over these components.
#[derive(Debug)]
pub(crate) struct Sweep {
    store: Store,
    components: Vec<Arc<dyn Component>>,
    /// What was kept of the clock last, and when.
    kept: Option<(i64, Timestamp)>,
}

/// So often it is kept what the clock says, besides whenever it has jumped.
const CLOCK_KEPT_EVERY: Duration = Duration::from_secs(600);

impl Sweep {
    pub(crate) fn new(store: Store, components: Vec<Box<dyn Component>>) -> Self {
        Self { store, components: components.into_iter().map(Arc::from).collect(), kept: None }
    }

    /// Keeps what the clock says, where that is worth a commit.
    async fn keep_clock(&mut self) -> Result<(), store::Error> {
        let now = clock::now();
        let to_keep = clock::to_keep();
        let is_known = self
            .kept
            .is_some_and(|(ahead_ms, at)| ahead_ms == to_keep.ahead_ms && now.since(at) < CLOCK_KEPT_EVERY);
        if is_known {
            return Ok(());
        }
        let keep = move |tx: &mut store::Tx<'_>| {
            tx.put(&CLOCK, &(), &to_keep);
            Ok(())
        };
        self.store.write_reserved(|error| error, keep).await?;
        self.kept = Some((to_keep.ahead_ms, now));
        Ok(())
    }
}

impl Tick for Sweep {
    const NAME: &'static str = "sweep";
    const PAUSE: Duration = TICK;

    /// A job for each component, so that what stops one does not stop the others; they share a sync.
    async fn tick(&mut self) -> Result<Next, store::Error> {
        let now = clock::now();
        if clock::is_quiet() {
            return Ok(Next::Pause);
        }
        self.keep_clock().await?;
        let job = |component: &Arc<dyn Component>| {
            let (component, ids) = (Arc::clone(component), clock::ids());
            let sweep = move |tx: &mut store::Tx<'_>| Ok(component.sweep(&mut Commit::new(tx, now, &ids)));
            self.store.write_reserved(|error| error, sweep)
        };
        let jobs: Vec<_> = self.components.iter().map(job).collect();
        let (mut next, mut failure) = (Next::Pause, None);
        for (component, job) in self.components.iter().zip(jobs) {
            match job.await {
                Ok(More::Yes) => next = Next::Again,
                Ok(More::No) => {}
                Err(error) => {
                    tracing::debug!(component = component.name(), %error, "could not be swept");
                    failure = failure.or(Some(error));
                }
            }
        }
        failure.map_or(Ok(next), Err)
    }
}
