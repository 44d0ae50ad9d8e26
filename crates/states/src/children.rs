//! Map runs: the children of a distributed Map, counted, started and stopped in the commits of which they are parts.

use asl::execution::Item;
use asl::map_run::{ChildInput, Ended, ItemSource, MapRun, MapRunOrder, Verdict};
use asl::{Status, TaskError, writer};
use aws::{Error, Scope, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{Commit, KeyRange, Read, Table};

use crate::States;
use crate::begin::{Child, NewExecution};
use crate::buckets::{Buckets, Items};
use crate::execution::{ChildOf, Execution, ExecutionKey};
use crate::integration::capitalized;
use crate::machine::{Chosen, Revision};
use crate::owed::Owed;
use crate::piece::Piece;
use crate::record::json_record;
use crate::{error, limits};

pub(crate) const MAP_RUNS: Table<u64, MapRunRecord> = Table::new(122, "map runs");
const ORDERS: Table<u64, StoredOrder> = Table::new(123, "map run orders");
const ITEMS: Table<(u64, u64), StoredChild> = Table::new(124, "map run items");
const OF_EXECUTION: Table<(u64, u64), ()> = Table::new(125, "map runs of an execution");
const ARNS: Table<String, u64> = Table::new(126, "map run ARNs");

/// Children at a time, whatever a definition says: they begin in one commit, which others wait for.
pub(crate) const CONCURRENCY_MAX: u64 = 1_000;

/// A map run as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct MapRunRecord {
    /// The execution whose Map it is, and the number by which that knows it.
    pub(crate) execution: u64,
    pub(crate) map_run: u64,
    pub(crate) arn: String,
    /// The children's machine: `NAME/LABEL`.
    pub(crate) machine: String,
    pub(crate) run: MapRun,
    pub(crate) aborted: u64,
    pub(crate) timed_out: u64,
    pub(crate) status: Status,
    pub(crate) started: Timestamp,
    pub(crate) stopped: Option<Timestamp>,
    /// What its children run; told by its order alone in those that were kept before this was.
    block: Option<usize>,
    /// Children whose results were written to a bucket.
    results_written: u64,
    pub(crate) redrives: Redrives,
}

/// How often a map run was redriven, and what the last time left to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Redrives {
    pub(crate) count: u32,
    pub(crate) last: Option<Timestamp>,
    /// Children that wait for their turn to be redriven.
    pub(crate) pending: u64,
    /// Children that stay failed.
    pub(crate) not_redrivable: u64,
    /// Whether it is to begin once those that are being stopped have ended.
    pub(crate) is_wanted: bool,
}

impl store::Record for MapRunRecord {
    const VERSION: u8 = 2;

    fn encode(&self, bytes: Vec<u8>) -> Option<Vec<u8>> {
        store::record::to_postcard(self, bytes)
    }

    fn decode(version: u8, bytes: &[u8]) -> Option<Self> {
        match version {
            // The members that were added stand at the end.
            1 => {
                let added = (None::<usize>, 0_u64, Redrives::default());
                store::record::from_postcard(&store::record::to_postcard(&added, bytes.to_vec())?)
            }
            2 => store::record::from_postcard(bytes),
            _ => None,
        }
    }
}

/// Children of a map run whose results were written to a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) run: u64,
    pub(crate) results: u64,
}

/// What a map run was asked for, without its items.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct StoredOrder(MapRunOrder);

json_record!(StoredOrder, version 1);

/// A child that has not begun.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct StoredChild {
    item: Option<Item>,
    input: Value,
}

json_record!(StoredChild, version 1);

/// A map run that is to begin, its children's inputs made.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) order: MapRunOrder,
    pub(crate) inputs: Result<Vec<ChildInput>, TaskError>,
}

/// Makes the inputs of a map run's children; reads files, evaluates expressions, and is not for the writer.
pub(crate) fn prepare(machine: &asl::Machine, mut order: MapRunOrder, buckets: &Buckets) -> Prepared {
    let source = std::mem::replace(&mut order.source, ItemSource::Items(Vec::new()));
    let inputs =
        buckets.items(source).and_then(|Items { items, source }| order.inputs(machine, items, &source));
    Prepared { order, inputs }
}

impl MapRunRecord {
    pub(crate) fn find(read: &mut impl Read, run: u64) -> Option<Self> {
        read.get(&MAP_RUNS, &run)
    }

