//! The lock of a runner's folder: each launcher holds it until its processes are ended, so that a runner that comes after one
//! that was killed knows when nothing of that one runs any more.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

const NAME: &str = "lock";
/// A launcher whose runner is gone ends its processes within milliseconds; one that does not is not waited for.
const WAITED_MAX: Duration = Duration::from_secs(5);
const LOOKED_EVERY: Duration = Duration::from_millis(2);

/// Whether processes of the folder's last runner may still be at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Predecessors {
    /// None is.
    Gone,
    /// Some may be: they were waited for in vain.
    Unknown,
}

pub(crate) fn path(folder: &Path) -> PathBuf {
    folder.join(NAME)
}

#[expect(clippy::disallowed_methods, reason = "a file that nothing is read from, and that holds no data")]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Held by the launcher until it ends.
pub(crate) fn hold(path: &Path) -> io::Result<File> {
    let file = open(path)?;
    file.lock_shared()?;
    Ok(file)
}

/// Waits until no launcher of the folder's last runner is left. Blocks, for milliseconds where one was killed just now.
pub(crate) fn wait(folder: &Path) -> Predecessors {
    let Ok(file) = open(&path(folder)) else {
        // No runner was here, or one of before there was a lock: that one is long gone.
        return Predecessors::Gone;
    };
    let mut waited = Duration::ZERO;
    loop {
        match file.try_lock() {
            Ok(()) => return Predecessors::Gone,
            Err(TryLockError::WouldBlock) if waited < WAITED_MAX => pause(),
            Err(_) => return Predecessors::Unknown,
        }
        waited += LOOKED_EVERY;
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a launcher that ends wakes nobody, and a wait without an end has no way out"
)]
fn pause() {
    thread::sleep(LOOKED_EVERY);
}

/// Makes the lock of a new runner.
pub(crate) fn make(folder: &Path) -> io::Result<PathBuf> {
    let path = path(folder);
    fs::write(&path, b"")?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::{Predecessors, hold, make, wait};

    #[test]
    fn who_holds_it_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(wait(folder.path()), Predecessors::Gone, "nobody was here");
        let path = make(folder.path()).unwrap();
        let (one, other) = (hold(&path).unwrap(), hold(&path).unwrap());
        let waiting = std::thread::spawn({
            let folder = folder.path().to_path_buf();
            move || wait(&folder)
        });
        drop(one);
        assert!(!waiting.is_finished(), "one is still there");
        drop(other);
        assert_eq!(waiting.join().unwrap(), Predecessors::Gone);
    }
}
