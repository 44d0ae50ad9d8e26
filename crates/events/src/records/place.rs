//! Where an event is kept.

use crate::buses::bus::BusName;

/// Where an event is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventPlace<'p> {
    /// The bus.
    pub bus: &'p BusName,
    /// Its position among the events of the bus; 0 is before all.
    pub position: u64,
}
