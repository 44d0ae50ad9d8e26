//! What was done with dead letters, kept for a day, at most 64 MiB of it, so that it can be undone: a letter that was thrown
//! away comes back; one that was sent again comes back as long as what it became waits for its first receiver or attempt.

use std::ops::ControlFlow;
use std::time::Duration;

use ::queue::Withdrawn;
use aws::{Error, Timestamp};
use serde::{Deserialize, Serialize};
use store::{KeyRange, Read, Table, Tx};

use crate::buses::bus::BusName;
use crate::dead_letters::letter::{Letter, StayingLetter};
use crate::dead_letters::location::MessageLocation;
use crate::events::Events;
use crate::records::place::EventPlace;
use crate::target::kind::TargetKind;
use crate::target::queue;
use crate::trip::books::Counts;

/// What was done, by the name of the action and the letter's id. Names begin with their moment, so they sort by it.
const DONE: Table<(String, String), ActionRecord> = Table::new(35, "dead letters dealt with");
/// How many bytes of letters that table holds.
const DONE_BYTES: Table<(), u64> = Table::new(59, "bytes of dead letters dealt with");
/// How many letters of an action could have come back and have been forgotten, by the action's name.
const GONE: Table<String, u64> = Table::new(63, "dead letters that cannot come back");

/// How long it is kept.
const KEPT_FOR: Duration = Duration::from_secs(86_400);
/// How much of it is kept, in bytes; the oldest goes first.
const KEPT_BYTES_MAX: u64 = 64 << 20;

/// A letter that was sent again or thrown away, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ActionRecord {
    /// The dead-letter queue's name.
    pub(crate) queue: String,
    pub(crate) purged: bool,
    pub(crate) letter: Withdrawn,
    pub(crate) at: Timestamp,
    pub(crate) became: ActionResult,
}

store::record!(ActionRecord, version 1);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ActionResult {
    /// Nothing: of a letter that was thrown away. What became of one that was sent again cannot be taken back: it is logged,
    /// or a FIFO queue has taken it for a message that it has.
    Nothing,
    /// A message of an SQS queue; with a trace it is a delivery of the books, done at once.
    Message { placed: MessageLocation, trace: Option<Trace> },
    /// A delivery that was owed.
    Delivery { placed: MessageLocation, trace: Trace },
}

impl ActionRecord {
    /// Why it can never be undone: the letter would be in two places.
    pub(crate) fn is_final(&self) -> Option<&'static str> {
        if self.purged || self.became != ActionResult::Nothing {
            return None;
        }
        let target = Letter::of(self.letter.clone()).target_arn();
        let kind = target.and_then(|arn| TargetKind::of(&arn)).unwrap_or(&queue::KIND);
        Some(kind.no_way_back)
    }
}

/// Where the delivery is told in its event's record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Trace {
    pub(crate) bus: BusName,
    pub(crate) position: u64,
    /// The delivery's id.
    pub(crate) id: String,
}

impl Trace {
    pub(crate) fn place(&self) -> EventPlace<'_> {
        EventPlace { bus: &self.bus, position: self.position }
    }
}

/// A step of undoing an action.
#[derive(Clone, Copy, Debug)]
pub struct UndoStep<'s> {
    /// The action's name, or a letter's id: what was last done to that letter.
    pub name: &'s str,
    /// Behind this letter, where the step before ended.
    pub after: Option<&'s str>,
    /// How many letters.
    pub max: usize,
}

/// What one step has undone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UndoReport {
    /// Ids of the letters that are back in their queue.
    pub restored: Vec<String>,
    /// Ids of those that could not come back, each with the reason.
    pub stayed: Vec<StayingLetter>,
    /// How many letters of the whole action can no longer come back, since no more is kept.
    pub gone: u64,
    /// The letter behind which the next step goes on; `None`: that was all.
    pub after: Option<String>,
}

/// An action that can be undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndoableAction {
    /// Its name.
    pub name: String,
    /// The dead-letter queue.
    pub queue: String,
    /// When it began.
    pub at: Timestamp,
    /// Whether it threw letters away.
    pub purged: bool,
    /// How many letters are kept of it that were not made final by being sent again.
    pub letters: u64,
}

impl Events {
    /// Undoes a step of an action on letters.
    ///
    /// # Errors
    /// Where nothing of that name or letter is kept.
    pub fn undo(&self, tx: &mut Tx<'_>, step: UndoStep<'_>, now: Timestamp) -> Result<UndoReport, Error> {
        let UndoStep { name, after, max } = step;
        let keys = keys_of(tx, step);
        if keys.is_empty() && after.is_none() {
            return Err(Error::sender(
                "ResourceNotFoundException",
                format!(
                    "Nothing named {name} can be undone: what was done is kept for a day, and no more than 64 MiB of it."
                ),
            ));
        }
        let mut undone = UndoReport { gone: gone(tx, name), ..UndoReport::default() };
        if keys.len() >= max {
            undone.after = keys.last().map(|(_, letter)| letter.clone());
        }
        for key in keys {
            let Some(done) = tx.get(&DONE, &key) else { continue };
            match self.undo_one(tx, &done, now) {
                Ok(()) => {
                    forget(tx, &key, &done);
                    undone.restored.push(key.1);
                }
                Err(why) => undone.stayed.push(StayingLetter { id: key.1, reason: why.to_owned() }),
            }
        }
        Ok(undone)
    }

    /// What can be undone, the newest last.
    pub fn undoable(&self, read: &mut impl Read) -> Vec<UndoableAction> {
        let mut actions: Vec<UndoableAction> = Vec::new();
        read.scan(&DONE, &KeyRange::all(), &mut |(name, _), done| {
            if done.is_final().is_some() {
                return ControlFlow::Continue(());
            }
            match actions.last_mut().filter(|action| action.name == name) {
                Some(action) => action.letters += 1,
                None => {
                    let ActionRecord { queue, purged, at, .. } = done;
                    actions.push(UndoableAction { name, queue, at, purged, letters: 1 });
                }
            }
            ControlFlow::Continue(())
        });
        actions
    }

