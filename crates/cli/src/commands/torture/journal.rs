//! The journal: what was asked and answered, on disk and synced, by the process that is not killed. The one file of the
//! command line that opens files of its own.
//!
//! Threads share syncs: whoever finds none under way writes and syncs for all that have come.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::commands::torture::checker::{Checker, Tally, Violation};
use crate::commands::torture::clock::now_ms;
use crate::commands::torture::line::{Line, Number};

/// So many lines of a proof are shown.
const PROOF_LINES_MAX: usize = 60;

/// The folder of a torture.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    path: PathBuf,
}

/// The journal, and the judge that reads each line as it is written.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    state: Mutex<State>,
    synced: Condvar,
}

#[derive(Debug)]
struct State {
    /// Taken by the thread that writes.
    file: Option<File>,
    buffer: Vec<u8>,
    /// Lines ever written, and those of them that are synced.
    lines: u64,
    synced_lines: u64,
    calls: u64,
    numbers: Number,
    checker: Checker,
    /// The first promise broken, or why the journal cannot go on.
    ended: Option<End>,
}

/// Why a torture ends early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// A promise was broken.
    Broken(Violation),
    /// The torture itself could not go on.
    Failed(String),
}

impl Folder {
    /// Takes a folder that is not there or is empty, and writes the pipeline file that opens the webhooks.
    ///
    /// # Errors
    /// A sentence that says what is in the way.
    pub(crate) fn take(path: &Path, webhooks: &str) -> Result<Self, String> {
        let failed = |e: std::io::Error| format!("could not use {} for a torture: {e}", path.display());
        std::fs::create_dir_all(path).map_err(failed)?;
        if std::fs::read_dir(path).map_err(failed)?.next().is_some() {
            return Err(format!(
                "{} is not empty, and a torture begins with an empty folder; name another one",
                path.display()
            ));
        }
        std::fs::create_dir(path.join("journal")).map_err(failed)?;
        let folder = Self { path: path.to_path_buf() };
        std::fs::write(folder.webhooks(), webhooks).map_err(failed)?;
        Ok(folder)
    }

    /// The server's data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    /// The pipeline file that opens the webhooks.
    pub(crate) fn webhooks(&self) -> PathBuf {
        self.path.join("webhooks.yaml")
    }

    /// The server's standard error, of all its lives.
    pub(crate) fn log(&self) -> PathBuf {
        self.path.join("server.log")
    }

    /// Where a server writes its log.
    ///
    /// # Errors
    /// The system's words.
    #[expect(clippy::disallowed_methods, reason = "a folder of the user's own, named on the command line")]
    pub(crate) fn log_writer(&self) -> Result<Stdio, String> {
        let file = OpenOptions::new().append(true).create(true).open(self.log());
        file.map(Stdio::from).map_err(|e| format!("could not write {}: {e}", self.log().display()))
    }

    /// The last lines of the server's log.
    pub(crate) fn log_end(&self) -> String {
        let bytes = std::fs::read(self.log()).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let lines: Vec<&str> = text.lines().rev().take(20).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    /// The bytes of the files under the data folder, and of the journal.
    pub(crate) fn sizes(&self) -> (u64, u64) {
        let size = |folder: PathBuf| {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            entries.filter_map(|entry| entry.metadata().ok()).map(|about| about.len()).sum()
        };
        (size(self.data()), size(self.path.join("journal")))
    }
}

impl Journal {
    /// Begins the journal of a folder.
    ///
    /// # Errors
    /// The system's words.
    #[expect(clippy::disallowed_methods, reason = "a folder of the user's own, named on the command line")]
    pub(crate) fn begin(folder: &Folder) -> Result<Self, String> {
        let path = folder.path.join("journal").join("journal.txt");
        let file = OpenOptions::new().append(true).create_new(true).open(&path);
        let file = file.map_err(|e| format!("could not write {}: {e}", path.display()))?;
        let state = State {
            file: Some(file),
            buffer: Vec::new(),
            lines: 0,
            synced_lines: 0,
            calls: 0,
            numbers: 0,
            checker: Checker::default(),
            ended: None,
        };
        Ok(Self { path, state: Mutex::new(state), synced: Condvar::new() })
    }

    /// A number for the next call.
    pub(crate) fn next_call(&self) -> u64 {
        let mut state = self.lock();
        state.calls += 1;
        state.calls
    }

    /// Numbers for the next messages.
    pub(crate) fn next_numbers(&self, many: u64) -> Vec<Number> {
        let mut state = self.lock();
        let first = state.numbers;
        state.numbers += many;
        (first..state.numbers).collect()
    }

