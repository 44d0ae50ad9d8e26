//! A map run of ten children at a time, whose items are done by workers of an activity in 100 ms each: the workers themselves
//! count how many are under way.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::bench::http::text;
use crate::bench::states::Bench;
use crate::machine::{self, Outcome};

const CONCURRENCY: u64 = 10;
/// More than the limit, so that an eleventh would be seen.
const WORKERS: usize = 16;
const ITEM_TIME: Duration = Duration::from_millis(100);

/// What the workers share.
#[derive(Debug, Default)]
struct Counts {
    under_way: AtomicU64,
    most: AtomicU64,
    /// Moments at which a worker began, and how many were at work then, added up.
    begun: AtomicU64,
    at_work: AtomicU64,
    is_over: AtomicBool,
}

/// Runs it, and tells how far it is from the ideal.
pub(super) fn run(bench: &mut Bench) -> Outcome<()> {
    let mut door = bench.door()?;
    let activity = text(&door.ask("CreateActivity", &json!({"name": "bench-items"}))?, "/activityArn")?;
    let machine = door.machine("bench-map", "STANDARD", &definition(&activity))?;
    let items: Vec<u64> = (0..bench.options.items).collect();
    let counts = Counts::default();
    let (begun, cpu) = (machine::now(), bench.served.cpu_seconds());
    let execution = door.start(&machine, &json!({"items": items}))?;
    let ended = thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(|| work(bench, &activity, &counts))).collect();
        let ended = door.await_end(&execution);
        counts.is_over.store(true, Ordering::SeqCst);
        // Those who wait are sent home by a last execution's tasks: a poll ends only with a task or after a minute.
        let dismissed = dismiss(bench, &machine);
        let worked = workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|_| Err("a worker broke".to_owned())));
        worked.collect::<Outcome<Vec<()>>>().and(dismissed).and(ended)
    })?;
    if ended.get("status").and_then(Value::as_str) != Some("SUCCEEDED") {
        return Err(format!("the map run ended with {ended}"));
    }
    let took = seconds(&ended, "/stopDate") - seconds(&ended, "/startDate");
    let ideal = (bench.options.items.div_ceil(CONCURRENCY)) as f64 * ITEM_TIME.as_secs_f64();
    let begun_count = counts.begun.load(Ordering::SeqCst).max(1);
    bench.note("map_seconds", took);
    bench.note("map_ideal_seconds", ideal);
    bench.note("map_to_ideal", took / ideal);
    bench.note("map_under_way_max", counts.most.load(Ordering::SeqCst));
    bench.note("map_under_way_mean", counts.at_work.load(Ordering::SeqCst) as f64 / begun_count as f64);
    bench.note("map_server_cores", (bench.served.cpu_seconds() - cpu) / begun.elapsed().as_secs_f64());
    let most = counts.most.load(Ordering::SeqCst);
    if most > CONCURRENCY { Err(format!("{most} items were under way at once")) } else { Ok(()) }
}

fn seconds(shown: &Value, pointer: &str) -> f64 {
    shown.pointer(pointer).and_then(Value::as_f64).unwrap_or_default()
}

fn definition(activity: &str) -> Value {
    json!({"StartAt": "Each", "States": {"Each": {
        "Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": CONCURRENCY, "Label": "items", "ResultPath": Value::Null,
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "Do", "States": {"Do": {"Type": "Task", "Resource": activity, "End": true}},
        },
        "End": true,
    }}})
}

/// Takes items until all is over.
fn work(bench: &Bench, activity: &str, counts: &Counts) -> Outcome<()> {
    let mut door = bench.door()?;
    while !counts.is_over.load(Ordering::SeqCst) {
        let task = door.ask("GetActivityTask", &json!({"activityArn": activity}))?;
        let Some(token) = task.get("taskToken").and_then(Value::as_str) else { continue };
        if !counts.is_over.load(Ordering::SeqCst) {
            let now = counts.under_way.fetch_add(1, Ordering::SeqCst) + 1;
            counts.most.fetch_max(now, Ordering::SeqCst);
            counts.begun.fetch_add(1, Ordering::SeqCst);
            counts.at_work.fetch_add(now, Ordering::SeqCst);
            machine::pause(ITEM_TIME);
            counts.under_way.fetch_sub(1, Ordering::SeqCst);
        }
        door.ask("SendTaskSuccess", &json!({"taskToken": token, "output": "0"}))?;
    }
    Ok(())
}

fn dismiss(bench: &Bench, machine: &str) -> Outcome<()> {
    let items: Vec<usize> = (0..WORKERS * 2).collect();
    bench.door()?.start(machine, &json!({"items": items})).map(drop)
}
