//! The sweep: what nobody needs any more goes, and what is to be moved moves, a bounded piece of each component at a time.

use std::sync::Arc;
use std::time::Duration;

use store::{Commit, Store};

use crate::clock;
use crate::component::{Component, More};
use crate::ticking::{Next, Tick};

/// How often the sweep looks: message move tasks have rates in messages a second.
const TICK: Duration = Duration::from_secs(1);

/// The sweep over these components.
#[derive(Debug)]
pub(crate) struct Sweep {
    store: Store,
    components: Vec<Arc<dyn Component>>,
}

impl Sweep {
    pub(crate) fn new(store: Store, components: Vec<Box<dyn Component>>) -> Self {
        Self { store, components: components.into_iter().map(Arc::from).collect() }
    }
}

impl Tick for Sweep {
    const NAME: &'static str = "sweep";
    const PAUSE: Duration = TICK;

    /// A job for each component, so that what stops one does not stop the others; they share a sync.
    async fn tick(&mut self) -> Result<Next, store::Error> {
        let now = clock::now();
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
