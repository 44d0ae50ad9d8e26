//! A backup: the store, the tables' files and the functions' zips, as they were at one moment; also of a running server.
//!
//! Zips lie under their digests and are written before what names them; they are copied before and after the store, so the copy
//! holds each of those that the store's names.
//!
//! A running server is told where to write by a file in its own data folder, so that only whoever may write there can ask.

use std::fmt;
use std::path::{Path, PathBuf};

use store::backup::{copy_files, files_named, write_private};
use store::{OpenError, Options, Store};
use tables::CannotOpen;

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BackupReport {
    /// Records of the store.
    pub records: u64,
    /// Files of tables.
    pub tables: u64,
    /// Zips of functions.
    pub zips: u64,
}

/// Why there is no backup.
#[derive(Debug)]
pub enum BackupError {
    /// The store cannot be read, or the new folder holds one.
    Store(OpenError),
    /// What is stored cannot be read.
    Stored(store::Error),
    /// A file of tables cannot be copied.
    Tables(CannotOpen),
    /// The system refused.
    Io(std::io::Error),
}

impl fmt::Display for BackupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => write!(f, "{error}"),
            Self::Stored(error) => write!(f, "{error}"),
            Self::Tables(error) => write!(f, "could not copy {error}"),
            Self::Io(error) => write!(f, "could not write the backup: {error}"),
        }
    }
}

impl std::error::Error for BackupError {}

/// What the file is called that asks a running server for a backup, before its number.
const REQUEST: &str = "backup-request-";
/// The files of tables: begin and end of their names.
const TABLES: (&str, &str) = ("tables", ".sqlite");
/// The folder of functions.
const FUNCTIONS: &str = "functions";

/// Writes a backup of a data folder that nobody uses. Blocks.
///
/// # Errors
/// [`BackupError`]; [`OpenError::InUse`] in it where a server runs.
pub fn of_folder(data_dir: &Path, into: &Path) -> Result<BackupReport, BackupError> {
    if !data_dir.join("store.redb").exists() {
        let found = "it has no file 'store.redb'".to_owned();
        return Err(BackupError::Store(OpenError::NotOurs { folder: data_dir.to_path_buf(), found }));
    }
    let options = Options { leaves_secrets_sealed: true, ..Options::default() };
    let store = Store::open(data_dir, &options).map_err(BackupError::Store)?;
    of_store(&store, into)
}

/// Writes a backup of an open store and what lies beside it. Blocks.
///
/// # Errors
/// [`BackupError`].
pub fn of_store(store: &Store, into: &Path) -> Result<BackupReport, BackupError> {
    let from = store.path();
    let mut report = BackupReport::default();
    store::keep_folder_private(into).map_err(BackupError::Io)?;
    // Before and after: what nobody names any more may be swept meanwhile, and what is named then may have come meanwhile.
    report.zips = copy_zips(from, into).map_err(BackupError::Io)?;
    let frozen = {
        let pause = tables::backup::pause();
        let frozen = store.freeze().map_err(BackupError::Stored)?;
        for file in files_named(from, TABLES).map_err(BackupError::Io)? {
            let name = file.file_name().unwrap_or_default();
            tables::backup::copy(&file, &into.join(name)).map_err(BackupError::Tables)?;
            report.tables += 1;
        }
        drop(pause);
        frozen
    };
    report.records = frozen.copy_to(into).map_err(BackupError::Store)?;
    report.zips += copy_zips(from, into).map_err(BackupError::Io)?;
    for file in files_named(into, TABLES).map_err(BackupError::Io)? {
        store::keep_private(&file).map_err(BackupError::Io)?;
    }
    Ok(report)
}

/// Puts a backup where no data folder is: a copy, of which the store is checked first. Blocks.
///
/// # Errors
/// A sentence for a person.
pub fn restore(backup: &Path, data_dir: &Path) -> Result<BackupReport, String> {
    let found = store::check::check(backup).map_err(|error| error.to_string())?;
    if !found.is_clean() {
        return Err(format!(
            "the backup {} is damaged; `trunkline fsck --data-dir {}` says where",
            backup.display(),
            backup.display()
        ));
    }
    of_folder(backup, data_dir).map_err(|error| error.to_string())
}

