//! The folder that the code of a function or a layer lies in.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::import::kinds::Known;
use crate::import::properties::Properties;

/// The folder of what a template has as a zip.
pub(in crate::import) fn folder(of: &Properties<'_, '_>, known: &Known<'_>, out: &mut Map<String, Value>) {
    if let Some(folder) = of.item.ours.get("Code").and_then(Value::as_str) {
        out.insert("code".to_owned(), json!(folder.replace("${", "$${")));
    } else if let Some(folder) = &of.item.local {
        out.insert("code".to_owned(), json!(from(known.folder, folder).replace("${", "$${")));
    }
}

/// The way from the file's folder to another: absolute where it does not lie in it.
fn from(folder: &Path, to: &Path) -> String {
    let absolute = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let (folder, to) = (absolute(folder), absolute(to));
    match to.strip_prefix(&folder) {
        Ok(rest) => format!("./{}", rest.display()),
        Err(_) => to.display().to_string(),
    }
}