    /// The map run of an ARN.
    ///
    /// # Errors
    /// `ResourceNotFound`.
    pub(crate) fn require(read: &mut impl Read, arn: &str) -> Result<(u64, Self), Error> {
        let run = read.get(&ARNS, &arn.to_owned());
        let found = run.and_then(|run| Some((run, Self::find(read, run)?)));
        found.ok_or_else(|| error::no_resource(arn))
    }

    /// Those of an execution.
    pub(crate) fn of_execution(read: &mut impl Read, execution: u64) -> Vec<(u64, Self)> {
        let all = read.list(&OF_EXECUTION, &KeyRange::prefix(&execution), limits::LISTED_MAX);
        all.into_iter().filter_map(|((_, run), ())| Some((run, Self::find(read, run)?))).collect()
    }

    pub(crate) fn child_key(&self, index: u64) -> ExecutionKey {
        let id = self.arn.rsplit(':').next().unwrap_or_default();
        ExecutionKey { machine: self.machine.clone(), name: format!("{id}-{index}") }
    }

    /// `itemCounts` and `executionCounts`: a batch counts as one.
    pub(crate) fn counts(&self) -> Value {
        let run = &self.run;
        let failed = run.failed.saturating_sub(self.aborted + self.timed_out);
        json!({
            "pending": run.total.saturating_sub(run.started),
            "running": self.running(),
            "succeeded": run.succeeded,
            "failed": failed,
            "timedOut": self.timed_out,
            "aborted": self.aborted,
            "total": run.total,
            "resultsWritten": self.results_written,
            "failuresNotRedrivable": self.redrives.not_redrivable,
            "pendingRedrive": self.redrives.pending,
        })
    }

    /// Children that are under way.
    pub(crate) fn running(&self) -> u64 {
        let run = &self.run;
        run.started.saturating_sub(run.succeeded + run.failed + self.redrives.pending)
    }

    /// Counts a child that has ended.
    pub(crate) fn count(&mut self, status: Status) {
        self.run.ended(match status {
            Status::Succeeded => Ended::Succeeded,
            _ => Ended::Failed,
        });
        self.aborted += u64::from(status == Status::Aborted);
        self.timed_out += u64::from(status == Status::TimedOut);
    }

    /// Removes it piece by piece; whether all of it is gone. Its children go by themselves.
    pub(crate) fn remove(&self, commit: &mut Commit<'_>, run: u64, piece: &mut Piece) -> bool {
        if !piece.remove_all(commit, &ITEMS, &run) {
            return false;
        }
        commit.remove(&ORDERS, &run);
        commit.remove(&ARNS, &self.arn);
        commit.remove(&MAP_RUNS, &run);
        commit.remove(&OF_EXECUTION, &(self.execution, run));
        piece.spend(4);
        true
    }

    pub(crate) fn note_written(commit: &mut Commit<'_>, written: Written) {
        if let Some(mut record) = Self::find(&mut commit.tx, written.run) {
            record.results_written = written.results;
            commit.put(&MAP_RUNS, &written.run, &record);
        }
    }

    /// What DescribeMapRun says of it.
    pub(crate) fn shown(&self, execution_arn: &str) -> Value {
        let mut shown = json!({
            "mapRunArn": self.arn,
            "executionArn": execution_arn,
            "status": self.status.name(),
            "startDate": self.started.to_unix_seconds_f64(),
            "maxConcurrency": self.run.max_concurrency,
            "toleratedFailurePercentage": self.run.tolerated_failure_percentage.unwrap_or_default(),
            "toleratedFailureCount": self.run.tolerated_failure_count.unwrap_or_default(),
            "itemCounts": self.counts(),
            "executionCounts": self.counts(),
            "redriveCount": self.redrives.count,
        });
        if let Some(shown) = shown.as_object_mut() {
            let dates = [("stopDate", self.stopped), ("redriveDate", self.redrives.last)].into_iter();
            let dates = dates.filter_map(|(name, at)| Some((name, at?.to_unix_seconds_f64())));
            shown.extend(dates.map(|(name, at)| (name.to_owned(), json!(at))));
        }
        shown
    }