    fn undo_one(&self, tx: &mut Tx<'_>, done: &ActionRecord, now: Timestamp) -> Result<(), &'static str> {
        let queue = self.queues().find(tx, &done.queue).ok_or("its dead-letter queue is gone")?;
        if let Some(why) = done.is_final() {
            return Err(why);
        }
        match &done.became {
            ActionResult::Nothing => {}
            ActionResult::Message { placed, trace } => {
                if !self.take_back(tx, *placed) {
                    return Err("it has been received, is gone, or waits behind others of its message group");
                }
                if let Some(trace) = trace {
                    Counts::change(tx, |counts| {
                        counts.made = counts.made.saturating_sub(1);
                        counts.delivered = counts.delivered.saturating_sub(1);
                    });
                    Self::forget_delivery(tx, trace.place(), &trace.id);
                }
            }
            ActionResult::Delivery { placed, trace } => {
                if !self.take_back(tx, *placed) {
                    return Err("it has been delivered, or an attempt was made");
                }
                Counts::change(tx, |counts| {
                    counts.made = counts.made.saturating_sub(1);
                    counts.owed = counts.owed.saturating_sub(1);
                });
                Self::forget_delivery(tx, trace.place(), &trace.id);
            }
        }
        self.queues().put_back(tx, queue.engine, done.letter.clone(), now);
        Ok(())
    }

    fn take_back(&self, tx: &mut Tx<'_>, placed: MessageLocation) -> bool {
        self.queues().take_back(tx, placed.queue, placed.at, placed.sequence)
    }
}

/// The letters of an action behind one of them; or the newest action's with a letter of that id.
fn keys_of(tx: &mut Tx<'_>, UndoStep { name, after, max }: UndoStep<'_>) -> Vec<(String, String)> {
    let name = name.to_owned();
    let mut keys = Vec::new();
    tx.keys(&DONE, &KeyRange::prefix(&name), &mut |key: (String, String)| {
        if after.is_none_or(|after| key.1.as_str() > after) {
            keys.push(key);
        }
        if keys.len() < max { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    if keys.is_empty() && after.is_none() {
        let mut newest = None;
        tx.keys(&DONE, &KeyRange::all(), &mut |key: (String, String)| {
            if key.1 == name {
                newest = Some(key);
            }
            ControlFlow::Continue(())
        });
        keys.extend(newest);
    }
    keys
}

fn size_of(done: &ActionRecord) -> u64 {
    u64::try_from(done.letter.body().len() + 500).unwrap_or(u64::MAX)
}

/// Keeps what is needed to undo.
pub(crate) fn keep(tx: &mut Tx<'_>, key: &(String, String), done: &ActionRecord) {
    let bytes = tx.get(&DONE_BYTES, &()).unwrap_or_default();
    tx.put(&DONE_BYTES, &(), &bytes.saturating_add(size_of(done)));
    tx.put(&DONE, key, done);
}

fn forget(tx: &mut Tx<'_>, key: &(String, String), done: &ActionRecord) {
    let bytes: u64 = tx.get(&DONE_BYTES, &()).unwrap_or_default();
    tx.put(&DONE_BYTES, &(), &bytes.saturating_sub(size_of(done)));
    tx.remove(&DONE, key);
}

/// How many letters of an action could have come back and have been forgotten.
pub(crate) fn gone(read: &mut impl Read, name: &str) -> u64 {
    read.get(&GONE, &name.to_owned()).unwrap_or_default()
}

/// Forgets what has grown too old or, oldest first, is too much; at most `limit` of it.
pub(crate) fn sweep_actions(tx: &mut Tx<'_>, now: Timestamp, limit: usize) -> usize {
    let oldest_kept = now.minus(KEPT_FOR);
    let mut forgotten = 0;
    while forgotten < limit {
        let Some((key, found)) = tx.list_found(&DONE, &KeyRange::all(), 1).into_iter().next() else { break };
        forgotten += 1;
        let count = gone(tx, &key.0).saturating_add(1);
        let Some(done) = found else {
            // It would be met at the front for ever.
            tx.pass_over(&DONE, &key);
            tx.remove(&DONE, &key);
            tx.put(&GONE, &key.0, &count);
            continue;
        };
        let bytes: u64 = tx.get(&DONE_BYTES, &()).unwrap_or_default();
        if done.at >= oldest_kept && bytes <= KEPT_BYTES_MAX {
            forgotten -= 1;
            break;
        }
        forget(tx, &key, &done);
        if done.is_final().is_none() {
            tx.put(&GONE, &key.0, &count);
        }
    }
    forgotten + sweep_gone(tx, oldest_kept, limit.saturating_sub(forgotten))
}

/// Forgets the counts of actions that began too long ago and of which nothing is kept.
fn sweep_gone(tx: &mut Tx<'_>, oldest_kept: Timestamp, limit: usize) -> usize {
    // The letters and digits that the names of that moment begin with.
    let moment: String = oldest_kept.to_iso_millis().chars().filter(char::is_ascii_alphanumeric).collect();
    let mut forgotten = 0;
    while forgotten < limit {
        let first = tx.list_found(&GONE, &KeyRange::all(), 1).into_iter().next();
        let Some((name, _)) = first.filter(|(name, _)| *name < moment) else { break };
        if !tx.list_found(&DONE, &KeyRange::prefix(&name), 1).is_empty() {
            break;
        }
        tx.remove(&GONE, &name);
        forgotten += 1;
    }
    forgotten
}
