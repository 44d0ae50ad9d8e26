//! `cargo xtask bench functions`: invocations of a Node echo, warm and cold, beside the bare interpreter, a raw socket to it and
//! the door's own answer; and what functions cost that nobody calls.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::bench::disk::rate;
use crate::bench::figures::{Figure, Figures, Form, Goal};
use crate::bench::http::Connection;
use crate::machine::{self, Outcome};
use crate::options;
use crate::served::Served;

const USAGE: &str =
    "cargo xtask bench functions [--seconds 5] [--colds 20] [--idle 200] [--bin PATH] [--json]";
const FUNCTIONS: &str = "POST /2015-03-31/functions";
const ECHO: &str = "exports.handler = async (event) => event;\n";
const EVENT: &[u8] = br#"{"hello":"world"}"#;
/// A bare echo on a socket: what an exchange with Node costs without us. Its first line is its port.
const RAW_ECHO: &str = "const s = require('net').createServer((c) => { c.setNoDelay(true); c.on('data', (d) => c.write(d)); });\
    s.listen(0, '127.0.0.1', () => console.log(s.address().port));";
/// Callers at a time: enough that two cores are never idle.
const CALLERS: usize = 8;

#[derive(Debug)]
struct Options {
    seconds: u64,
    colds: u64,
    idle: u64,
    binary: Option<PathBuf>,
    form: Form,
}

