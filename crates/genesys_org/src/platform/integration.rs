//! Integrations of the type `amazon-eventbridge-source`: the real set-up, by which an org sends its events to an AWS account.
//!
//! POST creates one, PUT `config/current` sets the destination and the topics, PATCH `intendedState` enables it; its `reportedState`
//! follows a moment later and is polled. Enabled, it offers the account a partner event source; a bus of that name takes it.

use std::time::Duration;

use aws::{Scope, Timestamp};
use genesys::catalogue::{self, Origin};
use genesys::connect::{EVENT_BRIDGE, is_suffix};
use genesys::platform::page::page;
use genesys::platform::request::ApiRequest;
use genesys::platform::response::{ApiError, ApiResponse};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{KeyRange, Read, Table, Tx};

use crate::platform::Platform;
use crate::platform::bus_integration::{self, BusIntegration};

const INTEGRATIONS: Table<String, Integration> = Table::new(50, "integrations");

/// How long an integration takes to reach its intended state.
const ON_ITS_WAY: Duration = Duration::from_millis(1_500);
/// Maximum number of integrations; the vendor's own limit is a field of the type, `maxInstances`.
const INSTANCES_MAX: usize = 100;

/// One integration as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Integration {
    id: String,
    name: String,
    is_enabled: bool,
    /// When that was last changed.
    changed: Timestamp,
    version: u32,
    notes: String,
    properties: Option<Properties>,
}

store::record!(Integration, version 1);

/// Where its events go, and which.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Properties {
    aws_account_id: String,
    aws_account_region: String,
    event_source_suffix: String,
    event_filter: Vec<String>,
}

/// What the handlers work on besides the store.
#[derive(Clone, Copy, Debug)]
pub struct Host<'a> {
    /// The platform, whose memory follows what is stored.
    pub platform: &'a Platform,
    /// The AWS account and region that Trunkline is.
    pub scope: &'a Scope,
}

/// A partner event source that an enabled integration feeds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its name, which is also its bus's.
    pub name: String,
    /// The topic templates that it carries.
    pub topics: Vec<String>,
}

/// The sources of all enabled integrations, in memory.
pub(crate) type Sources = Vec<Source>;

/// A handler on stored integrations.
pub type Handler = fn(&mut Tx<'_>, Host<'_>, &ApiRequest) -> Result<ApiResponse, ApiError>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Creation {
    name: Option<String>,
    integration_type: Option<IntegrationType>,
}

