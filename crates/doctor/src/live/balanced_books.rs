//! Whether everything that was accepted is accounted for.

use crate::live::{Facts, LiveCheck};

pub(super) const CHECK: LiveCheck = LiveCheck {
    name: "balanced-books",
    asks: "Is each total of the books the sum of its parts?",
    why: "an event or a delivery has disappeared or was invented",
    fix: "stop the server, keep its data folder, run `trunkline fsck` and report it",
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    facts.unbalanced_pages.iter().map(|page| format!("the books of {page} do not balance")).collect()
}