    /// What a map run that has ended came to; evaluates nothing, but reads much.
    pub(crate) fn gather(read: &mut impl Read, run: u64, seen: Seen<'_>) -> Result<Gathered, TaskError> {
        let gone = || TaskError { error: Some("States.Runtime".to_owned()), cause: None };
        let record = Self::find(read, run).ok_or_else(gone)?;
        let StoredOrder(order) = read.get(&ORDERS, &run).ok_or_else(gone)?;
        let has_failed = record.run.verdict() == Verdict::Failed;
        let mut children = Vec::new();
        // A failed run's children are looked at only where they are written down.
        if !has_failed || order.manifest().is_some() {
            for index in 0..record.run.total {
                let key = record.child_key(index);
                children.push(match Execution::find(read, &key) {
                    Some(child) => ended_child(&child, &key, seen),
                    None => {
                        let input =
                            read.get(&ITEMS, &(run, index)).map(|item| item.input).unwrap_or_default();
                        pending_child(&input)
                    }
                });
            }
        }
        Ok(Gathered { order, children, has_failed })
    }
}

/// From where and when children are looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen<'a> {
    pub(crate) home: &'a Scope,
    pub(crate) now: Timestamp,
}

/// A map run that has ended, and what became of its children.
#[derive(Debug)]
pub(crate) struct Gathered {
    order: MapRunOrder,
    children: Vec<writer::Child>,
    has_failed: bool,
}

impl Gathered {
    /// Writes what the definition wants written, and says of how many children. Doing it again writes the same.
    pub(crate) fn write(&self, buckets: &Buckets) -> Result<u64, TaskError> {
        let Some(manifest) = self.order.manifest() else { return Ok(0) };
        let bucket = manifest.get("Bucket").and_then(Value::as_str).unwrap_or_default();
        buckets.write(bucket, &self.order.files(&self.children))?;
        let written = self.children.iter().filter(|child| child.fate != writer::Fate::Pending).count();
        Ok(u64::try_from(written).unwrap_or(u64::MAX))
    }

    /// The Map's result.
    pub(crate) fn outcome(self) -> Result<Value, TaskError> {
        let Self { order, children, has_failed } = self;
        if has_failed {
            return Err(MapRun::tolerance_exceeded());
        }
        order.result(order.outputs(&children))
    }
}

fn ended_child(child: &Execution, key: &ExecutionKey, seen: Seen<'_>) -> writer::Child {
    let mut shown = child.shown(key, seen.home, seen.now);
    let dates = [("startDate", Some(child.started)), ("stopDate", child.stopped)];
    shown.extend(
        dates.into_iter().filter_map(|(name, at)| Some((name.to_owned(), json!(at?.to_iso_millis())))),
    );
    let output = child.output.as_ref().and_then(|output| serde_json::from_str(output).ok());
    let fate = match child.status {
        Status::Succeeded => writer::Fate::Succeeded,
        // What still runs when its run has failed is stopped.
        _ => writer::Fate::Failed,
    };
    writer::Child { fate, output, told: capitalized(Value::Object(shown)) }
}

fn pending_child(input: &Value) -> writer::Child {
    let told = json!({"Input": input.to_string(), "InputDetails": {"Included": true}, "Status": "PENDING"});
    writer::Child { fate: writer::Fate::Pending, output: None, told }
}

impl States {
    /// Begins a map run of an execution.
    pub(crate) fn begin_map_run(&self, commit: &mut Commit<'_>, execution: u64, prepared: Prepared) {
        let Prepared { order, inputs } = prepared;
        let map_run = order.map_run;
        let inputs = match inputs {
            Ok(inputs) => inputs,
            Err(TaskError { error, cause }) => {
                return self.owe(commit, execution, Owed::MapRunFailed { map_run, error, cause });
            }
        };
        let Some(key) = ExecutionKey::of(&mut commit.tx, execution) else { return };
        let run = commit.next_number();
        let total = u64::try_from(inputs.len()).unwrap_or(u64::MAX);
        for (index, ChildInput { item, input }) in (0_u64..).zip(inputs) {
            commit.put(&ITEMS, &(run, index), &StoredChild { item, input });
        }
        let record = MapRunRecord {
            execution,
            map_run,
            arn: order.map_run_arn.clone(),
            machine: format!("{}/{}", key.machine, order.label),
            run: MapRun::new(&order, total),
            aborted: 0,
            timed_out: 0,
            status: Status::Running,
            started: commit.now,
            stopped: None,
            block: Some(order.block),
            results_written: 0,
            redrives: Redrives::default(),
        };
        commit.put(&OF_EXECUTION, &(execution, run), &());
        commit.put(&ARNS, &record.arn, &run);
        commit.put(&ORDERS, &run, &StoredOrder(order));
        self.go_on(commit, run, record);
    }

