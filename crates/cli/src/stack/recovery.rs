//! A stack that cannot be changed as it stands: the way to where it can.

use provision::stack::record::Deletion;
use provision::stack::{Condition, Follow, Rest, Stack, StackError};
use server::Server;

use crate::deployment::Agreement;
use crate::output;
use crate::stack::consent::{self, Said};
use crate::stack::session::Session;
use crate::stack::watch::{self, Ended};
use crate::stack::{interrupt, show};

/// Steps until a stack can be changed, at most: rolled back, found to be remains, deleted.
const STEPS_MAX: u32 = 4;

/// Where the way ended.
#[derive(Debug)]
pub(crate) enum Way {
    /// The stack can be changed, or made where there is none.
    Clear(Option<Stack>),
    /// Nobody agreed.
    Refused,
    /// Ctrl-C.
    Interrupted,
}

/// What a person said beforehand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Beforehand<'b> {
    pub(crate) agreement: Agreement,
    /// Resources that a rollback skips.
    pub(crate) skip: &'b [String],
}

/// One step.
enum Step {
    Done,
    Stop(Way),
}

/// Takes a stack to where it can be changed, asking before each step that does something.
///
/// # Errors
/// CloudFormation's words, or what has to be done before.
pub(crate) async fn clear(session: &Session<'_>, said: Beforehand<'_>) -> Result<Way, String> {
    for _ in 0..STEPS_MAX {
        let Some(found) = interrupt::unless_interrupted(session.find()).await else {
            return Ok(Way::Interrupted);
        };
        let Some(stack) = found? else { return Ok(Way::Clear(None)) };
        let step = match stack.condition().map_err(words)? {
            Condition::Ready | Condition::Shell | Condition::Gone => return Ok(Way::Clear(Some(stack))),
            Condition::UnderWay => await_end(session, &stack).await?,
            Condition::Remains => delete_remains(session, &stack, said).await?,
            Condition::HalfChanged => roll_back(session, &stack, said).await?,
            Condition::Stuck => continue_rollback(session, &stack, said).await?,
            Condition::HalfDeleted => {
                return Err(format!(
                    "the stack {} could not be deleted ({}); end that with `trunkline destroy --to aws`, then apply",
                    stack.name, stack.status
                ));
            }
        };
        if let Step::Stop(way) = step {
            return Ok(way);
        }
    }
    Err(format!("the stack {} does not come to rest; look at it in CloudFormation's console", session.stack))
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` hands it over")]
fn words(error: StackError) -> String {
    error.to_string()
}

async fn await_end(session: &Session<'_>, stack: &Stack) -> Result<Step, String> {
    output::note(&format!(
        "something is under way in the stack {} ({}): waiting for its end",
        stack.name, stack.status
    ));
    let follow = Follow::join(&session.client, &stack.id).await.map_err(words)?;
    Ok(match watch::watch(session, follow).await? {
        Some(_) => Step::Done,
        None => Step::Stop(Way::Interrupted),
    })
}

async fn delete_remains(session: &Session<'_>, stack: &Stack, said: Beforehand<'_>) -> Result<Step, String> {
    output::note(&format!(
        "the first creation of the stack {} failed ({}): it can only be deleted",
        stack.name, stack.status
    ));
    let resources = session.client.resources(&stack.id).await.map_err(words)?;
    let template = session.client.template(&stack.id).await.map_err(words)?;
    let holding: Vec<String> = resources
        .iter()
        .filter(|one| {
            !one.physical_id.is_empty()
                && !matches!(one.status.as_str(), "DELETE_COMPLETE" | "DELETE_SKIPPED")
        })
        .filter(|one| provision::stack::noun::data(&one.kind).is_some() && !template.retains(&one.logical_id))
        .map(|one| show::named(&one.kind, &one.logical_id, &one.physical_id))
        .collect();
    if !holding.is_empty() {
        let held = holding.join(", ");
        if said.agreement == Agreement::Given {
            return Err(format!(
                "the stack {} still has {held}, whose data would be lost; end it with `trunkline destroy --to aws`, then apply",
                stack.name
            ));
        }
        output::note(&format!("with it goes the data of {held}"));
    }
    let question = format!("Delete what is left of the stack {}, and make it anew?", stack.name);
    if let Some(stop) = stop(consent::ask(question, said.agreement).await?) {
        return Ok(stop);
    }
    let follow = Follow::begin(&session.client, &stack.id).await.map_err(words)?;
    let token = token(session);
    let how = Deletion { role: session.role, token: &token, ..Deletion::default() };
    session.client.delete_stack(&stack.id, how).await.map_err(words)?;
    match watch::watch(session, follow).await? {
        None => Ok(Step::Stop(Way::Interrupted)),
        Some(Ended { rest: Rest::Deleted, .. }) => Ok(Step::Done),
        Some(ended) => Err(unmoved(session, &ended)),
    }
}

async fn roll_back(session: &Session<'_>, stack: &Stack, said: Beforehand<'_>) -> Result<Step, String> {
    output::note(&format!(
        "the last change of the stack {} failed and was left so ({})",
        stack.name, stack.status
    ));
    let question = format!("Roll the stack {} back, and go on?", stack.name);
    if let Some(stop) = stop(consent::ask(question, said.agreement).await?) {
        return Ok(stop);
    }
    let follow = Follow::begin(&session.client, &stack.id).await.map_err(words)?;
    session.client.roll_back(&stack.name, session.role).await.map_err(words)?;
    rolled_back(session, follow).await
}

async fn continue_rollback(
    session: &Session<'_>,
    stack: &Stack,
    said: Beforehand<'_>,
) -> Result<Step, String> {
    let failures = session.client.rollback_failures(&stack.id).await.map_err(words)?;
    output::note(&format!("the stack {} could not be rolled back ({}):", stack.name, stack.status));
    for event in &failures {
        let name = show::named(&event.kind, &event.logical_id, &event.physical_id);
        output::note(&format!("  {name}: {}", event.reason));
    }
    let known = |name: &&String| !failures.iter().any(|event| event.logical_id == **name);
    if let Some(unknown) = said.skip.iter().find(known) {
        let names: Vec<&str> = failures.iter().map(|event| event.logical_id.as_str()).collect();
        return Err(format!(
            "--skip {unknown}: what stands in the way of the rollback is {}",
            names.join(", ")
        ));
    }
    let question = match said.skip {
        [] => "Try them again? (--skip NAME leaves one as it is)".to_owned(),
        skip => format!("Go on with the rollback, and leave as they are: {}?", skip.join(", ")),
    };
    if let Some(stop) = stop(consent::ask(question, said.agreement).await?) {
        return Ok(stop);
    }
    let follow = Follow::begin(&session.client, &stack.id).await.map_err(words)?;
    session.client.continue_rollback(&stack.name, said.skip, session.role).await.map_err(words)?;
    rolled_back(session, follow).await
}

async fn rolled_back(session: &Session<'_>, follow: Follow<'_>) -> Result<Step, String> {
    match watch::watch(session, follow).await? {
        None => Ok(Step::Stop(Way::Interrupted)),
        Some(Ended { rest: Rest::RolledBack | Rest::Done, .. }) => Ok(Step::Done),
        Some(ended) => Err(unmoved(session, &ended)),
    }
}

fn unmoved(session: &Session<'_>, ended: &Ended) -> String {
    let causes = ended.causes();
    let causes: Vec<String> = causes
        .map(|event| {
            let name = show::named(&event.kind, &event.logical_id, &event.physical_id);
            format!("\n  {name}: {}", event.reason)
        })
        .collect();
    let next = match ended.status.as_str() {
        "UPDATE_ROLLBACK_FAILED" => "mend the cause and apply again; --skip NAME leaves a resource as it is",
        "DELETE_FAILED" => {
            "mend the cause and run `trunkline destroy --to aws`; --retain NAME leaves a resource in the account"
        }
        _ => "look at it in CloudFormation's console",
    };
    format!("the stack {} is {}: {next}{}", session.stack, ended.status, causes.concat())
}

fn stop(said: Said) -> Option<Step> {
    match said {
        Said::Yes => None,
        Said::No => Some(Step::Stop(Way::Refused)),
        Said::Interrupted => Some(Step::Stop(Way::Interrupted)),
    }
}

/// A token for one operation.
pub(crate) fn token(session: &Session<'_>) -> String {
    format!("trunkline-{}-{}", session.stack, (Server::surroundings().now)().unix_ms())
        .chars()
        .take(128)
        .collect()
}
