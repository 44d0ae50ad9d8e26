//! Reads the pipeline file, and the files that it names, from disk.

use std::fs;
use std::path::Path;

/// The most bytes of a pipeline file.
pub(crate) const TEXT_BYTES_MAX: usize = 1 << 20;
/// The most bytes of a secret.
const SECRET_BYTES_MAX: u64 = 64 << 10;

/// The text of a pipeline file, a byte order mark left out.
///
/// # Errors
/// A sentence that names the file: it cannot be read, is larger than a pipeline file may be, or is no UTF-8.
pub fn read(path: &Path) -> Result<String, String> {
    let name = path.display();
    let metadata = fs::metadata(path).map_err(|error| format!("cannot read {name}: {error}"))?;
    if metadata.len() > TEXT_BYTES_MAX as u64 {
        return Err(format!(
            "{name} has {} bytes; a pipeline file has at most {TEXT_BYTES_MAX}",
            metadata.len()
        ));
    }
    let bytes = fs::read(path).map_err(|error| format!("cannot read {name}: {error}"))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        format!("{name} is not UTF-8: byte {} is wrong", error.utf8_error().valid_up_to())
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// The text of a file that holds a secret, without the line break at its end; a path that is not absolute is one from the
/// folder that the command runs in.
///
/// # Errors
/// A sentence that names the file.
pub(crate) fn secret(path: &Path) -> Result<String, String> {
    let name = path.display();
    let metadata = fs::metadata(path).map_err(|error| format!("cannot read the file {name}: {error}"))?;
    if !metadata.is_file() || metadata.len() > SECRET_BYTES_MAX {
        return Err(format!("{name} is not a file of at most {SECRET_BYTES_MAX} bytes"));
    }
    let text = fs::read_to_string(path).map_err(|error| format!("cannot read the file {name}: {error}"))?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
}
