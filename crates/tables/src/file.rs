//! The files of tables in a data folder, checked while nobody serves them.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

/// So many sentences about damage in one file are told.
const SENTENCES_MAX: u32 = 100;

/// What a check of one file of tables found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileReport {
    /// The file.
    pub file: PathBuf,
    /// Its length in bytes, without what still lies in its write-ahead log.
    pub file_bytes: u64,
    /// What is wrong in the engine's words, at most 100 sentences; none where nothing is. Pages have no checksums: damage that
    /// leaves the structure of the file whole is not found.
    pub damage: Vec<String>,
}

/// The files of tables in a data folder, in the order of their names.
///
/// # Errors
/// The folder cannot be read.
pub fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let is_ours = path
            .file_stem()
            .and_then(OsStr::to_str)
            .is_some_and(|stem| stem == "tables" || stem.starts_with("tables-"));
        if is_ours && path.extension() == Some(OsStr::new("sqlite")) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Checks the structure of every file of tables in a folder, by SQLite's `integrity_check`
/// (<https://www.sqlite.org/pragma.html#pragma_integrity_check>). Changes nothing. Blocks.
///
/// # Errors
/// The folder cannot be read.
pub fn check(folder: &Path) -> io::Result<Vec<FileReport>> {
    files(folder)?.into_iter().map(|file| check_file(&file)).collect()
}

fn check_file(file: &Path) -> io::Result<FileReport> {
    let file_bytes = std::fs::metadata(file)?.len();
    let damage = damage_in(file).unwrap_or_else(|error| vec![error.to_string()]);
    Ok(FileReport { file: file.to_owned(), file_bytes, damage })
}

fn damage_in(file: &Path) -> rusqlite::Result<Vec<String>> {
    let connection = open_to_read(file)?;
    let mut statement = connection.prepare(&format!("PRAGMA integrity_check({SENTENCES_MAX})"))?;
    let sentences = statement.query_map((), |row| row.get::<_, String>(0))?;
    let sentences: Vec<String> = sentences.collect::<rusqlite::Result<_>>()?;
    Ok(if sentences == ["ok"] { Vec::new() } else { sentences })
}

fn open_to_read(file: &Path) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
}
