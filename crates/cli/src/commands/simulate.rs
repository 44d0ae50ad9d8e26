//! `trunkline simulate`: the events of a simulated org, for other tools.

use std::io::{BufWriter, Error, ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use aws::Timestamp;
use clap::{Args, ValueEnum};
use genesys_org::simulator::{Config, Families, LoadCurve, Simulator, Trouble};

use crate::trouble::{TroubleArguments, milliseconds};
use crate::{input, output};

/// Number of events if neither a number nor a time is given.
const EVENTS_DEFAULT: u64 = 1_000;

/// Arguments of `trunkline simulate`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Write JSON Lines to this new file [default: standard output]
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// Maximum number of events [default: 1000, or with --for as many as there are]
    #[arg(long, value_name = "N")]
    events: Option<u64>,
    /// Simulated time in which conversations begin; each of them is then run to its end
    #[arg(long = "for", value_name = "TIME", value_parser = milliseconds)]
    length: Option<u64>,
    /// Simulated seconds per second, 1 (real time) to 10000 [default: as fast as possible]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    speed: Option<u32>,
    /// The same seed and start give the same bytes
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Number of agents in the org
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    agents: u32,
    /// Names of the org's queues
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_values = ["Support", "Sales", "Billing"])]
    queues: Vec<String>,
    /// Start of the simulated time
    #[arg(long, value_name = "ISO8601", default_value = "2026-01-05T08:00:00Z", value_parser = start)]
    start: Timestamp,
    /// How load and staffing depend on the hour (UTC)
    #[arg(long, value_enum, default_value_t = Load::Flat)]
    load: Load,
    /// Which topics are published
    #[arg(long, value_enum, default_value_t = Topics::All)]
    topics: Topics,
    #[command(flatten)]
    trouble: TroubleArguments,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Load {
    /// The same at all times
    Flat,
    /// Shifts, and a busy morning
    Day,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Topics {
    /// Detail events of conversations
    Conversations,
    /// Also agents' states, presences, routing statuses and activities
    Agents,
    /// Also conversation metrics, audits, and what agents write to each other
    All,
}

/// Writes the events.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let (config, events) = (config(arguments), arguments.events.unwrap_or(EVENTS_DEFAULT));
    // A time alone has as many events as it has.
    let events = if arguments.events.is_none() && arguments.length.is_some() { u64::MAX } else { events };
    let pace = arguments.speed.map(|speed| Pace { speed, origin: None });
    let mut run = Run { simulator: Simulator::new(config), events, pace };
    match &arguments.to {
        None => run.write(&mut BufWriter::new(std::io::stdout().lock())),
        Some(path) => {
            let mut file = BufWriter::new(input::create_new(path)?);
            let written = run.write(&mut file);
            let written = written.map_err(|e| format!("could not write {}: {e}", path.display()))?;
            output::line(format_args!("wrote {written} events to {}", path.display()));
            return Ok(ExitCode::SUCCESS);
        }
    }
    // A reader that has seen enough (`| head`) is no error.
    .or_else(|error| if error.kind() == ErrorKind::BrokenPipe { Ok(0) } else { Err(error) })
    .map_err(|e| format!("could not write to standard output: {e}"))?;
    Ok(ExitCode::SUCCESS)
}

fn config(arguments: &Arguments) -> Config {
    let trouble = arguments.trouble.over(Trouble::default());
    // What a backlog holds back has happened before the start.
    let start_ms = arguments.start.unix_ms().saturating_sub(trouble.backlog_ms);
    Config {
        seed: arguments.seed,
        agents: usize::try_from(arguments.agents).unwrap_or(usize::MAX),
        queues: arguments.queues.clone(),
        start_ms,
        until_ms: arguments.length.map(|length| arguments.start.unix_ms().saturating_add(length)),
        load: match arguments.load {
            Load::Flat => LoadCurve::Flat,
            Load::Day => LoadCurve::Day,
        },
        families: match arguments.topics {
            Topics::Conversations => Families::Conversations,
            Topics::Agents => Families::Agents,
            Topics::All => Families::All,
        },
        trouble,
        ..Config::default()
    }
}

/// The events that are written, and when.
struct Run {
    simulator: Simulator,
    events: u64,
    pace: Option<Pace>,
}

impl Run {
    /// Writes; how many it was.
    fn write(&mut self, to: &mut impl Write) -> Result<u64, Error> {
        let mut written = 0;
        while written < self.events {
            let Some(event) = self.simulator.next_event() else { break };
            if let Some(wait) = self.pace.as_mut().and_then(|pace| pace.wait(event.due_ms)) {
                // What is due is not kept in a buffer meanwhile.
                to.flush()?;
                pause(wait);
            }
            writeln!(to, "{}", event.text)?;
            written += 1;
        }
        to.flush()?;
        Ok(written)
    }
}

/// Simulated time against the clock of the machine.
struct Pace {
    speed: u32,
    /// One moment on both.
    origin: Option<(Instant, u64)>,
}

impl Pace {
    /// How long until the moment of an event.
    fn wait(&mut self, due_ms: u64) -> Option<Duration> {
        let now = now();
        let (began, from_ms) = *self.origin.get_or_insert((now, due_ms));
        let due = Duration::from_millis(due_ms.saturating_sub(from_ms)) / self.speed.max(1);
        due.checked_sub(now.duration_since(began)).filter(|wait| !wait.is_zero())
    }
}

#[expect(clippy::disallowed_methods, reason = "events are written at the pace of the world")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "events are written at the pace of the world")]
fn pause(duration: Duration) {
    std::thread::sleep(duration);
}

fn start(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse_iso_or_utc(text)
        .ok_or_else(|| format!("'{text}' is not a time like 2026-01-05T08:00:00Z"))
}
