//! Opening the storage engine: recovery after a crash, and a check of every page before anything is served.
//!
//! redb keeps a checksum of every page in the page above it, but looks at them only when it has to recover: after a clean
//! end it would serve a page that has changed since. So a file that was closed cleanly is checked here, up to a length
//! that takes about a second; what is in a longer one is checked record by record as it is read, and by `fsck`.

use std::fs::File;
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use redb::backends::FileBackend;
use redb::{Builder, Database, DatabaseError, StorageBackend};

use crate::error::OpenError;
use crate::guard::guarded;
use crate::keyspace::{self, Layout, Sequence};
use crate::recovering::{Recovering, SharedDisk};
use crate::slots::Slots;

/// Memory for the pages of a check.
const CHECK_CACHE_BYTES: usize = 64 << 20;

/// The longest closed file that is checked page by page before it is served.
const CHECKED_BYTES_MAX: u64 = 512 << 20;
/// From this length on, a file that must be read to its end is read ahead.
const READ_AHEAD_BYTES_MIN: u64 = 64 << 20;
/// So much is asked for at a time.
const READ_AHEAD_STEP: u64 = 8 << 20;

/// An open database, and the numbers to go on with.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) database: Database,
    pub(crate) sequence: Sequence,
    /// Recovery has left out the newest commit, which was not whole.
    pub(crate) dropped_commit: bool,
}

/// Makes the engine's file.
pub(crate) fn create(file: &Path, cache_bytes: usize) -> Result<Database, OpenError> {
    attempt(file, || builder(cache_bytes).create(file))
}

/// Opens the engine's file, recovers what a crash left, and checks what a clean end left.
pub(crate) fn open(file: &Path, cache_bytes: usize) -> Result<Opened, OpenError> {
    let length = std::fs::metadata(file).map_or(0, |metadata| metadata.len());
    let (long, mut recovered) = (length >= READ_AHEAD_BYTES_MIN, false);
    let slots = || Slots::of_file(file).ok().flatten();
    let before = slots();
    if long && attempt(file, || -> Result<_, redb::Error> { Ok(needs_recovery(&on_file(file)?)?) })? {
        read_ahead(file, length);
        recover(file, || on_file(file))?;
        recovered = true;
    }
    let checked_already = recovered || length > CHECKED_BYTES_MAX;
    let disk = Disk { file, checked: checked_already, before, slots: &slots };
    checked(disk, cache_bytes, |builder| builder.create(file))
}

/// As [`open`], on another disk than a file.
pub(crate) fn open_on(disk: impl StorageBackend, cache_bytes: usize) -> Result<Opened, OpenError> {
    let (disk, file) = (SharedDisk(Arc::new(disk)), Path::new("disk"));
    let killed = attempt(file, || needs_recovery(&disk).map_err(redb::Error::from))?;
    let looked_at = disk.clone();
    let slots = || Slots::of(&looked_at).ok().flatten();
    let before = slots();
    if killed {
        recover(file, || Ok(disk.clone()))?;
    }
    let disk_of_it = Disk { file, checked: killed, before, slots: &slots };
    checked(disk_of_it, cache_bytes, |builder| builder.create_with_backend(disk))
}

/// The engine's way to a file.
#[expect(clippy::disallowed_methods, reason = "this room is the one that opens files")]
fn on_file(file: &Path) -> Result<FileBackend, DatabaseError> {
    let file = File::options().read(true).write(true).open(file).map_err(redb::StorageError::Io)?;
    FileBackend::new(file)
}

/// Whether the engine will want to recover: bit 1 of byte 9 is set while a file is open (redb 4's `docs/design.md`). Only a
/// hint; the engine looks itself.
fn needs_recovery(disk: &impl StorageBackend) -> std::io::Result<bool> {
    let mut byte = [0];
    if disk.len()? <= 9 {
        return Ok(false);
    }
    disk.read(9, &mut byte)?;
    disk.close()?;
    Ok(byte[0] & 2 != 0)
}

/// Recovers what a crash left and closes it again. Recovery reads everything twice and nothing more often, so the engine's
/// cache would only be filled and emptied: a third of the time.
fn recover<D: StorageBackend>(
    file: &Path,
    disk: impl FnOnce() -> Result<D, DatabaseError>,
) -> Result<(), OpenError> {
    let recovered = attempt(file, || builder(0).create_with_backend(Recovering::new(disk()?)))?;
    forget(recovered);
    Ok(())
}

/// What is opened, and whether its pages were looked at just now or are too many for that.
struct Disk<'f> {
    file: &'f Path,
    checked: bool,
    /// The commit slots before anything was recovered.
    before: Option<Slots>,
    /// What they say now.
    slots: &'f dyn Fn() -> Option<Slots>,
}

