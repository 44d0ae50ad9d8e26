//! A map run: the children of a distributed Map, counted. Whoever keeps the children keeps their inputs and outputs.
//!
//! The value stays small however many items there are: it holds numbers, and hands out numbers.
//!
//! 1. [`MapRunOrder`] comes out of a step. Its items are there, or are to be read from where
//!    [`ItemSource::Reader`] says.
//! 2. [`MapRunOrder::inputs`] makes the children's inputs of the items; keep them, and make [`MapRun::new`].
//! 3. [`MapRun::start`] says which children begin now; [`MapRun::ended`] takes each end; [`MapRun::verdict`] says when
//!    it is over. A child is an [`Execution`](crate::Execution) of the block [`MapRunOrder::block`].
//! 4. [`MapRunOrder::result`] makes the Map's result of the outputs, for
//!    [`What::MapRunEnded`](crate::step::What::MapRunEnded).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::definition::{Kind, Machine};
use crate::execution::{Item, TaskError};
use crate::expr::Scope;
use crate::payload::{PAYLOAD_BYTES_MAX, render};

/// A map run that is to be started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MapRunOrder {
    /// For the event that ends it; never used twice in an execution.
    pub map_run: u64,
    /// Its ARN.
    pub map_run_arn: String,
    /// `Label`, or what was generated: its children's machine is `MACHINE/LABEL`.
    pub label: String,
    /// The Map state.
    pub state: String,
    /// What its children run.
    pub block: usize,
    /// Where its items come from.
    pub source: ItemSource,
    /// How its items are put together.
    pub batch: Option<Batch>,
    /// Where its results go.
    pub writer: Option<Writer>,
    /// How many children run at once.
    pub max_concurrency: u64,
    /// How many children may fail.
    pub tolerated_failure_count: Option<u64>,
    /// What part of the children may fail, 0 to 100.
    pub tolerated_failure_percentage: Option<f64>,
    /// What `ItemSelector` sees.
    pub sight: SelectorSight,
}

/// What `ItemSelector` sees, besides the item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SelectorSight {
    pub(crate) input: Value,
    pub(crate) context: Value,
    pub(crate) variables: Map<String, Value>,
    pub(crate) seed: u64,
    pub(crate) now_ms: u64,
}

/// Where a map run's items come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ItemSource {
    /// From the state's input.
    Items(Vec<Value>),
    /// From S3.
    Reader {
        /// `arn:aws:states:::s3:getObject` or `listObjectsV2`.
        resource: String,
        /// `Bucket`, `Key`, `Prefix`.
        parameters: Option<Value>,
        /// `ReaderConfig`, without `MaxItems`.
        config: Value,
        /// How many items are read.
        max_items: Option<u64>,
    },
}

/// How items are put together into one child's input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    /// Items a batch.
    pub items_max: Option<u64>,
    /// Bytes a batch.
    pub bytes_max: Option<u64>,
    /// What every batch has besides.
    pub batch_input: Option<Value>,
}

/// Where results go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Writer {
    /// `arn:aws:states:::s3:putObject`; None: they come back.
    pub resource: Option<String>,
    /// `Bucket`, `Prefix`.
    pub parameters: Option<Value>,
    /// `WriterConfig`.
    pub config: Value,
}

/// A child that is to be run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChildInput {
    /// Its item, for the context object; batches have none.
    pub item: Option<Item>,
    /// Its input.
    pub input: Value,
}

impl MapRunOrder {
    /// Makes the children's inputs of the items. `source` is `STATE_DATA`, or the S3 address they were read from.
    ///
    /// # Errors
    /// With which the map run fails: a selector that cannot be evaluated, an item that fits no batch.
    pub fn inputs(
        &self,
        machine: &Machine,
        items: Vec<Value>,
        source: &str,
    ) -> Result<Vec<ChildInput>, TaskError> {
        let selector = machine.find(&self.state).and_then(|state| match &state.kind {
            Kind::Map(map) => map.item_selector.as_ref(),
            _ => None,
        });
        let mut children = Vec::with_capacity(items.len());
        for (index, value) in items.into_iter().enumerate() {
            let index = u64::try_from(index).unwrap_or(u64::MAX);
            let item = Item { index, value, source: Some(source.to_owned()) };
            let input = match selector {
                None => item.value.clone(),
                Some(selector) => {
                    let mut context = self.sight.context.clone();
                    if let Value::Object(members) = &mut context {
                        members.insert("Map".to_owned(), json!({"Item": item.to_json()}));
                    }
                    let scope = Scope {
                        input: &self.sight.input,
                        context: &context,
                        variables: &self.sight.variables,
                        result: None,
                        error_output: None,
                        seed: self.sight.seed.wrapping_add(index),
                        now_ms: self.sight.now_ms,
                    };
                    render(selector, &scope)
                        .map_err(|error| TaskError { error: Some(error.error), cause: Some(error.cause) })?
                }
            };
            children.push(ChildInput { item: Some(item), input });
        }
        match &self.batch {
            None => Ok(children),
            Some(batch) => batch.put_together(children),
        }
    }

    /// The Map's result: the outputs of the children that succeeded, in the order of the items; or, where a
    /// `ResultWriter` has written them, where its manifest is.
    ///
    /// # Errors
    /// The outputs are too large to come back: a `ResultWriter` is wanted.
    pub fn result(&self, outputs: Vec<Value>) -> Result<Value, TaskError> {
        if let Some(manifest) = self.manifest() {
            return Ok(json!({"MapRunArn": self.map_run_arn, "ResultWriterDetails": manifest}));
        }
        let result = Value::Array(outputs);
        if result.to_string().len() > PAYLOAD_BYTES_MAX {
            let cause = format!(
                "The state/task '{}' returned a result with a size exceeding the maximum number of bytes service limit.",
                self.state
            );
            return Err(TaskError { error: Some("States.DataLimitExceeded".to_owned()), cause: Some(cause) });
        }
        Ok(result)
    }

