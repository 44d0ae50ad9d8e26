//! The disk as recovery reads it: after SIGKILL the engine walks every page twice, one of 4 KiB after the other. Where pages
//! that follow each other in the tree lie side by side, which is the rule, a whole stretch is read at once.

use std::collections::VecDeque;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use redb::StorageBackend;

/// So much is read at once where reading goes along the disk.
const STRETCH_BYTES: u64 = 256 << 10;
/// So many stretches are kept: a tree's branches lie elsewhere than its leaves, and an old page between new ones.
const STRETCHES_KEPT: usize = 16;
/// Where reading has been lately, in stretches: what comes next to one of them is read as a whole.
const PLACES_REMEMBERED: usize = 64;

/// Another disk, read in stretches.
#[derive(Debug)]
pub(crate) struct Recovering<D> {
    disk: D,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The last used in front.
    kept: VecDeque<Stretch>,
    places: VecDeque<u64>,
}

#[derive(Debug)]
struct Stretch {
    number: u64,
    bytes: Vec<u8>,
}

impl<D: StorageBackend> Recovering<D> {
    pub(crate) fn new(disk: D) -> Self {
        Self { disk, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads a whole stretch, as far as the disk goes.
    fn load(&self, state: &mut State, number: u64) -> io::Result<()> {
        let old = if state.kept.len() < STRETCHES_KEPT { None } else { state.kept.pop_back() };
        let mut bytes = old.map(|old| old.bytes).unwrap_or_default();
        let from = number * STRETCH_BYTES;
        let length = self.disk.len()?.saturating_sub(from).min(STRETCH_BYTES);
        bytes.resize(usize::try_from(length).map_err(io::Error::other)?, 0);
        self.disk.read(from, &mut bytes)?;
        state.kept.push_front(Stretch { number, bytes });
        Ok(())
    }
}

impl State {
    /// Copies what is kept of the bytes asked for; `false` where they are not.
    fn copy(&mut self, number: u64, offset: u64, out: &mut [u8]) -> bool {
        let Some(at) = self.kept.iter().position(|stretch| stretch.number == number) else { return false };
        if at > 0
            && let Some(used) = self.kept.remove(at)
        {
            self.kept.push_front(used);
        }
        let Ok(from) = usize::try_from(offset - number * STRETCH_BYTES) else { return false };
        let kept = self.kept.front().and_then(|stretch| stretch.bytes.get(from..from + out.len()));
        kept.map(|kept| out.copy_from_slice(kept)).is_some()
    }

    /// Whether reading goes along here; remembers that it was here.
    fn goes_along(&mut self, number: u64) -> bool {
        let near = self.places.iter().any(|place| number.abs_diff(*place) <= 1);
        if self.places.front() != Some(&number) {
            self.places.truncate(PLACES_REMEMBERED - 1);
            self.places.push_front(number);
        }
        near
    }
}

impl<D: StorageBackend> StorageBackend for Recovering<D> {
    fn len(&self) -> io::Result<u64> {
        self.disk.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let number = offset / STRETCH_BYTES;
        let end = offset.saturating_add(out.len() as u64);
        if end > (number + 1) * STRETCH_BYTES {
            return self.disk.read(offset, out);
        }
        let mut state = self.state();
        if state.copy(number, offset, out) {
            return Ok(());
        }
        if !state.goes_along(number) {
            return self.disk.read(offset, out);
        }
        self.load(&mut state, number)?;
        if state.copy(number, offset, out) { Ok(()) } else { self.disk.read(offset, out) }
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.state().kept.clear();
        self.disk.set_len(length)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.disk.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        // Recovery reads first and writes at its end.
        self.state().kept.clear();
        self.disk.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.disk.close()
    }
}

/// A disk that is opened more than once, one after the other.
#[derive(Clone, Debug)]
pub(crate) struct SharedDisk(pub(crate) std::sync::Arc<dyn StorageBackend>);

impl StorageBackend for SharedDisk {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(offset, data)
    }
}
