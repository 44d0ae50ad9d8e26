//! A simulated disk that loses power: what was not synced is dropped, torn at 512 bytes, or kept, sector by sector.
//!
//! For proofs, like the engine's own backend in memory; nothing that is served lies on one.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::StorageBackend;

/// What a disk writes at once or not at all.
const SECTOR_BYTES: usize = 512;

/// A disk. Clones are the same disk; what it holds outlives the store that was on it.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// What a reader sees.
    view: Vec<u8>,
    /// Every version that a sector has had since the last sync, the safe one first, then as they were written.
    unsynced: BTreeMap<usize, Vec<Vec<u8>>>,
    /// Lengths that the file has had since the last sync, the safe one first.
    lengths: Vec<usize>,
    /// Operations that change something, so far.
    operations: u64,
    /// Power is lost at this one.
    lose_power_at: Option<u64>,
    dead: bool,
    /// Whether it says that it has synced when it has not.
    lies: bool,
}

impl Disk {
    /// A disk that holds `bytes`, all of them safe.
    pub fn holding(bytes: &[u8]) -> Self {
        Self::of(bytes.to_vec())
    }

    fn of(view: Vec<u8>) -> Self {
        Self { state: Arc::new(Mutex::new(State { view, ..State::default() })) }
    }

    /// From now on it says that it has synced when it has not: the disk that the tests must not believe.
    pub fn lie(&self) {
        self.lock().lies = true;
    }

    /// Operations that changed something since the disk was made.
    pub fn operations(&self) -> u64 {
        self.lock().operations
    }

    /// From now on, power is lost at the `nth` operation (1 is the next one); `None`: never.
    pub fn lose_power_after(&self, nth: Option<u64>) {
        let mut state = self.lock();
        state.lose_power_at = nth.map(|nth| state.operations.saturating_add(nth));
    }

    /// Whether power has been lost.
    pub fn is_dead(&self) -> bool {
        self.lock().dead
    }

    /// Whoever is at work on it is killed: nothing of theirs reaches it any more.
    pub fn die(&self) {
        self.lock().dead = true;
    }

    /// What a reader sees of it, as one number: the same bytes give the same.
    pub fn checksum(&self) -> u32 {
        crc32fast::hash(&self.lock().view)
    }

    /// The disk after power has come back: each sector not synced has one of its versions, chosen by `choose(n)` from
    /// `0..n`. Always the last one: as after a kill, when the system goes on and writes all that it was given.
    pub fn after_power_loss(&self, mut choose: impl FnMut(usize) -> usize) -> Self {
        let state = self.lock();
        let mut bytes = state.view.clone();
        if !state.lengths.is_empty() {
            let length = state.lengths.get(choose(state.lengths.len()));
            bytes.resize(length.copied().unwrap_or_default(), 0);
        }
        for (sector, versions) in &state.unsynced {
            let from = sector.saturating_mul(SECTOR_BYTES);
            let Some(content) = versions.get(choose(versions.len())) else { continue };
            if content.is_empty() {
                // Beyond the end of the safe file: it was never written.
                let to = from.saturating_add(SECTOR_BYTES).min(bytes.len());
                if let Some(hole) = bytes.get_mut(from..to) {
                    hole.fill(0);
                }
                continue;
            }
            let end = from.saturating_add(content.len());
            if bytes.len() < end {
                bytes.resize(end, 0);
            }
            if let Some(place) = bytes.get_mut(from..end) {
                place.copy_from_slice(content);
            }
        }
        Self::of(bytes)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Counts one operation; an error if power is lost at it, or was.
    fn operate(&mut self) -> io::Result<()> {
        self.operations = self.operations.saturating_add(1);
        if self.lose_power_at.is_some_and(|at| self.operations >= at) {
            self.dead = true;
        }
        self.alive()
    }

    fn alive(&self) -> io::Result<()> {
        if self.dead { Err(io::Error::other("power lost")) } else { Ok(()) }
    }

    /// What a sector holds; empty beyond the end.
    fn sector(&self, sector: usize) -> Vec<u8> {
        let start = sector.saturating_mul(SECTOR_BYTES).min(self.view.len());
        let stop = start.saturating_add(SECTOR_BYTES).min(self.view.len());
        self.view.get(start..stop).unwrap_or_default().to_vec()
    }
}

fn place(offset: u64) -> io::Result<usize> {
    usize::try_from(offset).map_err(io::Error::other)
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        let state = self.lock();
        state.alive()?;
        Ok(state.view.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.lock();
        state.alive()?;
        let from = place(offset)?;
        let bytes = state.view.get(from..from.saturating_add(out.len()));
        out.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.lock();
        state.alive()?;
        let length = place(len)?;
        if state.lengths.is_empty() {
            let safe = state.view.len();
            state.lengths.push(safe);
        }
        state.lengths.push(length);
        state.operate()?;
        state.view.resize(length, 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.lock();
        state.operate()?;
        if !state.lies {
            state.unsynced.clear();
            state.lengths.clear();
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.lock();
        state.alive()?;
        if data.is_empty() {
            return state.operate();
        }
        // Recorded before the power is lost: a write that was under way may have reached the disk in part.
        let from = place(offset)?;
        let end = from.saturating_add(data.len());
        let sectors = from / SECTOR_BYTES..end.div_ceil(SECTOR_BYTES);
        for sector in sectors.clone() {
            let safe = state.sector(sector);
            state.unsynced.entry(sector).or_insert_with(|| vec![safe]);
        }
        if state.view.len() < end {
            state.view.resize(end, 0);
        }
        if let Some(place) = state.view.get_mut(from..end) {
            place.copy_from_slice(data);
        }
        for sector in sectors {
            let written = state.sector(sector);
            state.unsynced.entry(sector).or_default().push(written);
        }
        state.operate()
    }
}
