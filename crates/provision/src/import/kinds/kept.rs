//! What keeps data: tables, log groups, archives.

use serde_json::{Map, Value, json};

use crate::import::kinds::{Known, buses, rules};
use crate::import::properties::Properties;
use crate::import::value::Use;

pub(in crate::import) fn table(mut of: Properties<'_, '_>, name: &str) -> Map<String, Value> {
    let mut out = Map::from_iter([("name".to_owned(), json!(name))]);
    let definitions = of.value("AttributeDefinitions", Use::Name).unwrap_or_default();
    let kind = |attribute: &str| {
        let mut all = definitions.as_array().into_iter().flatten();
        let found = all.find(|one| one.get("AttributeName").and_then(Value::as_str) == Some(attribute));
        found.and_then(|one| one.get("AttributeType").cloned()).filter(|kind| kind != "S")
    };
    let schema = of.value("KeySchema", Use::Name).unwrap_or_default();
    for key in schema.as_array().into_iter().flatten() {
        let attribute = key.get("AttributeName").and_then(Value::as_str).unwrap_or_default();
        let is_sort = key.get("KeyType").is_some_and(|kind| kind == "RANGE");
        let (name, type_name) = if is_sort { ("sortKey", "sortKeyType") } else { ("key", "keyType") };
        out.insert(name.to_owned(), json!(attribute));
        if let Some(kind) = kind(attribute) {
            out.insert(type_name.to_owned(), kind);
        }
    }
    if let Some(ttl) = of.value("TimeToLiveSpecification", Use::Name) {
        let is_on = ttl.get("Enabled").is_some_and(|flag| flag == true || flag == "true");
        if let (true, Some(attribute)) = (is_on, ttl.get("AttributeName")) {
            out.insert("ttl".to_owned(), attribute.clone());
        }
    }
    if of.text("BillingMode", Use::Name).is_some_and(|mode| mode == "PROVISIONED") {
        of.left_out("BillingMode", "tables of a pipeline file are paid by the request");
    }
    of.done(&["TableName"]);
    out
}

pub(in crate::import) fn log_group(mut of: Properties<'_, '_>, name: &str) -> Map<String, Value> {
    let mut out = Map::from_iter([("name".to_owned(), json!(name))]);
    if let Some(days) = of.number("RetentionInDays") {
        out.insert("retentionDays".to_owned(), days);
    }
    of.done(&["LogGroupName"]);
    out
}

/// `None` where it is an archive of another bus.
pub(in crate::import) fn archive(
    mut of: Properties<'_, '_>,
    name: &str,
    known: &Known<'_>,
) -> Option<Map<String, Value>> {
    let mut out = Map::from_iter([("name".to_owned(), json!(name))]);
    let source = of.text("SourceArn", Use::Name).unwrap_or_default();
    let bus = buses::bus_name(&source);
    if bus != known.bus && !buses::is_partner(&bus) {
        of.left_out("", format!("it is an archive of the bus {bus}, and the file has the bus {}", known.bus));
        return None;
    }
    if let Some(description) = of.text("Description", Use::Text) {
        out.insert("description".to_owned(), json!(description));
    }
    if let Some(pattern) = of.value("EventPattern", Use::Text) {
        out.insert("pattern".to_owned(), rules::pattern(pattern));
    }
    if let Some(days) = of.number("RetentionDays").filter(|days| days != &json!(0)) {
        out.insert("retentionDays".to_owned(), days);
    }
    of.done(&["ArchiveName"]);
    Some(out)
}
