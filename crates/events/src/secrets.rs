//! Secrets Manager, as far as a connection's own secret goes: DescribeSecret, and GetSecretValue for whoever has signed.
//!
//! AWS makes a secret for each connection, `events!connection/NAME/UUID`; here it is the connection itself. Sources: Secrets
//! Manager API reference; what is in a secret, and its members' order, as LocalStack recorded them from AWS
//! (`test_connection_secrets`, `test_update_connection`).

use aws::operation::answer;
use aws::service::Json;
use aws::{Call, Error, Operation, Reply, Service, Timestamp, Uuid, Wire};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use store::{KeyRange, Read};

use crate::api_destinations::connection::{
    Authorization, CONNECTIONS, Connection, OAuth, Parameter, Parameters,
};
use crate::error::{self, SECRET_STORAGE_ERRORS};
use crate::events::Events;

/// Secrets Manager on the wire: AWS JSON 1.1.
pub static SERVICE: Service<Events> = Service::new(
    "Secrets Manager",
    &["secretsmanager"],
    &[Wire::Json(Json::new("secretsmanager", "1.1"))],
    OPERATIONS,
)
.with_storage_errors(SECRET_STORAGE_ERRORS);

/// Every operation that is served.
pub const OPERATIONS: &[Operation<Events>] = &[
    Operation::partly(
        "DescribeSecret",
        "Secrets of connections only; it is not kept when one was read.",
        describe,
    ),
    Operation::partly(
        "GetSecretValue",
        "Secrets of connections only, and only where signatures are verified (`--auth sigv4`); the current version alone is kept.",
        get,
    ),
];

/// The label of the version that is used.
const CURRENT: &str = "AWSCURRENT";
/// What AWS puts behind a secret's name in its ARN: a hyphen and six characters.
const SUFFIX_LENGTH: usize = 7;
/// The longest id that a request may name.
const ID_LENGTH_MAX: usize = 2048;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Request {
    secret_id: Option<String>,
    version_id: Option<String>,
    version_stage: Option<String>,
}

#[derive(Serialize)]
struct DescribeAnswer {
    #[serde(rename = "ARN")]
    arn: String,
    #[serde(rename = "Name")]
    name: String,
    #[serde(rename = "OwningService")]
    owning_service: &'static str,
    #[serde(rename = "KmsKeyId", skip_serializing_if = "Option::is_none")]
    kms_key_id: Option<String>,
    #[serde(rename = "CreatedDate")]
    created_date: f64,
    #[serde(rename = "LastChangedDate")]
    last_changed_date: f64,
    #[serde(rename = "VersionIdsToStages")]
    version_ids_to_stages: Map<String, Value>,
}

#[derive(Serialize)]
struct ValueAnswer {
    #[serde(rename = "ARN")]
    arn: String,
    #[serde(rename = "Name")]
    name: String,
    #[serde(rename = "VersionId")]
    version_id: String,
    #[serde(rename = "SecretString")]
    secret_string: String,
    #[serde(rename = "VersionStages")]
    version_stages: [&'static str; 1],
    #[serde(rename = "CreatedDate")]
    created_date: f64,
}

/// The secret of a connection.
struct ConnectionSecret {
    arn: String,
    name: String,
    connection: Connection,
}

impl ConnectionSecret {
    /// `None` where the connection has none: it is deauthorized.
    fn of(connection: Connection, events: &Events) -> Option<Self> {
        connection.authorization.as_ref()?;
        let arn = connection.secret_arn(events.scope()).to_string();
        let name = arn.split(":secret:").nth(1)?;
        let name = name.get(..name.len().checked_sub(SUFFIX_LENGTH)?)?.to_owned();
        Some(Self { arn, name, connection })
    }

    /// Whether a request means it: by its ARN, by that without the six characters at its end, or by its name.
    fn is_named(&self, id: &str) -> bool {
        let part = self.arn.get(..self.arn.len().saturating_sub(SUFFIX_LENGTH));
        id == self.arn || id == self.name || Some(id) == part
    }

    /// Another one with each change of the connection.
    fn version_id(&self) -> String {
        let digest = Sha256::digest(format!("{}/{}", self.connection.id, self.connection.generation));
        Uuid::v4(digest.iter().take(16).fold(0, |bits, byte| bits << 8 | u128::from(*byte))).to_string()
    }

