//! A folder as a zip: the same bytes each time, for the same files.

use std::fs;
use std::io::{self, Cursor, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// Unzipped, at most. Source: Lambda quotas.
const UNZIPPED_BYTES_MAX: u64 = 262_144_000;
/// Deeper than any package lies; a folder that goes on for ever ends here.
const DEPTH_MAX: usize = 64;

/// A folder that was packed.
#[derive(Debug)]
pub(super) struct Zip {
    pub(super) bytes: Vec<u8>,
    /// SHA-256 in base64, as Lambda shows it.
    pub(super) digest: String,
}

/// The folder of a path that stands in a file of another folder.
pub(super) fn absolute(base: &Path, folder: &str) -> PathBuf {
    let path = base.join(folder);
    path.canonicalize().unwrap_or(path)
}

/// Whether nothing lies in it.
pub(super) fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}

/// Packs a folder.
///
/// # Errors
/// Where something in it cannot be read, or there is more than Lambda takes.
pub(super) fn zipped(folder: &Path) -> io::Result<Zip> {
    let mut packing = Packing { writer: ZipWriter::new(Cursor::new(Vec::new())), left: UNZIPPED_BYTES_MAX };
    packing.add(folder, "", 0)?;
    let bytes = packing.writer.finish().map_err(io::Error::other)?.into_inner();
    let digest = STANDARD.encode(Sha256::digest(&bytes));
    Ok(Zip { bytes, digest })
}

struct Packing {
    writer: ZipWriter<Cursor<Vec<u8>>>,
    left: u64,
}

impl Packing {
    fn add(&mut self, folder: &Path, name: &str, depth: usize) -> io::Result<()> {
        if depth > DEPTH_MAX {
            return Err(io::Error::other(format!("{} lies too deep", folder.display())));
        }
        let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            let own = entry.file_name();
            let own = own.to_str().ok_or_else(|| {
                io::Error::other(format!("{} has a name that is not UTF-8", path.display()))
            })?;
            let name = if name.is_empty() { own.to_owned() } else { format!("{name}/{own}") };
            let kind = entry.file_type()?;
            if kind.is_dir() {
                self.writer.add_directory(&*name, options(0o755)).map_err(io::Error::other)?;
                self.add(&path, &name, depth + 1)?;
            } else if kind.is_symlink() {
                let target = fs::read_link(&path)?;
                let target = target.to_string_lossy();
                self.writer.add_symlink(&*name, &*target, options(0o777)).map_err(io::Error::other)?;
            } else if kind.is_file() {
                self.add_file(&path, &name)?;
            }
        }
        Ok(())
    }

    fn add_file(&mut self, path: &Path, name: &str) -> io::Result<()> {
        let bytes = fs::read(path)?;
        self.left =
            self.left.checked_sub(u64::try_from(bytes.len()).unwrap_or(u64::MAX)).ok_or_else(|| {
                io::Error::other(format!(
                    "it has more than {UNZIPPED_BYTES_MAX} bytes, the most that Lambda takes"
                ))
            })?;
        // Whether it can be run is all of its mode that another machine must not change.
        let is_program = fs::metadata(path)?.permissions().mode() & 0o111 != 0;
        let mode = if is_program { 0o755 } else { 0o644 };
        self.writer.start_file(name, options(mode)).map_err(io::Error::other)?;
        self.writer.write_all(&bytes)
    }
}

fn options(mode: u32) -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(mode)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::zipped;

    #[test]
    fn a_folder_is_the_same_zip_until_a_file_of_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("python/inner")).unwrap();
        fs::write(folder.path().join("python/inner/a.py"), "A = 1\n").unwrap();
        std::os::unix::fs::symlink("inner/a.py", folder.path().join("python/a.py")).unwrap();
        let first = zipped(folder.path()).unwrap();
        assert_eq!(first.digest, zipped(folder.path()).unwrap().digest);
        fs::write(folder.path().join("python/inner/a.py"), "A = 2\n").unwrap();
        assert_ne!(first.digest, zipped(folder.path()).unwrap().digest);
        assert!(zipped(&folder.path().join("none")).is_err());
    }
}
