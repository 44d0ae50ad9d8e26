//! The data folder: its lock, its format number, and the paths inside it.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError, read_to_string};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::error::OpenError;

/// The format of everything in the folder, as docs/format.md describes it. Raised when an older Trunkline could not
/// read what this one writes.
pub const FORMAT: u32 = 2;

/// The format whose keys had no scope: `fsck` reads it and writes it over, and nothing else does.
pub(crate) const UNSCOPED: u32 = 1;

const STORE_FILE: &str = "store.redb";
const FORMAT_PREFIX: &str = "trunkline format ";

/// An open data folder. The lock goes with the value, or with the process.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// The format that it says. That is written last when a folder is made, so one that says it holds a store.
    format: Option<u32>,
    _lock: File,
}

impl Folder {
    /// Makes the folder where it is missing, takes its lock and checks its format.
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        make(path).map_err(|source| io("create the data folder", path, source))?;
        let folder = Self::of_any_format(path)?;
        match folder.format {
            Some(found) if found < FORMAT => {
                Err(OpenError::OlderFormat { folder: folder.path, found, served: FORMAT })
            }
            Some(_) | None => Ok(folder),
        }
    }

    fn of_any_format(path: &Path) -> Result<Self, OpenError> {
        let lock = take_lock(path)?;
        let format = format_of(path)?;
        Ok(Self { path: path.to_path_buf(), format, _lock: lock })
    }

    /// A folder that must be there and hold a store, of this format or an older one; nothing is made.
    pub(crate) fn existing(path: &Path) -> Result<Self, OpenError> {
        if !path.join(STORE_FILE).exists() {
            return Err(OpenError::NotOurs {
                folder: path.to_path_buf(),
                found: format!("it has no file '{STORE_FILE}'"),
            });
        }
        Self::of_any_format(path)
    }

    /// Its format; one that says none is of the newest.
    pub(crate) fn format(&self) -> u32 {
        self.format.unwrap_or(FORMAT)
    }

    /// Where the engine's file is or will be.
    pub(crate) fn store_file(&self) -> PathBuf {
        self.path.join(STORE_FILE)
    }

    /// Whether the engine's file is there.
    pub(crate) fn has_store(&self) -> bool {
        self.store_file().exists()
    }

    /// The engine's file. In a new folder `make` makes it beside and it is moved into place when it is whole, and only
    /// then the folder's format is written: a crash in a folder's first second leaves no half of one.
    ///
    /// A store that is gone or empty in a folder that had one is refused: to make a new one in its place would lose
    /// everything that was acknowledged without a word.
    pub(crate) fn engine_file(
        &self,
        make: impl FnOnce(&Path) -> Result<(), OpenError>,
    ) -> Result<PathBuf, OpenError> {
        let path = self.store_file();
        let damaged = |cause: &str| Err(OpenError::Damaged { file: path.clone(), cause: cause.to_owned() });
        match std::fs::metadata(&path) {
            Ok(found) if found.len() == 0 => return damaged("it is empty"),
            Ok(_) => {}
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(io("look at", &path, source));
            }
            Err(_) if self.format.is_some() => {
                return damaged(
                    "it is missing, and its folder is not new; where that is meant, remove the file 'format' too",
                );
            }
            Err(_) => self.make_store(&path, make)?,
        }
        // One that an earlier version has made may be everybody's to read. A read-only disk keeps what it has.
        drop(keep_private(&path));
        if self.format.is_none() {
            write_format(&self.path, &self.path.join("format"))?;
        }
        Ok(path)
    }

    fn make_store(
        &self,
        path: &Path,
        make: impl FnOnce(&Path) -> Result<(), OpenError>,
    ) -> Result<(), OpenError> {
        let beside = self.path.join("store.redb.new");
        match std::fs::remove_file(&beside) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(io("remove", &beside, source));
            }
            Ok(()) | Err(_) => {}
        }
        keep_private(&beside).map_err(|source| io("create", &beside, source))?;
        make(&beside)?;
        self.move_into_place(&beside, path)
    }

    fn move_into_place(&self, beside: &Path, path: &Path) -> Result<(), OpenError> {
        std::fs::rename(beside, path).map_err(|source| io("move into place", path, source))?;
        sync_folder(&self.path).map_err(|source| io("sync", &self.path, source))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether others than its owner may look into it.
    pub(crate) fn is_open(&self) -> bool {
        is_open(&self.path)
    }
}

