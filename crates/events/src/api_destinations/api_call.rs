//! The call of an API destination: what of the destination, its connection, the target and the event makes one request.
//!
//! Sources: EventBridge user guide, "API destinations" and "Connections"; `HttpParameters` of the API reference (values of
//! the connection take precedence); dynamic values as ministackorg/ministack#1775 recorded them of AWS.

use std::collections::BTreeMap;
use std::fmt;

use aws::encoding::{ALL_BUT_UNRESERVED, percent_encoded};
use aws::secret::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;
use store::Read;

use crate::api_destinations::connection::{
    Authorization, Connection, ConnectionState, OAuth, Parameter, Parameters,
};
use crate::events::Events;
use crate::limits::quotas;
use crate::target::HttpParameters;
use crate::target::input::path::Path;
use crate::trip::owe::DueDelivery;

/// A request that is ready but for its token. Its `Debug` shows nothing: all of it may hold secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiCall {
    /// The method, in capitals.
    pub method: String,
    /// The URL.
    pub url: String,
    /// The headers, each once or more.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
    /// How to get the token that the request needs, where it needs one.
    pub token: Option<TokenCall>,
    /// The secrets in it: an endpoint may answer with what it was sent, and nobody is to be shown that.
    pub secrets: Vec<Secret>,
}

/// How to get a token. Its `Debug` shows the connection alone.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenCall {
    /// The connection's name.
    pub connection: String,
    /// The connection's generation: a token of another one is none of this.
    pub generation: u64,
    /// The method, in capitals.
    pub method: String,
    /// The URL.
    pub url: String,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body: a form.
    pub body: String,
}

impl fmt::Debug for ApiCall {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("ApiCall").field("method", &self.method).finish_non_exhaustive()
    }
}

impl fmt::Debug for TokenCall {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("TokenCall").field("connection", &self.connection).finish_non_exhaustive()
    }
}

/// Why no request can be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoCall {
    /// The user guide's error code for dead-letter queues.
    pub code: &'static str,
    /// A sentence for a person.
    pub message: String,
    /// Whether it may be mended while the delivery waits: a connection can be authorized again.
    pub may_be_mended: bool,
}

impl NoCall {
    fn never(code: &'static str, message: String) -> Self {
        Self { code, message, may_be_mended: false }
    }
}

/// Headers that EventBridge removes from what users set, and those that it sets itself (user guide, "Headers EventBridge
/// removes from requests to API destinations", "Headers that cannot be overridden").
const REMOVED: [&str; 33] = [
    "a-im",
    "accept-charset",
    "accept-datetime",
    "accept-encoding",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-md5",
    "date",
    "expect",
    "forwarded",
    "from",
    "host",
    "http2-settings",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "max-forwards",
    "origin",
    "pragma",
    "proxy-authorization",
    "range",
    "referer",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    "warning",
];

/// The content type where nobody sets another.
const JSON: &str = "application/json; charset=utf-8";

impl Events {
    /// The request that a delivery to an API destination is, by what destination and connection are now.
    ///
    /// # Errors
    /// [`NoCall`]: something is missing or does not fit together.
    pub fn api_call(&self, read: &mut impl Read, owed: &DueDelivery) -> Result<ApiCall, NoCall> {
        let arn = &owed.target.arn;
        let gone = |what: &str| NoCall::never("NO_RESOURCE", format!("The {what} does not exist."));
        let destination =
            Self::api_destination_at(read, arn).ok_or_else(|| gone(&format!("API destination {arn}")))?;
        let connection = Self::connection_at(read, &destination.connection_arn)
            .ok_or_else(|| gone(&format!("connection {}", destination.connection_arn)))?;
        let authorization = usable(&connection)?;
        let empty = (HttpParameters::default(), Parameters::default());
        let of_target = owed.target.http.as_ref().unwrap_or(&empty.0);
        let of_connection = connection.invocation.as_ref().unwrap_or(&empty.1);
        measure(of_target, &owed.event)?;
        let path = fill_path(&destination.endpoint, of_target, &owed.event)?;
        let query = query(of_target, of_connection, &owed.event);
        Ok(ApiCall {
            method: destination.method,
            url: with_query(&path, &query),
            headers: headers(of_target, of_connection, authorization, &owed.event),
            body: with_members(&owed.input, &of_connection.body)?,
            secrets: secrets(authorization, of_connection),
            token: match authorization {
                Authorization::OAuth(oauth) => Some(token_call(&connection, oauth)),
                Authorization::Basic { .. } | Authorization::ApiKey { .. } => None,
            },
        })
    }
}

