//! PutTargets, ListTargetsByRule, RemoveTargets, ListRuleNamesByTarget.

use std::collections::{BTreeMap, BTreeSet};

use aws::operation::{answer, commit};
use aws::page::page;
use aws::{Arn, Call, Error, Reply};
use serde::{Deserialize, Serialize};
use store::{KeyRange, Read, Tx};

use crate::archives::archive::Feeding;
use crate::buses::bus::BusName;
use crate::buses::managed::{ManagedRule, ManagedTarget};
use crate::buses::rule::{Rule, RuleName};
use crate::error;
use crate::events::Events;
use crate::limits::quotas;
use crate::ops::check::{ARN, BUS_NAME_OR_ARN, Faults, RULE_NAME, Shape, page_size, rule_of};
use crate::ops::http_parameters::HttpParametersWire;
use crate::target::input::InputMaker;
use crate::target::kind::{Service, TargetKind};
use crate::target::{Input, RetryPolicy, TARGETS, Target};

/// What PutTargets lacks.
pub const PUT_MISSING: &str = "Targets of kinds that are not served (the list is below) are refused in FailedEntries. A dead-letter queue of another account or region is refused.";

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct TargetWire {
    id: Option<String>,
    arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_transformer: Option<InputTransformerWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sqs_parameters: Option<SqsParametersWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_parameters: Option<HttpParametersWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_policy: Option<RetryPolicyWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dead_letter_config: Option<DeadLetterConfigWire>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct InputTransformerWire {
    #[serde(skip_serializing_if = "Option::is_none")]
    input_paths_map: Option<BTreeMap<String, String>>,
    input_template: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct SqsParametersWire {
    message_group_id: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct RetryPolicyWire {
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum_retry_attempts: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum_event_age_in_seconds: Option<i64>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct DeadLetterConfigWire {
    #[serde(skip_serializing_if = "Option::is_none")]
    arn: Option<String>,
}

/// What became of a target that was not put or removed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct FailedEntry {
    target_id: String,
    error_code: &'static str,
    error_message: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct FailuresAnswer {
    failed_entry_count: usize,
    failed_entries: Vec<FailedEntry>,
}

impl From<Vec<FailedEntry>> for FailuresAnswer {
    fn from(failed_entries: Vec<FailedEntry>) -> Self {
        Self { failed_entry_count: failed_entries.len(), failed_entries }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutRequest {
    rule: Option<String>,
    event_bus_name: Option<String>,
    targets: Option<Vec<TargetWire>>,
}

/// PutTargets: adds targets, or replaces those whose ids are there. A target of a kind that is not served is a failed
/// entry; anything else that is wrong refuses the request whole, as AWS does.
pub fn put(events: &Events, _call: Call, body: &[u8]) -> Reply {
    commit(body, |request: PutRequest| {
        check_put(&request)?;
        let bus = events.bus_of(request.event_bus_name.as_deref())?;
        let rule = rule_of(request.rule.as_deref())?;
        let mut targets = Vec::new();
        let mut failed = Vec::new();
        for wire in request.targets.unwrap_or_default() {
            let target = target_of(wire)?;
            check_place(events, &target)?;
            match TargetKind::of(&target.arn) {
                Some(_) => targets.push(target),
                None => failed.push(not_served(target)),
            }
        }
        let service = events.clone();
        Ok(events.store().write(error::of_store, move |tx| {
            service.put_targets(tx, &bus, &rule, &targets)?;
            Ok(FailuresAnswer::from(failed))
        }))
    })
}

fn not_served(target: Target) -> FailedEntry {
    FailedEntry {
        error_message: format!(
            "Targets of the service '{}' are not served by Trunkline yet ({}): {} are.",
            target.arn.service,
            target.arn,
            TargetKind::all()
        ),
        target_id: target.id,
        error_code: "ValidationException",
    }
}

fn check_put(request: &PutRequest) -> Result<(), Error> {
    let mut faults = Faults::default();
    faults.required("rule", request.rule.as_deref(), &RULE_NAME);
    faults.text("eventBusName", request.event_bus_name.as_deref(), &BUS_NAME_OR_ARN);
    match request.targets.as_deref() {
        None => faults.missing("targets"),
        Some([]) => faults.add("targets", Some("[]"), "Member must have length greater than or equal to 1"),
        Some(targets) => {
            if targets.len() > quotas::PAGE_MAX {
                faults.add("targets", Some("[...]"), "Member must have length less than or equal to 100");
            }
            for (number, target) in targets.iter().enumerate() {
                check_target(&mut faults, &format!("targets.{}.member", number + 1), target);
            }
        }
    }
    faults.result()
}

fn check_target(faults: &mut Faults, at: &str, target: &TargetWire) {
    let input = Shape::length(0, quotas::INPUT_LENGTH_MAX);
    let path = Shape::length(0, quotas::INPUT_PATH_LENGTH_MAX);
    faults.required(&format!("{at}.id"), target.id.as_deref(), &RULE_NAME);
    faults.required(&format!("{at}.arn"), target.arn.as_deref(), &ARN);
    faults.text(&format!("{at}.roleArn"), target.role_arn.as_deref(), &ARN);
    faults.text(&format!("{at}.input"), target.input.as_deref(), &input);
    faults.text(&format!("{at}.inputPath"), target.input_path.as_deref(), &path);
    if let Some(transformer) = &target.input_transformer {
        let template = Shape::length(1, quotas::INPUT_LENGTH_MAX);
        let name = format!("{at}.inputTransformer.inputTemplate");
        faults.required(&name, transformer.input_template.as_deref(), &template);
        for value in transformer.input_paths_map.iter().flat_map(BTreeMap::values) {
            faults.text(&format!("{at}.inputTransformer.inputPathsMap"), Some(value), &path);
        }
    }
    if let Some(parameters) = &target.sqs_parameters {
        let group = Shape::length(1, quotas::MESSAGE_GROUP_LENGTH_MAX);
        faults.text(
            &format!("{at}.sqsParameters.messageGroupId"),
            parameters.message_group_id.as_deref(),
            &group,
        );
    }
    if let Some(parameters) = &target.http_parameters {
        parameters.check(faults, &format!("{at}.httpParameters"));
    }
    if let Some(retry) = &target.retry_policy {
        let attempts = 0..=i64::from(quotas::RETRY_ATTEMPTS_MAX);
        let age = i64::from(quotas::EVENT_AGE_SECONDS_MIN)..=i64::from(quotas::EVENT_AGE_SECONDS_MAX);
        let at = format!("{at}.retryPolicy");
        faults.number(&format!("{at}.maximumRetryAttempts"), retry.maximum_retry_attempts, attempts);
        faults.number(&format!("{at}.maximumEventAgeInSeconds"), retry.maximum_event_age_in_seconds, age);
    }
    if let Some(config) = &target.dead_letter_config {
        faults.text(&format!("{at}.deadLetterConfig.arn"), config.arn.as_deref(), &ARN);
    }
}

/// The target that a request describes, its ARNs and its input parsed.
fn target_of(wire: TargetWire) -> Result<Target, Error> {
    let id = wire.id.unwrap_or_default();
    let arn = parse_arn(&wire.arn.unwrap_or_default())?;
    let dead_letter_arn =
        wire.dead_letter_config.and_then(|config| config.arn).map(|arn| parse_arn(&arn)).transpose()?;
    let input = match (wire.input, wire.input_path, wire.input_transformer) {
        (None, None, None) => Input::Whole,
        (Some(text), None, None) => Input::Constant(text),
        (None, Some(path), None) => Input::Path(path),
        (None, None, Some(transformer)) => Input::Transformer {
            paths: transformer.input_paths_map.unwrap_or_default(),
            template: transformer.input_template.unwrap_or_default(),
        },
        // Words: recorded from AWS by LocalStack, `test_put_event_input_path_and_input_transformer`.
        _ => {
            return Err(Error::validation(format!(
                "Only one of Input, InputPath, or InputTransformer must be provided for target {id}."
            )));
        }
    };
    InputMaker::compile(&input, &id)?;
    let small = |number: Option<i64>| number.and_then(|number| u32::try_from(number).ok());
    let retry = wire.retry_policy.map_or_else(RetryPolicy::default, |policy| RetryPolicy {
        attempts_max: small(policy.maximum_retry_attempts),
        age_seconds_max: small(policy.maximum_event_age_in_seconds),
    });
    let message_group = wire.sqs_parameters.and_then(|parameters| parameters.message_group_id);
    let http = wire.http_parameters.map(|parameters| parameters.kept(&id)).transpose()?;
    let target =
        Target { id, arn, role_arn: wire.role_arn, input, message_group, http, retry, dead_letter_arn };
    check_kind(&target)?;
    Ok(target)
}

fn parse_arn(text: &str) -> Result<Arn, Error> {
    text.parse().map_err(|_| error::arn_malformed(text))
}

/// What only some kinds of target may have.
fn check_kind(target: &Target) -> Result<(), Error> {
    let id = &target.id;
    let kind = TargetKind::of(&target.arn);
    if let Some(kind) = kind {
        (kind.check)(target)?;
    }
    if target.http.is_some() && kind.is_none_or(|kind| !kind.takes_http_parameters) {
        // The words are ours.
        return Err(Error::validation(format!(
            "Parameter HttpParameters is not valid for target {id}. Reason: {} is not the ARN of an API destination.",
            target.arn
        )));
    }
    match &target.dead_letter_arn {
        // User guide, "Using dead-letter queues": standard SQS queues only.
        Some(arn) if arn.service != "sqs" || arn.resource.ends_with(".fifo") => {
            Err(Error::validation(format!(
                "Parameter DeadLetterConfig.Arn is not valid for target {id}. Reason: {arn} is not the ARN of a standard SQS queue."
            )))
        }
        _ => Ok(()),
    }
}

/// What is wrong with where a target and its dead-letter queue are.
fn check_place(events: &Events, target: &Target) -> Result<(), Error> {
    let Target { id, arn, .. } = target;
    let is_called_on_aws =
        !events.is_here(arn) && TargetKind::of(arn).is_some_and(|kind| kind.elsewhere == Service::Called);
    // Partition and region become part of the address that the signed request is sent to.
    if is_called_on_aws && !arn.is_of_aws() {
        return Err(error::arn_malformed(&arn.to_string()));
    }
    match &target.dead_letter_arn {
        // Dead letters are written in the commit that gives a delivery up, which only a queue of this store can be part of. The
        // words are ours.
        Some(queue) if !events.is_here(queue) => Err(Error::validation(format!(
            "Parameter DeadLetterConfig.Arn is not valid for target {id}. Reason: dead-letter queues must be of this Trunkline's own account and region, {} and {}, and {queue} is not.",
            events.account(),
            events.region()
        ))),
        _ => Ok(()),
    }
}

impl Events {
    fn put_targets(
        &self,
        tx: &mut Tx<'_>,
        bus: &BusName,
        rule: &RuleName,
        targets: &[Target],
    ) -> Result<(), Error> {
        Self::refuse_managed(tx, bus, rule)?;
        Self::rule(tx, bus, rule)?;
        let mut touched = BTreeSet::new();
        for target in targets {
            let key = key_of(bus, rule, &target.id);
            touched.extend(tx.get(&TARGETS, &key).map(|replaced| replaced.arn));
            touched.insert(target.arn.clone());
            tx.put(&TARGETS, &key, target);
        }
        let all = tx.list(&TARGETS, &KeyRange::prefix(&Rule::key(bus, rule)), usize::MAX);
        if all.len() > quotas::TARGETS_PER_RULE_MAX {
            return Err(error::limit_exceeded());
        }
        self.refresh_limits(tx, bus, rule, touched);
        self.route_rule(tx, bus, rule);
        Ok(())
    }

    /// The targets of a rule, by id.
    fn targets(read: &mut impl Read, bus: &BusName, rule: &RuleName) -> Result<Vec<Target>, Error> {
        Self::rule(read, bus, rule)?;
        let range = KeyRange::prefix(&Rule::key(bus, rule));
        Ok(read.list(&TARGETS, &range, usize::MAX).into_iter().map(|(_, target)| target).collect())
    }
}

fn key_of(bus: &BusName, rule: &RuleName, id: &str) -> (String, String, String) {
    let (bus, rule) = Rule::key(bus, rule);
    (bus, rule, id.to_owned())
}

impl From<ManagedTarget> for TargetWire {
    fn from(target: ManagedTarget) -> Self {
        let input_transformer = InputTransformerWire {
            input_paths_map: Some(BTreeMap::new()),
            input_template: Some(target.template),
        };
        Self {
            id: Some(target.id),
            arn: Some(target.arn),
            role_arn: None,
            input: None,
            input_path: None,
            input_transformer: Some(input_transformer),
            sqs_parameters: None,
            http_parameters: None,
            retry_policy: None,
            dead_letter_config: None,
        }
    }
}

impl From<Target> for TargetWire {
    fn from(target: Target) -> Self {
        let (mut input, mut input_path, mut input_transformer) = (None, None, None);
        match target.input {
            Input::Whole => {}
            Input::Constant(text) => input = Some(text),
            Input::Path(path) => input_path = Some(path),
            Input::Transformer { paths, template } => {
                input_transformer = Some(InputTransformerWire {
                    input_paths_map: (!paths.is_empty()).then_some(paths),
                    input_template: Some(template),
                });
            }
        }
        let retry_policy = (target.retry != RetryPolicy::default()).then(|| RetryPolicyWire {
            maximum_retry_attempts: target.retry.attempts_max.map(i64::from),
            maximum_event_age_in_seconds: target.retry.age_seconds_max.map(i64::from),
        });
        Self {
            id: Some(target.id),
            arn: Some(target.arn.to_string()),
            role_arn: target.role_arn,
            input,
            input_path,
            input_transformer,
            sqs_parameters: target
                .message_group
                .map(|group| SqsParametersWire { message_group_id: Some(group) }),
            http_parameters: target.http.map(HttpParametersWire::from),
            retry_policy,
            dead_letter_config: target
                .dead_letter_arn
                .map(|arn| DeadLetterConfigWire { arn: Some(arn.to_string()) }),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListRequest {
    rule: Option<String>,
    event_bus_name: Option<String>,
    next_token: Option<String>,
    limit: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ListAnswer {
    targets: Vec<TargetWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// ListTargetsByRule.
pub fn list(events: &Events, _call: Call, body: &[u8]) -> Reply {
    answer(body, |request: ListRequest| {
        let mut faults = Faults::default();
        faults.required("rule", request.rule.as_deref(), &RULE_NAME);
        faults.text("eventBusName", request.event_bus_name.as_deref(), &BUS_NAME_OR_ARN);
        faults.paging(request.limit, request.next_token.as_deref());
        faults.result()?;
        let bus = events.bus_of(request.event_bus_name.as_deref())?;
        let rule = rule_of(request.rule.as_deref())?;
        let found = events.store().read(|read| match Events::managed_rule(read, &bus, &rule) {
            Some(managed) => {
                let target = managed.target(events.region(), events.account());
                Ok(target.map(TargetWire::from).into_iter().collect::<Vec<_>>())
            }
            None => Ok(Events::targets(read, &bus, &rule)?.into_iter().map(TargetWire::from).collect()),
        });
        let targets = found.map_err(error::of_store)??;
        let (token, size) = (request.next_token.as_deref(), page_size(request.limit));
        let page = page(targets, |target| target.id.as_deref().unwrap_or_default(), token, size)?;
        Ok(ListAnswer { targets: page.items, next_token: page.next_token })
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RemoveRequest {
    rule: Option<String>,
    event_bus_name: Option<String>,
    ids: Option<Vec<String>>,
    /// Also of a managed rule.
    force: Option<bool>,
}

/// RemoveTargets.
pub fn remove(events: &Events, _call: Call, body: &[u8]) -> Reply {
    commit(body, |request: RemoveRequest| {
        check_remove(&request)?;
        let bus = events.bus_of(request.event_bus_name.as_deref())?;
        let rule = rule_of(request.rule.as_deref())?;
        let ids = request.ids.unwrap_or_default();
        let force = request.force.unwrap_or_default();
        let service = events.clone();
        Ok(events.store().write_reserved(error::of_store, move |tx| {
            if let Some(managed) = Events::managed_rule(tx, &bus, &rule) {
                if !force {
                    return Err(error::managed_rule(&rule));
                }
                return Ok(FailuresAnswer::from(service.remove_managed(tx, managed, ids)));
            }
            Events::rule(tx, &bus, &rule)?;
            let (here, absent): (Vec<String>, Vec<String>) =
                ids.into_iter().partition(|id| tx.contains(&TARGETS, &key_of(&bus, &rule, id)));
            let mut touched = BTreeSet::new();
            for id in here {
                let key = key_of(&bus, &rule, &id);
                touched.extend(tx.get(&TARGETS, &key).map(|removed| removed.arn));
                tx.remove(&TARGETS, &key);
            }
            service.refresh_limits(tx, &bus, &rule, touched);
            let failed: Vec<_> = absent.into_iter().map(|id| no_such_target(id, &rule)).collect();
            service.route_rule(tx, &bus, &rule);
            Ok(FailuresAnswer::from(failed))
        }))
    })
}

impl Events {
    /// Removes the target of a managed rule.
    fn remove_managed(&self, tx: &mut Tx<'_>, managed: ManagedRule, ids: Vec<String>) -> Vec<FailedEntry> {
        let name = managed.rule.name.clone();
        let there = managed.target(self.region(), self.account()).map(|target| target.id);
        let (here, absent): (Vec<_>, Vec<_>) = ids.into_iter().partition(|id| there.as_ref() == Some(id));
        if !here.is_empty() {
            self.cut_archive(tx, managed, Feeding::Cut);
        }
        absent.into_iter().map(|id| no_such_target(id, &name)).collect()
    }
}

fn no_such_target(id: String, rule: &RuleName) -> FailedEntry {
    FailedEntry {
        error_message: format!("Rule '{rule}' does not have a target with the Id '{id}'."),
        target_id: id,
        error_code: "ResourceNotFoundException",
    }
}

fn check_remove(request: &RemoveRequest) -> Result<(), Error> {
    let mut faults = Faults::default();
    faults.required("rule", request.rule.as_deref(), &RULE_NAME);
    faults.text("eventBusName", request.event_bus_name.as_deref(), &BUS_NAME_OR_ARN);
    match request.ids.as_deref() {
        None => faults.missing("ids"),
        Some([]) => faults.add("ids", Some("[]"), "Member must have length greater than or equal to 1"),
        Some(ids) => {
            for (number, id) in ids.iter().enumerate() {
                faults.text(&format!("ids.{}.member", number + 1), Some(id), &RULE_NAME);
            }
        }
    }
    faults.result()
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NamesRequest {
    target_arn: Option<String>,
    event_bus_name: Option<String>,
    next_token: Option<String>,
    limit: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct NamesAnswer {
    rule_names: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// ListRuleNamesByTarget.
pub fn list_rule_names(events: &Events, _call: Call, body: &[u8]) -> Reply {
    answer(body, |request: NamesRequest| {
        let mut faults = Faults::default();
        faults.required("targetArn", request.target_arn.as_deref(), &ARN);
        faults.text("eventBusName", request.event_bus_name.as_deref(), &BUS_NAME_OR_ARN);
        faults.paging(request.limit, request.next_token.as_deref());
        faults.result()?;
        let bus = events.bus_of(request.event_bus_name.as_deref())?;
        let arn = parse_arn(&request.target_arn.unwrap_or_default())?;
        let names = events
            .store()
            .read(|read| {
                Events::bus(read, &bus)?;
                let range = KeyRange::prefix(&bus.as_str().to_owned());
                let targets = read.list(&TARGETS, &range, usize::MAX);
                let reach = targets.into_iter().filter(|(_, target)| target.arn == arn);
                Ok(reach.map(|((_, rule, _), _)| rule).collect::<BTreeSet<_>>())
            })
            .map_err(error::of_store)??;
        let token = request.next_token.as_deref();
        let page = page(names, |name| name.as_str(), token, page_size(request.limit))?;
        Ok(NamesAnswer { rule_names: page.items, next_token: page.next_token })
    })
}
