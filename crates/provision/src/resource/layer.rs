//! `layers:` the layers of functions: folders that they see at /opt, each publication a version.

mod folder;

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::api::{Api, ApiError, Request, found};
use crate::change::Change;
use crate::fields::Fields;
use crate::maker::{LayerFolder, Maker};
use crate::mistake::{Marked, Mistake, kind};
use crate::names;
use crate::resource::runtimes::RUNTIMES;
use crate::resource::{Resource, Settings, Verbs, Wanted, decided, describe};
use crate::table::{Kind, NameRule, Section, may, must};

/// A layer.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Its name.
    pub name: Marked<String>,
    /// What it is for; empty where nothing is said.
    pub description: String,
    /// The folder that functions see at /opt, from the one that the pipeline file stands in.
    pub code: Marked<String>,
    /// The runtimes that it says it is for.
    pub runtimes: Vec<Marked<String>>,
}

/// Source: the shape `LayerName` of the Lambda API.
const NAME: NameRule = NameRule { noun: "a layer", signs: "-_", chars_max: 140 };

pub(crate) const SECTION: Section = Section {
    noun: "a layer",
    keys: &[
        must("name", "The layer's name: letters, digits, `-` and `_`, at most 140.", Kind::Name(&NAME)),
        may("description", "What it is for.", Kind::Text { chars_max: 256 }),
        must(
            "code",
            "The folder that functions see at /opt: packages lie in `nodejs/node_modules` or `python`.",
            Kind::Text { chars_max: 4096 },
        ),
        may(
            "runtimes",
            "The runtimes that it says it is for. Default: it says nothing.",
            Kind::List(&Kind::OneOf(RUNTIMES)),
        ),
    ],
    choices: &[],
    later: &[],
};

pub(crate) fn read(fields: Fields<'_>) -> Layer {
    Layer {
        name: fields.name("name"),
        description: fields.text("description").map(|text| text.value).unwrap_or_default(),
        code: fields.name("code"),
        runtimes: fields.texts("runtimes"),
    }
}

/// `base` is the folder that the file stands in; where it is not known, layers are not looked for.
pub(crate) fn check(layers: &[Layer], base: Option<&Path>, out: &mut Vec<Mistake>) {
    names::unique("layer", layers.iter().map(|layer| &layer.name), out);
    for layer in layers {
        let Some(folder) = base.map(|base| folder::absolute(base, &layer.code.value)) else { continue };
        if layer.code.value.is_empty() {
            continue;
        }
        if !folder.is_dir() {
            let sentence = format!("there is no folder {}", folder.display());
            out.push(Mistake::new(kind::FUNCTION_CODE, layer.code.span, sentence));
        } else if folder::is_empty(&folder) {
            let sentence = format!("the folder {} is empty, and a layer is not", folder.display());
            out.push(Mistake::new(kind::FUNCTION_CODE, layer.code.span, sentence));
        }
    }
}

named_id!("A layer.", "layer ");

/// The folder of a layer, among the settings. What is there has a digest in its place, which [`Verbs::compare`] holds against
/// that of the folder: nothing is packed until somebody asks.
const FOLDER: &str = "Folder";
/// The settings that a pipeline decides, as GetLayerVersion shows them.
const SETTINGS: &[&str] = &["Description", "CompatibleRuntimes"];

impl Layer {
    pub(crate) fn wanted(&self, maker: &Maker<'_>) -> Resource {
        let folder = folder::absolute(maker.folder, &self.code.value);
        let mut settings = Settings::from([(FOLDER.to_owned(), json!(folder.display().to_string()))]);
        describe(&mut settings, &self.description);
        if !self.runtimes.is_empty() {
            let runtimes: Vec<&str> = self.runtimes.iter().map(|one| one.value.as_str()).collect();
            settings.insert("CompatibleRuntimes".to_owned(), json!(runtimes));
        }
        Resource::new(Id { name: self.name.value.clone() }, settings)
    }
}

/// A layer among the settings of a function: which, and the folder that it is made of.
pub(super) fn use_of(layer: LayerFolder<'_>, maker: &Maker<'_>) -> Value {
    let folder = folder::absolute(maker.folder, layer.folder);
    json!({"Layer": layer.name, FOLDER: folder.display().to_string()})
}

/// The ARN of the version that a function is to have: of a layer of the file the last one.
///
/// # Errors
/// What the service answered, and where the layer is not there any more.
pub(super) async fn arn(api: &impl Api, wanted: &Value) -> Result<Value, ApiError> {
    let Some(name) = wanted.get("Layer").and_then(Value::as_str) else { return Ok(wanted.clone()) };
    let id = Id { name: name.to_owned() };
    let last = id.versions(api).await?.into_iter().next();
    let arn = last.and_then(|version| version.get("LayerVersionArn").cloned());
    arn.ok_or_else(|| ApiError::gone(&id.to_string()))
}

