//! Whether the connections of API destinations can be used.

use crate::live::{Connection, Facts, LiveCheck};

pub(super) const CHECK: LiveCheck = LiveCheck {
    name: "authorized-connections",
    asks: "Is every connection authorized?",
    why: "deliveries over it fail until it is updated",
    fix: "correct its secrets with UpdateConnection or in the pipeline file, and apply it",
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    let finding = |connection: &Connection| {
        let because =
            if connection.reason.is_empty() { String::new() } else { format!(": {}", connection.reason) };
        format!("the connection {} is {}{because}", connection.name, connection.state)
    };
    facts.connections.iter().filter(|connection| connection.state != "AUTHORIZED").map(finding).collect()
}
