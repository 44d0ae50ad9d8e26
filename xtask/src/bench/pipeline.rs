//! `cargo xtask bench pipeline`: PutEvents -> rule -> SQS -> received -> deleted, synced, beside what the disk can do.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use crate::bench::disk::{self, Raw, rate};
use crate::bench::load::{self, Pass, Pipeline, Shape};
use crate::machine::{self, Outcome};
use crate::options;
use crate::served::Served;

const USAGE: &str = "cargo xtask bench pipeline [--seconds 10] [--passes 3] [--clients 32] [--receivers 32] \
                     [--rate EVENTS_PER_S] [--bin PATH] [--json]";

#[derive(Debug)]
struct Options {
    seconds: u64,
    passes: usize,
    clients: usize,
    receivers: usize,
    /// Events a second in all; 0 is as many as the door takes.
    rate: u64,
    binary: Option<PathBuf>,
    json: bool,
}

/// One pass and the disk's figures of just before it.
#[derive(Debug)]
struct Measured {
    raw: Raw,
    pass: Pass,
    /// Seconds of processor time that the server took, of both cores together.
    server_cpu_s: f64,
}

/// Runs the passes and prints their medians.
///
/// # Errors
/// When the command line is wrong, or a call fails, or an event is lost.
pub(crate) fn run(args: &[String]) -> Outcome<()> {
    let options = options(args)?;
    let binary = options.binary.clone().map_or_else(machine::build_release, Ok)?;
    let mut served = Served::start(&binary)?;
    machine::pause(Duration::from_secs(1));
    let idle_kib = served.memory_kib("VmRSS");
    let pipeline = Pipeline::make(served.address)?;
    let shape = shape(&options);
    let mut measured = Vec::new();
    for number in 1..=options.passes {
        let raw = disk::measure(served.data.path(), Duration::from_millis(1500))?;
        let cpu_before = served.cpu_seconds();
        let pass = pipeline.pass(shape).map_err(|error| failed(&mut served, &error))?;
        let server_cpu_s = served.cpu_seconds() - cpu_before;
        if !options.json {
            print_pass(number, &pass, server_cpu_s);
        }
        measured.push(Measured { raw, pass, server_cpu_s });
    }
    let report = report(&options, &served, &measured, idle_kib);
    if options.json {
        println!("{report:#}");
    } else {
        print_report(&report);
    }
    let lost: u64 = measured.iter().map(|one| one.pass.matched.saturating_sub(one.pass.delivered)).sum();
    if lost == 0 { Ok(()) } else { Err(format!("{lost} matched events were never received")) }
}