/// What a version that a function has is among the settings that are wanted: the layer of the file, if its bytes are those
/// of the folder.
///
/// # Errors
/// What the service answered, and where the folder cannot be read.
pub(super) async fn recognized(api: &impl Api, wanted: &Value, is: &Value) -> Result<Value, ApiError> {
    let (Some(name), Some(arn)) = (wanted.get("Layer").and_then(Value::as_str), is.as_str()) else {
        return Ok(is.clone());
    };
    let is_of_layer =
        arn.rsplit_once(':').is_some_and(|(layer, _)| layer.ends_with(&format!(":layer:{name}")));
    if !is_of_layer {
        return Ok(is.clone());
    }
    let answer = api.call(Request::lambda("GetLayerVersionByArn", json!({"Arn": arn}))).await;
    let digest = found(answer)?.and_then(|version| version.pointer("/Content/CodeSha256").cloned());
    let is_same = digest == Some(json!(zipped(wanted)?.digest));
    Ok(if is_same { wanted.clone() } else { is.clone() })
}

/// The folder among the settings as a zip.
fn zipped(settings: &Value) -> Result<folder::Zip, ApiError> {
    let folder = settings.get(FOLDER).and_then(Value::as_str).unwrap_or_default();
    folder::zipped(Path::new(folder)).map_err(|why| ApiError {
        code: "UnreadableLayer".to_owned(),
        message: format!("the layer's folder {folder} cannot be packed: {why}"),
        status: 0,
    })
}

impl Id {
    /// The first page of its versions, the last published first.
    async fn versions(&self, api: &impl Api) -> Result<Vec<Value>, ApiError> {
        let answer = api.call(Request::lambda("ListLayerVersions", json!({"LayerName": self.name}))).await;
        let versions = found(answer)?.and_then(|answer| answer.get("LayerVersions").cloned());
        Ok(versions.and_then(|versions| versions.as_array().cloned()).unwrap_or_default())
    }

    fn version(&self, listed: &Value) -> Value {
        json!({"LayerName": self.name, "VersionNumber": listed.get("Version")})
    }

    async fn publish(&self, api: &impl Api, wanted: Wanted<'_>) -> Result<(), ApiError> {
        let zip = zipped(&json!(wanted.settings))?;
        let mut body = json!(wanted.settings);
        if let Some(members) = body.as_object_mut() {
            members.shift_remove(FOLDER);
            members.insert("LayerName".to_owned(), json!(self.name));
            members.insert("Content".to_owned(), json!({"ZipFile": STANDARD.encode(&zip.bytes)}));
        }
        api.call(Request::lambda("PublishLayerVersion", body)).await.map(drop)
    }
}

impl Verbs for Id {
    // After the functions, which name it.
    const REMOVAL_RANK: u8 = 45;

    async fn look(&self, api: &impl Api) -> Result<Option<Settings>, ApiError> {
        let Some(last) = self.versions(api).await?.into_iter().next() else { return Ok(None) };
        let answer = api.call(Request::lambda("GetLayerVersion", self.version(&last))).await;
        let Some(answer) = found(answer)? else { return Ok(None) };
        let mut settings = decided(&answer, SETTINGS);
        let digest = answer.pointer("/Content/CodeSha256").cloned().unwrap_or_default();
        settings.insert(FOLDER.to_owned(), digest);
        Ok(Some(settings))
    }

    async fn create(&self, api: &impl Api, wanted: Wanted<'_>) -> Result<(), ApiError> {
        self.publish(api, wanted).await
    }

    async fn update(&self, api: &impl Api, wanted: Wanted<'_>, _: &[Change]) -> Result<(), ApiError> {
        self.publish(api, wanted).await
    }

    /// All versions; functions that have one keep it, as on AWS.
    async fn delete(&self, api: &impl Api) -> Result<(), ApiError> {
        loop {
            let versions = self.versions(api).await?;
            if versions.is_empty() {
                return Ok(());
            }
            for version in versions {
                api.call(Request::lambda("DeleteLayerVersion", self.version(&version))).await?;
            }
        }
    }

    async fn compare(&self, _: &impl Api, wanted: Wanted<'_>, actual: &mut Settings) -> Result<(), ApiError> {
        let digest = zipped(&json!(wanted.settings))?.digest;
        if let Some(is) = actual.get_mut(FOLDER) {
            let folder = wanted.settings.get(FOLDER).cloned().unwrap_or_default();
            *is = if *is == json!(digest) { folder } else { json!("other contents") };
        }
        Ok(())
    }
}
