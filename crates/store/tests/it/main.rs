//! The store through its front door: what is kept, what is refused, what survives.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a test stops where it fails"
)]
#![expect(clippy::excessive_nesting, reason = "threads and random histories nest")]

mod damage;
mod power_loss;
mod scopes;

use std::collections::BTreeMap;
use std::convert::Infallible;

use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use store::{Error, KeyRange, Options, Read, Store, Table};

const NAMES: Table<(u64, String), u64> = Table::new(101, "names");
const OTHERS: Table<u64, u64> = Table::new(102, "others");

/// The error of these tests' jobs.
#[derive(Debug, PartialEq)]
enum Refusal {
    No(&'static str),
    Store(Error),
    /// What a job saw that is not kept.
    Seen(Seen),
}

/// A table, read forwards, backwards and one by one.
type Seen = (Vec<(u64, u64)>, Vec<(u64, u64)>, Vec<(u64, u64)>);

fn open(dir: &tempfile::TempDir) -> Store {
    Store::open(dir.path(), &Options::default()).unwrap()
}

#[test]
fn what_was_acknowledged_is_there_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    store
        .write(Refusal::Store, |tx| {
            tx.put(&NAMES, &(1, "a".to_owned()), &7);
            Ok(())
        })
        .wait()
        .unwrap();
    drop(store);
    let found = open(&dir).read(|snapshot| snapshot.get(&NAMES, &(1, "a".to_owned()))).unwrap();
    assert_eq!(found, Some(7));
}

#[test]
fn what_can_wait_goes_with_a_commit_that_somebody_needs_and_makes_none() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    let put = |store: &Store, key: u64| {
        store.write(Refusal::Store, move |tx| {
            tx.put(&OTHERS, &key, &key);
            Ok(())
        })
    };
    let along = |key: u64| {
        store.write_along(Refusal::Store, move |tx| {
            tx.put(&OTHERS, &key, &key);
            Ok(())
        })
    };
    let kept = |store: &Store| store.read(|read| read.list(&OTHERS, &KeyRange::all(), 9)).unwrap();
    let waiting = along(1);
    // A job that writes nothing is no commit, and comes after the one that waits.
    store.write(Refusal::Store, |_| Ok(())).wait().unwrap();
    assert_eq!(kept(&store), []);
    put(&store, 2).wait().unwrap();
    waiting.wait().unwrap();
    assert_eq!(kept(&store), [(1, 1), (2, 2)]);
    let given_up = along(3);
    drop(store);
    assert!(matches!(given_up.wait(), Err(Refusal::Store(Error::Stopped { .. }))));
    assert_eq!(kept(&open(&dir)), [(1, 1), (2, 2)]);
}

#[test]
fn a_refused_job_leaves_nothing_and_runs_no_hook() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    let (sender, receiver) = std::sync::mpsc::channel();
    let refused = store.write(Refusal::Store, move |tx| {
        tx.put(&OTHERS, &1, &1);
        tx.after_commit(move || sender.send(()).unwrap());
        Err::<(), _>(Refusal::No("no"))
    });
    assert_eq!(refused.wait(), Err(Refusal::No("no")));
    assert!(receiver.recv().is_err(), "the hook was dropped unrun");
    assert_eq!(store.read(|snapshot| snapshot.get(&OTHERS, &1)).unwrap(), None);
}

#[test]
fn numbers_grow_across_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let mut last = 0;
    for _ in 0..3 {
        let store = open(&dir);
        for _ in 0..3 {
            let number = store.write(Refusal::Store, |tx| Ok(tx.next_number())).wait().unwrap();
            assert!(number > last, "{number} after {last}");
            last = number;
        }
    }
}

#[test]
fn a_full_disk_refuses_what_adds_and_serves_what_frees() {
    let dir = tempfile::tempdir().unwrap();
    // More reserve than any disk has: full from the start.
    let options = Options { disk_reserve_bytes: u64::MAX, ..Options::default() };
    let store = Store::open(dir.path(), &options).unwrap();
    store
        .write_reserved(Refusal::Store, |tx| {
            tx.put(&OTHERS, &1, &1);
            Ok(())
        })
        .wait()
        .unwrap();
    let refused = store
        .write(Refusal::Store, |tx| {
            tx.put(&OTHERS, &2, &2);
            Ok(())
        })
        .wait();
    assert!(matches!(refused, Err(Refusal::Store(Error::DiskFull { .. }))), "{refused:?}");
    store
        .write_reserved(Refusal::Store, |tx| {
            tx.remove(&OTHERS, &1);
            Ok(())
        })
        .wait()
        .unwrap();
    assert_eq!(store.read(|snapshot| snapshot.list(&OTHERS, &KeyRange::all(), 9)).unwrap(), vec![]);
}