fn options(args: &[String]) -> Outcome<Options> {
    let mut options =
        Options { seconds: 10, passes: 3, clients: 32, receivers: 32, rate: 0, binary: None, json: false };
    options::read(args, &["--json"], USAGE, |option, value| {
        match option {
            "--seconds" => options.seconds = value.number()?,
            "--passes" => options.passes = value.number()?,
            "--clients" => options.clients = value.number()?,
            "--receivers" => options.receivers = value.number()?,
            "--rate" => options.rate = value.number()?,
            "--bin" => options.binary = Some(value.path()),
            "--json" => options.json = true,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(options)
}

/// A wanted rate is shared by the putters, each with its own pace.
fn shape(options: &Options) -> Shape {
    let calls = options.clients as f64 * load::BATCH as f64;
    let pace = if options.rate == 0 { 0.0 } else { calls / options.rate as f64 };
    Shape {
        putters: options.clients,
        receivers: options.receivers,
        duration: Duration::from_secs(options.seconds),
        pace: Duration::from_secs_f64(pace),
    }
}

fn failed(served: &mut Served, error: &str) -> String {
    let word = if served.runs() { "still runs" } else { "has ended" };
    format!("{error}\nthe binary {word}; the end of its log:\n{}", served.log_end())
}

fn print_pass(number: usize, pass: &Pass, server_cpu_s: f64) {
    let whole = pass.whole_time.as_secs_f64();
    println!(
        "pass {number}: {} events in {whole:.1} s = {:.0}/s (put {:.0}/s), {} delivered of {} matched, {} twice, server {:.2} cores",
        pass.events,
        rate(pass.events, whole),
        rate(pass.events, pass.put_time.as_secs_f64()),
        pass.delivered,
        pass.matched,
        pass.duplicates,
        server_cpu_s / whole,
    );
}

fn report(options: &Options, served: &Served, measured: &[Measured], idle_kib: u64) -> Value {
    let of = |value: fn(&Measured) -> f64| median(measured.iter().map(value).collect());
    let events_per_s = of(|one| rate(one.pass.events, one.pass.whole_time.as_secs_f64()));
    let raw_16 = of(|one| one.raw.records_16);
    let raw_256 = of(|one| one.raw.records_256);
    let syncs = of(|one| one.raw.syncs_1);
    json!({
        "event_bytes": load::event_size_bytes(),
        "entries_per_call": load::BATCH,
        "clients": options.clients,
        "receivers": options.receivers,
        "rate_wanted": options.rate,
        "seconds": options.seconds,
        "passes": options.passes,
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "events_per_s": events_per_s,
        "put_events_per_s": of(|one| rate(one.pass.events, one.pass.put_time.as_secs_f64())),
        "put_ms_p50": of(|one| percentile_ms(&one.pass.put_ns, 500)),
        "put_ms_p99": of(|one| percentile_ms(&one.pass.put_ns, 990)),
        "delivery_ms_p50": of(|one| percentile_ms(&one.pass.delivery_ns, 500)),
        "delivery_ms_p99": of(|one| percentile_ms(&one.pass.delivery_ns, 990)),
        "server_us_per_event": of(|one| us_per_event(one.server_cpu_s, one.pass.events)),
        "server_cores": of(|one| one.server_cpu_s / one.pass.whole_time.as_secs_f64()),
        "raw_syncs_per_s_1_writer": syncs,
        "raw_records_per_s_16_writers": raw_16,
        "raw_records_per_s_256_writers": raw_256,
        "raw_sequential_mb_per_s": of(|one| one.raw.sequential_mb),
        "events_per_sync_of_one_writer": ratio(events_per_s, syncs),
        "events_to_records_16_writers": ratio(events_per_s, raw_16),
        "events_to_records_256_writers": ratio(events_per_s, raw_256),
        "first_answer_ms": served.first_answer.as_secs_f64() * 1e3,
        "idle_rss_mib": idle_kib as f64 / 1024.0,
        "peak_rss_mib": served.memory_kib("VmHWM") as f64 / 1024.0,
    })
}

pub(crate) fn print_report(report: &Value) {
    println!("\nmedians");
    for (name, value) in report.as_object().into_iter().flatten() {
        match value.as_f64() {
            Some(number) if number.fract() == 0.0 || number >= 1000.0 => {
                println!("  {name:<32} {number:>12.0}")
            }
            Some(number) => println!("  {name:<32} {number:>12.2}"),
            None => println!("  {name:<32} {value:>12}"),
        }
    }
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Microseconds of processor time for each event.
fn us_per_event(cpu_s: f64, events: u64) -> f64 {
    ratio(cpu_s * 1e6, events as f64)
}

fn ratio(a: f64, b: f64) -> f64 {
    if b > 0.0 { a / b } else { 0.0 }
}

/// Of sorted nanoseconds, in milliseconds: the smallest value that `per_mille` of them do not exceed.
pub(crate) fn percentile_ms(sorted: &[u64], per_mille: usize) -> f64 {
    let rank = (sorted.len() * per_mille).div_ceil(1000);
    sorted.get(rank.saturating_sub(1)).map_or(0.0, |&ns| ns as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::{median, options, percentile_ms};

    #[test]
    fn a_percentile_is_a_value_that_was_measured() {
        let sorted: Vec<u64> = (1..=100).map(|n| n * 1_000_000).collect();
        assert_eq!([500, 990, 1000].map(|per_mille| percentile_ms(&sorted, per_mille)), [50.0, 99.0, 100.0]);
        assert_eq!((percentile_ms(&[], 500), percentile_ms(&[7_000_000], 990)), (0.0, 7.0));
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
    }

    #[test]
    fn a_wrong_command_line_is_told() {
        for wrong in [["--seconds", "0"], ["--passes", "many"], ["--what", "1"]] {
            options(&wrong.map(str::to_owned)).expect_err("it is wrong");
        }
    }
}
