//! What a pipeline wants to exist, as AWS names it.

use crate::api::Place;
use crate::maker::Maker;
use crate::mistake::Mistake;
use crate::pipeline::Pipeline;
use crate::reference::QueueIds;
use crate::resource::{Resource, bus, queue};

/// All that a pipeline wants to exist, in the order in which it can be made: each thing after what it names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Desired {
    /// Queues (dead-letter queues first), the bus, connections, API destinations, then each rule and its targets.
    pub resources: Vec<Resource>,
}

/// Works out what a pipeline wants to exist at a place. `ids` knows the ids of the Genesys queues.
///
/// # Errors
/// A mistake for each Genesys queue that has no id there.
pub fn desired(pipeline: &Pipeline, place: &Place, ids: QueueIds<'_>) -> Result<Desired, Vec<Mistake>> {
    let maker = Maker { place, bus: &pipeline.bus.value, ids };
    let mut resources = queue::wanted(&pipeline.queues, &maker);
    resources.extend(bus::wanted(&pipeline.bus.value));
    resources.extend(pipeline.connections.iter().map(|connection| connection.wanted()));
    resources.extend(pipeline.api_destinations.iter().map(|destination| destination.wanted()));
    let mut mistakes = Vec::new();
    for rule in &pipeline.rules {
        match rule.wanted(&maker) {
            Ok(made) => resources.extend(made),
            Err(mistake) => mistakes.push(*mistake),
        }
    }
    if mistakes.is_empty() { Ok(Desired { resources }) } else { Err(mistakes) }
}
