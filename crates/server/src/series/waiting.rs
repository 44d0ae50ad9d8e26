//! Minutes that are counted and not stored yet.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use store::{Store, Tx};

use crate::series::kept::{Sample, Series, Span, Stretch, keep, overlay, read};

/// Minutes that wait in memory for somebody's commit at most; of more, the oldest are given up. The clock is kept every ten
/// minutes, so that there is always a commit before.
const WAITING_MAX: usize = 60;

/// A minute that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Minute {
    /// Since 1970.
    pub(crate) number: u64,
    /// What it has of each series.
    pub(crate) samples: Vec<Sample>,
}

/// Minutes that are not stored yet: they go with the next commit that somebody else needs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waiting(Arc<Mutex<VecDeque<Minute>>>);

impl Waiting {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Minute>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn push(&self, minute: Minute) {
        let mut waiting = self.lock();
        if waiting.len() >= WAITING_MAX {
            waiting.pop_front();
        }
        waiting.push_back(minute);
    }

    /// Writes what waits.
    pub(crate) fn store(&self, tx: &mut Tx<'_>) {
        let minutes: Vec<Minute> = self.lock().drain(..).collect();
        for Minute { number, samples } in minutes {
            keep(tx, number, &samples);
        }
    }

    /// The series over a stretch, also of what is not stored yet.
    pub(crate) fn read(
        &self,
        store: &Store,
        stretch: Stretch,
        prefixes: &[String],
    ) -> Result<Vec<Series>, store::Error> {
        let waiting: Vec<Minute> = self.lock().iter().cloned().collect();
        let mut found = store.read(|snapshot| read(snapshot, stretch, prefixes))?;
        if stretch.span == Span::Minute {
            for Minute { number, samples } in waiting {
                let wanted =
                    samples.into_iter().filter(|sample| prefixes.iter().any(|p| sample.name.starts_with(p)));
                wanted.for_each(|sample| overlay(&mut found, stretch, (number, sample)));
            }
        }
        Ok(found)
    }
}
