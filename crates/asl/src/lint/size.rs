//! Doubts about size: what is gathered until it passes what a state may hand on.

use serde_json::Value;

use crate::lint::Lint;
use crate::lint::data::StateField;

/// What the answer of `lambda:invoke` has besides its payload, in bytes: headers, metadata. Source: recorded answers.
const ENVELOPE_BYTES: usize = 1_100;
/// What a state may hand on, in bytes.
const PAYLOAD_BYTES_MAX: usize = 262_144;

/// An inline Map keeps the whole answer of each iteration's function.
pub(super) fn check(places: &[StateField<'_>], found: &mut Vec<Lint>) {
    for map in places.iter().filter(|place| place.state.get("Type").is_some_and(|kind| kind == "Map")) {
        let is_distributed = ["ItemProcessor", "Iterator"]
            .iter()
            .filter_map(|name| map.state.get(*name)?.pointer("/ProcessorConfig/Mode"))
            .any(|mode| mode == "DISTRIBUTED");
        let is_small =
            ["ResultSelector", "OutputPath", "Output"].iter().any(|name| map.state.contains_key(*name))
                || map.state.get("ResultPath") == Some(&Value::Null);
        let inner = format!("{}/", map.at);
        let whole = places.iter().find(|place| place.at.starts_with(&inner) && keeps_whole_answer(place));
        let Some(call) = whole.filter(|_| !is_distributed && !is_small) else { continue };
        let message = format!(
            "each iteration hands on the whole answer of {}, its metadata too: about {} of them are more than 256 KiB",
            call.name,
            PAYLOAD_BYTES_MAX / ENVELOPE_BYTES
        );
        let fix = format!("give {} \"OutputPath\": \"$.Payload\", or a ResultSelector", call.name);
        found.push(Lint::new("payload-may-be-too-large", map.name, message, fix));
    }
}

/// A last state of its block that hands on what `lambda:invoke` answers as it is.
fn keeps_whole_answer(place: &StateField<'_>) -> bool {
    let resource = place.state.get("Resource").and_then(Value::as_str).unwrap_or_default();
    let cuts = ["ResultSelector", "OutputPath", "ResultPath", "Output"];
    resource.ends_with(":states:::lambda:invoke")
        && place.state.contains_key("End")
        && !cuts.iter().any(|name| place.state.contains_key(*name))
}
