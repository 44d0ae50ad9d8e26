//! Damage: whichever byte of a store changes, wherever it is cut off: no panic, no wrong answer, and what can be saved is.
//!
//! The ordinary suite takes a sample of the bytes. `TRUNKLINE_DAMAGE=all` takes every one, and every length
//! (`cargo xtask power-loss --damage` does).

use std::collections::BTreeMap;
use std::path::Path;

use store::check::{Report, check, salvage};
use store::{KeyRange, OpenError, Options, Read, Store, Table};

use store::simulated_disk::Disk;

const SMALL: Table<u64, Vec<u8>> = Table::new(9, "small");
const LARGE: Table<String, Vec<u8>> = Table::new(10, "large");

/// Bytes that the ordinary suite changes, and of how many it saves what it can.
const SAMPLE: usize = 250;
const SAVED_OF_SAMPLE: usize = 12;

/// How the process that wrote a store ended.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Closed,
    Killed,
}

type Content = (BTreeMap<u64, Vec<u8>>, BTreeMap<String, Vec<u8>>);

/// Fills a folder in three commits: enough for several leaves below a branch, and for pages of more than one size.
fn fill(dir: &Path) -> (Store, Content) {
    let store = Store::open(dir, &Options::default()).unwrap();
    let mut content = Content::default();
    for commit in 0..3u64 {
        let small: Vec<_> = (commit * 40..commit * 40 + 40).map(|key| (key, vec![key as u8; 90])).collect();
        let large = (format!("large {commit}"), vec![commit as u8 + 1; 6_000]);
        content.0.extend(small.clone());
        content.1.extend([large.clone()]);
        let job = move |tx: &mut store::Tx<'_>| {
            small.iter().for_each(|(key, value)| tx.put(&SMALL, key, value));
            tx.put(&LARGE, &large.0, &large.1);
            Ok(())
        };
        store.write(|error| error, job).wait().unwrap();
    }
    (store, content)
}

fn content(store: &Store) -> Result<Content, store::Error> {
    store.read(|snapshot| {
        let small = snapshot.list(&SMALL, &KeyRange::all(), usize::MAX);
        let large = snapshot.list(&LARGE, &KeyRange::all(), usize::MAX);
        (small.into_iter().collect(), large.into_iter().collect())
    })
}

/// A store as a clean end leaves it, or as SIGKILL does.
fn small_store(end: End) -> (Vec<u8>, Content) {
    let dir = tempfile::tempdir().unwrap();
    let (store, content) = fill(dir.path());
    let file = dir.path().join("store.redb");
    if end == End::Closed {
        drop(store);
        return (std::fs::read(file).unwrap(), content);
    }
    (std::fs::read(file).unwrap(), content)
}

/// A folder whose store is `bytes`.
fn folder(bytes: &[u8]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("store.redb"), bytes).unwrap();
    std::fs::write(dir.path().join("format"), "trunkline format 2\n").unwrap();
    dir
}

/// What opening gave.
#[derive(Debug, PartialEq)]
enum Opened {
    /// All of it.
    Whole,
    /// All but the last commit, as if the power had been lost while it was written.
    WithoutTheLastCommit,
    /// The store said that it is damaged.
    Refused,
}

fn open(bytes: &[u8], whole: &Content, what: &str) -> Opened {
    let disk = Disk::holding(bytes);
    let store = match Store::open_on(disk, &Options { cache_bytes: 1 << 20, ..Options::default() }) {
        Ok(store) => store,
        Err(OpenError::Damaged { .. } | OpenError::Engine { .. }) => return Opened::Refused,
        Err(error) => panic!("{what}: {error}"),
    };
    let Ok(found) = content(&store) else { return Opened::Refused };
    if found == *whole {
        return Opened::Whole;
    }
    let mut before = whole.clone();
    before.0.retain(|key, _| *key < 80);
    before.1.remove("large 2");
    assert!(found == before, "{what}: opened, and something else is served");
    Opened::WithoutTheLastCommit
}

