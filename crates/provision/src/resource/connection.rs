//! `connections:` how the endpoints of API destinations are authorized against.

mod authorization;

use aws::secret::Secret;
use serde_json::{Value, json};

use crate::api::{Api, ApiError, Request, found};
use crate::change::Change;
use crate::fields::Fields;
use crate::mistake::{Marked, Mistake, Span};
use crate::names::{self, Names};
use crate::resource::connection::authorization::parts;
use crate::resource::{Resource, Settings, Verbs, Wanted, arn_in, decided, describe, emptied, named};
use crate::table::{Choice, Kind, NameRule, Section, may, must};

/// A connection of EventBridge.
#[derive(Clone, Debug, PartialEq)]
pub struct Connection {
    /// Its name.
    pub name: Marked<String>,
    /// What it is for; empty where nothing is said.
    pub description: String,
    /// What requests prove themselves with.
    pub authorization: Authorization,
    /// What every request to an endpoint gets in addition.
    pub parameters: Parameters,
    /// Where secrets stand in the file itself.
    pub written_out: Vec<Span>,
}

/// What requests prove themselves with.
#[derive(Clone, Debug, PartialEq)]
pub enum Authorization {
    /// A user and a password.
    Basic {
        /// The user's name.
        username: String,
        /// The password.
        password: Secret,
    },
    /// A key in a header.
    ApiKey {
        /// The header.
        name: String,
        /// The key.
        value: Secret,
    },
    /// A token that an authorization server gives for a client's credentials.
    OAuth(Box<OAuth>),
}

/// A client of an authorization server.
#[derive(Clone, Debug, PartialEq)]
pub struct OAuth {
    /// Where tokens are asked for.
    pub endpoint: Marked<String>,
    /// The method in capitals.
    pub method: String,
    /// The client's id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: Secret,
    /// What the request for a token gets in addition.
    pub parameters: Parameters,
}

/// What a request gets in addition.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters {
    /// Headers.
    pub headers: Vec<Parameter>,
    /// Parameters of the query.
    pub query: Vec<Parameter>,
    /// Members of the body.
    pub body: Vec<Parameter>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: Secret,
    /// Whether nobody is to be shown the value: it comes from the environment or from a file of its own.
    pub is_secret: bool,
}

/// Source: the shape `ConnectionName` of the EventBridge API.
const NAME: NameRule = NameRule { noun: "a connection", signs: ".-_", chars_max: 64 };
/// Characters of a name, a key or a secret. Source: the shapes of `CreateConnectionAuthRequestParameters`.
const CREDENTIAL: Kind = Kind::Text { chars_max: 512 };
/// The shape `HttpsEndpoint`.
pub(crate) const ENDPOINT: Kind = Kind::Text { chars_max: 2048 };
/// Values of headers, query parameters and members of the body.
pub(crate) const PARAMETERS: Kind = Kind::Texts { chars_max: 512 };
/// The shape `ConnectionOAuthHttpMethod`.
const TOKEN_METHODS: &[&str] = &["GET", "POST", "PUT"];

pub(crate) const SECTION: Section = Section {
    noun: "a connection",
    keys: &[
        must(
            "name",
            "The connection's name: letters, digits, `.`, `-` and `_`, at most 64.",
            Kind::Name(&NAME),
        ),
        may("description", "What the connection is for.", Kind::Text { chars_max: 512 }),
        may("basic", "A user and a password.", Kind::Object(&BASIC)),
        may("apiKey", "A key in a header.", Kind::Object(&API_KEY)),
        may("oauth", "A token for a client's credentials, fetched and renewed.", Kind::Object(&OAUTH)),
        may(
            "headers",
            "Headers of every request; what comes from ${env:NAME} or ${file:PATH} is kept secret.",
            PARAMETERS,
        ),
        may("query", "Parameters of the query that every request gets, likewise.", PARAMETERS),
        may("body", "Members that the JSON object of every request gets, likewise.", PARAMETERS),
    ],
    choices: &[Choice { among: &["basic", "apiKey", "oauth"], is_required: true }],
    later: &[],
};

const BASIC: Section = Section {
    noun: "a basic authorization",
    keys: &[
        must("username", "The user's name.", CREDENTIAL),
        must("password", "The password, from outside this file: ${env:NAME} or ${file:PATH}.", CREDENTIAL),
    ],
    choices: &[],
    later: &[],
};

const API_KEY: Section = Section {
    noun: "an API key",
    keys: &[
        must("name", "The header that carries the key.", CREDENTIAL),
        must("value", "The key, from outside this file: ${env:NAME} or ${file:PATH}.", CREDENTIAL),
    ],
    choices: &[],
    later: &[],
};

const OAUTH: Section = Section {
    noun: "an OAuth client",
    keys: &[
        must("endpoint", "Where the token is asked for: an address that begins with https://.", ENDPOINT),
        may("method", "The method of that request. Default POST.", Kind::OneOf(TOKEN_METHODS)),
        must("clientId", "The client's id.", CREDENTIAL),
        must("clientSecret", "Its secret, from outside this file: ${env:NAME} or ${file:PATH}.", CREDENTIAL),
        may(
            "headers",
            "Headers of the request for a token; what comes from ${env:NAME} or ${file:PATH} is kept secret.",
            PARAMETERS,
        ),
        may("query", "Parameters of its query, likewise.", PARAMETERS),
        may("body", "Parameters of its form, likewise: `scope: calls.write`.", PARAMETERS),
    ],
    choices: &[],
    later: &[],
};

pub(crate) fn read(fields: Fields<'_>) -> Connection {
    let mut written_out = Vec::new();
    Connection {
        name: fields.name("name"),
        description: fields.text("description").map(|text| text.value).unwrap_or_default(),
        authorization: authorization(fields, &mut written_out),
        parameters: parameters(fields),
        written_out,
    }
}

