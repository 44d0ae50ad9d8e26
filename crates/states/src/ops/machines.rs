//! CreateStateMachine, UpdateStateMachine, DeleteStateMachine, DescribeStateMachine, DescribeStateMachineForExecution,
//! ListStateMachines.

use std::collections::BTreeMap;

use asl::MachineType;
use asl::diagnostic::refusal;
use aws::{Call, Error, Reply, Scope};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use store::{Read, Tx};

use crate::buckets::Buckets;
use crate::execution::Execution;
use crate::integration;
use crate::machine::{
    ALIASES, Alias, Level, Logging, MACHINES, Machine, Revision, VERSIONS, Version, choose, type_name,
};
use crate::name::{self, ExecutionName, MachineName};
use crate::ops::versions::publish_revision;
use crate::ops::{Item, Moment, Nothing, Paging, Tag, look, write};
use crate::{Serves, States, error, limits};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateRequest {
    name: String,
    definition: String,
    role_arn: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    logging_configuration: Option<LoggingRequest>,
    tracing_configuration: Option<TracingRequest>,
    #[serde(default, deserialize_with = "aws::operation::null_is_absent")]
    tags: Vec<Tag>,
    publish: Option<bool>,
    version_description: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct UpdateRequest {
    state_machine_arn: String,
    definition: Option<String>,
    role_arn: Option<String>,
    logging_configuration: Option<LoggingRequest>,
    tracing_configuration: Option<TracingRequest>,
    publish: Option<bool>,
    version_description: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LoggingRequest {
    level: Option<String>,
    include_execution_data: Option<bool>,
    #[serde(default, deserialize_with = "aws::operation::null_is_absent")]
    destinations: Vec<Destination>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Destination {
    cloud_watch_logs_log_group: Option<LogGroup>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LogGroup {
    log_group_arn: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TracingRequest {
    enabled: Option<bool>,
}

impl LoggingRequest {
    fn read(&self, home: &Scope) -> Result<Logging, Error> {
        let invalid = |words: &str| {
            Error::sender("InvalidLoggingConfiguration", format!("Invalid Logging Configuration: {words}"))
        };
        let level = match self.level.as_deref() {
            None => Level::Off,
            Some(text) => Level::parse(text).ok_or_else(|| {
                Error::validation(format!(
                    "1 validation error detected: Value '{text}' at 'loggingConfiguration.level' failed to satisfy constraint: Member must satisfy enum value set: [ALL, ERROR, FATAL, OFF]"
                ))
            })?,
        };
        let groups: Vec<&str> = self
            .destinations
            .iter()
            .filter_map(|destination| {
                destination.cloud_watch_logs_log_group.as_ref()?.log_group_arn.as_deref()
            })
            .collect();
        let group_arn = match (level, groups.as_slice()) {
            (Level::Off, []) => None,
            (_, [group]) => Some((*group).to_owned()),
            _ => return Err(invalid("Must specify exactly one Log Destination.")),
        };
        if let Some(arn) = &group_arn
            && crate::told::group_name(arn, home).is_none()
        {
            return Err(invalid(
                "Log Destination is not valid: it names no log group of this account and region.",
            ));
        }
        Ok(Logging { level, includes_data: self.include_execution_data.unwrap_or(false), group_arn })
    }
}

fn kind_of(text: Option<&str>) -> Result<MachineType, Error> {
    match text {
        None | Some("STANDARD") => Ok(MachineType::Standard),
        Some("EXPRESS") => Ok(MachineType::Express),
        Some(other) => Err(Error::validation(format!(
            "1 validation error detected: Value '{other}' at 'type' failed to satisfy constraint: Member must satisfy enum value set: [STANDARD, EXPRESS]"
        ))),
    }
}

fn check_version_description(publish: Option<bool>, description: Option<&String>) -> Result<(), Error> {
    if description.is_some() && publish != Some(true) {
        return Err(Error::validation("Version description can only be set when publish is true"));
    }
    Ok(())
}

/// Refuses a definition that AWS would refuse, and one that asks for what is not served.
fn check_definition(states: &States, definition: &str, kind: MachineType) -> Result<(), Error> {
    if definition.chars().count() > limits::DEFINITION_CHARACTERS_MAX {
        return Err(error::too_large(definition, "definition", limits::DEFINITION_CHARACTERS_MAX));
    }
    let reading = asl::parse(definition, kind);
    if let Some(words) = refusal(&reading.diagnostics) {
        return Err(error::invalid_definition(words));
    }
    let parsed = serde_json::from_str(definition).unwrap_or_default();
    let mut found = Vec::new();
    objections(&parsed, "", &Served { serves: states.serves(), buckets: states.buckets() }, &mut found);
    if found.is_empty() {
        return Ok(());
    }
    Err(error::invalid_definition(format!("Invalid State Machine Definition: '{}'", found.join(", "))))
}

/// What definitions may ask for.
struct Served {
    serves: Serves,
    buckets: Buckets,
}

impl Served {
    /// Why a reader or a writer is not served.
    fn objection(&self, member: &Value) -> Option<String> {
        member.get("Resource")?;
        let config = member.get("ReaderConfig").unwrap_or(&Value::Null);
        let is = |name: &str, value: &str| config.get(name).and_then(Value::as_str) == Some(value);
        if is("InputType", "PARQUET") || is("ManifestType", "ATHENA_DATA") {
            return Some("Parquet and Athena's manifests are not served by Trunkline.".to_owned());
        }
        let given = ["Parameters", "Arguments"].iter().find_map(|name| member.get(*name)?.get("Bucket"));
        let bucket = given.and_then(Value::as_str).filter(|name| !name.starts_with("{%"));
        self.buckets.objection(bucket)
    }
}

/// What a definition asks for and is not served, each with its place.
fn objections(block: &Value, place: &str, served: &Served, found: &mut Vec<String>) {
    let states = block.get("States").and_then(Value::as_object);
    for (name, state) in states.into_iter().flatten() {
        let place = format!("{place}/States/{name}");
        let mut object = |words: String, at: &str| {
            found.push(format!("SCHEMA_VALIDATION_FAILED: {words} at {place}/{at}"));
        };
        let resource = |of: &Value| of.get("Resource").and_then(Value::as_str).map(str::to_owned);
        if state.get("Type").and_then(Value::as_str) == Some("Task")
            && let Some(arn) = resource(state)
            && let Some(parsed) = asl::resource::Resource::parse(&arn)
            && let Some(words) = integration::objection(&parsed, served.serves)
        {
            object(words, "Resource");
        }
        for member in ["ItemReader", "ResultWriter"] {
            if let Some(words) = state.get(member).and_then(|given| served.objection(given)) {
                object(words, member);
            }
        }
        let branches = state.get("Branches").and_then(Value::as_array).into_iter().flatten();
        for (number, branch) in branches.enumerate() {
            objections(branch, &format!("{place}/Branches[{number}]"), served, found);
        }
        for member in ["ItemProcessor", "Iterator"] {
            if let Some(processor) = state.get(member) {
                objections(processor, &format!("{place}/{member}"), served, found);
            }
        }
    }
}

fn tags_of(tags: Vec<Tag>) -> Result<BTreeMap<String, String>, Error> {
    if tags.len() > limits::TAGS_MAX {
        return Err(Error::sender("TooManyTags", "A resource has at most 50 tags."));
    }
    Ok(tags.into_iter().map(|tag| (tag.key, tag.value)).collect())
}

/// CreateStateMachine: idempotent where everything but role and tags is the same.
pub(super) fn create(states: &States, call: Call, body: &[u8]) -> Reply {
    let home = states.home().clone();
    write(states, body, |request: CreateRequest| {
        let publish = request.publish.unwrap_or(false);
        name::check(&request.name)?;
        check_version_description(request.publish, request.version_description.as_ref())?;
        let kind = kind_of(request.kind.as_deref())?;
        let logging = request.logging_configuration.as_ref().map(|asked| asked.read(&home));
        let logging = logging.transpose()?.unwrap_or_default();
        check_definition(states, &request.definition, kind)?;
        let revision = Revision {
            machine: request.name.clone(),
            definition: request.definition,
            role_arn: request.role_arn,
            kind,
            logging,
            tracing: request.tracing_configuration.unwrap_or_default().enabled.unwrap_or(false),
            made: call.now,
            is_first: true,
        };
        let tags = tags_of(request.tags)?;
        let (name, description) = (request.name, request.version_description);
        Ok(move |tx: &mut Tx<'_>| {
            let arn = name::machine_arn(&home, &name, None);
            let mut machine = match Machine::find(tx, &name) {
                Some(known) => {
                    let same =
                        Revision::find(tx, &known.revision).is_some_and(|known| is_same(&known, &revision));
                    if !same || (publish && known.last_version > 1) {
                        return Err(error::machine_exists(&arn));
                    }
                    known
                }
                None => {
                    let machine =
                        Machine { revision: call.ids.next_uuid(), created: call.now, last_version: 0, tags };
                    revision.put(tx, &machine.revision);
                    machine.put(tx, &name);
                    machine
                }
            };
            let mut answer = Map::new();
            answer.insert("stateMachineArn".to_owned(), json!(arn));
            answer.insert("creationDate".to_owned(), json!(machine.created.to_unix_seconds_f64()));
            if publish {
                let (number, _) = publish_revision(tx, (&name, &mut machine), description, call.now)?;
                let arn = name::machine_arn(&home, &name, Some(&number.to_string()));
                answer.insert("stateMachineVersionArn".to_owned(), json!(arn));
            }
            Ok(Value::Object(answer))
        })
    })
}

/// Whether CreateStateMachine would make the same again.
fn is_same(known: &Revision, asked: &Revision) -> bool {
    known.definition == asked.definition
        && known.kind == asked.kind
        && known.logging == asked.logging
        && known.tracing == asked.tracing
}

/// UpdateStateMachine: a new revision; what runs goes on with its own.
pub(super) fn update(states: &States, call: Call, body: &[u8]) -> Reply {
    let home = states.home().clone();
    let checking = states.clone();
    write(states, body, |request: UpdateRequest| {
        let asked = MachineName::parse(&request.state_machine_arn, &home)?;
        let publish = request.publish.unwrap_or(false);
        check_version_description(request.publish, request.version_description.as_ref())?;
        let logging = request.logging_configuration.as_ref().map(|asked| asked.read(&home)).transpose()?;
        let tracing = request.tracing_configuration.map(|tracing| tracing.enabled.unwrap_or(false));
        let nothing = request.definition.is_none() && request.role_arn.is_none() && logging.is_none();
        if nothing && tracing.is_none() {
            return Err(Error::sender(
                "MissingRequiredParameter",
                "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified",
            ));
        }
        let known = states.store().read(|read| choose(read, &asked, &home, 0)).map_err(error::of_store)??;
        if let Some(definition) = &request.definition {
            check_definition(&checking, definition, known.revision.kind)?;
        }
        let (definition, role_arn) = (request.definition, request.role_arn);
        let description = request.version_description;
        Ok(move |tx: &mut Tx<'_>| {
            let mut machine = Machine::require(tx, asked.machine(), &asked.arn)?;
            let old = Revision::find(tx, &machine.revision).ok_or_else(|| error::no_machine(&asked.arn))?;
            let new = Revision {
                definition: definition.unwrap_or_else(|| old.definition.clone()),
                role_arn: role_arn.unwrap_or_else(|| old.role_arn.clone()),
                logging: logging.unwrap_or_else(|| old.logging.clone()),
                tracing: tracing.unwrap_or(old.tracing),
                made: call.now,
                is_first: false,
                ..old
            };
            machine.revision = call.ids.next_uuid();
            new.put(tx, &machine.revision);
            machine.put(tx, asked.machine());
            let mut answer = Map::new();
            answer.insert("updateDate".to_owned(), json!(call.now.to_unix_seconds_f64()));
            answer.insert("revisionId".to_owned(), json!(machine.revision));
            if publish {
                let named = (asked.machine(), &mut machine);
                let (number, _) = publish_revision(tx, named, description, call.now)?;
                let arn = name::machine_arn(&home, asked.machine(), Some(&number.to_string()));
                answer.insert("stateMachineVersionArn".to_owned(), json!(arn));
            }
            Ok(Value::Object(answer))
        })
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    state_machine_arn: String,
    included_data: Option<String>,
}

/// DeleteStateMachine: what runs goes on; its versions and aliases go with it.
pub(super) fn delete(states: &States, _: Call, body: &[u8]) -> Reply {
    let home = states.home().clone();
    write(states, body, |request: Named| {
        let asked = MachineName::parse(&request.state_machine_arn, &home);
        let asked = match asked {
            // One of elsewhere is as good as deleted.
            Err(error) if error.code == "StateMachineDoesNotExist" => None,
            asked => Some(asked?),
        };
        Ok(move |tx: &mut Tx<'_>| {
            let Some(asked) = asked else { return Ok(Nothing {}) };
            let name = asked.machine().to_owned();
            tx.remove(&MACHINES, &name);
            for (number, _) in Version::all(tx, &name) {
                tx.remove(&VERSIONS, &(name.clone(), number));
            }
            for (alias, _) in Alias::all(tx, &name) {
                tx.remove(&ALIASES, &(name.clone(), alias));
            }
            Ok(Nothing {})
        })
    })
}

/// Without the definition and what it reads, where only metadata is wanted.
fn without_data(mut shown: Map<String, Value>, included: Option<&str>) -> Map<String, Value> {
    if included == Some("METADATA_ONLY") {
        shown.shift_remove("variableReferences");
        shown.insert("definition".to_owned(), json!("{}"));
    }
    shown
}

fn references(states: &States, read: &mut impl Read, revision: &str) -> Option<Value> {
    let names = states.parsed(read, revision).ok()?.variable_references();
    (!names.is_empty()).then(|| json!(names))
}

/// DescribeStateMachine, of the machine, a version or an alias.
pub(super) fn describe(states: &States, call: Call, body: &[u8]) -> Reply {
    let call = Moment::of(call);
    look(states, body, |read, request: Named| {
        let asked = MachineName::parse(&request.state_machine_arn, states.home())?;
        let chosen = choose(read, &asked, states.home(), call.ids.next_u64())?;
        let machine = Machine::require(read, asked.machine(), &asked.arn)?;
        let version = asked.version().and_then(|number| Version::find(read, asked.machine(), number));
        let mut shown = chosen.revision.shown(&chosen.revision_id, &asked.arn);
        shown.insert("status".to_owned(), json!("ACTIVE"));
        shown.insert("type".to_owned(), json!(type_name(chosen.revision.kind)));
        let created = version.as_ref().map_or(machine.created, |version| version.created);
        shown.insert("creationDate".to_owned(), json!(created.to_unix_seconds_f64()));
        let description = version.and_then(|version| version.description);
        shown.extend(description.map(|text| ("description".to_owned(), json!(text))));
        let references = references(states, read, &chosen.revision_id);
        shown.extend(references.map(|names| ("variableReferences".to_owned(), names)));
        Ok(without_data(shown, request.included_data.as_deref()))
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ForExecution {
    execution_arn: String,
    included_data: Option<String>,
}

/// DescribeStateMachineForExecution: what the execution runs, whatever became of the machine.
pub(super) fn describe_for_execution(states: &States, _: Call, body: &[u8]) -> Reply {
    look(states, body, |read, request: ForExecution| {
        let asked = ExecutionName::parse(&request.execution_arn, states.home())?;
        let (key, execution) = Execution::require(read, &asked)?;
        let revision = Revision::find(read, &execution.revision);
        let revision = revision.ok_or_else(|| error::no_execution(&asked.arn))?;
        let mut shown = revision.shown(&execution.revision, &Execution::machine_arn(&key, states.home()));
        shown.insert("updateDate".to_owned(), json!(revision.made.to_unix_seconds_f64()));
        let label = key.machine.split_once('/').map(|(_, label)| ("label".to_owned(), json!(label)));
        shown.extend(label);
        let map_run = States::map_run_arn_of(read, &execution);
        shown.extend(map_run.map(|arn| ("mapRunArn".to_owned(), json!(arn))));
        let references = references(states, read, &execution.revision);
        shown.extend(references.map(|names| ("variableReferences".to_owned(), names)));
        Ok(without_data(shown, request.included_data.as_deref()))
    })
}

/// ListStateMachines.
pub(super) fn list(states: &States, _: Call, body: &[u8]) -> Reply {
    look(states, body, |read, paging: Paging| {
        let mut items = Vec::new();
        for (name, machine) in Machine::all(read) {
            let Some(revision) = Revision::find(read, &machine.revision) else { continue };
            let shown = json!({
                "stateMachineArn": name::machine_arn(states.home(), &name, None),
                "name": name,
                "type": type_name(revision.kind),
                "creationDate": machine.created.to_unix_seconds_f64(),
            });
            items.push(Item { name, shown });
        }
        paging.answer("stateMachines", items)
    })
}
