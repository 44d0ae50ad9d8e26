//! Closed executions are kept for 90 days, with their histories, and then swept; so are their map runs.
//!
//! Source: developer guide, "Quotas": the execution history retention time.

use store::{Commit, KeyRange, Read as _, Table};

use crate::States;
use crate::children::MapRunRecord;
use crate::execution::{BY_TIME, EXECUTIONS, Execution, ExecutionKey, HISTORY, KEYS, PROGRESS, time_key};
use crate::limits;
use crate::piece::Piece;

/// By the end in ms since 1970, and the execution's number.
const CLOSED: Table<(u64, u64), ()> = Table::new(131, "closed executions");

impl States {
    /// Notes that an execution has ended.
    pub(crate) fn note_closed(commit: &mut Commit<'_>, execution: &Execution) {
        if let Some(stopped) = execution.stopped {
            commit.put(&CLOSED, &(stopped.unix_ms(), execution.number), &());
        }
    }

    /// Notes that an execution that had ended goes on.
    pub(crate) fn note_open_again(commit: &mut Commit<'_>, execution: &Execution) {
        if let Some(stopped) = execution.stopped {
            commit.remove(&CLOSED, &(stopped.unix_ms(), execution.number));
        }
    }

    /// Removes what closed more than 90 days ago, at most about `max` records, and lets in who waits for nothing any more; how
    /// many it were.
    pub fn sweep(&self, commit: &mut Commit<'_>, max: usize) -> usize {
        let woken = self.sweep_waiting(commit);
        let mut piece = Piece::new(max);
        let Some(until) = commit.now.unix_ms().checked_sub(limits::RETENTION_SECONDS * 1_000) else {
            return woken;
        };
        while piece.left() > 0 {
            let due =
                commit.tx.list(&CLOSED, &KeyRange::between(&(0_u64, 0_u64), &(until, u64::MAX)), 1).pop();
            let Some(((closed_ms, number), ())) = due else { break };
            if Self::is_child_of_kept(commit, number) {
                // It goes after its map run, whose result may still be made of it.
                commit.remove(&CLOSED, &(closed_ms, number));
                let later = commit.now.unix_ms() - (limits::RETENTION_SECONDS - POSTPONED_SECONDS) * 1_000;
                commit.put(&CLOSED, &(later, number), &());
                piece.spend(1);
                continue;
            }
            if Self::remove(commit, number, &mut piece) {
                commit.remove(&CLOSED, &(closed_ms, number));
                piece.spend(1);
            }
        }
        woken + max.saturating_sub(piece.left())
    }

    fn is_child_of_kept(commit: &mut Commit<'_>, number: u64) -> bool {
        let child_of = Execution::of(&mut commit.tx, number).and_then(|(_, execution)| execution.map_run);
        child_of.is_some_and(|child| MapRunRecord::find(&mut commit.tx, child.run).is_some())
    }

    /// Removes an execution piece by piece, first what it is found by; whether all of it is gone.
    fn remove(commit: &mut Commit<'_>, number: u64, piece: &mut Piece) -> bool {
        if let Some((key, execution)) = Execution::of(&mut commit.tx, number) {
            let ExecutionKey { machine, name } = key.clone();
            commit.remove(&EXECUTIONS, &(machine, name));
            commit.remove(&KEYS, &number);
            commit.remove(&PROGRESS, &number);
            commit.remove(&BY_TIME, &time_key(&key, execution.started, number));
            Self::forget_case(commit, number);
            piece.spend(5);
        }
        for (run, record) in MapRunRecord::of_execution(&mut commit.tx, number) {
            if !record.remove(commit, run, piece) {
                return false;
            }
        }
        piece.remove_all(commit, &HISTORY, &number)
    }
}

/// How long a child is kept that has outlived its time before its map run has.
const POSTPONED_SECONDS: u64 = 86_400;
