//! Where the checkout is.

use std::path::{Path, PathBuf};

/// The root of the checkout that this task was built in.
pub(crate) fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}
