//! A file that is read and never written: what the engine writes while it checks stays in memory.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use redb::StorageBackend;

/// Writes are kept in blocks of so many bytes.
const BLOCK_BYTES: u64 = 4096;

/// The engine's disk for a check.
#[derive(Debug)]
pub(crate) struct Overlay {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    file: File,
    file_bytes: u64,
    length: u64,
    written: BTreeMap<u64, Vec<u8>>,
}

impl Overlay {
    #[expect(clippy::disallowed_methods, reason = "this room is the one that opens files")]
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let file_bytes = file.metadata()?.len();
        let state = State { file, file_bytes, length: file_bytes, written: BTreeMap::new() };
        Ok(Self { state: Mutex::new(state) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The file's bytes from `offset`, zeros beyond its end.
    fn read_file(&mut self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        out.fill(0);
        let there = self.file_bytes.saturating_sub(offset).min(out.len() as u64);
        if let Some(out) = usize::try_from(there).ok().and_then(|there| out.get_mut(..there)) {
            self.file.seek(SeekFrom::Start(offset))?;
            self.file.read_exact(out)?;
        }
        Ok(())
    }

    /// Calls `act` for each block that a span touches: the block, and where the span's part lies in block and span.
    fn blocks(
        offset: u64,
        length: usize,
        mut act: impl FnMut(u64, usize, usize, usize) -> io::Result<()>,
    ) -> io::Result<()> {
        let end = offset + length as u64;
        let mut at = offset;
        while at < end {
            let block = at / BLOCK_BYTES;
            let next = ((block + 1) * BLOCK_BYTES).min(end);
            let size = |bytes: u64| usize::try_from(bytes).map_err(io::Error::other);
            act(block, size(at % BLOCK_BYTES)?, size(at - offset)?, size(next - at)?)?;
            at = next;
        }
        Ok(())
    }
}

impl StorageBackend for Overlay {
    fn len(&self) -> io::Result<u64> {
        Ok(self.state().length)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let mut state = self.state();
        if offset.saturating_add(out.len() as u64) > state.length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        state.read_file(offset, out)?;
        State::blocks(offset, out.len(), |block, from, to, length| {
            let written = state.written.get(&block).and_then(|block| block.get(from..from + length));
            if let (Some(written), Some(out)) = (written, out.get_mut(to..to + length)) {
                out.copy_from_slice(written);
            }
            Ok(())
        })
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let mut state = self.state();
        // What is cut off and grown again reads as zeros.
        state.written.split_off(&length.div_ceil(BLOCK_BYTES));
        state.file_bytes = state.file_bytes.min(length);
        state.length = length;
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        State::blocks(offset, data.len(), |block, from, to, length| {
            if !state.written.contains_key(&block) {
                let mut bytes = vec![0; 4096];
                state.read_file(block * BLOCK_BYTES, &mut bytes)?;
                state.written.insert(block, bytes);
            }
            let written = state.written.get_mut(&block).and_then(|block| block.get_mut(from..from + length));
            if let (Some(written), Some(data)) = (written, data.get(to..to + length)) {
                written.copy_from_slice(data);
            }
            Ok(())
        })
    }
}
