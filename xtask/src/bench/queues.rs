//! `cargo xtask bench queues`: what a queue carries at the door, synced, beside what the disk can do in the same run.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;
use std::{env, fs};

use store::{Options as StoreOptions, Store, Table};

use crate::bench::cycle::{BATCH, Client, Cycled, Load, Target};
use crate::bench::disk::{self, Raw, rate};
use crate::machine::{self, Outcome};
use crate::served::Served;

const USAGE: &str = "cargo xtask bench queues [--quick] [--bin PATH] [cycle|lone|backlog|store|turnover ...]";
const MESSAGE_BYTES: usize = 1024;
const BACKLOG_MESSAGE_BYTES: usize = 2048;
const TURNOVER_MESSAGE_BYTES: usize = 16 << 10;
/// What the turning queue holds all the time.
const TURNOVER_HELD_BYTES: usize = 10 << 20;
/// Records of the store alone; the number is no table's of the product.
const RECORDS: Table<u64, Vec<u8>> = Table::new(250, "benchmark records");

#[derive(Debug)]
struct Options {
    quick: bool,
    binary: Option<PathBuf>,
    parts: Vec<String>,
}

/// How long and how much.
#[derive(Debug)]
struct Scale {
    duration: Duration,
    passes: usize,
    backlog: u64,
    turnover_bytes: u64,
}

/// One part of the benchmark.
#[derive(Debug)]
struct Part {
    name: &'static str,
    run: fn(&Path, &Scale) -> Outcome<()>,
}

const PARTS: &[Part] = &[
    Part { name: "cycle", run: cycle },
    Part { name: "lone", run: lone },
    Part { name: "store", run: store_alone },
    Part { name: "backlog", run: backlog },
    Part { name: "turnover", run: turnover },
];

/// Runs the parts asked for, or all.
///
/// # Errors
/// When the command line is wrong, or a call fails, or a message is lost.
pub(crate) fn run(args: &[String]) -> Outcome<()> {
    let options = options(args)?;
    let binary = options.binary.clone().map_or_else(machine::build_release, Ok)?;
    let scale = if options.quick {
        Scale { duration: Duration::from_secs(3), passes: 1, backlog: 100_000, turnover_bytes: 500_000_000 }
    } else {
        Scale {
            duration: Duration::from_secs(8),
            passes: 3,
            backlog: 1_000_000,
            turnover_bytes: 10_000_000_000,
        }
    };
    println!("{} cores; load average at the start {}", cores(), load_average());
    let asked = |part: &&Part| options.parts.is_empty() || options.parts.iter().any(|name| name == part.name);
    for part in PARTS.iter().filter(asked) {
        println!("\n{}", part.name);
        (part.run)(&binary, &scale)?;
    }
    println!("\nload average at the end {}", load_average());
    Ok(())
}

fn options(args: &[String]) -> Outcome<Options> {
    let mut options = Options { quick: false, binary: None, parts: Vec::new() };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--quick" => options.quick = true,
            "--bin" => options.binary = Some(PathBuf::from(args.next().ok_or(USAGE)?)),
            name if PARTS.iter().any(|part| part.name == name) => options.parts.push(name.to_owned()),
            other => return Err(format!("`{other}` is no part and no option\n{USAGE}")),
        }
    }
    Ok(options)
}

/// The whole cycle, in batches and one by one, by 1, 16 and 64 clients.
fn cycle(binary: &Path, scale: &Scale) -> Outcome<()> {
    let served = Served::start(binary)?;
    let target = Target::make(served.address, "cycle")?;
    for (batch, word) in [(BATCH, "batches of ten"), (1, "one by one")] {
        for clients in [1, 16, 64] {
            let mut passes = Vec::new();
            for _ in 0..scale.passes {
                let raw = disk::measure(served.data.path(), Duration::from_secs(1))?;
                let cpu_s = served.cpu_seconds();
                let cycled = target.cycle(clients, Load { batch, size: MESSAGE_BYTES }, scale.duration)?;
                passes.push((raw, served.cpu_seconds() - cpu_s, cycled));
            }
            passes.sort_by(|a, b| per_s(&a.2).total_cmp(&per_s(&b.2)));
            let Some((raw, cpu_s, cycled)) = passes.get(passes.len() / 2) else { continue };
            println!(
                "  {word:<14} {clients:>2} clients {:>7.0} messages/s  server {:.2} cores",
                per_s(cycled),
                cpu_s / cycled.time.as_secs_f64()
            );
            print_calls(cycled);
            print_raw(raw);
        }
    }
    println!("  memory at its peak {} MiB", served.memory_kib("VmHWM") / 1024);
    Ok(())
}

