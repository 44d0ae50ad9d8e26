//! `AuthParameters` as they come, as they are kept, and as they are shown: without the secrets.

use aws::Error;
use aws::secret::Secret;
use serde::{Deserialize, Serialize};

use crate::api_destinations::connection::{
    Authorization, AuthorizationKind, Connection, OAuth, Parameter, Parameters,
};
use crate::events::Events;
use crate::limits::quotas;
use crate::ops::check::{CREDENTIAL, ENDPOINT, Faults, HEADER_KEY, HEADER_VALUE, QUERY_KEY, QUERY_VALUE};

/// The methods that a token may be asked for with.
const TOKEN_METHODS: [&str; 3] = ["GET", "POST", "PUT"];

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AuthParameters {
    basic_auth_parameters: Option<Basic>,
    #[serde(rename = "OAuthParameters")]
    oauth_parameters: Option<OAuthWire>,
    api_key_auth_parameters: Option<ApiKey>,
    invocation_http_parameters: Option<ParametersWire>,
    connectivity_parameters: Option<serde_json::Value>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Basic {
    username: Option<String>,
    password: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ApiKey {
    api_key_name: Option<String>,
    api_key_value: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OAuthWire {
    client_parameters: Option<Client>,
    authorization_endpoint: Option<String>,
    http_method: Option<String>,
    #[serde(rename = "OAuthHttpParameters")]
    oauth_http_parameters: Option<ParametersWire>,
}

#[derive(Default, Deserialize)]
struct Client {
    #[serde(rename = "ClientID")]
    id: Option<String>,
    #[serde(rename = "ClientSecret")]
    secret: Option<String>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ParametersWire {
    #[serde(skip_serializing_if = "Option::is_none")]
    header_parameters: Option<Vec<ParameterWire>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    query_string_parameters: Option<Vec<ParameterWire>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_parameters: Option<Vec<ParameterWire>>,
}

#[derive(Clone, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ParameterWire {
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    is_value_secret: Option<bool>,
}

impl AuthParameters {
    /// What of it breaks the service's model. What must be there depends on the operation: [`Self::authorization`].
    pub(crate) fn check(&self, faults: &mut Faults) {
        let mut at = Within { faults, path: "authParameters" };
        if let Some(basic) = &self.basic_auth_parameters {
            at.credential("basicAuthParameters.username", basic.username.as_deref());
            at.secret("basicAuthParameters.password", basic.password.as_deref());
        }
        if let Some(key) = &self.api_key_auth_parameters {
            at.credential("apiKeyAuthParameters.apiKeyName", key.api_key_name.as_deref());
            at.secret("apiKeyAuthParameters.apiKeyValue", key.api_key_value.as_deref());
        }
        if let Some(oauth) = &self.oauth_parameters {
            let client = oauth.client_parameters.as_ref();
            let id = client.and_then(|client| client.id.as_deref());
            at.credential("oAuthParameters.clientParameters.clientID", id);
            let secret = client.and_then(|client| client.secret.as_deref());
            at.secret("oAuthParameters.clientParameters.clientSecret", secret);
            let endpoint = oauth.authorization_endpoint.as_deref();
            at.faults.text("authParameters.oAuthParameters.authorizationEndpoint", endpoint, &ENDPOINT);
            let method = oauth.http_method.as_deref().map(token_method);
            let method = method.as_deref();
            at.faults.one_of("authParameters.oAuthParameters.httpMethod", method, &TOKEN_METHODS);
            if let Some(parameters) = &oauth.oauth_http_parameters {
                parameters.check(at.faults, "authParameters.oAuthParameters.oAuthHttpParameters");
            }
        }
        if let Some(parameters) = &self.invocation_http_parameters {
            parameters.check(at.faults, "authParameters.invocationHttpParameters");
        }
    }

    pub(crate) fn is_private(&self) -> bool {
        self.connectivity_parameters.is_some()
    }

    /// Whether the authorization server may be asked at all. AWS takes what is no URL, and the connection then fails to
    /// authorize.
    pub(crate) fn check_endpoint(&self, events: &Events) -> Result<(), Error> {
        let oauth = self.oauth_parameters.as_ref();
        match oauth.and_then(|oauth| oauth.authorization_endpoint.as_deref()) {
            Some(endpoint) if endpoint.contains("://") => {
                events.check_https("AuthorizationEndpoint", endpoint)
            }
            _ => Ok(()),
        }
    }

    /// What is to be kept of it, on top of what is known already of the same kind.
    ///
    /// # Errors
    /// `ValidationException` where something is missing, or is of another kind. The words are ours.
    pub(crate) fn authorization(
        &self,
        kind: AuthorizationKind,
        known: Option<&Authorization>,
    ) -> Result<Authorization, Error> {
        let given = [
            (AuthorizationKind::Basic, self.basic_auth_parameters.is_some()),
            (AuthorizationKind::OAuth, self.oauth_parameters.is_some()),
            (AuthorizationKind::ApiKey, self.api_key_auth_parameters.is_some()),
        ];
        if let Some((other, _)) = given.iter().find(|(of, is_given)| *is_given && *of != kind) {
            let reason = format!("{} are for the authorization type {}", name_of(*other), other.word());
            return Err(wrong(&format!("{reason}, and the connection has the type {}.", kind.word())));
        }
        match kind {
            AuthorizationKind::Basic => self.basic(known),
            AuthorizationKind::ApiKey => self.api_key(known),
            AuthorizationKind::OAuth => self.oauth(known).map(Authorization::OAuth),
        }
    }

    fn basic(&self, known: Option<&Authorization>) -> Result<Authorization, Error> {
        let wire = self.basic_auth_parameters.as_ref();
        let (name, secret) = match known {
            Some(Authorization::Basic { username, password }) => (Some(username), Some(password)),
            _ => (None, None),
        };
        let username = wire.and_then(|wire| wire.username.clone()).or(name.cloned());
        let password = wire.and_then(|wire| wire.password.clone()).map(Secret::new).or(secret.cloned());
        let kind = AuthorizationKind::Basic;
        Ok(Authorization::Basic {
            username: username.ok_or_else(|| missing(kind, "Username"))?,
            password: password.ok_or_else(|| missing(kind, "Password"))?,
        })
    }

    fn api_key(&self, known: Option<&Authorization>) -> Result<Authorization, Error> {
        let wire = self.api_key_auth_parameters.as_ref();
        let (name, secret) = match known {
            Some(Authorization::ApiKey { name, value }) => (Some(name), Some(value)),
            _ => (None, None),
        };
        let name = wire.and_then(|wire| wire.api_key_name.clone()).or(name.cloned());
        let value = wire.and_then(|wire| wire.api_key_value.clone()).map(Secret::new).or(secret.cloned());
        let kind = AuthorizationKind::ApiKey;
        Ok(Authorization::ApiKey {
            name: name.ok_or_else(|| missing(kind, "ApiKeyName"))?,
            value: value.ok_or_else(|| missing(kind, "ApiKeyValue"))?,
        })
    }

    fn oauth(&self, known: Option<&Authorization>) -> Result<OAuth, Error> {
        let known = match known {
            Some(Authorization::OAuth(oauth)) => Some(oauth),
            _ => None,
        };
        let wire = self.oauth_parameters.as_ref();
        let client = wire.and_then(|wire| wire.client_parameters.as_ref());
        let client_id = client
            .and_then(|client| client.id.clone())
            .or_else(|| known.map(|known| known.client_id.clone()));
        let client_secret = client
            .and_then(|client| client.secret.clone().map(Secret::new))
            .or_else(|| known.map(|known| known.client_secret.clone()));
        let endpoint = wire
            .and_then(|wire| wire.authorization_endpoint.clone())
            .or_else(|| known.map(|known| known.endpoint.clone()));
        let method = wire
            .and_then(|wire| wire.http_method.as_deref().map(token_method))
            .or_else(|| known.map(|known| known.method.clone()));
        let parameters = wire
            .and_then(|wire| wire.oauth_http_parameters.as_ref().map(ParametersWire::kept))
            .or_else(|| known.and_then(|known| known.parameters.clone()));
        let lacks = |what: &str| missing(AuthorizationKind::OAuth, what);
        Ok(OAuth {
            client_id: client_id.ok_or_else(|| lacks("ClientParameters.ClientID"))?,
            client_secret: client_secret.ok_or_else(|| lacks("ClientParameters.ClientSecret"))?,
            endpoint: endpoint.ok_or_else(|| lacks("AuthorizationEndpoint"))?,
            method: method.ok_or_else(|| lacks("HttpMethod"))?,
            parameters,
        })
    }

    /// What every request gets in addition, where that is said.
    pub(crate) fn invocation(&self) -> Option<Parameters> {
        self.invocation_http_parameters.as_ref().map(ParametersWire::kept)
    }
}

/// AWS takes the method in any case: one of [`TOKEN_METHODS`] is kept as it is listed, anything else is shown as it came.
fn token_method(given: &str) -> String {
    let known = TOKEN_METHODS.iter().find(|method| method.eq_ignore_ascii_case(given));
    (*known.unwrap_or(&given)).to_owned()
}

fn name_of(kind: AuthorizationKind) -> &'static str {
    match kind {
        AuthorizationKind::Basic => "BasicAuthParameters",
        AuthorizationKind::OAuth => "OAuthParameters",
        AuthorizationKind::ApiKey => "ApiKeyAuthParameters",
    }
}

fn missing(kind: AuthorizationKind, what: &str) -> Error {
    let (parameters, word) = (name_of(kind), kind.word());
    wrong(&format!("{parameters}.{what} must be there for the authorization type {word}."))
}

fn wrong(reason: &str) -> Error {
    Error::validation(format!("Parameter AuthParameters is not valid. Reason: {reason}"))
}

/// Faults of members below a path.
struct Within<'a> {
    faults: &'a mut Faults,
    path: &'static str,
}

impl Within<'_> {
    fn credential(&mut self, at: &str, value: Option<&str>) {
        self.faults.text(&format!("{}.{at}", self.path), value, &CREDENTIAL);
    }

    fn secret(&mut self, at: &str, value: Option<&str>) {
        self.faults.secret(&format!("{}.{at}", self.path), value, &CREDENTIAL);
    }
}

