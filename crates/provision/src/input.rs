//! Reads the pipeline file from disk.

use std::fs;
use std::path::Path;

use crate::tree::TEXT_BYTES_MAX;

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
