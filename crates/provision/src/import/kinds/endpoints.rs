//! Connections and API destinations. No secret gets into the file: it is asked of the environment.

use serde_json::{Map, Value, json};

use crate::import::kinds::Known;
use crate::import::properties::Properties;
use crate::import::remark::Grade;
use crate::import::value::{Noun, Use};

/// Requests a second. Source: CreateApiDestination in the EventBridge API reference.
const RATE_DEFAULT: u64 = 300;

pub(in crate::import) fn destination(
    mut of: Properties<'_, '_>,
    name: &str,
    known: &Known<'_>,
) -> Option<Map<String, Value>> {
    let mut out = Map::from_iter([("name".to_owned(), json!(name))]);
    if let Some(description) = of.text("Description", Use::Text) {
        out.insert("description".to_owned(), json!(description));
    }
    let arn = of.text("ConnectionArn", Use::Name)?;
    // AWS's ARNs of connections end in an id.
    let bare = arn.split_once(":connection/").and_then(|(_, rest)| rest.split('/').next()).unwrap_or(&arn);
    let own = known.own.iter().find(|own| own.noun == Noun::Connection && own.name == bare);
    let Some(connection) = known.named(&arn).or(own) else {
        of.left_out("", format!("its connection {arn} is not imported"));
        return None;
    };
    out.insert("connection".to_owned(), json!(connection.name));
    for (key, property) in [("endpoint", "InvocationEndpoint"), ("method", "HttpMethod")] {
        if let Some(text) = of.text(property, Use::Text) {
            out.insert(key.to_owned(), json!(text));
        }
    }
    if let Some(rate) = of.number("InvocationRateLimitPerSecond").filter(|rate| rate != &json!(RATE_DEFAULT))
    {
        out.insert("rateLimitPerSecond".to_owned(), rate);
    }
    of.done(&["Name"]);
    Some(out)
}

pub(in crate::import) fn connection(mut of: Properties<'_, '_>, name: &str) -> Map<String, Value> {
    let mut out = Map::from_iter([("name".to_owned(), json!(name))]);
    if let Some(description) = of.text("Description", Use::Text) {
        out.insert("description".to_owned(), json!(description));
    }
    let kind = of.text("AuthorizationType", Use::Name).unwrap_or_default();
    let mut rest = Map::new();
    if let Some(parameters) = of.object("AuthParameters") {
        let mut parameters = of.part(("AuthParameters", parameters));
        let (key, section) = match kind.as_str() {
            "API_KEY" => ("apiKey", api_key(&mut parameters, name)),
            "OAUTH_CLIENT_CREDENTIALS" => ("oauth", oauth(&mut parameters, name)),
            _ => ("basic", basic(&mut parameters, name)),
        };
        out.insert(key.to_owned(), Value::Object(section));
        if let Some(members) = parameters.object("InvocationHttpParameters") {
            rest = http_parameters(parameters.part(("InvocationHttpParameters", members)), name);
        }
        parameters.done(&[]);
    }
    out.extend(rest);
    of.done(&["Name"]);
    out
}

fn basic(of: &mut Properties<'_, '_>, connection: &str) -> Map<String, Value> {
    let Some(members) = of.object("BasicAuthParameters") else { return Map::new() };
    let mut of = of.part(("BasicAuthParameters", members));
    let username = of.text("Username", Use::Text).unwrap_or_default();
    let password = secret(&mut of, "Password", connection);
    of.done(&[]);
    Map::from_iter([("username".to_owned(), json!(username)), ("password".to_owned(), json!(password))])
}

fn api_key(of: &mut Properties<'_, '_>, connection: &str) -> Map<String, Value> {
    let Some(members) = of.object("ApiKeyAuthParameters") else { return Map::new() };
    let mut of = of.part(("ApiKeyAuthParameters", members));
    let header = of.text("ApiKeyName", Use::Text).unwrap_or_default();
    let value = secret(&mut of, "ApiKeyValue", connection);
    of.done(&[]);
    Map::from_iter([("name".to_owned(), json!(header)), ("value".to_owned(), json!(value))])
}

fn oauth(of: &mut Properties<'_, '_>, connection: &str) -> Map<String, Value> {
    let Some(members) = of.object("OAuthParameters") else { return Map::new() };
    let mut of = of.part(("OAuthParameters", members));
    let endpoint = of.text("AuthorizationEndpoint", Use::Text).unwrap_or_default();
    let mut out = Map::from_iter([("endpoint".to_owned(), json!(endpoint))]);
    if let Some(method) = of.text("HttpMethod", Use::Name).filter(|method| method != "POST") {
        out.insert("method".to_owned(), json!(method));
    }
    if let Some(members) = of.object("ClientParameters") {
        let mut client = of.part(("ClientParameters", members));
        let id = client.text("ClientID", Use::Text).unwrap_or_default();
        out.insert("clientId".to_owned(), json!(id));
        out.insert("clientSecret".to_owned(), json!(secret(&mut client, "ClientSecret", connection)));
        client.done(&[]);
    }
    if let Some(members) = of.object("OAuthHttpParameters") {
        out.extend(http_parameters(of.part(("OAuthHttpParameters", members)), connection));
    }
    of.done(&[]);
    out
}

/// Headers, query and body.
fn http_parameters(mut of: Properties<'_, '_>, connection: &str) -> Map<String, Value> {
    let kinds =
        [("headers", "HeaderParameters"), ("query", "QueryStringParameters"), ("body", "BodyParameters")];
    let mut out = Map::new();
    for (key, property) in kinds {
        let Some(Value::Array(list)) = of.take(property) else { continue };
        let mut texts = Map::new();
        for parameter in list {
            let Value::Object(members) = parameter else { continue };
            let mut one = of.part((property, members));
            let is_secret = one.text("IsValueSecret", Use::Name).is_some_and(|flag| flag == "true");
            let Some(name) = one.text("Key", Use::Text) else { continue };
            let value = if is_secret {
                secret(&mut one, "Value", &format!("{connection} {name}"))
            } else {
                one.text("Value", Use::Text).unwrap_or_default()
            };
            texts.insert(name, json!(value));
        }
        if !texts.is_empty() {
            out.insert(key.to_owned(), Value::Object(texts));
        }
    }
    of.done(&[]);
    out
}

/// A secret's reference to the environment.
fn secret(of: &mut Properties<'_, '_>, property: &str, about: &str) -> String {
    let written = of.take(property).and_then(|value| of.resolver.text(&value, Use::Text).ok());
    if let Some(reference) = written.filter(|text| text.contains("${env:") || text.contains("${file:")) {
        return reference;
    }
    let last = match property {
        "ApiKeyValue" => "KEY",
        "ClientSecret" => "CLIENT_SECRET",
        "Password" => "PASSWORD",
        _ => "VALUE",
    };
    let word = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    let variable = format!("{}_{last}", about.chars().map(word).collect::<String>());
    of.remark(
        Grade::Changed,
        property,
        format!("no secret is written to the file: set the variable {variable}"),
    );
    format!("${{env:{variable}}}")
}
