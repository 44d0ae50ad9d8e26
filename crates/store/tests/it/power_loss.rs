//! Power loss at every I/O operation of every workload, and again while recovering: what was acknowledged is there, and
//! nothing is there by halves.
//!
//! The ordinary suite takes a sample. `TRUNKLINE_CRASH_POINTS=n` asks for at least n points
//! (`cargo xtask power-loss` does, with 100,000).

use std::collections::BTreeMap;

use store::{Error, KeyRange, Options, Read, Store, Table};

use store::simulated_disk::Disk;

const TABLE: Table<u64, Vec<u8>> = Table::new(9, "crash");

/// Points that the ordinary suite tries.
const SAMPLE: u64 = 400;

/// One write of a workload: keys to put with a value's length, keys to remove. All of it or nothing.
#[derive(Clone)]
struct Write {
    put: Vec<(u64, usize)>,
    remove: Vec<u64>,
}

/// The fixed list. Each shape stresses another part of the engine.
fn workloads() -> Vec<(&'static str, Vec<Write>)> {
    let put = |keys: Vec<(u64, usize)>| Write { put: keys, remove: vec![] };
    vec![
        ("one small value after the other", (0..12).map(|i| put(vec![(i, 20)])).collect()),
        ("the same key again and again", (0..12).map(|i| put(vec![(7, 10 + i)])).collect()),
        ("large values", (0..5).map(|i| put(vec![(i, 20_000)])).collect()),
        (
            "many keys in one commit",
            (0..4).map(|i| put((i * 60..i * 60 + 60).map(|key| (key, 100)).collect())).collect(),
        ),
        (
            "a queue: in at one end, out at the other",
            (0..14)
                .map(|i| Write { put: vec![(i, 1_200)], remove: i.checked_sub(3).into_iter().collect() })
                .collect(),
        ),
        (
            "fill and empty",
            (0..10)
                .map(|i| match i % 2 {
                    0 => put((0..40).map(|key| (key, 300)).collect()),
                    _ => Write { put: vec![], remove: (0..40).collect() },
                })
                .collect(),
        ),
    ]
}

/// The value that write number `write` gives to `key`: different every time, so that a mixture shows.
fn value(write: usize, key: u64, length: usize) -> Vec<u8> {
    (0..length).map(|i| (write as u64 * 31 + key * 7 + i as u64) as u8).collect()
}

fn apply(model: &mut BTreeMap<u64, Vec<u8>>, number: usize, write: &Write) {
    for (key, length) in &write.put {
        model.insert(*key, value(number, *key, *length));
    }
    for key in &write.remove {
        model.remove(key);
    }
}

fn run_one(store: &Store, number: usize, write: Write) -> Result<(), Error> {
    let job = move |tx: &mut store::Tx<'_>| {
        for (key, length) in &write.put {
            tx.put(&TABLE, key, &value(number, *key, *length));
        }
        for key in &write.remove {
            tx.remove(&TABLE, key);
        }
        Ok(())
    };
    store.write(|error| error, job).wait()
}

fn open(disk: &Disk) -> Result<Store, store::OpenError> {
    Store::open_on(disk.clone(), &Options { cache_bytes: 1 << 20, ..Options::default() })
}

/// A disk with an empty store. Making one is no part of the proof: a folder's engine file is made beside and moved into
/// place when it is whole.
fn new_disk() -> Disk {
    let disk = Disk::default();
    drop(open(&disk).unwrap());
    disk.after_power_loss(|_| 0)
}

/// Runs a workload until the power goes: how many writes were acknowledged.
fn run(disk: &Disk, writes: &[Write]) -> usize {
    let Ok(store) = open(disk) else { return 0 };
    for (number, write) in writes.iter().enumerate() {
        if run_one(&store, number, write.clone()).is_err() {
            return number;
        }
    }
    writes.len()
}

/// A small generator for the choices of the disk; any would do, this one needs no crate.
struct Choices(u64);

impl Choices {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % below
    }
}

/// What is wrong with what is found after a crash: what was acknowledged is missing, or something is there by halves.
fn check(disk: &Disk, writes: &[Write], acknowledged: usize) -> Result<(), String> {
    let store = open(disk).map_err(|error| format!("not recovered: {error}"))?;
    let found = store.read(|snapshot| snapshot.list(&TABLE, &KeyRange::all(), usize::MAX));
    let found: BTreeMap<u64, Vec<u8>> = found.map_err(|error| error.to_string())?.into_iter().collect();
    let mut model = BTreeMap::new();
    for (number, write) in writes.iter().take(acknowledged).enumerate() {
        apply(&mut model, number, write);
    }
    if found == model {
        return Ok(());
    }
    // The write under way at the loss may have been kept, but then all of it.
    if let Some(write) = writes.get(acknowledged) {
        apply(&mut model, acknowledged, write);
    }
    if found == model {
        return Ok(());
    }
    Err(format!("{acknowledged} writes were acknowledged, and the store holds something else"))
}

