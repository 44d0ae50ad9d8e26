//! A connection of the file as EventBridge's `AuthParameters`, its secrets apart.

use serde_json::{Value, json};

use crate::resource::connection::{Authorization, Connection, OAuth, Parameter, Parameters};
use crate::secrets::Secrets;

/// Where the parameters stand in a request.
const AT: &str = "/AuthParameters";

/// `AuthorizationType`, `AuthParameters` as DescribeConnection shows them, and the secrets that it leaves out. Parameters that
/// the file does not have are an empty object: it takes away those that are there.
pub(super) fn parts(connection: &Connection) -> (&'static str, Value, Secrets) {
    let mut secrets = Secrets::default();
    let invocation =
        parameters(&connection.parameters, &format!("{AT}/InvocationHttpParameters"), &mut secrets);
    let (kind, name, of_kind) = match &connection.authorization {
        Authorization::Basic { username, password } => {
            secrets.put(format!("{AT}/BasicAuthParameters/Password"), password);
            ("BASIC", "BasicAuthParameters", json!({"Username": username}))
        }
        Authorization::ApiKey { name, value } => {
            secrets.put(format!("{AT}/ApiKeyAuthParameters/ApiKeyValue"), value);
            ("API_KEY", "ApiKeyAuthParameters", json!({"ApiKeyName": name}))
        }
        Authorization::OAuth(client) => {
            ("OAUTH_CLIENT_CREDENTIALS", "OAuthParameters", oauth(client, &mut secrets))
        }
    };
    (kind, json!({name: of_kind, "InvocationHttpParameters": invocation}), secrets)
}

fn oauth(client: &OAuth, secrets: &mut Secrets) -> Value {
    let at = format!("{AT}/OAuthParameters");
    secrets.put(format!("{at}/ClientParameters/ClientSecret"), &client.client_secret);
    json!({
        "ClientParameters": {"ClientID": client.client_id},
        "AuthorizationEndpoint": client.endpoint.value,
        "HttpMethod": client.method,
        "OAuthHttpParameters": parameters(&client.parameters, &format!("{at}/OAuthHttpParameters"), secrets),
    })
}

fn parameters(parameters: &Parameters, at: &str, secrets: &mut Secrets) -> Value {
    let kinds = [
        ("HeaderParameters", &parameters.headers),
        ("QueryStringParameters", &parameters.query),
        ("BodyParameters", &parameters.body),
    ];
    let mut out = serde_json::Map::new();
    for (name, list) in kinds.into_iter().filter(|(_, list)| !list.is_empty()) {
        let each = list.iter().enumerate();
        let each = each.map(|(number, one)| parameter(one, &format!("{at}/{name}/{number}/Value"), secrets));
        out.insert(name.to_owned(), each.collect());
    }
    Value::Object(out)
}

fn parameter(parameter: &Parameter, at: &str, secrets: &mut Secrets) -> Value {
    let mut shown = json!({"Key": parameter.key, "IsValueSecret": parameter.is_secret});
    if parameter.is_secret {
        secrets.put(at, &parameter.value);
    } else if let Some(members) = shown.as_object_mut() {
        members.insert("Value".to_owned(), Value::from(parameter.value.reveal()));
    }
    shown
}
