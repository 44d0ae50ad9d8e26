//! The Map state of a definition: items, processor, and what only distributed ones have.

use serde_json::{Map as Object, Value};

use crate::definition::{
    Distributed, ItemBatcher, ItemReader, Items, MachineType, Map, Mode, Payload, ResultWriter,
};
use crate::diagnostic::Diagnostic;
use crate::parse::Parser;
use crate::parse::fields::{Fields, Range, is_expression};
use crate::parse::state::guard;

const DISTRIBUTED_ONLY: [&str; 8] = [
    "ItemReader",
    "ItemBatcher",
    "ResultWriter",
    "Label",
    "ToleratedFailureCount",
    "ToleratedFailureCountPath",
    "ToleratedFailurePercentage",
    "ToleratedFailurePercentagePath",
];

impl Parser {
    pub(super) fn map(&mut self, fields: &Fields<'_>, depth: usize) -> Option<Map> {
        let name = if fields.has("ItemProcessor") { "ItemProcessor" } else { "Iterator" };
        if !fields.has(name) {
            fields.require(&["ItemProcessor"]);
        }
        let processor = fields.object(name);
        let mode = processor.as_ref().and_then(|processor| self.mode(fields, processor));
        let block = processor.as_ref().and_then(|processor| {
            processor.only(&["Comment", "ProcessorConfig", "StartAt", "States"]);
            processor.require(&["States", "StartAt"]).then(|| self.block(processor, depth + 1)).flatten()
        });
        let selector = if fields.has("ItemSelector") { "ItemSelector" } else { "Parameters" };
        let item_selector =
            if fields.is_jsonata() { fields.payload("ItemSelector") } else { fields.payload(selector) };
        let items = items(fields);
        let max_concurrency = fields.amount("MaxConcurrency", Range::whole(0.0, 99_999_999.0));
        let guard = guard(fields);
        Some(Map { processor: block?, items: items?, item_selector, max_concurrency, mode: mode?, guard })
    }

    fn mode(&mut self, fields: &Fields<'_>, processor: &Fields<'_>) -> Option<Mode> {
        let config = processor.object("ProcessorConfig");
        let mode = config.as_ref().and_then(|config| {
            config.only(&["Mode", "ExecutionType"]);
            config.string("Mode")
        });
        match mode.as_deref() {
            None | Some("INLINE") => {
                for name in DISTRIBUTED_ONLY.iter().filter(|name| fields.has(name)) {
                    // AWS takes the tolerance of inline Maps and the label, and lets them be.
                    if matches!(*name, "ItemReader" | "ItemBatcher" | "ResultWriter") {
                        fields
                            .refuse(format!("Field '{name}' is only supported for Maps in DISTRIBUTED mode"));
                    }
                }
                self.label(fields);
                fields.amount("ToleratedFailureCount", Range::whole(0.0, f64::MAX));
                fields.amount("ToleratedFailurePercentage", Range { min: 0.0, max: 100.0, whole: false });
                Some(Mode::Inline)
            }
            Some("DISTRIBUTED") => {
                let config = config?;
                config.require(&["ExecutionType"]);
                let execution_type = match config.string("ExecutionType")?.as_str() {
                    "STANDARD" => MachineType::Standard,
                    "EXPRESS" => MachineType::Express,
                    _ => {
                        let message = "Value should be one of the following: [STANDARD, EXPRESS]";
                        config.refuse_field("ExecutionType", message);
                        return None;
                    }
                };
                self.distributed(fields, execution_type).map(|mode| Mode::Distributed(Box::new(mode)))
            }
            Some(_) => {
                let config = config?;
                config.refuse_field("Mode", "Value should be one of the following: [INLINE, DISTRIBUTED]");
                None
            }
        }
    }

    fn distributed(&mut self, fields: &Fields<'_>, execution_type: MachineType) -> Option<Distributed> {
        let reader = fields.object("ItemReader").map(|reader| item_reader(&reader));
        let batcher = fields.object("ItemBatcher").map(|batcher| item_batcher(&batcher));
        let writer = fields.object("ResultWriter").map(|writer| result_writer(&writer));
        Some(Distributed {
            execution_type,
            label: self.label(fields),
            reader: optional(reader)?,
            batcher,
            writer,
            tolerated_count: fields.amount("ToleratedFailureCount", Range::whole(0.0, f64::MAX)),
            tolerated_percentage: fields
                .amount("ToleratedFailurePercentage", Range { min: 0.0, max: 100.0, whole: false }),
        })
    }