/// A request to an endpoint that no API destination names, through a connection: what a state machine's HTTP task asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointRequest<'r> {
    /// The connection's ARN.
    pub connection_arn: &'r str,
    /// The method, in capitals.
    pub method: &'r str,
    /// The URL.
    pub url: &'r str,
    /// Headers and query; the connection's come first.
    pub parameters: HttpParameters,
    /// The body.
    pub body: &'r str,
}

impl Events {
    /// The request that an endpoint gets through a connection.
    ///
    /// # Errors
    /// [`NoCall`]: the connection is missing or deauthorized, or does not fit the body.
    pub fn endpoint_call(
        &self,
        read: &mut impl Read,
        request: &EndpointRequest<'_>,
    ) -> Result<ApiCall, NoCall> {
        let arn = request.connection_arn;
        let gone = || NoCall::never("NO_RESOURCE", format!("The connection {arn} does not exist."));
        let connection = Self::connection_at(read, arn).ok_or_else(gone)?;
        let authorization = usable(&connection)?;
        let empty = Parameters::default();
        let of_connection = connection.invocation.as_ref().unwrap_or(&empty);
        Ok(ApiCall {
            method: request.method.to_owned(),
            url: with_query(request.url, &query(&request.parameters, of_connection, "{}")),
            headers: headers(&request.parameters, of_connection, authorization, "{}"),
            body: with_members(request.body, &of_connection.body)?,
            secrets: secrets(authorization, of_connection),
            token: match authorization {
                Authorization::OAuth(oauth) => Some(token_call(&connection, oauth)),
                Authorization::Basic { .. } | Authorization::ApiKey { .. } => None,
            },
        })
    }
}

impl Connection {
    /// How to get its token; `None` where it needs none.
    pub fn token_call(&self) -> Option<TokenCall> {
        match &self.authorization {
            Some(Authorization::OAuth(oauth)) => Some(token_call(self, oauth)),
            Some(Authorization::Basic { .. } | Authorization::ApiKey { .. }) | None => None,
        }
    }
}

fn usable(connection: &Connection) -> Result<&Authorization, NoCall> {
    let is_usable = connection.state != ConnectionState::Deauthorized;
    connection.authorization.as_ref().filter(|_| is_usable).ok_or_else(|| NoCall {
        code: "NO_PERMISSIONS",
        message: format!(
            "The connection {} is deauthorized; update it to authorize it again.",
            connection.name
        ),
        may_be_mended: true,
    })
}

/// Refuses parameters whose values no endpoint would read, before a request is made of them: each `*` of a path could have a
/// value of 1 MiB.
fn measure(target: &HttpParameters, event: &str) -> Result<(), NoCall> {
    let texts = target.path.iter().chain(target.headers.values()).chain(target.query.values());
    let (mut size_bytes, mut read_bytes) = (0_usize, 0_usize);
    for text in texts.filter(|text| is_dynamic(text)) {
        let steps = Path::parse(text).map_or(0, |path| path.steps());
        read_bytes = read_bytes.saturating_add(event.len().saturating_mul(steps));
        if read_bytes <= quotas::INPUT_READ_BYTES_MAX {
            size_bytes = size_bytes.saturating_add(value_of(text, event).map_or(0, |value| value.len()));
        }
        if read_bytes > quotas::INPUT_READ_BYTES_MAX || size_bytes > quotas::HTTP_VALUES_SIZE_BYTES_MAX {
            let most = quotas::HTTP_VALUES_SIZE_BYTES_MAX;
            let sentence = format!("The HttpParameters have values of more than {most} bytes in this event.");
            return Err(NoCall::never("INVALID_PARAMETER", sentence));
        }
    }
    Ok(())
}

