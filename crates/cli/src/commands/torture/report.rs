//! What a torture prints.

use std::time::Duration;

use serde_json::json;

use crate::commands::torture::checker::Violation;
use crate::commands::torture::conductor::Measured;
use crate::commands::torture::control::Control;
use crate::commands::torture::journal::Folder;
use crate::output;

/// Prints, as text or as one JSON object at the end.
#[derive(Debug)]
pub(crate) struct Report<'r> {
    pub(crate) folder: &'r Folder,
    pub(crate) control: &'r Control,
    pub(crate) json: bool,
}

impl Report<'_> {
    /// Before the first kill: the seed, so that the same can be done again.
    pub(crate) fn begin(&self) {
        if !self.json {
            output::line(format_args!("torture with seed {}; press Ctrl-C to stop", self.control.seed));
        }
    }

    /// After each drain.
    pub(crate) fn progress(&self) {
        let tally = self.control.journal.tally();
        if !self.json {
            output::line(format_args!(
                "{} kills, {} messages acknowledged, queues drained {} times, nothing lost",
                tally.kills, tally.acknowledged, tally.drained
            ));
        }
    }

    /// The end of a torture that found nothing.
    pub(crate) fn kept(&self, measured: &Measured) {
        if self.json {
            output::json(self.object(measured, None));
            return;
        }
        output::line("");
        for (name, value) in self.rows(measured) {
            output::line(format_args!("{name:<44} {value:>14}"));
        }
        output::line("");
        output::line(output::styled(output::GOOD, "every promise was kept"));
    }

    /// The end of one that did.
    pub(crate) fn broken(&self, violation: &Violation, measured: &Measured) {
        let proof = self.control.journal.proof(&violation.numbers);
        if self.json {
            output::json(self.object(measured, Some((violation, &proof))));
            return;
        }
        for line in &proof {
            output::line(line);
        }
        output::line("");
        for (name, value) in self.rows(measured) {
            output::line(format_args!("{name:<44} {value:>14}"));
        }
        output::line("");
        output::line(format_args!("{} {}", output::styled(output::BAD, "BROKEN"), violation.sentence));
    }

    fn rows(&self, measured: &Measured) -> Vec<(&'static str, String)> {
        let tally = self.control.journal.tally();
        let (data, journal) = self.folder.sizes();
        let mib = |bytes: u64| format!("{} MiB", bytes >> 20);
        let ms =
            |time: Option<&Duration>| time.map_or("-".to_owned(), |time| format!("{} ms", time.as_millis()));
        vec![
            ("seconds", measured.time.as_secs().to_string()),
            ("kills (SIGKILL)", tally.kills.to_string()),
            ("of which before the server was up", tally.kills_in_recovery.to_string()),
            ("calls interrupted by a kill", tally.cut.to_string()),
            ("messages and events sent", tally.sent.to_string()),
            ("acknowledged", tally.acknowledged.to_string()),
            ("sent again with the same deduplication id", tally.sent_again.to_string()),
            ("messages received", tally.received.to_string()),
            ("deleted", tally.deleted.to_string()),
            ("received again after a time-out or release", tally.received_again.to_string()),
            ("received by nobody, answer lost in a kill", tally.received_unseen.to_string()),
            ("maximum possible number of those", tally.unseen_max.to_string()),
            ("leases and pairs written, acknowledged", tally.table_writes.to_string()),
            ("executions acknowledged", tally.executions.to_string()),
            ("ended once, with a whole history", tally.executions_ended.to_string()),
            ("queues drained and books balanced", format!("{} times", tally.drained)),
            ("restart to first answer, median", ms(median(&measured.restarts))),
            ("restart to first answer, longest", ms(measured.restarts.last())),
            ("data folder", mib(data)),
            ("journal", mib(journal)),
        ]
    }

    fn object(&self, measured: &Measured, broken: Option<(&Violation, &[String])>) -> serde_json::Value {
        let tally = self.control.journal.tally();
        let (data, journal) = self.folder.sizes();
        let ms =
            |time: Option<&Duration>| time.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        let violation = broken.map(|(violation, proof)| {
            json!({"sentence": violation.sentence, "messages": violation.numbers, "journal": proof})
        });
        json!({
            "kept": broken.is_none(), "violation": violation, "seed": self.control.seed,
            "seconds": measured.time.as_secs(), "kills": tally.kills, "killsInRecovery": tally.kills_in_recovery,
            "cut": tally.cut, "sent": tally.sent, "acknowledged": tally.acknowledged,
            "sentAgain": tally.sent_again, "received": tally.received, "deleted": tally.deleted,
            "receivedAgain": tally.received_again, "receivedUnseen": tally.received_unseen,
            "receivedUnseenMax": tally.unseen_max, "tableWrites": tally.table_writes,
            "executions": tally.executions, "executionsEnded": tally.executions_ended, "drained": tally.drained,
            "restartMedianMs": ms(median(&measured.restarts)), "restartLongestMs": ms(measured.restarts.last()),
            "dataBytes": data, "journalBytes": journal,
        })
    }
}

fn median(sorted: &[Duration]) -> Option<&Duration> {
    sorted.get(sorted.len() / 2)
}
