//! `trunkline dev --watch`: the file is applied again whenever it, or what it includes, is saved.

use std::time::Duration;

use server::OwnDoor;
use tokio::sync::mpsc;

use crate::deployment::{Agreement, QueueIds, bring_up, in_one_line};
use crate::pipeline_file::PipelineFile;

/// How often the file is looked at. It counts as saved when two looks see the same, so that a file that is still being
/// written is not taken for one that names less.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// What became of a save.
#[derive(Debug)]
pub(crate) enum Notice {
    /// What was done, in a line.
    Applied(String),
    /// Why nothing was done.
    Refused(String),
}

/// A file that is watched, with what it includes.
#[derive(Debug)]
pub(crate) struct Watch {
    /// As it was applied last, or refused.
    pub(crate) applied: PipelineFile,
    pub(crate) door: OwnDoor,
    pub(crate) ids: QueueIds,
}

impl Watch {
    /// Watches until nobody wants to hear of it any more.
    pub(crate) async fn run(mut self, agreement: Agreement, notices: mpsc::Sender<Notice>) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        let mut before = self.applied.clone();
        while !notices.is_closed() {
            looks.tick().await;
            // A file that is missing for a moment is being replaced.
            let Ok(file) = self.applied.again() else { continue };
            let is_settled = file == before;
            before.clone_from(&file);
            if !is_settled || file == self.applied {
                continue;
            }
            self.applied = file;
            let notice = match self.apply(agreement).await {
                Ok(done) => Notice::Applied(done),
                Err(why) => Notice::Refused(why),
            };
            if notices.send(notice).await.is_err() {
                return;
            }
        }
    }

    async fn apply(&self, agreement: Agreement) -> Result<String, String> {
        let file = &self.applied;
        let pipeline = file.load_or_say()?;
        let report = bring_up(&self.door, file, &pipeline, &self.ids, agreement).await?;
        Ok(in_one_line(&report))
    }
}