fn fill_path(endpoint: &str, parameters: &HttpParameters, event: &str) -> Result<String, NoCall> {
    // A `*` of the query is no wildcard.
    let (path, rest) = endpoint.find('?').map_or((endpoint, ""), |at| endpoint.split_at(at));
    let mut values = parameters.path.iter();
    let mut pieces = path.split('*');
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for (number, piece) in pieces.enumerate() {
        let wildcard = number + 1;
        let wrong = |why: &str| {
            NoCall::never(
                "INVALID_PARAMETER",
                format!("The {wildcard}. '*' of the API destination's path has {why}."),
            )
        };
        let value = values.next().ok_or_else(|| wrong("no PathParameterValue"))?;
        // An empty part of a path, or one that leads out of its place, is another resource: better not to call that.
        let value = value_of(value, event).filter(|value| !matches!(value.as_str(), "" | "." | ".."));
        let value = value.ok_or_else(|| wrong("a value that this event does not have"))?;
        filled.push_str(&percent_encoded(&value, ALL_BUT_UNRESERVED));
        filled.push_str(piece);
    }
    filled.push_str(rest);
    Ok(filled)
}

/// A parameter's value for an event; `None` where it is a path that selects nothing.
fn value_of(parameter: &str, event: &str) -> Option<String> {
    if !is_dynamic(parameter) {
        return Some(parameter.to_owned());
    }
    let path = Path::parse(parameter).ok()?;
    let selected = path.select(event)?;
    Some(serde_json::from_str::<String>(&selected).unwrap_or_else(|_| selected.into_owned()))
}

/// Whether a parameter's value is a path into the event.
pub(crate) fn is_dynamic(parameter: &str) -> bool {
    parameter.starts_with("$.")
}

fn query(target: &HttpParameters, connection: &Parameters, event: &str) -> Vec<(String, String)> {
    let taken = |key: &str| connection.query.iter().any(|parameter| parameter.key == key);
    let of_target = target.query.iter().filter(|(key, _)| !taken(key));
    // What the event does not have is sent as an empty value, as AWS does.
    let of_target = of_target.map(|(key, value)| (key.clone(), value_of(value, event).unwrap_or_default()));
    of_target.chain(pairs(&connection.query)).collect()
}

fn pairs(parameters: &[Parameter]) -> impl Iterator<Item = (String, String)> {
    parameters.iter().map(|parameter| (parameter.key.clone(), parameter.value.reveal().to_owned()))
}

/// AWS also sends `Accept-Encoding: gzip,deflate`, which would hide the first bytes of an answer from whoever looks at an
/// attempt, and `Connection: close`, for which each delivery would pay with a handshake.
fn headers(
    target: &HttpParameters,
    connection: &Parameters,
    authorization: &Authorization,
    event: &str,
) -> Vec<(String, String)> {
    let mut headers = vec![
        ("User-Agent".to_owned(), "Amazon/EventBridge/ApiDestinations".to_owned()),
        ("Range".to_owned(), "bytes=0-1048575".to_owned()),
    ];
    let of_authorization = match authorization {
        Authorization::Basic { username, password } => {
            Some(("Authorization".to_owned(), format!("Basic {}", basic(username, password))))
        }
        Authorization::ApiKey { name, value } => Some((name.clone(), value.reveal().to_owned())),
        Authorization::OAuth(_) => None,
    };
    let is_token = matches!(authorization, Authorization::OAuth(_));
    let of_target =
        target.headers.iter().map(|(key, value)| (key.clone(), value_of(value, event).unwrap_or_default()));
    // The strongest first: the authorization, the connection's, the target's.
    let strongest_first = of_authorization.into_iter().chain(pairs(&connection.headers)).chain(of_target);
    for (key, value) in strongest_first {
        let is_removed = REMOVED.iter().any(|removed| removed.eq_ignore_ascii_case(&key));
        let is_taken = headers.iter().any(|(taken, _)| taken.eq_ignore_ascii_case(&key));
        let is_of_token = is_token && key.eq_ignore_ascii_case("authorization");
        if !(is_removed || is_taken || is_of_token) {
            headers.push((key, one_line(&value)));
        }
    }
    if !headers.iter().any(|(key, _)| key.eq_ignore_ascii_case("content-type")) {
        headers.push(("Content-Type".to_owned(), JSON.to_owned()));
    }
    headers
}