    /// Starts the children that may start now, or ends the run.
    pub(crate) fn go_on(&self, commit: &mut Commit<'_>, run: u64, mut record: MapRunRecord) {
        match record.run.verdict() {
            Verdict::GoesOn => {
                self.redrive_children(commit, run, &mut record);
                if record.redrives.pending > 0 {
                    commit.put(&MAP_RUNS, &run, &record);
                    return;
                }
                let wanted = record.run.max_concurrency;
                record.run.max_concurrency = wanted.min(CONCURRENCY_MAX);
                let children = record.run.start();
                record.run.max_concurrency = wanted;
                commit.put(&MAP_RUNS, &run, &record);
                self.start_children(commit, run, &record, children);
            }
            verdict => {
                record.status =
                    if verdict == Verdict::Succeeded { Status::Succeeded } else { Status::Failed };
                record.stopped = Some(commit.now);
                Self::redrive_no_more(commit, run, &mut record);
                commit.put(&MAP_RUNS, &run, &record);
                self.stop_children(commit, &record);
                let owed = Owed::MapRunEnded { map_run: record.map_run, run };
                self.owe(commit, record.execution, owed);
            }
        }
    }

    fn start_children(
        &self,
        commit: &mut Commit<'_>,
        run: u64,
        record: &MapRunRecord,
        children: std::ops::Range<u64>,
    ) {
        let Some((_, parent)) = Execution::of(&mut commit.tx, record.execution) else { return };
        if children.is_empty() {
            return;
        }
        // An order holds the whole input of its Map: it is not read for each child.
        let of_order =
            |commit: &mut Commit<'_>| commit.get(&ORDERS, &run).map(|StoredOrder(order)| order.block);
        let Some(block) = record.block.or_else(|| of_order(commit)) else { return };
        let Some(revision) = Revision::find(&mut commit.tx, &parent.revision) else { return };
        let chosen =
            Chosen { revision_id: parent.revision.clone(), revision, version_arn: None, alias_arn: None };
        for index in children {
            let Some(StoredChild { item, input }) = commit.get(&ITEMS, &(run, index)) else { continue };
            commit.remove(&ITEMS, &(run, index));
            let new = NewExecution {
                key: record.child_key(index),
                chosen: chosen.clone(),
                input: input.to_string(),
                trace_header: None,
                waiting: None,
                child: Some(Child { of: ChildOf { run, index }, item, block }),
            };
            // Its name is of this run alone.
            if let Ok(begun) = self.begin(commit, new) {
                self.hand_on_case(commit, record.execution, begun.number);
            }
        }
    }

    fn stop_children(&self, commit: &mut Commit<'_>, record: &MapRunRecord) {
        for index in 0..record.run.started {
            let child = Execution::find(&mut commit.tx, &record.child_key(index));
            if let Some(child) = child.filter(|child| child.status == Status::Running) {
                self.owe(commit, child.number, Owed::Stop { error: None, cause: None });
            }
        }
    }

    /// Counts a child that has ended.
    pub(crate) fn child_ended(&self, commit: &mut Commit<'_>, child: ChildOf, status: Status) {
        let Some(mut record) = MapRunRecord::find(&mut commit.tx, child.run) else { return };
        record.count(status);
        if record.status == Status::Running {
            self.go_on(commit, child.run, record);
        } else if record.redrives.is_wanted {
            self.redrive_when_still(commit, child.run, record);
        } else {
            commit.put(&MAP_RUNS, &child.run, &record);
        }
    }

    /// Stops a map run whose result nobody waits for.
    pub(crate) fn abort_map_run(&self, commit: &mut Commit<'_>, execution: u64, map_run: u64) {
        let runs = MapRunRecord::of_execution(&mut commit.tx, execution);
        let found = runs.into_iter().find(|(_, record)| record.map_run == map_run);
        let is_open = |record: &MapRunRecord| record.status == Status::Running || record.redrives.is_wanted;
        let Some((run, mut record)) = found.filter(|(_, record)| is_open(record)) else { return };
        record.status = Status::Aborted;
        record.stopped = Some(commit.now);
        Self::redrive_no_more(commit, run, &mut record);
        commit.put(&MAP_RUNS, &run, &record);
        self.stop_children(commit, &record);
    }

    /// The ARN of a map run's children's machine.
    pub(crate) fn map_run_arn_of(read: &mut impl Read, execution: &Execution) -> Option<String> {
        MapRunRecord::find(read, execution.map_run?.run).map(|record| record.arn)
    }
}

/// The state machine of a map run's children.
pub(crate) fn children_machine_arn(record: &MapRunRecord, home: &Scope) -> String {
    crate::name::machine_arn(home, &record.machine, None)
}