/// The zips of all accounts and regions; what is unpacked is unpacked anew.
fn copy_zips(from: &Path, into: &Path) -> std::io::Result<u64> {
    let (from, into) = (from.join(FUNCTIONS), into.join(FUNCTIONS));
    let Ok(scopes) = std::fs::read_dir(&from) else { return Ok(0) };
    let mut copied = 0;
    for scope in scopes {
        let name = scope?.file_name();
        let zips = Path::new(&name).join("code").join("zips");
        copied += copy_files(&from.join(&zips), &into.join(&zips))?;
    }
    Ok(copied)
}

/// Asks the server of a data folder for a backup into an absolute path: the file's number, for the operation `Backup`.
///
/// # Errors
/// The system's, above all where this is somebody else's folder.
pub fn ask(data_dir: &Path, into: &Path) -> std::io::Result<String> {
    let number = crate::clock::secret();
    let beside = data_dir.join(format!("{REQUEST}{number}.new"));
    write_private(&beside, into.to_string_lossy().as_bytes())?;
    std::fs::rename(&beside, request(data_dir, &number))?;
    Ok(number)
}

/// Where a request with this number says to write; it is taken away. `None`: there is none.
pub(crate) fn take_request(data_dir: &Path, number: &str) -> Option<PathBuf> {
    let is_number = number.len() == 32 && number.bytes().all(|byte| byte.is_ascii_hexdigit());
    let path = is_number.then(|| request(data_dir, number))?;
    let into = std::fs::read_to_string(&path).ok()?;
    std::fs::remove_file(&path).ok()?;
    Some(PathBuf::from(into)).filter(|into| into.is_absolute())
}

fn request(data_dir: &Path, number: &str) -> PathBuf {
    data_dir.join(format!("{REQUEST}{number}"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use store::{Options, Read as _, Store, Table};

    use super::{ask, of_store, restore, take_request};

    /// One that no table of the product has.
    const NUMBER: u8 = 250;
    const NUMBERS: Table<u64, u64> = Table::new(NUMBER, "numbers of a test");

    fn put(store: &Store, number: u64) {
        let put = move |tx: &mut store::Tx<'_>| {
            tx.put(&NUMBERS, &number, &number);
            Ok(())
        };
        store.write(|error| error, put).wait().unwrap();
    }

    fn numbers(folder: &Path) -> usize {
        let store = Store::open(folder, &Options::default()).unwrap();
        store.read(|read| read.list(&NUMBERS, &store::KeyRange::all(), 100)).unwrap().len()
    }

    #[test]
    fn a_store_in_use_is_copied_with_what_lies_beside_it_and_put_back() {
        let dir = tempfile::tempdir().unwrap();
        let [data, backup, again] = ["data", "backup", "again"].map(|name| dir.path().join(name));
        let store = Store::open(&data, &Options::default()).unwrap();
        (0..3).for_each(|number| put(&store, number));
        let zips = data.join("functions/1-r/code/zips");
        std::fs::create_dir_all(&zips).unwrap();
        std::fs::write(zips.join("digest.zip"), "code").unwrap();
        std::fs::create_dir_all(data.join("functions/1-r/code/unpacked/digest")).unwrap();
        let report = of_store(&store, &backup).unwrap();
        assert_eq!((report.zips, report.records > 3), (1, true));
        assert!(of_store(&store, &backup).is_err(), "never over another");
        put(&store, 3);
        drop(store);
        restore(&backup, &again).unwrap();
        assert_eq!((numbers(&data), numbers(&again)), (4, 3));
        assert_eq!(
            std::fs::read_to_string(again.join("functions/1-r/code/zips/digest.zip")).unwrap(),
            "code"
        );
        assert!(restore(&backup, &again).is_err(), "a data folder is never written over");
    }

    #[test]
    fn a_running_server_is_asked_by_a_file_in_its_own_folder() {
        let dir = tempfile::tempdir().unwrap();
        let number = ask(dir.path(), Path::new("/var/backups/one")).unwrap();
        assert_eq!(take_request(dir.path(), "../../etc/passwd"), None);
        assert_eq!(take_request(dir.path(), &number).as_deref(), Some(Path::new("/var/backups/one")));
        assert_eq!(take_request(dir.path(), &number), None, "once");
        let relative = ask(dir.path(), Path::new("here")).unwrap();
        assert_eq!(take_request(dir.path(), &relative), None);
    }
}
