//! Cases that are files: `tests/data/<what>/<name>.json`, each with its source and its reason.

use std::path::Path;

use serde_json::Value;

/// Runs `check` on every case of a folder, and says which one failed.
pub(crate) fn each(what: &str, check: impl Fn(&str, &Value)) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(what);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        let case: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        check(&file.file_stem().unwrap().to_string_lossy(), &case);
    }
}

/// A member that must be text.
pub(crate) fn text<'a>(case: &'a Value, member: &str) -> &'a str {
    case[member].as_str().unwrap_or_else(|| panic!("the case has no text '{member}'"))
}
