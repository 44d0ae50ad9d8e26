//! `trunkline check`: each pipeline file of `data/check`, and beside it what is said of it.

use std::path::{Path, PathBuf};

use crate::client::trunkline;

#[test]
fn each_file_is_told_what_its_patterns_can_never_match() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/check");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    assert!(files.len() >= 3, "the cases are gone");
    for file in files {
        let name = file.file_name().unwrap();
        let output = trunkline(&["check", "-f"]).arg(name).current_dir(&folder).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let expected = file.with_extension("txt");
        if std::env::var_os("TRUNKLINE_BLESS").is_some() {
            std::fs::write(&expected, &said).unwrap();
        }
        let expected = std::fs::read_to_string(&expected).unwrap_or_default();
        assert_eq!(said, expected, "{}: TRUNKLINE_BLESS=1 writes it anew", file.display());
        assert_eq!(output.status.success(), said.ends_with("no mistakes\n"), "{}", file.display());
    }
}