fn checked(
    Disk { file, checked, before, slots }: Disk<'_>,
    cache_bytes: usize,
    open: impl FnOnce(&Builder) -> Result<Database, DatabaseError>,
) -> Result<Opened, OpenError> {
    let recovered = Arc::new(AtomicBool::new(false));
    let noticed = Arc::clone(&recovered);
    let mut builder = builder(cache_bytes);
    builder.set_repair_callback(move |_| noticed.store(true, Ordering::Relaxed));
    let mut database = attempt(file, || open(&builder))?;
    let dropped_commit = before.zip(slots()).is_some_and(|(before, after)| before.is_dropped(&after));
    if !recovered.load(Ordering::Relaxed) && !checked {
        let intact = attempt(file, || database.check_integrity());
        if !matches!(intact, Ok(true)) {
            // It must not tidy up what it has not understood.
            forget(database);
            return Err(intact.err().unwrap_or_else(|| books_do_not_match(file)));
        }
    }
    match attempt(file, || keyspace::prepare(&database)) {
        Ok(sequence) => Ok(Opened { database, sequence, dropped_commit }),
        Err(error) => {
            forget(database);
            Err(error)
        }
    }
}

/// Asks the system to have the file's pages in memory before the engine comes for them, one after the other: recovery
/// waits for the disk otherwise. Only a wish: what goes wrong here shows when the engine reads.
fn read_ahead(file: &Path, length: u64) {
    if length < READ_AHEAD_BYTES_MIN {
        return;
    }
    let Ok(file) = open_to_read(file) else { return };
    let ask = move || {
        for offset in (0..length).step_by(usize::try_from(READ_AHEAD_STEP).unwrap_or(usize::MAX)) {
            let step = NonZero::new(READ_AHEAD_STEP);
            if rustix::fs::fadvise(&file, offset, step, rustix::fs::Advice::WillNeed).is_err() {
                return;
            }
        }
    };
    drop(std::thread::Builder::new().name("store-read-ahead".to_owned()).spawn(ask));
}

#[expect(clippy::disallowed_methods, reason = "this room is the one that opens files")]
fn open_to_read(file: &Path) -> std::io::Result<File> {
    File::open(file)
}

/// What the engine says of a file.
#[derive(Debug)]
pub(crate) struct Verdict {
    /// Whether it was closed.
    pub(crate) closed: bool,
    /// Why it is refused, if it is.
    pub(crate) refusal: Option<String>,
}

/// What the engine says of a disk that `file` is on; `disk` must take its writes and keep them to itself.
pub(crate) fn verify(file: &Path, disk: impl StorageBackend, layout: Layout) -> Verdict {
    let recovered = Arc::new(AtomicBool::new(false));
    let noticed = Arc::clone(&recovered);
    let opened = guarded(|| {
        let mut builder = builder(CHECK_CACHE_BYTES);
        builder.set_repair_callback(move |_| noticed.store(true, Ordering::Relaxed));
        let mut database = attempt(file, || builder.create_with_backend(disk))?;
        if !attempt(file, || database.check_integrity())? {
            return Err(books_do_not_match(file));
        }
        match layout {
            Layout::Scoped => attempt(file, || keyspace::prepare(&database)).map(drop),
            Layout::Unscoped => Ok(()),
        }
    });
    let refusal = match opened {
        Ok(Ok(())) => None,
        Ok(Err(OpenError::Damaged { cause, .. } | OpenError::Engine { cause, .. })) | Err(cause) => {
            Some(cause)
        }
        Ok(Err(error)) => Some(error.to_string()),
    };
    Verdict { closed: !recovered.load(Ordering::Relaxed), refusal }
}

fn books_do_not_match(file: &Path) -> OpenError {
    OpenError::Damaged {
        file: file.to_path_buf(),
        cause: "the engine's own books do not match its pages".to_owned(),
    }
}

fn builder(cache_bytes: usize) -> Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(cache_bytes);
    builder
}

/// Closes a database that did not pass; what its closing says no longer counts.
fn forget(database: Database) {
    let _ = guarded(|| drop(database));
}

/// An engine's call on a file that may be damaged.
pub(crate) fn attempt<T, E: Into<redb::Error>>(
    file: &Path,
    act: impl FnOnce() -> Result<T, E>,
) -> Result<T, OpenError> {
    let file = file.to_path_buf();
    match guarded(act).map(|outcome| outcome.map_err(Into::into)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(redb::Error::Corrupted(cause))) | Err(cause) => Err(OpenError::Damaged { file, cause }),
        Ok(Err(error)) => Err(OpenError::Engine { file, cause: error.to_string() }),
    }
}
