//! The template as SAM takes it: functions and layers are SAM's, so that `sam deploy` packs and uploads their folders itself.
//!
//! Logical ids stay as they are. Source: SAM specification, `AWS::Serverless::Function`, `AWS::Serverless::LayerVersion`.

use serde_json::{Map, Value, json};

use crate::cloudformation::Exported;

const TRANSFORM: &str = "AWS::Serverless-2016-10-31";

impl Exported {
    /// The same as a SAM template.
    #[must_use]
    pub fn into_sam(self) -> Self {
        let Value::Object(members) = self.template else { return self };
        let mut out = Map::new();
        for (name, value) in members {
            out.insert(name.clone(), value);
            if name == "AWSTemplateFormatVersion" {
                out.insert("Transform".to_owned(), json!(TRANSFORM));
            }
        }
        let mut places = Vec::new();
        if let Some(Value::Object(resources)) = out.get_mut("Resources") {
            for resource in resources.values_mut() {
                places.extend(function(resource).unwrap_or_default());
                places.extend(layer(resource).unwrap_or_default());
            }
        }
        // SAM knows where it put the code.
        if let Some(Value::Object(parameters)) = out.get_mut("Parameters") {
            parameters.retain(|name, _| !places.contains(name));
            if parameters.is_empty() {
                out.shift_remove("Parameters");
            }
        }
        let is_of_zip = |note: &&String| !note.contains("upload it as a zip");
        let notes = self.notes.iter().filter(is_of_zip).cloned().collect();
        Self { template: Value::Object(out), notes, ..self }
    }
}

/// Makes a function SAM's; the parameters for the place of its code, which are not needed any more.
fn function(resource: &mut Value) -> Option<Vec<String>> {
    if resource.get("Type")? != "AWS::Lambda::Function" {
        return None;
    }
    let folder = resource.pointer("/Metadata/Trunkline/Code").cloned();
    let members = resource.as_object_mut()?;
    members.insert("Type".to_owned(), json!("AWS::Serverless::Function"));
    let properties = members.get_mut("Properties")?.as_object_mut()?;
    let code = properties.shift_remove("Code")?;
    if let Some(text) = code.get("ZipFile") {
        properties.insert("InlineCode".to_owned(), text.clone());
        return None;
    }
    properties.insert("CodeUri".to_owned(), folder?);
    Some(places(&code))
}

/// The same for a layer.
fn layer(resource: &mut Value) -> Option<Vec<String>> {
    if resource.get("Type")? != "AWS::Lambda::LayerVersion" {
        return None;
    }
    let folder = resource.pointer("/Metadata/Trunkline/Code").cloned();
    let members = resource.as_object_mut()?;
    members.insert("Type".to_owned(), json!("AWS::Serverless::LayerVersion"));
    let properties = members.get_mut("Properties")?.as_object_mut()?;
    let content = properties.shift_remove("Content")?;
    properties.insert("ContentUri".to_owned(), folder?);
    Some(places(&content))
}

/// The parameters for the place of a zip.
fn places(code: &Value) -> Vec<String> {
    let names = ["S3Bucket", "S3Key"].iter().filter_map(|member| code.get(*member)?.get("Ref")?.as_str());
    names.map(str::to_owned).collect()
}
