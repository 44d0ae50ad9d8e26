//! `cargo xtask bench delivery`: from before PutEvents to the start of an HTTP target, at a steady rate; and the same for the
//! others while one of the targets hangs.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::bench::http::{Connection, Operation};
use crate::bench::pipeline::{median, percentile_ms, print_report};
use crate::gauge::{Gauge, mark_of};
use crate::machine::{self, Outcome};
use crate::options;
use crate::served::Served;

const USAGE: &str = "cargo xtask bench delivery [--seconds 10] [--passes 3] [--rate 2000] [--rules 300] [--targets 50] [--putters 4] \
                     [--bin PATH] [--json]";
/// Events of one PutEvents.
const BATCH: usize = 10;
/// What makes an event as large as Genesys Cloud's.
const FILLER_BYTES: usize = 1_000;
/// A target that hangs answers after this: later than any call is cut off.
const HANGS_FOR: Duration = Duration::from_secs(8);
/// How long what was put may take to arrive after the last PutEvents.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Clone, Debug)]
struct Options {
    seconds: u64,
    passes: usize,
    rate: usize,
    rules: usize,
    targets: usize,
    putters: usize,
    binary: Option<PathBuf>,
    json: bool,
}

/// One pass: sorted nanoseconds of each call of a target that does not hang.
#[derive(Debug)]
struct Pass {
    starts_ns: Vec<u64>,
    put: usize,
    missing: usize,
    server_cores: f64,
}

/// Runs the passes, each with and without a target that hangs, and prints their medians.
///
/// # Errors
/// When the command line is wrong, or a call fails, or an event never arrives.
pub(crate) fn run(args: &[String]) -> Outcome<()> {
    let options = options(args)?;
    let binary = options.binary.clone().map_or_else(machine::build_release, Ok)?;
    let (mut healthy, mut beside) = (Vec::new(), Vec::new());
    for number in 1..=options.passes {
        for hangs in [None, Some(0)] {
            let pass = pass(&options, &binary, hangs)?;
            if !options.json {
                let word = hangs.map_or("all targets answer", |_| "one target hangs ");
                let [p50, p99] = [500, 990].map(|per_mille| percentile_ms(&pass.starts_ns, per_mille));
                let Pass { put, missing, server_cores, .. } = &pass;
                println!(
                    "pass {number}, {word}: {put} events, p50 {p50:.2} ms, p99 {p99:.2} ms, {missing} missing, server {server_cores:.2} cores"
                );
            }
            if hangs.is_some() { beside.push(pass) } else { healthy.push(pass) }
        }
    }
    let report = report(&options, &healthy, &beside);
    if options.json {
        println!("{report:#}");
    } else {
        print_report(&report);
    }
    let missing: usize = healthy.iter().chain(&beside).map(|pass| pass.missing).sum();
    if missing == 0 { Ok(()) } else { Err(format!("{missing} events never reached their target")) }
}