#[test]
fn tickets_of_many_threads_are_all_released() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    std::thread::scope(|scope| {
        for thread in 0..8u64 {
            let store = store.clone();
            scope.spawn(move || {
                for i in 0..50u64 {
                    store
                        .write(Refusal::Store, move |tx| {
                            tx.put(&OTHERS, &(thread * 1000 + i), &i);
                            Ok(())
                        })
                        .wait()
                        .unwrap();
                }
            });
        }
    });
    assert_eq!(store.read(|snapshot| snapshot.list(&OTHERS, &KeyRange::all(), 1000)).unwrap().len(), 400);
}

/// One step of a random history.
#[derive(Clone, Debug)]
enum Step {
    Put(u64, String, u64),
    Remove(u64, String),
    Refuse(u64, String, u64),
    Scan(u64),
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let name = || {
        prop_oneof![Just(String::new()), Just("a".to_owned()), Just("a\0".to_owned()), Just("b".to_owned())]
    };
    let step = prop_oneof![
        4 => (0u64..3, name(), any::<u64>()).prop_map(|(a, b, c)| Step::Put(a, b, c)),
        2 => (0u64..3, name()).prop_map(|(a, b)| Step::Remove(a, b)),
        1 => (0u64..3, name(), any::<u64>()).prop_map(|(a, b, c)| Step::Refuse(a, b, c)),
        2 => (0u64..3).prop_map(Step::Scan),
        1 => Just(Step::Reopen),
    ];
    proptest::collection::vec(step, 1..30)
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(32))]

    /// The store against a map in memory, scans inside a job that has written included.
    #[test]
    fn behaves_as_a_sorted_map(steps in steps()) {
        let dir = tempfile::tempdir().unwrap();
        let mut store = open(&dir);
        let mut model: BTreeMap<(u64, String), u64> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Put(a, b, c) => {
                    model.insert((a, b.clone()), c);
                    store.write(Refusal::Store, move |tx| { tx.put(&NAMES, &(a, b), &c); Ok(()) }).wait().unwrap();
                }
                Step::Remove(a, b) => {
                    model.remove(&(a, b.clone()));
                    store.write(Refusal::Store, move |tx| { tx.remove(&NAMES, &(a, b)); Ok(()) }).wait().unwrap();
                }
                Step::Refuse(a, b, c) => {
                    let expected: Vec<_> = {
                        let mut written = model.clone();
                        written.insert((a, b.clone()), c);
                        written.remove(&(a, "a".to_owned()));
                        written.into_iter().filter(|((first, _), _)| *first == a).collect()
                    };
                    let seen = store.write(|_| (vec![], vec![]), move |tx| {
                        tx.put(&NAMES, &(a, b), &c);
                        tx.remove(&NAMES, &(a, "a".to_owned()));
                        let range = KeyRange::prefix(&a);
                        Err::<Infallible, _>((tx.list(&NAMES, &range, 99), tx.list_back(&NAMES, &range, 99)))
                    });
                    let Err((forwards, mut backwards)) = seen.wait();
                    backwards.reverse();
                    assert_eq!(forwards, expected);
                    assert_eq!(backwards, expected);
                }
                Step::Scan(a) => {
                    let expected: Vec<_> = model.clone().into_iter().filter(|((first, _), _)| *first == a).collect();
                    let found = store.read(|snapshot| snapshot.list(&NAMES, &KeyRange::prefix(&a), 99)).unwrap();
                    assert_eq!(found, expected);
                }
                Step::Reopen => {
                    drop(store);
                    store = open(&dir);
                }
            }
        }
    }
}

/// A job that panics is a bug, and nobody may wait for ever because of it: neither its asker, nor the others.
#[test]
fn a_job_that_panics_stops_the_store_with_its_words() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    let panicked = store.write(Refusal::Store, |tx| -> Result<(), Refusal> {
        tx.put(&OTHERS, &1, &1);
        panic!("a bug in a room")
    });
    let Err(Refusal::Store(Error::Stopped { cause })) = panicked.wait() else { panic!("not stopped") };
    assert!(cause.contains("a bug in a room"), "{cause}");
    let later = store.write(Refusal::Store, |tx| {
        tx.put(&OTHERS, &2, &2);
        Ok(())
    });
    assert!(matches!(later.wait(), Err(Refusal::Store(Error::Stopped { .. }))));
    assert!(store.stopped().borrow().as_ref().is_some_and(|cause| cause.contains("a bug in a room")));
    drop(store);
    assert_eq!(open(&dir).read(|snapshot| snapshot.list(&OTHERS, &KeyRange::all(), 9)).unwrap(), vec![]);
}

/// What a hook was to mirror is on disk: its commit is acknowledged, and only then does the store stop.
#[test]
fn a_hook_that_panics_stops_the_store_after_its_commit() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    let written = store.write(Refusal::Store, |tx| {
        tx.put(&OTHERS, &1, &1);
        tx.after_commit(|| panic!("a bug in a hook"));
        Ok(())
    });
    assert_eq!(written.wait(), Ok(()));
    let later = store.write(Refusal::Store, |_| Ok(()));
    assert!(matches!(later.wait(), Err(Refusal::Store(Error::Stopped { .. }))));
    drop(store);
    assert_eq!(open(&dir).read(|snapshot| snapshot.get(&OTHERS, &1)).unwrap(), Some(1));
}

