//! How many events a second reach what of a pipeline.

use std::collections::{BTreeMap, BTreeSet};

use crate::noun::worker::Act;
use crate::pipeline::Pipeline;
use crate::resource::rule::{Matching, Rule};
use crate::resource::target::Destination;

/// What events come to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stop {
    Queue(String),
    Function(String),
    StateMachine(String),
    LogGroup(String),
    ApiDestination(String),
    Bus(String),
    /// Named by its ARN alone.
    Other(String),
}

/// Events a second.
#[derive(Clone, Debug, Default)]
pub(super) struct Flow {
    stops: BTreeMap<Stop, f64>,
    /// On the bus.
    pub(super) events: f64,
    /// From rules to targets.
    pub(super) deliveries: f64,
}

impl Flow {
    /// The flow where so many events come to the bus. A conversation ends in one queue, so rules for different queues share them; a
    /// rule with a pattern is taken to match all of them, which is the most there can be.
    pub(super) fn of(pipeline: &Pipeline, rate: f64) -> Self {
        let queues: BTreeSet<&str> = pipeline.rules.iter().filter_map(ended_in).collect();
        let mut direct: BTreeMap<Stop, f64> = BTreeMap::new();
        let mut deliveries = 0.0;
        for rule in pipeline.rules.iter().filter(|rule| rule.is_enabled) {
            let matched = match &rule.matching {
                Matching::Pattern(_) => rate,
                Matching::EndedIn(_) => rate / f64::from(u32::try_from(queues.len()).unwrap_or(1).max(1)),
                Matching::Schedule(_) => continue,
            };
            for target in &rule.targets {
                *direct.entry(stop(&target.destination)).or_default() += matched;
                deliveries += matched;
            }
        }
        Self { stops: carried_on(pipeline, &direct), events: rate, deliveries }
    }

    pub(super) fn to(&self, stop: &Stop) -> f64 {
        self.stops.get(stop).copied().unwrap_or_default()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Stop, f64)> {
        self.stops.iter().map(|(stop, rate)| (stop, *rate))
    }
}

/// What workers take from queues comes to their targets, and perhaps to another worker.
fn carried_on(pipeline: &Pipeline, direct: &BTreeMap<Stop, f64>) -> BTreeMap<Stop, f64> {
    let mut all = direct.clone();
    // Each round carries it one worker further.
    for _ in &pipeline.workers {
        let mut next = direct.clone();
        for worker in &pipeline.workers {
            let taken = all.get(&Stop::Queue(worker.queue.value.clone())).copied().unwrap_or_default();
            let to = match &worker.act {
                Act::Function(name) => Stop::Function(name.value.clone()),
                Act::StateMachine(name) => Stop::StateMachine(name.value.clone()),
                Act::Send(name) => Stop::Queue(name.value.clone()),
                Act::Print(_) | Act::Post { .. } => continue,
            };
            *next.entry(to).or_default() += taken;
        }
        all = next;
    }
    all
}

fn ended_in(rule: &Rule) -> Option<&str> {
    match &rule.matching {
        Matching::EndedIn(queue) if rule.is_enabled => Some(&queue.value),
        _ => None,
    }
}

fn stop(destination: &Destination) -> Stop {
    match destination {
        Destination::Queue(name) => Stop::Queue(name.value.clone()),
        Destination::Function(name) => Stop::Function(name.value.clone()),
        Destination::StateMachine(name) => Stop::StateMachine(name.value.clone()),
        Destination::LogGroup(name) => Stop::LogGroup(name.value.clone()),
        Destination::Bus(name) => Stop::Bus(name.value.clone()),
        Destination::ApiDestination(name) => Stop::ApiDestination(name.value.clone()),
        Destination::Arn(arn) => Stop::Other(arn.value.clone()),
    }
}