#[derive(Deserialize)]
struct IntegrationType {
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Change {
    name: Option<String>,
    intended_state: Option<String>,
}

#[derive(Deserialize)]
struct ConfigChange {
    name: Option<String>,
    version: u32,
    properties: Properties,
    #[serde(default)]
    notes: String,
}

/// `GET /api/v2/integrations`.
pub fn list(tx: &mut Tx<'_>, host: Host<'_>, request: &ApiRequest) -> Result<ApiResponse, ApiError> {
    let wanted: Option<&str> = request.param("integrationType");
    let real = all(tx).into_iter().map(|one| (EVENT_BRIDGE, one.body(host.scope, request.now)));
    let to_buses = bus_integration::all(tx).into_iter();
    let to_buses = to_buses.map(|one| (bus_integration::TYPE, one.body(host.scope)));
    // The real API knows no `name`; seed 003 asks by it and takes the first that comes.
    let name = request.param("name");
    let bodies = real
        .chain(to_buses)
        .filter(|(kind, body)| {
            wanted.is_none_or(|wanted| wanted == *kind)
                && name.is_none_or(|name| body.get("name").and_then(Value::as_str) == Some(name))
        })
        .map(|(_, body)| body)
        .collect();
    page(request, bodies).map(ApiResponse::ok)
}

/// `POST /api/v2/integrations`, in either form.
pub fn create(tx: &mut Tx<'_>, host: Host<'_>, request: &ApiRequest) -> Result<ApiResponse, ApiError> {
    if bus_integration::is_in_this_form(request) {
        let body = put_to_bus(tx, host, None, request)?;
        return Ok(ApiResponse::with_status(201, body));
    }
    host.platform.with_simulation(|_| Ok(()))?;
    let creation: Creation = request.json()?;
    let kind = creation.integration_type.map(|kind| kind.id).unwrap_or_default();
    if kind != EVENT_BRIDGE {
        return Err(ApiError::bad_request(format!(
            "integrationType.id '{kind}' is unknown; the simulated org has {EVENT_BRIDGE}."
        )));
    }
    if all(tx).len() >= INSTANCES_MAX {
        return Err(ApiError::conflict(format!(
            "There are {INSTANCES_MAX} integrations of this type already."
        )));
    }
    let integration = Integration {
        id: request.ids.next_uuid(),
        name: creation.name.unwrap_or_else(|| "Amazon EventBridge Source".to_owned()),
        is_enabled: false,
        // Long ago: it is inactive from the start, not on its way there.
        changed: Timestamp::ZERO,
        version: 1,
        notes: String::new(),
        properties: None,
    };
    tx.put(&INTEGRATIONS, &integration.id, &integration);
    Ok(ApiResponse::ok(integration.body(host.scope, request.now)))
}

/// `PUT /api/v2/integrations/{integrationId}`, which only the tutorial's form has.
pub fn put(tx: &mut Tx<'_>, host: Host<'_>, request: &ApiRequest) -> Result<ApiResponse, ApiError> {
    match bus_integration::find(tx, request.hole(0)) {
        Some(before) => put_to_bus(tx, host, Some(&before), request).map(ApiResponse::ok),
        None => {
            of(tx, request)?;
            Err(ApiError::bad_request(
                "An integration of this type is changed by PATCH, and its configuration by PUT of config/current.",
            ))
        }
    }
}

fn put_to_bus(
    tx: &mut Tx<'_>,
    host: Host<'_>,
    before: Option<&BusIntegration>,
    request: &ApiRequest,
) -> Result<Value, ApiError> {
    let one = bus_integration::put(tx, host.scope, before, request)?;
    mirror(tx, host);
    Ok(one.body(host.scope))
}

/// `GET /api/v2/integrations/{integrationId}`.
pub fn get(tx: &mut Tx<'_>, host: Host<'_>, request: &ApiRequest) -> Result<ApiResponse, ApiError> {
    if let Some(one) = bus_integration::find(tx, request.hole(0)) {
        return Ok(ApiResponse::ok(one.body(host.scope)));
    }
    Ok(ApiResponse::ok(of(tx, request)?.body(host.scope, request.now)))
}

/// `PATCH /api/v2/integrations/{integrationId}`.
pub fn patch(tx: &mut Tx<'_>, host: Host<'_>, request: &ApiRequest) -> Result<ApiResponse, ApiError> {
    let mut integration = of(tx, request)?;
    let change: Change = request.json()?;
    integration.name = change.name.unwrap_or(integration.name);
    match change.intended_state.as_deref() {
        None => {}
        Some("ENABLED") => integration.turn(Wish::Enabled, request.now),
        Some("DISABLED") => integration.turn(Wish::Disabled, request.now),
        Some(other) => {
            return Err(ApiError::bad_request(format!(
                "intendedState '{other}' is not ENABLED or DISABLED; DELETE removes an integration."
            )));
        }
    }
    keep(tx, host, &integration);
    Ok(ApiResponse::ok(integration.body(host.scope, request.now)))
}

/// `DELETE /api/v2/integrations/{integrationId}`: answers what was there.
pub fn delete(tx: &mut Tx<'_>, host: Host<'_>, request: &ApiRequest) -> Result<ApiResponse, ApiError> {
    if let Some(one) = bus_integration::find(tx, request.hole(0)) {
        bus_integration::remove(tx, &one.id);
        mirror(tx, host);
        return Ok(ApiResponse::ok(one.body(host.scope)));
    }
    let integration = of(tx, request)?;
    tx.remove(&INTEGRATIONS, &integration.id);
    mirror(tx, host);
    Ok(ApiResponse::ok(integration.body(host.scope, request.now)))
}

/// `GET /api/v2/integrations/{integrationId}/config/current`.
pub fn get_config(tx: &mut Tx<'_>, _: Host<'_>, request: &ApiRequest) -> Result<ApiResponse, ApiError> {
    Ok(ApiResponse::ok(of(tx, request)?.config_body()))
}

/// `PUT /api/v2/integrations/{integrationId}/config/current`.
pub fn put_config(tx: &mut Tx<'_>, host: Host<'_>, request: &ApiRequest) -> Result<ApiResponse, ApiError> {
    let mut integration = of(tx, request)?;
    let change: ConfigChange = request.json()?;
    if change.version != integration.version {
        return Err(ApiError::conflict(format!(
            "The version {} does not match the current version {}; read the configuration again.",
            change.version, integration.version
        )));
    }
    change.properties.check()?;
    let is_taken = |other: &Integration| {
        other.id != integration.id
            && other.properties.as_ref().is_some_and(|taken| taken.has_target_of(&change.properties))
    };
    if let Some(other) = all(tx).iter().find(|other| is_taken(other)) {
        return Err(ApiError::conflict(format!(
            "The integration {} sends to this account, region and event source suffix already.",
            other.id
        )));
    }
    integration.name = change.name.unwrap_or(integration.name);
    integration.notes = change.notes;
    integration.properties = Some(change.properties);
    integration.version += 1;
    integration.changed = request.now;
    keep(tx, host, &integration);
    Ok(ApiResponse::ok(integration.config_body()))
}

/// `GET /api/v2/integrations/types/{typeId}`.
pub fn get_type(_: &Platform, request: &ApiRequest) -> Result<ApiResponse, ApiError> {
    if request.hole(0) != EVENT_BRIDGE {
        return Err(ApiError::not_found(format!("There is no integration type {}.", request.hole(0))));
    }
    Ok(ApiResponse::ok(json!({
        "id": EVENT_BRIDGE,
        "name": "Amazon EventBridge Source",
        "maxInstances": INSTANCES_MAX,
        "selfUri": format!("/api/v2/integrations/types/{EVENT_BRIDGE}"),
    })))
}

/// Reads the stored integrations into memory, when a server starts.
pub fn load(tx: &mut Tx<'_>, host: Host<'_>) {
    mirror(tx, host);
}

impl Platform {
    /// The sources that take this topic beside the org's own.
    pub fn sources_of(&self, template: &str) -> Vec<String> {
        let state = self.state();
        let takes = |source: &&Source| source.topics.iter().any(|topic| topic == template);
        state.sources.iter().filter(takes).map(|source| source.name.clone()).collect()
    }

