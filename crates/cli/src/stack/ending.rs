//! How an operation ended, told with its causes and the next step.

use std::process::ExitCode;

use provision::stack::{Rest, StackEvent};
use serde_json::{Value, json};

use crate::output::{self, Form, GOOD, styled};
use crate::stack::session::Session;
use crate::stack::show;
use crate::stack::watch::Ended;
use crate::stack::workers::Instructions;

/// What was to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    Create,
    Change,
    Delete,
}

/// Tells it; exit status 0 where the work is done.
pub(crate) fn tell(
    session: &Session<'_>,
    work: Work,
    (ended, workers): (&Ended, Option<&Instructions>),
) -> ExitCode {
    let is_done = is_done(work, ended);
    if session.form == Form::Json {
        output::json(whole_json(session, work, (ended, workers)));
    } else if is_done {
        let words = if work == Work::Delete { "is gone" } else { "is as the file says" };
        output::line(styled(GOOD, format_args!("stack {} {words}", session.stack)));
    }
    let left: Vec<String> = left_behind(ended).map(named).collect();
    if !left.is_empty() && session.form == Form::Text {
        output::note(&format!("left in the account, outside of any stack: {}", left.join(", ")));
    }
    if is_done {
        if let (Some(workers), Form::Text) = (workers, session.form) {
            workers.tell();
        }
        return ExitCode::SUCCESS;
    }
    output::error(&sentence(session, ended));
    ExitCode::FAILURE
}

/// What is no longer in the stack, and is still there.
fn left_behind(ended: &Ended) -> impl Iterator<Item = &StackEvent> {
    ended.events.iter().filter(|event| event.status == "DELETE_SKIPPED")
}

fn named(event: &StackEvent) -> String {
    show::named(&event.kind, &event.logical_id, &event.physical_id)
}

/// What happened, why, and what is next.
fn sentence(session: &Session<'_>, ended: &Ended) -> String {
    let stack = &session.stack;
    let causes: Vec<String> =
        ended.causes().map(|event| format!("  {}: {}", named(event), event.reason)).collect();
    let causes = match (causes.as_slice(), ended.status_reason.as_str()) {
        ([], "") => String::new(),
        ([], reason) => format!("\n  {reason}"),
        (causes, _) => format!("\n{}", causes.join("\n")),
    };
    let outcome = match (ended.rest, ended.status.as_str()) {
        (Rest::Deleted, _) => format!(
            "the stack {stack} was not made, and nothing is left of it; mend the cause and apply again"
        ),
        (Rest::RolledBack, "ROLLBACK_COMPLETE") => {
            format!("the stack {stack} was not made; apply deletes what is left of it and makes it anew")
        }
        (Rest::RolledBack, _) => {
            format!(
                "the change failed and was rolled back: the stack {stack} is as it was before; mend the cause and apply again"
            )
        }
        (Rest::HalfWay, "UPDATE_ROLLBACK_FAILED") => {
            "the change failed, and so did its rollback; mend the cause and apply again, which continues it; --skip NAME leaves a resource as \
             it is"
                .to_owned()
        }
        (Rest::HalfWay, "DELETE_FAILED") => format!(
            "the stack {stack} could not be deleted; mend the cause and destroy again; --retain NAME leaves a resource in the account"
        ),
        (Rest::HalfWay, status) => {
            format!("the stack {stack} stands half-way ({status}); apply takes it up from there")
        }
        (Rest::Done, status) => format!("the stack {stack} is {status}"),
    };
    format!("{outcome}{causes}")
}

fn is_done(work: Work, ended: &Ended) -> bool {
    match work {
        Work::Create | Work::Change => ended.rest == Rest::Done,
        Work::Delete => ended.rest == Rest::Deleted,
    }
}

fn whole_json(session: &Session<'_>, work: Work, (ended, workers): (&Ended, Option<&Instructions>)) -> Value {
    let event = |event: &StackEvent| {
        json!({
            "time": event.time, "resource": event.logical_id, "type": event.kind, "physicalId": event.physical_id,
            "status": event.status, "reason": event.reason,
        })
    };
    json!({
        "stack": session.stack, "region": session.client.region(), "status": ended.status, "reason": ended.status_reason,
        "isDone": is_done(work, ended), "worker": workers.map(Instructions::json),
        "failed": ended.causes().map(event).collect::<Vec<_>>(), "left": left_behind(ended).map(event).collect::<Vec<_>>(),
        "events": ended.events.iter().map(event).collect::<Vec<_>>(),
    })
}
