//! What can go wrong with the store, said so that a person knows what to do.

use std::fmt;
use std::path::PathBuf;

use aws::service::StorageErrors;

/// Why a read or a write did not happen. Nothing of a failed write is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The disk is nearly full: what adds data is refused, what frees data still works (contract C10).
    DiskFull {
        /// Bytes that are left.
        available_bytes: u64,
        /// Bytes that are kept back for deletes and receives.
        reserve_bytes: u64,
    },
    /// The file system has become read-only: nothing can be written, and what is there can be read.
    ReadOnly,
    /// A sync or a write failed, or the engine could not go on; nothing is acknowledged any more until a restart
    /// (contract C8).
    Stopped {
        /// The operating system's or the engine's words.
        cause: String,
    },
    /// A stored value is not what was written (contract C9).
    Damaged {
        /// The table's name.
        table: &'static str,
        /// The key, in hexadecimal.
        key: String,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DiskFull { available_bytes, reserve_bytes } => write!(
                f,
                "the disk of the data folder is full: {available_bytes} bytes are left and {reserve_bytes} are kept back so that receives and deletes go on; free some space, or delete messages, and send again"
            ),
            Self::ReadOnly => f.write_str(
                "the file system of the data folder is read-only: nothing can be written until it is mounted for writing again, and reads go on",
            ),
            Self::Stopped { cause } => write!(
                f,
                "the store has stopped ({cause}); nothing is acknowledged any more: mend the disk and restart, everything acknowledged before is kept"
            ),
            Self::Damaged { table, key } => {
                write!(
                    f,
                    "a stored value in table '{table}' under key {key} is damaged and is not served; stop, copy the data folder, and run `trunkline fsck`"
                )
            }
        }
    }
}

impl std::error::Error for Error {}

impl Error {
    /// What a service answers to this failure, by its own codes.
    pub fn answer(&self, codes: StorageErrors) -> aws::Error {
        match self {
            Self::DiskFull { .. } | Self::ReadOnly => aws::Error::receiver(codes.full, 503, self.to_string()),
            Self::Stopped { .. } | Self::Damaged { .. } => {
                aws::Error::receiver(codes.failed, 500, self.to_string())
            }
        }
    }
}

/// Why a data folder could not be opened.
#[derive(Debug)]
pub enum OpenError {
    /// Another process has it open.
    InUse {
        /// The folder.
        folder: PathBuf,
        /// What the other process wrote about itself, if it can be read.
        holder: Option<String>,
    },
    /// It was written by a newer Trunkline.
    NewerFormat {
        /// The folder.
        folder: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format that this binary knows.
        known: u32,
    },
    /// It was written by an older Trunkline, in a format that this one only exports.
    OlderFormat {
        /// The folder.
        folder: PathBuf,
        /// Its format.
        found: u32,
        /// The format that this binary serves.
        served: u32,
    },
    /// Its secrets are sealed with a key that was not given, or with another one.
    Sealed {
        /// The folder.
        folder: PathBuf,
        /// No key was given.
        is_missing: bool,
    },
    /// Its format file is not one of ours.
    NotOurs {
        /// The folder.
        folder: PathBuf,
        /// What was found there.
        found: String,
    },
    /// The operating system refused.
    Io {
        /// What was tried, for example `create the folder /x`.
        action: String,
        /// Its words.
        source: std::io::Error,
    },
    /// A folder that is to take what is saved holds a store already.
    NotEmpty {
        /// The folder.
        folder: PathBuf,
    },
    /// What is in the file is not what was written (contract C9): nothing of it is served.
    Damaged {
        /// The file.
        file: PathBuf,
        /// What the engine met.
        cause: String,
    },
    /// The storage engine refused.
    Engine {
        /// The file.
        file: PathBuf,
        /// Its words.
        cause: String,
    },
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUse { folder, holder } => {
                write!(f, "the data folder {} is in use by another Trunkline", folder.display())?;
                if let Some(holder) = holder {
                    write!(f, " ({holder})")?;
                }
                f.write_str("; stop it, or name another folder with --data-dir")
            }
            Self::NewerFormat { folder, found, known } => write!(
                f,
                "the data folder {} has format {found}, and this Trunkline knows formats up to {known}; use the newer Trunkline that wrote it, or name another folder with --data-dir",
                folder.display()
            ),
            Self::OlderFormat { folder, found, served } => write!(
                f,
                "the data folder {0} has format {found}, and this Trunkline serves format {served}; `trunkline fsck --data-dir {0} --salvage-to NEW_DIR` writes everything in it into a new folder and leaves the old one as it is: then start with --data-dir NEW_DIR",
                folder.display()
            ),
            Self::Sealed { folder, is_missing } => write!(
                f,
                "the secrets in the data folder {} are sealed with {}; name its file with --secret-key-file",
                folder.display(),
                if *is_missing { "a key" } else { "another key" }
            ),
            Self::NotOurs { folder, found } => write!(
                f,
                "the folder {} is no data folder of Trunkline ({found}); name another one with --data-dir",
                folder.display()
            ),
            Self::Io { action, source } => write!(f, "could not {action}: {source}"),
            Self::NotEmpty { folder } => {
                write!(f, "the folder {} holds a store already; name a new one", folder.display())
            }
            Self::Damaged { file, cause } => write!(
                f,
                "the store {} is damaged and is not served ({cause}); copy the data folder, then run `trunkline fsck`: it names what is damaged, and saves the rest with --salvage-to",
                file.display()
            ),
            Self::Engine { file, cause } => write!(f, "could not open {}: {cause}", file.display()),
        }
    }
}

impl std::error::Error for OpenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::InUse { .. }
            | Self::NewerFormat { .. }
            | Self::OlderFormat { .. }
            | Self::NotOurs { .. }
            | Self::Sealed { .. }
            | Self::NotEmpty { .. }
            | Self::Damaged { .. }
            | Self::Engine { .. } => None,
        }
    }
}
