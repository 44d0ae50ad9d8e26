//! A connection: how the endpoints of API destinations are authorized against, and the secrets for that.

use aws::secret::Secret;
use aws::{Arn, Error, Scope, Timestamp};
use serde::{Deserialize, Serialize};
use store::{KeyRange, Read, Table, Tx};
use tokio::sync::futures::Notified;

use crate::error;
use crate::events::Events;

/// All connections, by name.
pub(crate) const CONNECTIONS: Table<String, Connection> = Table::new(33, "connections");

/// A connection as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// Up to 64 letters, digits, `.`, `-`, `_`.
    pub name: String,
    /// The UUID at the end of its ARN: a connection that is made again under the same name is another one.
    pub(crate) id: String,
    /// The last part of the ARN of the secret that AWS would make in Secrets Manager.
    pub(crate) secret_id: String,
    /// Another number with each change: what was learnt of an earlier one no longer holds.
    pub generation: u64,
    pub(crate) description: Option<String>,
    pub(crate) kind: AuthorizationKind,
    /// `None` once it is deauthorized.
    pub(crate) authorization: Option<Authorization>,
    /// What every request to an endpoint gets in addition.
    pub(crate) invocation: Option<Parameters>,
    pub(crate) kms_key: Option<String>,
    /// Whether it can be used.
    pub state: ConnectionState,
    /// Why it cannot.
    pub state_reason: Option<String>,
    pub(crate) created: Timestamp,
    pub(crate) modified: Timestamp,
    pub(crate) authorized: Timestamp,
}

store::record!(Connection, version 1);

/// The kinds of authorization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum AuthorizationKind {
    Basic,
    OAuth,
    ApiKey,
}

impl AuthorizationKind {
    /// AWS's words, in the order in which its errors tell them.
    pub(crate) const WORDS: [&str; 3] = ["BASIC", "OAUTH_CLIENT_CREDENTIALS", "API_KEY"];

    pub(crate) fn parse(word: &str) -> Option<Self> {
        match word {
            "BASIC" => Some(Self::Basic),
            "OAUTH_CLIENT_CREDENTIALS" => Some(Self::OAuth),
            "API_KEY" => Some(Self::ApiKey),
            _ => None,
        }
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Basic => "BASIC",
            Self::OAuth => "OAUTH_CLIENT_CREDENTIALS",
            Self::ApiKey => "API_KEY",
        }
    }
}

/// What a request proves itself with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Authorization {
    Basic { username: String, password: Secret },
    ApiKey { name: String, value: Secret },
    OAuth(OAuth),
}

/// A client of an authorization server that gives tokens for credentials (RFC 6749, 4.4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OAuth {
    pub(crate) client_id: String,
    pub(crate) client_secret: Secret,
    pub(crate) endpoint: String,
    pub(crate) method: String,
    pub(crate) parameters: Option<Parameters>,
}

/// Headers, query parameters and members of the body that a request gets in addition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Parameters {
    pub(crate) headers: Vec<Parameter>,
    pub(crate) query: Vec<Parameter>,
    pub(crate) body: Vec<Parameter>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Parameter {
    pub(crate) key: String,
    pub(crate) value: Secret,
    /// Whether DescribeConnection leaves its value out.
    pub(crate) is_secret: bool,
}

/// Whether a connection can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConnectionState {
    /// It can.
    Authorized,
    /// The first token has not come yet.
    Authorizing,
    /// It cannot, until it is updated.
    Deauthorized,
}

impl ConnectionState {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Authorized => "AUTHORIZED",
            Self::Authorizing => "AUTHORIZING",
            Self::Deauthorized => "DEAUTHORIZED",
        }
    }
}

impl Connection {
    /// Its full name.
    pub(crate) fn arn(&self, scope: &Scope) -> Arn {
        scope.arn("events", format!("connection/{}/{}", self.name, self.id))
    }

    /// The full name of the secret that AWS would make for it.
    pub(crate) fn secret_arn(&self, scope: &Scope) -> Arn {
        let resource = format!("secret:events!connection/{}/{}", self.name, self.secret_id);
        scope.arn("secretsmanager", resource)
    }
}

impl Events {
    /// The connection that an ARN names; `None` where there is none, or another one of that name.
    pub(crate) fn connection_at(read: &mut impl Read, arn: &str) -> Option<Connection> {
        let arn: Arn = arn.parse().ok()?;
        let (name, id) = arn.resource.strip_prefix("connection/")?.split_once('/')?;
        read.get(&CONNECTIONS, &name.to_owned()).filter(|connection| connection.id == id)
    }

    /// Connections whose first token is still to be fetched.
    pub fn connections_to_authorize(&self, read: &mut impl Read) -> Vec<Connection> {
        let all = read.list(&CONNECTIONS, &KeyRange::all(), usize::MAX).into_iter();
        let all = all.map(|(_, connection)| connection);
        all.filter(|connection| connection.state == ConnectionState::Authorizing).collect()
    }

    /// Completes when a connection has come to need a token. To be asked for before the look that it follows.
    pub fn connections_changed(&self) -> Notified<'_> {
        self.connections_signal().notified()
    }

    /// Notes what came of asking for a token: a connection that got one is authorized, one that was refused is
    /// deauthorized, with the reason. Does nothing where the connection was changed meanwhile.
    pub fn settle_authorization(
        tx: &mut Tx<'_>,
        name: &str,
        generation: u64,
        outcome: Result<(), String>,
        now: Timestamp,
    ) {
        let Some(mut connection) = tx.get(&CONNECTIONS, &name.to_owned()) else { return };
        if connection.generation != generation {
            return;
        }
        match outcome {
            Ok(()) => {
                connection.state = ConnectionState::Authorized;
                connection.state_reason = None;
                connection.authorized = now;
            }
            Err(reason) => {
                connection.state = ConnectionState::Deauthorized;
                connection.state_reason = Some(reason);
            }
        }
        tx.put(&CONNECTIONS, &connection.name.clone(), &connection);
    }

    /// The connection's record; `what` an operation wants with it is said where there is none.
    pub(crate) fn connection(read: &mut impl Read, name: &str, what: &str) -> Result<Connection, Error> {
        read.get(&CONNECTIONS, &name.to_owned()).ok_or_else(|| error::connection_not_found(what, name))
    }
}
