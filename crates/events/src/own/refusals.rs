//! Which targets of a bus's rules AWS would refuse to serve, and why.

use aws::{Error, Reply, operation};
use serde::{Deserialize, Serialize};
use store::{KeyRange, Read};

use crate::buses::rule::RuleName;
use crate::events::Events;
use crate::own::records::seen_bus_of;
use crate::target::input::InputMaker;
use crate::target::{TARGETS, Target};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Request {
    event_bus_name: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    /// By rule and target.
    refusals: Vec<Refusal>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Refusal {
    rule: String,
    target_id: String,
    target_arn: String,
    reason: String,
}

/// Why the target's input can be made of no event that has what it asks for.
fn never_made(target: &Target) -> Option<String> {
    let InputMaker::Template(template) = InputMaker::compile(&target.input, &target.id).ok()? else {
        return None;
    };
    let variables = template.quoted_variables();
    let wrong = variables.iter().find(|variable| variable.is_composite)?;
    Some(format!(
        "the InputTemplate has <{name}> inside quotes, and it is an object or array: the result is no JSON; write <{name}> \
         without quotes",
        name = wrong.name
    ))
}

/// As the policies and roles are now; whether deliveries are refused for it is up to `--permissions`.
pub(super) fn list(events: &Events, body: &[u8]) -> Reply {
    operation::answer(body, |request: Request| -> Result<Answer, Error> {
        let bus = seen_bus_of(events, request.event_bus_name.as_deref())?;
        let read = events.store().read(|snapshot| {
            let targets = snapshot.list(&TARGETS, &KeyRange::prefix(&bus.as_str().to_owned()), usize::MAX);
            let refused = targets.into_iter().filter_map(|((_, rule, _), target)| {
                let rule = RuleName::parse(&rule)?;
                let rule_arn = rule.arn(&bus, events.region(), events.account());
                let objection = events.objection(snapshot, &rule_arn, &target);
                let reason = objection.or_else(|| never_made(&target))?;
                let (target_id, target_arn) = (target.id.clone(), target.arn.to_string());
                Some(Refusal { rule: rule.as_str().to_owned(), target_id, target_arn, reason })
            });
            refused.collect()
        });
        Ok(Answer { refusals: read.map_err(queue::error::of_store)? })
    })
}