/// What nobody is to be shown of a request's connection.
fn secrets(authorization: &Authorization, added: &Parameters) -> Vec<Secret> {
    let mut secrets = match authorization {
        Authorization::Basic { username, password } => {
            vec![Secret::new(basic(username, password)), password.clone()]
        }
        Authorization::ApiKey { value, .. } => vec![value.clone()],
        Authorization::OAuth(oauth) => vec![oauth.client_secret.clone()],
    };
    let all = added.headers.iter().chain(&added.query).chain(&added.body);
    secrets.extend(all.filter(|parameter| parameter.is_secret).map(|parameter| parameter.value.clone()));
    secrets
}

fn basic(username: &str, password: &Secret) -> String {
    STANDARD.encode(format!("{username}:{}", password.reveal()))
}

/// A value of an event may hold line breaks, which a header may not.
fn one_line(value: &str) -> String {
    value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A JSON object with the connection's members in it. Without any, the input's bytes stay as they are.
fn with_members(input: &str, members: &[Parameter]) -> Result<String, NoCall> {
    if members.is_empty() {
        return Ok(input.to_owned());
    }
    let mut object: BTreeMap<String, Box<RawValue>> = serde_json::from_str(input).map_err(|_| {
        let message =
            "The connection has body parameters, and what the target sends is no JSON object to add them to.";
        NoCall::never("INVALID_JSON", message.to_owned())
    })?;
    for member in members {
        // A text can always be written.
        if let Ok(value) = serde_json::value::to_raw_value(member.value.reveal()) {
            object.insert(member.key.clone(), value);
        }
    }
    Ok(serde_json::to_string(&object).unwrap_or_default())
}

/// The request of RFC 6749, 4.4.2, with the client's credentials in the form (2.3.1), and what the connection adds.
fn token_call(connection: &Connection, oauth: &OAuth) -> TokenCall {
    let empty = Parameters::default();
    let added = oauth.parameters.as_ref().unwrap_or(&empty);
    let mut form: Vec<(String, String)> = pairs(&added.body).collect();
    let usual = [
        ("grant_type", "client_credentials"),
        ("client_id", oauth.client_id.as_str()),
        ("client_secret", oauth.client_secret.reveal()),
    ];
    for (key, value) in usual {
        if !form.iter().any(|(taken, _)| taken == key) {
            form.push((key.to_owned(), value.to_owned()));
        }
    }
    let mut query: Vec<(String, String)> = pairs(&added.query).collect();
    let mut headers: Vec<(String, String)> = pairs(&added.headers).collect();
    headers.push(("Accept".to_owned(), "application/json".to_owned()));
    let mut body = String::new();
    if oauth.method == "GET" {
        query.extend(form);
    } else {
        headers.push(("Content-Type".to_owned(), "application/x-www-form-urlencoded".to_owned()));
        body = form_of(&form);
    }
    TokenCall {
        connection: connection.name.clone(),
        generation: connection.generation,
        method: oauth.method.clone(),
        url: with_query(&oauth.endpoint, &query),
        headers,
        body,
    }
}

fn with_query(url: &str, query: &[(String, String)]) -> String {
    if query.is_empty() {
        return url.to_owned();
    }
    let sign = if url.contains('?') { '&' } else { '?' };
    format!("{url}{sign}{}", form_of(query))
}

fn form_of(pairs: &[(String, String)]) -> String {
    let pairs = pairs
        .iter()
        .map(|(key, value)| [key, value].map(|text| percent_encoded(text, ALL_BUT_UNRESERVED)).join("="));
    pairs.collect::<Vec<_>>().join("&")
}
