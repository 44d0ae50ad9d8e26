//! `cargo xtask concurrency`: contract C11 with the real binary, read from the target's own gauge, also while it is killed: an HTTP
//! target, or with `--function` a Node function whose invocations are what is counted.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;

use crate::bench::functions;
use crate::bench::http::{Connection, Operation};
use crate::gauge::{Callers, Gauge};
use crate::machine::{self, Outcome};
use crate::options;
use crate::served::Served;

const USAGE: &str = "cargo xtask concurrency [--function] [--events 10000] [--limit 10] [--takes-ms 100] [--timeout-ms 2*TAKES] \
                     [--kill-every-ms 2000] [--bin PATH]";
/// Tells the gauge of its event, and waits for it as for work.
const HANDLER: &str = r#"
exports.handler = async (event) => {
  const body = JSON.stringify({ mark: event.detail.mark });
  await fetch(process.env.GAUGE, { method: "POST", body });
};
"#;
/// Events of one PutEvents.
const BATCH: u64 = 10;

#[derive(Clone, Debug)]
struct Options {
    events: u64,
    limit: u64,
    takes_ms: u64,
    /// What the rule says that the target may take; a call that a kill cut off keeps its permit for about twice that.
    timeout_ms: Option<u64>,
    kill_every_ms: u64,
    binary: Option<PathBuf>,
    target: Target,
}

/// What the rule calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    /// An API destination.
    Http,
    /// A function with reserved concurrency.
    Function,
}

/// How one drain went.
#[derive(Debug)]
struct Drained {
    most: usize,
    calls: u64,
    longest: Duration,
    took: Duration,
    kills: u32,
    /// From each kill to the first answer after it.
    down: Duration,
}

/// Runs the proof: once undisturbed, once killed.
pub(crate) fn run(args: &[String]) -> ExitCode {
    machine::exit(options(args).and_then(|options| prove(&options)))
}

impl Options {
    fn timeout_ms(&self) -> u64 {
        self.timeout_ms.unwrap_or(self.takes_ms * 2).clamp(50, 5_000)
    }
}

