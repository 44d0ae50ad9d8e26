//! Whether state machines end, are bounded, and keep what their states read.

use std::path::Path;

use provision::resource::state_machine::StateMachine;
use provision::{Mistake, Pipeline};

use crate::check::Check;

pub(super) const CHECK: Check = Check {
    name: "sound-definition",
    asks: "Does each state machine end, within bounds, with what its states read?",
    why: "AWS accepts loops without an end, tasks without a time-out and results that drop what is read later",
    fix: "do what the finding says, in the definition",
    run,
};

fn run(pipeline: &Pipeline) -> Vec<Mistake> {
    pipeline.state_machines.iter().flat_map(|machine| findings(machine, pipeline)).collect()
}

fn findings(machine: &StateMachine, pipeline: &Pipeline) -> Vec<Mistake> {
    let folder = pipeline.folder.as_deref().unwrap_or(Path::new("."));
    // What cannot be read has been told already.
    let Ok(json) = machine.text(folder) else { return Vec::new() };
    let Some(settled) = StateMachine::stand_ins(&json) else { return Vec::new() };
    let tell = |lint: asl::lint::Lint| {
        let place = asl::place::find(&json.text, &lint.at);
        let span = place.map_or(json.span, |place| json.locate_line_of(place.line, place.column));
        let sentence = format!("state machine `{}`, {}: {}", machine.name.value, lint.state, lint.message);
        Mistake::new(lint.name, span, sentence).with_suggestion(lint.fix)
    };
    asl::lint(&settled, machine.machine_type()).into_iter().map(tell).collect()
}
