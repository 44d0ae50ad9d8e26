//! What stands in the file for a secret: its reference to the environment, never its value.

use serde_json::Value;

/// A member of a named entry of a section, where it refers to the environment or to a file.
pub(super) fn member(file: &Value, (section, name): (&str, &str), path: &[&str]) -> Option<Value> {
    let entry = entry(file, section, name)?;
    path.iter().try_fold(entry, |value, step| value.get(*step)).filter(|value| refers(value)).cloned()
}

/// The secret of a connection that stands at this pointer of its settings.
pub(super) fn of_connection(file: &Value, name: &str, pointer: &str) -> Option<Value> {
    let entry = entry(file, "connections", name)?;
    let mut at = entry;
    for step in pointer.split('/').skip(2).filter(|step| *step != "Value") {
        at = match step {
            "BasicAuthParameters" => at.get("basic")?,
            "Password" => at.get("password")?,
            "ApiKeyAuthParameters" => at.get("apiKey")?,
            "ApiKeyValue" => at.get("value")?,
            "OAuthParameters" => at.get("oauth")?,
            "ClientSecret" => at.get("clientSecret")?,
            "InvocationHttpParameters" | "OAuthHttpParameters" | "ClientParameters" => at,
            "HeaderParameters" => at.get("headers")?,
            "QueryStringParameters" => at.get("query")?,
            "BodyParameters" => at.get("body")?,
            number => at.as_object()?.values().nth(number.parse().ok()?)?,
        };
    }
    Some(at).filter(|value| refers(value)).cloned()
}

fn entry<'a>(file: &'a Value, section: &str, name: &str) -> Option<&'a Value> {
    let mut entries = file.get(section)?.as_array()?.iter();
    entries.find(|entry| entry.get("name").and_then(Value::as_str) == Some(name))
}

fn refers(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.contains("${env:") || text.contains("${file:"))
}