/// What is saved is what was written, and nothing is lost without a word.
fn saved(bytes: &[u8], whole: &Content, what: &str) -> (Report, usize) {
    let dir = folder(bytes);
    let report = check(dir.path()).unwrap();
    let into = tempfile::tempdir().unwrap();
    salvage(dir.path(), into.path()).unwrap();
    let store = Store::open(into.path(), &Options::default()).unwrap();
    let found = content(&store).unwrap();
    let lost = whole.0.len() + whole.1.len() - found.0.len() - found.1.len();
    assert!(
        found.0.iter().all(|(key, value)| whole.0.get(key) == Some(value)),
        "{what}: something was invented"
    );
    assert!(
        found.1.iter().all(|(key, value)| whole.1.get(key) == Some(value)),
        "{what}: something was invented"
    );
    assert!(lost == 0 || !report.is_clean(), "{what}: {lost} lost, and fsck found nothing");
    (report, lost)
}

fn all() -> bool {
    std::env::var("TRUNKLINE_DAMAGE").is_ok_and(|wanted| wanted == "all")
}

/// The places to try of `length`: all, or the header and a sample.
fn places(length: usize) -> Vec<usize> {
    let step = if all() { 1 } else { (length / SAMPLE).max(1) };
    // A stride that is odd visits every offset inside a page.
    let header = (0..320.min(length)).step_by(if all() { 1 } else { 7 });
    header.chain((320..length).step_by(step | 1)).collect()
}

fn every_byte(end: End) {
    let (bytes, whole) = small_store(end);
    assert_eq!(open(&bytes, &whole, "untouched"), Opened::Whole);
    let (mut rolled_back, mut refused, mut most_lost) = (0, 0, 0);
    for at in places(bytes.len()) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        let what = format!("byte {at} changed, {end:?}");
        match open(&damaged, &whole, &what) {
            Opened::Whole => {}
            Opened::WithoutTheLastCommit => rolled_back += 1,
            Opened::Refused => {
                refused += 1;
                if all() || refused % (SAMPLE / SAVED_OF_SAMPLE) == 1 {
                    let (report, lost) = saved(&damaged, &whole, &what);
                    assert!(!report.is_clean(), "{what}: refused, and fsck finds nothing");
                    most_lost = most_lost.max(lost);
                }
            }
        }
    }
    say(format_args!(
        "{end:?}: {} bytes, {refused} refused, {rolled_back} times without the last commit, at most {most_lost} of {} records lost",
        bytes.len(),
        whole.0.len() + whole.1.len()
    ));
    assert!(refused > 20, "{refused} refusals: the sample meets what is in use");
    // A commit that is damaged after SIGKILL cannot be told from one that the power cut short.
    assert!(
        end == End::Killed || rolled_back == 0,
        "{rolled_back} times the last commit of a closed store was forgotten"
    );
}

#[expect(clippy::print_stdout, reason = "the slow proof's figures")]
fn say(figures: std::fmt::Arguments<'_>) {
    println!("{figures}");
}

#[test]
fn a_changed_byte_of_a_closed_store_is_never_served() {
    every_byte(End::Closed);
}

#[test]
fn a_changed_byte_of_a_killed_store_is_never_served() {
    every_byte(End::Killed);
}

#[test]
fn a_store_that_was_cut_off_is_never_served() {
    for end in [End::Closed, End::Killed] {
        let (bytes, whole) = small_store(end);
        let (step, saved_step) = if all() { (1, 512) } else { (bytes.len() / 9, 1) };
        for length in (1..bytes.len()).step_by(step) {
            let what = format!("cut off at {length}, {end:?}");
            let cut = &bytes[..length];
            if open(cut, &whole, &what) == Opened::Refused && length % saved_step == 0 {
                let (report, _) = saved(cut, &whole, &what);
                assert!(!report.is_clean(), "{what}: refused, and fsck finds nothing");
            }
        }
    }
}

