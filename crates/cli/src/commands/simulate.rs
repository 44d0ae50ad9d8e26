//! `trunkline simulate`: the events of a simulated org, for other tools.

use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use aws::Timestamp;
use clap::Args;
use genesys::simulator::{Config, Simulator, Trouble};

use crate::{input, output};

/// Arguments of `trunkline simulate`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The file to write, JSON Lines; standard output where none is named
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// How many events
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    events: u64,
    /// Decides everything: the same seed and start give the same bytes
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Agents of the org
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    agents: u32,
    /// Queues of the org
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_values = ["Support", "Sales", "Billing"])]
    queues: Vec<String>,
    /// When the simulated time begins
    #[arg(long, value_name = "ISO8601", default_value = "2026-01-05T08:00:00Z", value_parser = start)]
    start: Timestamp,
    /// Share of events that come twice, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    duplicates: f64,
    /// Share of events that come late and out of order, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    reorder: f64,
    /// Share of events that never come, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    drop: f64,
}

/// Writes the events.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    for (name, share) in
        [("duplicates", arguments.duplicates), ("reorder", arguments.reorder), ("drop", arguments.drop)]
    {
        if !(0.0..=1.0).contains(&share) {
            return Err(format!("--{name} is {share}; a share is between 0 and 1"));
        }
    }
    if arguments.drop >= 1.0 && arguments.events > 0 {
        return Err("--drop is 1, so that no event ever comes; a share below 1 lets some through".to_owned());
    }
    let simulator = Simulator::new(Config {
        seed: arguments.seed,
        agents: usize::try_from(arguments.agents).unwrap_or(usize::MAX),
        queues: arguments.queues.clone(),
        start_ms: arguments.start.unix_ms(),
        trouble: Trouble {
            duplicate: arguments.duplicates,
            reorder: arguments.reorder,
            drop: arguments.drop,
            ..Trouble::default()
        },
        ..Config::default()
    });
    match &arguments.to {
        None => write_events(simulator, arguments.events, &mut BufWriter::new(std::io::stdout().lock())),
        Some(path) => {
            let mut file = BufWriter::new(input::create_new(path)?);
            write_events(simulator, arguments.events, &mut file)
                .map_err(|e| format!("could not write {}: {e}", path.display()))?;
            output::line(format_args!("wrote {} events to {}", arguments.events, path.display()));
            return Ok(ExitCode::SUCCESS);
        }
    }
    // A reader that has seen enough (`| head`) is no error.
    .or_else(|error| if error.kind() == std::io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error) })
    .map_err(|e| format!("could not write to standard output: {e}"))?;
    Ok(ExitCode::SUCCESS)
}

fn write_events(mut simulator: Simulator, events: u64, to: &mut impl Write) -> std::io::Result<()> {
    for _ in 0..events {
        let Some(event) = simulator.next_event() else { break };
        writeln!(to, "{}", event.text)?;
    }
    to.flush()
}

fn start(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse_iso(text).ok_or_else(|| format!("'{text}' is not a time like 2026-01-05T08:00:00Z"))
}
