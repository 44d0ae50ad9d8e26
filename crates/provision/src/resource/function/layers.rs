//! `layers:` of a function: by the names of the file's layers, or by the ARNs of versions.

use aws::Arn;
use serde_json::{Value, json};

use super::{Function, LAYERS};
use crate::api::{Api, ApiError};
use crate::maker::Maker;
use crate::mistake::{Mistake, kind};
use crate::names::{Names, instead};
use crate::resource::{Resource, Settings, layer};

/// Source: Lambda quotas.
const MOST: usize = 5;

/// Whether it is the ARN of a version of a layer.
fn is_version(text: &str) -> bool {
    let resource = text.parse::<Arn>().ok().filter(|arn| arn.service == "lambda").map(|arn| arn.resource);
    let parts = resource.as_deref().and_then(|resource| resource.strip_prefix("layer:")?.split_once(':'));
    parts.is_some_and(|(_, version)| version.parse::<u64>().is_ok())
}

pub(super) fn check(function: &Function, names: &Names<'_>, out: &mut Vec<Mistake>) {
    for (index, wanted) in function.layers.iter().enumerate() {
        if index >= MOST {
            let sentence = format!("a function has at most {MOST} layers");
            out.push(Mistake::new(kind::LIMIT, wanted.span, sentence));
            break;
        }
        if function.layers.iter().take(index).any(|other| other.value == wanted.value) {
            let sentence = format!("`{}` stands here a second time", wanted.value);
            out.push(Mistake::new(kind::DUPLICATE_NAME, wanted.span, sentence));
        }
        if is_version(&wanted.value) || names.layers.contains(&wanted.value.as_str()) {
            continue;
        }
        let sentence = if wanted.value.starts_with("arn:") {
            format!("`{}` is not the ARN of a version of a layer", wanted.value)
        } else {
            format!("there is no layer `{}` in `layers`", wanted.value)
        };
        let mistake = Mistake::new(kind::UNKNOWN_NAME, wanted.span, sentence);
        out.push(instead(mistake, &wanted.value, names.layers.iter().copied()));
    }
}

/// Adds the layers to what is wanted.
pub(super) fn put(function: &Function, resource: &mut Resource, maker: &Maker<'_>) {
    let layers = function.layers.iter().map(|wanted| {
        let own = maker.layers.iter().find(|layer| layer.name == wanted.value);
        own.map_or_else(|| json!(wanted.value), |own| layer::use_of(*own, maker))
    });
    let layers: Vec<Value> = layers.collect();
    if !layers.is_empty() {
        resource.settings.insert(LAYERS.to_owned(), json!(layers));
    }
}

/// The layers of a function that is there, by the ARNs of their versions.
pub(super) fn of_configuration(configuration: &Value, settings: &mut Settings) {
    let layers = configuration.get(LAYERS).and_then(Value::as_array).into_iter().flatten();
    let arns: Vec<&Value> = layers.filter_map(|layer| layer.get("Arn")).collect();
    if !arns.is_empty() {
        settings.insert(LAYERS.to_owned(), json!(arns));
    }
}

/// Puts ARNs in the place of the file's layers.
///
/// # Errors
/// As [`layer::arn`].
pub(super) async fn settle(api: &impl Api, settings: &mut Settings) -> Result<(), ApiError> {
    for layer in settings.get_mut(LAYERS).and_then(Value::as_array_mut).into_iter().flatten() {
        *layer = layer::arn(api, layer).await?;
    }
    Ok(())
}

/// Puts the file's layers in the place of ARNs, where they are theirs.
///
/// # Errors
/// As [`layer::recognized`].
pub(super) async fn compare(
    api: &impl Api,
    wanted: &Settings,
    actual: &mut Settings,
) -> Result<(), ApiError> {
    let wanted = wanted.get(LAYERS).and_then(Value::as_array).into_iter().flatten();
    let actual = actual.get_mut(LAYERS).and_then(Value::as_array_mut).into_iter().flatten();
    for (wanted, is) in wanted.zip(actual) {
        *is = layer::recognized(api, wanted, is).await?;
    }
    Ok(())
}
