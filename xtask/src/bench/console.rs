//! `cargo xtask bench console`: how long pages take with many rules and kept events, and what an open Live page costs the server.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::bench::http::{Connection, Operation};
use crate::machine::{self, Outcome};
use crate::options;
use crate::served::Served;

const USAGE: &str =
    "cargo xtask bench console [--rules 1000] [--events 1000000] [--seconds 20] [--rate 100] [--bin PATH]";
/// Rules of one bus: AWS's quota is 300.
const RULES_PER_BUS: u64 = 250;
/// Entries of one PutEvents.
const BATCH: u64 = 10;
/// Loads of each page, of which the median is told.
const LOADS: usize = 9;
const PAGES: [&str; 7] = ["", "live", "rules", "queues", "dead-letters", "health", "functions"];

const BUS: Operation = Operation::events("CreateEventBus");
const RULE: Operation = Operation::events("PutRule");
const TARGETS: Operation = Operation::events("PutTargets");
const EVENTS: Operation = Operation::events("PutEvents");

#[derive(Debug)]
struct Options {
    rules: u64,
    events: u64,
    seconds: u64,
    rate: u64,
    binary: Option<PathBuf>,
}

/// Runs all of it.
///
/// # Errors
/// When the command line is wrong, or a call fails.
pub(crate) fn run(args: &[String]) -> Outcome<()> {
    let mut options = Options { rules: 1_000, events: 1_000_000, seconds: 20, rate: 100, binary: None };
    options::read(args, &[], USAGE, |option, value| {
        match option {
            "--rules" => options.rules = value.number()?,
            "--events" => options.events = value.number()?,
            "--seconds" => options.seconds = value.number()?,
            "--rate" => options.rate = value.number()?,
            "--bin" => options.binary = Some(value.path()),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    let binary = options.binary.clone().map_or_else(machine::build_release, Ok)?;
    let served = Served::start(&binary)?;
    let mut door = Connection::open(served.address)?;
    pages(served.address, "with nothing")?;
    fill(&mut door, &options)?;
    pages(served.address, &format!("with {} rules and {} events", options.rules, options.events))?;
    live(&served, &mut door, &options)
}

fn fill(door: &mut Connection, options: &Options) -> Outcome<()> {
    for number in 0..options.rules {
        let bus = format!("bench-{}", number / RULES_PER_BUS);
        if number.is_multiple_of(RULES_PER_BUS) {
            door.ask(BUS, &json!({"Name": bus}))?;
        }
        let rule = format!("rule-{number}");
        let pattern = json!({"source": [format!("shop-{number}")]}).to_string();
        door.ask(RULE, &json!({"Name": rule, "EventBusName": bus, "EventPattern": pattern}))?;
        let target = json!({"Id": "queue", "Arn": "arn:aws:sqs:us-east-1:000000000000:bench"});
        door.ask(TARGETS, &json!({"Rule": rule, "EventBusName": bus, "Targets": [target]}))?;
    }
    for number in 0..options.events / BATCH {
        put(door, number)?;
    }
    Ok(())
}

fn put(door: &mut Connection, number: u64) -> Outcome<()> {
    let entry = |at: u64| {
        let detail = json!({"orderId": number * BATCH + at, "total": at}).to_string();
        json!({"Source": "bench", "DetailType": "order", "Detail": detail})
    };
    let entries: Vec<Value> = (0..BATCH).map(entry).collect();
    door.ask(EVENTS, &json!({"Entries": entries})).map(drop)
}

fn pages(address: SocketAddr, state: &str) -> Outcome<()> {
    println!("{state}:");
    for page in PAGES {
        let mut took = Vec::new();
        let mut bytes = 0;
        for _ in 0..LOADS {
            let begun = machine::now();
            bytes = load(address, page)?;
            took.push(begun.elapsed());
        }
        took.sort_unstable();
        let median = took.get(LOADS / 2).copied().unwrap_or_default();
        println!("  {:<14} {:>8.1} ms  {:>6.1} KiB", shown(page), median.as_secs_f64() * 1e3, kib(bytes));
    }
    Ok(())
}

fn shown(page: &str) -> &str {
    if page.is_empty() { "first page" } else { page }
}

#[expect(clippy::cast_precision_loss, reason = "a page has less than 2^52 bytes")]
fn kib(bytes: usize) -> f64 {
    bytes as f64 / 1024.0
}

/// Loads a page as a browser does, compressed; how many bytes came.
fn load(address: SocketAddr, page: &str) -> Outcome<usize> {
    let mut stream = TcpStream::connect(address).map_err(|error| error.to_string())?;
    let request = format!(
        "GET /console/{page} HTTP/1.1\r\nHost: {address}\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n"
    );
    let mut answer = Vec::new();
    let talked = stream.write_all(request.as_bytes()).and_then(|()| stream.read_to_end(&mut answer));
    talked.map_err(|error| format!("{page}: {error}"))?;
    if answer.starts_with(b"HTTP/1.1 200 ") { Ok(answer.len()) } else { Err(format!("{page}: no page")) }
}

/// What the server's processor time is under the same load with nobody who looks, with an open tab, and after it was closed.
fn live(served: &Served, door: &mut Connection, options: &Options) -> Outcome<()> {
    let without = under_load(served, door, options)?;
    let stream = TcpStream::connect(served.address).map_err(|error| error.to_string())?;
    let mut reader = stream.try_clone().map_err(|error| error.to_string())?;
    let request = format!(
        "GET /console/live-stream?bus=default&figures=1 HTTP/1.1\r\nHost: {}\r\n\r\n",
        served.address
    );
    reader.write_all(request.as_bytes()).map_err(|error| error.to_string())?;
    let tab = thread::spawn(move || {
        let mut part = [0; 1 << 16];
        let mut bytes = 0;
        while let Ok(taken @ 1..) = reader.read(&mut part) {
            bytes += taken;
        }
        bytes
    });
    let with = under_load(served, door, options)?;
    // A tab that is hidden closes its stream.
    stream.shutdown(std::net::Shutdown::Both).map_err(|error| error.to_string())?;
    let bytes = tab.join().unwrap_or_default();
    let hidden = under_load(served, door, options)?;
    println!(
        "{} events/s: {without:.1} % of a core with nobody who looks, {with:.1} % with an open Live page (goal: 3 more), {hidden:.1} % once it is hidden; {:.1} KiB were sent to it",
        options.rate,
        kib(bytes)
    );
    Ok(())
}

/// Hundredths of a core over the time of the load.
fn under_load(served: &Served, door: &mut Connection, options: &Options) -> Outcome<f64> {
    let (begun, cpu) = (machine::now(), served.cpu_seconds());
    let time = Duration::from_secs(options.seconds);
    let pause =
        Duration::from_secs_f64(10.0 / f64::from(u32::try_from(options.rate.max(1)).unwrap_or(u32::MAX)));
    let mut number = 0;
    while begun.elapsed() < time {
        put(door, number)?;
        number += 1;
        machine::pause((pause * number_of(number)).saturating_sub(begun.elapsed()));
    }
    Ok((served.cpu_seconds() - cpu) / begun.elapsed().as_secs_f64() * 100.0)
}

fn number_of(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
