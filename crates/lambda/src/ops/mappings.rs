//! CreateEventSourceMapping, GetEventSourceMapping, ListEventSourceMappings, UpdateEventSourceMapping,
//! DeleteEventSourceMapping.

use std::collections::BTreeMap;

use aws::{Arn, Call, Error, Reply};
use pattern::EventPattern;
use serde::Deserialize;
use serde_json::Value;
use store::Tx;

use crate::check::Faults;
use crate::mapping::{MAPPINGS, Mapping};
use crate::name::FunctionName;
use crate::ops::{Change, Item, Paging, look, tags};
use crate::{Functions, RoleErrand, Target, error, limits};

/// What CreateEventSourceMapping and UpdateEventSourceMapping have in common.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Settings {
    function_name: Option<String>,
    enabled: Option<bool>,
    batch_size: Option<i64>,
    maximum_batching_window_in_seconds: Option<i64>,
    filter_criteria: Option<FilterCriteria>,
    function_response_types: Option<Vec<String>>,
    scaling_config: Option<ScalingConfig>,
    #[serde(flatten)]
    others: BTreeMap<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FilterCriteria {
    filters: Option<Vec<Filter>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Filter {
    pattern: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ScalingConfig {
    maximum_concurrency: Option<i64>,
}

/// Members of other sources, or whose use would change what a mapping does.
const NOT_SERVED: &[&str] = &[
    "AmazonManagedKafkaEventSourceConfig",
    "BisectBatchOnFunctionError",
    "DestinationConfig",
    "DocumentDBEventSourceConfig",
    "KMSKeyArn",
    "LoggingConfig",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "MetricsConfig",
    "ParallelizationFactor",
    "ProvisionedPollerConfig",
    "Queues",
    "SelfManagedEventSource",
    "SelfManagedKafkaEventSourceConfig",
    "SourceAccessConfigurations",
    "StartingPosition",
    "StartingPositionTimestamp",
    "Topics",
    "TumblingWindowInSeconds",
];

impl Settings {
    fn check(&self) -> Result<(), Error> {
        let mut faults = Faults::default();
        faults.within("batchSize", self.batch_size, 1, limits::BATCH_MAX);
        let window = self.maximum_batching_window_in_seconds;
        faults.within("maximumBatchingWindowInSeconds", window, 0, limits::WINDOW_SECONDS_MAX);
        let max = self.scaling_config.as_ref().and_then(|scaling| scaling.maximum_concurrency);
        let (least, most) = (limits::MAPPING_CONCURRENCY_MIN, limits::MAPPING_CONCURRENCY_MAX);
        faults.within("scalingConfig.maximumConcurrency", max, least, most);
        for kind in self.function_response_types.iter().flatten() {
            if kind != "ReportBatchItemFailures" {
                let all = "Member must satisfy enum value set: [ReportBatchItemFailures]";
                faults.add(format!("[{kind}]"), "functionResponseTypes", all);
            }
        }
        faults.result()?;
        match NOT_SERVED.iter().find(|member| self.others.get(**member).is_some_and(is_said)) {
            Some(member) => Err(error::not_served(member)),
            None => self.check_filters(),
        }
    }

    fn check_filters(&self) -> Result<(), Error> {
        let filters = self.patterns().unwrap_or_default();
        let is_wrong = |text: &String| {
            text.chars().count() > limits::FILTER_LENGTH_MAX || EventPattern::parse(text).is_err()
        };
        if filters.len() > limits::FILTERS_MAX || filters.iter().any(is_wrong) {
            return Err(error::invalid_parameter("Invalid filter pattern definition."));
        }
        Ok(())
    }

    /// The patterns of the filters, where there is something said of them; an empty criteria takes all away.
    fn patterns(&self) -> Option<Vec<String>> {
        let filters = self.filter_criteria.as_ref()?.filters.iter().flatten();
        Some(filters.map(|filter| filter.pattern.clone().unwrap_or_default()).collect())
    }

    /// Puts what is said over what is there.
    fn put_over(&self, mapping: &mut Mapping) {
        let number = |value: Option<i64>| value.and_then(|value| u64::try_from(value).ok());
        mapping.is_enabled = self.enabled.unwrap_or(mapping.is_enabled);
        mapping.batch_size = number(self.batch_size).unwrap_or(mapping.batch_size);
        let window = number(self.maximum_batching_window_in_seconds);
        mapping.window_seconds = window.unwrap_or(mapping.window_seconds);
        if let Some(patterns) = self.patterns() {
            mapping.filters = patterns;
        }
        if let Some(types) = &self.function_response_types {
            mapping.reports_failures = !types.is_empty();
        }
        if let Some(scaling) = &self.scaling_config {
            mapping.concurrency_max = number(scaling.maximum_concurrency);
        }
    }
}

/// Whether a member says something: SDKs send empty ones.
fn is_said(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(all) => !all.is_empty(),
        Value::Object(members) => !members.is_empty(),
        _ => true,
    }
}

impl Functions {
    /// A mapping must be one that could work: a queue, and a function that is done before a message is given to another.
    fn check_mapping(&self, tx: &mut Tx<'_>, mapping: &Mapping) -> Result<(), Error> {
        let is_fifo = mapping.source.ends_with(".fifo");
        if is_fifo && mapping.window_seconds > 0 {
            return Err(error::invalid_parameter("Batching window is not supported for FIFO queues"));
        }
        if mapping.batch_size > limits::BATCH_WITHOUT_WINDOW_MAX && mapping.window_seconds == 0 {
            return Err(error::invalid_parameter(if is_fifo {
                "The batch size of a FIFO queue is 10 at most."
            } else {
                "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
            }));
        }
        let target = self.find_target(tx, &mapping.function_name(), 0)?;
        let queue = self.queue_of(tx, mapping).ok_or_else(|| {
            error::invalid_parameter(
                "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist.",
            )
        })?;
        let (visibility, timeout) = (queue.attributes.visibility_s, target.configuration.timeout_seconds);
        if u64::from(visibility) < timeout {
            return Err(error::invalid_parameter(format!(
                "Queue visibility timeout: {visibility} seconds is less than Function timeout: {timeout} seconds"
            )));
        }
        self.check_role(tx, &target, mapping)
    }

    /// Lambda works on a queue in the name of the function's role. Source: "Using Lambda with Amazon SQS", execution role
    /// permissions; the words are those of 2025 (sst/sst issue 5737).
    fn check_role(&self, tx: &mut Tx<'_>, target: &Target, mapping: &Mapping) -> Result<(), Error> {
        let (role, queue) = (target.configuration.role.parse::<Arn>(), mapping.source.parse::<Arn>());
        let (Ok(role), Ok(queue)) = (role, queue) else { return Ok(()) };
        let operations = &["ReceiveMessage", "DeleteMessage", "GetQueueAttributes"];
        let function = &target.version_arn;
        let errand = RoleErrand { role: &role, operations, resource: &queue, function };
        match (self.hands.forbids)(tx, &errand) {
            Some(operation) => Err(error::invalid_parameter(format!(
                "The function execution role does not have permissions to call {operation} on SQS"
            ))),
            None => Ok(()),
        }
    }

    fn write_mapping<Q, F>(&self, body: &[u8], prepare: impl FnOnce(Q) -> Result<F, Error>) -> Reply
    where
        Q: serde::de::DeserializeOwned,
        F: FnOnce(&Self, &mut Tx<'_>) -> Result<Value, Error> + Send + 'static,
    {
        let functions = self.clone();
        crate::ops::write(self, body, |request: Q| {
            let act = prepare(request)?;
            Ok(move |tx: &mut Tx<'_>| {
                let shown = act(&functions, tx)?;
                functions.ring_mappings(tx);
                Ok(shown)
            })
        })
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateRequest {
    event_source_arn: Option<String>,
    tags: Option<BTreeMap<String, String>>,
    #[serde(flatten)]
    settings: Settings,
}

/// CreateEventSourceMapping.
pub(super) fn create(functions: &Functions, call: Call, body: &[u8]) -> Reply {
    let (home, change) = (functions.store().scope().clone(), Change::of(call));
    functions.write_mapping(body, |request: CreateRequest| {
        let CreateRequest { event_source_arn, tags, settings } = request;
        settings.check()?;
        tags::check(tags.as_ref())?;
        let name = settings.function_name.clone().unwrap_or_default();
        let name = FunctionName::parse(&name, None, &home)?;
        let source = event_source_arn.ok_or_else(|| error::invalid_parameter("Unrecognized event source."))?;
        let arn: Result<Arn, _> = source.parse();
        if !arn.is_ok_and(|arn| arn.service == "sqs") {
            return Err(error::invalid_parameter(
                "Unrecognized event source: Trunkline maps SQS queues alone, docs/functions.md says how.",
            ));
        }
        Ok(move |functions: &Functions, tx: &mut Tx<'_>| {
            let mut mapping = Mapping {
                function: name.name,
                qualifier: name.qualifier,
                source,
                is_enabled: true,
                batch_size: limits::BATCH_WITHOUT_WINDOW_MAX,
                window_seconds: 0,
                filters: Vec::new(),
                reports_failures: false,
                concurrency_max: None,
                modified: change.now,
                tags: tags.unwrap_or_default(),
            };
            settings.put_over(&mut mapping);
            functions.check_mapping(tx, &mapping)?;
            let is_same = |other: &Mapping| {
                other.source == mapping.source && other.function_name() == mapping.function_name()
            };
            if let Some((uuid, _)) = Mapping::all(tx).into_iter().find(|(_, other)| is_same(other)) {
                let (source, function) = (&mapping.source, &mapping.function);
                return Err(error::conflict(format!(
                    "An event source mapping with SQS arn (\" {source} \") and function (\" {function} \") already exists. Please update or delete the existing mapping with UUID {uuid}"
                )));
            }
            let uuid = change.revision();
            tx.put(&MAPPINGS, &uuid, &mapping);
            Ok(mapping.shown(&home, &uuid, Some("Creating")))
        })
    })
}

#[derive(Debug, Deserialize)]
struct ByUuid {
    #[serde(rename = "UUID")]
    uuid: String,
}

/// GetEventSourceMapping.
pub(super) fn get(functions: &Functions, _: Call, body: &[u8]) -> Reply {
    look(functions, body, |read, ByUuid { uuid }| {
        let mapping = Mapping::find(read, &uuid).ok_or_else(error::no_resource)?;
        Ok(mapping.shown(functions.store().scope(), &uuid, None))
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListRequest {
    event_source_arn: Option<String>,
    function_name: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

/// ListEventSourceMappings.
pub(super) fn list(functions: &Functions, _: Call, body: &[u8]) -> Reply {
    look(functions, body, |read, request: ListRequest| {
        let home = functions.store().scope();
        let name = request.function_name.as_deref().filter(|name| !name.is_empty());
        let name = name.map(|name| FunctionName::parse(name, None, home)).transpose()?;
        let is_wanted = |mapping: &Mapping| {
            request.event_source_arn.as_ref().is_none_or(|source| *source == mapping.source)
                && name.as_ref().is_none_or(|name| {
                    name.name == mapping.function
                        && name.qualifier.as_ref().is_none_or(|_| name.qualifier == mapping.qualifier)
                })
        };
        let wanted = Mapping::all(read).into_iter().filter(|(_, mapping)| is_wanted(mapping));
        let items =
            wanted.map(|(uuid, mapping)| Item { shown: mapping.shown(home, &uuid, None), name: uuid });
        request.paging.answer("EventSourceMappings", items.collect())
    })
}

#[derive(Debug, Deserialize)]
struct UpdateRequest {
    #[serde(flatten)]
    id: ByUuid,
    #[serde(flatten)]
    settings: Settings,
}

/// UpdateEventSourceMapping.
pub(super) fn update(functions: &Functions, call: Call, body: &[u8]) -> Reply {
    let (home, change) = (functions.store().scope().clone(), Change::of(call));
    functions.write_mapping(body, |request: UpdateRequest| {
        let UpdateRequest { id: ByUuid { uuid }, settings } = request;
        settings.check()?;
        let name = settings.function_name.as_deref();
        let name = name.map(|name| FunctionName::parse(name, None, &home)).transpose()?;
        Ok(move |functions: &Functions, tx: &mut Tx<'_>| {
            let mut mapping = Mapping::find(tx, &uuid).ok_or_else(error::no_resource)?;
            let was_enabled = mapping.is_enabled;
            if let Some(name) = name {
                (mapping.function, mapping.qualifier) = (name.name, name.qualifier);
            }
            settings.put_over(&mut mapping);
            functions.check_mapping(tx, &mapping)?;
            mapping.modified = change.now;
            tx.put(&MAPPINGS, &uuid, &mapping);
            let state = match (was_enabled, mapping.is_enabled) {
                (false, true) => "Enabling",
                (true, false) => "Disabling",
                _ => "Updating",
            };
            Ok(mapping.shown(&home, &uuid, Some(state)))
        })
    })
}

/// DeleteEventSourceMapping.
pub(super) fn delete(functions: &Functions, _: Call, body: &[u8]) -> Reply {
    let home = functions.store().scope().clone();
    functions.write_mapping(body, |ByUuid { uuid }| {
        Ok(move |_: &Functions, tx: &mut Tx<'_>| {
            let mapping = Mapping::find(tx, &uuid).ok_or_else(error::no_resource)?;
            tx.remove(&MAPPINGS, &uuid);
            Ok(mapping.shown(&home, &uuid, Some("Deleting")))
        })
    })
}