/// One sender that waits for each sync, against the disk's own rate, in turns.
fn lone(binary: &Path, scale: &Scale) -> Outcome<()> {
    let served = Served::start(binary)?;
    let target = Target::make(served.address, "lone")?;
    let mut ratios = Vec::new();
    for _ in 0..scale.passes.max(3) {
        let before = disk::syncs(served.data.path(), scale.duration / 4)?;
        let mut client = Client::open(&target, Load { batch: 1, size: MESSAGE_BYTES })?;
        let start = machine::now();
        while start.elapsed() < scale.duration / 2 {
            client.send()?;
        }
        let sends = rate(client.seen.send_ns.len() as u64, start.elapsed().as_secs_f64());
        let after = disk::syncs(served.data.path(), scale.duration / 4)?;
        client.seen.send_ns.sort_unstable();
        let raw = f64::midpoint(before, after);
        println!(
            "  {sends:.0} sends/s, p50 {:.2} ms, p99 {:.2} ms; the disk {before:.0} and {after:.0} syncs/s: {:.2}",
            ms(&client.seen.send_ns, 500),
            ms(&client.seen.send_ns, 990),
            sends / raw
        );
        ratios.push(sends / raw);
    }
    ratios.sort_by(f64::total_cmp);
    println!("  median {:.2} of the disk's rate (goal 0.70)", ratios.get(ratios.len() / 2).unwrap_or(&0.0));
    Ok(())
}

/// The store without a door: 256 writers of 1 KiB records.
fn store_alone(_binary: &Path, scale: &Scale) -> Outcome<()> {
    for writers in [1, 16, 256] {
        let mut measured = Vec::new();
        for _ in 0..scale.passes {
            let folder = tempfile::tempdir_in(machine::scratch()?).map_err(|error| error.to_string())?;
            let raw = disk::records(folder.path(), writers, scale.duration / 2)?;
            let ours = store_records(folder.path(), writers, scale.duration / 2)?;
            measured.push((ours, raw));
        }
        measured.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
        let (ours, raw) = measured.get(measured.len() / 2).copied().unwrap_or_default();
        println!(
            "  {writers:>3} writers {ours:>7.0} records/s; a plain synced append {raw:.0}: {:.2}",
            ours / raw
        );
    }
    Ok(())
}

fn store_records(folder: &Path, writers: usize, duration: Duration) -> Outcome<f64> {
    let options = StoreOptions { disk_reserve_bytes: 0, ..StoreOptions::default() };
    let store = Store::open(&folder.join("store"), &options).map_err(|error| error.to_string())?;
    let (written, failed) = (AtomicU64::new(0), AtomicBool::new(false));
    let start = machine::now();
    thread::scope(|scope| {
        for _ in 0..writers {
            scope.spawn(|| {
                while start.elapsed() < duration && !failed.load(Ordering::Relaxed) {
                    let kept = write_record(&store);
                    written.fetch_add(u64::from(kept), Ordering::Relaxed);
                    failed.fetch_or(!kept, Ordering::Relaxed);
                }
            });
        }
    });
    if failed.into_inner() {
        return Err("the store failed".to_owned());
    }
    Ok(rate(written.into_inner(), start.elapsed().as_secs_f64()))
}

/// Whether one record is on disk.
fn write_record(store: &Store) -> bool {
    let ticket = store.write(std::convert::identity, |tx| {
        let number = tx.next_number();
        tx.put(&RECORDS, &number, &vec![b'r'; MESSAGE_BYTES]);
        Ok(())
    });
    ticket.wait().is_ok()
}

/// A million messages: memory, receives beside those of an empty queue, and a restart.
fn backlog(binary: &Path, scale: &Scale) -> Outcome<()> {
    let mut served = Served::start(binary)?;
    let (full, empty) = (Target::make(served.address, "full")?, Target::make(served.address, "empty")?);
    let before = receives(&empty, scale.duration)?;
    let start = machine::now();
    full.fill(16, BACKLOG_MESSAGE_BYTES, scale.backlog)?;
    println!(
        "  {} messages of {BACKLOG_MESSAGE_BYTES} bytes sent in {:.1} s: {:.0}/s; memory {} MiB, at its peak {} MiB (goal 256)",
        scale.backlog,
        start.elapsed().as_secs_f64(),
        rate(scale.backlog, start.elapsed().as_secs_f64()),
        served.memory_kib("VmRSS") / 1024,
        served.memory_kib("VmHWM") / 1024
    );
    println!("  on disk {:.2} times the bodies", folder_bytes(served.data.path()) as f64 / body_bytes(scale));
    let behind = receives(&full, scale.duration)?;
    let after = receives(&empty, scale.duration)?;
    for (word, one) in [("empty queue", &before), ("the backlog", &behind), ("empty beside it", &after)] {
        println!(
            "  receive of ten, {word:<16} p50 {:>6.2} ms, p99 {:>6.2} ms",
            ms(&one.receive_ns, 500),
            ms(&one.receive_ns, 990)
        );
    }
    served.restart(binary)?;
    let visible = Target { address: served.address, ..full }.visible()?;
    println!(
        "  killed and started: first answer after {:.2} s (goal 5), {visible} messages visible, memory {} MiB",
        served.first_answer.as_secs_f64(),
        served.memory_kib("VmRSS") / 1024
    );
    Ok(())
}

