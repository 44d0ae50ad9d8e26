//! `/api/v2/events/subscriptions`: create, list, get, replace, delete.

use aws::{Arn, Scope};
use queue::name_in_arn;
use serde::Deserialize;
use serde_json::{Value, json};
use store::{KeyRange, Read, Ticket, Tx};

use crate::platform::event_types;
use crate::platform::page::page;
use crate::platform::rendering::{EventContent, subscription};
use crate::platform::request::ApiRequest;
use crate::platform::response::{ApiError, ApiResponse};
use crate::platform::subscription::filter::{Filter, LENGTH_MAX};
use crate::platform::subscription::{OUTCOMES, Outcome, SUBSCRIPTIONS, Subscription, Subscriptions};
use crate::tracker::derived::iso;

/// The path of the collection.
const PATH: &str = "/api/v2/events/subscriptions";
/// The longest name and description, in characters.
const NAME_LENGTH_MAX: usize = 256;
const DESCRIPTION_LENGTH_MAX: usize = 1_024;
/// The most subscriptions: each is asked about each derived event.
const SUBSCRIPTIONS_MAX: usize = 500;

/// A response that comes after the sync.
pub type Later = Ticket<ApiResponse, ApiError>;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    name: Option<String>,
    description: Option<String>,
    #[serde(default)]
    event_types: Vec<String>,
    attribute_filter: Option<String>,
    destination: Option<Destination>,
    status: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Destination {
    #[serde(rename = "type")]
    kind: String,
    aws_sqs: Option<AwsSqs>,
}

#[derive(Debug, Deserialize)]
struct AwsSqs {
    arn: String,
    region: Option<String>,
}

impl Subscriptions {
    /// `POST`: 201, or 409 where one of this name exists.
    ///
    /// # Errors
    /// 400 with what is wrong.
    pub fn create(&self, request: &ApiRequest) -> Result<Later, ApiError> {
        let id = request.ids.next_uuid();
        let made = self.read(request, id)?;
        let this = self.clone();
        Ok(self.queues.store().write(ApiError::of_store, move |tx| {
            this.check_here(tx, &made.queue_arn)?;
            let all = list(tx);
            is_free(&all, &made)?;
            if all.len() >= SUBSCRIPTIONS_MAX {
                return Err(ApiError::bad_request(format!(
                    "There are already {SUBSCRIPTIONS_MAX} subscriptions, the maximum."
                )));
            }
            let body = body(&made, &Outcome::default());
            this.put(tx, made);
            Ok(ApiResponse::with_status(201, body))
        }))
    }

    /// `GET` of all, by name.
    ///
    /// # Errors
    /// 400 where the page is out of range.
    pub fn list(&self, request: &ApiRequest) -> Result<ApiResponse, ApiError> {
        let all = self.queues.store().read(|read| {
            let mut all = list(read);
            all.sort_by(|one, other| one.name.cmp(&other.name));
            let bodies = all.iter().map(|one| body(one, &outcome(read, &one.id)));
            bodies.collect::<Vec<Value>>()
        });
        page(request, all.map_err(ApiError::of_store)?).map(ApiResponse::ok)
    }

    /// `GET` of one.
    ///
    /// # Errors
    /// 404.
    pub fn get(&self, request: &ApiRequest) -> Result<ApiResponse, ApiError> {
        let id = request.hole(0).to_owned();
        let found = self.queues.store().read(|read| {
            let found = read.get(&SUBSCRIPTIONS, &id)?;
            Some(body(&found, &outcome(read, &id)))
        });
        found.map_err(ApiError::of_store)?.map(ApiResponse::ok).ok_or_else(|| absent(&id))
    }

    /// `PUT`: all of it anew; its id and the time it was made stay.
    ///
    /// # Errors
    /// 400 with what is wrong.
    pub fn update(&self, request: &ApiRequest) -> Result<Later, ApiError> {
        let id = request.hole(0).to_owned();
        let mut made = self.read(request, id.clone())?;
        let this = self.clone();
        Ok(self.queues.store().write(ApiError::of_store, move |tx| {
            let before = tx.get(&SUBSCRIPTIONS, &id).ok_or_else(|| absent(&id))?;
            this.check_here(tx, &made.queue_arn)?;
            is_free(&list(tx), &made)?;
            made.created = before.created;
            let body = body(&made, &outcome(tx, &id));
            this.put(tx, made);
            Ok(ApiResponse::ok(body))
        }))
    }

    /// `DELETE`: 204.
    pub fn delete(&self, request: &ApiRequest) -> Later {
        let (this, id) = (self.clone(), request.hole(0).to_owned());
        self.queues.store().write_reserved(ApiError::of_store, move |tx| {
            if !tx.contains(&SUBSCRIPTIONS, &id) {
                return Err(absent(&id));
            }
            this.remove(tx, &id);
            Ok(ApiResponse::no_content())
        })
    }

