//! A tree of processes as /proc shows it: who descends from whom, and how much memory they hold.

use std::fs;

/// What a tree of processes holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) processes: u64,
    pub(crate) resident_bytes: u64,
}

/// The processes that descend from this one, itself left out; at most about `most`. Empty where there is no /proc.
pub(crate) fn descendants(root: i32, most: usize) -> Vec<i32> {
    let mut found = children(root);
    let mut at = 0;
    while let Some(pid) = found.get(at).copied() {
        if found.len() > most {
            break;
        }
        found.extend(children(pid));
        at += 1;
    }
    found
}

fn children(pid: i32) -> Vec<i32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let lists =
        threads.flatten().filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
        .collect()
}

/// What the descendants of the launcher under `root` hold. Memory that several of them share is counted once each, which
/// is quick; where that comes to more than `exact_above_bytes`, it is counted anew by shares.
pub(crate) fn usage(root: i32, launchers: usize, most: usize, exact_above_bytes: u64) -> Usage {
    // The processes between us and the runtime come first, one a level.
    let all = descendants(root, most);
    let functions = all.get(launchers..).unwrap_or_default();
    let processes = functions.len() as u64;
    let resident_bytes: u64 = functions.iter().map(|pid| resident_bytes(*pid)).sum();
    if resident_bytes <= exact_above_bytes || processes < 2 {
        return Usage { processes, resident_bytes };
    }
    Usage { processes, resident_bytes: functions.iter().map(|pid| proportional_bytes(*pid)).sum() }
}

fn resident_bytes(pid: i32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/statm")).unwrap_or_default();
    let pages: u64 = text.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or_default();
    pages * rustix::param::page_size() as u64
}

/// Shared memory counts by its share.
fn proportional_bytes(pid: i32) -> u64 {
    let Ok(text) = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")) else {
        return resident_bytes(pid);
    };
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.map_or_else(|| resident_bytes(pid), |kilobytes| kilobytes * 1024)
}
