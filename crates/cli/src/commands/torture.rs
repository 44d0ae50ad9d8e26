//! `trunkline torture`: kills a server under load, again and again, and proves that it keeps what it has promised.

mod body;
mod checker;
mod child;
mod clock;
mod conductor;
mod control;
mod dice;
mod http;
mod journal;
mod line;
mod load;
mod report;
mod witness;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use crate::commands::torture::clock::now_ms;
use crate::commands::torture::conductor::{Conductor, Limits, Measured};
use crate::commands::torture::control::{Control, Mode};
use crate::commands::torture::journal::{End, Folder, Journal};
use crate::commands::torture::load::{CONSUMERS, PRODUCERS, consume, produce};
use crate::commands::torture::report::Report;

/// Arguments of `trunkline torture`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// A new or empty folder, on the disk to be tested
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Minutes to run
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    minutes: u32,
    /// Stop earlier, after this many kills
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    kills: Option<u64>,
    /// Seed for the times of the kills and for what the clients do [default: different in each run]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Print one JSON object instead of text
    #[arg(long)]
    json: bool,
}

/// Exit status 0 where every promise was kept, 1 where one was broken.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let folder = Folder::take(&arguments.dir, &witness::webhooks())?;
    let control = Control::new(Journal::begin(&folder)?, arguments.seed.unwrap_or_else(now_ms));
    let time = Duration::from_secs(u64::from(arguments.minutes) * 60);
    let limits = Limits { time, kills: arguments.kills };
    let report = Report { folder: &folder, control: &control, json: arguments.json };
    report.begin();
    let (ended, measured) = torture(Conductor::new(&folder, &control, limits), &control, &report);
    match ended {
        Ok(()) => {
            report.kept(&measured);
            Ok(ExitCode::SUCCESS)
        }
        Err(End::Broken(violation)) => {
            report.broken(&violation, &measured);
            Ok(ExitCode::FAILURE)
        }
        Err(End::Failed(why)) => Err(why),
    }
}

/// The clients in threads of their own, the conductor in this one.
fn torture(
    mut conductor: Conductor<'_>,
    control: &Control,
    report: &Report<'_>,
) -> (Result<(), End>, Measured) {
    std::thread::scope(|scope| {
        let prepared = conductor.prepare();
        if prepared.is_ok() {
            let mut streams = 1..;
            for (stuff, stream) in PRODUCERS.into_iter().zip(&mut streams) {
                scope.spawn(move || produce(control, stuff, stream));
            }
            for (queue, stream) in CONSUMERS.into_iter().zip(&mut streams) {
                scope.spawn(move || consume(control, queue, stream));
            }
        }
        let ended = prepared.and_then(|()| conductor.conduct(&|| report.progress()));
        control.set(Mode::Stop);
        (ended, conductor.finish())
    })
}
