//! Measures what docs/reliability.md says about large stores: `cargo run --release -p store --example measure -- TASK DIR`.
//!
//! `fill`: a million messages of 2 KiB, then the process ends without closing, as after SIGKILL. `open`: how long opening
//! takes. `close`: opens and closes. `turnover`: 10 GB through a store that holds 10 MB. `rate`: small commits a second.
#![expect(clippy::unwrap_used, reason = "a measurement stops where it fails")]
#![expect(clippy::print_stdout, reason = "it speaks to the person who runs it")]

use std::path::Path;
use std::time::Instant;

use store::{Error, KeyRange, Options, Read, Store, Table};

const MESSAGES: Table<u64, Vec<u8>> = Table::new(13, "messages");
const INDEX: Table<(u64, u64), Vec<u8>> = Table::new(12, "index");

const MESSAGE_BYTES: usize = 2048;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [task, dir] = arguments.as_slice() else {
        println!("fill|open|close|turnover|rate DIR");
        return;
    };
    let dir = Path::new(dir);
    let start = now();
    let store = Store::open(dir, &Options::default()).unwrap();
    println!("opened in {:.3} s, file {} MB", start.elapsed().as_secs_f64(), file_mb(dir));
    match task.as_str() {
        "fill" => {
            fill(&store, 0..1_000_000);
            println!("filled in {:.1} s, file {} MB", start.elapsed().as_secs_f64(), file_mb(dir));
            // What SIGKILL leaves: nothing is closed.
            std::process::abort();
        }
        "open" => {
            let first = now();
            let list = store.read(|snapshot| snapshot.list(&INDEX, &KeyRange::all(), 10)).unwrap();
            println!("first {} in {:.3} s", list.len(), first.elapsed().as_secs_f64());
            std::process::abort();
        }
        "turnover" => turnover(&store, dir),
        "rate" => rate(&store),
        _ => {}
    }
    let start = now();
    drop(store);
    println!("closed in {:.3} s, file {} MB", start.elapsed().as_secs_f64(), file_mb(dir));
}

#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn now() -> Instant {
    Instant::now()
}

fn file_mb(dir: &Path) -> u64 {
    std::fs::metadata(dir.join("store.redb")).unwrap().len() / 1_000_000
}

/// A message and its index entry, as a queue writes them.
fn fill(store: &Store, numbers: std::ops::Range<u64>) {
    let mut last = None;
    for number in numbers {
        let ticket = store.write(same, move |tx| {
            tx.put(&MESSAGES, &number, &body(number));
            tx.put(&INDEX, &(1_700_000_000_000 + number, number), &vec![0; 24]);
            Ok(())
        });
        // The store's inbox has no bound of its own: wait now and then.
        if number % 4096 == 0 {
            ticket.wait().unwrap();
        } else {
            last = Some(ticket);
        }
    }
    last.unwrap().wait().unwrap();
}

/// Bytes that do not compress.
fn body(number: u64) -> Vec<u8> {
    let mut state = number + 1;
    let mut bytes = Vec::with_capacity(MESSAGE_BYTES);
    while bytes.len() < MESSAGE_BYTES {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        bytes.extend_from_slice(&state.to_be_bytes());
    }
    bytes
}

/// 10 GB in at one end and out at the other, in commits of about a megabyte, while 10 MB are held.
fn turnover(store: &Store, dir: &Path) {
    const HELD: u64 = 10_000_000 / MESSAGE_BYTES as u64;
    const BATCH: u64 = 512;
    let mut largest_mb = 0;
    let start = now();
    for batch in 0..10_000_000_000 / (MESSAGE_BYTES as u64 * BATCH) {
        let job = move |tx: &mut store::Tx<'_>| {
            for number in batch * BATCH..(batch + 1) * BATCH {
                tx.put(&MESSAGES, &number, &body(number));
                tx.put(&INDEX, &(1_700_000_000_000 + number, number), &vec![0; 24]);
                if let Some(old) = number.checked_sub(HELD) {
                    tx.remove(&MESSAGES, &old);
                    tx.remove(&INDEX, &(1_700_000_000_000 + old, old));
                }
            }
            Ok(())
        };
        store.write(same, job).wait().unwrap();
        largest_mb = largest_mb.max(file_mb(dir));
    }
    println!("turned over in {:.1} s, file at most {largest_mb} MB", start.elapsed().as_secs_f64());
}

/// Small commits, one writer and sixteen.
fn rate(store: &Store) {
    for writers in [1, 16, 256] {
        let start = now();
        let each = 4000 / writers;
        std::thread::scope(|scope| {
            for writer in 0..writers {
                scope.spawn(move || write_each(store, 10_000_000 + writer * 10_000, each));
            }
        });
        let done = (each * writers) as f64;
        println!("{writers} writers: {:.0} synced records/s", done / start.elapsed().as_secs_f64());
    }
}

fn write_each(store: &Store, from: u64, count: u64) {
    for number in from..from + count {
        let job = move |tx: &mut store::Tx<'_>| {
            tx.put(&MESSAGES, &number, &vec![7; 1024]);
            Ok(())
        };
        store.write(same, job).wait().unwrap();
    }
}

fn same(error: Error) -> Error {
    error
}
