//! Layers: each a version that CloudFormation publishes, whose zip is given at deployment.

use serde_json::{Value, json};

use crate::cloudformation::block::Block;
use crate::cloudformation::builder::Builder;
use crate::pipeline::Pipeline;
use crate::resource::Id;

/// The kind's name at the end of a layer's logical id.
const KIND: &str = "Layer";

pub(super) fn render(builder: &mut Builder<'_>, pipeline: &Pipeline) {
    for resource in builder.wanted {
        let Id::Layer(id) = &resource.id else { continue };
        let Some(layer) = pipeline.layers.iter().find(|one| one.name.value == id.name) else { continue };
        let (name, folder) = (&id.name, &layer.code.value);
        let logical_id = builder.ids.of(KIND, name);
        builder.note(format!(
            "the contents of the layer {name} are the folder {folder}: upload it as a zip, and name bucket and key as parameters"
        ));
        let bucket = format!("{logical_id}CodeBucket");
        let bucket = builder.parameter(bucket, &format!("The bucket with the zip of the layer {name}"));
        let key = builder
            .parameter(format!("{logical_id}CodeKey"), &format!("The key of the zip of the layer {name}"));
        let mut properties = json!({"LayerName": name, "Content": {"S3Bucket": bucket, "S3Key": key}});
        if let Some(members) = properties.as_object_mut() {
            let others = ["Description", "CompatibleRuntimes"].into_iter();
            let others =
                others.filter_map(|name| Some((name.to_owned(), resource.settings.get(name)?.clone())));
            members.extend(others);
        }
        let mut block =
            Block::new("AWS::Lambda::LayerVersion", properties.as_object().cloned().unwrap_or_default());
        block.metadata.insert("Code".to_owned(), json!(folder));
        builder.add_wanted(resource, logical_id, block);
    }
}

/// The layers of a function: those of the file by reference, others by the ARNs of their versions.
pub(super) fn of_function(builder: &mut Builder<'_>, layers: &Value) -> Value {
    let layers = layers.as_array().into_iter().flatten();
    let layers = layers.map(|layer| match layer.get("Layer").and_then(Value::as_str) {
        Some(name) => json!({"Ref": builder.ids.of(KIND, name)}),
        None => layer.clone(),
    });
    layers.collect()
}
