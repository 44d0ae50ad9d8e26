//! Parallel and Map: threads that begin, and what their ends come to.

use serde_json::{Value, json};

use crate::definition::{Amount, Distributed, Items, Kind, Map, Mode, Parallel, State};
use crate::execution::{Item, Iterations, Parent, Phase, StartedRun, TaskError, Thread};
use crate::expr::{ExprError, jsonata};
use crate::map_run::{Batch, ItemSource, MapRunOrder, SelectorSight, Writer};
use crate::payload::{LIMITS, render, select};
use crate::step::failure::Failure;
use crate::step::flow;
use crate::step::run::{Outcome, Run, Seed, Trouble};
use crate::step::sight::Sight;
use crate::step::wait::{NumberField, number};

/// How many iterations of an inline Map run at once if it does not say: AWS's own bound.
const INLINE_AT_ONCE: u64 = 40;
/// The same for the children of a map run.
const CHILDREN_AT_ONCE: u64 = 10_000;

/// Errors after which a redrive starts a new map run. Source: developer guide, "Redriving Map Runs"; after the first no child
/// was started, and the items are read again.
const BEGUN_ANEW: [&str; 3] = ["States.ItemReaderFailed", "States.DataLimitExceeded", "States.Runtime"];

/// How much of a map run may fail.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measures {
    pub(super) tolerated_count: Option<u64>,
    pub(super) tolerated_percentage: Option<f64>,
}

/// What an iteration begins with.
struct Beginning {
    index: usize,
    last: u64,
}

