//! Layers, and the layers of functions.

use serde_json::{Map, Value, json};

use crate::import::kinds::Known;
use crate::import::kinds::folder::folder;
use crate::import::properties::Properties;
use crate::import::stack::Item;
use crate::import::value::{Noun, Use};

/// Why the file cannot have it; `None` where it can.
pub(in crate::import) fn obstacle(item: &Item) -> Option<String> {
    let has_folder = item.local.is_some() || item.ours.contains_key("Code");
    (!has_folder).then(|| {
        "its zip is not a folder beside the template: unpack it into one and add the layer with `code:`"
            .to_owned()
    })
}

pub(in crate::import) fn layer(
    mut of: Properties<'_, '_>,
    name: &str,
    known: &Known<'_>,
) -> Map<String, Value> {
    let mut out = Map::from_iter([("name".to_owned(), json!(name))]);
    if let Some(description) = of.text("Description", Use::Text).filter(|text| !text.is_empty()) {
        out.insert("description".to_owned(), json!(description));
    }
    if let Some(runtimes) = of.value("CompatibleRuntimes", Use::Name) {
        out.insert("runtimes".to_owned(), runtimes);
    }
    of.take("Content");
    folder(&of, known, &mut out);
    of.done(&["LayerName", "CompatibleArchitectures", "LicenseInfo"]);
    out
}

/// The layers of a function: the file's by name, others by the ARNs of their versions.
pub(in crate::import) fn of_function(
    of: &mut Properties<'_, '_>,
    known: &Known<'_>,
    out: &mut Map<String, Value>,
) {
    let Some(Value::Array(layers)) = of.take("Layers") else { return };
    let mut named = Vec::new();
    for layer in layers {
        match of.resolver.text(&layer, Use::Name) {
            Ok(text) => match known.named(&text).filter(|own| own.noun == Noun::Layer) {
                Some(own) if own.is_made => named.push(own.name.clone()),
                Some(own) => of.left_out("Layers", format!("its layer {} is not imported", own.name)),
                None => named.push(text),
            },
            Err(reason) => of.left_out("Layers", reason),
        }
    }
    if !named.is_empty() {
        out.insert("layers".to_owned(), json!(named));
    }
}
