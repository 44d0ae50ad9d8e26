//! Why a file of tables cannot be used.

use std::fmt;

/// Why a file of tables could not be opened, in the engine's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CannotOpen(pub String);

impl fmt::Display for CannotOpen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CannotOpen {}
