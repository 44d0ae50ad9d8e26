//! Copies of a store as it was at one moment, and of the files beside it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use redb::{Database, ReadTransaction, ReadableDatabase, ReadableTable};

use crate::engine;
use crate::error::{Error, OpenError};
use crate::folder::{Folder, keep_folder_private, keep_private};
use crate::guard::engine as guarded_engine;
use crate::keyspace::KEYSPACE;
use crate::store::Store;

/// Records written in one commit of a copy.
const RECORDS_PER_COMMIT: usize = 4_096;
/// Bytes written in one commit of a copy, about.
const BYTES_PER_COMMIT: usize = 16 << 20;
/// Memory for the pages of a copy.
const CACHE_BYTES: usize = 32 << 20;

/// A store at one moment, whatever is written after it.
pub struct FrozenStore {
    transaction: ReadTransaction,
}

impl std::fmt::Debug for FrozenStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FrozenStore").finish_non_exhaustive()
    }
}

impl Store {
    /// The store as it is now.
    ///
    /// # Errors
    /// The engine's.
    pub fn freeze(&self) -> Result<FrozenStore, Error> {
        let open = || -> Result<_, redb::Error> { Ok(self.database().begin_read()?) };
        let transaction = guarded_engine(open).map_err(|cause| Error::Stopped { cause })?;
        Ok(FrozenStore { transaction })
    }
}

impl FrozenStore {
    /// Writes it into a folder that holds no store: how many records. Blocks.
    ///
    /// # Errors
    /// [`OpenError`]: the folder holds a store or cannot be written, or what is stored cannot be read.
    pub fn copy_to(&self, folder: &Path) -> Result<u64, OpenError> {
        let new = Folder::open(folder)?;
        if new.has_store() {
            return Err(OpenError::NotEmpty { folder: folder.to_path_buf() });
        }
        let mut records = 0;
        new.engine_file(|path| {
            let database = engine::create(path, CACHE_BYTES)?;
            records = engine::attempt(path, || self.write_to(&database))?;
            Ok(())
        })?;
        Ok(records)
    }

    fn write_to(&self, database: &Database) -> Result<u64, redb::Error> {
        let table = self.transaction.open_table(KEYSPACE)?;
        let mut rest = table.iter()?;
        let mut records = 0;
        loop {
            let transaction = database.begin_write()?;
            let (mut count, mut bytes) = (0, 0);
            let mut copy = transaction.open_table(KEYSPACE)?;
            for record in rest.by_ref() {
                let (key, value) = record?;
                bytes += key.value().len() + value.value().len();
                copy.insert(key.value(), value.value())?;
                count += 1;
                if count >= RECORDS_PER_COMMIT || bytes >= BYTES_PER_COMMIT {
                    break;
                }
            }
            drop(copy);
            transaction.commit()?;
            records += count as u64;
            if count == 0 {
                return Ok(records);
            }
        }
    }
}

/// Copies the regular files of a folder, and of the folders in it, each synced and its owner's alone. What is there already stays.
/// How many.
///
/// # Errors
/// The system's.
pub fn copy_files(from: &Path, to: &Path) -> io::Result<u64> {
    let entries = match std::fs::read_dir(from) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    keep_folder_private(to)?;
    let mut copied = 0;
    for entry in entries {
        let entry = entry?;
        let (kind, target) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() {
            copied += copy_files(&entry.path(), &target)?;
        } else if kind.is_file() && !target.exists() {
            copy_file(&entry.path(), &target)?;
            copied += 1;
        }
    }
    Ok(copied)
}

/// Copies one file, synced and its owner's alone.
///
/// # Errors
/// The system's.
#[expect(clippy::disallowed_methods, reason = "this room is the one that opens files")]
pub fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    keep_private(to)?;
    let mut source = File::open(from)?;
    let mut target = OpenOptions::new().write(true).truncate(true).open(to)?;
    io::copy(&mut source, &mut target)?;
    target.sync_all()
}

/// Writes a small file that is its owner's alone.
///
/// # Errors
/// The system's.
#[expect(clippy::disallowed_methods, reason = "this room is the one that opens files")]
pub fn write_private(path: &Path, text: &[u8]) -> io::Result<()> {
    keep_private(path)?;
    OpenOptions::new().write(true).truncate(true).open(path)?.write_all(text)
}

/// The files in a folder whose names begin and end so.
///
/// # Errors
/// The system's.
pub fn files_named(folder: &Path, (begin, end): (&str, &str)) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_wanted = name.to_str().is_some_and(|name| name.starts_with(begin) && name.ends_with(end));
        if is_wanted && entry.file_type()?.is_file() {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}
