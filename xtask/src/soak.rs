//! `cargo xtask soak`: hours of steady mixed load, or very many queues and messages, and what that does to memory and descriptors.
//!
//! The load is a day's: rules and archives take events, queues are filled and emptied, queues come and go. What grows without an end
//! shows as a slope; the first quarter is left out, in which caches fill.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use crate::bench::http::{Connection, Operation};
use crate::machine::{self, Outcome};
use crate::options;
use crate::served::Served;

const USAGE: &str = "cargo xtask soak [--bin PATH] [--minutes N] [--rate N] | [--bin PATH] --queues N --messages N | [--bin PATH] --archived N";

/// How long, where nobody says.
const MINUTES: u64 = 120;
/// Rounds a second, where nobody says.
const RATE: u64 = 50;
/// So often memory and descriptors are looked at.
const SAMPLED_EVERY: Duration = Duration::from_secs(10);
/// Archives that are filled together.
const ARCHIVES: u64 = 10;
/// Maximum time of the replay.
const REPLAY_MAX: Duration = Duration::from_secs(1_800);
/// Messages of one batch.
const BATCH: u64 = 10;

#[derive(Debug)]
struct Options {
    binary: Option<PathBuf>,
    minutes: u64,
    rate: u64,
    queues: u64,
    messages: u64,
    archived: u64,
}

/// What a look at the process has seen.
#[derive(Clone, Copy, Debug)]
struct Sample {
    seconds: f64,
    memory_kib: f64,
    descriptors: f64,
}

/// Runs the chore.
pub(crate) fn run(args: &[String]) -> std::process::ExitCode {
    machine::exit(read(args).and_then(|options| soak(&options)))
}