impl Run<'_> {
    /// Starts the branches of a Parallel.
    pub(super) fn branch(
        &mut self,
        thread: &mut Thread,
        state: &State,
        parallel: &Parallel,
    ) -> Result<Outcome, Trouble> {
        let sight = self.sight(thread);
        let input = flow::effective_input(&state.flow, thread, &sight)?;
        thread.last = self.append(thread.last, "ParallelStateStarted", Value::Null);
        for (index, block) in parallel.branches.iter().enumerate() {
            let parent = Some(Parent { thread: thread.id, index });
            self.spawn(Seed { parent, block: *block, input: input.clone(), item: None, last: thread.last });
        }
        thread.phase = Phase::Parallel { results: vec![None; parallel.branches.len()] };
        Ok(Outcome::Waits)
    }

    /// Starts the iterations of a Map, or its map run.
    pub(super) fn iterate(
        &mut self,
        thread: &mut Thread,
        state: &State,
        map: &Map,
    ) -> Result<Outcome, Trouble> {
        let sight = self.sight(thread);
        let input = select(&state.flow.input_path, &sight.scope(&thread.input))?;
        let at_once = at_once(map, &sight, &input)?;
        let reads = matches!(&map.mode, Mode::Distributed(distributed) if distributed.reader.is_some());
        let items = if reads { Vec::new() } else { items(&map.items, &input, &sight)? };
        let length = items.len();
        thread.last = self.append(thread.last, "MapStateStarted", json!({"length": length}));
        match &map.mode {
            Mode::Distributed(distributed) => {
                let measures = measures(distributed, &sight, &input)?;
                let making = Making { map, distributed, sight: &sight, at_once, measures, input: &input };
                self.order(thread, &making, items)
            }
            Mode::Inline if items.is_empty() => {
                self.append(thread.last, "MapStateSucceeded", Value::Null);
                Ok(Outcome::Result(json!([])))
            }
            Mode::Inline => {
                let limit = usize::try_from(at_once).unwrap_or(usize::MAX);
                let started = thread.last;
                let results = vec![None; length];
                thread.phase = Phase::Map(Iterations { input, items, next: 0, open: 0, limit, results });
                for index in 0..length.min(limit) {
                    self.iteration(thread, map, &Beginning { index, last: started })?;
                }
                Ok(Outcome::Waits)
            }
        }
    }

    /// Starts one iteration.
    fn iteration(&mut self, thread: &mut Thread, map: &Map, beginning: &Beginning) -> Result<(), Trouble> {
        let Phase::Map(iterations) = &mut thread.phase else { return Ok(()) };
        let Some(value) = iterations.items.get(beginning.index).cloned() else { return Ok(()) };
        iterations.next = beginning.index + 1;
        iterations.open += 1;
        let index = u64::try_from(beginning.index).unwrap_or(u64::MAX);
        let item = Item { index, value, source: None };
        // What the selector sees is as large as the state's input: copied only for one.
        let effective = map.item_selector.as_ref().map(|_| iterations.input.clone()).unwrap_or_default();
        let input = match &map.item_selector {
            None => item.value.clone(),
            Some(selector) => {
                let mut sight = self.sight(thread);
                sight.at_item(&item);
                render(selector, &sight.scope(&effective))?
            }
        };
        let details = json!({"name": thread.state, "index": index});
        let last = self.append(beginning.last, "MapIterationStarted", details);
        let parent = Some(Parent { thread: thread.id, index: beginning.index });
        self.spawn(Seed { parent, block: map.processor, input, item: Some(item), last });
        Ok(())
    }

    /// A branch or an iteration has come to its end.
    pub(super) fn child_done(&mut self, parent: Parent, last: u64, output: Value) {
        self.resume(Some(parent.thread), |run, thread| {
            let iterates = matches!(thread.phase, Phase::Map(_));
            let done = if iterates {
                let details = json!({"name": thread.state, "index": parent.index});
                run.append(last, "MapIterationSucceeded", details)
            } else {
                last
            };
            let (open, results) = match &mut thread.phase {
                Phase::Map(iterations) => {
                    iterations.open = iterations.open.saturating_sub(1);
                    (iterations.next < iterations.items.len(), &mut iterations.results)
                }
                Phase::Parallel { results } => (false, results),
                _ => return Ok(Outcome::Waits),
            };
            if let Some(result) = results.get_mut(parent.index) {
                *result = Some(output);
            }
            if !open && results.iter().all(Option::is_some) {
                let results: Vec<Value> = std::mem::take(results).into_iter().flatten().collect();
                thread.last = done;
                let kind = if iterates { "MapStateSucceeded" } else { "ParallelStateSucceeded" };
                run.append(done, kind, Value::Null);
                return Ok(Outcome::Result(Value::Array(results)));
            }
            run.next_iteration(thread, last)?;
            Ok(Outcome::Waits)
        });
    }

    fn next_iteration(&mut self, thread: &mut Thread, last: u64) -> Result<(), Trouble> {
        let state = self.state_of(thread)?;
        let (Phase::Map(iterations), Kind::Map(map)) = (&thread.phase, &state.kind) else { return Ok(()) };
        if iterations.next >= iterations.items.len() || iterations.open >= iterations.limit {
            return Ok(());
        }
        let index = iterations.next;
        self.iteration(thread, map, &Beginning { index, last })
    }

    /// Orders a map run.
    fn order(
        &mut self,
        thread: &mut Thread,
        making: &Making<'_>,
        items: Vec<Value>,
    ) -> Result<Outcome, Trouble> {
        let scope = making.sight.scope(making.input);
        let distributed = making.distributed;
        let source = match &distributed.reader {
            None => ItemSource::Items(items),
            Some(reader) => ItemSource::Reader {
                resource: reader.resource.clone(),
                parameters: reader.parameters.as_ref().map(|given| render(given, &scope)).transpose()?,
                config: reader.config.clone(),
                max_items: making.count("MaxItems", reader.max_items.as_ref())?,
            },
        };
        let batch = match &distributed.batcher {
            None => None,
            Some(batcher) => Some(Batch {
                items_max: making.count("MaxItemsPerBatch", batcher.max_items.as_ref())?,
                bytes_max: making.count("MaxInputBytesPerBatch", batcher.max_bytes.as_ref())?,
                batch_input: batcher.batch_input.as_ref().map(|given| render(given, &scope)).transpose()?,
            }),
        };
        let writer = match &distributed.writer {
            None => None,
            Some(writer) => Some(Writer {
                resource: writer.resource.clone(),
                parameters: writer.parameters.as_ref().map(|given| render(given, &scope)).transpose()?,
                config: writer.config.clone(),
            }),
        };
        let map_run = self.execution.number();
        let label = distributed.label.clone().unwrap_or_else(|| self.uuid());
        let map_run_arn = self.map_run_arn(&label);
        thread.last = self.append(thread.last, "MapRunStarted", json!({"mapRunArn": map_run_arn}));
        thread.map_run = Some(StartedRun { run: map_run, arn: map_run_arn.clone(), redrives: 0 });
        self.effects.map_runs.push(MapRunOrder {
            map_run,
            map_run_arn,
            label,
            state: thread.state.clone(),
            block: making.map.processor,
            source,
            batch,
            writer,
            max_concurrency: making.at_once,
            tolerated_failure_count: making.measures.tolerated_count,
            tolerated_failure_percentage: making.measures.tolerated_percentage,
            sight: SelectorSight {
                input: making.input.clone(),
                context: making.sight.context.clone(),
                variables: making.sight.variables.clone(),
                seed: making.sight.seed,
                now_ms: self.now_ms,
            },
        });
        thread.phase = Phase::MapRun { run: map_run };
        Ok(Outcome::Waits)
    }

    /// `arn:aws:states:REGION:ACCOUNT:mapRun:MACHINE/LABEL:UUID`.
    fn map_run_arn(&mut self, label: &str) -> String {
        let machine_arn = &self.execution.about.machine_arn;
        let place: Vec<&str> = machine_arn.split(':').take(5).collect();
        let place = place.join(":");
        let machine = self.execution.about.machine_name.clone();
        format!("{place}:mapRun:{machine}/{label}:{}", self.uuid())
    }

    fn uuid(&mut self) -> String {
        let digits = format!("{:016x}{:016x}", self.random(), self.random());
        let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
        format!("{}-{}-4{}-a{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
    }

    /// A map run has ended.
    pub(super) fn map_run_ended(&mut self, map_run: u64, outcome: Result<Value, TaskError>) {
        let id = self.execution.thread_of_map_run(map_run);
        self.resume(id, |run, thread| match outcome {
            Ok(result) => {
                thread.map_run = None;
                // The exit points at what MapStateSucceeded points at, as recorded until 2024; later recordings have
                // MapRunStarted there.
                thread.last = run.append(thread.last, "MapRunSucceeded", Value::Null);
                run.append(thread.last, "MapStateSucceeded", Value::Null);
                Ok(Outcome::Result(result))
            }
            Err(TaskError { error, cause }) => {
                if error.as_deref().is_some_and(|error| BEGUN_ANEW.contains(&error)) {
                    thread.map_run = None;
                }
                let failure = Failure { error, cause, ..Failure::default() };
                thread.last = run.append(thread.last, "MapRunFailed", failure.to_json());
                Err(failure.into())
            }
        });
    }
}

