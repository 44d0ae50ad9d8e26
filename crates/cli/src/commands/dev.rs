//! `trunkline dev`: everything on this machine, with live output.

mod file_watch;
mod screen;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use events::{BusName, EventPlace};
use genesys_org::simulator::parameters::SPEED_TO_WATCH;
use provision::Pipeline;
use provision::noun::worker::Worker;
use server::config::Config;
use server::{Rooms, Server, SimulatedFeed, WorkerMessage};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use crate::commands::dev::file_watch::{Notice, Watch};
use crate::commands::dev::screen::{Screen, Status};
use crate::commands::serve::{Interrupt, ServerArguments, exit_code, run_until_interrupted};
use crate::deployment::{Agreement, QueueIds, bring_up, queue_ids, with_version_rule};
use crate::feed::Feed;
use crate::logging::Logging;
use crate::pipeline_file::{self, PipelineFile};
use crate::trouble::{ApiTroubleArguments, TroubleArguments};

/// How often the status line is looked at.
const STATUS_EVERY: Duration = Duration::from_millis(250);
/// Maximum time for the last lines to be shown.
const LAST_LINES: Duration = Duration::from_secs(2);
/// Messages taken and not yet shown.
const SHOWN_MAX: usize = 64;
/// Events that one look reads, and those of them that are shown: nobody reads more lines in that time.
const EVENTS_PER_LOOK_MAX: usize = 10_000;
const SHOWN_PER_LOOK_MAX: usize = 20;

/// Arguments of `trunkline dev`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The pipeline file [default: trunkline.yaml if it is there, else the sample pipeline]
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Use this profile of the pipeline file, one of its `profiles:`
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Seed of the simulated org: the same seed gives the same org and events
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Number of agents in the simulated org; overrides the file
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=20_000))]
    agents: Option<u32>,
    /// Simulated seconds per second, 1 (real time) to 10000 [default: 20]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    speed: Option<u32>,
    /// Apply the file again whenever it is saved; a file with mistakes leaves the pipeline as it was
    #[arg(long)]
    watch: bool,
    /// Adopt resources that were created outside the pipeline, without asking
    #[arg(long)]
    yes: bool,
    /// Print JSON Lines instead of text
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArguments,
    #[command(flatten)]
    trouble: TroubleArguments,
    #[command(flatten)]
    api_trouble: ApiTroubleArguments,
}

impl Arguments {
    pub(crate) fn logging(&self) -> &Logging {
        &self.server.logging
    }
}

/// Runs until Ctrl-C or a failed sync.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let file = file(arguments)?;
    let pipeline = file.load_or_say()?;
    run_until_interrupted(async |interrupt: Interrupt| {
        let started = tokio::select! {
            started = Box::pin(start(arguments, &file, &pipeline)) => started?,
            () = interrupt.asked() => return Ok(ExitCode::SUCCESS),
        };
        let Pieces { server, screen, messages, ids } = started;
        let rooms = server.rooms().clone();
        let (end, ended) = watch::channel(false);
        let (notify, notices) = mpsc::channel(SHOWN_MAX);
        if arguments.watch {
            let watch = Watch { applied: file.clone(), door: server.own_door(), ids };
            tokio::spawn(watch.run(agreement(arguments), notify));
        }
        // Where no worker prints what it takes, the events themselves are the news.
        let prints = pipeline.workers.iter().any(Worker::prints);
        let watched = (!prints).then(|| pipeline.bus.value.clone());
        let events = EventNews::new(&rooms, watched.as_deref());
        let shower = tokio::spawn(show(screen, News { rooms, events, messages, notices }, ended));
        let how = server.until_stopped(interrupt.asked()).await;
        end.send_replace(true);
        // The lines that are left are shown, unless their reader stands still.
        drop(timeout(LAST_LINES, shower).await);
        Ok(exit_code(&how))
    })
}

/// The file that is named, else the one that is there, else the sample.
fn file(arguments: &Arguments) -> Result<PipelineFile, String> {
    let profile = arguments.profile.as_deref();
    let default = Path::new(pipeline_file::DEFAULT);
    match &arguments.file {
        Some(path) => PipelineFile::read(path, profile),
        None if default.exists() => PipelineFile::read(default, profile),
        None if arguments.watch => Err("--watch needs a file: name it with -f".to_owned()),
        None if profile.is_some() => Err("--profile needs a file: name it with -f".to_owned()),
        None => Ok(PipelineFile::sample()),
    }
}

/// What runs.
struct Pieces {
    server: Server,
    screen: Screen,
    /// What the workers receive.
    messages: mpsc::Receiver<WorkerMessage>,
    ids: QueueIds,
}

/// What the watch may adopt: it cannot ask.
fn agreement(arguments: &Arguments) -> Agreement {
    if arguments.yes { Agreement::Given } else { Agreement::Refuse }
}

