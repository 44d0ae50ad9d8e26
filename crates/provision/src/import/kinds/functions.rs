//! Functions.

use serde_json::{Map, Value, json};

use crate::import::kinds::folder::folder;
use crate::import::kinds::{Known, layers};
use crate::import::properties::Properties;
use crate::import::remark::Grade;
use crate::import::stack::Item;
use crate::import::value::{Noun, Own, Use};
use crate::resource::runtimes::RUNTIMES;

/// Lambda's defaults. Source: CreateFunction in the Lambda API reference.
const TIMEOUT_S: u64 = 3;
const MEMORY_MB: u64 = 128;

/// Why the file cannot have it; `None` where it can.
pub(in crate::import) fn obstacle(item: &Item) -> Option<String> {
    if item.properties.get("PackageType").is_some_and(|kind| kind == "Image") {
        return Some("its code is a container image, which this version does not run".to_owned());
    }
    let runtime = item.properties.get("Runtime").and_then(Value::as_str);
    if let Some(runtime) = runtime.filter(|runtime| !RUNTIMES.contains(runtime)) {
        return Some(format!("this version does not run {runtime}"));
    }
    let has_code = item.local.is_some()
        || item.ours.contains_key("Code")
        || item.properties.get("Code").is_some_and(|code| code.get("ZipFile").is_some());
    (!has_code).then(|| {
        "its code is not in a folder beside the template: unpack it into one and add the function with `code:`; targets \
         name it by its ARN until then"
            .to_owned()
    })
}

pub(in crate::import) fn function(
    mut of: Properties<'_, '_>,
    name: &str,
    known: &Known<'_>,
) -> Map<String, Value> {
    let mut out = Map::from_iter([("name".to_owned(), json!(name))]);
    if let Some(description) = of.text("Description", Use::Text).filter(|text| !text.is_empty()) {
        out.insert("description".to_owned(), json!(description));
    }
    if let Some(runtime) = of.text("Runtime", Use::Name) {
        out.insert("runtime".to_owned(), json!(runtime));
    }
    if let Some(handler) = of.text("Handler", Use::Name).filter(|handler| handler != "index.handler") {
        out.insert("handler".to_owned(), json!(handler));
    }
    layers::of_function(&mut of, known, &mut out);
    variables(&mut of, known, &mut out);
    if let Some(timeout) = of.seconds("Timeout", TIMEOUT_S) {
        out.insert("timeout".to_owned(), timeout);
    }
    if let Some(memory) = of.number("MemorySize").filter(|memory| memory != &json!(MEMORY_MB)) {
        out.insert("memory".to_owned(), memory);
    }
    if let Some(most) = of.number("ReservedConcurrentExecutions") {
        out.insert("concurrency".to_owned(), most);
    }
    if let Some(role) = of.take("Role") {
        match of.resolver.text(&role, Use::Name) {
            Ok(arn) if known.named(&arn).is_none() => {
                out.insert("role".to_owned(), json!(arn));
            }
            Ok(_) => {}
            Err(reason) => of.left_out("Role", format!("{reason}: the file makes a role of its own")),
        }
    }
    if of.item.ours.get("Optional").is_some_and(|flag| flag == true) {
        out.insert("optional".to_owned(), json!(true));
    }
    code(&mut of, known, &mut out);
    of.done(&["FunctionName", "PackageType"]);
    out
}

fn variables(of: &mut Properties<'_, '_>, known: &Known<'_>, out: &mut Map<String, Value>) {
    let Some(members) = of.object("Environment") else { return };
    let mut of = of.part(("Environment", members));
    let Some(members) = of.object("Variables") else { return };
    let names: Vec<String> = members.keys().cloned().collect();
    let mut of = of.part(("Variables", members));
    let mut variables = Map::new();
    for name in names {
        if let Some(text) = of.text(&name, Use::Wired) {
            let wired = known.wired(json!(text));
            let is_table = |own: &&Own| own.noun == Noun::Table && own.is_made && json!(own.name) == wired;
            let table = known.own.iter().find(is_table).map(|own| json!(format!("${{table:{}}}", own.name)));
            variables.insert(name, table.unwrap_or(wired));
        }
    }
    if !variables.is_empty() {
        out.insert("environment".to_owned(), Value::Object(variables));
    }
}

fn code(of: &mut Properties<'_, '_>, known: &Known<'_>, out: &mut Map<String, Value>) {
    let code = of.take("Code").unwrap_or_default();
    if let Some(text) = code.get("ZipFile") {
        match of.resolver.text(text, Use::Code) {
            Ok(text) => {
                out.insert("inline".to_owned(), json!(text));
            }
            Err(reason) => of.left_out("Code", reason),
        }
    } else {
        folder(of, known, out);
    }
}

/// A permission that the file names: who may call a function of it besides its rules.
pub(in crate::import) fn permission(mut of: Properties<'_, '_>, known: &Known<'_>) -> Option<PermissionOf> {
    let function = of.text("FunctionName", Use::Name)?;
    let principal = of.text("Principal", Use::Name)?;
    let source = of.take("SourceArn").map(|value| of.resolver.text(&value, Use::Name));
    let own = known.named(&function).map(|own| own.name.clone()).unwrap_or(function);
    if principal == "events.amazonaws.com" && matches!(&source, Some(Ok(arn)) if arn.contains(":rule/")) {
        of.remark(Grade::Implied, "", "the file lets its rules call the functions that they have as targets");
        return None;
    }
    let source = match source {
        Some(Ok(arn)) => Some(known.here(&arn)),
        Some(Err(reason)) => {
            of.left_out("", reason);
            return None;
        }
        None => None,
    };
    if let Some(action) = of.text("Action", Use::Name).filter(|action| action != "lambda:InvokeFunction") {
        of.left_out("", format!("the file's permissions are for lambda:InvokeFunction, not {action}"));
        return None;
    }
    let mut members = Map::from_iter([("principal".to_owned(), json!(principal))]);
    if let Some(source) = source {
        members.insert("source".to_owned(), json!(source));
    }
    of.done(&[]);
    Some(PermissionOf { function: own, members })
}

/// A permission, and whose.
#[derive(Debug)]
pub(in crate::import) struct PermissionOf {
    pub(in crate::import) function: String,
    pub(in crate::import) members: Map<String, Value>,
}