#[test]
fn what_was_acknowledged_survives_power_loss_at_every_operation() {
    let wanted = std::env::var("TRUNKLINE_CRASH_POINTS").ok().and_then(|n| n.parse().ok()).unwrap_or(SAMPLE);
    let workloads: Vec<_> = workloads()
        .into_iter()
        .map(|(name, writes)| {
            let disk = new_disk();
            assert_eq!(run(&disk, &writes), writes.len(), "{name}");
            (name, writes, disk.operations())
        })
        .collect();
    let all: u64 = workloads.iter().map(|(_, _, operations)| operations).sum();
    // Every point has a crash while running and one while recovering. Fewer wanted than there are: take every nth.
    let stride = (all * 2 / wanted.max(1)).max(1);
    let rounds = wanted.div_ceil(all * 2 / stride).max(1);
    let mut points = 0;
    for round in 0..rounds {
        for (name, writes, operations) in &workloads {
            for at in (1 + round % stride..=*operations).step_by(usize::try_from(stride).unwrap()) {
                points += crash((name, writes), at, round, &new_disk()).unwrap();
            }
        }
    }
    assert!(points >= wanted.min(all), "{points} points tried, {wanted} wanted");
}

/// Loses power at operation `at`, recovers, and loses it once more while recovering: the points tried, or what is wrong.
fn crash((name, writes): (&str, &[Write]), at: u64, round: u64, disk: &Disk) -> Result<u64, String> {
    let mut choices = Choices(at * 1_000_003 + round);
    disk.lose_power_after(Some(at));
    let acknowledged = run(disk, writes);
    let disk = disk.after_power_loss(|below| choices.next(below));
    let what = format!("{name}, power lost at operation {at}, round {round}");

    let recovering = disk.after_power_loss(|_| 0);
    let nth = choices.next(12) as u64 + 1;
    recovering.lose_power_after(Some(nth));
    drop(open(&recovering));
    let recovered = recovering.after_power_loss(|below| choices.next(below));
    let again = format!("{what}, and at operation {nth} of recovering");
    check(&recovered, writes, acknowledged).map_err(|error| format!("{again}: {error}"))?;

    check(&disk, writes, acknowledged).map_err(|error| format!("{what}: {error}"))?;
    Ok(2)
}

/// The test of the test: on a disk that only says that it has synced, every workload loses what was acknowledged, and
/// the check sees it.
#[test]
fn a_disk_that_lies_about_syncs_is_caught() {
    for (name, writes) in workloads() {
        let disk = new_disk();
        run(&disk, &writes);
        let caught = (1..=disk.operations()).step_by(5).filter(|at| {
            let disk = new_disk();
            disk.lie();
            crash((name, &writes), *at, 0, &disk).is_err()
        });
        assert!(caught.count() > 0, "{name}: not once");
    }
}

#[test]
fn a_driven_writer_commits_when_it_is_told_to() {
    let disk = Disk::default();
    let (store, drive) = Store::open_driven(disk.clone(), &Options::default()).unwrap();
    let put = |key: u64| {
        store.write(
            |error| error,
            move |tx| {
                tx.put(&TABLE, &key, &vec![1]);
                Ok(())
            },
        )
    };
    put(1).wait().unwrap();
    drive.go_by_turns();
    let before = disk.operations();
    let (second, third) = (put(2), put(3));
    assert_eq!(disk.operations(), before, "nothing is written before its turn");
    drive.turn();
    let written = disk.operations();
    assert!(written > before);
    second.wait().unwrap();
    third.wait().unwrap();
    drive.turn();
    assert_eq!(disk.operations(), written, "and nothing where nothing has come");

    // Dead at once: what waits is refused, and the disk is as it was.
    let fourth = put(4);
    disk.die();
    drive.turn();
    assert!(matches!(fourth.wait(), Err(Error::Stopped { .. })));
    drop((store, drive));
    let store = open(&disk.after_power_loss(|versions| versions - 1)).unwrap();
    let found = store.read(|snapshot| snapshot.list(&TABLE, &KeyRange::all(), usize::MAX)).unwrap();
    assert_eq!(found.into_iter().map(|(key, _)| key).collect::<Vec<_>>(), [1, 2, 3]);
}
