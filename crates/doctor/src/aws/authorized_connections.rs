//! The check: is every connection authorized?

use crate::aws::facts::{Facts, text};
use crate::aws::{AwsCheck, Sureness};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "authorized-connections",
    asks: "Is every connection authorized?",
    why: "requests of API destinations fail while their connection is not authorized",
    fix: "`aws events update-connection` with credentials that hold",
    sureness: Sureness::Certain,
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    let bad = facts
        .connections
        .iter()
        .filter(|connection| !matches!(text(connection, "ConnectionState"), "AUTHORIZED" | "ACTIVE" | ""));
    bad.map(|connection| {
        format!("the connection {} is {}", text(connection, "Name"), text(connection, "ConnectionState"))
    })
    .collect()
}
