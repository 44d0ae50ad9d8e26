//! Layers: folders laid over each other, as /opt shows them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

/// Two starts at once would write to one unfinished folder.
static MERGING: Mutex<()> = Mutex::new(());

/// The folder that becomes /opt: the layer itself where there is one, a copy of all where there are several, the later
/// ones on top. None without layers.
///
/// # Errors
/// Where a layer cannot be read or copied.
pub(crate) fn merge(layers: &[PathBuf], work: &Path) -> io::Result<Option<PathBuf>> {
    match layers {
        [] => Ok(None),
        [one] => Ok(Some(one.clone())),
        several => {
            let _merging = MERGING.lock().unwrap_or_else(PoisonError::into_inner);
            let mut hasher = Sha256::new();
            for layer in several {
                hasher.update(layer.as_os_str().as_encoded_bytes());
                hasher.update([0]);
            }
            let digits: String =
                hasher.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
            let merged = work.join(&digits);
            if merged.is_dir() {
                return Ok(Some(merged));
            }
            let unfinished = work.join(format!("{digits}.unfinished"));
            let _ = fs::remove_dir_all(&unfinished);
            for layer in several {
                copy(layer, &unfinished)?;
            }
            fs::rename(&unfinished, &merged)?;
            Ok(Some(merged))
        }
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    // A link or a file that an earlier layer has there is replaced, never followed.
    if fs::symlink_metadata(to).is_ok_and(|there| !there.is_dir()) {
        fs::remove_file(to)?;
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_dir() {
            copy(&source, &target)?;
            continue;
        }
        // What an earlier layer has there is replaced, whatever it is.
        let _ = fs::remove_file(&target).or_else(|_| fs::remove_dir_all(&target));
        if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&source)?, &target)?;
        } else {
            fs::copy(&source, &target)?;
        }
    }
    Ok(())
}
