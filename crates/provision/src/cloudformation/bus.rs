//! The event bus.

use serde_json::{Map, Value, json};

use crate::cloudformation::block::Block;
use crate::cloudformation::builder::Builder;
use crate::resource::{Id, bus};

/// The kind's name at the end of a bus's logical id.
const KIND: &str = "Bus";

pub(super) fn render(builder: &mut Builder<'_>) {
    for resource in builder.wanted {
        let Id::Bus(id) = &resource.id else { continue };
        let properties = Map::from_iter([("Name".to_owned(), json!(id.name))]);
        let logical_id = builder.ids.of(KIND, &id.name);
        builder.add_wanted(resource, logical_id, Block::new("AWS::Events::EventBus", properties));
    }
}

/// A bus of the file for a property: by its resource, so that it is made first. Every account has the default one.
pub(super) fn reference(builder: &mut Builder<'_>, name: &str) -> Value {
    if name == bus::DEFAULT { json!(name) } else { json!({"Ref": builder.ids.of(KIND, name)}) }
}
