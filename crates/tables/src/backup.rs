//! Copies of a file of tables as it is at one moment.

use std::fmt;
use std::path::Path;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use rusqlite::{Connection, OpenFlags};

use crate::cannot_open::CannotOpen;

/// Held for reading by each operation, and for writing while copies begin: they are then of one moment with the store's.
static AT_WORK: RwLock<()> = RwLock::new(());

/// While it lives, no table of this process changes.
#[derive(Debug)]
pub struct Pause(#[expect(dead_code, reason = "it is held, not read")] RwLockWriteGuard<'static, ()>);

/// Waits for the operations at work, and keeps others waiting. Blocks.
pub fn pause() -> Pause {
    Pause(AT_WORK.write().unwrap_or_else(PoisonError::into_inner))
}

pub(crate) fn at_work() -> RwLockReadGuard<'static, ()> {
    AT_WORK.read().unwrap_or_else(PoisonError::into_inner)
}

/// Copies a file of tables, which may be in use, to a file that is not there yet. Blocks.
///
/// # Errors
/// [`CannotOpen`] with SQLite's words.
pub fn copy(file: &Path, to: &Path) -> Result<(), CannotOpen> {
    let refuse = |why: &dyn fmt::Display| CannotOpen(format!("the tables in {}: {why}", file.display()));
    let name = to.to_str().ok_or_else(|| refuse(&"the copy's name is not UTF-8"))?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags).map_err(|error| refuse(&error))?;
    connection.execute("VACUUM INTO ?1", [name]).map_err(|error| refuse(&error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::copy;

    #[test]
    fn a_copy_is_whole_while_the_file_is_in_use_and_takes_no_ones_place() {
        let dir = tempfile::tempdir().unwrap();
        let (file, to) = (dir.path().join("tables.sqlite"), dir.path().join("copy.sqlite"));
        let used = Connection::open(&file).unwrap();
        used.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (n); INSERT INTO t VALUES (1), (2);")
            .unwrap();
        copy(&file, &to).unwrap();
        used.execute_batch("INSERT INTO t VALUES (3)").unwrap();
        let sum = |file| {
            Connection::open(file).unwrap().query_row("SELECT sum(n) FROM t", [], |row| row.get::<_, i64>(0))
        };
        assert_eq!((sum(&to).unwrap(), sum(&file).unwrap()), (3, 6));
        assert!(copy(&file, &to).is_err());
    }
}
