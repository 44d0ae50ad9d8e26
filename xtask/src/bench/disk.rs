//! What the disk can do without us: the figures that a durable pipeline is measured against.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::machine::{self, Outcome};

const RECORD: [u8; 1024] = [b'r'; 1024];
const BLOCK_BYTES: usize = 1 << 20;
const SEQUENTIAL_BLOCKS: u32 = 256;

/// Synced appends of 1 KiB each.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Raw {
    /// Syncs a second of one writer that waits for each.
    pub(crate) syncs_1: f64,
    /// Records a second of 16 writers that share syncs.
    pub(crate) records_16: f64,
    /// Records a second of 256 writers that share syncs.
    pub(crate) records_256: f64,
    /// Megabytes a second of one long write, its sync included.
    pub(crate) sequential_mb: f64,
}

/// Measures in `folder`, for `duration` each.
///
/// # Errors
/// When the disk does.
pub(crate) fn measure(folder: &Path, duration: Duration) -> Outcome<Raw> {
    Ok(Raw {
        syncs_1: group_commit(folder, 1, duration)?,
        records_16: group_commit(folder, 16, duration)?,
        records_256: group_commit(folder, 256, duration)?,
        sequential_mb: sequential(folder)?,
    })
}

/// Syncs a second of one thread that appends 1 KiB and syncs, again and again: no hand-over between threads, so the most
/// that anybody who waits for each sync can reach.
///
/// # Errors
/// When the disk fails.
pub(crate) fn syncs(folder: &Path, duration: Duration) -> Outcome<f64> {
    let mut file = probe(folder)?;
    let start = machine::now();
    let mut count = 0;
    while start.elapsed() < duration {
        file.write_all(&RECORD).and_then(|()| file.sync_data()).map_err(|error| error.to_string())?;
        count += 1;
    }
    Ok(rate(count, start.elapsed().as_secs_f64()))
}

/// Records a second of so many writers that share syncs.
///
/// # Errors
/// When the disk fails.
pub(crate) fn records(folder: &Path, writers: usize, duration: Duration) -> Outcome<f64> {
    group_commit(folder, writers, duration)
}

#[derive(Debug, Default)]
struct Log {
    pending: Vec<u8>,
    /// Records handed in so far.
    given: u64,
    /// Records on disk.
    synced: u64,
    ended: bool,
    broken: Option<String>,
}

#[derive(Debug, Default)]
struct Shared {
    log: Mutex<Log>,
    given: Condvar,
    synced: Condvar,
}

/// Records a second: each writer hands in one and waits for its sync; one thread writes and syncs all that came meanwhile.
fn group_commit(folder: &Path, writers: usize, duration: Duration) -> Outcome<f64> {
    let mut file = probe(folder)?;
    let shared = Shared::default();
    let start = machine::now();
    thread::scope(|scope| {
        for _ in 0..writers {
            scope.spawn(|| while start.elapsed() < duration && append(&shared) {});
        }
        scope.spawn(|| {
            machine::pause(duration);
            let mut log = shared.log.lock().unwrap_or_else(PoisonError::into_inner);
            log.ended = true;
            shared.given.notify_all();
        });
        sync_all(&shared, &mut file);
    });
    let seconds = start.elapsed().as_secs_f64();
    let log = shared.log.into_inner().unwrap_or_else(PoisonError::into_inner);
    match log.broken {
        Some(error) => Err(error),
        None => Ok(rate(log.synced, seconds)),
    }
}

/// Hands in one record and waits until it is on disk; false once the disk has failed.
fn append(shared: &Shared) -> bool {
    let mut log = shared.log.lock().unwrap_or_else(PoisonError::into_inner);
    log.pending.extend_from_slice(&RECORD);
    log.given += 1;
    let mine = log.given;
    shared.given.notify_one();
    let log = shared.synced.wait_while(log, |log| log.synced < mine && log.broken.is_none());
    log.unwrap_or_else(PoisonError::into_inner).broken.is_none()
}

fn sync_all(shared: &Shared, file: &mut File) {
    loop {
        let log = shared.log.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = shared.given.wait_while(log, |log| log.given == log.synced && !log.ended);
        let mut log = waited.unwrap_or_else(PoisonError::into_inner);
        if log.given == log.synced {
            return;
        }
        let batch = std::mem::take(&mut log.pending);
        let given = log.given;
        drop(log);
        let written = file.write_all(&batch).and_then(|()| file.sync_data());
        let mut log = shared.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.synced = given;
        log.broken = written.err().map(|error| error.to_string());
        shared.synced.notify_all();
        if log.broken.is_some() {
            return;
        }
    }
}

fn sequential(folder: &Path) -> Outcome<f64> {
    let mut file = probe(folder)?;
    let block = vec![b's'; BLOCK_BYTES];
    let start = machine::now();
    for _ in 0..SEQUENTIAL_BLOCKS {
        file.write_all(&block).map_err(|error| error.to_string())?;
    }
    file.sync_data().map_err(|error| error.to_string())?;
    Ok(f64::from(SEQUENTIAL_BLOCKS) * 1.048_576 / start.elapsed().as_secs_f64())
}

fn probe(folder: &Path) -> Outcome<File> {
    let path = folder.join("probe");
    machine::create_file(&path).map_err(|error| format!("{}: {error}", path.display()))
}

/// Per second.
pub(crate) fn rate(count: u64, seconds: f64) -> f64 {
    if seconds > 0.0 { count as f64 / seconds } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::group_commit;

    #[test]
    fn every_writer_is_answered_and_the_measurement_ends() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(group_commit(folder.path(), 8, Duration::from_millis(20)).expect("the disk works") > 0.0);
    }
}
