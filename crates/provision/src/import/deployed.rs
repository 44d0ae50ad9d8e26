//! What a deployed stack says beside its template: which resources there are, and what they are called.

use std::collections::BTreeMap;

use serde_json::json;

use crate::import::stack::Stack;
use crate::import::value::{Noun, name_property, noun};
use crate::stack::noun::name;

/// Takes out what is not deployed, and gives what the template leaves to CloudFormation the name that it was given there: whoever uses it
/// knows that name.
pub(super) fn settle(stack: &mut Stack, deployed: &BTreeMap<String, String>) {
    stack.items.retain(|item| deployed.contains_key(&item.id) || !has_id(item.kind.as_str()));
    for item in &mut stack.items {
        // It was judged where it was deployed.
        item.condition = None;
        let (Some(noun), Some(physical_id)) = (noun(item), deployed.get(&item.id)) else { continue };
        if noun == Noun::Role {
            continue;
        }
        // On a bus of one's own, the id of a rule has the bus in it.
        let given = name(&item.id, physical_id).rsplit('|').next().unwrap_or_default();
        if !given.is_empty() {
            item.properties.entry(name_property(noun)).or_insert_with(|| json!(given));
        }
    }
}

/// Whether deployed resources of a type are listed; what SAM's transform makes of one is listed in its place.
fn has_id(kind: &str) -> bool {
    kind.starts_with("AWS::") && !kind.starts_with("AWS::Serverless::")
}
