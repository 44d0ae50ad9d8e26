//! `cargo xtask bench states`: executions begun and ended a second, synced; Express starts; a caller that waits; a map run whose
//! items take their time; executions that wait; and one that never ends.

mod door;
mod load;
mod map;
mod waiting;

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::bench::disk;
use crate::bench::pipeline::print_report;
use crate::bench::states::door::Door;
use crate::machine::{self, Outcome};
use crate::options;
use crate::served::Served;

const USAGE: &str = "cargo xtask bench states [--only standard|express|sync|map|waiting|limit] [--short] [--seconds 5] \
                     [--clients 32] [--items 10000] [--waiting 100000] [--bin PATH] [--json]";

#[derive(Debug)]
struct Options {
    /// One part; all where it is empty.
    only: String,
    seconds: u64,
    clients: usize,
    /// Items of the map run.
    items: u64,
    /// Executions that wait.
    waiting: u64,
    binary: Option<PathBuf>,
    json: bool,
}

/// What the parts work with, and what they have found.
#[derive(Debug)]
struct Bench {
    options: Options,
    binary: PathBuf,
    served: Served,
    figures: Map<String, Value>,
}

impl Bench {
    fn note(&mut self, name: &str, value: impl Into<Value>) {
        let value = value.into();
        if !self.options.json {
            println!("{name}: {value}");
        }
        self.figures.insert(name.to_owned(), value);
    }

    fn time(&self) -> Duration {
        Duration::from_secs(self.options.seconds)
    }

    fn door(&self) -> Outcome<Door> {
        Door::open(self.served.address)
    }
}

/// A part: its name, and what it measures.
#[derive(Debug)]
struct Part {
    name: &'static str,
    run: fn(&mut Bench) -> Outcome<()>,
}

const PARTS: &[Part] = &[
    Part { name: "standard", run: load::standard },
    Part { name: "express", run: load::express },
    Part { name: "sync", run: load::sync },
    Part { name: "map", run: map::run },
    Part { name: "limit", run: limit },
    Part { name: "waiting", run: waiting::run },
];

/// Runs the parts and prints what they found.
///
/// # Errors
/// When the command line is wrong, a call fails, or an execution does not end as it should.
pub(crate) fn run(args: &[String]) -> Outcome<()> {
    let options = options(args)?;
    let binary = options.binary.clone().map_or_else(machine::build_release, Ok)?;
    let served = Served::start(&binary)?;
    let mut bench = Bench { options, binary, served, figures: Map::new() };
    let syncs = disk::syncs(bench.served.data.path(), Duration::from_secs(1))?;
    bench.note("raw_syncs_per_s_1_writer", syncs.round());
    let only = bench.options.only.clone();
    for part in PARTS.iter().filter(|part| only.is_empty() || part.name == only) {
        let ended = (part.run)(&mut bench);
        ended.map_err(|error| format!("{}: {error}\n{}", part.name, bench.served.log_end()))?;
    }
    bench.note("peak_rss_mib", (bench.served.memory_kib("VmHWM") as f64 / 1024.0).round());
    let report = Value::Object(bench.figures);
    if bench.options.json {
        println!("{report:#}");
    } else {
        print_report(&report);
    }
    Ok(())
}

fn options(args: &[String]) -> Outcome<Options> {
    let mut options = Options {
        only: String::new(),
        seconds: 5,
        clients: 32,
        items: 10_000,
        waiting: 100_000,
        binary: None,
        json: false,
    };
    options::read(args, &["--json", "--short"], USAGE, |option, value| {
        match option {
            "--only" => options.only = value.text(),
            "--short" => (options.seconds, options.items, options.waiting) = (1, 300, 1_000),
            "--seconds" => options.seconds = value.number()?,
            "--clients" => options.clients = value.number()?,
            "--items" => options.items = value.number()?,
            "--waiting" => options.waiting = value.number()?,
            "--bin" => options.binary = Some(value.path()),
            "--json" => options.json = true,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    if options.only.is_empty() || PARTS.iter().any(|part| part.name == options.only) {
        return Ok(options);
    }
    Err(format!("`{}` is no part\n{USAGE}", options.only))
}

/// An execution that never ends by itself: after 25,000 events it fails, as on AWS.
fn limit(bench: &mut Bench) -> Outcome<()> {
    let mut door = bench.door()?;
    let loops = json!({"StartAt": "Round", "States": {
        "Round": {"Type": "Pass", "Next": "Again"},
        "Again": {"Type": "Choice", "Choices": [{"Variable": "$.is_over", "BooleanEquals": true, "Next": "Over"}], "Default": "Round"},
        "Over": {"Type": "Succeed"},
    }});
    let machine = door.machine("bench-limit", "STANDARD", &loops)?;
    let (begun, cpu) = (machine::now(), bench.served.cpu_seconds());
    let execution = door.start(&machine, &json!({"is_over": false}))?;
    let ended = door.await_end(&execution)?;
    bench.note("limit_seconds", begun.elapsed().as_secs_f64());
    bench.note("limit_cpu_seconds", bench.served.cpu_seconds() - cpu);
    let last = door.ask(
        "GetExecutionHistory",
        &json!({"executionArn": execution, "reverseOrder": true, "maxResults": 1}),
    )?;
    let last = last.pointer("/events/0").cloned().unwrap_or_default();
    let (id, kind) = (last.get("id").cloned(), last.get("type").and_then(Value::as_str));
    if kind != Some("ExecutionFailed") || id != Some(json!(25_000)) {
        return Err(format!("the limit of 25,000 events ended with {last}, {ended}"));
    }
    bench.note("limit_events", 25_000);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::options;

    #[test]
    fn a_wrong_command_line_is_told() {
        for wrong in [["--seconds", "0"], ["--only", "nothing"], ["--what", "1"]] {
            options(&wrong.map(str::to_owned)).expect_err("it is wrong");
        }
        let short = options(&["--short".to_owned(), "--only".to_owned(), "map".to_owned()]).unwrap();
        assert_eq!((short.items, short.only.as_str()), (300, "map"));
    }
}
