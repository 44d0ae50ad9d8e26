//! Code that came as a zip: kept under its own digest, unpacked into a folder, and nothing outside of it.

use std::collections::HashSet;
use std::fmt;
use std::fs;
use std::io::{self, Cursor, Read, Write as _};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use sha2::{Digest as _, Sha256};
use zip::ZipArchive;

use crate::clock;

/// Zipped code in a request (AWS).
pub const ZIPPED_BYTES_MAX: usize = 52_428_800;
/// Code, layers included, unzipped (AWS).
pub const UNZIPPED_BYTES_MAX: u64 = 262_144_000;
/// Files and folders of a zip; more than any deployment has.
const ENTRIES_MAX: usize = 100_000;
/// The target of a link is a path.
const LINK_BYTES_MAX: u64 = 4096;

/// Why a zip is refused.
#[derive(Debug)]
pub enum CodeError {
    NotAZip,
    ZippedTooLarge,
    UnzippedTooLarge,
    /// An entry that would lie, or lead, outside of the folder.
    Outside(String),
    Io(io::Error),
}

impl fmt::Display for CodeError {
    /// AWS's words where AWS has them.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAZip => out.write_str(
                "Could not unzip uploaded file. Please check your file, then try to upload again.",
            ),
            Self::ZippedTooLarge => write!(out, "Zipped size must be smaller than {ZIPPED_BYTES_MAX} bytes"),
            Self::UnzippedTooLarge => {
                write!(out, "Unzipped size must be smaller than {UNZIPPED_BYTES_MAX} bytes")
            }
            Self::Outside(name) => write!(out, "The zip has an entry that leads out of its folder: {name}"),
            Self::Io(error) => write!(out, "the code cannot be kept: {error}"),
        }
    }
}

impl std::error::Error for CodeError {}

impl From<io::Error> for CodeError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The zips of all functions of a data folder, of all accounts and regions.
///
/// # Errors
/// Where a folder cannot be read.
pub fn check_all(data_dir: &Path) -> io::Result<CodeCheck> {
    let mut all = CodeCheck::default();
    let scopes = match fs::read_dir(data_dir.join("functions")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(all),
        scopes => scopes?,
    };
    for scope in scopes {
        let checked = check(&scope?.path().join("code"))?;
        all.whole.extend(checked.whole);
        all.damaged.extend(checked.damaged);
    }
    Ok(all)
}

/// Takes the zips along that are intact, to the same place in another data folder.
///
/// # Errors
/// Where one cannot be copied.
pub fn copy_whole(from: &Path, into: &Path, zips: &CodeCheck) -> io::Result<()> {
    for zip in &zips.whole {
        let place = into.join(zip.strip_prefix(from).unwrap_or(zip));
        fs::create_dir_all(place.parent().unwrap_or(into))?;
        fs::copy(zip, place)?;
    }
    Ok(())
}

/// Zips under their digests, and their folders. All of it blocks: call it where that is allowed.
#[derive(Clone, Debug)]
pub struct CodeStore {
    zips: PathBuf,
    folders: PathBuf,
    /// Held while a zip is kept and while one is swept: what is kept again is not swept at the same moment.
    changing: Arc<Mutex<()>>,
}

/// What a look at kept zips has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeCheck {
    /// Those whose bytes are the ones that were kept.
    pub whole: Vec<PathBuf>,
    pub damaged: Vec<PathBuf>,
}

/// Compares the zips in a folder that [`CodeStore::open`] was given with their digests; changes nothing.
///
/// # Errors
/// Where the folder cannot be read.
pub fn check(folder: &Path) -> io::Result<CodeCheck> {
    let mut checked = CodeCheck::default();
    let zips = match fs::read_dir(folder.join("zips")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(checked),
        zips => zips?,
    };
    for entry in zips {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "zip") {
            let is = digest(&fs::read(&path)?);
            let is_whole = path.file_stem().is_some_and(|stem| *stem == *is);
            if is_whole { &mut checked.whole } else { &mut checked.damaged }.push(path);
        }
    }
    checked.whole.sort();
    checked.damaged.sort();
    Ok(checked)
}

impl CodeStore {
    /// Opens the store in a folder of its own. What was unpacked before is unpacked anew when it is needed: only the zips
    /// are synced.
    ///
    /// # Errors
    /// Where the folder cannot be made or written to.
    pub fn open(folder: &Path) -> io::Result<Self> {
        // Functions have a working folder of their own: a path must mean the same there.
        let folder = std::path::absolute(folder)?;
        let store =
            Self { zips: folder.join("zips"), folders: folder.join("unpacked"), changing: Arc::default() };
        remove_folder(&store.folders)?;
        fs::create_dir_all(&store.zips)?;
        fs::create_dir_all(&store.folders)?;
        Ok(store)
    }

