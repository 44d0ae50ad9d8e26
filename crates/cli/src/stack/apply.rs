//! `trunkline apply --to aws`: exactly the change set that was shown.

use std::process::ExitCode;

use provision::stack::record::Protection;
use provision::stack::{ChangeSet, Condition, Follow, Kind};
use worker::Remote;

use crate::deployment::{Agreement, Target};
use crate::output::{self, Form, STRONG, styled};
use crate::stack::consent::{self, Said};
use crate::stack::ending::{self, Work};
use crate::stack::options::{Given, HEADING, Parameters};
use crate::stack::other_side::{self, OtherSide};
use crate::stack::recovery::{self, Beforehand, Way};
use crate::stack::session::{Session, Subject, Template};
use crate::stack::watch;
use crate::stack::workers::Instructions;
use crate::stack::{Options, interrupt, plan, show};

/// What `apply` takes besides.
#[derive(Debug, clap::Args)]
pub(crate) struct ApplyOptions {
    /// Do exactly what this change set says: the ARN that `trunkline plan --to aws --keep` printed
    #[arg(value_name = "CHANGE-SET", help_heading = HEADING)]
    change_set: Option<String>,
    #[command(flatten)]
    parameters: Parameters,
    /// Agree that this resource's data is lost or left behind; without it, its name is asked for
    #[arg(long, value_name = "NAME", help_heading = HEADING)]
    allow_replace: Vec<String>,
    /// Leave this resource as it is where a rollback that failed is continued
    #[arg(long, value_name = "NAME", help_heading = HEADING)]
    skip: Vec<String>,
    /// Protect the stack from being deleted
    #[arg(long, help_heading = HEADING)]
    protect: bool,
}

impl ApplyOptions {
    /// Those that are given.
    pub(crate) fn given(&self) -> [Given; 6] {
        let [parameter, bucket] = self.parameters.given();
        [
            Given { name: "CHANGE-SET", is_given: self.change_set.is_some() },
            parameter,
            bucket,
            Given { name: "--allow-replace", is_given: !self.allow_replace.is_empty() },
            Given { name: "--skip", is_given: !self.skip.is_empty() },
            Given { name: "--protect", is_given: self.protect },
        ]
    }
}

/// Makes the stack what the file says. Exit status 0 where it is, 1 where something failed or nobody agreed, 130 after Ctrl-C.
///
/// # Errors
/// The file's mistakes, CloudFormation's words, or why the stack cannot be changed now.
pub(crate) fn run(
    target: &Target,
    options: &Options,
    own: &ApplyOptions,
    agreement: Agreement,
) -> Result<ExitCode, String> {
    if let Some(id) = &own.change_set {
        return exactly(id, (target, options, own), agreement);
    }
    let (session, Subject { exported, pipeline, file }) = Session::of_file(target, options)?;
    let template = Template::of(exported, own.parameters.bucket())?;
    interrupt::block_on(async {
        let beforehand = Beforehand { agreement, skip: &own.skip };
        let found = match recovery::clear(&session, beforehand).await? {
            Way::Clear(found) => found,
            Way::Refused => return Ok(unchanged()),
            Way::Interrupted => return Ok(interrupt::status()),
        };
        let Some(other_side) = other_side::step(OtherSide::of(&pipeline)).await? else {
            return Ok(interrupt::status());
        };
        let mut parameters = own.parameters.values();
        if let Some(other_side) = &other_side {
            other_side.name_source(&mut parameters);
        }
        let Some(proposed) = session.propose(&template, &parameters, found.as_ref()).await? else {
            return Ok(interrupt::status());
        };
        if session.form == Form::Text {
            plan::heading(&session, &proposed);
        }
        let both = match (&other_side, proposed.stack_id()) {
            (Some(side), Some(stack)) => Some(Both {
                side,
                found: side.find(stack).await?,
                remote: options.remote(target.named_endpoint(), session.client.region())?,
            }),
            _ => None,
        };
        let Some(changes) = proposed.changes() else {
            session.withdraw(&proposed).await?;
            protect(&session, own).await?;
            // The stack may be there while the org never came to send.
            return match complete(&session, both.as_ref()).await? {
                Some(()) => Ok(nothing(&session)),
                None => Ok(interrupt::status()),
            };
        };
        if let (Some(both), Form::Text) = (&both, session.form) {
            both.side.show(&both.found);
        }
        let said = agreed(&session, changes, (own, agreement)).await;
        if !matches!(said, Ok(Said::Yes)) {
            session.withdraw(&proposed).await?;
            return said.map(declined);
        }
        let prepared = prepare(&session, both.as_ref()).await;
        if !matches!(prepared, Ok(Some(()))) {
            session.withdraw(&proposed).await?;
            return prepared.map(|_| interrupt::status());
        }
        let work = if proposed.kind == Kind::Update { Work::Change } else { Work::Create };
        let instructions = Instructions::of(&session, (&file, &pipeline), &changes.stack_id);
        let done = execute(&session, changes, (own, work, instructions)).await?;
        if done != ExitCode::SUCCESS {
            return Ok(done);
        }
        Ok(complete(&session, both.as_ref()).await?.map_or_else(interrupt::status, |()| done))
    })
}