    /// `Bucket` and `Key` of the manifest that the `ResultWriter` writes: `PREFIX/UUID OF THE MAP RUN/manifest.json`.
    pub fn manifest(&self) -> Option<Value> {
        let writer = self.writer.as_ref().filter(|writer| writer.resource.is_some())?;
        let text = |name: &str| writer.parameters.as_ref()?.get(name)?.as_str();
        let run = self.map_run_arn.rsplit(':').next().unwrap_or_default();
        let key = match text("Prefix").unwrap_or_default().trim_end_matches('/') {
            "" => format!("{run}/manifest.json"),
            prefix => format!("{prefix}/{run}/manifest.json"),
        };
        Some(json!({"Bucket": text("Bucket"), "Key": key}))
    }
}

impl Batch {
    fn put_together(&self, children: Vec<ChildInput>) -> Result<Vec<ChildInput>, TaskError> {
        let items_max = self.items_max.and_then(|max| usize::try_from(max).ok()).unwrap_or(usize::MAX);
        let bytes_max = self.bytes_max.and_then(|max| usize::try_from(max).ok()).unwrap_or(PAYLOAD_BYTES_MAX);
        let mut batches = Vec::new();
        let mut open: Vec<Value> = Vec::new();
        let mut bytes = self.input(&[]).to_string().len();
        let empty = bytes;
        for child in children {
            let size = child.input.to_string().len() + 1;
            if empty + size > bytes_max.saturating_add(1) {
                let cause = "The item is too large for a batch: raise MaxInputBytesPerBatch.".to_owned();
                return Err(TaskError {
                    error: Some("States.ItemReaderFailed".to_owned()),
                    cause: Some(cause),
                });
            }
            if !open.is_empty() && (open.len() >= items_max || bytes + size > bytes_max.saturating_add(1)) {
                batches.push(ChildInput { item: None, input: self.input(&std::mem::take(&mut open)) });
                bytes = empty;
            }
            bytes += size;
            open.push(child.input);
        }
        if !open.is_empty() {
            batches.push(ChildInput { item: None, input: self.input(&open) });
        }
        Ok(batches)
    }

    fn input(&self, items: &[Value]) -> Value {
        match &self.batch_input {
            Some(batch_input) => json!({"BatchInput": batch_input, "Items": items}),
            None => json!({"Items": items}),
        }
    }
}

/// A map run under way, in numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MapRun {
    /// How many children there are in all.
    pub total: u64,
    /// How many have been started.
    pub started: u64,
    /// How many have succeeded.
    pub succeeded: u64,
    /// How many have failed, were stopped or took too long.
    pub failed: u64,
    /// How many run at once; UpdateMapRun changes it.
    pub max_concurrency: u64,
    /// How many may fail; UpdateMapRun changes it.
    pub tolerated_failure_count: Option<u64>,
    /// What part may fail, 0 to 100; UpdateMapRun changes it.
    pub tolerated_failure_percentage: Option<f64>,
}

/// How a map run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Children are under way or to be started.
    GoesOn,
    /// Every child has ended, and not too many have failed.
    Succeeded,
    /// More children have failed than may.
    Failed,
}

impl MapRun {
    /// A run of so many children, none of them started.
    pub fn new(order: &MapRunOrder, total: u64) -> Self {
        Self {
            total,
            started: 0,
            succeeded: 0,
            failed: 0,
            max_concurrency: order.max_concurrency,
            tolerated_failure_count: order.tolerated_failure_count,
            tolerated_failure_percentage: order.tolerated_failure_percentage,
        }
    }

    /// The children to start now, by their numbers from 0. Each number comes once.
    pub fn start(&mut self) -> std::ops::Range<u64> {
        let from = self.started;
        let running = self.started.saturating_sub(self.succeeded + self.failed);
        let room = self.max_concurrency.max(1).saturating_sub(running);
        if self.verdict() == Verdict::GoesOn {
            self.started = self.started.saturating_add(room).min(self.total);
        }
        from..self.started
    }

    /// A child has ended, well or not.
    pub fn ended(&mut self, outcome: Ended) {
        match outcome {
            Ended::Succeeded => self.succeeded += 1,
            Ended::Failed => self.failed += 1,
        }
    }

    /// How it stands. Without a tolerance no child may fail; with two either one breaks it.
    #[expect(clippy::cast_precision_loss, reason = "a part of a hundred needs no more")]
    pub fn verdict(&self) -> Verdict {
        let part = if self.total == 0 { 0.0 } else { self.failed as f64 * 100.0 / self.total as f64 };
        let broken = match (self.tolerated_failure_count, self.tolerated_failure_percentage) {
            (None, None) => self.failed > 0,
            (count, percentage) => {
                count.is_some_and(|count| self.failed > count)
                    || percentage.is_some_and(|tolerated| part > tolerated)
            }
        };
        if broken {
            return Verdict::Failed;
        }
        if self.succeeded + self.failed >= self.total { Verdict::Succeeded } else { Verdict::GoesOn }
    }

    /// Why a run fails whose tolerance was exceeded.
    pub fn tolerance_exceeded() -> TaskError {
        TaskError {
            error: Some("States.ExceedToleratedFailureThreshold".to_owned()),
            cause: Some("The specified tolerated failure threshold was exceeded".to_owned()),
        }
    }
}

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With an output.
    Succeeded,
    /// With an error, or stopped, or out of time.
    Failed,
}