/// A map run to be ordered.
struct Making<'a> {
    map: &'a Map,
    distributed: &'a Distributed,
    sight: &'a Sight,
    at_once: u64,
    measures: Measures,
    input: &'a Value,
}

impl Making<'_> {
    fn count(&self, name: &str, amount: Option<&Amount>) -> Result<Option<u64>, ExprError> {
        self.sight.count(&NumberField { name, amount, whole: true }, self.input)
    }
}

/// How many iterations may run at once.
fn at_once(map: &Map, sight: &Sight, input: &Value) -> Result<u64, ExprError> {
    let field = NumberField { name: "MaxConcurrency", amount: map.max_concurrency.as_ref(), whole: true };
    let wanted = sight.count(&field, input)?.filter(|at_once| *at_once > 0);
    Ok(match map.mode {
        Mode::Inline => wanted.unwrap_or(INLINE_AT_ONCE).min(INLINE_AT_ONCE),
        Mode::Distributed(_) => wanted.unwrap_or(CHILDREN_AT_ONCE),
    })
}

/// How much of a map run may fail.
pub(super) fn measures(
    distributed: &Distributed,
    sight: &Sight,
    input: &Value,
) -> Result<Measures, ExprError> {
    let refuse = |cause: &str| {
        let (error, cause) = ("States.Runtime".to_owned(), cause.to_owned());
        Err(ExprError { error, cause, location: None })
    };
    let field = NumberField {
        name: "ToleratedFailureCount",
        amount: distributed.tolerated_count.as_ref(),
        whole: true,
    };
    let count = number(&field, &sight.scope(input))?;
    if count.is_some_and(|count| count < 0.0) {
        return refuse("ToleratedFailureCount cannot be negative.");
    }
    let field = NumberField {
        name: "ToleratedFailurePercentage",
        amount: distributed.tolerated_percentage.as_ref(),
        whole: false,
    };
    let tolerated_percentage = number(&field, &sight.scope(input))?;
    if tolerated_percentage.is_some_and(|part| !(0.0..=100.0).contains(&part)) {
        return refuse("ToleratedFailurePercentage must be between 0 and 100.");
    }
    Ok(Measures { tolerated_count: count.map(crate::parse::whole_number), tolerated_percentage })
}

/// A Map's items, which must be an array.
pub(super) fn items(items: &Items, input: &Value, sight: &Sight) -> Result<Vec<Value>, ExprError> {
    let scope = sight.scope(input);
    match items {
        Items::Path(selection) => match select(selection, &scope)? {
            Value::Array(items) => Ok(items),
            _ => {
                let path = match selection {
                    crate::definition::Selection::Path(field) => field.path.text_in_document(),
                    _ => "$",
                };
                let cause = format!("Reference path \"{path}\" must point to array.");
                Err(ExprError { error: "States.Runtime".to_owned(), cause, location: None })
            }
        },
        Items::Jsonata(template) => match template.evaluate_as(jsonata::Kind::Array, &scope, LIMITS)? {
            Value::Array(items) => Ok(items),
            other => Err(no_array(&other)),
        },
        Items::Fixed(template) => match template.evaluate(&scope, LIMITS)? {
            Value::Array(items) => Ok(items),
            other => Err(no_array(&other)),
        },
        Items::Input => match input {
            Value::Array(items) => Ok(items.clone()),
            other => Err(no_array(other)),
        },
    }
}

fn no_array(found: &Value) -> ExprError {
    ExprError {
        error: "States.QueryEvaluationError".to_owned(),
        cause: format!("Map state input must be an array but was: {found}"),
        location: None,
    }
}
