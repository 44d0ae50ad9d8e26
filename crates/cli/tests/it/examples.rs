//! The examples: each is without a mistake, its tests pass, and `trunkline new` writes it.

use std::path::Path;
use std::process::Stdio;

use crate::client::trunkline;

fn said(folder: &Path, words: &[&str]) -> (Option<i32>, String) {
    let output = trunkline(words).current_dir(folder).stdin(Stdio::null()).output().unwrap();
    (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

#[test]
fn each_example_is_written_and_its_tests_pass() {
    let dir = tempfile::tempdir().unwrap();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut names: Vec<String> = std::fs::read_dir(&examples)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names.len(), 5, "{names:?}");
    let (_, listed) = said(dir.path(), &["new"]);
    for name in names {
        assert!(listed.contains(&name), "{name} is not in {listed}");
        let (code, text) = said(dir.path(), &["new", &name]);
        assert_eq!(code, Some(0), "{text}");
        let folder = dir.path().join(&name);
        for file in ["trunkline.yaml", "README.md"] {
            let (one, other) = (folder.join(file), examples.join(&name).join(file));
            assert_eq!(std::fs::read(one).unwrap(), std::fs::read(other).unwrap(), "{name}/{file}");
        }
        let (code, text) = said(&folder, &["check"]);
        assert_eq!(code, Some(0), "{name}: {text}");
        let (code, text) = said(&folder, &["test", "--junit", "report.xml"]);
        assert_eq!(code, Some(0), "{name}: {text}");
        let report = std::fs::read_to_string(folder.join("report.xml")).unwrap();
        assert!(report.contains("failures=\"0\""), "{report}");
    }
}

/// What a function returns and a target receives is told where it is not what was expected.
#[test]
fn a_test_that_fails_says_what_came_instead() {
    let dir = tempfile::tempdir().unwrap();
    said(dir.path(), &["new", "queue-ends", "f"]);
    let file = dir.path().join("f/trunkline.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("seconds: 62", "seconds: 61")).unwrap();
    let (code, text) = said(&dir.path().join("f"), &["test"]);
    assert!(code == Some(1) && text.contains("`conversation-end` returned") && text.contains("62"), "{text}");
}
