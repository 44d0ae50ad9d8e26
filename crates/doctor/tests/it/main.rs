//! The checks over the pipeline files of `data/pipelines`, and beside each file what is said of it.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use doctor::live::Facts;
use doctor::{CHECKS, DOUBTS, LIVE_CHECKS};
use provision::{Pipeline, Source};
use serde_json::Value;

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/pipelines");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    files
}

fn pipeline(text: &str) -> Pipeline {
    provision::parse(text, &|_| Some("a value".to_owned())).unwrap()
}

#[test]
fn each_file_has_the_findings_that_lie_beside_it() {
    let files = files();
    assert!(files.len() >= 3, "the cases are gone");
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let pipeline = pipeline(&text);
        let mut findings = [doctor::lint(&pipeline), doctor::doubts(&pipeline)].concat();
        findings.sort_by_key(|finding| (finding.span.line, finding.span.column));
        let name = file.file_name().unwrap().to_string_lossy();
        let said = Source { name: &name, text: &text }.render(&findings, &|_, part| part.to_owned());
        let expected = file.with_extension("txt");
        if std::env::var_os("TRUNKLINE_BLESS").is_some() {
            std::fs::write(&expected, &said).unwrap();
        }
        let expected = std::fs::read_to_string(&expected).unwrap_or_default();
        assert_eq!(said, expected, "{}: TRUNKLINE_BLESS=1 writes it anew", file.display());
    }
}

#[test]
fn each_check_has_a_name_of_its_own_a_text_and_a_file_in_which_it_finds_something() {
    let checks: Vec<_> = CHECKS.iter().chain(DOUBTS).collect();
    let names: BTreeSet<&str> = checks.iter().map(|check| check.name).collect();
    assert_eq!(names.len(), checks.len());
    let texts: Vec<String> = files().iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    for check in checks {
        assert!(check.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", check.name);
        assert!(check.asks.ends_with('?'), "{}", check.name);
        assert!(!check.why.is_empty() && !check.fix.is_empty(), "{}", check.name);
        assert!(texts.iter().any(|text| !(check.run)(&pipeline(text)).is_empty()), "{}", check.name);
    }
}

/// Each case is named like the check that finds something in it; no other check does.
#[test]
fn each_check_of_a_running_server_finds_what_its_case_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/live");
    let sound = Facts { now: 1.0, events_seen: 10, events_unmatched: 5, ..Facts::default() };
    for check in LIVE_CHECKS {
        assert!(check.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", check.name);
        assert!(
            check.asks.ends_with('?') && !check.why.is_empty() && !check.fix.is_empty(),
            "{}",
            check.name
        );
        assert!((check.run)(&sound).is_empty(), "{}", check.name);
        let text = std::fs::read_to_string(folder.join(format!("{}.json", check.name))).unwrap();
        let case: Value = serde_json::from_str(&text).unwrap();
        let facts: Facts = serde_json::from_value(case["facts"].clone()).unwrap();
        for other in LIVE_CHECKS {
            let found: Vec<Value> = (other.run)(&facts).into_iter().map(Value::from).collect();
            let wanted =
                if other.name == check.name { case["findings"].as_array().unwrap().clone() } else { vec![] };
            assert_eq!(found, wanted, "{} on the case of {}", other.name, check.name);
        }
    }
}
