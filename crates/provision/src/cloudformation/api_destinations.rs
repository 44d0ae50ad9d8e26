//! Connections and API destinations. A connection's secrets are parameters, which nobody is shown: never in the template.

use serde_json::{Map, Value, json};

use crate::cloudformation::block::Block;
use crate::cloudformation::builder::Builder;
use crate::cloudformation::{logical, written};
use crate::resource::{Id, Resource, connection};

/// The kinds' names at the ends of their logical ids.
pub(super) const DESTINATION: &str = "ApiDestination";
const CONNECTION: &str = "Connection";

pub(super) fn render(builder: &mut Builder<'_>) {
    for resource in builder.wanted {
        match &resource.id {
            Id::Connection(id) => connection(builder, resource, &id.name),
            Id::ApiDestination(id) => destination(builder, resource, &id.name),
            _ => {}
        }
    }
}

fn connection(builder: &mut Builder<'_>, resource: &Resource, name: &str) {
    let logical_id = builder.ids.of(CONNECTION, name);
    let mut properties = json!(resource.settings);
    for pointer in resource.secrets.places() {
        let last: Vec<&str> = pointer.split('/').skip(2).filter(|step| *step != "Value").collect();
        let parameter = format!("{logical_id}{}", logical::camel(&last.join("-")));
        let about = format!("Secret of the connection {name}: {}", last.join("/"));
        let reference = written::of_connection(builder.written, name, pointer);
        let value = builder.secret(parameter, &about, (resource.secrets.at(pointer), reference));
        put(&mut properties, pointer, value);
    }
    let mut properties = properties.as_object().cloned().unwrap_or_default();
    // Whether the secrets are those of the file is our own question.
    properties.remove(connection::SECRETS);
    if let Some(Value::Object(parameters)) = properties.get_mut("AuthParameters") {
        let is_empty = |value: &Value| value.as_object().is_some_and(Map::is_empty);
        parameters.retain(|_, value| !is_empty(value));
        if let Some(Value::Object(oauth)) = parameters.get_mut("OAuthParameters") {
            oauth.retain(|_, value| !is_empty(value));
        }
    }
    properties.insert("Name".to_owned(), json!(name));
    builder.add_wanted(resource, logical_id, Block::new("AWS::Events::Connection", properties));
}

/// Puts a value at a JSON pointer whose parent is there.
fn put(root: &mut Value, pointer: &str, value: Value) {
    let Some((object, member)) = pointer.rsplit_once('/') else { return };
    if let Some(members) = root.pointer_mut(object).and_then(Value::as_object_mut) {
        members.insert(member.to_owned(), value);
    }
}

fn destination(builder: &mut Builder<'_>, resource: &Resource, name: &str) {
    let logical_id = builder.ids.of(DESTINATION, name);
    let mut properties: Map<String, Value> =
        resource.settings.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    properties.insert("Name".to_owned(), json!(name));
    let named = properties.get("ConnectionArn").and_then(crate::resource::of_arn);
    if let Some(Id::Connection(id)) = named {
        let connection = builder.ids.of(CONNECTION, &id.name);
        properties.insert("ConnectionArn".to_owned(), json!({"Fn::GetAtt": [connection, "Arn"]}));
    }
    let endpoint = properties.get("InvocationEndpoint").and_then(Value::as_str).unwrap_or_default();
    if !endpoint.starts_with("https://") {
        let note = format!(
            "AWS refuses the API destination {name}: its endpoint {endpoint} does not begin with https://"
        );
        builder.note(note);
    }
    builder.add_wanted(resource, logical_id, Block::new("AWS::Events::ApiDestination", properties));
}
