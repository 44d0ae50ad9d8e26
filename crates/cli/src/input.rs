//! The user's own files, named as arguments: the one place of this room that opens files.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use aws::secret::Secret;
use aws::sigv4::Credentials;

/// What editors of Windows put before a text. It is no part of it, and no JSON.
const BYTE_ORDER_MARK: char = '\u{FEFF}';

/// Reads a text argument: JSON as it stands, `-` for standard input, else a file's name. What begins with `{` or `[` is
/// taken for JSON, also where it is none that will do, so that the complaint is about it and not about a missing file.
/// A byte-order mark at the beginning is dropped.
///
/// # Errors
/// A sentence that names the file and the system's words.
pub(crate) fn text_argument(argument: &str) -> Result<String, String> {
    let given = unmarked(argument);
    if given.trim_start().starts_with(['{', '[']) {
        return Ok(given.to_owned());
    }
    if argument == "-" {
        let mut text = String::new();
        return match std::io::stdin().read_to_string(&mut text) {
            Ok(_) => Ok(unmarked(&text).to_owned()),
            Err(e) => Err(format!("could not read standard input: {e}")),
        };
    }
    file(Path::new(argument)).map(|text| unmarked(&text).to_owned())
}

fn unmarked(text: &str) -> &str {
    text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text)
}

/// Reads a file as UTF-8 text.
///
/// # Errors
/// A sentence that names the file and the system's words.
pub(crate) fn file(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|e| format!("could not read {}: {e}", path.display()))
}

/// Reads what to call a door with from the first line of a file: an access key id and its secret, or a token.
///
/// # Errors
/// A sentence that names the file and shows no secret.
pub(crate) fn credentials(path: &Path) -> Result<Credentials, String> {
    let text = file(path)?;
    let line = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    let mut words = line.unwrap_or_default().split_whitespace();
    match (words.next(), words.next(), words.next()) {
        (Some(token), None, None) => Ok(Credentials {
            access_key_id: "trunkline".to_owned(),
            secret_access_key: Secret::default(),
            session_token: Some(Secret::new(token)),
        }),
        (Some(id), Some(secret), None) => Ok(Credentials {
            access_key_id: id.to_owned(),
            secret_access_key: Secret::new(secret),
            session_token: None,
        }),
        _ => Err(format!("{}: the first line is no access key id and secret, and no token", path.display())),
    }
}

/// Writes a file that must not be there yet.
///
/// # Errors
/// A sentence that says what is in the way.
pub(crate) fn write_new(path: &Path, text: &str) -> Result<(), String> {
    let written = create_new(path)?.write_all(text.as_bytes());
    written.map_err(|e| format!("could not write {}: {e}", path.display()))
}

/// Makes a folder, if it is not there yet.
///
/// # Errors
/// A sentence that names it and the system's words.
pub(crate) fn make_folder(path: &Path) -> Result<(), String> {
    std::fs::create_dir_all(path).map_err(|e| format!("could not make {}: {e}", path.display()))
}

/// Writes a file that must not be there yet below a folder, which is made where it is missing.
///
/// # Errors
/// A sentence that says what is in the way.
pub(crate) fn write_in(folder: &Path, path: &str, text: &str) -> Result<(), String> {
    let path = folder.join(path);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(|e| format!("could not make {}: {e}", parent.display()))?;
    }
    write_new(&path, text)
}

/// Makes a file that must not be there yet.
///
/// # Errors
/// A sentence that says what is in the way.
#[expect(clippy::disallowed_methods, reason = "the user named this file on the command line")]
pub(crate) fn create_new(path: &Path) -> Result<File, String> {
    OpenOptions::new().write(true).create_new(true).open(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::AlreadyExists => {
            format!(
                "{} already exists and is left unchanged; name another file, or move it away",
                path.display()
            )
        }
        _ => format!("could not write {}: {e}", path.display()),
    })
}

/// A folder of its own for as long as it is needed.
#[derive(Debug)]
pub(crate) struct ScratchFolder(PathBuf);

/// How many this process has made.
static MADE: AtomicU32 = AtomicU32::new(0);

impl ScratchFolder {
    /// Makes one among the system's temporary files.
    ///
    /// # Errors
    /// A sentence with the system's words.
    pub(crate) fn new() -> Result<Self, String> {
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("trunkline-test-{}-{number}", std::process::id()));
        let mut builder = std::fs::DirBuilder::new();
        // Nobody else's business.
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path).map_err(|e| format!("could not make {}: {e}", path.display()))?;
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for ScratchFolder {
    fn drop(&mut self) {
        // What is left of it among temporary files does no harm.
        drop(std::fs::remove_dir_all(&self.0));
    }
}