    /// Writes a line about what is so at `at_ms`, and returns once it is synced. Whether the torture goes on.
    pub(crate) fn write(&self, at_ms: u64, call: u64, line: &Line) -> bool {
        let mut state = self.lock();
        // Nowhere is left to report that memory cannot be written to.
        let _ = writeln!(state.buffer, "{at_ms} c{call} {line}");
        state.lines += 1;
        let mine = state.lines;
        if let Err(violation) = state.checker.observe(at_ms, call, line) {
            state.ended.get_or_insert(End::Broken(violation));
        }
        while state.synced_lines < mine && !matches!(state.ended, Some(End::Failed(_))) {
            state = match state.file.take() {
                Some(file) => self.write_all(state, file),
                None => self.synced.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
        state.ended.is_none()
    }

    /// As [`Journal::write`], about now.
    pub(crate) fn note(&self, call: u64, line: &Line) -> bool {
        self.write(now_ms(), call, line)
    }

    /// Writes and syncs what has come, for all who wait.
    fn write_all<'j>(&'j self, mut state: MutexGuard<'j, State>, mut file: File) -> MutexGuard<'j, State> {
        let (bytes, upto) = (std::mem::take(&mut state.buffer), state.lines);
        drop(state);
        let written = file.write_all(&bytes).and_then(|()| file.sync_data());
        let mut state = self.lock();
        state.file = Some(file);
        match written {
            Ok(()) => state.synced_lines = upto,
            Err(e) => {
                let why = format!("could not write {}: {e}", self.path.display());
                state.ended.get_or_insert(End::Failed(why));
            }
        }
        self.synced.notify_all();
        state
    }

    /// Ends the torture.
    pub(crate) fn end(&self, end: End) {
        self.lock().ended.get_or_insert(end);
    }

    /// Why the torture has ended early.
    pub(crate) fn ended(&self) -> Option<End> {
        self.lock().ended.clone()
    }

    /// The counts so far.
    pub(crate) fn tally(&self) -> Tally {
        self.lock().checker.tally()
    }

    /// Executions that must end.
    pub(crate) fn executions_begun(&self) -> Vec<Number> {
        self.lock().checker.executions_begun()
    }

    /// Messages sent and not deleted, more or less.
    pub(crate) fn outstanding(&self) -> u64 {
        self.lock().checker.outstanding()
    }

    /// Messages since all queues were drained.
    pub(crate) fn epoch_size(&self) -> usize {
        self.lock().checker.epoch_size()
    }

    /// The lines of the journal that speak of these messages, with the answers to the same calls and the kills between.
    pub(crate) fn proof(&self, numbers: &[Number]) -> Vec<String> {
        let mut calls = std::collections::HashSet::new();
        let mentions = |line: &str| {
            let named = |word: &str| {
                let number = word.strip_prefix('#')?.split(['/', '=']).next()?;
                number.parse::<Number>().ok()
            };
            line.split(' ').filter_map(named).any(|number| numbers.contains(&number))
        };
        self.each_line(|line| {
            if mentions(line) {
                calls.extend(line.split(' ').nth(1).map(str::to_owned));
            }
        });
        let mut found = Vec::new();
        let mut kills = Vec::new();
        self.each_line(|line| {
            let call = line.split(' ').nth(1).unwrap_or_default();
            if call == "c0" && line.contains(" killing ") {
                kills.push(line.to_owned());
            } else if call != "c0" && calls.contains(call) {
                // Kills only between lines that matter, and no more than the last few of a long time.
                let last_few = if found.is_empty() { kills.len() } else { kills.len().saturating_sub(3) };
                found.extend(kills.drain(..).skip(last_few));
                found.push(line.to_owned());
            }
        });
        let skipped = found.len().saturating_sub(PROOF_LINES_MAX);
        found.split_off(skipped)
    }

    #[expect(clippy::disallowed_methods, reason = "a folder of the user's own, named on the command line")]
    fn each_line(&self, mut take: impl FnMut(&str)) {
        let Ok(file) = File::open(&self.path) else { return };
        for line in BufReader::new(file).lines().map_while(Result::ok) {
            take(&line);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A thread that panicked in here has left whole lines behind.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{End, Folder, Journal};
    use crate::commands::torture::line::{Kind, Line, Queue, Receipt};

    #[test]
    fn a_broken_promise_ends_it_with_the_lines_that_prove_it() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::take(&dir.path().join("torture"), "").unwrap();
        let journal = Journal::begin(&folder).unwrap();
        let receipt = |number| Receipt { number: Some(number), id: 5, count: 1, intact: true };
        assert!(journal.write(1, 1, &Line::Sending { kind: Kind::Standard, numbers: vec![1, 11] }));
        assert!(journal.write(2, 1, &Line::Cut));
        assert!(journal.write(3, 0, &Line::Killing { in_recovery: false }));
        assert!(journal.write(4, 2, &Line::Receiving { queue: Queue::Standard, max: 2, visibility_ms: 9 }));
        assert!(journal.write(5, 2, &Line::Received { receipts: vec![receipt(11)] }));
        assert!(journal.write(6, 3, &Line::Receiving { queue: Queue::Standard, max: 2, visibility_ms: 9 }));
        assert!(!journal.write(7, 3, &Line::Received { receipts: vec![receipt(12)] }));
        let Some(End::Broken(violation)) = journal.ended() else { panic!("{:?}", journal.ended()) };
        assert!(violation.sentence.contains("#12 was received and never sent"), "{}", violation.sentence);
        let lines = |numbers: &[u64]| -> Vec<String> {
            let proof = journal.proof(numbers);
            proof.iter().map(|line| line.split(' ').take(3).collect::<Vec<_>>().join(" ")).collect()
        };
        assert_eq!(lines(&[12]), ["6 c3 receiving", "7 c3 received"]);
        assert_eq!(
            lines(&[11]),
            ["1 c1 sending", "2 c1 cut", "3 c0 killing", "4 c2 receiving", "5 c2 received"]
        );
    }

    #[test]
    fn a_folder_with_something_in_it_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("thesis.txt"), "").unwrap();
        assert!(Folder::take(dir.path(), "").unwrap_err().contains("is not empty"));
        assert!(Folder::take(&dir.path().join("thesis.txt"), "").unwrap_err().contains("could not use"));
    }
}
