//! `trunkline destroy --to aws`: the stack gone, and what it retains told.

use std::process::ExitCode;

use provision::Pipeline;
use provision::stack::record::{Deletion, Protection};
use provision::stack::{Condition, Follow, Stack};

use crate::deployment::{Agreement, Target};
use crate::output::{self, BAD, FAINT, Form, STRONG, styled};
use crate::stack::consent::{self, Said};
use crate::stack::ending::{self, Work};
use crate::stack::options::{Given, HEADING};
use crate::stack::other_side::{self, OtherSide};
use crate::stack::recovery;
use crate::stack::session::{Session, Subject};
use crate::stack::watch;
use crate::stack::{Options, interrupt, show};

/// What `destroy` takes besides.
#[derive(Debug, clap::Args)]
pub(crate) struct DestroyOptions {
    /// Leave this resource in the account where the last deletion failed
    #[arg(long, value_name = "NAME", help_heading = HEADING)]
    retain: Vec<String>,
    /// Take the stack's termination protection away first
    #[arg(long, help_heading = HEADING)]
    unprotect: bool,
}

impl DestroyOptions {
    /// Those that are given.
    pub(crate) fn given(&self) -> [Given; 2] {
        [
            Given { name: "--retain", is_given: !self.retain.is_empty() },
            Given { name: "--unprotect", is_given: self.unprotect },
        ]
    }
}

/// Deletes the stack. Exit status 0 where it is gone, 1 where something failed or nobody agreed, 130 after Ctrl-C.
///
/// # Errors
/// The file's mistakes, CloudFormation's words, or why the stack cannot be deleted now.
pub(crate) fn run(
    target: &Target,
    options: &Options,
    own: &DestroyOptions,
    agreement: Agreement,
) -> Result<ExitCode, String> {
    let (session, Subject { pipeline, .. }) = Session::of_file(target, options)?;
    interrupt::block_on(async {
        let Some(found) = interrupt::unless_interrupted(session.find()).await else {
            return Ok(interrupt::status());
        };
        let found = found?;
        let Some(stack) = found.filter(|stack| stack.condition() != Ok(Condition::Gone)) else {
            return Ok(nothing(&session));
        };
        check(&session, &stack, own)?;
        if session.form == Form::Text {
            match interrupt::unless_interrupted(tell(&session, &stack, own)).await {
                Some(told) => told?,
                None => return Ok(interrupt::status()),
            }
        }
        let question = format!("Type the stack's name to delete it ({}): ", stack.name);
        match consent::name(question, &stack.name, agreement).await? {
            Said::Yes => {}
            Said::Interrupted => return Ok(interrupt::status()),
            Said::No => {
                output::note("nothing was deleted");
                return Ok(ExitCode::FAILURE);
            }
        }
        if interrupt::came() {
            return Ok(interrupt::status());
        }
        both_sides(&session, &stack, (own, &pipeline)).await
    })
}

/// Backwards: the org stops sending, the stack goes, then the org's integration.
async fn both_sides(
    session: &Session<'_>,
    stack: &Stack,
    (own, pipeline): (&DestroyOptions, &Pipeline),
) -> Result<ExitCode, String> {
    let Some(side) = other_side::step(OtherSide::of(pipeline)).await? else { return Ok(interrupt::status()) };
    let Some(side) = side else { return delete(session, stack, own).await };
    let stopped = async {
        let found = side.find(&stack.id).await?;
        side.stop(session, &found).await.map(|()| found)
    };
    let Some(found) = other_side::step(stopped).await? else { return Ok(interrupt::status()) };
    let done = delete(session, stack, own).await?;
    if done != ExitCode::SUCCESS {
        return Ok(done);
    }
    Ok(other_side::step(side.remove(session, &found)).await?.map_or_else(interrupt::status, |()| done))
}

/// # Errors
/// Where the stack cannot be deleted as it stands.
fn check(session: &Session<'_>, stack: &Stack, own: &DestroyOptions) -> Result<(), String> {
    let condition = stack.condition().map_err(|error| error.to_string())?;
    if condition == Condition::UnderWay {
        return Err(format!(
            "something is under way in the stack {} ({}); `trunkline apply --to aws` waits for its end, or try again later",
            stack.name, stack.status
        ));
    }
    if stack.is_protected && !own.unprotect {
        return Err(format!(
            "the stack {} is protected from being deleted; --unprotect takes that away first",
            session.stack
        ));
    }
    if !own.retain.is_empty() && condition != Condition::HalfDeleted {
        return Err(format!(
            "--retain is for a stack whose deletion failed; {} is {}",
            session.stack, stack.status
        ));
    }
    Ok(())
}

async fn delete(session: &Session<'_>, stack: &Stack, own: &DestroyOptions) -> Result<ExitCode, String> {
    let words = |error: provision::stack::StackError| error.to_string();
    if stack.is_protected {
        session.client.protect(&stack.name, Protection::Off).await.map_err(words)?;
    }
    let follow = Follow::begin(&session.client, &stack.id).await.map_err(words)?;
    let token = recovery::token(session);
    let how = Deletion { retain: &own.retain, role: session.role, token: &token };
    session.client.delete_stack(&stack.id, how).await.map_err(words)?;
    let Some(ended) = watch::watch(session, follow).await? else { return Ok(interrupt::status()) };
    Ok(ending::tell(session, Work::Delete, (&ended, None)))
}

/// Shows what goes and what stays.
async fn tell(session: &Session<'_>, stack: &Stack, own: &DestroyOptions) -> Result<(), String> {
    let words = |error: provision::stack::StackError| error.to_string();
    let resources = session.client.resources(&stack.id).await.map_err(words)?;
    let template = session.client.template(&stack.id).await.map_err(words)?;
    output::line(format_args!("stack {} in {}", session.stack, session.client.region()));
    for resource in resources.iter().filter(|resource| resource.status != "DELETE_COMPLETE") {
        let name = show::named(&resource.kind, &resource.logical_id, &resource.physical_id);
        let is_kept = own.retain.contains(&resource.logical_id) || template.retains(&resource.logical_id);
        let data = provision::stack::noun::data(&resource.kind);
        match (is_kept, data) {
            (true, _) => output::line(styled(STRONG, format_args!("<  {name}  stays in the account"))),
            (false, Some(data)) => output::line(styled(BAD, format_args!("-  {name}  with {data}"))),
            (false, None) => output::line(styled(FAINT, format_args!("-  {name}"))),
        }
    }
    Ok(())
}

fn nothing(session: &Session<'_>) -> ExitCode {
    if session.form == Form::Json {
        output::json(serde_json::json!({
            "stack": session.stack, "region": session.client.region(), "isDone": true, "failed": [], "left": [], "events": [],
        }));
    } else {
        output::line(format_args!("there is no stack {} in {}", session.stack, session.client.region()));
    }
    ExitCode::SUCCESS
}
