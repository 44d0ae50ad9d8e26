//! A run: lives of the server on one disk, each until its end, the last one in peace.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http_client::{Client, Guard, Settings};
use server::Indoors;
use server::config::Config;
use server::indoors::Surroundings;
use store::simulated_disk::Disk;
use store::{Drive, Store};
use tokio::runtime::Builder;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::calls::{Caller, NoAnswer};
use crate::clock;
use crate::consumers::Consumer;
use crate::dice::Dice;
use crate::judge::Queue;
use crate::outcome::{Options, Outcome};
use crate::pipeline;
use crate::producers::Producer;
use crate::target::{self, HOST};
use crate::trace::Trace;
use crate::world::World;

/// The longest life but the last, in virtual ms.
const LIFE_MS: u64 = 2_500;
/// Memory for the engine's pages: little, so that much is written before its commit.
const CACHE_BYTES: usize = 1 << 20;

/// How a life ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Power is lost at this operation of the disk's.
    PowerAt(u64),
    /// Power is lost after so many ms.
    PowerAfter(u64),
    /// The process is killed after so many ms; the system writes what it was given.
    KillAfter(u64),
    /// The server is closed after so many ms.
    CloseAfter(u64),
    /// Everything is drained.
    Peace,
}

impl End {
    fn draw(dice: &mut Dice) -> Self {
        let after_ms = 1 + dice.below(LIFE_MS);
        match dice.below(100) {
            0..45 => Self::PowerAt(1 + dice.below(1_200)),
            45..55 => Self::PowerAfter(after_ms),
            55..85 => Self::KillAfter(after_ms),
            _ => Self::CloseAfter(after_ms),
        }
    }

    /// When at the latest, in ms.
    fn after_ms(self) -> u64 {
        match self {
            Self::PowerAt(_) => LIFE_MS,
            Self::PowerAfter(ms) | Self::KillAfter(ms) | Self::CloseAfter(ms) => ms,
            Self::Peace => u64::MAX,
        }
    }
}

/// Plays a seed.
pub(crate) fn play(seed: u64, options: Options) -> Outcome {
    clock::reset(seed);
    Indoors::set_clock(clock::VIRTUAL);
    let trace = if options.keeps_lines { Trace::kept() } else { Trace::default() };
    let world = World::new(seed, trace);
    let played = catch_unwind(AssertUnwindSafe(|| play_in(&world, seed)));
    let mut known = world.lock();
    match played {
        Ok(Ok(())) => {}
        Ok(Err(why)) => known.judge.broken(why),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("without a word");
            known.judge.broken(format!("panic: {text}"));
        }
    }
    let (broken, trace) = (known.judge.verdict().cloned(), known.trace.clone());
    Outcome { seed, broken, trace, tally: known.judge.tally }
}

fn play_in(world: &World, seed: u64) -> Result<(), String> {
    // What is not simulated wants a folder, and leaves it as it is.
    let folder = tempfile::tempdir().map_err(|error| format!("no folder: {error}"))?;
    let mut dice = Dice::new(seed, 0);
    let mut disk = new_disk(folder.path())?;
    for life in 0..=dice.below(4) {
        let end = End::draw(&mut dice);
        disk = live(world, &mut dice, Life { number: life, end, disk: &disk, folder: folder.path() })?;
        if world.lock().judge.verdict().is_some() {
            return Ok(());
        }
    }
    let last = world.lock().life + 1;
    live(world, &mut dice, Life { number: last, end: End::Peace, disk: &disk, folder: folder.path() })?;
    Ok(())
}

fn config(folder: &Path) -> Result<Config, String> {
    let guard = Guard::new(vec![HOST.parse()?]);
    Ok(Config {
        listen: ([127, 0, 0, 1], 4566).into(),
        calls_out: Settings { guard, ..Settings::default() },
        ..Config::of_folder(folder.to_path_buf())?
    })
}

fn store_options(config: &Config) -> store::Options {
    // Both happen here all the time, and are said by nobody.
    store::Options {
        cache_bytes: CACHE_BYTES,
        on_damage: |_| (),
        on_dropped_commit: || (),
        ..Indoors::store_options(config)
    }
}

/// A disk with an empty store. Making one is no part of the proof: a folder's engine file is made beside and moved into place when it
/// is whole.
fn new_disk(folder: &Path) -> Result<Disk, String> {
    let disk = Disk::default();
    let opened = Store::open_driven(disk.clone(), &store_options(&config(folder)?));
    drop(opened.map_err(|error| error.to_string())?);
    Ok(disk.after_power_loss(|versions| versions.saturating_sub(1)))
}

/// A life of the server.
#[derive(Clone, Copy, Debug)]
struct Life<'l> {
    number: u64,
    end: End,
    disk: &'l Disk,
    /// For what is not simulated.
    folder: &'l Path,
}

