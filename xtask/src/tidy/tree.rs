//! The checkout as the rules read it: every text file, and what its Rust says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirEntry};
use std::io;
use std::path::Path;

use crate::tidy::code::{self, Code};

/// Folders that hold nothing of ours.
const SKIPPED: &[&str] =
    &[".git", "target", ".clients", ".trunkline", "node_modules", "__pycache__", "artifacts", "shared"];

/// Files larger than this are data, not text to be read by a rule.
const FILE_SIZE_BYTES_MAX: u64 = 4 << 20;

/// One file.
#[derive(Debug, Default)]
pub(crate) struct File {
    pub(crate) text: String,
    /// Empty where the file is no Rust.
    pub(crate) code: Code,
    /// Whether all of it is test code: under `tests/` or `benches/`, or behind a `#[cfg(test)] mod`.
    pub(crate) is_test: bool,
}

/// All files, by their path from the root, with `/` between folders.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(crate) files: BTreeMap<String, File>,
}

impl Tree {
    /// Reads a checkout.
    ///
    /// # Errors
    /// When a folder or file under `root` cannot be read.
    pub(crate) fn read(root: &Path) -> io::Result<Tree> {
        let mut texts = Vec::new();
        let mut folders = vec![root.to_path_buf()];
        while let Some(folder) = folders.pop() {
            let entries = fs::read_dir(&folder)?.collect::<io::Result<Vec<DirEntry>>>()?;
            for entry in entries.iter().filter(|entry| SKIPPED.iter().all(|name| entry.file_name() != *name))
            {
                let kind = entry.file_type()?;
                folders.extend(kind.is_dir().then(|| entry.path()));
                texts.extend(kind.is_file().then(|| read_text(root, &entry.path())).transpose()?.flatten());
            }
        }
        Ok(Tree::of(texts))
    }

    /// A tree from paths and texts.
    pub(crate) fn of(texts: impl IntoIterator<Item = (String, String)>) -> Tree {
        let mut files = BTreeMap::new();
        for (path, text) in texts {
            let code = if path.ends_with(".rs") { code::read(&text) } else { Code::default() };
            let is_test = ["/tests/", "/benches/"].iter().any(|folder| path.contains(folder));
            files.insert(path, File { text, code, is_test });
        }
        let mut tree = Tree { files };
        tree.mark_test_modules();
        tree
    }

    /// The Rust files.
    pub(crate) fn rust(&self) -> impl Iterator<Item = (&str, &File)> {
        self.with_ending(&[".rs"])
    }

    /// The files with one of these endings.
    pub(crate) fn with_ending<'a>(
        &'a self,
        endings: &'a [&str],
    ) -> impl Iterator<Item = (&'a str, &'a File)> {
        let files = self.files.iter().filter(|(path, _)| endings.iter().any(|ending| path.ends_with(ending)));
        files.map(|(path, file)| (path.as_str(), file))
    }

    /// Whether a file or a folder of this path exists.
    pub(crate) fn has(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        self.files.contains_key(path) || self.files.keys().any(|file| file.starts_with(&folder))
    }

    /// The names of the crates, each with its folder: `("queue", "crates/queue")`.
    pub(crate) fn crates(&self) -> Vec<(String, String)> {
        let folders = self.files.keys().filter_map(|path| path.strip_suffix("/Cargo.toml"));
        let ours = folders.filter(|folder| *folder == "xtask" || is_room_folder(folder));
        ours.map(|folder| (folder.rsplit('/').next().unwrap_or(folder).to_owned(), folder.to_owned()))
            .collect()
    }

    /// The file that `mod name;` in `parent` names, where it exists.
    pub(crate) fn module_file(&self, parent: &str, line: &code::ModLine) -> Option<String> {
        let own_folder = parent.rsplit_once('/').map_or("", |(folder, _)| folder);
        if let Some(path) = &line.path {
            return Some(format!("{own_folder}/{path}")).filter(|path| self.files.contains_key(path));
        }
        let folder = if is_crate_root(parent) || parent.ends_with("/mod.rs") {
            own_folder.to_owned()
        } else {
            parent.trim_end_matches(".rs").to_owned()
        };
        let candidates = [format!("{folder}/{}.rs", line.name), format!("{folder}/{}/mod.rs", line.name)];
        candidates.into_iter().find(|path| self.files.contains_key(path))
    }

    /// The files that `from` reaches through `mod` lines, itself included.
    pub(crate) fn reached(&self, from: &str) -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        let mut waiting = vec![from.to_owned()];
        while let Some(path) = waiting.pop() {
            let Some(file) = self.files.get(&path) else { continue };
            if seen.insert(path.clone()) {
                waiting.extend(file.code.mods.iter().filter_map(|line| self.module_file(&path, line)));
            }
        }
        seen
    }

    fn mark_test_modules(&mut self) {
        let mut tests = BTreeSet::new();
        for (path, file) in self.rust() {
            let declared = file.code.mods.iter().filter(|line| line.in_test);
            tests.extend(
                declared.filter_map(|line| self.module_file(path, line)).flat_map(|path| self.reached(&path)),
            );
        }
        for (_, file) in self.files.iter_mut().filter(|(path, _)| tests.contains(*path)) {
            file.is_test = true;
        }
    }
}

fn is_room_folder(folder: &str) -> bool {
    folder.strip_prefix("crates/").is_some_and(|name| !name.contains('/'))
}

/// Whether cargo starts a crate at this file.
pub(crate) fn is_crate_root(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        [.., "src", "lib.rs" | "main.rs"] | [.., "build.rs"] => true,
        [.., "src", "bin", _] | [.., "src", "bin", _, "main.rs"] => true,
        [.., "tests" | "benches" | "examples" | "fuzz_targets", file] => file.ends_with(".rs"),
        [.., "tests" | "benches" | "examples", _, "main.rs"] => true,
        _ => false,
    }
}

fn read_text(root: &Path, path: &Path) -> io::Result<Option<(String, String)>> {
    if fs::metadata(path)?.len() > FILE_SIZE_BYTES_MAX {
        return Ok(None);
    }
    let relative = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<String> = relative.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let text = String::from_utf8_lossy(&fs::read(path)?).into_owned();
    Ok(Some((parts.join("/"), text)))
}

#[cfg(test)]
pub(crate) fn sample(texts: &[(&str, &str)]) -> Tree {
    Tree::of(texts.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())))
}

#[cfg(test)]
mod tests {
    use super::{is_crate_root, sample};

    #[test]
    fn crate_roots_are_where_cargo_looks() {
        for root in
            ["crates/a/src/lib.rs", "crates/a/tests/it/main.rs", "crates/a/tests/x.rs", "xtask/src/main.rs"]
        {
            assert!(is_crate_root(root), "{root}");
        }
        for inner in ["crates/a/src/x.rs", "crates/a/tests/it/x.rs", "crates/a/src/main/x.rs"] {
            assert!(!is_crate_root(inner), "{inner}");
        }
    }

    #[test]
    fn what_a_test_module_declares_is_test_code() {
        let tree = sample(&[
            ("crates/a/src/lib.rs", "mod b;\n#[cfg(test)]\nmod c;"),
            ("crates/a/src/b.rs", ""),
            ("crates/a/src/c.rs", "mod d;"),
            ("crates/a/src/c/d.rs", ""),
        ]);
        let tests: Vec<&str> = tree.rust().filter(|(_, file)| file.is_test).map(|(path, _)| path).collect();
        assert_eq!(tests, ["crates/a/src/c.rs", "crates/a/src/c/d.rs"]);
    }
}
