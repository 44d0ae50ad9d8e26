//! What map runs read and write: files of folders that stand for S3's buckets. The files themselves are a floor above.

use std::fmt;
use std::sync::Arc;

use asl::TaskError;
use asl::map_run::ItemSource;
use asl::writer::File;
use serde_json::{Map, Value, json};

/// A file of a bucket, as a list has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its key.
    pub key: String,
    /// In bytes.
    pub size: u64,
    /// When it was changed, in seconds since 1970.
    pub modified_s: u64,
}

/// Folders that stand for buckets. Blocks on the disk.
pub trait Folders: Send + Sync {
    /// Whether there is one of this name.
    fn has(&self, bucket: &str) -> bool;
    /// Whether there is one at all.
    fn is_empty(&self) -> bool;
    /// The text of a file; one whose name ends in `.gz` is unpacked.
    ///
    /// # Errors
    /// Why it cannot be read, in a sentence.
    fn read(&self, bucket: &str, key: &str) -> Result<String, String>;
    /// The files whose keys begin with `prefix`, in the order of their keys.
    ///
    /// # Errors
    /// Why they cannot be listed, in a sentence.
    fn list(&self, bucket: &str, prefix: &str) -> Result<Vec<Object>, String>;
    /// Writes a file whole, or leaves what was there.
    ///
    /// # Errors
    /// Why it cannot be written, in a sentence.
    fn write(&self, bucket: &str, file: &File) -> Result<(), String>;
}

/// The folders of a room; none before they are said.
#[derive(Clone)]
pub(crate) struct Buckets(pub(crate) Option<Arc<dyn Folders>>);

impl fmt::Debug for Buckets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Buckets")
    }
}

/// Items and where they came from.
pub(crate) struct Items {
    pub(crate) items: Vec<Value>,
    /// As `$$.Map.Item.Source` has it.
    pub(crate) source: String,
}

fn failed(error: &str, cause: impl Into<String>) -> TaskError {
    TaskError { error: Some(error.to_owned()), cause: Some(cause.into()) }
}

fn unread(cause: impl Into<String>) -> TaskError {
    failed("States.ItemReaderFailed", cause)
}

/// A bucket's name, out of its ARN too.
pub(crate) fn bucket_name(text: &str) -> &str {
    text.strip_prefix("arn:aws:s3:::").unwrap_or(text)
}

impl Buckets {
    fn folders(&self) -> Result<&dyn Folders, String> {
        self.0
            .as_deref()
            .ok_or_else(|| "no bucket is served: `buckets` in the pipeline file names folders".to_owned())
    }

    /// Why a definition cannot read or write a bucket; the name is `None` where it is computed.
    pub(crate) fn objection(&self, bucket: Option<&str>) -> Option<String> {
        match (&self.0, bucket) {
            (Some(folders), Some(name)) if folders.has(bucket_name(name)) => None,
            (Some(folders), None) if !folders.is_empty() => None,
            (_, Some(name)) => Some(format!(
                "The bucket {} is not served by Trunkline: `buckets` in the pipeline file names the folder that stands for it.",
                bucket_name(name)
            )),
            (_, None) => Some(
                "No bucket is served by Trunkline: `buckets` in the pipeline file names folders.".to_owned(),
            ),
        }
    }

    /// The items that a reader asks for.
    pub(crate) fn items(&self, source: ItemSource) -> Result<Items, TaskError> {
        let (resource, parameters, config, max_items) = match source {
            ItemSource::Items(items) => return Ok(Items { items, source: "STATE_DATA".to_owned() }),
            ItemSource::Reader { resource, parameters, config, max_items } => {
                (resource, parameters, config, max_items)
            }
        };
        let parameters = parameters.unwrap_or_default();
        let text = |name: &str| parameters.get(name).and_then(Value::as_str);
        let folders = self.folders().map_err(unread)?;
        let bucket = bucket_name(text("Bucket").ok_or_else(|| unread("The ItemReader names no Bucket."))?);
        if resource.ends_with(":s3:listObjectsV2") {
            return listed(
                folders,
                Listing { bucket, prefix: text("Prefix").unwrap_or_default(), config: &config, max_items },
            );
        }
        let key = text("Key").ok_or_else(|| unread("The ItemReader names no Key."))?;
        let document = folders.read(bucket, key).map_err(unread)?;
        let items = if config.get("InputType").is_some_and(|kind| kind == "MANIFEST") {
            inventory(folders, bucket, &document, max_items)?
        } else {
            asl::reader::items(&document, &config, max_items)?
        };
        Ok(Items { items, source: format!("S3://{bucket}/{key}") })
    }

