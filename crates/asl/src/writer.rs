//! What a map run's `ResultWriter` makes of its children: the files, their names, the results that come back.
//!
//! Source: developer guide, "ResultWriter (Map)".

use serde_json::{Value, json};

use crate::map_run::MapRunOrder;

/// A child that has ended, or was never started.
#[derive(Clone, Debug, PartialEq)]
pub struct Child {
    /// How it ended.
    pub fate: Fate,
    /// Its output, if it succeeded.
    pub output: Option<Value>,
    /// What DescribeExecution says of it, with names in PascalCase.
    pub told: Value,
}

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// With an output.
    Succeeded,
    /// With an error, or stopped, or out of time.
    Failed,
    /// It was never started.
    Pending,
}

/// A file of a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its key.
    pub key: String,
    /// What is in it.
    pub text: String,
}

impl MapRunOrder {
    /// What comes back where nothing is written: the outputs as `WriterConfig` wants them.
    pub fn outputs(&self, children: &[Child]) -> Vec<Value> {
        let succeeded = children.iter().filter(|child| child.fate == Fate::Succeeded);
        transformed(self.setting("Transformation").unwrap_or("COMPACT"), succeeded)
    }

    /// The files to be written, the manifest last; empty without a `Resource`.
    pub fn files(&self, children: &[Child]) -> Vec<File> {
        let Some(manifest) = self.manifest() else { return Vec::new() };
        let text = |name: &str| manifest.get(name).and_then(Value::as_str).unwrap_or_default();
        let (bucket, manifest_key) = (text("Bucket"), text("Key"));
        let folder = manifest_key.strip_suffix("manifest.json").unwrap_or_default();
        let is_lines = self.setting("OutputType") == Some("JSONL");
        let suffix = if is_lines { "jsonl" } else { "json" };
        let (mut files, mut listed) = (Vec::new(), serde_json::Map::new());
        for (name, fate) in
            [("FAILED", Fate::Failed), ("PENDING", Fate::Pending), ("SUCCEEDED", Fate::Succeeded)]
        {
            let mut of_fate = children.iter().filter(|child| child.fate == fate).peekable();
            if of_fate.peek().is_none() {
                listed.insert(name.to_owned(), json!([]));
                continue;
            }
            // What failed is told whole, whatever is asked for.
            let how = if fate == Fate::Succeeded {
                self.setting("Transformation").unwrap_or("NONE")
            } else {
                "NONE"
            };
            let values = transformed(how, of_fate);
            let text = if is_lines {
                values.iter().map(|value| format!("{value}\n")).collect()
            } else {
                Value::Array(values).to_string()
            };
            let key = format!("{folder}{name}_0.{suffix}");
            listed.insert(name.to_owned(), json!([{"Key": key, "Size": text.len()}]));
            files.push(File { key, text });
        }
        let told = json!({"DestinationBucket": bucket, "MapRunArn": self.map_run_arn, "ResultFiles": listed});
        files.push(File { key: manifest_key.to_owned(), text: told.to_string() });
        files
    }

    fn setting(&self, name: &str) -> Option<&str> {
        self.writer.as_ref()?.config.get(name)?.as_str()
    }
}

fn transformed<'a>(how: &str, children: impl Iterator<Item = &'a Child>) -> Vec<Value> {
    let outputs = children.map(|child| match how {
        "NONE" => child.told.clone(),
        _ => child.output.clone().unwrap_or_default(),
    });
    if how != "FLATTEN" {
        return outputs.collect();
    }
    let flat = outputs.flat_map(|output| match output {
        Value::Array(items) => items,
        other => vec![other],
    });
    flat.collect()
}
