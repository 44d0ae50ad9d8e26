//! `trunkline plan --to aws`: what a change set would do, and nothing left of it.

use provision::forecast::{self, Load};
use provision::stack::{Condition, Stack};
use serde_json::json;

use crate::deployment::Target;
use crate::output::{self, Form, STRONG, styled};
use crate::stack::foreseen::{Foreseen, Lints};
use crate::stack::found::Found;
use crate::stack::hidden::Hidden;
use crate::stack::options::{Given, HEADING, Parameters};
use crate::stack::other_side::{self, OtherSide};
use crate::stack::session::{Proposed, Session, Subject, Template};
use crate::stack::{Options, drift, interrupt, show};

/// What `plan` takes besides.
#[derive(Debug, clap::Args)]
pub(crate) struct PlanOptions {
    #[command(flatten)]
    parameters: Parameters,
    /// Keep the change set, for `trunkline apply --to aws CHANGE-SET`
    #[arg(long, help_heading = HEADING)]
    keep: bool,
    /// Show what was changed beside the stack, instead of what the file would change
    #[arg(long, conflicts_with = "keep", help_heading = HEADING)]
    drift: bool,
    /// Events that come to the bus, such as 40/s, 600/min or 1000000/d: shows what they cost a month and which quotas they come near. Default:
    /// the cost of a million events
    #[arg(long, value_name = "RATE", value_parser = forecast::rate, conflicts_with = "drift", help_heading = HEADING)]
    rate: Option<f64>,
    /// Show how long so many waiting messages take until they are done
    #[arg(long, value_name = "MESSAGES", conflicts_with = "drift", value_parser = clap::value_parser!(u32).range(1..), help_heading = HEADING)]
    backlog: Option<u32>,
}

impl PlanOptions {
    /// Those that are given.
    pub(crate) fn given(&self) -> [Given; 6] {
        let [parameter, bucket] = self.parameters.given();
        [
            parameter,
            bucket,
            Given { name: "--keep", is_given: self.keep },
            Given { name: "--drift", is_given: self.drift },
            Given { name: "--rate", is_given: self.rate.is_some() },
            Given { name: "--backlog", is_given: self.backlog.is_some() },
        ]
    }

    fn load(&self) -> Load {
        Load { rate: self.rate, backlog: self.backlog.map(f64::from) }
    }
}

/// Shows what applying the file would change.
///
/// # Errors
/// The file's mistakes, CloudFormation's words, or why the stack cannot be changed now.
pub(crate) fn run(target: &Target, options: &Options, own: &PlanOptions) -> Result<Found, String> {
    let (session, Subject { exported, pipeline, file }) = Session::of_file(target, options)?;
    interrupt::block_on(async {
        let found = match interrupt::unless_interrupted(session.find()).await {
            Some(found) => found?,
            None => return Ok(Found::Interrupted),
        };
        if own.drift {
            return drift::show(&session, found.as_ref(), &Hidden::of(&exported)).await;
        }
        let template = Template::of(exported, own.parameters.bucket())?;
        let odd = found.as_ref().filter(|stack| stack.condition() != Ok(Condition::Ready));
        if let Some(told) = odd.map(|stack| cannot_compare(&session, stack)).transpose()?.flatten() {
            return Ok(told);
        }
        let Some(other_side) = other_side::step(OtherSide::of(&pipeline)).await? else {
            return Ok(Found::Interrupted);
        };
        let mut parameters = own.parameters.values();
        if let Some(other_side) = &other_side {
            other_side.name_source(&mut parameters);
        }
        let Some(proposed) = session.propose(&template, &parameters, found.as_ref()).await? else {
            return Ok(Found::Interrupted);
        };
        let forecast = forecast::forecast(&pipeline, session.client.region(), template.size(), own.load());
        let other = match (&other_side, proposed.stack_id()) {
            (Some(side), Some(stack)) => Some((side, side.find(stack).await?)),
            _ => None,
        };
        let foreseen = Foreseen { forecast, lints: Lints::of(&file, &pipeline), other };
        tell(&session, &proposed, (own, &foreseen));
        if !(own.keep && proposed.changes().is_some()) {
            session.withdraw(&proposed).await?;
        }
        Ok(if proposed.changes().is_some() { Found::Changes } else { Found::Nothing })
    })
}

/// What can be said of a stack with which nothing can be compared; `None` where it can.
///
/// # Errors
/// What has to be done before.
fn cannot_compare(session: &Session<'_>, stack: &Stack) -> Result<Option<Found>, String> {
    let name = &stack.name;
    let status = &stack.status;
    let sentence = match stack.condition().map_err(|error| error.to_string())? {
        Condition::Gone | Condition::Shell | Condition::Ready => return Ok(None),
        Condition::Remains => {
            format!(
                "the first creation of the stack {name} failed ({status}); apply deletes what is left of it and makes it anew"
            )
        }
        Condition::HalfChanged => {
            return Err(format!(
                "the last change of the stack {name} failed and was left so ({status}); apply rolls it back, and goes on"
            ));
        }
        Condition::Stuck => {
            return Err(format!(
                "the stack {name} could not be rolled back ({status}); apply shows why, continues that, and goes on"
            ));
        }
        Condition::HalfDeleted => {
            return Err(format!(
                "the stack {name} could not be deleted ({status}); `trunkline destroy --to aws` shows why, and tries again"
            ));
        }
        Condition::UnderWay => {
            return Err(format!(
                "something is under way in the stack {name} ({status}); apply waits for its end, and goes on"
            ));
        }
    };
    if session.form == Form::Json {
        output::json(json!({
            "stack": name, "region": session.client.region(), "status": status, "changeSet": null, "changes": null, "why": sentence,
        }));
    } else {
        output::line(sentence);
    }
    Ok(Some(Found::Changes))
}

fn tell(session: &Session<'_>, proposed: &Proposed, (own, foreseen): (&PlanOptions, &Foreseen<'_>)) {
    let kept = proposed.changes().filter(|_| own.keep).map(|changes| changes.id.as_str());
    if session.form == Form::Json {
        output::json(json!({
            "stack": session.stack, "region": session.client.region(), "changeSet": kept,
            "isNew": matches!(proposed.kind, provision::stack::Kind::Create { .. }),
            "changes": proposed.changes().map_or_else(|| json!([]), show::json),
            "forecast": foreseen.json(), "lints": foreseen.lints.json(), "org": foreseen.other.as_ref().map(|(side, found)| side.json(found)),
        }));
        return;
    }
    heading(session, proposed);
    match proposed.changes() {
        Some(changes) => show::show(changes),
        None => output::line(styled(STRONG, "nothing to change")),
    }
    if let Some((side, found)) = &foreseen.other {
        side.show(found);
    }
    foreseen.show();
    if let Some(id) = kept {
        output::line(format_args!("kept as {id}\ntrunkline apply --to aws {id} does exactly this"));
    }
}

/// `stack crm in eu-west-1, which is new`.
pub(crate) fn heading(session: &Session<'_>, proposed: &Proposed) {
    let new =
        if matches!(proposed.kind, provision::stack::Kind::Create { .. }) { ", which is new" } else { "" };
    output::line(format_args!("stack {} in {}{new}", session.stack, session.client.region()));
}
