//! State machines, each with a role that may do what its definition names.

use std::path::Path;

use aws::Arn;
use serde_json::{Map, Value, json};

use crate::cloudformation::block::Block;
use crate::cloudformation::builder::Builder;
use crate::cloudformation::functions::{TABLE_ACTIONS, service_role};
use crate::cloudformation::marks;
use crate::pipeline::Pipeline;
use crate::reference;
use crate::resource::Id;
use crate::resource::state_machine::StateMachine;

/// The kind's name at the end of a state machine's logical id.
const KIND: &str = "StateMachine";

pub(super) fn render(builder: &mut Builder<'_>, pipeline: &Pipeline) {
    for resource in builder.wanted {
        let Id::StateMachine(id) = &resource.id else { continue };
        let Some(machine) = pipeline.state_machines.iter().find(|one| one.name.value == id.name) else {
            continue;
        };
        let logical_id = builder.ids.of(KIND, &id.name);
        let setting = |name: &str| resource.settings.get(name).cloned().unwrap_or_default();
        let role = match &machine.role {
            Some(role) => json!(role.value),
            None => role(builder, machine, pipeline),
        };
        let properties = Map::from_iter([
            // A text, and not an object: it is seen in drift.
            ("DefinitionString".to_owned(), json!(setting("definition").to_string())),
            ("RoleArn".to_owned(), role),
            ("StateMachineName".to_owned(), json!(id.name)),
            ("StateMachineType".to_owned(), setting("type")),
        ]);
        builder.add_wanted(resource, logical_id, Block::new("AWS::StepFunctions::StateMachine", properties));
    }
}

/// What its tasks may do. Source: Step Functions developer guide, "IAM policies for integrated services".
fn role(builder: &mut Builder<'_>, machine: &StateMachine, pipeline: &Pipeline) -> Value {
    let arn = |service: &str, resource: String| {
        Arn::new(service, &marks::mark(marks::REGION), &marks::mark(marks::ACCOUNT), resource).to_string()
    };
    let allow = |actions: &[&str], resource: String| json!({"Effect": "Allow", "Action": actions, "Resource": resource});
    let text = machine.text(pipeline.folder.as_deref().unwrap_or(Path::new("."))).unwrap_or_default().text;
    let mut statements: Vec<Value> = Vec::new();
    for found in reference::all(&text) {
        let name = found.name;
        let statement = match found.kind {
            "function" => allow(&["lambda:InvokeFunction"], arn("lambda", format!("function:{name}"))),
            "table" => allow(TABLE_ACTIONS, arn("dynamodb", format!("table/{name}"))),
            "stateMachine" => {
                allow(&["states:StartExecution"], arn("states", format!("stateMachine:{name}")))
            }
            "queue" if builder.own_queue_named(name) => {
                allow(&["sqs:SendMessage"], arn("sqs", name.to_owned()))
            }
            _ => continue,
        };
        if !statements.contains(&statement) {
            statements.push(statement);
        }
    }
    if text.contains("events:putEvents") {
        statements
            .push(allow(&["events:PutEvents"], arn("events", format!("event-bus/{}", pipeline.bus.value))));
    }
    service_role(builder, (KIND, &machine.name.value), ("states.amazonaws.com", statements))
}