/// What a job writes, a value or its removal for each key, and whether it is kept.
type SharedJob = (Vec<(u64, Option<u64>)>, bool);

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn jobs_that_share_a_commit_see_what_those_before_them_left(
        stored in proptest::collection::btree_map(0u64..60, any::<u64>(), 0..40),
        jobs in proptest::collection::vec((proptest::collection::vec((0u64..60, any::<Option<u64>>()), 0..20), any::<bool>()), 1..12),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let store = open(&dir);
        let first = stored.clone();
        store.write(Refusal::Store, move |tx| { first.iter().for_each(|(key, value)| tx.put(&OTHERS, key, value)); Ok(()) }).wait().unwrap();
        // The writer is held until all are there, so that one commit takes them all.
        let (go, wait) = std::sync::mpsc::channel();
        let held = store.write(Refusal::Store, move |_| { wait.recv().unwrap(); Ok(()) });
        let mut model = stored;
        let mut tickets = vec![];
        for job in jobs {
            let mut written = model.clone();
            apply(&mut written, &job);
            let is_kept = job.1;
            let seen = store.write(Refusal::Store, move |tx| {
                for (key, value) in &job.0 {
                    match value {
                        Some(value) => tx.put(&OTHERS, key, value),
                        None => tx.remove(&OTHERS, key),
                    }
                }
                let mut backwards = tx.list_back(&OTHERS, &KeyRange::all(), 99);
                backwards.reverse();
                let one_by_one: Vec<_> = (0..60).filter_map(|key| Some((key, tx.get(&OTHERS, &key)?))).collect();
                let seen = (tx.list(&OTHERS, &KeyRange::all(), 99), backwards, one_by_one);
                if is_kept { Ok(seen) } else { Err(Refusal::Seen(seen)) }
            });
            tickets.push((seen, written.clone()));
            if is_kept {
                model = written;
            }
        }
        go.send(()).unwrap();
        held.wait().unwrap();
        for (ticket, written) in tickets {
            let seen = match ticket.wait() {
                Ok(seen) | Err(Refusal::Seen(seen)) => seen,
                Err(error) => panic!("{error:?}"),
            };
            let written: Vec<_> = written.into_iter().collect();
            assert_eq!(seen, (written.clone(), written.clone(), written));
        }
        drop(store);
        let found = open(&dir).read(|snapshot| snapshot.list(&OTHERS, &KeyRange::all(), 99)).unwrap();
        assert_eq!(found, model.into_iter().collect::<Vec<_>>());
    }
}

fn apply(model: &mut BTreeMap<u64, u64>, (writes, _): &SharedJob) {
    for (key, value) in writes {
        match value {
            Some(value) => drop(model.insert(*key, *value)),
            None => drop(model.remove(key)),
        }
    }
}

/// Secrets lay in the store as they are: whoever had the file had them.
#[test]
fn secrets_are_sealed_with_a_key_from_elsewhere() {
    const CONNECTIONS: Table<u64, Vec<u8>> = Table::new(33, "connections");
    let dir = tempfile::tempdir().unwrap();
    let put = |store: &Store, number: u64, secret: &'static [u8]| {
        let put = move |tx: &mut store::Tx<'_>| {
            tx.put(&CONNECTIONS, &number, &secret.to_vec());
            Ok::<(), Refusal>(())
        };
        store.write(Refusal::Store, put).wait().unwrap();
    };
    let plain = Store::open(dir.path(), &Options::default()).unwrap();
    put(&plain, 1, b"hunter-one");
    drop(plain);
    let key = store::SecretKey::of(&[b'k'; 40]).unwrap();
    let with_key = Options { secret_key: Some(key), ..Options::default() };
    let store = Store::open(dir.path(), &with_key).unwrap();
    put(&store, 2, b"hunter-two");
    let read = |store: &Store| store.read(|read| read.list(&CONNECTIONS, &KeyRange::all(), 9)).unwrap();
    let all = vec![(1, b"hunter-one".to_vec()), (2, b"hunter-two".to_vec())];
    assert_eq!(read(&store), all);
    let copy = tempfile::tempdir().unwrap();
    store.freeze().unwrap().copy_to(copy.path()).unwrap();
    drop(store);
    let bytes = std::fs::read(copy.path().join("store.redb")).unwrap();
    assert!(!bytes.windows(7).any(|part| part == b"hunter-"), "nothing of a secret is in the file");
    let other = store::SecretKey::of(&[b'x'; 40]).unwrap();
    for wrong in [Options::default(), Options { secret_key: Some(other), ..Options::default() }] {
        let refused = Store::open(copy.path(), &wrong).unwrap_err().to_string();
        assert!(refused.contains("--secret-key-file"), "{refused}");
    }
    assert_eq!(read(&Store::open(copy.path(), &with_key).unwrap()), all);
}
