//! What an environment's processes write: read as it comes, so that nobody waits for a full pipe.

use std::io::{self, PipeWriter};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::unix::pipe;

use crate::log::Journal;

const READ_BYTES: usize = 64 << 10;
/// Reads in a row before others have their turn.
const READS_IN_A_ROW_MAX: usize = 16;

/// The pipe that is standard output and standard error of all processes of an environment, and its journal.
#[derive(Debug)]
pub(crate) struct Output {
    pipe: pipe::Receiver,
    journal: Mutex<Journal>,
}

/// Both ends: the writer goes to the processes.
#[derive(Debug)]
pub(crate) struct Pipe {
    pub(crate) output: Arc<Output>,
    pub(crate) writer: PipeWriter,
}

impl Output {
    pub(crate) fn open(journal: Journal) -> io::Result<Pipe> {
        let (reader, writer) = io::pipe()?;
        let pipe = pipe::Receiver::from_owned_fd(reader.into())?;
        Ok(Pipe { output: Arc::new(Self { pipe, journal: Mutex::new(journal) }), writer })
    }

    /// The journal, after all that is in the pipe by now.
    pub(crate) fn journal(&self) -> MutexGuard<'_, Journal> {
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        let mut buffer = vec![0; READ_BYTES];
        for _ in 0..READS_IN_A_ROW_MAX {
            // Past tokio, whose readiness may be old: what was written before an answer was posted is in the pipe.
            let Ok(count @ 1..) = rustix::io::read(&self.pipe, &mut buffer) else { break };
            journal.output(buffer.get(..count).unwrap_or_default());
        }
        journal
    }

    /// Reads until all processes are gone.
    pub(crate) async fn follow(&self) {
        let mut buffer = vec![0; READ_BYTES];
        while self.pipe.readable().await.is_ok() {
            if self.read_some(&mut buffer) {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Whether the pipe has ended.
    fn read_some(&self, buffer: &mut [u8]) -> bool {
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..READS_IN_A_ROW_MAX {
            match self.pipe.try_read(buffer) {
                Ok(0) => return true,
                Ok(count) => journal.output(buffer.get(..count).unwrap_or_default()),
                Err(error) => return error.kind() != io::ErrorKind::WouldBlock,
            }
        }
        false
    }
}