fn options(args: &[String]) -> Outcome<Options> {
    let mut options = Options {
        events: 10_000,
        limit: 10,
        takes_ms: 100,
        timeout_ms: None,
        kill_every_ms: 2_000,
        binary: None,
        target: Target::Http,
    };
    options::read(args, &["--function"], USAGE, |option, value| {
        match option {
            "--function" => options.target = Target::Function,
            "--events" => options.events = value.number()?,
            "--limit" => options.limit = value.number()?,
            "--takes-ms" => options.takes_ms = value.number()?,
            "--timeout-ms" => options.timeout_ms = Some(value.number()?),
            "--kill-every-ms" => options.kill_every_ms = value.number()?,
            "--bin" => options.binary = Some(value.path()),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(options)
}

fn prove(options: &Options) -> Outcome<()> {
    let binary = options.binary.clone().map_or_else(machine::build_release, Ok)?;
    let options = Options { binary: Some(binary), ..options.clone() };
    let ideal = ideal(&options);
    println!(
        "{} events, limit {}, each call takes {} ms: {:.1} s at best",
        options.events,
        options.limit,
        options.takes_ms,
        ideal.as_secs_f64()
    );
    let mut broken = Vec::new();
    let mut undisturbed = None;
    for kill_every in [None, Some(Duration::from_millis(options.kill_every_ms))] {
        let drained = drain(&options, kill_every)?;
        let word = kill_every.map_or("undisturbed".to_owned(), |every| format!("killed every {every:?}"));
        let lost = drained.took.saturating_sub(ideal).saturating_sub(drained.down);
        println!(
            "{word}: at most {} calls at a time, {} calls for {} events, {:.1} s = {:.3} of the best; {} kills, {:.1} s down, \
             {:.0} ms more a kill",
            drained.most,
            drained.calls,
            options.events,
            drained.took.as_secs_f64(),
            drained.took.as_secs_f64() / ideal.as_secs_f64(),
            drained.kills,
            drained.down.as_secs_f64(),
            lost.as_secs_f64() * 1e3 / f64::from(drained.kills.max(1)),
        );
        let beside = drained.took.as_secs_f64() / undisturbed.get_or_insert(drained.took).as_secs_f64();
        println!("  {beside:.2} times the undisturbed run");
        if u64::try_from(drained.most).unwrap_or(u64::MAX) > options.limit {
            let mut what =
                format!("{word}: {} calls at a time, and the limit is {}", drained.most, options.limit);
            // The promise is one to targets that keep their own time.
            if drained.longest > Duration::from_millis(options.timeout_ms()) {
                what.push_str(&format!(
                    "; but the machine was so busy that the target took {} ms for a call, more than its timeout: this shows nothing, \
                     try a greater --timeout-ms or a quieter machine",
                    drained.longest.as_millis()
                ));
            }
            broken.push(what);
        }
    }
    if broken.is_empty() { Ok(()) } else { Err(broken.join("; ")) }
}

/// How long the target needs when it is always as busy as it may be.
fn ideal(options: &Options) -> Duration {
    Duration::from_millis(options.events.div_ceil(options.limit) * options.takes_ms)
}

fn drain(options: &Options, kill_every: Option<Duration>) -> Outcome<Drained> {
    let takes = Duration::from_millis(options.takes_ms);
    let callers = match options.target {
        Target::Http => Callers::Leave,
        Target::Function => Callers::Work,
    };
    let gauge = Gauge::open_for(callers, move |_, _| takes)?;
    let binary = options.binary.clone().ok_or("no binary")?;
    let mut served = Served::start_as(&binary, &["serve", "--allow-private", "127.0.0.1"])?;
    let mut door = Connection::open(served.address)?;
    let _code = match options.target {
        Target::Http => limited_rule(&mut door, &gauge, options).map(|()| None)?,
        Target::Function => Some(limited_function(&mut door, &gauge, options)?),
    };
    put(&mut door, options.events)?;
    drop(door);
    let events = usize::try_from(options.events).unwrap_or(usize::MAX);
    let (mut kills, mut down) = (0, Duration::ZERO);
    let give_up = ideal(options) * 10 + Duration::from_secs(60);
    let started = machine::now();
    while gauge.ended().0 < events {
        if started.elapsed() > give_up {
            let (ended, _) = gauge.ended();
            return Err(format!("only {ended} events came within {give_up:?}:\n{}", served.log_end()));
        }
        gauge.wait_for(events, kill_every.unwrap_or(Duration::from_secs(1)));
        if kill_every.is_some() && gauge.ended().0 < events {
            let killed = machine::now();
            served.restart(&binary)?;
            kills += 1;
            down += killed.elapsed();
        }
    }
    let (_, calls) = gauge.ended();
    Ok(Drained { most: gauge.most(), calls, longest: gauge.longest(), took: gauge.busy(), kills, down })
}

/// A rule for all events whose one target is the gauge, with the limit and a timeout a little longer than a call takes.
fn limited_rule(door: &mut Connection, gauge: &Gauge, options: &Options) -> Outcome<()> {
    let arn = gauge.destination(door, "gauge")?;
    let tag = |key: &str, value: u64| json!({"Key": key, "Value": value.to_string()});
    let rule = json!({
        "Name": "limited", "EventPattern": "{\"source\":[\"concurrency\"]}",
        "Tags": [tag("trunkline:concurrency", options.limit), tag("trunkline:timeout-ms", options.timeout_ms())],
    });
    door.ask(Operation::events("PutRule"), &rule)?;
    let targets = json!({"Rule": "limited", "Targets": [{"Id": "gauge", "Arn": arn}]});
    door.ask(Operation::events("PutTargets"), &targets).map(drop)
}

/// A function that waits for the gauge's answer, with as many places as the limit says, called by a rule for all events. Its code is
/// in the folder.
fn limited_function(door: &mut Connection, gauge: &Gauge, options: &Options) -> Outcome<tempfile::TempDir> {
    let code = functions::code(HANDLER)?;
    functions::create(door, "gauge", code.path(), &json!({"GAUGE": gauge.url("")}))?;
    let limit = json!({"ReservedConcurrentExecutions": options.limit}).to_string();
    door.rest("PUT /2017-10-31/functions/gauge/concurrency", limit.as_bytes())?;
    let permission = json!({"StatementId": "rule", "Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com"});
    door.rest("POST /2015-03-31/functions/gauge/policy", permission.to_string().as_bytes())?;
    let rule = json!({"Name": "limited", "EventPattern": "{\"source\":[\"concurrency\"]}"});
    door.ask(Operation::events("PutRule"), &rule)?;
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:gauge";
    let targets = json!({"Rule": "limited", "Targets": [{"Id": "gauge", "Arn": arn}]});
    door.ask(Operation::events("PutTargets"), &targets)?;
    Ok(code)
}

/// Puts events that are marked with their numbers.
fn put(door: &mut Connection, events: u64) -> Outcome<()> {
    let mut next = 0;
    while next < events {
        let entries: Vec<_> = (next..events.min(next + BATCH))
            .map(|mark| json!({"Source": "concurrency", "DetailType": "t", "Detail": json!({"mark": mark}).to_string()}))
            .collect();
        next += BATCH;
        let answer = door.ask(Operation::events("PutEvents"), &json!({"Entries": entries}))?;
        if answer.get("FailedEntryCount") != Some(&json!(0)) {
            return Err(format!("PutEvents: {answer}"));
        }
    }
    Ok(())
}
