//! CloudFormation's and SAM's templates as stacks.

use std::collections::HashMap;
use std::path::Path;

use serde_json::{Map, Value};

use crate::document::{self, Document};
use crate::import::remark::Remarks;
use crate::import::sam;
use crate::import::stack::{Item, Place, Stack, object};

/// The text of a template, YAML or JSON.
///
/// # Errors
/// Why it cannot be read.
pub(super) fn document(text: &str) -> Result<Document, String> {
    if !text.trim_start().starts_with('{') {
        return document::read_with_lines(text);
    }
    // JSON is read as JSON; its lines are those that YAML finds in it.
    let value: Value = serde_json::from_str(text).map_err(|error| format!("this is not JSON: {error}"))?;
    let mut document = document::read_with_lines(text).unwrap_or_default();
    document.value = value;
    Ok(document)
}

/// A template as a stack. `folder` is where its relative paths begin.
pub(super) fn stack(
    document: &Document,
    (file, name): (&str, &str),
    folder: &Path,
    remarks: &mut Remarks,
) -> Stack {
    let root = &document.value;
    let mut stack = Stack {
        name: name.to_owned(),
        parameters: object(root, "Parameters"),
        mappings: object(root, "Mappings"),
        conditions: object(root, "Conditions"),
        outputs: object(root, "Outputs"),
        ours: root.pointer("/Metadata/Trunkline").and_then(Value::as_object).cloned().unwrap_or_default(),
        file: file.to_owned(),
        ..Stack::default()
    };
    for (section, members) in
        [("Parameters", &stack.parameters), ("Conditions", &stack.conditions), ("Outputs", &stack.outputs)]
    {
        let lines = members.keys().map(|name| (name.clone(), document.line(&format!("/{section}/{name}"))));
        stack.lines.extend(lines);
    }
    for (id, resource) in object(root, "Resources") {
        let line = document.line(&format!("/Resources/{id}"));
        let place = Place { file: file.to_owned(), line };
        if id.starts_with("Fn::ForEach") {
            remarks.left_out(
                &place,
                &id,
                "loops of a template are not unrolled here: import the deployed stack's template",
            );
            continue;
        }
        let mut item = item((id, place), &resource, folder);
        let at = |name: &String| document.line(&format!("/Resources/{}/Properties/{name}", item.id));
        item.lines = item.properties.keys().map(|name| (name.clone(), at(name))).collect();
        stack.items.push(item);
    }
    sam::expand(&mut stack, &object(root, "Globals"), folder, remarks);
    stack
}

fn item((id, place): (String, Place), resource: &Value, folder: &Path) -> Item {
    let text = |name: &str| resource.get(name).and_then(Value::as_str).map(str::to_owned);
    let metadata = object(resource, "Metadata");
    let asset = metadata.get("aws:asset:path").and_then(Value::as_str);
    Item {
        id,
        kind: text("Type").unwrap_or_default(),
        place,
        properties: object(resource, "Properties"),
        ours: metadata.get("Trunkline").and_then(Value::as_object).cloned().unwrap_or_else(Map::new),
        path: metadata.get("aws:cdk:path").and_then(Value::as_str).map(str::to_owned),
        local: asset.map(|path| folder.join(path)).filter(|path| path.is_dir()),
        condition: text("Condition"),
        lines: HashMap::new(),
    }
}
