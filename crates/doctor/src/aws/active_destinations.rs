//! The check: is every API destination active?

use crate::aws::facts::{Facts, text};
use crate::aws::{AwsCheck, Sureness};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "active-destinations",
    asks: "Is every API destination active?",
    why: "an inactive API destination is not called: its events go to the dead-letter queue or nowhere",
    fix: "give it a connection that is authorized",
    sureness: Sureness::Certain,
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    let off = facts.api_destinations.iter().filter(|one| text(one, "ApiDestinationState") == "INACTIVE");
    off.map(|one| format!("the API destination {} is inactive", text(one, "Name"))).collect()
}
