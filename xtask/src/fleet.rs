//! `cargo xtask fleet`: workers in many processes against one server, read from the target's own gauge, while they are killed and stopped.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::bench::http::{Connection, Operation, text};
use crate::gauge::Gauge;
use crate::machine::{self, Outcome};
use crate::options;
use crate::served::Served;

const USAGE: &str =
    "cargo xtask fleet [--seconds 90] [--workers 8] [--lanes 2] [--takes-ms 100] [--bin PATH]";
/// A shorter run judges what must hold on any machine, and only prints its times.
const JUDGES_TIMES_FROM_S: u64 = 60;
/// How long a holder of a permit may be silent: the worker's own minimum.
const LEASE: Duration = Duration::from_secs(10);
/// Messages of one SendMessageBatch.
const BATCH: u64 = 10;
/// Between two kills.
const KILL_EVERY: Duration = Duration::from_secs(2);
/// How long the last message may take to come: leases of permits and visibility of messages of those that were killed.
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Clone, Debug)]
struct Options {
    seconds: u64,
    workers: usize,
    lanes: usize,
    takes_ms: u64,
    binary: Option<PathBuf>,
}

/// Runs the proof.
pub(crate) fn run(args: &[String]) -> ExitCode {
    machine::exit(options(args).and_then(|options| prove(&options)))
}

