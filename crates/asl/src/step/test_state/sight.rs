//! What a tested state sees: the given context object and variables, or those of a made-up execution.

use serde_json::{Map, Value, json};

use crate::definition::{Kind, State};
use crate::expr::check_nesting;
use crate::history::time_text;
use crate::resource::Pattern;
use crate::step::sight::Sight;
use crate::step::test_state::{Refusal, Request, STATE_NAME, read_json};

/// One object of the context object.
struct Part {
    name: &'static str,
    /// Members that are texts.
    texts: &'static [&'static str],
    /// Members that are anything else.
    others: &'static [&'static str],
}

const PARTS: [Part; 4] = [
    Part {
        name: "Execution",
        texts: &["Id", "Name", "RoleArn", "StartTime", "RedriveTime"],
        others: &["Input", "RedriveCount"],
    },
    Part { name: "State", texts: &["Name", "EnteredTime"], others: &["RetryCount"] },
    Part { name: "StateMachine", texts: &["Id", "Name"], others: &[] },
    Part { name: "Task", texts: &["Token"], others: &[] },
];

pub(super) fn see(request: &Request<'_>, state: &State, input: &Value) -> Result<Sight, Refusal> {
    let context = match read_json(request.context, "ValidationException")? {
        Some(given) => {
            check(&given)
                .map_err(|what| Refusal::invalid(format!("Invalid Context object provided: {what}")))?;
            given
        }
        None => made_up(request, state, input),
    };
    let variables = match read_json(request.variables, "ValidationException")? {
        None => Map::new(),
        Some(Value::Object(variables)) => variables,
        Some(_) => return Err(Refusal::invalid("Variables must be a JSON object")),
    };
    if check_nesting(input.clone()).is_err() {
        return Err(Refusal {
            code: "InvalidExecutionInput",
            message: "The input nests too deep".to_owned(),
        });
    }
    Ok(Sight { context, variables, seed: request.seed, now_ms: request.now_ms })
}

fn check(context: &Value) -> Result<(), String> {
    let members = context.as_object().ok_or("it must be a JSON object")?;
    for (name, value) in members {
        if name == "Map" {
            return Err("'Map' field is not supported when mocking a Context object".to_owned());
        }
        let Some(part) = PARTS.iter().find(|part| part.name == name) else {
            return Err(format!("Field '{name}' is not allowed"));
        };
        let inner = value.as_object().ok_or_else(|| format!("{name} must be an object"))?;
        for (member, value) in inner {
            if part.texts.contains(&member.as_str()) {
                if !value.is_string() {
                    return Err(format!("{name}.{member} must be a string"));
                }
            } else if !part.others.contains(&member.as_str()) {
                return Err(format!("Field '{member}' is not allowed"));
            }
        }
    }
    Ok(())
}

fn made_up(request: &Request<'_>, state: &State, input: &Value) -> Value {
    let about = &request.about;
    let role_arn = if about.role_arn.is_empty() { Value::Null } else { json!(about.role_arn) };
    let now = time_text(request.now_ms);
    let mut state_part = json!({"Name": STATE_NAME, "EnteredTime": now});
    if state.guard().is_some()
        && let Value::Object(members) = &mut state_part
    {
        members
            .insert("RetryCount".to_owned(), request.configuration.retrier_retry_count.unwrap_or(0).into());
    }
    let mut context = json!({
        "Execution": {
            "Id": about.execution_arn,
            "Input": input,
            "Name": about.execution_name,
            "RoleArn": role_arn,
            "StartTime": now,
        },
        "StateMachine": {"Id": about.machine_arn, "Name": about.machine_name},
        "State": state_part,
    });
    let with_token =
        matches!(&state.kind, Kind::Task(task) if task.resource.pattern() == Pattern::WaitForTaskToken);
    if with_token && let Value::Object(members) = &mut context {
        members.insert("Task".to_owned(), json!({"Token": format!("{:032x}", request.seed)}));
    }
    context
}
