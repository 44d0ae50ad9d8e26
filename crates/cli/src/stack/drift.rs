//! `trunkline plan --to aws --drift`: what was changed beside the stack.

use provision::stack::drift::Difference;
use provision::stack::{Condition, Drift, Stack};
use serde_json::{Value, json};

use crate::output::{self, BAD, FAINT, Form, STRONG, styled};
use crate::stack::found::Found;
use crate::stack::hidden::Hidden;
use crate::stack::session::Session;
use crate::stack::{interrupt, show};

/// Shows it.
///
/// # Errors
/// Where there is no stack, or CloudFormation's words.
pub(crate) async fn show(
    session: &Session<'_>,
    found: Option<&Stack>,
    hidden: &Hidden,
) -> Result<Found, String> {
    let stack = found.filter(|stack| !matches!(stack.condition(), Ok(Condition::Gone | Condition::Shell)));
    let Some(stack) = stack else {
        return Err(format!("there is no stack {} in {}", session.stack, session.client.region()));
    };
    let Some(drifts) = interrupt::unless_interrupted(session.client.drifts(&stack.id)).await else {
        return Ok(Found::Interrupted);
    };
    let mut drifts = drifts.map_err(|error| error.to_string())?;
    for drift in &mut drifts {
        for one in &mut drift.differences {
            one.expected = hidden.shown(&drift.logical_id, &one.path, &one.expected);
            one.actual = hidden.shown(&drift.logical_id, &one.path, &one.actual);
        }
    }
    if session.form == Form::Json {
        output::json(json!({
            "stack": session.stack, "region": session.client.region(), "drift": drifts.iter().map(one_json).collect::<Vec<_>>(),
        }));
    } else {
        drifts.iter().for_each(tell);
        let words = match drifts.len() {
            0 => "nothing was changed beside the stack, as far as CloudFormation can read it back".to_owned(),
            1 => "1 resource was changed beside the stack".to_owned(),
            number => format!("{number} resources were changed beside the stack"),
        };
        output::line(styled(STRONG, words));
    }
    Ok(if drifts.is_empty() { Found::Nothing } else { Found::Changes })
}

fn tell(drift: &Drift) {
    let name = show::named(&drift.kind, &drift.logical_id, &drift.physical_id);
    if drift.status == "DELETED" {
        output::line(styled(BAD, format_args!("-  {name}  was deleted")));
        return;
    }
    output::line(styled(STRONG, format_args!("~  {name}")));
    for Difference { path, expected, actual } in &drift.differences {
        let of = |text: &str| if text.is_empty() { "nothing".to_owned() } else { text.to_owned() };
        let place = path.trim_start_matches('/');
        output::line(styled(FAINT, format_args!("      {place}: {} -> {}", of(expected), of(actual))));
    }
}

fn one_json(drift: &Drift) -> Value {
    let difference =
        |one: &Difference| json!({"field": one.path, "stack": one.expected, "actual": one.actual});
    json!({
        "resource": drift.logical_id, "type": drift.kind, "physicalId": drift.physical_id, "status": drift.status,
        "differences": drift.differences.iter().map(difference).collect::<Vec<_>>(),
    })
}