    /// Keeps a zip, synced under its final name, and unpacked: its digest, SHA-256 in hexadecimal digits.
    ///
    /// # Errors
    /// Where it is no zip, too large, or has entries that lead out of its folder.
    pub fn put(&self, zip: &[u8]) -> Result<String, CodeError> {
        if zip.len() > ZIPPED_BYTES_MAX {
            return Err(CodeError::ZippedTooLarge);
        }
        let digest = digest(zip);
        if !self.folders.join(&digest).is_dir() {
            self.unpack(&digest, zip)?;
        }
        let path = self.path(&digest);
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        // One that is damaged is written anew.
        if self.read(&digest).is_ok() {
            // Kept again is as good as new: it is not swept before a commit has named it.
            let now = UNIX_EPOCH + Duration::from_millis(u64::try_from(clock::now_ms()).unwrap_or_default());
            let _ = open_to_write(&path)?.set_modified(now);
        } else {
            let unfinished = path.with_extension("unfinished");
            let mut file = create(&unfinished)?;
            file.write_all(zip)?;
            file.sync_all()?;
            fs::rename(&unfinished, &path)?;
            open(&self.zips)?.sync_all()?;
        }
        Ok(digest)
    }

    /// The folder of a kept zip; unpacks it where that was not done since the start.
    ///
    /// # Errors
    /// Where it is not kept, or is damaged.
    pub fn folder(&self, digest: &str) -> Result<PathBuf, CodeError> {
        let folder = self.folders.join(digest);
        if !folder.is_dir() {
            let zip = self.read(digest)?;
            self.unpack(digest, &zip)?;
        }
        Ok(folder)
    }

    /// A kept zip, compared with its digest.
    ///
    /// # Errors
    /// Where it is not kept, or is damaged.
    pub fn read(&self, digest: &str) -> Result<Vec<u8>, CodeError> {
        let zip = fs::read(self.path(digest))?;
        if self::digest(&zip) == digest {
            return Ok(zip);
        }
        let damaged =
            format!("{} is damaged: its bytes are not those of its name", self.path(digest).display());
        Err(CodeError::Io(io::Error::new(io::ErrorKind::InvalidData, damaged)))
    }

    /// The digests of all kept zips.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    pub fn list(&self) -> io::Result<Vec<String>> {
        let mut digests = Vec::new();
        for entry in fs::read_dir(&self.zips)? {
            let name = entry?.file_name().into_string().unwrap_or_default();
            digests.extend(name.strip_suffix(".zip").map(str::to_owned));
        }
        digests.sort();
        Ok(digests)
    }

    /// Removes zips that nobody names and that were kept before the last `grace`: one that was kept just now may be named by a
    /// commit to come. What was removed.
    ///
    /// # Errors
    /// Where the folder cannot be read, or a zip cannot be removed.
    pub fn sweep(&self, named: &HashSet<String>, grace: Duration) -> io::Result<Vec<String>> {
        let before_ms = clock::now_ms().saturating_sub(i64::try_from(grace.as_millis()).unwrap_or(i64::MAX));
        let mut removed = Vec::new();
        for digest in self.list()?.into_iter().filter(|digest| !named.contains(digest)) {
            let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
            let modified = fs::metadata(self.path(&digest))?.modified()?;
            let since = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
            if i64::try_from(since.as_millis()).unwrap_or(i64::MAX) <= before_ms {
                self.remove(&digest)?;
                removed.push(digest);
            }
        }
        Ok(removed)
    }

    /// Removes a zip and its folder. Nothing is done where it is not there.
    ///
    /// # Errors
    /// Where it is there and cannot be removed.
    pub fn remove(&self, digest: &str) -> io::Result<()> {
        remove_folder(&self.folders.join(digest))?;
        match fs::remove_file(self.path(digest)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn path(&self, digest: &str) -> PathBuf {
        self.zips.join(format!("{digest}.zip"))
    }

    fn unpack(&self, digest: &str, zip: &[u8]) -> Result<(), CodeError> {
        let unfinished = self.folders.join(format!("{digest}.unfinished"));
        remove_folder(&unfinished)?;
        fs::create_dir_all(&unfinished)?;
        if let Err(error) = unpack(zip, &unfinished) {
            remove_folder(&unfinished)?;
            return Err(error);
        }
        match fs::rename(&unfinished, self.folders.join(digest)) {
            // Somebody else was quicker with the same bytes.
            Err(_) if self.folders.join(digest).is_dir() => Ok(remove_folder(&unfinished)?),
            done => Ok(done?),
        }
    }
}

/// SHA-256 in hexadecimal digits.
fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A link of the zip, to be made after all files are written, so that no file is written through one.
struct Link {
    path: PathBuf,
    target: PathBuf,
    name: String,
}

fn unpack(zip: &[u8], folder: &Path) -> Result<(), CodeError> {
    let mut archive = ZipArchive::new(Cursor::new(zip)).map_err(|_| CodeError::NotAZip)?;
    if archive.len() > ENTRIES_MAX {
        return Err(CodeError::UnzippedTooLarge);
    }
    let mut left = UNZIPPED_BYTES_MAX;
    let mut links = Vec::new();
    for number in 0..archive.len() {
        let mut entry = archive.by_index(number).map_err(|_| CodeError::NotAZip)?;
        let Ok(name) = entry.name().map(std::borrow::Cow::into_owned) else { return Err(CodeError::NotAZip) };
        let Some(inside) = entry.enclosed_name() else { return Err(CodeError::Outside(name)) };
        let path = folder.join(inside);
        let mode = entry.unix_mode();
        if entry.is_dir() {
            fs::create_dir_all(&path).map_err(clash)?;
        } else if entry.is_symlink() {
            let mut target = String::new();
            entry.take(LINK_BYTES_MAX).read_to_string(&mut target).map_err(|_| CodeError::NotAZip)?;
            links.push(Link { path, target: PathBuf::from(target), name });
        } else {
            left = write_entry(&mut entry, &path, left)?;
            // What is there can be read, whatever the zip says; AWS would only find out at the first invocation.
            let mode = mode.unwrap_or(0o644) & 0o777 | 0o400;
            fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
        }
    }
    make_links(&links, folder)
}

/// Writes one file; what is left of the bytes that are allowed.
fn write_entry(entry: &mut impl Read, path: &Path, left: u64) -> Result<u64, CodeError> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(clash)?;
    }
    let mut file = create(path).map_err(clash)?;
    // One byte more than allowed, so that a bomb is found by what it gives and not by what it says.
    let written = io::copy(&mut entry.take(left.saturating_add(1)), &mut file).map_err(|error| {
        let is_damage = matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput)
            || error.kind() == io::ErrorKind::UnexpectedEof;
        if is_damage { CodeError::NotAZip } else { CodeError::Io(error) }
    })?;
    left.checked_sub(written).ok_or(CodeError::UnzippedTooLarge)
}