/// The org's side of a stack, what is there of it, and the services that its source is looked for at.
struct Both<'b> {
    side: &'b OtherSide,
    found: other_side::Found,
    remote: Remote,
}

/// Makes the org's side as far as it comes before the stack; `None` after Ctrl-C.
async fn prepare(session: &Session<'_>, both: Option<&Both<'_>>) -> Result<Option<()>, String> {
    let Some(Both { side, found, remote }) = both else { return Ok(Some(())) };
    other_side::step(side.prepare(session, found, remote)).await
}

/// Has the org send, now that the stack is there; `None` after Ctrl-C.
async fn complete(session: &Session<'_>, both: Option<&Both<'_>>) -> Result<Option<()>, String> {
    let Some(Both { side, found, .. }) = both else { return Ok(Some(())) };
    other_side::step(side.complete(session, found)).await
}

/// Does what a kept change set says.
fn exactly(
    id: &str,
    (target, options, own): (&Target, &Options, &ApplyOptions),
    agreement: Agreement,
) -> Result<ExitCode, String> {
    if let Some(option) = own
        .given()
        .iter()
        .chain([&Given { name: "--stack", is_given: options.named_stack().is_some() }])
        .find(|one| one.is_given && matches!(one.name, "--parameter" | "--bucket" | "--skip" | "--stack"))
    {
        return Err(format!("{} is part of the change set already", option.name));
    }
    if !id.starts_with("arn:") {
        return Err(format!(
            "'{id}' is no ARN of a change set, as `trunkline plan --to aws --keep` prints it"
        ));
    }
    let client = options.client(target.named_endpoint())?;
    interrupt::block_on(async {
        let changes = client.change_set(id, None).await.map_err(|error| error.to_string())?;
        let stack = client.stack(&changes.stack_id).await.map_err(|error| error.to_string())?;
        let condition = stack
            .as_ref()
            .map(provision::stack::Stack::condition)
            .transpose()
            .map_err(|error| error.to_string())?;
        let session = Session {
            stack: changes.stack.clone(),
            role: options.role(),
            description: String::new(),
            form: target.form(),
            client,
        };
        if !changes.is_available() {
            return Err(format!(
                "the change set cannot be executed any more ({} {}): something changed the stack since it was made; make another with \
                 `trunkline plan --to aws --keep`",
                changes.status, changes.execution_status
            ));
        }
        let is_new = condition == Some(Condition::Shell);
        if session.form == Form::Text {
            let new = if is_new { ", which is new" } else { "" };
            output::line(format_args!("stack {} in {}{new}", session.stack, session.client.region()));
        }
        // A change set that somebody kept stays where nobody agrees now.
        match agreed(&session, &changes, (own, agreement)).await? {
            Said::Yes => {
                execute(&session, &changes, (own, if is_new { Work::Create } else { Work::Change }, None))
                    .await
            }
            said => Ok(declined(said)),
        }
    })
}

async fn agreed(
    session: &Session<'_>,
    changes: &ChangeSet,
    (own, agreement): (&ApplyOptions, Agreement),
) -> Result<Said, String> {
    if session.form == Form::Text {
        show::show(changes);
    }
    let said = match consent::to_losses(changes, &own.allow_replace).await? {
        Said::Yes => consent::ask("Apply these changes?".to_owned(), agreement).await?,
        said => said,
    };
    // Until here everything can be taken back.
    Ok(if interrupt::came() { Said::Interrupted } else { said })
}

async fn execute(
    session: &Session<'_>,
    changes: &ChangeSet,
    (own, work, instructions): (&ApplyOptions, Work, Option<Instructions>),
) -> Result<ExitCode, String> {
    let words = |error: provision::stack::StackError| error.to_string();
    let follow = Follow::begin(&session.client, &changes.stack_id).await.map_err(words)?;
    let token = recovery::token(session);
    session.client.execute_change_set(&changes.id, &token).await.map_err(words)?;
    let Some(ended) = watch::watch(session, follow).await? else { return Ok(interrupt::status()) };
    if ended.rest == provision::stack::Rest::Done {
        protect(session, own).await?;
    }
    Ok(ending::tell(session, work, (&ended, instructions.as_ref())))
}

async fn protect(session: &Session<'_>, own: &ApplyOptions) -> Result<(), String> {
    if !own.protect {
        return Ok(());
    }
    let outcome = session.client.protect(&session.stack, Protection::On).await;
    outcome.map_err(|error| format!("the stack {} could not be protected: {error}", session.stack))
}

fn nothing(session: &Session<'_>) -> ExitCode {
    if session.form == Form::Json {
        output::json(serde_json::json!({
            "stack": session.stack, "region": session.client.region(), "isDone": true, "failed": [], "left": [], "events": [],
        }));
    } else {
        output::line(styled(STRONG, "nothing to change"));
    }
    ExitCode::SUCCESS
}

fn declined(said: Said) -> ExitCode {
    if said == Said::Interrupted { interrupt::status() } else { unchanged() }
}

fn unchanged() -> ExitCode {
    output::note("nothing was changed");
    ExitCode::FAILURE
}
