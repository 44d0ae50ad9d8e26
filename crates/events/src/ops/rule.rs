//! PutRule, DescribeRule, ListRules, EnableRule, DisableRule, DeleteRule.

use aws::operation::{answer, commit};
use aws::page::page;
use aws::{Call, Error, Reply};
use pattern::EventPattern;
use serde::{Deserialize, Serialize};
use store::{Commit, KeyRange, Read, Tx};

use crate::archives::archive::Feeding;
use crate::buses::bus::BusName;
use crate::buses::managed::MANAGER;
use crate::buses::rule::{RULES, Rule, RuleKey, RuleName, RuleState};
use crate::error;
use crate::events::Events;
use crate::limits::permits;
use crate::limits::quotas;
use crate::ops::check::{
    ARN, BUS_NAME_OR_ARN, DESCRIPTION, EVENT_PATTERN, Faults, Nothing, RULE_NAME, RuleRequest, Shape,
    page_size, rule_of,
};
use crate::ops::tag::{Tag, parse_tags};
use crate::schedules::schedule::Schedule;
use crate::target::TARGETS;

const STATES: &str = "[ENABLED, DISABLED, ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS]";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutRequest {
    name: Option<String>,
    schedule_expression: Option<String>,
    event_pattern: Option<String>,
    state: Option<String>,
    description: Option<String>,
    role_arn: Option<String>,
    tags: Option<Vec<Tag>>,
    event_bus_name: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct PutAnswer {
    rule_arn: String,
}

/// PutRule: makes a rule or replaces it. What is absent becomes null; targets stay; tags of a rule that is there stay as
/// they are (API reference, PutRule).
pub fn put(events: &Events, Call { now, ids, .. }: Call, body: &[u8]) -> Reply {
    commit(body, |request: PutRequest| {
        let rule = rule_to_put(events, request)?;
        let service = events.clone();
        Ok(events.store().write(error::of_store, move |tx| {
            Events::bus(tx, &rule.bus)?;
            if rule.schedule.is_some() && !rule.bus.is_default() {
                return Err(error::schedule_elsewhere());
            }
            Events::refuse_managed(tx, &rule.bus, &rule.name)?;
            let key = Rule::key(&rule.bus, &rule.name);
            let rule = match tx.get(&RULES, &key) {
                Some(old) => Rule { tags: old.tags, ..rule },
                None if is_full(tx, &rule.bus) => return Err(error::limit_exceeded()),
                None => rule,
            };
            tx.put(&RULES, &key, &rule);
            service.route_rule(tx, &rule.bus, &rule.name);
            service.plan_tick(&mut Commit::new(tx, now, &ids), &rule);
            let arn = rule.name.arn(&rule.bus, service.region(), service.account());
            Ok(PutAnswer { rule_arn: arn.to_string() })
        }))
    })
}

/// Whether a bus has as many rules as it may.
fn is_full(read: &mut impl Read, bus: &BusName) -> bool {
    let rules = KeyRange::prefix(&bus.as_str().to_owned());
    read.list(&RULES, &rules, quotas::RULES_PER_BUS_MAX).len() >= quotas::RULES_PER_BUS_MAX
}

fn rule_to_put(events: &Events, request: PutRequest) -> Result<Rule, Error> {
    let mut faults = Faults::default();
    faults.required("name", request.name.as_deref(), &RULE_NAME);
    faults.text("scheduleExpression", request.schedule_expression.as_deref(), &Shape::length(0, 256));
    faults.text("eventPattern", request.event_pattern.as_deref(), &EVENT_PATTERN);
    faults.text("description", request.description.as_deref(), &DESCRIPTION);
    faults.text("roleArn", request.role_arn.as_deref(), &ARN);
    faults.text("eventBusName", request.event_bus_name.as_deref(), &BUS_NAME_OR_ARN);
    let state = match request.state.as_deref() {
        None | Some("ENABLED") => RuleState::Enabled,
        Some("DISABLED") => RuleState::Disabled,
        Some("ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS") => {
            RuleState::EnabledWithAllCloudtrailManagementEvents
        }
        some => {
            faults.add("state", some, &format!("Member must satisfy enum value set: {STATES}"));
            RuleState::Enabled
        }
    };
    let tags = parse_tags(request.tags.as_deref().unwrap_or_default(), &mut faults);
    faults.result()?;
    permits::check(&tags)?;
    let Trigger { pattern, schedule } = trigger(request.event_pattern, request.schedule_expression)?;
    Ok(Rule {
        bus: events.bus_of(request.event_bus_name.as_deref())?,
        name: rule_of(request.name.as_deref())?,
        pattern,
        schedule,
        state,
        description: request.description,
        role_arn: request.role_arn,
        tags,
    })
}

/// What a rule waits for: events, moments, or both.
struct Trigger {
    pattern: Option<String>,
    schedule: Option<String>,
}

fn trigger(pattern: Option<String>, schedule: Option<String>) -> Result<Trigger, Error> {
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let (pattern, schedule) = (given(pattern), given(schedule));
    if pattern.is_none() && schedule.is_none() {
        return Err(Error::validation("Parameter(s) EventPattern or ScheduleExpression must be specified."));
    }
    if let Some(pattern) = &pattern {
        EventPattern::parse(pattern).map_err(|invalid| error::invalid_pattern(invalid.message))?;
    }
    match &schedule {
        Some(text) if Schedule::parse(text).is_none() => Err(error::invalid_schedule()),
        _ => Ok(Trigger { pattern, schedule }),
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct RuleAnswer {
    name: String,
    arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_pattern: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule_expression: Option<String>,
    state: RuleState,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_arn: Option<String>,
    event_bus_name: String,
    /// The account; only DescribeRule tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    managed_by: Option<&'static str>,
}

impl RuleAnswer {
    fn of(rule: Rule, events: &Events) -> Self {
        Self {
            arn: rule.name.arn(&rule.bus, events.region(), events.account()).to_string(),
            name: rule.name.as_str().to_owned(),
            event_pattern: rule.pattern,
            schedule_expression: rule.schedule,
            state: rule.state,
            description: rule.description,
            role_arn: rule.role_arn,
            event_bus_name: rule.bus.as_str().to_owned(),
            created_by: None,
            managed_by: None,
        }
    }
}

/// DescribeRule.
pub fn describe(events: &Events, _call: Call, body: &[u8]) -> Reply {
    answer(body, |request: RuleRequest| {
        let RuleKey { bus, rule: name } = request.key(events)?;
        let found = events.store().read(|read| match Events::managed_rule(read, &bus, &name) {
            Some(managed) => Ok((managed.rule, Some(MANAGER))),
            None => Events::rule(read, &bus, &name).map(|rule| (rule, None)),
        });
        let (rule, managed_by) = found.map_err(error::of_store)??;
        let created_by = Some(events.account().to_owned());
        Ok(RuleAnswer { created_by, managed_by, ..RuleAnswer::of(rule, events) })
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListRequest {
    name_prefix: Option<String>,
    event_bus_name: Option<String>,
    next_token: Option<String>,
    limit: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ListAnswer {
    rules: Vec<RuleAnswer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// ListRules.
pub fn list(events: &Events, _call: Call, body: &[u8]) -> Reply {
    answer(body, |request: ListRequest| {
        let mut faults = Faults::default();
        faults.text("namePrefix", request.name_prefix.as_deref(), &RULE_NAME);
        faults.text("eventBusName", request.event_bus_name.as_deref(), &BUS_NAME_OR_ARN);
        faults.paging(request.limit, request.next_token.as_deref());
        faults.result()?;
        let bus = events.bus_of(request.event_bus_name.as_deref())?;
        let found =
            events.store().read(|read| Ok((Events::rules(read, &bus)?, Events::managed_rules(read, &bus))));
        let (rules, managed) = found.map_err(error::of_store)??;
        let rules = rules.into_iter().map(|rule| (rule, None));
        let mut rules: Vec<_> = rules.chain(managed.into_iter().map(|rule| (rule, Some(MANAGER)))).collect();
        rules.sort_by(|(one, _), (other, _)| one.name.as_str().cmp(other.name.as_str()));
        let prefix = request.name_prefix.unwrap_or_default();
        let page = page(
            rules.into_iter().filter(|(rule, _)| rule.name.as_str().starts_with(&prefix)),
            |(rule, _)| rule.name.as_str(),
            request.next_token.as_deref(),
            page_size(request.limit),
        )?;
        Ok(ListAnswer {
            rules: page
                .items
                .into_iter()
                .map(|(rule, managed_by)| RuleAnswer { managed_by, ..RuleAnswer::of(rule, events) })
                .collect(),
            next_token: page.next_token,
        })
    })
}

/// EnableRule.
pub fn enable(events: &Events, call: Call, body: &[u8]) -> Reply {
    set_state(events, call, body, RuleState::Enabled)
}

/// DisableRule.
pub fn disable(events: &Events, call: Call, body: &[u8]) -> Reply {
    set_state(events, call, body, RuleState::Disabled)
}

fn set_state(events: &Events, Call { now, ids, .. }: Call, body: &[u8], state: RuleState) -> Reply {
    commit(body, |request: RuleRequest| {
        let RuleKey { bus, rule: name } = request.key(events)?;
        let service = events.clone();
        Ok(events.store().write(error::of_store, move |tx| {
            Events::refuse_managed(tx, &bus, &name)?;
            let rule = Rule { state, ..Events::rule(tx, &bus, &name)? };
            tx.put(&RULES, &Rule::key(&bus, &name), &rule);
            service.route_rule(tx, &bus, &name);
            service.plan_tick(&mut Commit::new(tx, now, &ids), &rule);
            Ok(Nothing {})
        }))
    })
}

/// DeleteRule: a rule that is not there is gone already, and that is no error.
pub fn delete(events: &Events, _call: Call, body: &[u8]) -> Reply {
    commit(body, |request: DeleteRequest| {
        let RuleKey { bus, rule: name } = request.rule.key(events)?;
        let force = request.force.unwrap_or_default();
        let service = events.clone();
        Ok(events.store().write_reserved(error::of_store, move |tx| {
            match Events::managed_rule(tx, &bus, &name) {
                Some(_) if !force => Err(error::managed_rule(&name)),
                Some(managed) if managed.target(service.region(), service.account()).is_some() => {
                    Err(has_targets())
                }
                Some(managed) => {
                    service.cut_archive(tx, managed, Feeding::Gone);
                    Ok(Nothing {})
                }
                None => service.delete_rule(tx, &bus, &name),
            }
        }))
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DeleteRequest {
    #[serde(flatten)]
    rule: RuleRequest,
    /// Also where it is a managed rule.
    force: Option<bool>,
}

fn has_targets() -> Error {
    Error::validation("Rule can't be deleted since it has targets.")
}

impl Events {
    fn delete_rule(&self, tx: &mut Tx<'_>, bus: &BusName, name: &RuleName) -> Result<Nothing, Error> {
        Self::bus(tx, bus)?;
        let key = Rule::key(bus, name);
        if !tx.list(&TARGETS, &KeyRange::prefix(&key), 1).is_empty() {
            return Err(has_targets());
        }
        if tx.contains(&RULES, &key) {
            tx.remove(&RULES, &key);
            Self::forget_tick(tx, name);
            self.route_rule(tx, bus, name);
        }
        Ok(Nothing {})
    }

    /// The rule's record.
    pub(crate) fn rule(read: &mut impl Read, bus: &BusName, name: &RuleName) -> Result<Rule, Error> {
        Self::bus(read, bus)?;
        read.get(&RULES, &Rule::key(bus, name)).ok_or_else(|| error::rule_not_found(name, bus))
    }

    /// All rules of a bus, by name.
    fn rules(read: &mut impl Read, bus: &BusName) -> Result<Vec<Rule>, Error> {
        Self::bus(read, bus)?;
        let range = KeyRange::prefix(&bus.as_str().to_owned());
        Ok(read.list(&RULES, &range, usize::MAX).into_iter().map(|(_, rule)| rule).collect())
    }
}