    /// The buses that active integrations of the tutorial's form put derived events on; one that two name counts twice.
    pub fn buses(&self) -> Vec<String> {
        self.state().buses.clone()
    }

    /// All sources that enabled integrations offer.
    pub fn sources(&self) -> Vec<Source> {
        self.state().sources.clone()
    }
}

fn all(read: &mut impl Read) -> Vec<Integration> {
    let found = read.list(&INTEGRATIONS, &KeyRange::all(), usize::MAX);
    found.into_iter().map(|(_, integration)| integration).collect()
}

fn of(tx: &mut Tx<'_>, request: &ApiRequest) -> Result<Integration, ApiError> {
    let id = request.hole(0).to_owned();
    if bus_integration::find(tx, &id).is_some() {
        let kind = bus_integration::TYPE;
        return Err(ApiError::bad_request(format!(
            "An integration of the type {kind} is read by GET and changed by PUT."
        )));
    }
    let found = tx.get(&INTEGRATIONS, &id);
    found.ok_or_else(|| ApiError::not_found(format!("There is no integration with the id {id}.")))
}

fn keep(tx: &mut Tx<'_>, host: Host<'_>, integration: &Integration) {
    tx.put(&INTEGRATIONS, &integration.id, integration);
    mirror(tx, host);
}

/// Memory follows the store after the commit.
fn mirror(tx: &mut Tx<'_>, host: Host<'_>) {
    let Host { platform, scope } = host;
    let buses: Vec<String> = bus_integration::all(tx).iter().filter_map(BusIntegration::bus).collect();
    let of_platform = platform.clone();
    tx.after_commit(move || of_platform.state().buses = buses);
    let Ok(org) = platform.with_simulation(|simulation| Ok(simulation.org.id().to_string())) else { return };
    let enabled = all(tx).into_iter().filter(|one| one.is_enabled && one.trouble(scope).is_none());
    // Older stores may hold two integrations with the same destination: even then no event reaches a bus twice.
    let mut sources = Sources::new();
    for properties in enabled.filter_map(|one| one.properties) {
        let name = format!("aws.partner/genesys.com/cloud/{org}/{}", properties.event_source_suffix);
        match sources.iter_mut().find(|source| source.name == name) {
            Some(source) => source.topics.extend(properties.event_filter),
            None => sources.push(Source { name, topics: properties.event_filter }),
        }
    }
    let platform = platform.clone();
    tx.after_commit(move || platform.state().sources = sources);
}

impl Properties {
    /// Whether both send to the same account, region and source, which one integration has for itself.
    fn has_target_of(&self, other: &Self) -> bool {
        self.aws_account_id == other.aws_account_id
            && self.aws_account_region == other.aws_account_region
            && self.event_source_suffix == other.event_source_suffix
    }