#[test]
fn one_damaged_value_costs_one_record_and_is_named() {
    for end in [End::Closed, End::Killed] {
        let (mut bytes, whole) = small_store(end);
        // The value of "large 1" is 6,000 bytes of 2.
        let at = bytes.windows(100).position(|window| window == [2; 100]).unwrap();
        bytes[at + 50] = 77;
        assert_eq!(open(&bytes, &whole, "a value changed"), Opened::Refused);
        let (report, lost) = saved(&bytes, &whole, "a value changed");
        assert_eq!((lost, report.damage.len(), report.missing), (1, 1, 0), "{report:?}");
        let damage = &report.damage[0];
        assert_eq!((damage.table, damage.scope, report.closed), (Some(10), Some(0), end == End::Closed));
        assert_eq!(damage.key.as_deref(), Some(b"large 1\0\x01".as_slice()));
        assert!((at as u64).abs_diff(damage.offset) < 16, "{damage:?} for {at}");
        assert!(report.refusal.is_some());
    }
}

#[test]
fn an_intact_store_is_clean_and_its_check_changes_nothing() {
    for end in [End::Closed, End::Killed] {
        let (bytes, whole) = small_store(end);
        let dir = folder(&bytes);
        let report = check(dir.path()).unwrap();
        assert!(report.is_clean(), "{report:?}");
        assert_eq!((report.closed, report.records()), (end == End::Closed, 124));
        assert_eq!(report.tables, BTreeMap::from([(0, 1), (9, 120), (10, 3)]));
        assert!(std::fs::read(dir.path().join("store.redb")).unwrap() == bytes);
        assert_eq!(content(&Store::open(dir.path(), &Options::default()).unwrap()).unwrap(), whole);
    }
}

#[test]
fn what_is_saved_goes_into_a_new_folder_only_and_numbers_go_on() {
    let (bytes, _) = small_store(End::Closed);
    let (dir, into) = (folder(&bytes), tempfile::tempdir().unwrap());
    let number = |path: &Path| {
        Store::open(path, &Options::default())
            .unwrap()
            .write(|error| error, |tx| Ok(tx.next_number()))
            .wait()
            .unwrap()
    };
    salvage(dir.path(), into.path()).unwrap();
    assert!(number(into.path()) >= 1);
    let again = salvage(dir.path(), into.path()).unwrap_err();
    assert!(again.to_string().contains("holds a store already"), "{again}");

    // Where it is lost how far they had come, they go on beyond anything that can have been given out.
    let name = bytes.windows(9).position(|window| window == b"sequence\0").unwrap();
    let mut damaged = bytes;
    damaged[name] = b'S';
    let (dir, into) = (folder(&damaged), tempfile::tempdir().unwrap());
    salvage(dir.path(), into.path()).unwrap();
    assert!(number(into.path()) >= 1 << 48);
}

#[test]
fn a_folder_without_a_store_is_not_made_one() {
    let dir = tempfile::tempdir().unwrap();
    let error = check(dir.path()).unwrap_err();
    assert!(error.to_string().contains("no data folder"), "{error}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

/// Recovery goes back to the commit before the newest where that is not whole, as it must after a crash in the middle of one; that
/// it did so was said nowhere, though a disk that loses what it called safe looks the same.
#[test]
fn a_commit_that_recovery_leaves_out_is_told() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static TOLD: AtomicUsize = AtomicUsize::new(0);
    let note = || {
        TOLD.fetch_add(1, Ordering::Relaxed);
    };
    let options = Options { on_dropped_commit: note, ..Options::default() };
    let (bytes, whole) = small_store(End::Killed);
    let store = Store::open(folder(&bytes).path(), &options).unwrap();
    assert_eq!((content(&store).unwrap(), TOLD.load(Ordering::Relaxed)), (whole, 0), "nothing was left out");
    drop(store);
    let mut damaged = bytes;
    // The large value of the last commit; small ones are shorter.
    let newest = damaged.windows(1_000).position(|window| window == [3; 1_000]).unwrap();
    damaged[newest] = 0;
    let folder = folder(&damaged);
    let store = Store::open(folder.path(), &options).unwrap();
    assert_eq!(content(&store).unwrap().1.len(), 2, "the commit before");
    assert_eq!(TOLD.load(Ordering::Relaxed), 1);
    drop(store);
    drop(Store::open(folder.path(), &options).unwrap());
    assert_eq!(TOLD.load(Ordering::Relaxed), 1, "once");
}