/// Plays a life: what it leaves on the disk.
fn live(world: &World, dice: &mut Dice, life: Life<'_>) -> Result<Disk, String> {
    let Life { number: life, end, disk, folder } = life;
    {
        let mut known = world.lock();
        (known.life, known.is_dying) = (life, false);
        known.judge.tally.lives += 1;
        known.judge.tally.power_losses += u64::from(matches!(end, End::PowerAt(_) | End::PowerAfter(_)));
        known.judge.tally.kills += u64::from(matches!(end, End::KillAfter(_)));
        let sum = disk.checksum();
        known.trace.say(format_args!("life {life}, which ends by {end:?}, on a disk of the sum {sum:08x}"));
    }
    if let End::PowerAt(nth) = end {
        disk.lose_power_after(Some(nth));
    }
    let config = config(folder)?;
    match Opened::on(disk, &config, world) {
        Ok(opened) => opened.run(world, disk, end)?,
        // Power may be lost while a start recovers, too.
        Err(why) if !disk.is_dead() => return Err(format!("not recovered: {why}")),
        Err(_) => {}
    }
    let operations = disk.operations();
    world.lock().trace.say(format_args!("the end of life {life} after {operations} operations of the disk"));
    clock::pass(dice.time_below_ms(20_000));
    Ok(match end {
        End::PowerAt(_) | End::PowerAfter(_) => disk.after_power_loss(|versions| dice.index(versions)),
        End::KillAfter(_) | End::CloseAfter(_) | End::Peace => {
            disk.after_power_loss(|versions| versions.saturating_sub(1))
        }
    })
}

/// An open server.
struct Opened {
    indoors: Indoors,
    drive: Drive,
}

impl Opened {
    fn on(disk: &Disk, config: &Config, world: &World) -> Result<Self, String> {
        let (store, drive) =
            Store::open_driven(disk.clone(), &store_options(config)).map_err(|error| error.to_string())?;
        let client = Client::dialling(config.calls_out.clone(), Some(target::dial(world.clone())))?;
        let indoors =
            Indoors::open(config, Surroundings { store, client }).map_err(|error| error.to_string())?;
        drive.go_by_turns();
        Ok(Self { indoors, drive })
    }

    fn run(self, world: &World, disk: &Disk, end: End) -> Result<(), String> {
        let Self { mut indoors, drive } = self;
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
        let runtime = runtime.map_err(|error| format!("no runtime: {error}"))?;
        let seed = world.lock().seed;
        let life = world.lock().life;
        runtime.block_on(async {
            clock::begin();
            let power = Arc::new(Notify::new());
            let dice = move |stream: u64| Dice::new(seed, (life + 1) * 100 + stream);
            let mut loops: JoinSet<()> = indoors.take_loops().into_iter().collect();
            tokio::spawn(write(drive, disk.clone(), dice(0), Arc::clone(&power)));
            let caller = Caller { door: indoors.door(), world: world.clone() };
            let mut clients = JoinSet::new();
            if end == End::Peace {
                clients.spawn(finish(caller, dice(1)));
            } else {
                clients.spawn(load(caller, dice));
            }
            let ended = tokio::select! {
                biased;
                () = power.notified() => Ok(()),
                Some(ended) = clients.join_next() => ended.map_err(|error| error.to_string()),
                Some(Err(error)) = loops.join_next() => Err(format!("a loop has ended: {error}")),
                () = sleep(Duration::from_millis(end.after_ms())) => Ok(()),
            };
            if matches!(end, End::CloseAfter(_)) {
                indoors.close();
                clients.abort_all();
                while loops.join_next().await.is_some() {}
            } else {
                world.lock().is_dying = true;
                disk.die();
            }
            clock::end();
            ended
        })
    }
}

/// The writer's turns: a sync takes as long as the dice say.
async fn write(drive: Drive, disk: Disk, mut dice: Dice, power: Arc<Notify>) {
    loop {
        drive.arrival().await;
        let slow = if dice.chance(3) { 400 } else { 8 };
        sleep(dice.time_below_ms(slow)).await;
        drive.turn();
        if disk.is_dead() {
            power.notify_one();
        }
    }
}

/// Sets everything up, where that has not been done, and says so. Whether it is done.
async fn set_up(caller: &Caller) -> bool {
    if caller.world.lock().is_set_up {
        return true;
    }
    match pipeline::set_up(caller).await {
        Ok(()) => caller.world.lock().is_set_up = true,
        Err(NoAnswer::Cut) => return false,
        Err(NoAnswer::Refused(text)) => {
            caller.world.lock().judge.broken(format!("refused: the set-up: {text}"));
            return false;
        }
    }
    true
}

/// The load of a life: it never ends by itself.
async fn load(caller: Caller, dice: impl Fn(u64) -> Dice) {
    if !set_up(&caller).await {
        return std::future::pending().await;
    }
    let consumer = |stream| Consumer { caller: caller.clone(), dice: dice(stream) };
    let producer = |stream| Producer { caller: caller.clone(), dice: dice(stream) };
    consumer(1).books().await;
    let mut clients = JoinSet::new();
    clients.spawn(producer(2).messages());
    clients.spawn(producer(3).events());
    clients.spawn(producer(4).line());
    clients.spawn(producer(5).executions());
    let queues = Queue::ALL.into_iter().chain([Queue::Plain, Queue::Line]);
    for (queue, stream) in queues.zip(10..) {
        clients.spawn(consumer(stream).work(queue));
    }
    while let Some(ended) = clients.join_next().await {
        if let Err(error) = ended {
            caller.world.lock().judge.broken(format!("a client has ended: {error}"));
        }
    }
}

/// The last life: what is pending is sent, everything drained and judged.
async fn finish(caller: Caller, dice: Dice) {
    if !set_up(&caller).await {
        caller.world.lock().judge.broken("the set-up was cut off in peace".to_owned());
        return;
    }
    let mut producer = Producer { caller: caller.clone(), dice: dice.clone() };
    while !(producer.line_pending().await && producer.executions_pending().await) {
        sleep(Duration::from_secs(1)).await;
    }
    Consumer { caller, dice }.drain().await;
}