impl ParametersWire {
    fn check(&self, faults: &mut Faults, at: &str) {
        let kinds = [
            ("headerParameters", &self.header_parameters, Some((&HEADER_KEY, &HEADER_VALUE))),
            ("queryStringParameters", &self.query_string_parameters, Some((&QUERY_KEY, &QUERY_VALUE))),
            ("bodyParameters", &self.body_parameters, None),
        ];
        for (name, list, shapes) in kinds {
            let list = list.as_deref().unwrap_or_default();
            faults.count(&format!("{at}.{name}"), list.len(), 0..=quotas::CONNECTION_PARAMETERS_MAX);
            let Some((key, value)) = shapes else { continue };
            for (number, parameter) in list.iter().enumerate() {
                let member = format!("{at}.{name}.{}.member", number + 1);
                faults.text(&format!("{member}.key"), parameter.key.as_deref(), key);
                faults.secret(&format!("{member}.value"), parameter.value.as_deref(), value);
            }
        }
    }

    fn kept(&self) -> Parameters {
        let kept = |list: &Option<Vec<ParameterWire>>| {
            let list = list.as_deref().unwrap_or_default().iter();
            list.map(|wire| Parameter {
                key: wire.key.clone().unwrap_or_default(),
                value: Secret::new(wire.value.clone().unwrap_or_default()),
                is_secret: wire.is_value_secret.unwrap_or(false),
            })
            .collect()
        };
        Parameters {
            headers: kept(&self.header_parameters),
            query: kept(&self.query_string_parameters),
            body: kept(&self.body_parameters),
        }
    }

