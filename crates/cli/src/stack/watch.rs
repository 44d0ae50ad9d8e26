//! An operation on a stack, shown while it goes on.

use provision::stack::{Follow, Rest, StackEvent};

use crate::output::{self, BAD, FAINT, Form, GOOD, styled};
use crate::stack::session::Session;
use crate::stack::{interrupt, show};

/// How an operation ended.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    pub(crate) rest: Rest,
    pub(crate) status: String,
    pub(crate) status_reason: String,
    /// All that happened, oldest first.
    pub(crate) events: Vec<StackEvent>,
}

impl Ended {
    /// What failed by itself, not because of something else.
    pub(crate) fn causes(&self) -> impl Iterator<Item = &StackEvent> {
        let failures = self.events.iter().filter(|event| event.is_failure() && !event.is_of_stack());
        failures.filter(|event| !event.is_consequence())
    }
}

/// Shows what happens until the stack comes to rest; `None` where Ctrl-C comes first.
///
/// # Errors
/// CloudFormation's words, and that it goes on without us.
pub(crate) async fn watch(session: &Session<'_>, follow: Follow<'_>) -> Result<Option<Ended>, String> {
    let mut events = Vec::new();
    let watched = interrupt::unless_interrupted(until_rest(session, follow, &mut events)).await;
    match watched {
        Some(Ok(ended)) => Ok(Some(Ended { events, ..ended })),
        Some(Err(error)) => Err(format!("{error}\n{}", goes_on(session))),
        None => {
            output::note(&goes_on(session));
            Ok(None)
        }
    }
}

async fn until_rest(
    session: &Session<'_>,
    mut follow: Follow<'_>,
    events: &mut Vec<StackEvent>,
) -> Result<Ended, String> {
    let mut looks = 0;
    loop {
        let look = follow.look().await.map_err(|error| error.to_string())?;
        // As soon as something happens, the next thing may be near.
        looks = if look.events.is_empty() { looks + 1 } else { 0 };
        for event in &look.events {
            tell(session, event);
        }
        events.extend(look.events);
        if let Some(rest) = look.rest {
            let (status, status_reason) = (look.status, look.status_reason);
            return Ok(Ended { rest, status, status_reason, events: Vec::new() });
        }
        session.client.pause(looks).await;
    }
}

fn tell(session: &Session<'_>, event: &StackEvent) {
    if session.form == Form::Json {
        return;
    }
    let reason = if event.reason.is_empty() { String::new() } else { format!(": {}", event.reason) };
    let status = event.status.to_lowercase().replace('_', " ");
    let style = match event.status.as_str() {
        status if status.ends_with("_FAILED") => BAD,
        status if status.contains("ROLLBACK") => BAD,
        status if status.ends_with("_COMPLETE") => GOOD,
        _ => FAINT,
    };
    let what = if event.is_of_stack() {
        format!("stack {}", session.stack)
    } else {
        show::named(&event.kind, &event.logical_id, &event.physical_id)
    };
    output::line(styled(style, format_args!("{status:<20} {what}{reason}")));
}

/// What goes on when nobody looks any more.
fn goes_on(session: &Session<'_>) -> String {
    let (stack, region) = (&session.stack, session.client.region());
    format!(
        "CloudFormation goes on without this command. `trunkline apply --to aws --stack {stack}` waits for its end;\n\
         `aws cloudformation cancel-update-stack --stack-name {stack} --region {region}` stops a change and rolls it back"
    )
}
