//! The checks over the pipeline files of `data/pipelines`, and beside each file what is said of it.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod account;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use doctor::aws::facts::Facts as AwsFacts;
use doctor::live::Facts;
use doctor::{AWS_CHECKS, CHECKS, DOUBTS, LIVE_CHECKS};
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

/// What `trunkline check` can say, on a page: ids stay what they are, since people switch on them.
#[test]
fn the_page_of_rules_is_what_the_tables_say() {
    let mut page = String::from(
        "# What `trunkline check` tells\n\n<!-- Written by a test of the crate `doctor`: TRUNKLINE_BLESS=1 cargo test -p doctor -->\n\n\
         Each finding has a rule, whose id stands behind its sentence, in `--json`, in `--format github` and in `--format sarif`.\n\n\
         ## Mistakes of the file\n\nExit status 1.\n\n| Rule | What is wrong |\n|---|---|\n",
    );
    for kind in provision::mistake::kind::ALL {
        page.push_str(&format!("| `{}` | {} |\n", kind.id, kind.about));
    }
    let table = "| Rule | Asks | Why it matters | What to do |\n|---|---|---|---|\n";
    let row = |check: &doctor::Check| {
        format!("| `{}` | {} | {} | {} |\n", check.name, check.asks, check.why, check.fix)
    };
    page.push_str(
        "\n## Mistakes that only a whole pipeline shows\n\nExit status 1; `dev` runs such a file.\n\n",
    );
    page.push_str(table);
    CHECKS.iter().for_each(|check| page.push_str(&row(check)));
    page.push_str(
        "\n## Doubts\n\nAWS would accept it. No exit status; `warning` for GitHub and code scanners.\n\n",
    );
    page.push_str(table);
    DOUBTS.iter().for_each(|check| page.push_str(&row(check)));
    page.push_str(
        "\nThe findings of `sound-definition` have the ids of its rules, like `task-without-timeout`.\n",
    );
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/checks.md");
    if std::env::var_os("TRUNKLINE_BLESS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    assert_eq!(page, std::fs::read_to_string(&path).unwrap_or_default(), "TRUNKLINE_BLESS=1 writes it anew");
}

/// Ids are unique over all tables, so that each means one thing.
#[test]
fn no_two_rules_have_one_id() {
    let kinds = provision::mistake::kind::ALL.iter().map(|kind| kind.id);
    let ids: Vec<&str> = kinds.chain(CHECKS.iter().chain(DOUBTS).map(|check| check.name)).collect();
    let unique: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(unique.len(), ids.len());
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

/// Each case plants one trap: its check tells it, and no other check tells anything.
#[test]
fn each_check_of_an_account_finds_its_trap_and_no_other() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/aws");
    let names: BTreeSet<&str> = AWS_CHECKS.iter().map(|check| check.name).collect();
    assert_eq!(names.len(), AWS_CHECKS.len());
    for check in AWS_CHECKS {
        assert!(check.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", check.name);
        assert!(
            check.asks.ends_with('?') && !check.why.is_empty() && !check.fix.is_empty(),
            "{}",
            check.name
        );
        assert!((check.run)(&AwsFacts::default()).is_empty(), "{}", check.name);
        let path = folder.join(format!("{}.json", check.name));
        let mut case: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let facts: AwsFacts = serde_json::from_value(case["facts"].clone()).unwrap();
        let found: Vec<Value> = (check.run)(&facts).into_iter().map(Value::from).collect();
        assert!(!found.is_empty(), "{} does not find its trap", check.name);
        if std::env::var_os("TRUNKLINE_BLESS").is_some() {
            case["findings"] = Value::Array(found);
            std::fs::write(&path, format!("{case:#}\n")).unwrap();
        } else {
            assert_eq!(Value::Array(found), case["findings"], "{}", check.name);
        }
        for other in AWS_CHECKS.iter().filter(|other| other.name != check.name) {
            let told = (other.run)(&facts);
            assert!(told.is_empty(), "{} on the case of {}: {told:?}", other.name, check.name);
        }
        // What was not read is not known to be missing.
        let operations =
            ["ListQueues", "ListFunctions", "ListStateMachines", "ListTargetsByRule", "ListEventSources"];
        let blind = AwsFacts { unread: operations.map(str::to_owned).into(), ..AwsFacts::default() };
        assert!((check.run)(&blind).is_empty(), "{}", check.name);
    }
}