    fn shown(parameters: &Parameters) -> Self {
        let shown = |list: &[Parameter]| {
            let list = list.iter().map(|parameter| ParameterWire {
                key: Some(parameter.key.clone()),
                value: (!parameter.is_secret).then(|| parameter.value.reveal().to_owned()),
                is_value_secret: Some(parameter.is_secret),
            });
            Some(list.collect::<Vec<_>>()).filter(|list| !list.is_empty())
        };
        Self {
            header_parameters: shown(&parameters.headers),
            query_string_parameters: shown(&parameters.query),
            body_parameters: shown(&parameters.body),
        }
    }
}

/// What DescribeConnection shows of them.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Shown {
    #[serde(skip_serializing_if = "Option::is_none")]
    basic_auth_parameters: Option<BasicShown>,
    #[serde(rename = "OAuthParameters", skip_serializing_if = "Option::is_none")]
    oauth_parameters: Option<OAuthShown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key_auth_parameters: Option<ApiKeyShown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invocation_http_parameters: Option<ParametersWire>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct BasicShown {
    username: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ApiKeyShown {
    api_key_name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct OAuthShown {
    client_parameters: ClientShown,
    authorization_endpoint: String,
    http_method: String,
    #[serde(rename = "OAuthHttpParameters", skip_serializing_if = "Option::is_none")]
    oauth_http_parameters: Option<ParametersWire>,
}

#[derive(Serialize)]
struct ClientShown {
    #[serde(rename = "ClientID")]
    id: String,
}

impl Shown {
    /// `None` where the connection is deauthorized.
    pub(crate) fn of(connection: &Connection) -> Option<Self> {
        let mut shown = Self {
            basic_auth_parameters: None,
            oauth_parameters: None,
            api_key_auth_parameters: None,
            invocation_http_parameters: connection.invocation.as_ref().map(ParametersWire::shown),
        };
        match connection.authorization.as_ref()? {
            Authorization::Basic { username, .. } => {
                shown.basic_auth_parameters = Some(BasicShown { username: username.clone() });
            }
            Authorization::ApiKey { name, .. } => {
                shown.api_key_auth_parameters = Some(ApiKeyShown { api_key_name: name.clone() });
            }
            Authorization::OAuth(oauth) => {
                shown.oauth_parameters = Some(OAuthShown {
                    client_parameters: ClientShown { id: oauth.client_id.clone() },
                    authorization_endpoint: oauth.endpoint.clone(),
                    http_method: oauth.method.clone(),
                    oauth_http_parameters: oauth.parameters.as_ref().map(ParametersWire::shown),
                });
            }
        }
        Some(shown)
    }
}
