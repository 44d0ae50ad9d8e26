//! The files of AWS's tools: configuration, credentials, tokens. The one place of this room where a file is read.

use std::fs;
use std::io;

/// The text of a file; none where there is no such file.
///
/// # Errors
/// A sentence where it is there and cannot be read.
pub(crate) fn text(path: &str) -> Result<Option<String>, String> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("{path} cannot be read: {error}")),
    }
}

/// The text of a file that must be there, without the white space around it.
///
/// # Errors
/// A sentence.
pub(crate) fn token(path: &str) -> Result<String, String> {
    let text = text(path)?.ok_or_else(|| format!("{path} does not exist"))?;
    match text.trim() {
        "" => Err(format!("{path} is empty")),
        token => Ok(token.to_owned()),
    }
}
