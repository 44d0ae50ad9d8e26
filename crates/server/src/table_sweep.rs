//! Items of tables whose time to live has ended are removed, on a thread that may block.

use std::time::Duration;

use tables::Tables;

use crate::clock;
use crate::ticking::{Next, Tick};

/// The tables of one account and region.
#[derive(Debug)]
pub(crate) struct TableSweep(pub(crate) Tables);

impl Tick for TableSweep {
    const NAME: &'static str = "sweep of tables";
    /// AWS deletes within a few days; nobody may rely on sooner.
    const PAUSE: Duration = Duration::from_secs(60);

    async fn tick(&mut self) -> Result<Next, store::Error> {
        if clock::is_quiet() {
            return Ok(Next::Pause);
        }
        let tables = self.0.clone();
        let swept = tokio::task::spawn_blocking(move || tables.sweep()).await;
        if let Ok(Err(error)) = swept {
            tracing::warn!(%error, "expired items could not be removed, and are tried again");
        }
        Ok(Next::Pause)
    }
}
