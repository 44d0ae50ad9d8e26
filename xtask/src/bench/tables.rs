//! `cargo xtask bench tables`: puts beside the raw disk, conditional puts and gets by many clients, and a restart with many items.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use aws::api::DYNAMODB;
use serde_json::{Value, json};

use crate::bench::disk::{self, rate};
use crate::bench::functions::{median, nanoseconds};
use crate::bench::http::{Connection, Operation};
use crate::machine::{self, Outcome};
use crate::options;
use crate::served::Served;

const USAGE: &str = "cargo xtask bench tables [--seconds 5] [--items 1000000] [--bin PATH]";
const CLIENTS: u64 = 64;
/// Items of one BatchWriteItem.
const BATCH: u64 = 25;
const TABLE: &str = "bench";

#[derive(Debug)]
struct Options {
    seconds: u64,
    items: u64,
    binary: Option<PathBuf>,
}

const fn operation(name: &'static str) -> Operation {
    Operation::of(&DYNAMODB, name)
}

const CREATE: Operation = operation("CreateTable");
const PUT: Operation = operation("PutItem");
const GET: Operation = operation("GetItem");
const WRITE: Operation = operation("BatchWriteItem");

/// Runs all of it.
///
/// # Errors
/// When the command line is wrong, or a call fails.
pub(crate) fn run(args: &[String]) -> Outcome<()> {
    let mut options = Options { seconds: 5, items: 1_000_000, binary: None };
    options::read(args, &[], USAGE, |option, value| {
        match option {
            "--seconds" => options.seconds = value.number()?,
            "--items" => options.items = value.number()?,
            "--bin" => options.binary = Some(value.path()),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    let binary = options.binary.clone().map_or_else(machine::build_release, Ok)?;
    let time = Duration::from_secs(options.seconds);
    let mut served = Served::start(&binary)?;
    let mut door = Connection::open(served.address)?;
    door.ask(
        CREATE,
        &json!({
            "TableName": TABLE, "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        }),
    )?;
    lone(&served, &mut door, time)?;
    let puts = many(served.address, time, |number| (PUT, lease(number)))?;
    let gets =
        many(served.address, time, |number| (GET, json!({"TableName": TABLE, "Key": key(number % 1000)})))?;
    println!("{CLIENTS} clients: {puts:.0} conditional puts/s; {gets:.0} gets/s");
    fill(&mut door, options.items)?;
    drop(door);
    served.restart(&binary)?;
    let mut door = Connection::open(served.address)?;
    door.ask(GET, &json!({"TableName": TABLE, "Key": key(1)}))?;
    println!(
        "{} items, killed and started: first answer after {:.2} s (goal 1), memory {} MiB (goal 64)",
        options.items,
        served.first_answer.as_secs_f64(),
        served.memory_kib("VmRSS") / 1024
    );
    Ok(())
}

fn key(number: u64) -> Value {
    json!({"pk": {"S": format!("k{number}")}})
}

fn item(number: u64) -> Value {
    json!({"pk": {"S": format!("k{number}")}, "owner": {"S": "worker-1"}, "until": {"N": "1790000000"}})
}

/// A put that only one can win.
fn lease(number: u64) -> Value {
    let item = json!({"pk": {"S": format!("lease-{number}")}, "owner": {"S": "worker-1"}});
    json!({"TableName": TABLE, "Item": item, "ConditionExpression": "attribute_not_exists(pk)"})
}

/// One client that waits for each put, beside the disk's own syncs, in turns.
fn lone(served: &Served, door: &mut Connection, time: Duration) -> Outcome<()> {
    let before = disk::syncs(served.data.path(), time / 4)?;
    let mut puts = Vec::new();
    let started = machine::now();
    while started.elapsed() < time {
        let request = json!({"TableName": TABLE, "Item": item(puts.len() as u64)}).to_string();
        let begun = machine::now();
        door.call(PUT, request.as_bytes())?;
        puts.push(nanoseconds(begun));
    }
    let after = disk::syncs(served.data.path(), time / 4)?;
    let (put_ms, sync_ms) = (median(&mut puts) / 1e6, 2e3 / (before + after));
    println!(
        "one client: put p50 {put_ms:.2} ms, a raw sync {sync_ms:.2} ms ({before:.0} and {after:.0}/s): {:.1} syncs (goal 2)",
        put_ms / sync_ms
    );
    Ok(())
}

/// Calls a second of many clients, each call with a number of its own.
fn many(
    address: SocketAddr,
    time: Duration,
    request: impl Fn(u64) -> (Operation, Value) + Send + Sync,
) -> Outcome<f64> {
    let next = AtomicU64::new(0);
    let started = machine::now();
    let call = || -> Outcome<()> {
        let mut door = Connection::open(address)?;
        while started.elapsed() < time {
            let (operation, body) = request(next.fetch_add(1, Ordering::Relaxed));
            door.call(operation, body.to_string().as_bytes())?;
        }
        Ok(())
    };
    let ended: Vec<Outcome<()>> = thread::scope(|scope| {
        let all: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(call)).collect();
        all.into_iter().map(|one| one.join().unwrap_or_else(|_| Err("a client broke".to_owned()))).collect()
    });
    ended.into_iter().collect::<Outcome<()>>()?;
    Ok(rate(next.into_inner(), started.elapsed().as_secs_f64()))
}

fn fill(door: &mut Connection, items: u64) -> Outcome<()> {
    let started = machine::now();
    let mut next = 0;
    while next < items {
        let some = next..items.min(next + BATCH);
        let puts: Vec<Value> = some.map(|number| json!({"PutRequest": {"Item": item(number)}})).collect();
        next += BATCH;
        door.call(WRITE, json!({"RequestItems": {TABLE: puts}}).to_string().as_bytes())?;
    }
    println!(
        "{items} items in batches of {BATCH}: {:.0} items/s",
        rate(items, started.elapsed().as_secs_f64())
    );
    Ok(())
}
