//! A user's own folder of code: whether it was changed since the last invocation.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Folders that are the work of package managers and interpreters: big, and changed together with their parent's files.
const SKIPPED: &[&str] = &["node_modules", "__pycache__", ".git", ".venv", "site-packages"];

/// A number that changes when a file of the folder is added, removed or changed. Of the folders that package managers fill
/// only their own entries count.
pub(crate) fn fingerprint(folder: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        let mut entries: Vec<_> = entries.flatten().collect();
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name();
            if name == "__pycache__" {
                continue;
            }
            // Through links: a linked file is edited like any other.
            let Ok(is) = fs::metadata(entry.path()) else { continue };
            let is_entered = is.is_dir() && !SKIPPED.iter().any(|skipped| name == *skipped);
            name.hash(&mut hasher);
            if is.is_dir() && is_entered {
                // Its own moment changes with __pycache__, which the function's start makes.
                folders.extend(entry.file_type().is_ok_and(|kind| kind.is_dir()).then(|| entry.path()));
            } else {
                (is.mtime(), is.mtime_nsec(), is.ino(), if is.is_dir() { 0 } else { is.len() })
                    .hash(&mut hasher);
            }
        }
    }
    hasher.finish()
}
