//! `cargo xtask bench genesys`: events of the simulated org generated, and taken through tracker, bus and a matching rule, synced.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::bench::disk::{self, rate};
use crate::machine::{self, Outcome};
use crate::options;
use crate::served::{Process, Served};

const USAGE: &str =
    "cargo xtask bench genesys [--events 500000] [--seconds 10] [--passes 3] [--bin PATH] [--json]";
/// Orgs that are generated, by their agents.
const AGENTS: [u32; 3] = [10, 1_000, 20_000];
const GOAL_GENERATED: f64 = 20_000.0;
const GOAL_TAKEN: f64 = 5_000.0;
/// Every conversation's end matches, and becomes a message of a queue.
const PIPELINE: &str = "version: 1
genesys: { source: simulate, agents: 1000, queues: [Support, Sales, Billing] }
queues:
  - { name: ends }
rules:
  - name: ends
    pattern: { source: [genesys.cloud], detail-type: [conversation.end] }
    targets: [{ queue: ends }]
";
/// The counters of `/metrics` that are compared.
const RECEIVED: &str = "trunkline_feed_events_total";
const DERIVED: &str = "trunkline_feed_derived_events_total";
const MADE: &str = "trunkline_deliveries_total";

#[derive(Debug)]
struct Options {
    events: u64,
    seconds: u64,
    passes: usize,
    binary: Option<PathBuf>,
    json: bool,
}

/// Runs both and prints them.
///
/// # Errors
/// When the command line is wrong, or the binary fails.
pub(crate) fn run(args: &[String]) -> Outcome<()> {
    let options = options(args)?;
    let binary = options.binary.clone().map_or_else(machine::build_release, Ok)?;
    let mut generated = Vec::new();
    for agents in AGENTS {
        let one = generate(&binary, agents, options.events)?;
        if !options.json {
            println!("{}", generated_line(&one));
        }
        generated.push(one);
    }
    let taken = take(&binary, &options)?;
    if options.json {
        println!("{:#}", json!({"generated": generated, "taken": taken}));
    }
    Ok(())
}

/// `trunkline simulate` to nowhere: one thread that draws, and writes each event as text.
fn generate(binary: &Path, agents: u32, events: u64) -> Outcome<Value> {
    let mut command = Command::new(binary);
    command.args(["simulate", "--events", &events.to_string(), "--agents", &agents.to_string()]);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let start = machine::now();
    let mut child = command.spawn().map_err(|error| format!("{} cannot start: {error}", binary.display()))?;
    let process = Process { id: child.id() };
    let (mut peak_kib, mut cpu_s) = (0, 0.0);
    let status = loop {
        match child.try_wait().map_err(|error| error.to_string())? {
            Some(status) => break status,
            None => {
                peak_kib = process.memory_kib("VmHWM").max(peak_kib);
                cpu_s = process.cpu_seconds().max(cpu_s);
                machine::pause(Duration::from_millis(5));
            }
        }
    };
    let seconds = start.elapsed().as_secs_f64();
    if !status.success() {
        return Err(format!("`trunkline simulate` ended with {status}"));
    }
    Ok(json!({
        "agents": agents,
        "events": events,
        "events_per_s": rate(events, seconds),
        "events_per_cpu_s": rate(events, cpu_s),
        "peak_mib": peak_kib as f64 / 1024.0,
    }))
}

fn generated_line(one: &Value) -> String {
    let of = |name: &str| one.get(name).and_then(Value::as_f64).unwrap_or_default();
    format!(
        "generated, {:>6} agents: {:>8.0} events/s, {:>8.0} a second of one core (goal {GOAL_GENERATED:.0}), at most {:.0} MiB",
        of("agents"),
        of("events_per_s"),
        of("events_per_cpu_s"),
        of("peak_mib"),
    )
}

/// `trunkline dev` as fast as it can: its feed's events a second, each deduplicated, put on its bus, told to its conversation, and
/// what is derived matched and delivered to a queue.
fn take(binary: &Path, options: &Options) -> Outcome<Value> {
    let file = machine::scratch()?.join("genesys.yaml");
    fs::write(&file, PIPELINE).map_err(|error| format!("{}: {error}", file.display()))?;
    let path = file.to_string_lossy();
    let served = Served::start_as(binary, &["dev", "--json", "--speed", "10000", "--file", &path])?;
    let mut rates = Vec::new();
    for pass in 1..=options.passes {
        let raw = disk::measure(served.data.path(), Duration::from_millis(1500))?;
        let counters = || -> Outcome<[u64; 3]> {
            Ok([served.metric(RECEIVED)?, served.metric(DERIVED)?, served.metric(MADE)?])
        };
        let (before, cpu_before, start) = (counters()?, served.process().cpu_seconds(), machine::now());
        machine::pause(Duration::from_secs(options.seconds));
        let (after, seconds) = (counters()?, start.elapsed().as_secs_f64());
        let cores = (served.process().cpu_seconds() - cpu_before) / seconds;
        let [received, derived, delivered] = [0, 1, 2].map(|at| {
            let value = |counters: &[u64; 3]| counters.get(at).copied().unwrap_or_default();
            rate(value(&after).saturating_sub(value(&before)), seconds)
        });
        if !options.json {
            println!(
                "taken, pass {pass}: {received:.0} events/s (goal {GOAL_TAKEN:.0}), {derived:.0} derived, {delivered:.0} delivered, \
                 {cores:.2} cores; the disk: {:.0} syncs/s",
                raw.syncs_1
            );
        }
        rates.push(json!({"events_per_s": received, "derived_per_s": derived, "delivered_per_s": delivered,
            "cores": cores, "raw_syncs_per_s_1_writer": raw.syncs_1}));
    }
    let peak_mib = served.process().memory_kib("VmHWM") as f64 / 1024.0;
    if !options.json {
        println!("taken: at most {peak_mib:.0} MiB of memory");
    }
    Ok(json!({"passes": rates, "peak_mib": peak_mib}))
}

fn options(args: &[String]) -> Outcome<Options> {
    let mut options = Options { events: 500_000, seconds: 10, passes: 3, binary: None, json: false };
    options::read(args, &["--json"], USAGE, |option, value| {
        match option {
            "--events" => options.events = value.number()?,
            "--seconds" => options.seconds = value.number()?,
            "--passes" => options.passes = value.number()?,
            "--bin" => options.binary = Some(value.path()),
            "--json" => options.json = true,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::options;

    #[test]
    fn a_wrong_command_line_is_told() {
        for wrong in [["--seconds", "0"], ["--events", "many"], ["--what", "1"]] {
            options(&wrong.map(str::to_owned)).expect_err("it is wrong");
        }
        let right =
            options(&["--events".to_owned(), "7".to_owned(), "--json".to_owned()]).expect("it is right");
        assert_eq!((right.events, right.passes, right.json), (7, 3, true));
    }
}
