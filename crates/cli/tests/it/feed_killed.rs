//! The simulated org's feed, killed in the middle: the tracker's state survives, nothing is taken or told twice.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::client::{Binary, trunkline};

/// `dev` as fast as it can, on this folder.
fn dev(folder: &Path) -> Binary {
    let words = ["dev", "--speed", "2000", "--seed", "7", "--listen", "127.0.0.1:0", "--data-dir"];
    let mut command = trunkline(&[&words[..], &[folder.to_str().unwrap()]].concat());
    command.stderr(Stdio::null());
    Binary::start(command).ok().unwrap()
}

/// The value of a counter at `/metrics`.
fn metric(binary: &Binary, name: &str) -> u64 {
    let (_, page) = binary.request_text("GET /metrics", &[], "").unwrap();
    let value = page.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    value.unwrap_or_else(|| panic!("no {name} in {page}"))
}

fn wait_for(binary: &Binary, name: &str, least: u64) -> u64 {
    loop {
        let value = metric(binary, name);
        if value >= least {
            return value;
        }
    }
}

#[test]
fn a_kill_in_the_middle_costs_and_repeats_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut taken = 0;
    for _ in 0..3 {
        let mut binary = dev(dir.path());
        let before = metric(&binary, "trunkline_feed_events_total");
        assert!(before >= taken, "{before} events after the kill, {taken} before it");
        taken = wait_for(&binary, "trunkline_feed_events_total", before + 400);
        binary.kill();
    }
    let binary = dev(dir.path());
    wait_for(&binary, "trunkline_feed_events_total", taken + 400);
    wait_for(&binary, "trunkline_feed_derived_events_total", 300);
    // The feed's position lies in the commit of its events: nothing comes a second time, so nothing needs to be dropped.
    assert_eq!(metric(&binary, "trunkline_feed_duplicates_total"), 0);
    assert_eq!(metric(&binary, "trunkline_feed_told_before_total"), 0);
    let endpoint = format!("http://{}", binary.address);
    let list = trunkline(&["events", "list", "--last", "1000", "--json", "--endpoint", &endpoint]).output();
    let list = String::from_utf8(list.unwrap().stdout).unwrap();
    let events: Vec<Value> = list.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ids: BTreeSet<&str> = events.iter().map(|event| event["event"]["id"].as_str().unwrap()).collect();
    assert!(events.len() >= 300 && ids.len() == events.len(), "{} of {}", ids.len(), events.len());
}
