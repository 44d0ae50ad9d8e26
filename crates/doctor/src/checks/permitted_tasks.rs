//! Whether the role that a file makes for its state machines allows what their Tasks ask for.

use std::path::Path;

use asl::definition::Kind;
use asl::resource::Resource;
use provision::resource::state_machine::StateMachine;
use provision::{Mistake, Pipeline};
use serde_json::Value;

use crate::check::Check;

pub(super) const CHECK: Check = Check {
    name: "permitted-tasks",
    asks: "Does the role that the file makes allow what each Task asks for?",
    why: "a Task whose role does not allow its call fails on AWS; here roles of state machines are not enforced",
    fix: "name what is called by ${function:NAME}, ${queue:NAME}, ${table:NAME}, ${stateMachine:NAME}, or give the machine a `role`",
    run,
};

/// The member of a Task's input that names what is called, by service, and how the file names it.
const NAMED: &[(&str, &str, &str)] = &[
    ("lambda", "FunctionName", "${function:NAME}"),
    ("sqs", "QueueUrl", "${queue:NAME}"),
    ("dynamodb", "TableName", "${table:NAME}"),
    ("states", "StateMachineArn", "${stateMachine:NAME}"),
    ("sfn", "StateMachineArn", "${stateMachine:NAME}"),
];

fn run(pipeline: &Pipeline) -> Vec<Mistake> {
    // A role that the file only names may allow anything.
    let own = pipeline.state_machines.iter().filter(|machine| machine.role.is_none());
    own.flat_map(|machine| findings(machine, pipeline)).collect()
}

fn findings(machine: &StateMachine, pipeline: &Pipeline) -> Vec<Mistake> {
    let folder = pipeline.folder.as_deref().unwrap_or(Path::new("."));
    let Ok(json) = machine.text(folder) else { return Vec::new() };
    // As it is written: a reference is what the role allows, and stays as it is.
    let Ok(written) = serde_json::from_str::<Value>(&json.text) else { return Vec::new() };
    let Some(settled) = StateMachine::stand_ins(&json) else { return Vec::new() };
    let Some(parsed) = asl::parse(&settled, machine.machine_type()).machine else { return Vec::new() };
    let places = asl::place::states(&written);
    let mut findings = Vec::new();
    for state in parsed.states() {
        let Kind::Task(task) = &state.kind else { continue };
        let Some(at) = places.get(&state.name) else { continue };
        let Some(text) = written.pointer(&at.pointer) else { continue };
        let Some(sentence) = missing(&task.resource, text) else { continue };
        let place = asl::place::find(&json.text, &at.location);
        let span = place.map_or(json.span, |place| json.locate_line_of(place.line, place.column));
        let sentence = format!("state machine `{}`, {}: {sentence}", machine.name.value, state.name);
        findings.push(Mistake::new(CHECK.name, span, sentence).with_suggestion(CHECK.fix));
    }
    findings
}

/// What a Task asks for that the file's role does not allow.
fn missing(resource: &Resource, state: &Value) -> Option<String> {
    let not = |what: &str| Some(format!("the role that the file makes does not allow {what}"));
    match resource {
        Resource::Activity { .. } => None,
        Resource::Function { .. } => {
            let written = state.get("Resource").and_then(Value::as_str).unwrap_or_default();
            if written.contains("${function:") { None } else { not(&format!("to call {written}")) }
        }
        Resource::Service { service, action, .. } => {
            let of = service.strip_prefix("aws-sdk:").unwrap_or(service);
            let Some((_, member, form)) = NAMED.iter().find(|(name, ..)| *name == of) else {
                // putEvents of the file's own bus is allowed by its name alone.
                return if service == "events" { None } else { not(&format!("{of}:{action}")) };
            };
            let input = state.get("Parameters").or_else(|| state.get("Arguments"));
            let written = input.and_then(|input| input.get(*member)).and_then(Value::as_str);
            match written {
                Some(name) if !name.contains("${") && !name.starts_with("{%") => {
                    not(&format!("{of}:{action} on {name}, which is not named as {form}"))
                }
                // A name that is computed may be one that the file names elsewhere.
                _ => None,
            }
        }
    }
}