    fn check(&self) -> Result<(), ApiError> {
        let is_account =
            self.aws_account_id.len() == 12 && self.aws_account_id.bytes().all(|b| b.is_ascii_digit());
        if !is_account {
            return Err(ApiError::bad_request("properties.awsAccountId must be twelve digits."));
        }
        if !is_suffix(&self.event_source_suffix) {
            return Err(ApiError::bad_request(
                "properties.eventSourceSuffix must be 1 to 64 letters, digits, dots, underscores or hyphens.",
            ));
        }
        if self.event_filter.is_empty() {
            return Err(ApiError::bad_request("properties.eventFilter must name at least one topic."));
        }
        let is_known =
            |name: &String| catalogue::topic(name).is_some_and(|topic| topic.origin() == Origin::Genesys);
        match self.event_filter.iter().find(|name| !is_known(name)) {
            Some(name) => {
                Err(ApiError::bad_request(format!("properties.eventFilter: {name} is not a topic.")))
            }
            None => Ok(()),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wish {
    Enabled,
    Disabled,
}

impl Integration {
    fn turn(&mut self, wish: Wish, now: Timestamp) {
        let is_enabled = wish == Wish::Enabled;
        if self.is_enabled != is_enabled {
            self.is_enabled = is_enabled;
            self.changed = now;
        }
    }

    /// Why it cannot be active although it is enabled.
    fn trouble(&self, scope: &Scope) -> Option<String> {
        let Some(properties) = &self.properties else {
            return Some("The configuration has no properties.".to_owned());
        };
        let (account, region) = (&properties.aws_account_id, &properties.aws_account_region);
        let is_ours = **account == *scope.account && **region == *scope.region;
        (!is_ours).then(|| {
            format!(
                "The event source cannot be made in the account {account}, region {region}: this Trunkline is the account {}, region {}.",
                scope.account, scope.region
            )
        })
    }

    fn reported(&self, scope: &Scope, now: Timestamp) -> Value {
        let is_on_its_way = now < self.changed.plus(ON_ITS_WAY);
        let (code, message) = match (self.is_enabled, is_on_its_way, self.trouble(scope)) {
            (true, true, _) => ("ACTIVATING", String::new()),
            (true, false, Some(trouble)) => ("ERROR", trouble),
            (true, false, None) => ("ACTIVE", String::new()),
            (false, true, _) => ("DEACTIVATING", String::new()),
            (false, false, _) => ("INACTIVE", String::new()),
        };
        json!({
            "code": code,
            "effective": code,
            "detail": {"message": message},
            "lastUpdated": self.changed.to_iso_millis(),
        })
    }

    fn body(&self, scope: &Scope, now: Timestamp) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "integrationType": {"id": EVENT_BRIDGE, "selfUri": format!("/api/v2/integrations/types/{EVENT_BRIDGE}")},
            "notes": self.notes,
            "intendedState": if self.is_enabled { "ENABLED" } else { "DISABLED" },
            "reportedState": self.reported(scope, now),
            "config": {"current": {"id": self.id, "name": self.name, "version": self.version}},
            "selfUri": format!("/api/v2/integrations/{}", self.id),
        })
    }

    fn config_body(&self) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "version": self.version,
            "properties": self.properties.as_ref().map_or_else(|| json!({}), |properties| json!(properties)),
            "advanced": {},
            "notes": self.notes,
            "credentials": {},
            "selfUri": format!("/api/v2/integrations/{}/config/current", self.id),
        })
    }
}
