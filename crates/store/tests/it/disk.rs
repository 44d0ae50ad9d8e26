//! A simulated disk that loses power: what was not synced is dropped, torn at 512 bytes, or kept, sector by sector.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use redb::StorageBackend;

/// What a disk writes at once or not at all.
const SECTOR_BYTES: u64 = 512;

/// A disk. Clones are the same disk; what it holds outlives the store that was on it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// What a reader sees.
    view: Vec<u8>,
    /// Every version that a sector has had since the last sync, the safe one first, then as they were written.
    unsynced: BTreeMap<u64, Vec<Vec<u8>>>,
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
    pub(crate) fn holding(bytes: &[u8]) -> Self {
        let state = State { view: bytes.to_vec(), ..State::default() };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    /// From now on it says that it has synced when it has not: the disk that the tests must not believe.
    pub(crate) fn lie(&self) {
        self.state.lock().unwrap().lies = true;
    }

    /// Operations that changed something since the disk was made.
    pub(crate) fn operations(&self) -> u64 {
        self.state.lock().unwrap().operations
    }

    /// From now on, power is lost at the `nth` operation (1 is the next one); `None`: never.
    pub(crate) fn lose_power_after(&self, nth: Option<u64>) {
        let mut state = self.state.lock().unwrap();
        state.lose_power_at = nth.map(|nth| state.operations + nth);
    }

    /// The disk after power has come back: each sector not synced has one of its versions, chosen by `choose(n)` from
    /// `0..n`.
    pub(crate) fn after_power_loss(&self, mut choose: impl FnMut(usize) -> usize) -> Self {
        let state = self.state.lock().unwrap();
        let mut bytes = state.view.clone();
        if !state.lengths.is_empty() {
            bytes.resize(state.lengths[choose(state.lengths.len())], 0);
        }
        for (sector, versions) in &state.unsynced {
            let from = usize::try_from(sector * SECTOR_BYTES).unwrap();
            let content = &versions[choose(versions.len())];
            if content.is_empty() {
                // Beyond the end of the safe file: it was never written.
                let to = (from + usize::try_from(SECTOR_BYTES).unwrap()).min(bytes.len());
                if let Some(hole) = bytes.get_mut(from..to) {
                    hole.fill(0);
                }
                continue;
            }
            if bytes.len() < from + content.len() {
                bytes.resize(from + content.len(), 0);
            }
            bytes[from..from + content.len()].copy_from_slice(content);
        }
        let state = State { view: bytes, ..State::default() };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    /// Counts one operation; an error if power is lost at it, or was.
    fn operate(state: &mut State) -> io::Result<()> {
        state.operations += 1;
        if state.lose_power_at.is_some_and(|at| state.operations >= at) {
            state.dead = true;
        }
        Self::alive(state)
    }

    fn alive(state: &State) -> io::Result<()> {
        if state.dead { Err(io::Error::other("power lost")) } else { Ok(()) }
    }
}

impl State {
    /// What a sector holds; empty beyond the end.
    fn sector(&self, sector: u64) -> Vec<u8> {
        let start = usize::try_from(sector * SECTOR_BYTES).unwrap().min(self.view.len());
        let stop = (start + usize::try_from(SECTOR_BYTES).unwrap()).min(self.view.len());
        self.view[start..stop].to_vec()
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        let state = self.state.lock().unwrap();
        Self::alive(&state)?;
        Ok(state.view.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.state.lock().unwrap();
        Self::alive(&state)?;
        let from = usize::try_from(offset).unwrap();
        let bytes = state.view.get(from..from + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(bytes);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.state.lock().unwrap();
        let length = usize::try_from(len).unwrap();
        if state.lengths.is_empty() {
            let safe = state.view.len();
            state.lengths.push(safe);
        }
        state.lengths.push(length);
        let outcome = Self::operate(&mut state);
        if outcome.is_ok() {
            state.view.resize(length, 0);
        }
        outcome
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.state.lock().unwrap();
        Self::operate(&mut state)?;
        if !state.lies {
            state.unsynced.clear();
            state.lengths.clear();
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.state.lock().unwrap();
        // Recorded before the power is lost: a write that was under way may have reached the disk in part.
        let from = usize::try_from(offset).unwrap();
        let end = from + data.len();
        let sectors = offset / SECTOR_BYTES..=(end as u64 - 1) / SECTOR_BYTES;
        for sector in sectors.clone() {
            let safe = state.sector(sector);
            state.unsynced.entry(sector).or_insert_with(|| vec![safe]);
        }
        if state.view.len() < end {
            state.view.resize(end, 0);
        }
        state.view[from..end].copy_from_slice(data);
        for sector in sectors {
            let written = state.sector(sector);
            state.unsynced.entry(sector).or_default().push(written);
        }
        Self::operate(&mut state)
    }
}
