//! `trunkline simulate` as other tools meet it: the same bytes for the same words, and the trouble that was asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::client::{Binary, trunkline};

/// The lines of a simulation.
fn lines(arguments: &[&str]) -> Vec<String> {
    let output = trunkline(&[&["simulate"], arguments].concat()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

fn complaint(arguments: &[&str]) -> String {
    let output = trunkline(&[&["simulate"], arguments].concat()).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// When each event happened, by its own word.
fn times(lines: &[String]) -> Vec<String> {
    let event = |line: &String| serde_json::from_str::<Value>(line).unwrap();
    lines.iter().map(|line| event(line)["detail"]["timestamp"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_same_words_give_the_same_bytes() {
    let words = [
        "--seed",
        "7",
        "--events",
        "400",
        "--duplicates",
        "0.1",
        "--reorder",
        "0.2",
        "--drop",
        "0.05",
        "--late-wrapups",
        "0.5",
        "--load",
        "day",
    ];
    let first = lines(&words);
    assert_eq!((first.len(), &first), (400, &lines(&words)));
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("events.jsonl");
    let to = ["--to", file.to_str().unwrap()];
    assert_eq!(lines(&[&words[..], &to].concat()), [format!("wrote 400 events to {}", to[1])]);
    assert_eq!(std::fs::read_to_string(&file).unwrap().lines().collect::<Vec<_>>(), first);
    assert!(complaint(&to).contains("already exists"));
}

#[test]
fn a_time_is_told_to_its_end() {
    let span = ["--agents", "10", "--for", "2m", "--topics", "conversations"];
    let mut open: BTreeMap<String, i32> = BTreeMap::new();
    for line in lines(&span) {
        let event: Value = serde_json::from_str(&line).unwrap();
        let kind = event["detail-type"].as_str().unwrap();
        assert!(kind.starts_with("v2.detail.events.conversation."), "{kind}");
        let id = event["detail"]["eventBody"]["conversationId"].as_str().unwrap();
        let change =
            i32::from(kind.ends_with(".customer.start")) - i32::from(kind.ends_with(".customer.end"));
        *open.entry(id.to_owned()).or_default() += change;
    }
    assert!(open.len() > 3 && open.values().all(|open| *open == 0), "{open:?}");
    assert_eq!(lines(&["--for", "2m", "--events", "5"]).len(), 5);
}

#[test]
fn trouble_comes_as_it_was_asked_for() {
    let span = ["--agents", "10", "--for", "3m", "--topics", "conversations"];
    let with = |trouble: &[&str]| lines(&[&span[..], trouble].concat());
    let plain = with(&[]);
    let kinds = |lines: &[String]| -> BTreeSet<String> { lines.iter().cloned().collect() };
    assert_eq!(kinds(&plain).len(), plain.len(), "no event twice");
    let doubled = with(&["--duplicates", "0.3"]);
    assert!(doubled.len() > plain.len() + plain.len() / 5, "{} of {}", doubled.len(), plain.len());
    let sparse = with(&["--drop", "0.5"]);
    assert!(sparse.len() < plain.len() * 3 / 5 && kinds(&sparse).is_subset(&kinds(&plain)));
    let backwards = |times: &[String]| times.windows(2).filter(|pair| pair[0] > pair[1]).count();
    // Delivery alone reorders a little.
    let [before, after] = [&plain, &with(&["--reorder", "0.5"])].map(|lines| backwards(&times(lines)));
    assert!(after > before + plain.len() / 5, "{before} and {after}");
    let late = with(&["--late-wrapups", "1"]);
    assert_eq!(kinds(&late), kinds(&plain), "all of it comes");
    assert_ne!(late, plain);
    // What a backlog holds back has happened before the start.
    let backlog = times(&with(&["--backlog", "1h"]));
    assert!(backlog[0].starts_with("2026-01-05T07:00:"), "{}", backlog[0]);
    assert!(backlog.len() > plain.len());
}

#[test]
fn what_cannot_be_is_refused_with_a_sentence() {
    // It went on dropping events for ever.
    assert!(complaint(&["--drop", "1", "--events", "10"]).contains("nothing would ever come through"));
    assert_eq!(lines(&["--drop", "0.9", "--events", "10"]).len(), 10);
    assert!(complaint(&["--duplicates", "5%"]).contains("from 0 to 1"));
    assert!(complaint(&["--backlog", "5d"]).contains("at most 4d"));
    assert!(complaint(&["--for", "1w"]).contains("like `30s` or `4d`"));
    assert!(complaint(&["--agents", "20001"]).contains("20000"));
}

/// A running `trunkline dev` with this trouble, whose org answers.
fn dev(data_dir: &Path, trouble: &[&str]) -> Binary {
    let folder = ["--data-dir", data_dir.to_str().unwrap(), "--listen", "127.0.0.1:0", "--speed", "1"];
    let mut command = trunkline(&[&["dev"], &folder[..], trouble].concat());
    command.stderr(Stdio::null());
    Binary::start(command).ok().unwrap()
}

fn token(binary: &Binary) -> String {
    let form = "grant_type=client_credentials&client_id=me&client_secret=any";
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    let (_, answer) = binary.request("POST /oauth/token", &headers, form).unwrap();
    format!("bearer {}", answer["access_token"].as_str().unwrap())
}

/// The statuses of so many calls to the Platform API, with a new token wherever one is refused.
fn statuses(binary: &Binary, calls: usize) -> Vec<u16> {
    let mut bearer = token(binary);
    let mut call = || {
        let headers = [("Authorization", bearer.as_str())];
        let (status, answer) = binary.request("GET /api/v2/routing/queues", &headers, "").unwrap();
        if status == 401 {
            assert_eq!(answer["code"], "bad.credentials");
            let (again, _) = binary.request("GET /api/v2/routing/queues", &headers, "").unwrap();
            assert_eq!(again, 401, "it has expired");
            bearer = token(binary);
        }
        status
    };
    (0..calls).map(|_| call()).collect()
}

#[test]
fn the_platform_api_gives_trouble_on_demand() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let trouble = ["--too-many-requests", "0.4", "--expired-tokens", "0.3"];
    let seen = statuses(&dev(dir.path(), &trouble), 30);
    for status in [200, 401, 429] {
        assert!(seen.iter().filter(|seen| **seen == status).count() >= 3, "{seen:?}");
    }
    assert_eq!(statuses(&dev(other.path(), &trouble), 30), seen, "the same for the same seed");
}