/// Ten in, ten out, one client, for `duration`.
fn receives(target: &Target, duration: Duration) -> Outcome<Cycled> {
    let mut client = Client::open(target, Load { batch: BATCH, size: BACKLOG_MESSAGE_BYTES })?;
    let start = machine::now();
    while start.elapsed() < duration {
        client.send()?;
        client.take()?;
    }
    client.seen.receive_ns.sort_unstable();
    Ok(client.seen)
}

/// A queue that turns over many times what it holds.
fn turnover(binary: &Path, scale: &Scale) -> Outcome<()> {
    let served = Served::start(binary)?;
    let target = Target::make(served.address, "turnover")?;
    target.fill(1, TURNOVER_MESSAGE_BYTES, (TURNOVER_HELD_BYTES / TURNOVER_MESSAGE_BYTES) as u64)?;
    let turned = AtomicU64::new(0);
    let start = machine::now();
    let work = || -> Outcome<u64> {
        let mut client = Client::open(&target, Load { batch: BATCH, size: TURNOVER_MESSAGE_BYTES })?;
        let mut largest = 0;
        while turned.load(Ordering::Relaxed) < scale.turnover_bytes {
            client.send()?;
            let taken = client.take()? * TURNOVER_MESSAGE_BYTES as u64;
            turned.fetch_add(taken, Ordering::Relaxed);
            largest = largest.max(folder_bytes(served.data.path()));
        }
        Ok(largest)
    };
    let largest: Vec<Outcome<u64>> = thread::scope(|scope| {
        let all: Vec<_> = (0..8).map(|_| scope.spawn(work)).collect();
        all.into_iter().map(|one| one.join().unwrap_or_else(|_| Err("a client broke".to_owned()))).collect()
    });
    let largest = largest.into_iter().collect::<Outcome<Vec<_>>>()?.into_iter().max().unwrap_or_default();
    println!(
        "  {:.1} GB turned over in {:.0} s, about {} MB held: at most {} MB on disk (goal 1000), {} MB at the end",
        scale.turnover_bytes as f64 / 1e9,
        start.elapsed().as_secs_f64(),
        TURNOVER_HELD_BYTES / 1_000_000,
        largest / 1_000_000,
        folder_bytes(served.data.path()) / 1_000_000
    );
    Ok(())
}

fn body_bytes(scale: &Scale) -> f64 {
    scale.backlog as f64 * BACKLOG_MESSAGE_BYTES as f64
}

fn folder_bytes(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(data) if data.is_dir() => folder_bytes(&entry.path()),
            Ok(data) => data.len(),
            Err(_) => 0,
        })
        .sum()
}

fn print_calls(cycled: &Cycled) {
    let calls = [("send", &cycled.send_ns), ("receive", &cycled.receive_ns), ("delete", &cycled.delete_ns)];
    let text = calls.map(|(word, ns)| format!("{word} {:.2} / {:.2} ms", ms(ns, 500), ms(ns, 990)));
    println!("    p50 / p99: {}", text.join(", "));
}

fn print_raw(raw: &Raw) {
    println!(
        "    the disk: {:.0} syncs/s, {:.0} and {:.0} synced records/s by 16 and 256 writers, {:.0} MB/s",
        raw.syncs_1, raw.records_16, raw.records_256, raw.sequential_mb
    );
}

fn per_s(cycled: &Cycled) -> f64 {
    rate(cycled.messages, cycled.time.as_secs_f64())
}

/// Of sorted nanoseconds, in milliseconds: the smallest value that `per_mille` of them do not exceed.
fn ms(sorted: &[u64], per_mille: usize) -> f64 {
    let rank = (sorted.len() * per_mille).div_ceil(1000);
    sorted.get(rank.saturating_sub(1)).map_or(0.0, |&ns| ns as f64 / 1e6)
}

fn cores() -> usize {
    thread::available_parallelism().map_or(0, usize::from)
}

/// What else the machine does: the first three figures of `/proc/loadavg`.
fn load_average() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_else(|_| env::consts::OS.to_owned());
    text.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{folder_bytes, options};

    #[test]
    fn the_command_line_is_read() {
        let read = |args: &[&str]| options(&args.iter().map(|&arg| arg.to_owned()).collect::<Vec<_>>());
        let asked = read(&["--quick", "lone", "--bin", "/x"]).expect("it is right");
        assert!(asked.quick && asked.parts == ["lone"] && asked.binary.is_some());
        read(&["dance"]).expect_err("no such part");
        read(&["--bin"]).expect_err("no path");
    }

    #[test]
    fn a_folder_is_as_large_as_its_files() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("in")).expect("a folder in it");
        for name in ["a", "in/b"] {
            std::fs::write(folder.path().join(name), [0; 7]).expect("a file");
        }
        assert_eq!(folder_bytes(folder.path()), 14);
    }
}