/// Two entries that want to be one thing are the zip's mistake, whatever else goes wrong is the disk's.
fn clash(error: io::Error) -> CodeError {
    use io::ErrorKind::{AlreadyExists, InvalidFilename, IsADirectory, NotADirectory};
    let is_clash = matches!(error.kind(), AlreadyExists | InvalidFilename | IsADirectory | NotADirectory);
    if is_clash { CodeError::NotAZip } else { CodeError::Io(error) }
}

fn make_links(links: &[Link], folder: &Path) -> Result<(), CodeError> {
    for link in links {
        if link.target.is_absolute() {
            return Err(CodeError::Outside(link.name.clone()));
        }
        let parent = link.path.parent().unwrap_or(folder);
        // Nothing is made through a link, which may lead anywhere until all of them have been followed below.
        if parent.ancestors().take_while(|above| *above != folder).any(Path::is_symlink) {
            return Err(CodeError::Outside(link.name.clone()));
        }
        fs::create_dir_all(parent).map_err(clash)?;
        symlink(&link.target, &link.path).map_err(clash)?;
    }
    // Only now, as a link may lead over another one.
    let folder = fs::canonicalize(folder)?;
    for link in links {
        match fs::canonicalize(&link.path) {
            Ok(target) if target.starts_with(&folder) => {}
            // A link to nothing is harmless, and common in node_modules, unless it says where out there nothing is.
            Err(_) if stays_inside(link, &folder) => {}
            _ => return Err(CodeError::Outside(link.name.clone())),
        }
    }
    Ok(())
}

fn stays_inside(link: &Link, folder: &Path) -> bool {
    let parent = link.path.parent().and_then(|parent| fs::canonicalize(parent).ok());
    let Some(parent) = parent.filter(|parent| parent.starts_with(folder)) else { return false };
    let depth = parent.components().count().saturating_sub(folder.components().count());
    let ups = link.target.components().filter(|part| matches!(part, std::path::Component::ParentDir)).count();
    ups <= depth
}

fn remove_folder(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[expect(clippy::disallowed_methods, reason = "code is kept as files, outside the store")]
fn create(path: &Path) -> io::Result<fs::File> {
    fs::File::create(path)
}

#[expect(clippy::disallowed_methods, reason = "code is kept as files, outside the store")]
fn open_to_write(path: &Path) -> io::Result<fs::File> {
    fs::File::options().write(true).open(path)
}

#[expect(clippy::disallowed_methods, reason = "a folder is synced through its own handle")]
fn open(path: &Path) -> io::Result<fs::File> {
    fs::File::open(path)
}
