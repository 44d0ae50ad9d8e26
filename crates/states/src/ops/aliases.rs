//! CreateStateMachineAlias, UpdateStateMachineAlias, DescribeStateMachineAlias, ListStateMachineAliases,
//! DeleteStateMachineAlias.

use aws::{Call, Error, Reply, Scope};
use serde::Deserialize;
use serde_json::{Value, json};
use store::{Read, Tx};

use crate::machine::{ALIASES, Alias, Machine, Route, Version};
use crate::name::{self, MachineName};
use crate::ops::versions::route_value;
use crate::ops::{Item, Moment, Nothing, Paging, look, write};
use crate::{States, error, limits};

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RouteRequest {
    state_machine_version_arn: String,
    weight: i64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateRequest {
    name: String,
    description: Option<String>,
    routing_configuration: Vec<RouteRequest>,
}

/// The machine and the routes of a configuration.
struct Routes {
    machine: String,
    routes: Vec<Route>,
}

/// Reads a routing configuration. Source of the words: LocalStack's recordings test_sfn_api_aliasing.
fn routes(asked: &[RouteRequest], home: &Scope) -> Result<Routes, Error> {
    if asked.is_empty() || asked.len() > 2 {
        let bound = if asked.is_empty() { "greater than or equal to 1" } else { "less than or equal to 2" };
        return Err(Error::validation(format!(
            "1 validation error detected: Value at 'routingConfiguration' failed to satisfy constraint: Member must have length {bound}"
        )));
    }
    let mut machine: Option<String> = None;
    let mut routes = Vec::new();
    for one in asked {
        let named = MachineName::parse(&one.state_machine_version_arn, home)?;
        let version = named
            .version()
            .ok_or_else(|| error::invalid_arn("Version ARN is required in routing configuration"))?;
        let weight = u8::try_from(one.weight).ok().filter(|weight| *weight <= 100);
        let weight = weight.ok_or_else(|| Error::validation(format!("1 validation error detected: Value '{}' at 'routingConfiguration.weight' failed to satisfy constraint: Member must have value between 0 and 100", one.weight)))?;
        if machine.as_ref().is_some_and(|machine| machine != named.machine()) {
            return Err(Error::validation(
                "Routing configuration must contain versions of the same state machine",
            ));
        }
        machine = Some(named.machine().to_owned());
        if routes.iter().any(|route: &Route| route.version == version) {
            return Err(Error::validation("Routing configuration must not contain the same version twice"));
        }
        routes.push(Route { version, weight });
    }
    let sum: u64 = routes.iter().map(|route| u64::from(route.weight)).sum();
    if sum != 100 {
        return Err(Error::validation(format!(
            "Sum of routing configuration weights must equal 100. Received: {}",
            json!(routes.iter().map(|route| route.weight).collect::<Vec<_>>())
        )));
    }
    Ok(Routes { machine: machine.unwrap_or_default(), routes })
}

fn check_routes(
    read: &mut impl Read,
    Routes { machine, routes }: &Routes,
    home: &Scope,
) -> Result<(), Error> {
    for route in routes {
        if Version::find(read, machine, route.version).is_none() {
            let arn = name::machine_arn(home, machine, Some(&route.version.to_string()));
            return Err(error::no_resource(&arn));
        }
    }
    Ok(())
}

/// CreateStateMachineAlias: idempotent where nothing differs.
pub(super) fn create(states: &States, call: Call, body: &[u8]) -> Reply {
    let (home, call) = (states.home().clone(), Moment::of(call));
    write(states, body, |request: CreateRequest| {
        name::check(&request.name)?;
        if request.name.parse::<u64>().is_ok() {
            return Err(error::invalid_name(&request.name));
        }
        let asked = routes(&request.routing_configuration, &home)?;
        let (alias, description) = (request.name, request.description);
        Ok(move |tx: &mut Tx<'_>| {
            check_routes(tx, &asked, &home)?;
            let arn = name::machine_arn(&home, &asked.machine, Some(&alias));
            let created = match Alias::find(tx, &asked.machine, &alias) {
                Some(known) if known.routes == asked.routes && known.description == description => {
                    known.created
                }
                Some(_) => {
                    let words = format!(
                        "Failed to create alias because an alias with the same name and a different routing configuration already exists: '{arn}'"
                    );
                    return Err(error::conflict(words));
                }
                None => {
                    if Alias::all(tx, &asked.machine).len() >= limits::ALIASES_MAX {
                        let words = "A state machine has at most 100 aliases.";
                        return Err(Error::sender("ServiceQuotaExceededException", words));
                    }
                    let now = call.now;
                    let new = Alias { routes: asked.routes, description, created: now, updated: now };
                    new.put(tx, &asked.machine, &alias);
                    now
                }
            };
            Ok(json!({"stateMachineAliasArn": arn, "creationDate": created.to_unix_seconds_f64()}))
        })
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct UpdateRequest {
    state_machine_alias_arn: String,
    description: Option<String>,
    routing_configuration: Option<Vec<RouteRequest>>,
}

/// The name of an alias, and of its machine.
fn alias_name(arn: &str, home: &Scope) -> Result<(String, String), Error> {
    let named = MachineName::parse(arn, home).map_err(|error| match &*error.code {
        "StateMachineDoesNotExist" => error::no_resource(arn),
        _ => error,
    })?;
    match (named.version(), &named.qualifier) {
        (None, Some(alias)) => Ok((named.machine().to_owned(), alias.clone())),
        _ => Err(error::invalid_arn(format!("Invalid ARN prefix: {arn}"))),
    }
}

/// UpdateStateMachineAlias.
pub(super) fn update(states: &States, call: Call, body: &[u8]) -> Reply {
    let (home, call) = (states.home().clone(), Moment::of(call));
    write(states, body, |request: UpdateRequest| {
        let arn = request.state_machine_alias_arn;
        let (machine, name) = alias_name(&arn, &home)?;
        if request.description.is_none() && request.routing_configuration.is_none() {
            let words = "Either the description or the RoutingConfiguration must be specified";
            return Err(Error::validation(words));
        }
        let asked = request.routing_configuration.as_deref().map(|asked| routes(asked, &home)).transpose()?;
        if asked.as_ref().is_some_and(|asked| asked.machine != machine) {
            return Err(Error::validation(
                "Routing configuration must contain versions of the alias' state machine",
            ));
        }
        let description = request.description;
        Ok(move |tx: &mut Tx<'_>| {
            let mut alias = Alias::find(tx, &machine, &name).ok_or_else(|| error::no_resource(&arn))?;
            if let Some(asked) = asked {
                check_routes(tx, &asked, &home)?;
                alias.routes = asked.routes;
            }
            alias.description = description.or(alias.description);
            alias.updated = call.now;
            alias.put(tx, &machine, &name);
            Ok(json!({"updateDate": call.now.to_unix_seconds_f64()}))
        })
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    state_machine_alias_arn: String,
}

/// DescribeStateMachineAlias.
pub(super) fn describe(states: &States, _: Call, body: &[u8]) -> Reply {
    look(states, body, |read, request: Named| {
        let (machine, name) = alias_name(&request.state_machine_alias_arn, states.home())?;
        let missing = || error::no_resource(&request.state_machine_alias_arn);
        let alias = Alias::find(read, &machine, &name).ok_or_else(missing)?;
        let routes: Vec<Value> =
            alias.routes.iter().map(|route| route_value(states.home(), &machine, *route)).collect();
        let mut shown = json!({
            "stateMachineAliasArn": request.state_machine_alias_arn,
            "name": name,
            "routingConfiguration": routes,
            "creationDate": alias.created.to_unix_seconds_f64(),
            "updateDate": alias.updated.to_unix_seconds_f64(),
        });
        if let (Some(text), Some(members)) = (alias.description, shown.as_object_mut()) {
            members.insert("description".to_owned(), json!(text));
        }
        Ok(shown)
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListRequest {
    state_machine_arn: String,
    #[serde(flatten)]
    paging: Paging,
}

/// ListStateMachineAliases: of a machine, or those that lead to a version.
pub(super) fn list(states: &States, _: Call, body: &[u8]) -> Reply {
    look(states, body, |read, request: ListRequest| {
        let asked = MachineName::parse(&request.state_machine_arn, states.home())?;
        Machine::require(read, asked.machine(), &asked.arn)?;
        let all = Alias::all(read, asked.machine()).into_iter();
        let leads = |alias: &Alias| {
            asked.version().is_none_or(|number| alias.routes.iter().any(|route| route.version == number))
        };
        let items = all.filter(|(_, alias)| leads(alias)).map(|(name, alias)| Item {
            shown: json!({
                "stateMachineAliasArn": name::machine_arn(states.home(), asked.machine(), Some(&name)),
                "creationDate": alias.created.to_unix_seconds_f64(),
            }),
            name,
        });
        let items = items.collect();
        request.paging.answer("stateMachineAliases", items)
    })
}

/// DeleteStateMachineAlias.
pub(super) fn delete(states: &States, _: Call, body: &[u8]) -> Reply {
    let home = states.home().clone();
    write(states, body, |request: Named| {
        let arn = request.state_machine_alias_arn;
        let (machine, name) = alias_name(&arn, &home)?;
        Ok(move |tx: &mut Tx<'_>| {
            if Alias::find(tx, &machine, &name).is_none() {
                return Err(error::no_resource(&arn));
            }
            tx.remove(&ALIASES, &(machine, name));
            Ok(Nothing {})
        })
    })
}