    /// Writes a map run's files.
    pub(crate) fn write(&self, bucket: &str, files: &[File]) -> Result<(), TaskError> {
        let written = self
            .folders()
            .and_then(|folders| files.iter().try_for_each(|file| folders.write(bucket_name(bucket), file)));
        written.map_err(|cause| failed("States.ResultWriterFailed", cause))
    }
}

/// What is to be listed.
#[derive(Clone, Copy)]
struct Listing<'a> {
    bucket: &'a str,
    prefix: &'a str,
    config: &'a Value,
    max_items: Option<u64>,
}

/// Text of all the files together that one reader takes, in bytes.
const TOGETHER_BYTES_MAX: usize = 256 << 20;

fn has_enough(items: &[Value], max_items: Option<u64>) -> bool {
    max_items.and_then(|max| usize::try_from(max).ok()).is_some_and(|max| items.len() >= max)
}

fn counted(bytes: &mut usize, document: &str) -> Result<(), TaskError> {
    *bytes = bytes.saturating_add(document.len());
    if *bytes <= TOGETHER_BYTES_MAX {
        return Ok(());
    }
    Err(unread(format!("The files have more than {} MiB together.", TOGETHER_BYTES_MAX >> 20)))
}

/// The objects of a bucket, or, with `LOAD_AND_FLATTEN`, the items in each of them.
fn listed(folders: &dyn Folders, listing: Listing<'_>) -> Result<Items, TaskError> {
    let Listing { bucket, prefix, config, max_items } = listing;
    if max_items == Some(0) {
        return Err(unread("field MaxItems must be positive"));
    }
    let objects = folders.list(bucket, prefix).map_err(unread)?;
    let mut items = Vec::new();
    if config.get("Transformation").is_some_and(|how| how == "LOAD_AND_FLATTEN") {
        let mut bytes = 0;
        for object in &objects {
            if has_enough(&items, max_items) {
                break;
            }
            let document = folders.read(bucket, &object.key).map_err(unread)?;
            counted(&mut bytes, &document)?;
            items.extend(asl::reader::items(&document, config, None)?);
        }
    } else {
        items.extend(objects.iter().map(shown));
    }
    items.truncate(max_items.and_then(|max| usize::try_from(max).ok()).unwrap_or(usize::MAX));
    Ok(Items { items, source: format!("S3://{bucket}") })
}

/// An object as `listObjectsV2` gives it to a Map. Source: developer guide, "ItemReader (Map)".
fn shown(object: &Object) -> Value {
    json!({
        "Etag": format!("\"{:x}-{:x}\"", object.modified_s, object.size),
        "Key": object.key,
        "LastModified": object.modified_s,
        "Size": object.size,
        "StorageClass": "STANDARD",
    })
}

/// The rows of an S3 inventory: the manifest names its files, CSV without a header, and their columns.
fn inventory(
    folders: &dyn Folders,
    bucket: &str,
    manifest: &str,
    max_items: Option<u64>,
) -> Result<Vec<Value>, TaskError> {
    let manifest: Map<String, Value> =
        serde_json::from_str(manifest).map_err(|_| unread("The manifest is no JSON object."))?;
    if manifest.get("fileFormat").is_none_or(|format| format != "CSV") {
        return Err(unread("Only manifests of inventories in CSV are served."));
    }
    let columns = manifest.get("fileSchema").and_then(Value::as_str).unwrap_or_default();
    let headers: Vec<&str> = columns.split(',').map(str::trim).collect();
    let config = json!({"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": headers});
    let mut items = Vec::new();
    let mut bytes = 0;
    for file in manifest.get("files").and_then(Value::as_array).into_iter().flatten() {
        if max_items != Some(0) && has_enough(&items, max_items) {
            break;
        }
        let key = file.get("key").and_then(Value::as_str);
        let key = key.ok_or_else(|| unread("A file of the manifest has no key."))?;
        let document = folders.read(bucket, key).map_err(unread)?;
        counted(&mut bytes, &document)?;
        items.extend(asl::reader::items(&document, &config, None)?);
    }
    if max_items == Some(0) {
        return Err(unread("field MaxItems must be positive"));
    }
    items.truncate(max_items.and_then(|max| usize::try_from(max).ok()).unwrap_or(usize::MAX));
    Ok(items)
}