    fn changed(&self) -> Timestamp {
        self.connection.modified
    }
}

/// The secret that is asked for.
fn find(events: &Events, id: Option<&str>) -> Result<ConnectionSecret, Error> {
    let Some(id) = id else { return Err(constraint("null", "Member must not be null")) };
    if id.is_empty() {
        return Err(constraint("", "Member must have length greater than or equal to 1"));
    }
    if id.chars().count() > ID_LENGTH_MAX {
        return Err(constraint(id, "Member must have length less than or equal to 2048"));
    }
    let read = events.store().read(|read| read.list(&CONNECTIONS, &KeyRange::all(), usize::MAX));
    let connections = read.map_err(error::of_store)?.into_iter().map(|(_, connection)| connection);
    let mut secrets = connections.filter_map(|connection| ConnectionSecret::of(connection, events));
    secrets.find(|secret| secret.is_named(id)).ok_or_else(|| missing("secret."))
}

fn constraint(value: &str, constraint: &str) -> Error {
    let value = if value == "null" { "null".to_owned() } else { format!("'{value}'") };
    Error::validation(format!(
        "1 validation error detected: Value {value} at 'secretId' failed to satisfy constraint: {constraint}"
    ))
}

/// Words: AWS's, in reports of users (aws/aws-sdk-js-v3#7701, boto/boto3#2794).
fn missing(what: &str) -> Error {
    Error::sender("ResourceNotFoundException", format!("Secrets Manager can't find the specified {what}"))
}

/// DescribeSecret: everything but the value.
fn describe(events: &Events, _call: Call, body: &[u8]) -> Reply {
    answer(body, |request: Request| {
        let secret = find(events, request.secret_id.as_deref())?;
        Ok(DescribeAnswer {
            version_ids_to_stages: Map::from_iter([(secret.version_id(), json!([CURRENT]))]),
            created_date: secret.connection.created.to_unix_seconds_f64(),
            last_changed_date: secret.changed().to_unix_seconds_f64(),
            owning_service: "events",
            kms_key_id: secret.connection.kms_key,
            arn: secret.arn,
            name: secret.name,
        })
    })
}

/// GetSecretValue. Where nobody's signature is verified whoever reaches the door could ask, and gets AWS's answer to somebody
/// without permission.
fn get(events: &Events, Call { account, .. }: Call, body: &[u8]) -> Reply {
    answer(body, |request: Request| {
        let secret = find(events, request.secret_id.as_deref())?;
        if !events.shows_secrets() {
            let words = format!(
                "User: arn:aws:iam::{account}:root is not authorized to perform: secretsmanager:GetSecretValue on resource: {} because no identity-based policy allows the secretsmanager:GetSecretValue action. Trunkline shows secrets only to callers whose signature it verifies: start it with --auth sigv4.",
                secret.arn
            );
            return Err(Error::sender("AccessDeniedException", words));
        }
        if let Some(stage) = request.version_stage.filter(|stage| stage != CURRENT) {
            return Err(missing(&format!("secret value for staging label: {stage}")));
        }
        let version_id = secret.version_id();
        if let Some(version) = request.version_id.filter(|version| *version != version_id) {
            return Err(missing(&format!("secret value for VersionId: {version}")));
        }
        Ok(ValueAnswer {
            version_id,
            secret_string: value_of(&secret.connection),
            version_stages: [CURRENT],
            created_date: secret.changed().to_unix_seconds_f64(),
            arn: secret.arn,
            name: secret.name,
        })
    })
}

/// What is in the secret, in the order in which AWS writes it.
fn value_of(connection: &Connection) -> String {
    let mut members = Members::default();
    match &connection.authorization {
        Some(Authorization::Basic { username, password }) => {
            members.text("username", username);
            members.text("password", password.reveal());
        }
        Some(Authorization::ApiKey { name, value }) => {
            members.text("api_key_name", name);
            members.text("api_key_value", value.reveal());
        }
        Some(Authorization::OAuth(OAuth { client_id, client_secret, endpoint, method, parameters })) => {
            members.text("client_id", client_id);
            members.text("client_secret", client_secret.reveal());
            members.text("authorization_endpoint", endpoint);
            members.text("http_method", method);
            members.parameters("oauth_http_parameters", parameters.as_ref());
        }
        None => {}
    }
    members.parameters("invocation_http_parameters", connection.invocation.as_ref());
    format!("{{{}}}", members.0.join(","))
}

/// The members of an object, in order.
#[derive(Default)]
struct Members(Vec<String>);

impl Members {
    fn add(&mut self, name: &str, value: &Value) {
        self.0.push(format!("{}:{value}", Value::from(name)));
    }

    fn text(&mut self, name: &str, value: &str) {
        self.add(name, &Value::from(value));
    }

    /// Kinds of parameters that there are none of are left out; `{}` where all are.
    fn parameters(&mut self, name: &str, parameters: Option<&Parameters>) {
        let Some(Parameters { headers, query, body }) = parameters else { return };
        let kinds =
            [("header_parameters", headers), ("query_string_parameters", query), ("body_parameters", body)];
        let kinds = kinds.into_iter().filter(|(_, list)| !list.is_empty());
        let written = kinds.map(|(kind, list)| {
            let list =
                list.iter().map(|Parameter { key, value, .. }| json!({"key": key, "value": value.reveal()}));
            (kind.to_owned(), list.collect())
        });
        self.add(name, &Value::Object(written.collect()));
    }
}