/// Starts what the pipeline names: the server, its resources, the workers, the feed.
async fn start(arguments: &Arguments, file: &PipelineFile, pipeline: &Pipeline) -> Result<Pieces, String> {
    let feed = feed(arguments, pipeline).await?;
    let config = arguments.server.config(&pipeline.allowed())?;
    let (webhooks, buckets) = (file.webhooks_or_say(pipeline)?, pipeline.bucket_folders());
    let config = with_version_rule(Config { webhooks, buckets, ..config }, pipeline);
    let mut server = Server::start(config).await.map_err(|e| e.to_string())?;
    let ids = queue_ids(pipeline, feed.as_ref());
    bring_up(&server.own_door(), file, pipeline, &ids, Agreement::of_flag(&arguments.yes)).await?;
    let (shown, messages) = mpsc::channel(SHOWN_MAX);
    for worker in pipeline.workers.iter().filter(|worker| worker.prints()) {
        server.start_worker(&worker.queue.value, shown.clone());
    }
    let screen = Screen::new(&server, arguments, (file, pipeline), feed.as_ref());
    // Who reads the address may use it: the Platform API answers from its first call.
    if let Some(feed) = feed {
        feed.start(&mut server).await?;
    }
    screen.header();
    Ok(Pieces { server, screen, messages, ids })
}

/// The feed that the pipeline asks for, with what the command line says of a simulated one.
async fn feed(arguments: &Arguments, pipeline: &Pipeline) -> Result<Option<Feed>, String> {
    let mut feed = Feed::of(pipeline, &arguments.server.place(), SPEED_TO_WATCH).await?;
    if let Some(Feed::Simulated(SimulatedFeed { org, speed, .. })) = &mut feed {
        org.seed = arguments.seed.unwrap_or(org.seed);
        org.agents =
            arguments.agents.map_or(org.agents, |agents| usize::try_from(agents).unwrap_or(usize::MAX));
        org.trouble = arguments.trouble.over(org.trouble);
        org.trouble.api = arguments.api_trouble.over(org.trouble.api);
        *speed = arguments.speed.unwrap_or(*speed);
    }
    Ok(feed)
}

/// What the screen tells of.
struct News {
    rooms: Rooms,
    events: EventNews,
    messages: mpsc::Receiver<WorkerMessage>,
    notices: mpsc::Receiver<Notice>,
}

/// A line for each message that a worker took, or each event where there is no worker, and the status, until `ended` turns true.
async fn show(mut screen: Screen, news: News, mut ended: watch::Receiver<bool>) {
    let News { rooms, mut events, mut messages, mut notices } = news;
    let mut ticks = tokio::time::interval(STATUS_EVERY);
    while !*ended.borrow() {
        tokio::select! {
            // None: there is no worker, or none any more; the status goes on.
            Some(message) = messages.recv() => screen.message(&message),
            // None: nothing is watched.
            Some(notice) = notices.recv() => screen.notice(&notice),
            _ = ticks.tick() => {
                events.take(&rooms).iter().for_each(|event| screen.event(event));
                screen.status(status(&rooms));
            }
            _ = ended.wait_for(|ended| *ended) => {}
        }
    }
    while let Ok(message) = messages.try_recv() {
        screen.message(&message);
    }
    screen.end(status(&rooms));
}

/// The events of the pipeline's bus as they come, where there is no worker.
struct EventNews {
    /// The bus, and the position of the last event that was told.
    after: Option<(BusName, u64)>,
}

impl EventNews {
    /// From now on; `bus` is none where there is a worker.
    fn new(rooms: &Rooms, bus: Option<&str>) -> Self {
        let after = bus.and_then(BusName::parse).map(|bus| {
            let last = rooms.store.read(|read| rooms.events.last_events(read, &bus, 1)).unwrap_or_default();
            let position = last.last().map_or(0, |(position, _)| *position);
            (bus, position)
        });
        Self { after }
    }

    /// Those that have come since, as their envelopes; the newest where there are very many.
    fn take(&mut self, rooms: &Rooms) -> Vec<String> {
        let Some((bus, position)) = &mut self.after else { return Vec::new() };
        let place = EventPlace { bus, position: *position };
        let found = rooms.store.read(|read| rooms.events.events_after(read, place, EVENTS_PER_LOOK_MAX));
        let found = found.unwrap_or_default();
        *position = found.last().map_or(*position, |(position, _)| *position);
        let skipped = found.len().saturating_sub(SHOWN_PER_LOOK_MAX);
        found.into_iter().skip(skipped).map(|(_, event)| event.json).collect()
    }
}

fn status(rooms: &Rooms) -> Option<Status> {
    let counts = rooms.store.read(|snapshot| rooms.events.counts(snapshot)).ok()?;
    Some(Status {
        events_in: counts.accepted,
        matched: counts.matched,
        delivered: counts.delivered,
        owed: counts.owed,
        dead: counts.dead_lettered + counts.expired + counts.dropped,
    })
}
