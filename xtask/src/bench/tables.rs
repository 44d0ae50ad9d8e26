//! `cargo xtask bench tables`: puts beside the raw disk, conditional puts and gets by many clients, beside another server where one
//! is named, and a restart with many items.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use aws::api::DYNAMODB;
use serde_json::{Value, json};

use crate::bench::disk::{self, rate};
use crate::bench::figures::{Figure, Figures, Form, Goal};
use crate::bench::functions::{median, nanoseconds};
use crate::bench::http::{Connection, Operation};
use crate::machine::{self, Outcome};
use crate::options;
use crate::served::Served;

const USAGE: &str = "cargo xtask bench tables [--seconds 5] [--items 1000000] [--beside ADDRESS] [--bin PATH] [--json]

\
     --beside names a DynamoDB server that runs already, and has its data in a file: the engine's own is
     `dynoxide serve --port 8000 --db-path FILE` (cargo install dynoxide-rs --no-default-features --features native-sqlite,http-server,cli)";
const CLIENTS: u64 = 64;
/// Items of one BatchWriteItem.
const BATCH: u64 = 25;
const TABLE: &str = "bench";

#[derive(Debug)]
struct Options {
    seconds: u64,
    items: u64,
    /// Another server that is asked the same, in turns.
    beside: Option<SocketAddr>,
    binary: Option<PathBuf>,
    form: Form,
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
    let mut options = Options { seconds: 5, items: 1_000_000, beside: None, binary: None, form: Form::Lines };
    options::read(args, &["--json"], USAGE, |option, value| {
        match option {
            "--seconds" => options.seconds = value.number()?,
            "--items" => options.items = value.number()?,
            "--bin" => options.binary = Some(value.path()),
            "--json" => options.form = Form::Json,
            "--beside" => {
                let address = value.text();
                options.beside = Some(
                    address
                        .parse()
                        .map_err(|_| format!("--beside {address}: an address such as 127.0.0.1:8000"))?,
                );
            }
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    let binary = options.binary.clone().map_or_else(machine::build_release, Ok)?;
    let time = Duration::from_secs(options.seconds);
    let mut served = Served::start(&binary)?;
    let mut figures = Figures::new(options.form);
    let mut door = create(served.address)?;
    lone(&served, &mut door, (time, &mut figures))?;
    let beside = options.beside;
    if let Some(other) = beside {
        create(other)?;
    }
    crowd(served.address, beside, (time, &mut figures))?;
    fill(&mut door, options.items, &mut figures)?;
    drop(door);
    served.restart(&binary)?;
    let mut door = Connection::open(served.address)?;
    door.ask(GET, &json!({"TableName": TABLE, "Key": key(1)}))?;
    let first_s = served.first_answer.as_secs_f64();
    let about = "killed and started, until the first answer";
    figures.add(Figure { about, value: first_s, unit: "s", goal: Goal::AtMost(1.0) });
    let resident = served.memory_kib("VmRSS") as f64 / 1024.0;
    figures.add(Figure { about: "resident then", value: resident, unit: "MiB", goal: Goal::AtMost(64.0) });
    figures.tell();
    Ok(())
}

/// A table, and a connection to its server.
fn create(address: SocketAddr) -> Outcome<Connection> {
    let mut door = Connection::open_signed(address, "dynamodb")?;
    door.ask(
        CREATE,
        &json!({
            "TableName": TABLE, "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        }),
    )?;
    Ok(door)
}

/// Conditional puts and gets of many clients; of the other server in turns, so that both have the same machine.
fn crowd(
    address: SocketAddr,
    beside: Option<SocketAddr>,
    (time, figures): (Duration, &mut Figures),
) -> Outcome<()> {
    let get = |number: u64| (GET, json!({"TableName": TABLE, "Key": key(number % 1000)}));
    let add = |figures: &mut Figures, about, value| {
        figures.add(Figure { about, value, unit: "/s", goal: Goal::None });
    };
    add(figures, "64 clients, conditional puts", many(address, time, |number| (PUT, lease(number)))?);
    if let Some(other) = beside {
        let puts = many(other, time, |number| (PUT, lease(number)))?;
        add(figures, "64 clients, conditional puts, of the other server", puts);
    }
    add(figures, "64 clients, gets", many(address, time, get)?);
    if let Some(other) = beside {
        add(figures, "64 clients, gets, of the other server", many(other, time, get)?);
    }
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
fn lone(served: &Served, door: &mut Connection, (time, figures): (Duration, &mut Figures)) -> Outcome<()> {
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
    figures.add(Figure { about: "one client, put p50", value: put_ms, unit: "ms", goal: Goal::None });
    figures.add(Figure {
        about: "a raw sync, before and after",
        value: sync_ms,
        unit: "ms",
        goal: Goal::None,
    });
    let syncs = put_ms / sync_ms;
    figures.add(Figure {
        about: "one client, put p50",
        value: syncs,
        unit: "syncs",
        goal: Goal::AtMost(2.0),
    });
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
        let mut door = Connection::open_signed(address, "dynamodb")?;
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

fn fill(door: &mut Connection, items: u64, figures: &mut Figures) -> Outcome<()> {
    let started = machine::now();
    let mut next = 0;
    while next < items {
        let some = next..items.min(next + BATCH);
        let puts: Vec<Value> = some.map(|number| json!({"PutRequest": {"Item": item(number)}})).collect();
        next += BATCH;
        door.call(WRITE, json!({"RequestItems": {TABLE: puts}}).to_string().as_bytes())?;
    }
    let per_s = rate(items, started.elapsed().as_secs_f64());
    figures.add(Figure { about: "items of the table", value: items as f64, unit: "items", goal: Goal::None });
    figures.add(Figure {
        about: "written in batches of 25",
        value: per_s,
        unit: "items/s",
        goal: Goal::None,
    });
    Ok(())
}
