//! Folders that stand for S3's buckets: read and written for map runs, and nothing outside of them.
#![expect(
    clippy::disallowed_methods,
    reason = "a bucket is a folder of the user's, which no other room knows"
)]

use std::collections::BTreeMap;
use std::fs::File as DiskFile;
use std::io::{Read as _, Write as _};
use std::path::{Component, Path, PathBuf};
use std::time::UNIX_EPOCH;

use asl::writer::File;
use flate2::read::MultiGzDecoder;
use states::buckets::{Folders, Object};

/// A file that is read, unpacked, in bytes: its items are kept in memory while they are made into executions.
const READ_BYTES_MAX: u64 = 64 << 20;
/// Files that one list may have.
const LISTED_MAX: usize = 100_000;
/// What a file is called before it is whole.
const UNFINISHED: &str = ".trunkline-unfinished";

/// Folders by the names of the buckets that they stand for.
#[derive(Clone, Debug, Default)]
pub struct DiskFolders(BTreeMap<String, PathBuf>);

impl DiskFolders {
    /// These folders, by the names of their buckets.
    pub const fn new(folders: BTreeMap<String, PathBuf>) -> Self {
        Self(folders)
    }

    /// The folder, with no link left in its path.
    fn root(&self, bucket: &str) -> Result<PathBuf, String> {
        let folder = self.0.get(bucket).ok_or_else(|| format!("The bucket {bucket} is not served."))?;
        folder.canonicalize().map_err(|error| format!("The folder of the bucket {bucket}: {error}"))
    }
}

/// A key as a path below a folder; `None` for one that leads out of it.
fn below(root: &Path, key: &str) -> Option<PathBuf> {
    let path = Path::new(key);
    let is_plain = !key.is_empty()
        && !key.ends_with('/')
        && !key.contains('\0')
        && path.components().all(|part| matches!(part, Component::Normal(_)));
    is_plain.then(|| root.join(path))
}

fn outside(key: &str) -> String {
    format!("The key {key} leads out of its bucket's folder.")
}

/// The path itself, where no link leads out of the folder.
fn inside(root: &Path, path: &Path, key: &str) -> Result<PathBuf, String> {
    let real = path.canonicalize().map_err(|error| format!("The key {key}: {error}"))?;
    if real.starts_with(root) { Ok(real) } else { Err(outside(key)) }
}

