//! Logs: on standard error, as text for people or as JSON Lines for machines.

use std::io::IsTerminal;

use clap::{Args, ValueEnum};
use tracing_subscriber::EnvFilter;

/// The variable that says how much is logged.
const LEVEL: &str = "TRUNKLINE_LOG";
/// What is logged where nothing is said.
const LEVEL_DEFAULT: &str = "warn";

/// How and how much is logged.
#[derive(Clone, Debug, Args)]
pub(crate) struct Logging {
    /// Format of the log lines on standard error
    #[arg(long, value_enum, value_name = "FORMAT", env = "TRUNKLINE_LOG_FORMAT", default_value = "text")]
    log_format: Format,
    /// Log level: error, warn, info, debug (each request) or trace; for one crate: server=debug
    #[arg(long, value_name = "LEVEL", env = LEVEL, default_value = LEVEL_DEFAULT, value_parser = level)]
    log_level: String,
}

/// How a log line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A line for a person.
    Text,
    /// An object with `timestamp`, `level`, `target`, `message` and the line's own fields.
    Json,
}

fn level(text: &str) -> Result<String, String> {
    EnvFilter::try_new(text).map(|_| text.to_owned()).map_err(|e| e.to_string())
}

impl Logging {
    /// Text, as much as the environment says.
    pub(crate) fn of_environment() -> Self {
        let said = std::env::var(LEVEL).ok().filter(|text| level(text).is_ok());
        Self { log_format: Format::Text, log_level: said.unwrap_or_else(|| LEVEL_DEFAULT.to_owned()) }
    }

    /// Logs from now on.
    pub(crate) fn start(&self) {
        let lines = tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new(&self.log_level))
            .with_writer(std::io::stderr);
        let started = match self.log_format {
            Format::Text => lines.with_ansi(std::io::stderr().is_terminal()).try_init(),
            Format::Json => lines.json().flatten_event(true).with_current_span(false).try_init(),
        };
        // Fails only where a test has started logging before.
        drop(started);
    }
}