/// Makes a folder that only its owner can look into: secrets of connections lie in it as they are. One that is there already
/// keeps its mode.
fn make(path: &Path) -> std::io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Makes sure that a file of the data folder is there and is its owner's alone, whatever the folder's mode is.
///
/// # Errors
/// The system's.
#[expect(clippy::disallowed_methods, reason = "this room is the one that opens files")]
pub fn keep_private(path: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = file.metadata()?.permissions().mode();
        if mode & 0o077 != 0 {
            file.set_permissions(std::fs::Permissions::from_mode(mode & 0o700))?;
        }
    }
    Ok(())
}

/// Makes sure that a folder inside the data folder is there and is its owner's alone.
///
/// # Errors
/// The system's.
pub fn keep_folder_private(path: &Path) -> std::io::Result<()> {
    make(path)?;
    #[cfg(unix)]
    if is_open(path) {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Whether others than its owner may look into a folder. Where there are no modes, nobody else is told of.
#[cfg(unix)]
fn is_open(folder: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(folder).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open(_folder: &Path) -> bool {
    false
}

#[expect(clippy::disallowed_methods, reason = "this room is the one that opens files")]
fn take_lock(folder: &Path) -> Result<File, OpenError> {
    let path = folder.join("lock");
    // Where that fails, opening it says why.
    drop(keep_private(&path));
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(&path)
        .map_err(|source| io("open the lock", &path, source))?;
    match file.try_lock() {
        Ok(()) => {
            // The note is for the person who meets the lock; the lock itself is the operating system's, and holds on a full
            // disk without it.
            let note = format!("process {}", std::process::id());
            let written = file
                .set_len(0)
                .and_then(|()| file.seek(SeekFrom::Start(0)))
                .and_then(|_| file.write_all(note.as_bytes()));
            drop(written);
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let holder = file.read_to_string(&mut holder).ok().map(|_| holder).filter(|h| !h.is_empty());
            Err(OpenError::InUse { folder: folder.to_path_buf(), holder })
        }
        Err(TryLockError::Error(source)) => Err(io("lock", &path, source)),
    }
}

/// The format that a folder says, if it says one; one that this Trunkline does not know is refused.
fn format_of(folder: &Path) -> Result<Option<u32>, OpenError> {
    let path = folder.join("format");
    match read_to_string(&path) {
        Ok(text) => {
            let found = text.trim().strip_prefix(FORMAT_PREFIX).and_then(|number| number.parse::<u32>().ok());
            match found {
                Some(found) if found > FORMAT => {
                    Err(OpenError::NewerFormat { folder: folder.to_path_buf(), found, known: FORMAT })
                }
                Some(found) => Ok(Some(found)),
                None => Err(OpenError::NotOurs {
                    folder: folder.to_path_buf(),
                    found: format!("its file 'format' does not begin with '{FORMAT_PREFIX}' and a number"),
                }),
            }
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(io("read", &path, source)),
    }
}

/// Writes the format number beside, syncs it, and moves it into place: a crash leaves either none or a whole one.
#[expect(clippy::disallowed_methods, reason = "this room is the one that opens files")]
fn write_format(folder: &Path, path: &Path) -> Result<(), OpenError> {
    let beside = folder.join("format.new");
    let written = keep_private(&beside)
        .and_then(|()| File::create(&beside))
        .and_then(|mut file| {
            file.write_all(format!("{FORMAT_PREFIX}{FORMAT}\n").as_bytes())?;
            file.sync_all()
        })
        .and_then(|()| std::fs::rename(&beside, path))
        .and_then(|()| sync_folder(folder));
    written.map_err(|source| io("write", path, source))
}

/// Makes a move inside a folder safe.
#[expect(clippy::disallowed_methods, reason = "this room is the one that opens files")]
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

fn io(action: &str, path: &Path, source: std::io::Error) -> OpenError {
    OpenError::Io { action: format!("{action} {}", path.display()), source }
}

#[cfg(test)]
mod tests {
    use super::{FORMAT, Folder};
    use crate::error::OpenError;

    #[test]
    fn a_newer_format_is_refused_with_a_sentence() {
        let dir = tempfile::tempdir().unwrap();
        drop(Folder::open(dir.path()).unwrap());
        std::fs::write(dir.path().join("format"), format!("trunkline format {}\n", FORMAT + 1)).unwrap();
        let error = Folder::open(dir.path()).unwrap_err();
        assert!(matches!(error, OpenError::NewerFormat { .. }), "{error}");
        assert!(error.to_string().contains("use the newer Trunkline"), "{error}");
    }

    #[test]
    fn an_older_format_is_refused_with_the_command_that_writes_it_over() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("format"), "trunkline format 1\n").unwrap();
        let error = Folder::open(dir.path()).unwrap_err();
        assert!(matches!(error, OpenError::OlderFormat { found: 1, .. }), "{error}");
        assert!(error.to_string().contains("--salvage-to NEW_DIR"), "{error}");
    }

    /// An empty file was taken for a new store: everything acknowledged was gone, and nothing said so.
    #[test]
    fn a_store_that_is_empty_or_gone_is_not_taken_for_a_new_one() {
        let make = |path: &std::path::Path| {
            std::fs::write(path, "a store").unwrap();
            Ok(())
        };
        let dir = tempfile::tempdir().unwrap();
        let store = Folder::open(dir.path()).unwrap().engine_file(make).unwrap();
        std::fs::write(&store, "").unwrap();
        let empty = Folder::open(dir.path()).unwrap().engine_file(make).unwrap_err();
        assert!(empty.to_string().contains("it is empty"), "{empty}");
        assert!(empty.to_string().contains("trunkline fsck"), "{empty}");
        std::fs::remove_file(&store).unwrap();
        let gone = Folder::open(dir.path()).unwrap().engine_file(make).unwrap_err();
        assert!(matches!(gone, OpenError::Damaged { .. }), "{gone}");
        assert!(gone.to_string().contains("it is missing"), "{gone}");
        assert!(!store.exists());
    }

    /// The store was everybody's to read, secrets included, wherever the folder was.
    #[cfg(unix)]
    #[test]
    fn files_are_their_owners_alone_whatever_the_folder_is() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let set = |path: &std::path::Path, mode| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        set(dir.path(), 0o755);
        let make = |path: &std::path::Path| {
            std::fs::write(path, "a store").unwrap();
            Ok(())
        };
        let open = || {
            let folder = Folder::open(dir.path()).unwrap();
            assert!(folder.is_open());
            folder.engine_file(make).unwrap()
        };
        let store = open();
        let all = [store.clone(), dir.path().join("lock"), dir.path().join("format")];
        assert_eq!(all.each_ref().map(|path| mode(path)), [0o600; 3]);
        set(&store, 0o644);
        open();
        assert_eq!(mode(&store), 0o600, "one that an earlier version made");
    }

    #[test]
    fn a_folder_whose_making_was_cut_off_is_made_again() {
        let dir = tempfile::tempdir().unwrap();
        let half = |path: &std::path::Path| {
            std::fs::write(path, "half a st").unwrap();
            Err(OpenError::Engine { file: path.to_path_buf(), cause: "cut off".to_owned() })
        };
        Folder::open(dir.path()).unwrap().engine_file(half).unwrap_err();
        let whole = |path: &std::path::Path| {
            assert_eq!(std::fs::read_to_string(path).unwrap(), "", "nothing of the half is left");
            std::fs::write(path, "a store").unwrap();
            Ok(())
        };
        let store = Folder::open(dir.path()).unwrap().engine_file(whole).unwrap();
        // Cut off between the store and the format: the store is there, and it is kept.
        std::fs::remove_file(dir.path().join("format")).unwrap();
        Folder::open(dir.path()).unwrap().engine_file(half).unwrap();
        assert_eq!(std::fs::read_to_string(store).unwrap(), "a store");
        assert!(dir.path().join("format").exists());
    }

    #[test]
    fn a_second_holder_is_named_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let _first = Folder::open(dir.path()).unwrap();
        let error = Folder::open(dir.path()).unwrap_err();
        assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
    }

    #[test]
    fn somebody_elses_folder_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("format"), "a recipe").unwrap();
        assert!(matches!(Folder::open(dir.path()).unwrap_err(), OpenError::NotOurs { .. }));
        assert_eq!(std::fs::read_to_string(dir.path().join("format")).unwrap(), "a recipe");
    }
}
