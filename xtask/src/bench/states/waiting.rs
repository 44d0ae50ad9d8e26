//! Executions that wait for a day: what they cost in memory, and how long a killed server needs to be there again.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::json;

use crate::bench::states::{Bench, load};
use crate::machine::{self, Outcome};

/// How long the server may take to put away what it was asked for.
const REST: Duration = Duration::from_secs(60);

/// Starts them in a server of their own, kills it, starts it again.
pub(super) fn run(bench: &mut Bench) -> Outcome<()> {
    bench.served = crate::served::Served::start(&bench.binary)?;
    let mut door = bench.door()?;
    let before_kib = bench.served.memory_kib("VmRSS");
    let definition =
        json!({"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 86_400, "End": true}}});
    let machine = door.machine("bench-waiting", "STANDARD", &definition)?;
    let count = bench.options.waiting;
    let took = load::start_so_many(bench, &machine, count)?;
    bench.note("waiting_executions", count);
    bench.note("waiting_start_seconds", took.as_secs_f64());
    rest(bench);
    let mib = |kib: u64| (kib as f64 / 1024.0).round();
    bench.note("waiting_idle_rss_mib", mib(before_kib));
    bench.note("waiting_rss_mib", mib(bench.served.memory_kib("VmRSS")));
    drop(door);
    let binary = bench.binary.clone();
    let reading = read_all(bench.served.data.path())?;
    bench.served.restart(&binary)?;
    let first_answer = bench.served.first_answer.as_secs_f64();
    bench.note("waiting_read_file_seconds", reading.as_secs_f64());
    bench.note("waiting_first_answer_seconds", first_answer);
    rest(bench);
    bench.note("waiting_rss_after_restart_mib", mib(bench.served.memory_kib("VmRSS")));
    Ok(())
}

/// Waits until the server takes no processor time.
fn rest(bench: &Bench) {
    let begun = machine::now();
    let mut last = bench.served.cpu_seconds();
    while begun.elapsed() < REST {
        machine::pause(Duration::from_millis(500));
        let now = bench.served.cpu_seconds();
        if now - last < 0.02 {
            return;
        }
        last = now;
    }
}

/// How long it takes to read the files of a data folder once.
fn read_all(folder: &Path) -> Outcome<Duration> {
    let begun = machine::now();
    let files = fs::read_dir(folder).map_err(|error| error.to_string())?;
    for file in files.flatten().filter(|file| file.path().is_file()) {
        fs::read(file.path()).map_err(|error| format!("{}: {error}", file.path().display()))?;
    }
    Ok(begun.elapsed())
}
