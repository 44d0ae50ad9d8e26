//! Whether rules take the events that come.

use crate::live::{Facts, LiveCheck};

pub(super) const CHECK: LiveCheck = LiveCheck {
    name: "matched-events",
    asks: "Do rules match any of the events of the last hour?",
    why: "an event that matches no rule is dropped without a word",
    fix: "run `trunkline why`",
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    let Facts { events_seen: seen, events_unmatched: unmatched, .. } = facts;
    let sentence = format!("none of the {seen} events of the last hour matched a rule");
    if *seen > 0 && unmatched == seen { vec![sentence] } else { Vec::new() }
}