    fn read(&self, request: &ApiRequest, id: String) -> Result<Subscription, ApiError> {
        let body: Body = request.json()?;
        let name = body.name.filter(|name| !name.trim().is_empty());
        let name = name.ok_or_else(|| ApiError::bad_request("name is missing."))?;
        for (field, text, most) in [
            ("name", Some(&name), NAME_LENGTH_MAX),
            ("description", body.description.as_ref(), DESCRIPTION_LENGTH_MAX),
            ("attributeFilter", body.attribute_filter.as_ref(), LENGTH_MAX),
        ] {
            let length = text.map_or(0, |text| text.chars().count());
            if length > most {
                return Err(ApiError::bad_request(format!(
                    "{field} has {length} characters; at most {most} are taken."
                )));
            }
        }
        event_types::check("eventTypes", &body.event_types, subscription::PREFIX)?;
        let attribute_filter = body.attribute_filter.filter(|filter| !filter.trim().is_empty());
        if let Some(source) = &attribute_filter {
            let checked = Filter::compile(source).and_then(|filter| filter.try_on(&example(), request.now));
            checked.map_err(|sentence| {
                ApiError::bad_request(format!("attributeFilter is invalid: {sentence}."))
            })?;
        }
        let queue_arn = self.queue_arn(body.destination)?;
        let is_active = match body.status.as_deref() {
            None | Some("active") => true,
            Some("inactive") => false,
            Some(other) => {
                return Err(ApiError::bad_request(format!(
                    "status must be 'active' or 'inactive', not '{other}'."
                )));
            }
        };
        Ok(Subscription {
            id,
            name,
            description: body.description,
            event_types: body.event_types,
            attribute_filter,
            queue_arn,
            is_active,
            created: request.now,
            modified: request.now,
        })
    }

    fn queue_arn(&self, destination: Option<Destination>) -> Result<Arn, ApiError> {
        let example = r#"{"type": "aws_sqs", "awsSqs": {"arn": "arn:aws:sqs:...", "region": "..."}}"#;
        let wrong = |what: &str| ApiError::bad_request(format!("{what}; a destination is {example}."));
        let destination = destination.ok_or_else(|| wrong("destination is missing"))?;
        if destination.kind != "aws_sqs" {
            return Err(wrong(&format!("destination.type '{}' is not served", destination.kind)));
        }
        let sqs = destination.aws_sqs.ok_or_else(|| wrong("destination.awsSqs is missing"))?;
        let arn = sqs.arn.parse::<Arn>().ok().filter(|arn| arn.service == "sqs");
        let arn = arn.ok_or_else(|| {
            wrong(&format!("destination.awsSqs.arn '{}' is not the ARN of a queue", sqs.arn))
        })?;
        if let Some(region) = sqs.region.filter(|region| *region != arn.region) {
            return Err(ApiError::bad_request(format!(
                "destination.awsSqs.region is '{region}', but the queue's ARN says '{}'.",
                arn.region
            )));
        }
        let Scope { account, region } = &self.scope;
        if name_in_arn(&arn, account, region).is_none() {
            return Err(ApiError::bad_request(format!(
                "The queue {arn} is in another account or region; only queues of this Trunkline ({account}, {region}) are served."
            )));
        }
        if arn.resource.ends_with(".fifo") {
            return Err(ApiError::bad_request(format!(
                "{arn} is a FIFO queue; a subscription needs a standard queue."
            )));
        }
        Ok(arn)
    }

    fn check_here(&self, tx: &mut Tx<'_>, arn: &Arn) -> Result<(), ApiError> {
        match self.queues.find(tx, &arn.resource) {
            Some(_) => Ok(()),
            None => Err(ApiError::bad_request(format!("The queue {arn} does not exist. Create it first."))),
        }
    }
}

fn list(read: &mut impl Read) -> Vec<Subscription> {
    read.list(&SUBSCRIPTIONS, &KeyRange::all(), usize::MAX).into_iter().map(|(_, one)| one).collect()
}

fn outcome(read: &mut impl Read, id: &str) -> Outcome {
    read.get(&OUTCOMES, &id.to_owned()).unwrap_or_default()
}

fn is_free(all: &[Subscription], made: &Subscription) -> Result<(), ApiError> {
    let name = made.name.to_lowercase();
    match all.iter().find(|other| other.name.to_lowercase() == name && other.id != made.id) {
        None => Ok(()),
        Some(other) => Err(ApiError::conflict(format!(
            "There is a subscription with the name '{}' already; its id is {}.",
            other.name, other.id
        ))),
    }
}

fn absent(id: &str) -> ApiError {
    let mut fault = ApiError::not_found(format!("There is no subscription with the id {id}."));
    fault.params.push(("entityId", id.to_owned()));
    fault
}

fn body(subscription: &Subscription, outcome: &Outcome) -> Value {
    let mut body = json!({
        "id": subscription.id,
        "name": subscription.name,
        "description": subscription.description,
        "eventTypes": subscription.event_types,
        "attributeFilter": subscription.attribute_filter,
        "destination": {
            "type": "aws_sqs",
            "awsSqs": {"arn": subscription.queue_arn.to_string(), "region": subscription.queue_arn.region},
        },
        "status": if subscription.is_active { "active" } else { "inactive" },
        "deliveredCount": outcome.delivered,
        "failedCount": outcome.failed,
        "lastError": outcome.last_error,
        "lastErrorDate": outcome.last_error_at.map(|at| iso(at.unix_ms())),
        "dateCreated": iso(subscription.created.unix_ms()),
        "dateModified": iso(subscription.modified.unix_ms()),
        "selfUri": format!("{PATH}/{}", subscription.id),
    });
    if let Value::Object(members) = &mut body {
        members.retain(|_, value| !value.is_null());
    }
    body
}

/// The attributes of an end with all that a filter can ask for.
fn example() -> Value {
    let detail = json!({
        "conversationId": "c", "type": "voice", "direction": "inbound", "outcome": "answered", "wrapUpCode": "w",
        "disconnectType": "PEER", "routing": {"queueId": "q", "queueName": "Support"},
        "wrapUps": [{"queueId": "q", "userId": "u", "code": "w", "durationMs": 1}],
        "segments": {"ivrMs": 1, "queueMs": 1, "alertMs": 1, "talkMs": 1, "holdMs": 1, "acwMs": 1},
    });
    let detail_type = crate::tracker::derived::detail_type::CONVERSATION_END.to_owned();
    let content =
        EventContent { id: String::new(), detail_type, time_ms: 0, text: detail.to_string(), detail };
    subscription::attributes(&content)
}
