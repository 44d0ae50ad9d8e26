//! State machines.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::import::kinds::Known;
use crate::import::properties::Properties;
use crate::import::template;
use crate::import::value::Use;

/// `None` where its definition is not known here.
pub(in crate::import) fn machine(
    mut of: Properties<'_, '_>,
    name: &str,
    known: &Known<'_>,
) -> Option<Map<String, Value>> {
    let mut out = Map::from_iter([("name".to_owned(), json!(name))]);
    if let Some(kind) = of.text("StateMachineType", Use::Name).filter(|kind| kind != "STANDARD") {
        out.insert("type".to_owned(), json!(kind));
    }
    if let Some(role) = of.take("RoleArn")
        && let Ok(arn) = of.resolver.text(&role, Use::Name)
        && known.named(&arn).is_none()
    {
        out.insert("role".to_owned(), json!(arn));
    }
    match definition(&mut of) {
        Ok(definition) => {
            out.insert("definition".to_owned(), known.wired(definition));
        }
        Err(reason) => {
            of.left_out("", reason);
            return None;
        }
    }
    of.done(&["StateMachineName"]);
    Some(out)
}

fn definition(of: &mut Properties<'_, '_>) -> Result<Value, String> {
    let mut definition = if let Some(text) = of.take("DefinitionString") {
        let text = of.resolver.text(&text, Use::Wired)?;
        serde_json::from_str(&text).map_err(|error| format!("its definition is no JSON: {error}"))?
    } else if let Some(object) = of.take("Definition") {
        of.resolver.value(&object, Use::Wired)?.unwrap_or_default()
    } else if let Some(file) = &of.item.local {
        in_file(file)?
    } else {
        return Err("its definition is not beside the template".to_owned());
    };
    if let Some(Value::Object(values)) = of.value("DefinitionSubstitutions", Use::Wired) {
        for (name, value) in &values {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            substitute(&mut definition, &format!("$${{{name}}}"), &value);
        }
    }
    Ok(definition)
}

fn in_file(file: &Path) -> Result<Value, String> {
    let document = template::document(&crate::input::read(file)?)
        .map_err(|reason| format!("{}: {reason}", file.display()))?;
    Ok(escaped(document.value))
}

fn escaped(value: Value) -> Value {
    match value {
        Value::String(text) => json!(text.replace("${", "$${")),
        Value::Array(items) => items.into_iter().map(escaped).collect(),
        Value::Object(members) => {
            Value::Object(members.into_iter().map(|(name, value)| (name, escaped(value))).collect())
        }
        other => other,
    }
}

fn substitute(value: &mut Value, name: &str, by: &str) {
    match value {
        Value::String(text) if text.contains(name) => *text = text.replace(name, by),
        Value::Array(items) => items.iter_mut().for_each(|item| substitute(item, name, by)),
        Value::Object(members) => members.values_mut().for_each(|value| substitute(value, name, by)),
        _ => {}
    }
}
