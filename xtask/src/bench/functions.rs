//! `cargo xtask bench functions`: invocations of a Node echo, warm and cold, beside the bare interpreter and the door's own
//! answer; and what functions cost that nobody calls.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::bench::disk::rate;
use crate::bench::http::Connection;
use crate::machine::{self, Outcome};
use crate::options;
use crate::served::Served;

const USAGE: &str = "cargo xtask bench functions [--seconds 5] [--colds 20] [--idle 200] [--bin PATH]";
const FUNCTIONS: &str = "POST /2015-03-31/functions";
const ECHO: &str = "exports.handler = async (event) => event;\n";
const EVENT: &[u8] = br#"{"hello":"world"}"#;
/// Callers at a time: enough that two cores are never idle.
const CALLERS: usize = 8;

#[derive(Debug)]
struct Options {
    seconds: u64,
    colds: u64,
    idle: u64,
    binary: Option<PathBuf>,
}

/// Runs all of it.
///
/// # Errors
/// When the command line is wrong, a call fails, or node is missing.
pub(crate) fn run(args: &[String]) -> Outcome<()> {
    let mut options = Options { seconds: 5, colds: 20, idle: 200, binary: None };
    options::read(args, &[], USAGE, |option, value| {
        match option {
            "--seconds" => options.seconds = value.number()?,
            "--colds" => options.colds = value.number()?,
            "--idle" => options.idle = value.number()?,
            "--bin" => options.binary = Some(value.path()),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    let binary = options.binary.clone().map_or_else(machine::build_release, Ok)?;
    let served = Served::start(&binary)?;
    let code = code(ECHO)?;
    let mut door = Connection::open(served.address)?;
    idle(&served, &mut door, &Echo { folder: code.path(), count: options.idle })?;
    cold(&mut door, &Echo { folder: code.path(), count: options.colds })?;
    warm(served.address, &mut door, Duration::from_secs(options.seconds))
}

/// A folder with one module in it.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn code(text: &str) -> Outcome<tempfile::TempDir> {
    let folder = tempfile::tempdir_in(machine::scratch()?).map_err(|error| error.to_string())?;
    fs::write(folder.path().join("index.js"), text).map_err(|error| error.to_string())?;
    Ok(folder)
}

/// Functions of one folder.
#[derive(Debug)]
struct Echo<'f> {
    folder: &'f Path,
    count: u64,
}

/// Makes a function of a folder, with these variables.
///
/// # Errors
/// When the door refuses it.
pub(crate) fn create(
    door: &mut Connection,
    name: &str,
    folder: &Path,
    variables: &serde_json::Value,
) -> Outcome<()> {
    let request = json!({
        "FunctionName": name, "Runtime": "nodejs20.x", "Role": "arn:aws:iam::000000000000:role/r",
        "Handler": "index.handler", "Timeout": 30, "Environment": {"Variables": variables},
        "Code": {"S3Bucket": "hot-reload", "S3Key": folder.display().to_string()},
    });
    door.rest(FUNCTIONS, request.to_string().as_bytes()).map(drop)
}

/// What functions cost that nobody calls.
fn idle(served: &Served, door: &mut Connection, echo: &Echo<'_>) -> Outcome<()> {
    let before = served.memory_kib("VmRSS");
    for number in 0..echo.count {
        create(door, &format!("idle-{number}"), echo.folder, &json!({}))?;
    }
    let more = served.memory_kib("VmRSS").saturating_sub(before);
    println!(
        "{} functions that nobody calls: {} processes, {more} KiB more",
        echo.count,
        children(served.process().id)
    );
    Ok(())
}

/// Processes whose parent is this one.
fn children(parent: u32) -> usize {
    let tasks = fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten().flatten();
    let children = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    children.map(|line| line.split_whitespace().count()).sum()
}

/// The first invocation of functions that have never run, in turns with the interpreter alone.
fn cold(door: &mut Connection, echo: &Echo<'_>) -> Outcome<()> {
    let (mut bare, mut ours) = (Vec::new(), Vec::new());
    for number in 0..echo.count {
        let name = format!("cold-{number}");
        create(door, &name, echo.folder, &json!({}))?;
        let begun = machine::now();
        let mut node = Command::new("node");
        machine::run(node.args(["-e", "0"]).stdin(Stdio::null()))?;
        bare.push(nanoseconds(begun));
        let begun = machine::now();
        invoke(door, &name)?;
        ours.push(nanoseconds(begun));
    }
    let (bare, ours) = (median(&mut bare), median(&mut ours));
    println!(
        "cold: {:.1} ms until the answer, `node -e 0` {:.1} ms: {:.2} times (goal 1.3)",
        ours / 1e6,
        bare / 1e6,
        ours / bare
    );
    Ok(())
}

/// One caller, then several, of a function that is warm; beside the door's own shortest answer.
fn warm(address: SocketAddr, door: &mut Connection, time: Duration) -> Outcome<()> {
    let folder = code(ECHO)?;
    create(door, "warm", folder.path(), &json!({}))?;
    invoke(door, "warm")?;
    let (mut health, mut invoked) = (Vec::new(), Vec::new());
    let started = machine::now();
    while started.elapsed() < time {
        let begun = machine::now();
        door.rest("GET /health", b"")?;
        health.push(nanoseconds(begun));
        let begun = machine::now();
        invoke(door, "warm")?;
        invoked.push(nanoseconds(begun));
    }
    println!(
        "warm, one caller: p50 {:.2} ms (goal 1); GET /health in turns with it {:.2} ms; {} invocations",
        median(&mut invoked) / 1e6,
        median(&mut health) / 1e6,
        invoked.len()
    );
    let count = AtomicU64::new(0);
    let started = machine::now();
    let call = || -> Outcome<()> {
        let mut door = Connection::open(address)?;
        while started.elapsed() < time {
            invoke(&mut door, "warm")?;
            count.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    };
    let ended: Vec<Outcome<()>> = thread::scope(|scope| {
        let all: Vec<_> = (0..CALLERS).map(|_| scope.spawn(call)).collect();
        all.into_iter().map(|one| one.join().unwrap_or_else(|_| Err("a caller broke".to_owned()))).collect()
    });
    ended.into_iter().collect::<Outcome<()>>()?;
    let per_s = rate(count.into_inner(), started.elapsed().as_secs_f64());
    println!("warm, {CALLERS} callers: {per_s:.0} invocations/s (goal 1000), their start included");
    Ok(())
}

fn invoke(door: &mut Connection, name: &str) -> Outcome<()> {
    let answer = door.rest(&format!("{FUNCTIONS}/{name}/invocations"), EVENT)?;
    if answer == EVENT { Ok(()) } else { Err(format!("an echo of {}", String::from_utf8_lossy(answer))) }
}

/// Since then.
pub(crate) fn nanoseconds(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// The middle one; 0 of none.
pub(crate) fn median(all: &mut [u64]) -> f64 {
    all.sort_unstable();
    all.get(all.len() / 2).map_or(0.0, |&ns| ns as f64)
}