impl Folders for DiskFolders {
    fn has(&self, bucket: &str) -> bool {
        self.0.contains_key(bucket)
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn read(&self, bucket: &str, key: &str) -> Result<String, String> {
        let root = self.root(bucket)?;
        let path = below(&root, key).ok_or_else(|| outside(key))?;
        let told = |error: std::io::Error| format!("The key {key}: {error}");
        let real = inside(&root, &path, key)?;
        // A pipe would be waited for without an end.
        if !real.is_file() {
            return Err(format!("The key {key} is no file."));
        }
        let file = DiskFile::open(real).map_err(told)?;
        let mut text = String::new();
        let read = if key.ends_with(".gz") {
            MultiGzDecoder::new(file).take(READ_BYTES_MAX + 1).read_to_string(&mut text)
        } else {
            file.take(READ_BYTES_MAX + 1).read_to_string(&mut text)
        };
        read.map_err(told)?;
        if u64::try_from(text.len()).unwrap_or(u64::MAX) > READ_BYTES_MAX {
            return Err(format!("The key {key} has more than {} MiB.", READ_BYTES_MAX >> 20));
        }
        Ok(text)
    }

    fn list(&self, bucket: &str, prefix: &str) -> Result<Vec<Object>, String> {
        let root = self.root(bucket)?;
        let (mut found, mut open) = (Vec::new(), vec![root.clone()]);
        while let Some(folder) = open.pop() {
            let entries = std::fs::read_dir(&folder).map_err(|error| format!("{bucket}: {error}"))?;
            for entry in entries.filter_map(Result::ok) {
                // Links are left out: they may lead anywhere, and in circles.
                let (Ok(kind), path) = (entry.file_type(), entry.path()) else { continue };
                let key = path.strip_prefix(&root).ok().and_then(Path::to_str).map(str::to_owned);
                let Some(key) = key else { continue };
                if kind.is_dir() && (key.starts_with(prefix) || prefix.starts_with(&format!("{key}/"))) {
                    open.push(path);
                } else if kind.is_file() && key.starts_with(prefix) && !key.ends_with(UNFINISHED) {
                    found.extend(object(key, &entry));
                }
                if found.len() > LISTED_MAX {
                    return Err(format!(
                        "The bucket {bucket} has more than {LISTED_MAX} objects under {prefix}."
                    ));
                }
            }
        }
        found.sort_by(|one, other| one.key.cmp(&other.key));
        Ok(found)
    }

    fn write(&self, bucket: &str, file: &File) -> Result<(), String> {
        let root = self.root(bucket)?;
        let path = below(&root, &file.key).ok_or_else(|| outside(&file.key))?;
        let told = |error: std::io::Error| format!("The key {}: {error}", file.key);
        let parent = path.parent().unwrap_or(&root);
        make_folders(&root, parent, &file.key)?;
        let unfinished = path.with_file_name(format!(
            "{}{UNFINISHED}",
            path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
        ));
        let mut whole = DiskFile::create(&unfinished).map_err(told)?;
        whole.write_all(file.text.as_bytes()).and_then(|()| whole.sync_all()).map_err(told)?;
        std::fs::rename(&unfinished, &path).map_err(told)?;
        // The name is on the disk with its folder.
        DiskFile::open(parent).and_then(|folder| folder.sync_all()).map_err(told)
    }
}

/// Makes the folders of a key one by one, so that none is made behind a link that leads out.
fn make_folders(root: &Path, parent: &Path, key: &str) -> Result<(), String> {
    let mut at = root.to_path_buf();
    for part in parent.strip_prefix(root).unwrap_or(Path::new("")).components() {
        at.push(part);
        match std::fs::create_dir(&at) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                return Err(format!("The key {key}: {error}"));
            }
            _ => drop(inside(root, &at, key)?),
        }
    }
    Ok(())
}

fn object(key: String, entry: &std::fs::DirEntry) -> Option<Object> {
    let about = entry.metadata().ok()?;
    let modified = about.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(Object { key, size: about.len(), modified_s: modified.as_secs() })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use asl::writer::File;
    use states::buckets::Folders as _;

    use super::DiskFolders;

    #[test]
    fn a_bucket_is_its_folder_and_nothing_outside() {
        let house = tempfile::tempdir().unwrap();
        let folder = house.path().join("in");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(house.path().join("secret"), "no").unwrap();
        let folders = DiskFolders::new(BTreeMap::from([("b".to_owned(), folder.clone())]));
        let write = |key: &str| folders.write("b", &File { key: key.to_owned(), text: "yes".to_owned() });
        write("a/b/c.json").unwrap();
        write("a/b/c.json").unwrap();
        assert_eq!(folders.read("b", "a/b/c.json").as_deref(), Ok("yes"));
        for key in ["../secret", "a/../../secret", "/etc/hosts", "", "a/", "./../secret"] {
            assert!(folders.read("b", key).is_err() && write(key).is_err(), "{key}");
        }
        std::os::unix::fs::symlink(house.path(), folder.join("link")).unwrap();
        assert!(folders.read("b", "link/secret").is_err());
        assert!(write("link/new").is_err() && write("link/new/deep").is_err());
        assert!(!house.path().join("new").exists());
        let keys: Vec<String> =
            folders.list("b", "a/").unwrap().into_iter().map(|object| object.key).collect();
        assert_eq!(keys, ["a/b/c.json"]);
        assert_eq!(folders.list("b", "").unwrap().len(), 1);
        assert!(folders.read("other", "a").is_err());
    }
}
