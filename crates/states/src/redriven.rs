//! A map run that is redriven: its children that did not succeed, from where they failed, as many at a time as may run.
//!
//! Source: developer guide, "Redriving Map Runs".

use asl::Status;
use store::{Commit, KeyRange, Read as _, Table};

use crate::States;
use crate::children::{CONCURRENCY_MAX, MAP_RUNS, MapRunRecord};
use crate::execution::Execution;
use crate::limits;
use crate::owed::Owed;

/// By map run and number of the child, in whose order they come.
const TO_REDRIVE: Table<(u64, u64), ()> = Table::new(130, "children to be redriven");

impl States {
    /// Redrives a map run of an execution that is redriven itself.
    pub(crate) fn redrive_map_run(&self, commit: &mut Commit<'_>, execution: u64, map_run: u64) {
        let runs = MapRunRecord::of_execution(&mut commit.tx, execution);
        let Some((run, mut record)) = runs.into_iter().find(|(_, record)| record.map_run == map_run) else {
            return;
        };
        if record.redrives.count >= limits::MAP_RUN_REDRIVES_MAX {
            let error = Some("States.Runtime".to_owned());
            let cause = Some(format!(
                "The map run was redriven {} times and cannot be redriven again.",
                limits::MAP_RUN_REDRIVES_MAX
            ));
            return self.owe(commit, execution, Owed::MapRunFailed { map_run, error, cause });
        }
        record.redrives.count += 1;
        record.redrives.last = Some(commit.now);
        record.redrives.is_wanted = true;
        self.redrive_when_still(commit, run, record);
    }

    /// Begins, unless children that were stopped have not ended yet: then the last of them lets it begin.
    pub(crate) fn redrive_when_still(&self, commit: &mut Commit<'_>, run: u64, mut record: MapRunRecord) {
        if record.running() > 0 {
            commit.put(&MAP_RUNS, &run, &record);
            return;
        }
        record.status = Status::Running;
        record.stopped = None;
        record.redrives.is_wanted = false;
        record.redrives.not_redrivable = 0;
        for index in 0..record.run.started {
            let Some(child) = Execution::find(&mut commit.tx, &record.child_key(index)) else { continue };
            if matches!(child.status, Status::Succeeded | Status::Running) {
                continue;
            }
            if child.redrive_status(commit.now).0 != "REDRIVABLE_BY_MAP_RUN" {
                record.redrives.not_redrivable += 1;
                continue;
            }
            record.uncount(child.status);
            record.redrives.pending += 1;
            commit.put(&TO_REDRIVE, &(run, index), &());
        }
        self.go_on(commit, run, record);
    }

    /// Starts as many of those that wait for it as may run now.
    pub(crate) fn redrive_children(&self, commit: &mut Commit<'_>, run: u64, record: &mut MapRunRecord) {
        if record.redrives.pending == 0 {
            return;
        }
        let room = record.run.max_concurrency.clamp(1, CONCURRENCY_MAX).saturating_sub(record.running());
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        for (key, ()) in commit.tx.list(&TO_REDRIVE, &KeyRange::prefix(&run), room) {
            commit.remove(&TO_REDRIVE, &key);
            record.redrives.pending = record.redrives.pending.saturating_sub(1);
            let key = record.child_key(key.1);
            if let Some(child) = Execution::find(&mut commit.tx, &key) {
                self.begin_again(commit, &key, child);
            }
        }
    }

    /// Those that wait for their turn stay as they are: the map run has ended.
    pub(crate) fn redrive_no_more(commit: &mut Commit<'_>, run: u64, record: &mut MapRunRecord) {
        record.redrives.is_wanted = false;
        record.redrives.pending = 0;
        for (key, ()) in commit.tx.list(&TO_REDRIVE, &KeyRange::prefix(&run), limits::LISTED_MAX) {
            commit.remove(&TO_REDRIVE, &key);
            if let Some(child) = Execution::find(&mut commit.tx, &record.child_key(key.1)) {
                record.count(child.status);
            }
        }
    }
}

impl MapRunRecord {
    /// A child that had ended is to run again.
    fn uncount(&mut self, status: Status) {
        self.run.failed = self.run.failed.saturating_sub(1);
        self.aborted = self.aborted.saturating_sub(u64::from(status == Status::Aborted));
        self.timed_out = self.timed_out.saturating_sub(u64::from(status == Status::TimedOut));
    }
}
