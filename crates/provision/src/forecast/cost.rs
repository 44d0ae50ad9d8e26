//! What a pipeline costs at a stated rate.

use crate::forecast::flow::{Flow, Stop};
use crate::forecast::price::{self, Price};
use crate::forecast::{CALL_S, EVENT_BYTES};
use crate::noun::worker::Worker;
use crate::pipeline::Pipeline;
use crate::resource::state_machine::StateMachine;

/// Seconds of a month, as AWS's own calculator has them: 730 hours.
const MONTH_S: f64 = 730.0 * 3_600.0;
/// Where no rate is stated.
const EVENTS_DEFAULT: f64 = 1_000_000.0;
const GB: f64 = 1_073_741_824.0;
/// A message is sent, received, deleted: one request each, which batches only make fewer.
const REQUESTS_OF_MESSAGE: f64 = 3.0;
/// A worker writes a record before the call and one after it.
const WRITES_OF_MESSAGE: f64 = 2.0;
/// The memory that an Express execution is paid for, in GB: a chunk of 64 MB.
const EXPRESS_GB: f64 = 0.0625;

/// One thing that is paid for.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// What of the pipeline it is.
    pub what: String,
    /// How much of it.
    pub quantity: f64,
    /// The price of one.
    pub price: Price,
}

impl Line {
    /// In US dollars.
    pub fn usd(&self) -> f64 {
        self.quantity * self.price.usd
    }
}

/// What all of it costs, before free tiers.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    /// Events that it is computed for: those of a month at the stated rate, or a million.
    pub events: f64,
    /// Line by line.
    pub lines: Vec<Line>,
    /// What had to be assumed, a sentence each.
    pub assumptions: Vec<String>,
}

impl Cost {
    /// In US dollars.
    pub fn usd(&self) -> f64 {
        self.lines.iter().map(Line::usd).sum()
    }
}

/// The cost; `share` is how many of each event come to what.
pub(super) fn cost(pipeline: &Pipeline, share: &Flow, rate: Option<f64>) -> Cost {
    let events = rate.map_or(EVENTS_DEFAULT, |rate| rate * MONTH_S);
    let mut lines =
        vec![Line { what: "events on the bus".to_owned(), quantity: events, price: price::EVENT }];
    let mut out = Lines { lines: &mut lines, events };
    for (stop, part) in share.iter() {
        out.stop(pipeline, stop, part);
    }
    for worker in pipeline.workers.iter().filter(|worker| !worker.prints()) {
        let part = share.to(&Stop::Queue(worker.queue.value.clone()));
        let what = format!("worker of {}, records", worker.queue.value);
        out.add(what, part * WRITES_OF_MESSAGE, price::TABLE_WRITE);
    }
    for archive in &pipeline.archives {
        let gb = EVENT_BYTES / GB;
        out.add(format!("archive {}", archive.name.value), gb, price::ARCHIVE_TAKEN);
        // Full after so many months; one that keeps for ever grows by a month's each month.
        let months = if archive.retention_days == 0 { 1.0 } else { days(archive.retention_days) / 30.4 };
        out.add(format!("archive {}, kept", archive.name.value), gb * months, price::ARCHIVE_KEPT);
    }
    Cost { events, lines, assumptions: assumptions(pipeline) }
}

fn days(days: u64) -> f64 {
    f64::from(u32::try_from(days).unwrap_or(u32::MAX))
}

struct Lines<'l> {
    lines: &'l mut Vec<Line>,
    events: f64,
}

impl Lines<'_> {
    fn add(&mut self, what: String, of_event: f64, price: Price) {
        let quantity = of_event * self.events;
        if quantity > 0.0 {
            self.lines.push(Line { what, quantity, price });
        }
    }

    fn stop(&mut self, pipeline: &Pipeline, stop: &Stop, part: f64) {
        match stop {
            Stop::Queue(name) => {
                self.add(format!("queue {name}"), part * REQUESTS_OF_MESSAGE, price::SQS_REQUEST);
            }
            Stop::Function(name) => {
                self.add(format!("function {name}, calls"), part, price::FUNCTION_CALL);
                let memory = pipeline.functions.iter().find(|one| one.name.value == *name);
                let gb = memory.map_or(0.125, |one| days(one.memory_mb) / 1_024.0);
                self.add(format!("function {name}, time"), part * gb * CALL_S, price::FUNCTION_GB_S);
            }
            Stop::StateMachine(name) => self.machine(pipeline, name, part),
            Stop::LogGroup(name) => {
                self.add(format!("log group {name}"), part * EVENT_BYTES / GB, price::LOG_GB);
            }
            Stop::ApiDestination(name) => {
                self.add(format!("API destination {name}"), part, price::API_DESTINATION);
            }
            Stop::Bus(name) => self.add(format!("events to the bus {name}"), part, price::EVENT),
            // What somebody else's target costs is somebody else's.
            Stop::Other(_) => {}
        }
    }

    fn machine(&mut self, pipeline: &Pipeline, name: &str, part: f64) {
        let Some(machine) = pipeline.state_machines.iter().find(|one| one.name.value == name) else { return };
        if machine.kind == "EXPRESS" {
            self.add(format!("state machine {name}, starts"), part, price::EXPRESS_START);
            self.add(format!("state machine {name}, time"), part * EXPRESS_GB * CALL_S, price::EXPRESS_GB_S);
        } else {
            self.add(format!("state machine {name}"), part * states(pipeline, machine), price::TRANSITION);
        }
    }
}

/// The states of a definition: each is entered once, which is the most where there is no loop.
fn states(pipeline: &Pipeline, machine: &StateMachine) -> f64 {
    let folder = pipeline.folder.as_deref().unwrap_or(std::path::Path::new("."));
    let text = machine.text(folder).map(|json| json.text).unwrap_or_default();
    let definition: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    f64::from(count(&definition).max(1))
}

fn count(value: &serde_json::Value) -> u32 {
    match value {
        serde_json::Value::Object(members) => {
            let own =
                members.get("States").and_then(serde_json::Value::as_object).map_or(0, |states| states.len());
            u32::try_from(own).unwrap_or(0) + members.values().map(count).sum::<u32>()
        }
        serde_json::Value::Array(items) => items.iter().map(count).sum(),
        _ => 0,
    }
}

fn assumptions(pipeline: &Pipeline) -> Vec<String> {
    let mut out = vec!["2 KB an event; a rule with a pattern matches every event".to_owned()];
    let mut add = |is_needed: bool, sentence: &str| {
        if is_needed {
            out.push(sentence.to_owned());
        }
    };
    let has_express = pipeline.state_machines.iter().any(|machine| machine.kind == "EXPRESS");
    add(!pipeline.functions.is_empty() || has_express, "100 ms a call of a function or an Express execution");
    add(!pipeline.state_machines.is_empty(), "a Standard execution enters each of its states once");
    add(
        pipeline.workers.iter().any(|worker| !Worker::prints(worker)),
        "workers' machines and their polls of empty queues are not counted",
    );
    add(!pipeline.functions.is_empty(), "what functions log is not counted");
    out
}