fn options(args: &[String]) -> Outcome<Options> {
    let mut options = Options {
        seconds: 10,
        passes: 3,
        rate: 2_000,
        rules: 300,
        targets: 50,
        putters: 4,
        binary: None,
        json: false,
    };
    options::read(args, &["--json"], USAGE, |option, value| {
        match option {
            "--seconds" => options.seconds = value.number()?,
            "--passes" => options.passes = value.number()?,
            "--rate" => options.rate = value.number()?,
            "--rules" => options.rules = value.number()?,
            "--targets" => options.targets = value.number()?,
            "--putters" => options.putters = value.number()?,
            "--bin" => options.binary = Some(value.path()),
            "--json" => options.json = true,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    if options.targets < 2 || options.rules < options.targets {
        return Err("at least two targets, and a rule for each".to_owned());
    }
    Ok(options)
}

fn pass(options: &Options, binary: &std::path::Path, hangs: Option<usize>) -> Outcome<Pass> {
    let epoch = machine::now();
    let starts = Arc::new(Mutex::new(Vec::new()));
    let (noted, hanging) = (Arc::clone(&starts), hangs.map(|target| format!("/{}", target_name(target))));
    let gauge = Gauge::open(move |path, body| {
        if hanging.as_deref() == Some(path) {
            return HANGS_FOR;
        }
        let put_ns = mark_of(body).unwrap_or_default();
        let starts_ns = since(epoch).saturating_sub(put_ns);
        noted.lock().unwrap_or_else(PoisonError::into_inner).push(starts_ns);
        Duration::ZERO
    })?;
    let served = Served::start_as(binary, &["serve", "--allow-private", "127.0.0.1"])?;
    let mut door = Connection::open(served.address)?;
    rules(&mut door, &gauge, options)?;
    let cpu_before = served.cpu_seconds();
    let put = put_all(served.address, options, epoch)?;
    let wanted: usize = put
        .iter()
        .enumerate()
        .filter(|(rule, _)| hangs.is_none_or(|hanging| rule % options.targets != hanging))
        .map(|(_, count)| count)
        .sum();
    let seen = || starts.lock().unwrap_or_else(PoisonError::into_inner).len();
    let waiting = machine::now();
    while seen() < wanted && waiting.elapsed() < PATIENCE {
        machine::pause(Duration::from_millis(10));
    }
    let server_cores = (served.cpu_seconds() - cpu_before) / options.seconds as f64;
    let mut starts_ns = starts.lock().unwrap_or_else(PoisonError::into_inner).clone();
    starts_ns.sort_unstable();
    Ok(Pass {
        missing: wanted.saturating_sub(starts_ns.len()),
        put: put.iter().sum(),
        starts_ns,
        server_cores,
    })
}

fn target_name(target: usize) -> String {
    format!("target-{target}")
}

/// The rules, one kind of event each, and their targets in turn.
fn rules(door: &mut Connection, gauge: &Gauge, options: &Options) -> Outcome<()> {
    let mut arns = Vec::new();
    for target in 0..options.targets {
        arns.push(gauge.destination(door, &target_name(target))?);
    }
    for (rule, arn) in (0..options.rules).zip(arns.iter().cycle()) {
        let name = format!("rule-{rule}");
        let pattern = json!({"source": ["bench"], "detail": {"kind": [name]}}).to_string();
        door.ask(Operation::events("PutRule"), &json!({"Name": name, "EventPattern": pattern}))?;
        let targets = json!({"Rule": name, "Targets": [{"Id": "target", "Arn": arn}]});
        door.ask(Operation::events("PutTargets"), &targets)?;
    }
    Ok(())
}

/// Puts events at the wanted rate from several connections; how many for each rule.
fn put_all(address: std::net::SocketAddr, options: &Options, epoch: Instant) -> Outcome<Vec<usize>> {
    let putters: Vec<_> = (0..options.putters)
        .map(|putter| {
            let options = options.clone();
            thread::spawn(move || put(address, &options, putter, epoch))
        })
        .collect();
    let mut all = vec![0; options.rules];
    for putter in putters {
        let counts = putter.join().map_err(|_| "a putter panicked".to_owned())??;
        all.iter_mut().zip(counts).for_each(|(all, count)| *all += count);
    }
    Ok(all)
}

fn put(
    address: std::net::SocketAddr,
    options: &Options,
    putter: usize,
    epoch: Instant,
) -> Outcome<Vec<usize>> {
    let mut door = Connection::open(address)?;
    let mut counts = vec![0; options.rules];
    let pace = Duration::from_secs_f64((options.putters * BATCH) as f64 / options.rate as f64);
    let started = machine::now();
    let (mut call, mut rule) = (0_u32, putter * options.rules / options.putters);
    let filler = "x".repeat(FILLER_BYTES);
    while started.elapsed() < Duration::from_secs(options.seconds) {
        // A putter that fell behind goes on at its own pace's times, so that waiting counts as time of the event.
        let due = pace * call;
        machine::pause(due.saturating_sub(started.elapsed()));
        call += 1;
        let put_ns = since(epoch);
        let mut entries = Vec::with_capacity(BATCH);
        for _ in 0..BATCH {
            rule = (rule + 1) % options.rules;
            if let Some(count) = counts.get_mut(rule) {
                *count += 1;
            }
            let detail =
                json!({"mark": put_ns, "kind": format!("rule-{rule}"), "filler": filler}).to_string();
            entries.push(json!({"Source": "bench", "DetailType": "t", "Detail": detail}));
        }
        let answer = door.ask(Operation::events("PutEvents"), &json!({"Entries": entries}))?;
        if answer.get("FailedEntryCount") != Some(&json!(0)) {
            return Err(format!("PutEvents: {answer}"));
        }
    }
    Ok(counts)
}

fn since(epoch: Instant) -> u64 {
    u64::try_from(epoch.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

fn report(options: &Options, healthy: &[Pass], beside: &[Pass]) -> Value {
    let of = |passes: &[Pass], per_mille: usize| {
        median(passes.iter().map(|pass| percentile_ms(&pass.starts_ns, per_mille)).collect())
    };
    let growth = of(beside, 990) / of(healthy, 990).max(f64::MIN_POSITIVE);
    json!({
        "rate_wanted": options.rate,
        "rules": options.rules,
        "targets": options.targets,
        "seconds": options.seconds,
        "passes": options.passes,
        "cores": thread::available_parallelism().map_or(0, usize::from),
        "events_per_s": median(healthy.iter().map(|pass| pass.put as f64 / options.seconds as f64).collect()),
        "start_ms_p50": of(healthy, 500),
        "start_ms_p99": of(healthy, 990),
        "beside_one_that_hangs_ms_p50": of(beside, 500),
        "beside_one_that_hangs_ms_p99": of(beside, 990),
        "p99_beside_one_that_hangs": growth,
        "server_cores": median(healthy.iter().map(|pass| pass.server_cores).collect()),
    })
}

#[cfg(test)]
mod tests {
    use super::options;

    #[test]
    fn a_wrong_command_line_is_told() {
        for wrong in [["--seconds", "0"], ["--targets", "1"], ["--rules", "3"], ["--what", "1"]] {
            options(&wrong.map(str::to_owned)).expect_err("it is wrong");
        }
        assert_eq!(options(&[]).unwrap().rate, 2_000);
    }
}
