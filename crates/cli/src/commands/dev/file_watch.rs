//! `trunkline dev --watch`: the file is applied again whenever it is saved.

use std::path::PathBuf;
use std::time::Duration;

use server::OwnDoor;
use tokio::sync::mpsc;

use crate::deployment::{Agreement, QueueIds, bring_up, in_one_line};
use crate::input;
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

/// A file that is watched.
#[derive(Debug)]
pub(crate) struct Watch {
    pub(crate) path: PathBuf,
    /// The text that was applied last, or refused.
    pub(crate) applied: String,
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
            let Ok(text) = input::file(&self.path) else { continue };
            let is_settled = text == before;
            before.clone_from(&text);
            if !is_settled || text == self.applied {
                continue;
            }
            self.applied = text;
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
        let file = PipelineFile::of_text(&self.path, self.applied.clone());
        let pipeline = file.load_or_say()?;
        let report = bring_up(&self.door, &file, &pipeline, &self.ids, agreement).await?;
        Ok(in_one_line(&report))
    }
}