    fn label(&mut self, fields: &Fields<'_>) -> Option<String> {
        let label = fields.string("Label")?;
        let at = fields.place_of("Label");
        let forbidden =
            |c: char| c.is_whitespace() || c.is_control() || "?*<>{}[]:;,\\|^~$#%&`\"/".contains(c);
        if label.is_empty() || label.chars().count() > 40 || label.chars().any(forbidden) {
            let message = "Label must have 1 to 40 characters, without whitespace or special characters";
            fields.tell(Diagnostic::error("INVALID_LABEL_NAME", message, &at));
        }
        if !self.labels.insert(label.clone()) {
            let message = format!("Duplicate Label name: {label}");
            fields.tell(Diagnostic::error("DUPLICATE_LABEL_NAME", message, &at));
        }
        Some(label)
    }
}

/// A member that may be absent but not broken.
#[expect(clippy::option_option, reason = "absent, broken and read are three things")]
fn optional<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    match read {
        None => Some(None),
        Some(Some(read)) => Some(Some(read)),
        Some(None) => None,
    }
}

fn items(fields: &Fields<'_>) -> Option<Items> {
    if !fields.is_jsonata() {
        return Some(Items::Path(fields.selection("ItemsPath")));
    }
    match fields.get("Items") {
        None => Some(Items::Input),
        Some(Value::String(text)) if is_expression(text) => fields.jsonata("Items").map(Items::Jsonata),
        Some(Value::Array(_) | Value::Object(_)) => fields.jsonata("Items").map(Items::Fixed),
        Some(_) => {
            fields.refuse_field("Items", "Expected value of type [ARRAY] or a JSONata expression");
            None
        }
    }
}

fn arguments(fields: &Fields<'_>) -> Option<Payload> {
    fields.payload(if fields.is_jsonata() { "Arguments" } else { "Parameters" })
}

fn item_reader(fields: &Fields<'_>) -> Option<ItemReader> {
    fields.only(&["Resource", "Parameters", "Arguments", "ReaderConfig"]);
    fields.require(&["Resource"]);
    let resource = fields.string("Resource")?;
    if !resource.ends_with(":states:::s3:getObject") && !resource.ends_with(":states:::s3:listObjectsV2") {
        fields.refuse_field(
            "Resource",
            format!(
                "The resource provided {resource} is not recognized. The value is not a valid resource ARN, or the \
                 resource is not available in this region."
            ),
        );
    }
    let config = fields.object("ReaderConfig");
    let max_items = config.as_ref().and_then(|config| {
        config.only(&[
            "InputType",
            "CSVHeaderLocation",
            "CSVHeaders",
            "CSVDelimiter",
            "MaxItems",
            "MaxItemsPath",
            "ItemsPointer",
            "Transformation",
            "ManifestType",
        ]);
        config.amount("MaxItems", Range::whole(0.0, 100_000_000.0))
    });
    let mut kept: Object<String, Value> = config.map(|config| config.object.clone()).unwrap_or_default();
    kept.shift_remove("MaxItems");
    kept.shift_remove("MaxItemsPath");
    Some(ItemReader { resource, parameters: arguments(fields), config: Value::Object(kept), max_items })
}

fn item_batcher(fields: &Fields<'_>) -> ItemBatcher {
    fields.only(&[
        "BatchInput",
        "MaxItemsPerBatch",
        "MaxItemsPerBatchPath",
        "MaxInputBytesPerBatch",
        "MaxInputBytesPerBatchPath",
    ]);
    ItemBatcher {
        max_items: fields.amount("MaxItemsPerBatch", Range::whole(1.0, 100_000_000.0)),
        max_bytes: fields.amount("MaxInputBytesPerBatch", Range::whole(1.0, 262_144.0)),
        batch_input: fields.payload("BatchInput"),
    }
}

fn result_writer(fields: &Fields<'_>) -> ResultWriter {
    fields.only(&["Resource", "Parameters", "Arguments", "WriterConfig"]);
    if fields.object.is_empty() {
        fields.refuse("Value cannot be empty");
    }
    ResultWriter {
        resource: fields.string("Resource"),
        parameters: arguments(fields),
        config: fields.get("WriterConfig").cloned().unwrap_or(Value::Null),
    }
}
