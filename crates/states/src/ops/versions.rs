//! PublishStateMachineVersion, ListStateMachineVersions, DeleteStateMachineVersion.

use aws::{Call, Error, Reply, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use store::{Read, Tx};

use crate::machine::{Alias, Machine, VERSIONS, Version};
use crate::name::{self, MachineName};
use crate::ops::{Item, Moment, Nothing, Paging, look, write};
use crate::{States, error, limits};

/// Gives the machine's revision a number, unless it is the last that was given one; the number, and since when.
pub(super) fn publish_revision(
    tx: &mut Tx<'_>,
    (name, machine): (&str, &mut Machine),
    description: Option<String>,
    now: Timestamp,
) -> Result<(u64, Timestamp), Error> {
    let last = Version::find(tx, name, machine.last_version);
    if let Some(last) = last.filter(|last| last.revision == machine.revision) {
        if description.is_some() && description != last.description {
            let words = "Failed to publish the state machine version for revision. A version with a different description already exists.";
            return Err(error::conflict(words));
        }
        return Ok((machine.last_version, last.created));
    }
    if Version::all(tx, name).len() >= limits::VERSIONS_MAX {
        let words = "A state machine has at most 1000 versions: delete some that no alias needs.";
        return Err(Error::sender("ServiceQuotaExceededException", words));
    }
    machine.last_version += 1;
    machine.put(tx, name);
    let version = Version { revision: machine.revision.clone(), description, created: now };
    tx.put(&VERSIONS, &(name.to_owned(), machine.last_version), &version);
    Ok((machine.last_version, now))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PublishRequest {
    state_machine_arn: String,
    revision_id: Option<String>,
    description: Option<String>,
}

/// PublishStateMachineVersion.
pub(super) fn publish(states: &States, call: Call, body: &[u8]) -> Reply {
    let (home, call) = (states.home().clone(), Moment::of(call));
    write(states, body, |request: PublishRequest| {
        let asked = MachineName::parse(&request.state_machine_arn, &home)?;
        Ok(move |tx: &mut Tx<'_>| {
            let mut machine = Machine::require(tx, asked.machine(), &asked.arn)?;
            let is_first =
                crate::machine::Revision::find(tx, &machine.revision).is_some_and(|one| one.is_first);
            let is_asked = |id: &String| *id == machine.revision || (is_first && id == "INITIAL");
            if request.revision_id.as_ref().is_some_and(|id| !is_asked(id)) {
                let words = format!(
                    "Failed to publish the State Machine version for revision {}. The current State Machine revision is {}.",
                    request.revision_id.unwrap_or_default(),
                    machine.revision
                );
                return Err(error::conflict(words));
            }
            let named = (asked.machine(), &mut machine);
            let (number, created) = publish_revision(tx, named, request.description, call.now)?;
            Ok(json!({
                "stateMachineVersionArn": name::machine_arn(&home, asked.machine(), Some(&number.to_string())),
                "creationDate": created.to_unix_seconds_f64(),
            }))
        })
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListRequest {
    state_machine_arn: String,
    #[serde(flatten)]
    paging: Paging,
}

/// ListStateMachineVersions: the newest first.
pub(super) fn list(states: &States, _: Call, body: &[u8]) -> Reply {
    look(states, body, |read, request: ListRequest| {
        let asked = MachineName::parse(&request.state_machine_arn, states.home())?;
        let items = Version::all(read, asked.machine()).into_iter().map(|(number, version)| Item {
            // The order of names is the reverse of that of numbers.
            name: format!("{:020}", u64::MAX - number),
            shown: json!({
                "stateMachineVersionArn":
                    name::machine_arn(states.home(), asked.machine(), Some(&number.to_string())),
                "creationDate": version.created.to_unix_seconds_f64(),
            }),
        });
        let items = items.collect();
        request.paging.answer("stateMachineVersions", items)
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DeleteRequest {
    state_machine_version_arn: String,
}

/// The aliases that lead to a version.
fn aliases_of(read: &mut impl Read, machine: &str, number: u64) -> Vec<String> {
    let all = Alias::all(read, machine).into_iter();
    let leading = all.filter(|(_, alias)| alias.routes.iter().any(|route| route.version == number));
    leading.map(|(name, _)| name).collect()
}

/// DeleteStateMachineVersion.
pub(super) fn delete(states: &States, _: Call, body: &[u8]) -> Reply {
    let home = states.home().clone();
    write(states, body, |request: DeleteRequest| {
        let asked = MachineName::parse(&request.state_machine_version_arn, &home)?;
        let number = asked.version().ok_or_else(|| {
            error::invalid_arn(format!("Resource type not valid in this context: {}", asked.arn))
        })?;
        Ok(move |tx: &mut Tx<'_>| {
            let aliases = aliases_of(tx, asked.machine(), number);
            if !aliases.is_empty() {
                let names = aliases.join(", ");
                return Err(error::conflict(format!(
                    "Version to be deleted must not be referenced by an alias. Current list of aliases referencing this version: [{names}]"
                )));
            }
            tx.remove(&VERSIONS, &(asked.machine().to_owned(), number));
            Ok(Nothing {})
        })
    })
}

/// What is shown of a version as a route's end.
pub(super) fn route_value(home: &aws::Scope, machine: &str, route: crate::machine::Route) -> Value {
    json!({
        "stateMachineVersionArn": name::machine_arn(home, machine, Some(&route.version.to_string())),
        "weight": route.weight,
    })
}
