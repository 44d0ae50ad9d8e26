//! The targets of rules.

use serde_json::{Map, Value, json};

use crate::import::kinds::{Known, buses};
use crate::import::properties::Properties;
use crate::import::value::{Noun, Own, Use};
use crate::mistake::{Marked, Span};
use crate::resource::target::{Destination, free_id};

/// The targets of a rule as the file has them.
pub(super) fn all(of: &mut Properties<'_, '_>, list: Vec<Value>, known: &Known<'_>) -> Vec<Value> {
    let mut out = Vec::new();
    let mut taken = Vec::new();
    for (at, target) in list.into_iter().enumerate() {
        let Value::Object(members) = target else {
            of.left_out("Targets", "a target is known only where the template is deployed");
            continue;
        };
        if let Some(target) = one(of.part((&format!("Targets[{at}]"), members)), known, &mut taken) {
            out.push(Value::Object(target));
        }
    }
    out
}

fn one(mut of: Properties<'_, '_>, known: &Known<'_>, taken: &mut Vec<String>) -> Option<Map<String, Value>> {
    let id = of.text("Id", Use::Name).unwrap_or_default();
    let arn = match of.take("Arn").map(|value| of.resolver.text(&value, Use::Name)) {
        Some(Ok(arn)) => known.here(&arn),
        Some(Err(reason)) => {
            of.left_out("", format!("the target is left out: {reason}"));
            return None;
        }
        None => {
            of.left_out("", "the target is left out: it has no Arn");
            return None;
        }
    };
    let mut out = Map::new();
    let (key, name) = destination(known, &arn);
    let made = free_id(&Destination::Arn(Marked::new(name.clone(), Span::default())), taken);
    if id != made && !id.is_empty() {
        out.insert("id".to_owned(), json!(id));
    }
    taken.push(if id.is_empty() { made } else { id.clone() });
    out.insert(key.to_owned(), json!(name));
    input(&mut of, &mut out);
    dead_letter(&mut of, known, &mut out);
    role(&mut of, known, &mut out);
    http(&mut of, &mut out);
    if let Some(members) = of.object("RetryPolicy") {
        let mut policy = of.part(("RetryPolicy", members));
        let attempts = policy.number("MaximumRetryAttempts").map(|number| ("attempts".to_owned(), number));
        let age = policy.seconds("MaximumEventAgeInSeconds", u64::MAX).map(|age| ("maxAge".to_owned(), age));
        policy.done(&[]);
        let retry: Map<String, Value> = attempts.into_iter().chain(age).collect();
        if !retry.is_empty() {
            out.insert("retry".to_owned(), Value::Object(retry));
        }
    }
    let ours = of.item.ours.get("Targets").and_then(|targets| targets.get(&id)).cloned().unwrap_or_default();
    for (key, member) in [("concurrency", "Concurrency"), ("timeoutMs", "TimeoutMs")] {
        if let Some(limit) = ours.get(member) {
            out.insert(key.to_owned(), limit.clone());
        }
    }
    of.done(&[]);
    Some(out)
}

/// The key of a target that an ARN is, and its value.
fn destination(known: &Known<'_>, arn: &str) -> (&'static str, String) {
    if let Some(own) = known.named(arn).filter(|own| own.is_made) {
        let key = match own.noun {
            Noun::Queue => Some("queue"),
            Noun::Function => Some("function"),
            Noun::StateMachine => Some("stateMachine"),
            Noun::LogGroup => Some("logGroup"),
            Noun::ApiDestination => Some("apiDestination"),
            _ => None,
        };
        if let Some(key) = key {
            return (key, own.name.clone());
        }
    }
    // AWS's ARNs of API destinations end in an id.
    if let Some((_, rest)) = arn.split_once(":api-destination/") {
        let name = rest.split('/').next().unwrap_or(rest);
        let is_own = |own: &&Own| own.noun == Noun::ApiDestination && own.name == name;
        if let Some(own) = known.own.iter().find(is_own) {
            return ("apiDestination", own.name.clone());
        }
    }
    let is_here = arn.contains(":000000000000:");
    match arn.split_once(":event-bus/") {
        Some((_, bus)) if is_here && !buses::is_partner(bus) => ("bus", bus.to_owned()),
        _ if arn.contains(":lambda:") => ("lambda", arn.to_owned()),
        _ => ("arn", arn.to_owned()),
    }
}

fn input(of: &mut Properties<'_, '_>, out: &mut Map<String, Value>) {
    if let Some(text) = of.text("Input", Use::Text) {
        match serde_json::from_str::<Value>(&text) {
            Ok(value) => {
                out.insert("input".to_owned(), value);
            }
            Err(_) => of.left_out("Input", "it is no JSON"),
        }
    }
    if let Some(path) = of.text("InputPath", Use::Text) {
        out.insert("inputPath".to_owned(), json!(path));
    }
    if let Some(members) = of.object("InputTransformer") {
        let mut of = of.part(("InputTransformer", members));
        let mut transformer = Map::new();
        if let Some(Value::Object(paths)) =
            of.value("InputPathsMap", Use::Text).filter(|paths| paths != &json!({}))
        {
            transformer.insert("paths".to_owned(), Value::Object(paths));
        }
        if let Some(template) = of.text("InputTemplate", Use::Text) {
            transformer.insert("template".to_owned(), json!(template));
        }
        of.done(&[]);
        out.insert("inputTransformer".to_owned(), Value::Object(transformer));
    }
}

fn dead_letter(of: &mut Properties<'_, '_>, known: &Known<'_>, out: &mut Map<String, Value>) {
    let Some(members) = of.object("DeadLetterConfig") else { return };
    let mut of = of.part(("DeadLetterConfig", members));
    let Some(arn) = of.text("Arn", Use::Name) else { return };
    match known.named(&arn).filter(|own| own.noun == Noun::Queue) {
        Some(own) if own.is_added => {}
        Some(own) if own.is_made => {
            out.insert("deadLetter".to_owned(), json!(own.name));
        }
        _ => of.left_out(
            "Arn",
            format!("the dead-letter queue {arn} is not imported: the target has none in the file"),
        ),
    }
}

/// A role that the template makes has one that the file makes in its place.
fn role(of: &mut Properties<'_, '_>, known: &Known<'_>, out: &mut Map<String, Value>) {
    let Some(role) = of.take("RoleArn") else { return };
    match of.resolver.text(&role, Use::Name) {
        Ok(arn) if known.named(&arn).is_none() => {
            out.insert("role".to_owned(), json!(arn));
        }
        Ok(_) => {}
        Err(reason) => of.left_out("RoleArn", format!("{reason}: the file makes a role of its own")),
    }
}

fn http(of: &mut Properties<'_, '_>, out: &mut Map<String, Value>) {
    let Some(members) = of.object("HttpParameters") else { return };
    let mut of = of.part(("HttpParameters", members));
    let kinds = [
        ("path", "PathParameterValues"),
        ("query", "QueryStringParameters"),
        ("headers", "HeaderParameters"),
    ];
    let mut http = Map::new();
    for (key, property) in kinds {
        let value = of.value(property, Use::Text);
        if let Some(value) = value.filter(|value| value != &json!({}) && value != &json!([])) {
            http.insert(key.to_owned(), value);
        }
    }
    of.done(&[]);
    if !http.is_empty() {
        out.insert("http".to_owned(), Value::Object(http));
    }
}