fn read(args: &[String]) -> Outcome<Options> {
    let mut options =
        Options { binary: None, minutes: MINUTES, rate: RATE, queues: 0, messages: 0, archived: 0 };
    options::read(args, &[], USAGE, |option, value| {
        match option {
            "--bin" => options.binary = Some(value.path()),
            "--minutes" => options.minutes = value.number()?,
            "--rate" => options.rate = value.number()?,
            "--queues" => options.queues = value.number()?,
            "--messages" => options.messages = value.number()?,
            "--archived" => options.archived = value.number()?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    if (options.queues == 0) != (options.messages == 0) {
        return Err(format!("--queues and --messages go together\n{USAGE}"));
    }
    Ok(options)
}

fn soak(options: &Options) -> Outcome<()> {
    let binary = options.binary.clone().map_or_else(machine::build_release, Ok)?;
    let mut served = Served::start(&binary)?;
    if options.queues > 0 {
        return fill(&mut served, &binary, options);
    }
    if options.archived > 0 {
        return fill_archives(&mut served, &binary, options.archived);
    }
    let mut load = Load::begin(served.address)?;
    let (started, mut samples) = (machine::now(), Vec::new());
    let end = Duration::from_secs(options.minutes * 60);
    let pause = Duration::from_secs(1) / u32::try_from(options.rate).unwrap_or(u32::MAX);
    let mut sampled = Duration::ZERO;
    while started.elapsed() < end {
        load.round()?;
        if started.elapsed() >= sampled {
            samples.push(sample(&served, started.elapsed()));
            sampled = started.elapsed() + SAMPLED_EVERY;
        }
        machine::pause(pause);
    }
    tell(&samples, load.rounds);
    if served.runs() { Ok(()) } else { Err(format!("the binary has ended:\n{}", served.log_end())) }
}

/// Very many queues and messages: how long that takes, what it weighs, and how long the next start takes.
fn fill(served: &mut Served, binary: &std::path::Path, options: &Options) -> Outcome<()> {
    let mut door = Connection::open(served.address)?;
    let started = machine::now();
    for queue in 0..options.queues {
        door.ask(Operation::sqs("CreateQueue"), &json!({"QueueName": format!("q{queue}")}))?;
    }
    println!(
        "{} queues made in {:.1?}, {} KiB",
        options.queues,
        started.elapsed(),
        served.memory_kib("VmRSS")
    );
    let (started, mut sent) = (machine::now(), 0);
    while sent < options.messages {
        let queue = (sent / BATCH) % options.queues;
        let entries: Vec<Value> = (0..BATCH)
            .map(|n| json!({"Id": n.to_string(), "MessageBody": format!("message {}", sent + n)}))
            .collect();
        let body = json!({"QueueUrl": url(&format!("q{queue}")), "Entries": entries});
        door.ask(Operation::sqs("SendMessageBatch"), &body)?;
        sent += BATCH;
    }
    println!("{sent} messages sent in {:.1?}, {} KiB", started.elapsed(), served.memory_kib("VmRSS"));
    let began = machine::now();
    let listed = served.metric("trunkline_queues_left_out");
    println!("/metrics in {:.1?}: left out {listed:?}", began.elapsed());
    served.restart(binary)?;
    println!("killed and started again in {:.1?}, {} KiB", served.first_answer, served.memory_kib("VmRSS"));
    Ok(())
}

/// Ten archives of one bus that all take every event: what that weighs, how long the next start takes, and a replay of all of
/// one of them into a queue.
fn fill_archives(served: &mut Served, binary: &std::path::Path, archived: u64) -> Outcome<()> {
    let bus = "arn:aws:events:us-east-1:000000000000:event-bus/default";
    let mut door = Connection::open(served.address)?;
    for archive in 0..ARCHIVES {
        let body = json!({"ArchiveName": format!("a{archive}"), "EventSourceArn": bus});
        door.ask(Operation::events("CreateArchive"), &body)?;
    }
    let (started, mut put) = (machine::now(), 0);
    while put < archived {
        let entry = |n: u64| {
            let detail = format!("{{\"n\":{},\"text\":\"{}\"}}", put + n, "x".repeat(400));
            json!({"Source": "soak", "DetailType": "t", "Detail": detail})
        };
        let entries: Vec<Value> = (0..BATCH).map(entry).collect();
        door.ask(Operation::events("PutEvents"), &json!({"Entries": entries}))?;
        put += BATCH;
    }
    println!(
        "{put} events in {ARCHIVES} archives in {:.1?}, {} KiB",
        started.elapsed(),
        served.memory_kib("VmRSS")
    );
    served.restart(binary)?;
    println!("killed and started again in {:.1?}, {} KiB", served.first_answer, served.memory_kib("VmRSS"));
    replay_one(served, bus)
}

fn replay_one(served: &Served, bus: &str) -> Outcome<()> {
    let mut door = Connection::open(served.address)?;
    let source = "arn:aws:events:us-east-1:000000000000:archive/a0";
    let body = json!({"ReplayName": "r", "EventSourceArn": source, "Destination": {"Arn": bus},
        "EventStartTime": 0, "EventEndTime": 4_000_000_000_u64});
    let started = machine::now();
    door.ask(Operation::events("StartReplay"), &body)?;
    loop {
        let told = door.ask(Operation::events("DescribeReplay"), &json!({"ReplayName": "r"}))?;
        let state = told.get("State").and_then(Value::as_str).unwrap_or_default().to_owned();
        if state == "COMPLETED" {
            break;
        }
        if !matches!(state.as_str(), "STARTING" | "RUNNING") || started.elapsed() > REPLAY_MAX {
            return Err(format!("the replay is {state} after {:.1?}", started.elapsed()));
        }
        machine::pause(Duration::from_millis(100));
    }
    println!("all of one replayed in {:.1?}, {} KiB", started.elapsed(), served.memory_kib("VmRSS"));
    Ok(())
}

/// The load: one of each kind of work a round.
struct Load {
    door: Connection,
    rounds: u64,
}

impl Load {
    fn begin(address: SocketAddr) -> Outcome<Self> {
        let mut door = Connection::open(address)?;
        let (sqs, events) = (Operation::sqs, Operation::events);
        door.ask(sqs("CreateQueue"), &json!({"QueueName": "work"}))?;
        door.ask(sqs("CreateQueue"), &json!({"QueueName": "matched"}))?;
        door.ask(events("PutRule"), &json!({"Name": "r", "EventPattern": "{\"source\":[\"soak\"]}"}))?;
        let target = json!({"Id": "t", "Arn": "arn:aws:sqs:us-east-1:000000000000:matched"});
        door.ask(events("PutTargets"), &json!({"Rule": "r", "Targets": [target]}))?;
        let archive = json!({"ArchiveName": "a", "EventSourceArn": "arn:aws:events:us-east-1:000000000000:event-bus/default",
            "RetentionDays": 1});
        door.ask(events("CreateArchive"), &archive)?;
        Ok(Self { door, rounds: 0 })
    }

    fn round(&mut self) -> Outcome<()> {
        self.rounds += 1;
        let number = self.rounds;
        let entry = json!({"Source": "soak", "DetailType": "t", "Detail": format!("{{\"n\":{number}}}")});
        self.door.ask(Operation::events("PutEvents"), &json!({"Entries": [entry]}))?;
        let send = json!({"QueueUrl": url("work"), "MessageBody": "x".repeat(usize::try_from(number % 4_096).unwrap_or(1) + 1)});
        self.door.ask(Operation::sqs("SendMessage"), &send)?;
        self.empty("work")?;
        self.empty("matched")?;
        if number.is_multiple_of(100) {
            let name = format!("passing{number}");
            self.door.ask(Operation::sqs("CreateQueue"), &json!({"QueueName": name}))?;
            self.door.ask(Operation::sqs("DeleteQueue"), &json!({"QueueUrl": url(&name)}))?;
        }
        Ok(())
    }

    fn empty(&mut self, queue: &str) -> Outcome<()> {
        let url = url(queue);
        let receive = json!({"QueueUrl": url, "MaxNumberOfMessages": 10});
        let answer = self.door.ask(Operation::sqs("ReceiveMessage"), &receive)?;
        for message in answer.get("Messages").and_then(Value::as_array).into_iter().flatten() {
            let handle = message.get("ReceiptHandle").cloned().unwrap_or_default();
            let delete = json!({"QueueUrl": url, "ReceiptHandle": handle});
            self.door.ask(Operation::sqs("DeleteMessage"), &delete)?;
        }
        Ok(())
    }
}

fn url(queue: &str) -> String {
    format!("http://any/000000000000/{queue}")
}

fn sample(served: &Served, since: Duration) -> Sample {
    let descriptors = fs::read_dir(format!("/proc/{}/fd", served.process().id)).map_or(0, Iterator::count);
    Sample {
        seconds: since.as_secs_f64(),
        memory_kib: f64::from(u32::try_from(served.memory_kib("VmRSS")).unwrap_or(u32::MAX)),
        descriptors: f64::from(u32::try_from(descriptors).unwrap_or(u32::MAX)),
    }
}

fn tell(samples: &[Sample], rounds: u64) {
    let settled = samples.get(samples.len() / 4..).unwrap_or_default();
    let per_hour = |value: fn(&Sample) -> f64| slope(settled, value) * 3_600.0;
    let last = samples.last().map_or((0.0, 0.0), |last| (last.memory_kib, last.descriptors));
    println!("{rounds} rounds; at the end {:.0} KiB and {:.0} descriptors", last.0, last.1);
    println!(
        "after the first quarter: {:+.0} KiB and {:+.1} descriptors an hour",
        per_hour(|sample| sample.memory_kib),
        per_hour(|sample| sample.descriptors)
    );
}

/// How much a value rises each second, by least squares; 0 where there is no telling.
fn slope(samples: &[Sample], value: fn(&Sample) -> f64) -> f64 {
    let count = f64::from(u32::try_from(samples.len()).unwrap_or(u32::MAX)).max(1.0);
    let mean = |of: &dyn Fn(&Sample) -> f64| samples.iter().map(of).sum::<f64>() / count;
    let (time, level) = (mean(&|sample| sample.seconds), mean(&value));
    let over = samples.iter().map(|sample| (sample.seconds - time) * (value(sample) - level)).sum::<f64>();
    let under = samples.iter().map(|sample| (sample.seconds - time).powi(2)).sum::<f64>();
    if under == 0.0 { 0.0 } else { over / under }
}

#[cfg(test)]
mod tests {
    use super::{Sample, read, slope};

    #[test]
    fn a_slope_is_found_and_a_level_has_none() {
        let sample = |n: u32| Sample {
            seconds: f64::from(n),
            memory_kib: 100.0 + 3.0 * f64::from(n),
            descriptors: 20.0,
        };
        let samples: Vec<Sample> = (0..50).map(sample).collect();
        assert!((slope(&samples, |sample| sample.memory_kib) - 3.0).abs() < 1e-9);
        assert!(slope(&samples, |sample| sample.descriptors).abs() < 1e-9);
        assert!(slope(&[], |sample| sample.memory_kib).abs() < 1e-9);
    }

    #[test]
    fn the_command_line_is_read() {
        let parse = |args: &[&str]| read(&args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>());
        assert_eq!(parse(&["--minutes", "3"]).map(|options| (options.minutes, options.rate)), Ok((3, 50)));
        assert!(parse(&["--queues", "3"]).is_err());
        assert_eq!(parse(&["--archived", "9"]).map(|options| options.archived), Ok(9));
        assert!(parse(&["--hours", "3"]).is_err());
    }
}
