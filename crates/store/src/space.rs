//! How much space is left: on the disk, and inside the engine's file.
//!
//! The engine's file does not shrink when records go; their pages are used again. So a disk that the store itself has
//! filled has room again as soon as messages have been deleted, although the disk looks as full as before.

use std::path::PathBuf;

use redb::Database;

use crate::error::Error;
use crate::guard::engine;

/// The space of one store. Bytes inside the file are counted from what jobs put and remove since it was opened.
#[derive(Debug)]
pub(crate) struct Space {
    /// Where to ask for free space and the file's length; `None` on a simulated disk.
    paths: Option<Paths>,
    reserve_bytes: u64,
    /// Bytes removed since the file held the most, less bytes put: what it can take again. Less than there is, because
    /// pages are whole; more than there is by what the file has shrunk since.
    freed_bytes: u64,
    /// The file's length when that was last looked at.
    file_bytes: u64,
}

#[derive(Debug)]
pub(crate) struct Paths {
    pub(crate) folder: PathBuf,
    pub(crate) file: PathBuf,
}

impl Space {
    /// The space of an open database. Where the disk is full already, the engine counts its free pages, which takes as
    /// long as reading the file; otherwise nothing needs to be known yet.
    pub(crate) fn of(database: &Database, paths: Option<Paths>, reserve_bytes: u64) -> Self {
        let mut space = Self { paths, reserve_bytes, freed_bytes: 0, file_bytes: 0 };
        space.file_bytes = space.file_length();
        if space.full().is_some() {
            let used = || -> Result<u64, redb::Error> {
                let transaction = database.begin_write()?;
                let stats = transaction.stats()?;
                transaction.abort()?;
                Ok(stats.allocated_pages().saturating_mul(stats.page_size() as u64))
            };
            // Where it cannot tell, there is no room but what is deleted from now on.
            space.freed_bytes = engine(used).map_or(0, |used| space.file_bytes.saturating_sub(used));
        }
        space
    }

    /// A value of `bytes` has gone.
    pub(crate) fn removed(&mut self, bytes: usize) {
        self.freed_bytes = self.freed_bytes.saturating_add(bytes as u64);
    }

    /// A value of `bytes` has come.
    pub(crate) fn put(&mut self, bytes: usize) {
        self.freed_bytes = self.freed_bytes.saturating_sub(bytes as u64);
    }

    /// Whether the file system takes no writes any more: the system makes one read-only when its disk fails.
    pub(crate) fn is_read_only(&self) -> bool {
        let stat = self.paths.as_ref().and_then(|paths| rustix::fs::statvfs(&paths.folder).ok());
        stat.is_some_and(|stat| stat.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY))
    }

    /// The refusal of what adds data, where there is no room for it. One or two system calls; the answer holds for a
    /// whole commit, which the reserve is large enough for.
    pub(crate) fn full(&mut self) -> Option<Error> {
        let paths = self.paths.as_ref()?;
        // A file system that cannot tell its free space is taken to have some; a write that fails then stops the store.
        let stat = rustix::fs::statvfs(&paths.folder).ok()?;
        let available_bytes = stat.f_bavail.saturating_mul(stat.f_frsize);
        if available_bytes >= self.reserve_bytes {
            return None;
        }
        let length = self.file_length();
        // What the file has given back to the disk is counted there.
        self.freed_bytes = self.freed_bytes.saturating_sub(self.file_bytes.saturating_sub(length));
        self.file_bytes = length;
        // Half of it, because free pages need not be where a large value fits; and never the last of the reserve, which
        // receives and deletes need.
        let room = available_bytes.saturating_add(self.freed_bytes / 2);
        let enough = available_bytes >= self.reserve_bytes / 4 && room >= self.reserve_bytes;
        (!enough).then_some(Error::DiskFull { available_bytes, reserve_bytes: self.reserve_bytes })
    }

    fn file_length(&self) -> u64 {
        let metadata = self.paths.as_ref().and_then(|paths| std::fs::metadata(&paths.file).ok());
        metadata.map_or(self.file_bytes, |metadata| metadata.len())
    }
}
