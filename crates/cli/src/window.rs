//! How far back a command looks, and at how many events: `--since` and `--limit`, by the same names everywhere.

use clap::Args;

use crate::stretch::Stretch;

/// Which of the latest events.
#[derive(Clone, Debug, Args)]
pub(crate) struct Window {
    /// Since when: 5m, 1h, 2d, 2026-03-19T22:04:48Z
    #[arg(long, value_name = "TIME", aliases = ["last", "within"])]
    since: Option<Stretch>,
    /// Maximum number of the latest events
    #[arg(long, value_name = "N", conflicts_with = "since", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
}

impl Window {
    /// The stretch that was asked for.
    pub(crate) fn given(&self) -> Option<Stretch> {
        self.limit.map(Stretch::Last).or_else(|| self.since.clone())
    }

    /// The same, or this one where none was.
    pub(crate) fn or(&self, default: Stretch) -> Stretch {
        self.given().unwrap_or(default)
    }
}
