//! What a pipeline wants to exist, as AWS names it.

use std::path::Path;

use crate::api::Place;
use crate::grants::{Grants, grants};
use crate::maker::{LayerFolder, Maker};
use crate::mistake::Mistake;
use crate::pipeline::Pipeline;
use crate::reference::QueueIds;
use crate::resource::{Resource, bus, queue};

/// All that a pipeline wants to exist, in the order in which it can be made: each thing after what it names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Desired {
    /// Queues (dead-letter queues first), tables, log groups, roles, layers, functions, state machines, the bus, connections, API
    /// destinations, archives, permissions, each rule and its targets, subscriptions, event streams.
    pub resources: Vec<Resource>,
}

/// Works out what a pipeline wants to exist at a place. `ids` knows the ids of the Genesys queues.
///
/// # Errors
/// A mistake for each Genesys queue that has no id there.
pub fn desired(pipeline: &Pipeline, place: &Place, ids: QueueIds<'_>) -> Result<Desired, Vec<Mistake>> {
    let queues: Vec<&str> = pipeline.queues.iter().map(|queue| queue.name.value.as_str()).collect();
    let layers: Vec<LayerFolder<'_>> = pipeline
        .layers
        .iter()
        .map(|layer| LayerFolder { name: &layer.name.value, folder: &layer.code.value })
        .collect();
    let maker = Maker {
        place,
        owner: &pipeline.owner.0,
        bus: &pipeline.bus.value,
        folder: pipeline.folder.as_deref().unwrap_or(Path::new(".")),
        queues: &queues,
        layers: &layers,
        ids,
    };
    let Grants { queues: senders, permissions, roles } = grants(pipeline, &maker);
    let mut resources = queue::wanted(&pipeline.queues, &senders, &maker);
    let mut mistakes = Vec::new();
    resources.extend(pipeline.tables.iter().map(|table| table.wanted()));
    resources.extend(pipeline.log_groups.iter().map(|group| group.wanted()));
    resources.extend(roles);
    resources.extend(pipeline.layers.iter().map(|layer| layer.wanted(&maker)));
    collect(pipeline.functions.iter().map(|function| function.wanted(&maker)), &mut resources, &mut mistakes);
    let machines = pipeline.state_machines.iter().map(|machine| Ok(vec![machine.wanted(&maker)?]));
    collect(machines, &mut resources, &mut mistakes);
    resources.extend(bus::wanted(&pipeline.bus.value));
    resources.extend(pipeline.connections.iter().map(|connection| connection.wanted()));
    resources.extend(pipeline.api_destinations.iter().map(|destination| destination.wanted()));
    let archives = pipeline.archives.iter().map(|archive| Ok(vec![archive.wanted(&maker)?]));
    collect(archives, &mut resources, &mut mistakes);
    resources.extend(permissions);
    collect(pipeline.rules.iter().map(|rule| rule.wanted(&maker)), &mut resources, &mut mistakes);
    resources.extend(pipeline.subscriptions.iter().map(|one| one.wanted(&maker)));
    resources.extend(pipeline.event_streams.iter().map(|one| one.wanted()));
    if mistakes.is_empty() { Ok(Desired { resources }) } else { Err(mistakes) }
}

/// Adds what each part wants, or why it cannot be said.
fn collect(
    parts: impl Iterator<Item = Result<Vec<Resource>, Box<Mistake>>>,
    resources: &mut Vec<Resource>,
    mistakes: &mut Vec<Mistake>,
) {
    for part in parts {
        match part {
            Ok(made) => resources.extend(made),
            Err(mistake) => mistakes.push(*mistake),
        }
    }
}
