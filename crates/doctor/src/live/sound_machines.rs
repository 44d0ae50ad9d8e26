//! Whether state machines that are there end, and keep what their states read.

use asl::MachineType;

use crate::live::{Facts, LiveCheck, StateMachine};

pub(super) const CHECK: LiveCheck = LiveCheck {
    name: "sound-machines",
    asks: "Does each state machine end, with what its states read?",
    why: "AWS accepts loops without an end and results that drop what is read later; they fail when they are run",
    fix: "do what the finding says, in the definition; `check` tells more of a pipeline file",
    run,
};

/// Advice for quieter times, which `check` gives: it says nothing of a failure to come.
const ADVICE: &[&str] = &["task-without-timeout", "task-without-retry", "map-limit-is-not-global"];

fn run(facts: &Facts) -> Vec<String> {
    facts.state_machines.iter().flat_map(findings).collect()
}

fn findings(machine: &StateMachine) -> Vec<String> {
    let kind = if machine.is_express { MachineType::Express } else { MachineType::Standard };
    let found = asl::lint(&machine.definition, kind).into_iter();
    let grave = found.filter(|lint| !ADVICE.contains(&lint.name));
    grave.map(|lint| format!("{}, {}: {}; {}", machine.name, lint.state, lint.message, lint.fix)).collect()
}