fn authorization(fields: Fields<'_>, written_out: &mut Vec<Span>) -> Authorization {
    if let Some(oauth) = fields.object("oauth") {
        return Authorization::OAuth(Box::new(OAuth {
            endpoint: oauth.name("endpoint"),
            method: oauth.text("method").map_or_else(|| "POST".to_owned(), |method| method.value),
            client_id: oauth.name("clientId").value,
            client_secret: secret(oauth, "clientSecret", written_out),
            parameters: parameters(oauth),
        }));
    }
    if let Some(key) = fields.object("apiKey") {
        return Authorization::ApiKey {
            name: key.name("name").value,
            value: secret(key, "value", written_out),
        };
    }
    // Where there is none of the three, that has been told.
    let basic = fields.object("basic").unwrap_or(fields);
    Authorization::Basic {
        username: basic.name("username").value,
        password: secret(basic, "password", written_out),
    }
}

fn secret(fields: Fields<'_>, key: &str, written_out: &mut Vec<Span>) -> Secret {
    let Some(secret) = fields.secret(key) else { return Secret::default() };
    if !fields.comes_from_outside(secret.span) {
        written_out.push(secret.span);
    }
    secret.value
}

fn parameters(fields: Fields<'_>) -> Parameters {
    let read = |key: &str| {
        let pairs = fields.pairs(key).into_iter();
        let read = pairs.map(|(key, value)| Parameter {
            key: key.value,
            is_secret: fields.comes_from_outside(value.span),
            value: Secret::new(value.value),
        });
        read.collect()
    };
    Parameters { headers: read("headers"), query: read("query"), body: read("body") }
}

pub(crate) fn check(connections: &[Connection], names: &Names<'_>, out: &mut Vec<Mistake>) {
    names::unique("connection", connections.iter().map(|connection| &connection.name), out);
    for connection in connections {
        for span in &connection.written_out {
            out.push(Mistake::of_secret(
                *span,
                "this secret stands in the file, where everybody can read it",
            ));
        }
        if let Authorization::OAuth(oauth) = &connection.authorization {
            names.check_endpoint(&oauth.endpoint, out);
        }
    }
}

const WORD: &str = "connection ";

named_id!("Which one.", "connection ");

/// The settings that a pipeline decides.
const SETTINGS: &[&str] = &["AuthorizationType", "AuthParameters", "Description"];
/// The setting that says whose its secrets are, instead of the secrets.
pub(crate) const SECRETS: &str = "Secrets";
/// Its value where they are those of the file.
const SECRETS_OF_FILE: &str = "as in the pipeline file";

impl Connection {
    pub(crate) fn wanted(&self) -> Resource {
        let (kind, parameters, secrets) = parts(self);
        let mut settings = Settings::from([
            ("AuthorizationType".to_owned(), json!(kind)),
            ("AuthParameters".to_owned(), parameters),
            (SECRETS.to_owned(), json!(SECRETS_OF_FILE)),
        ]);
        describe(&mut settings, &self.description);
        Resource { secrets, ..Resource::new(Id { name: self.name.value.clone() }, settings) }
    }
}

impl Id {
    /// The connection that is displayed like this.
    pub(crate) fn of_words(words: &str) -> Option<Self> {
        words.strip_prefix(WORD).map(|name| Self { name: name.to_owned() })
    }

    fn body(&self, wanted: Wanted<'_>) -> Value {
        let mut settings = wanted.settings.clone();
        settings.remove(SECRETS);
        wanted.secrets.fill(named(&settings, "Name", &self.name))
    }
}

impl Verbs for Id {
    const REMOVAL_RANK: u8 = 30;

    async fn look(&self, api: &impl Api) -> Result<Option<Settings>, ApiError> {
        let answer = api.call(Request::events("DescribeConnection", json!({"Name": self.name}))).await;
        Ok(found(answer)?.map(|answer| decided(&answer, SETTINGS)))
    }

    async fn create(&self, api: &impl Api, wanted: Wanted<'_>) -> Result<(), ApiError> {
        api.call(Request::events("CreateConnection", self.body(wanted))).await.map(drop)
    }

    async fn update(&self, api: &impl Api, wanted: Wanted<'_>, _: &[Change]) -> Result<(), ApiError> {
        let wanted = Wanted { settings: &emptied(wanted.settings), ..wanted };
        api.call(Request::events("UpdateConnection", self.body(wanted))).await.map(drop)
    }

    async fn delete(&self, api: &impl Api) -> Result<(), ApiError> {
        api.call(Request::events("DeleteConnection", json!({"Name": self.name}))).await.map(drop)
    }

    /// No operation of AWS's tells a connection's secrets, or whether they are still those of the file.
    async fn compare(
        &self,
        api: &impl Api,
        wanted: Wanted<'_>,
        actual: &mut Settings,
    ) -> Result<(), ApiError> {
        let answer = api.call(Request::trunkline("CompareConnection", self.body(wanted))).await?;
        let is_same = answer.get("IsSame").and_then(Value::as_bool);
        let is_same = is_same.ok_or_else(|| ApiError::strange("CompareConnection", "IsSame"))?;
        let state = if is_same { SECRETS_OF_FILE } else { "other or none" };
        actual.insert(SECRETS.to_owned(), json!(state));
        Ok(())
    }

    async fn arn(&self, api: &impl Api) -> Result<Option<Value>, ApiError> {
        let answer = api.call(Request::events("DescribeConnection", json!({"Name": self.name}))).await;
        arn_in(answer, "ConnectionArn")
    }
}
