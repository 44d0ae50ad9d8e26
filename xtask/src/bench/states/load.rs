//! Many clients that start executions, and one that waits for each.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::bench::disk::rate;
use crate::bench::functions::nanoseconds;
use crate::bench::pipeline::percentile_ms;
use crate::bench::states::Bench;
use crate::bench::states::door::{Door, START, START_SYNC};
use crate::machine::{self, Outcome};

/// Pass, Choice, Pass: eight events of a history.
fn pass_choice_pass() -> Value {
    json!({"StartAt": "First", "States": {
        "First": {"Type": "Pass", "Next": "Which"},
        "Which": {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericGreaterThan": 0, "Next": "Last"}], "Default": "Last"},
        "Last": {"Type": "Pass", "End": true},
    }})
}

/// What many clients started.
#[derive(Debug)]
struct Started {
    count: u64,
    time: Duration,
}

/// Starts executions as fast as they are acknowledged, for `time`, or until there are `max`.
fn start_many(bench: &Bench, machine: &str, time: Duration, max: u64) -> Outcome<Started> {
    let next = AtomicU64::new(0);
    let begun = machine::now();
    let body = json!({"stateMachineArn": machine, "input": "{\"n\": 1}"}).to_string();
    let client = || -> Outcome<u64> {
        let (mut door, mut count) = (bench.door()?, 0);
        while begun.elapsed() < time && next.fetch_add(1, Ordering::Relaxed) < max {
            door.0.call(START, body.as_bytes())?;
            count += 1;
        }
        Ok(count)
    };
    let ended: Vec<Outcome<u64>> = thread::scope(|scope| {
        let all: Vec<_> = (0..bench.options.clients).map(|_| scope.spawn(client)).collect();
        all.into_iter().map(|one| one.join().unwrap_or_else(|_| Err("a client broke".to_owned()))).collect()
    });
    let count = ended.into_iter().collect::<Outcome<Vec<u64>>>()?.into_iter().sum();
    Ok(Started { count, time: begun.elapsed() })
}

/// Starts so many executions of a machine.
pub(super) fn start_so_many(bench: &Bench, machine: &str, count: u64) -> Outcome<Duration> {
    start_many(bench, machine, Duration::MAX, count).map(|started| started.time)
}

/// Standard executions, from the first start to the last end.
pub(super) fn standard(bench: &mut Bench) -> Outcome<()> {
    let mut door = bench.door()?;
    let machine = door.machine("bench-standard", "STANDARD", &pass_choice_pass())?;
    let (begun, cpu) = (machine::now(), bench.served.cpu_seconds());
    let started = start_many(bench, &machine, bench.time(), u64::MAX)?;
    door.await_all(&machine)?;
    let whole = begun.elapsed().as_secs_f64();
    bench.note("standard_executions_per_s", rate(started.count, whole).round());
    bench.note("standard_starts_per_s", rate(started.count, started.time.as_secs_f64()).round());
    note_cost(bench, "standard", cpu, started.count);
    Ok(())
}

/// Express executions, started and not waited for.
pub(super) fn express(bench: &mut Bench) -> Outcome<()> {
    let machine = bench.door()?.machine("bench-express", "EXPRESS", &pass_choice_pass())?;
    let cpu = bench.served.cpu_seconds();
    let started = start_many(bench, &machine, bench.time(), u64::MAX)?;
    bench.note("express_starts_per_s", rate(started.count, started.time.as_secs_f64()).round());
    note_cost(bench, "express", cpu, started.count);
    Ok(())
}

fn note_cost(bench: &mut Bench, what: &str, cpu_before: f64, count: u64) {
    let cpu_us = (bench.served.cpu_seconds() - cpu_before) * 1e6;
    let each = if count == 0 { 0.0 } else { cpu_us / count as f64 };
    bench.note(&format!("{what}_server_us_per_execution"), each.round());
}

/// One client that waits for the end of each Express execution.
pub(super) fn sync(bench: &mut Bench) -> Outcome<()> {
    let mut door: Door = bench.door()?;
    let machine = door.machine("bench-sync", "EXPRESS", &pass_choice_pass())?;
    let body = json!({"stateMachineArn": machine, "input": "{\"n\": 1}"}).to_string();
    let (started, mut all) = (machine::now(), Vec::new());
    while started.elapsed() < bench.time() {
        let begun = machine::now();
        door.0.call(START_SYNC, body.as_bytes())?;
        all.push(nanoseconds(begun));
    }
    all.sort_unstable();
    bench.note("sync_ms_p50", percentile_ms(&all, 500));
    bench.note("sync_ms_p99", percentile_ms(&all, 990));
    Ok(())
}
