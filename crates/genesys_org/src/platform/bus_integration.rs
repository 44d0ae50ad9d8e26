//! Integrations in the form of seed 003, `type: eventbridge`, which Genesys Cloud does not have: each derived event goes to an
//! event bus of this account as `Conversation Updated` or `Interaction Updated`.

use aws::{Arn, Scope, Timestamp};
use genesys::platform::request::ApiRequest;
use genesys::platform::response::ApiError;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{KeyRange, Read, Table, Tx};

const INTEGRATIONS: Table<String, BusIntegration> = Table::new(62, "integrations with a bus");

/// The type of this form, in requests and responses.
pub(crate) const TYPE: &str = "eventbridge";
/// Maximum length of a name, in characters.
const NAME_LENGTH_MAX: usize = 256;
/// Maximum number of them: each means one more event for each derived event.
const INSTANCES_MAX: usize = 20;

/// An integration as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BusIntegration {
    pub(crate) id: String,
    /// Unique, without regard to case.
    pub(crate) name: String,
    active: bool,
    bus_arn: String,
    created: Timestamp,
    modified: Timestamp,
}

store::record!(BusIntegration, version 1);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
struct Body {
    name: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    active: Option<bool>,
    configuration: Option<Configuration>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
struct Configuration {
    aws_account: Option<String>,
    aws_region: Option<String>,
    event_bus_arn: Option<String>,
}

/// Whether the body of a request is in this form: it has `type`, and not the real form's `integrationType`.
pub(crate) fn is_in_this_form(request: &ApiRequest) -> bool {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    body.get("type").is_some() && body.get("integrationType").is_none()
}

/// The name of the event bus that a body in this form names, where its ARN can be parsed.
pub fn bus_of(request: &ApiRequest) -> Option<String> {
    let body: Body = is_in_this_form(request).then(|| request.json().ok())??;
    let arn: Arn = body.configuration?.event_bus_arn?.parse().ok()?;
    Some(bus_name(&arn)?.to_owned())
}

/// All of them, by id.
pub(crate) fn all(read: &mut impl Read) -> Vec<BusIntegration> {
    read.list(&INTEGRATIONS, &KeyRange::all(), usize::MAX).into_iter().map(|(_, one)| one).collect()
}

/// The one with this id.
pub(crate) fn find(read: &mut impl Read, id: &str) -> Option<BusIntegration> {
    read.get(&INTEGRATIONS, &id.to_owned())
}

/// Creates one, or replaces `before`.
pub(crate) fn put(
    tx: &mut Tx<'_>,
    scope: &Scope,
    before: Option<&BusIntegration>,
    request: &ApiRequest,
) -> Result<BusIntegration, ApiError> {
    let one = read(request, scope, before)?;
    let others = all(tx);
    let name = one.name.to_lowercase();
    if let Some(other) = others.iter().find(|other| other.id != one.id && other.name.to_lowercase() == name) {
        return Err(ApiError::conflict(format!(
            "There is an integration with the name '{}' already; its id is {}.",
            other.name, other.id
        )));
    }
    if before.is_none() && others.len() >= INSTANCES_MAX {
        return Err(ApiError::conflict(format!(
            "There are {INSTANCES_MAX} integrations of this type already."
        )));
    }
    tx.put(&INTEGRATIONS, &one.id, &one);
    Ok(one)
}

/// Removes one.
pub(crate) fn remove(tx: &mut Tx<'_>, id: &str) {
    tx.remove(&INTEGRATIONS, &id.to_owned());
}

fn read(
    request: &ApiRequest,
    scope: &Scope,
    before: Option<&BusIntegration>,
) -> Result<BusIntegration, ApiError> {
    let body: Body = request.json()?;
    if body.kind.as_deref().is_some_and(|kind| kind != TYPE) {
        return Err(ApiError::bad_request(format!(
            "type must be '{TYPE}'; the real form has integrationType in its place."
        )));
    }
    let name = body.name.filter(|name| !name.trim().is_empty());
    let name = name.ok_or_else(|| ApiError::bad_request("name is missing."))?;
    if name.chars().count() > NAME_LENGTH_MAX {
        return Err(ApiError::bad_request(format!("name is longer than {NAME_LENGTH_MAX} characters.")));
    }
    let missing = || ApiError::bad_request("configuration must have awsAccount, awsRegion and eventBusArn.");
    let configuration = body.configuration.ok_or_else(missing)?;
    let bus_arn = configuration.event_bus_arn.ok_or_else(missing)?;
    let arn: Arn = bus_arn
        .parse()
        .map_err(|error| ApiError::bad_request(format!("configuration.eventBusArn: {error}.")))?;
    if arn.service != "events" || bus_name(&arn).is_none() {
        let example = "arn:aws:events:us-east-1:000000000000:event-bus/default";
        return Err(ApiError::bad_request(format!(
            "configuration.eventBusArn '{bus_arn}' is not an event bus, such as {example}."
        )));
    }
    let Scope { account, region } = scope;
    for (field, is, wanted) in [
        ("awsAccount", configuration.aws_account.as_deref().unwrap_or(&arn.account), account),
        ("awsRegion", configuration.aws_region.as_deref().unwrap_or(&arn.region), region),
        ("eventBusArn", &arn.account, account),
        ("eventBusArn", &arn.region, region),
    ] {
        if *is != **wanted {
            return Err(ApiError::bad_request(format!(
                "configuration.{field} says {is}; this Trunkline is the account {account}, region {region}."
            )));
        }
    }
    Ok(BusIntegration {
        id: before.map_or_else(|| request.ids.next_uuid(), |before| before.id.clone()),
        name,
        active: body.active.unwrap_or(true),
        bus_arn,
        created: before.map_or(request.now, |before| before.created),
        modified: request.now,
    })
}

fn bus_name(arn: &Arn) -> Option<&str> {
    arn.resource.strip_prefix("event-bus/").filter(|name| !name.is_empty())
}

impl BusIntegration {
    /// The bus that it puts events on; `None` while it is not active.
    pub(crate) fn bus(&self) -> Option<String> {
        let arn: Arn = self.bus_arn.parse().ok().filter(|_| self.active)?;
        Some(bus_name(&arn)?.to_owned())
    }

    pub(crate) fn body(&self, scope: &Scope) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "type": TYPE,
            "active": self.active,
            "configuration": {"awsAccount": *scope.account, "awsRegion": *scope.region, "eventBusArn": self.bus_arn},
            "dateCreated": self.created.to_iso_millis(),
            "dateModified": self.modified.to_iso_millis(),
            "selfUri": format!("/api/v2/integrations/{}", self.id),
        })
    }
}