fn options(args: &[String]) -> Outcome<Options> {
    let mut options = Options { seconds: 90, workers: 8, lanes: 2, takes_ms: 100, binary: None };
    options::read(args, &[], USAGE, |option, value| {
        match option {
            "--seconds" => options.seconds = value.number()?,
            "--workers" => options.workers = value.number()?,
            "--lanes" => options.lanes = value.number()?,
            "--takes-ms" => options.takes_ms = value.number()?,
            "--bin" => options.binary = Some(value.path()),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(options)
}

fn prove(options: &Options) -> Outcome<()> {
    let binary = options.binary.clone().map_or_else(machine::build_release, Ok)?;
    let mut broken = Vec::new();
    let one = rate(options, &binary, 1)?;
    let many = rate(options, &binary, options.workers)?;
    let times = many.per_second() / one.per_second();
    println!(
        "{} workers carry {:.0} messages a second, one {:.0}: {times:.1} times as many",
        options.workers,
        many.per_second(),
        one.per_second()
    );
    if judges_times(options) && options.workers == 8 && times < 6.0 {
        broken.push(format!("8 workers carry {times:.1} times as much as one, not 6 times"));
    }
    broken.extend(faults(options, &binary, &many)?);
    broken.extend(take_over(options, &binary)?);
    if broken.is_empty() { Ok(()) } else { Err(broken.join("; ")) }
}

fn judges_times(options: &Options) -> bool {
    options.seconds >= JUDGES_TIMES_FROM_S
}

/// A server, a queue with messages, a target, and workers.
struct Scene<'b> {
    binary: &'b Path,
    served: Served,
    gauge: Gauge,
    folder: TempDir,
    lanes: usize,
    workers: Vec<Child>,
}

impl<'b> Scene<'b> {
    fn open(options: &Options, binary: &'b Path, limit: usize) -> Outcome<Self> {
        let takes = Duration::from_millis(options.takes_ms);
        let gauge = Gauge::open(move |_, _| takes)?;
        let served = Served::start_as(binary, &["serve"])?;
        let folder = tempfile::tempdir_in(machine::scratch()?).map_err(|error| error.to_string())?;
        let timeout_ms = (options.takes_ms * 5).max(1_000);
        let file = format!(
            "version: 1\nname: fleet\nallowPrivate: [127.0.0.1]\nqueues:\n  - name: work\nworkers:\n  - queue: work\n    url: {}\n    \
             concurrency: {limit}\n    timeoutMs: {timeout_ms}\n",
            gauge.url("work")
        );
        std::fs::write(folder.path().join("trunkline.yaml"), file).map_err(|error| error.to_string())?;
        let mut door = Connection::open(served.address)?;
        door.ask(Operation::sqs("CreateQueue"), &json!({"QueueName": "work"}))?;
        Ok(Self { binary, served, gauge, folder, lanes: options.lanes, workers: Vec::new() })
    }

    fn queue_url(&self) -> String {
        format!("http://{}/000000000000/work", self.served.address)
    }

    /// Sends messages that are marked with their numbers.
    fn send(&self, messages: u64) -> Outcome<()> {
        let mut door = Connection::open(self.served.address)?;
        let mut next = 0;
        while next < messages {
            let marks = next..messages.min(next + BATCH);
            next = marks.end;
            let entries: Vec<Value> = marks
                .map(|mark| json!({"Id": mark.to_string(), "MessageBody": json!({"mark": mark}).to_string()}))
                .collect();
            let request = json!({"QueueUrl": self.queue_url(), "Entries": entries});
            door.ask(Operation::sqs("SendMessageBatch"), &request)?;
        }
        Ok(())
    }

    fn start(&mut self) -> Outcome<()> {
        let log = machine::create_file(&machine::scratch()?.join("worker.log"))
            .map_err(|error| error.to_string())?;
        let mut command = Command::new(self.binary);
        command.arg("worker").arg("-f").arg(self.folder.path().join("trunkline.yaml"));
        command.args(["--create-table", "--endpoint", &format!("http://{}", self.served.address)]);
        command.args(["--lanes", &self.lanes.to_string()]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let child = command.spawn().map_err(|error| format!("a worker cannot start: {error}"))?;
        self.workers.push(child);
        Ok(())
    }

    /// Kills a worker without a warning.
    fn kill(&mut self, at: usize) -> Outcome<()> {
        let mut child = self.workers.remove(at);
        child.kill().and_then(|()| child.wait()).map(drop).map_err(|error| error.to_string())
    }

    /// Messages that are in the queue, hidden ones too.
    fn left(&self) -> Outcome<u64> {
        let mut door = Connection::open(self.served.address)?;
        let [visible, hidden] = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
        let request = json!({"QueueUrl": self.queue_url(), "AttributeNames": [visible, hidden]});
        let told = door.ask(Operation::sqs("GetQueueAttributes"), &request)?;
        let number =
            |name: &str| text(&told, &format!("/Attributes/{name}")).map(|n| n.parse::<u64>().unwrap_or(1));
        Ok(number(visible)? + number(hidden)?)
    }
}

impl Drop for Scene<'_> {
    fn drop(&mut self) {
        for worker in &mut self.workers {
            // It may have ended by itself; then there is nothing to end.
            let _ = worker.kill();
            let _ = worker.wait();
        }
    }
}

/// What was carried in a while.
#[derive(Debug)]
struct Rate {
    carried: u32,
    took: Duration,
}

impl Rate {
    fn per_second(&self) -> f64 {
        f64::from(self.carried) / self.took.as_secs_f64()
    }

    /// So many messages as are carried in a time.
    fn messages_in(&self, time: Duration) -> u64 {
        let messages = u128::from(self.carried) * time.as_millis() / self.took.as_millis().max(1);
        u64::try_from(messages).unwrap_or(u64::MAX)
    }
}

/// What so many workers carry, none of which is disturbed, once all are at work.
fn rate(options: &Options, binary: &Path, workers: usize) -> Outcome<Rate> {
    let mut scene = Scene::open(options, binary, options.workers * options.lanes)?;
    let per_second = 1_000 / options.takes_ms.max(1) + 1;
    let lanes = u64::try_from(workers * options.lanes).unwrap_or(u64::MAX);
    let measured = Duration::from_secs((options.seconds / 6).max(3));
    scene.send(lanes * per_second * (measured.as_secs() + 6))?;
    (0..workers).try_for_each(|_| scene.start())?;
    // All have their permits when they have been at work for a moment.
    scene.gauge.wait_for(workers * options.lanes * 5, PATIENCE);
    let (began, before) = (machine::now(), scene.gauge.ended().0);
    machine::pause(measured);
    let (after, took) = (scene.gauge.ended().0, began.elapsed());
    let carried = u32::try_from(after - before).unwrap_or(u32::MAX);
    Ok(Rate { carried, took })
}

/// What went on while workers were killed and stopped.
#[derive(Debug, Default)]
struct Disturbance {
    kills: usize,
    sleepers: usize,
    outages: usize,
}

/// Kills a worker every two seconds, and starts another; puts one to sleep past two leases; stops the server for a lease.
fn faults(options: &Options, binary: &Path, rate: &Rate) -> Outcome<Vec<String>> {
    let limit = options.workers * options.lanes;
    let mut scene = Scene::open(options, binary, limit)?;
    // Less than could be carried undisturbed.
    let messages = rate.messages_in(Duration::from_secs(options.seconds) * 2 / 5) + 100;
    scene.send(messages)?;
    (0..options.workers).try_for_each(|_| scene.start())?;
    let began = machine::now();
    let mut broken = Vec::new();
    let done = disturb(options, &mut scene, &mut broken)?;
    let all = usize::try_from(messages).unwrap_or(usize::MAX);
    scene.gauge.wait_for(all, PATIENCE);
    let (effects, calls) = scene.gauge.ended();
    let took = began.elapsed();
    // Each disturbance can cut off what its lanes were at, between the call and its record.
    let repeats_max = (done.kills + done.sleepers) * options.lanes + done.outages * limit;
    let repeats = usize::try_from(calls).unwrap_or(usize::MAX).saturating_sub(effects);
    let above = scene.gauge.most().saturating_sub(limit);
    println!(
        "{} kills, {} put to sleep past two leases, {} outages of the server: {effects} of {messages} messages in {:.1} s, {repeats} calls \
         repeated (at most {repeats_max} were cut off), at most {} calls at a time with a limit of {limit}",
        done.kills,
        done.sleepers,
        done.outages,
        took.as_secs_f64(),
        scene.gauge.most()
    );
    if effects < all {
        broken.push(format!("{} messages had no effect within {took:?}", all - effects));
    }
    // Calls that were given up because the machine is busy are repeated, and their work goes on uncounted.
    let longest = scene.gauge.longest();
    let is_judged =
        judges_times(options) || longest < Duration::from_millis((options.takes_ms * 5).max(1_000) / 2);
    if !is_judged {
        println!("the machine is busy: a call took {longest:?}; repeats and the limit are not judged");
    }
    if is_judged && repeats > repeats_max {
        broken.push(format!("{repeats} calls were repeated, and {repeats_max} at most were cut off"));
    }
    // Who sleeps between its check and its call is the one case that a target without fences sees.
    if is_judged && above > done.sleepers {
        broken.push(format!("{} calls at a time, and the limit is {limit}", scene.gauge.most()));
    } else if above > 0 {
        println!("the documented case: a worker slept between its check and its call");
    }
    if !empties(&scene)? {
        broken.push(format!("{} messages are left in the queue", scene.left()?));
    }
    Ok(broken)
}

/// Whether the queue is empty once what was cut off has come back.
fn empties(scene: &Scene<'_>) -> Outcome<bool> {
    let began = machine::now();
    while scene.left()? > 0 {
        if began.elapsed() > PATIENCE {
            return Ok(false);
        }
        machine::pause(Duration::from_millis(200));
    }
    Ok(true)
}

fn disturb(options: &Options, scene: &mut Scene<'_>, broken: &mut Vec<String>) -> Outcome<Disturbance> {
    let mut done = Disturbance::default();
    let began = machine::now();
    let until = Duration::from_secs(options.seconds);
    let mut sleeper: Option<(u32, Instant)> = None;
    while began.elapsed() < until {
        machine::pause(KILL_EVERY);
        // The first of them is the sleeper; the others are killed in turn.
        scene.kill(1)?;
        scene.start()?;
        done.kills += 1;
        match sleeper {
            None if done.kills == 2 => {
                let id = scene.workers.first().map(Child::id).ok_or("no worker")?;
                signal("STOP", id)?;
                sleeper = Some((id, machine::now()));
                done.sleepers += 1;
            }
            Some((id, since)) if since.elapsed() > LEASE * 2 => {
                signal("CONT", id)?;
                sleeper = None;
            }
            _ => {}
        }
        if judges_times(options) && done.outages == 0 && began.elapsed() > until / 2 {
            outage(scene, broken)?;
            done.outages += 1;
        }
    }
    if let Some((id, _)) = sleeper {
        signal("CONT", id)?;
    }
    Ok(done)
}

/// The server answers nobody for one and a half leases: by the end of a lease every lane has stopped itself.
fn outage(scene: &Scene<'_>, broken: &mut Vec<String>) -> Outcome<()> {
    let id = scene.served.process().id;
    signal("STOP", id)?;
    machine::pause(LEASE + Duration::from_secs(2));
    let before = scene.gauge.ended().1;
    machine::pause(LEASE / 2);
    let after = scene.gauge.ended().1;
    signal("CONT", id)?;
    println!(
        "the server answered nobody for a lease and a half: {} calls after the first lease",
        after - before
    );
    if after > before {
        broken.push(format!("{} calls were made without a lease", after - before));
    }
    Ok(())
}

/// With a limit of one: how long nobody calls after the holder of the permit was killed.
fn take_over(options: &Options, binary: &Path) -> Outcome<Vec<String>> {
    let mut scene = Scene::open(options, binary, 1)?;
    scene.lanes = 1;
    scene.send(10_000)?;
    scene.start()?;
    scene.gauge.wait_for(5, PATIENCE);
    scene.start()?;
    // The second one has seen who holds the permit.
    machine::pause(LEASE / 2);
    let before = scene.gauge.ended().0;
    scene.kill(0)?;
    let killed = machine::now();
    // One call may be under way, and ends.
    scene.gauge.wait_for(before + 3, PATIENCE);
    let took = killed.elapsed();
    let leases = took.as_secs_f64() / LEASE.as_secs_f64();
    println!("the permit of a worker that was killed was in use again after {leases:.2} leases");
    let mut broken = Vec::new();
    if scene.gauge.most() > 1 {
        broken.push(format!("{} calls at a time, and the limit is 1", scene.gauge.most()));
    }
    if judges_times(options) && leases > 1.5 {
        broken.push(format!("the permit was taken over after {leases:.2} leases, not within 1.5"));
    }
    Ok(broken)
}

/// Sends a signal by its name.
fn signal(name: &str, id: u32) -> Outcome<()> {
    machine::run(Command::new("sh").args(["-c", &format!("kill -{name} {id}")]))
}