/// Runs all of it.
///
/// # Errors
/// When the command line is wrong, a call fails, or node is missing.
pub(crate) fn run(args: &[String]) -> Outcome<()> {
    let mut options = Options { seconds: 5, colds: 20, idle: 200, binary: None, form: Form::Lines };
    options::read(args, &["--json"], USAGE, |option, value| {
        match option {
            "--seconds" => options.seconds = value.number()?,
            "--colds" => options.colds = value.number()?,
            "--idle" => options.idle = value.number()?,
            "--bin" => options.binary = Some(value.path()),
            "--json" => options.form = Form::Json,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    let binary = options.binary.clone().map_or_else(machine::build_release, Ok)?;
    let served = Served::start(&binary)?;
    let code = code(ECHO)?;
    let mut door = Connection::open(served.address)?;
    let mut figures = Figures::new(options.form);
    idle(&served, &mut door, (&Echo { folder: code.path(), count: options.idle }, &mut figures))?;
    cold(&mut door, &Echo { folder: code.path(), count: options.colds }, &mut figures)?;
    let time = Duration::from_secs(options.seconds);
    warm(&mut door, time, &mut figures)?;
    many(served.address, time, &mut figures)?;
    figures.tell();
    Ok(())
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
fn idle(served: &Served, door: &mut Connection, (echo, figures): (&Echo<'_>, &mut Figures)) -> Outcome<()> {
    let before = served.memory_kib("VmRSS");
    for number in 0..echo.count {
        create(door, &format!("idle-{number}"), echo.folder, &json!({}))?;
    }
    let more = served.memory_kib("VmRSS").saturating_sub(before);
    figures.add(Figure {
        about: "processes of functions that nobody calls",
        value: children(served.process().id) as f64,
        unit: "processes",
        goal: Goal::AtMost(0.0),
    });
    let each = more as f64 / echo.count as f64;
    figures.add(Figure { about: "memory of each of them", value: each, unit: "KiB", goal: Goal::None });
    Ok(())
}

/// Processes whose parent is this one.
fn children(parent: u32) -> usize {
    let tasks = fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten().flatten();
    let children = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    children.map(|line| line.split_whitespace().count()).sum()
}

/// The first invocation of functions that have never run, in turns with the interpreter alone.
fn cold(door: &mut Connection, echo: &Echo<'_>, figures: &mut Figures) -> Outcome<()> {
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
    let ms = |about, ns: f64| Figure { about, value: ns / 1e6, unit: "ms", goal: Goal::None };
    figures.add(ms("cold, until the answer, p50", ours));
    figures.add(ms("`node -e 0`, in turns with it, p50", bare));
    let about = "cold, of the bare interpreter";
    figures.add(Figure { about, value: ours / bare, unit: "times", goal: Goal::AtMost(1.3) });
    Ok(())
}

/// A bare Node that echoes; it ends with this.
struct RawEcho {
    node: Child,
    stream: TcpStream,
}

impl Drop for RawEcho {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.node.kill();
        let _ = self.node.wait();
    }
}

impl RawEcho {
    fn start() -> Outcome<Self> {
        let said = |error: std::io::Error| format!("node: {error}");
        let mut command = Command::new("node");
        let mut node = command
            .args(["-e", RAW_ECHO])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(said)?;
        let mut port = String::new();
        let lines = node.stdout.take().ok_or("node has no output")?;
        BufReader::new(lines).read_line(&mut port).map_err(said)?;
        let stream = TcpStream::connect(format!("127.0.0.1:{}", port.trim())).map_err(said)?;
        stream.set_nodelay(true).map_err(said)?;
        Ok(Self { node, stream })
    }

    fn exchange(&mut self) -> Outcome<()> {
        let mut back = vec![0; EVENT.len()];
        let exchanged = self.stream.write_all(EVENT).and_then(|()| self.stream.read_exact(&mut back));
        exchanged.map_err(|error| format!("the raw echo: {error}"))
    }
}

/// One caller of a function that is warm; in turns with the door's own shortest answer and a bare exchange with Node.
fn warm(door: &mut Connection, time: Duration, figures: &mut Figures) -> Outcome<()> {
    let folder = code(ECHO)?;
    create(door, "warm", folder.path(), &json!({}))?;
    invoke(door, "warm")?;
    let mut raw = RawEcho::start()?;
    let (mut health, mut invoked, mut bare) = (Vec::new(), Vec::new(), Vec::new());
    let started = machine::now();
    while started.elapsed() < time {
        let begun = machine::now();
        door.rest("GET /health", b"")?;
        health.push(nanoseconds(begun));
        let begun = machine::now();
        invoke(door, "warm")?;
        invoked.push(nanoseconds(begun));
        let begun = machine::now();
        raw.exchange()?;
        bare.push(nanoseconds(begun));
    }
    let ms = |about, all: &mut [u64], goal| Figure { about, value: median(all) / 1e6, unit: "ms", goal };
    figures.add(ms("warm, one caller, p50", &mut invoked, Goal::AtMost(1.0)));
    figures.add(ms("GET /health, in turns with it, p50", &mut health, Goal::None));
    figures.add(ms("a raw socket to a bare node, in turns with it, p50", &mut bare, Goal::None));
    Ok(())
}

/// Several callers of a function; the start of its other environments is no part of the time.
fn many(address: SocketAddr, time: Duration, figures: &mut Figures) -> Outcome<()> {
    let folder = code(ECHO)?;
    create(&mut Connection::open(address)?, "many", folder.path(), &json!({}))?;
    let count = AtomicU64::new(0);
    let run = |time: Duration| -> Outcome<f64> {
        count.store(0, Ordering::Relaxed);
        let started = machine::now();
        let call = || -> Outcome<()> {
            let mut door = Connection::open(address)?;
            while started.elapsed() < time {
                invoke(&mut door, "many")?;
                count.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        };
        let ended: Vec<Outcome<()>> = thread::scope(|scope| {
            let all: Vec<_> = (0..CALLERS).map(|_| scope.spawn(call)).collect();
            let broke = || Err("a caller broke".to_owned());
            all.into_iter().map(|one| one.join().unwrap_or_else(|_| broke())).collect()
        });
        ended.into_iter().collect::<Outcome<()>>()?;
        Ok(rate(count.load(Ordering::Relaxed), started.elapsed().as_secs_f64()))
    };
    run(time / 4)?;
    let per_s = run(time)?;
    figures.add(Figure { about: "warm, 8 callers", value: per_s, unit: "/s", goal: Goal::AtLeast(1000.0) });
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
