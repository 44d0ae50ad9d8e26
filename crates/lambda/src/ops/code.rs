//! A function's code in a request: a zip, or a folder that is read anew.

use aws::Error;
use aws::operation::Later;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::function::Code;
use crate::{Functions, error};

/// LocalStack's name for a folder instead of a bucket, which tools know.
const HOT_RELOAD: &str = "hot-reload";

/// `Code` of CreateFunction, and the members of UpdateFunctionCode.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct CodeRequest {
    zip_file: Option<String>,
    #[serde(rename = "S3Bucket")]
    bucket: Option<String>,
    #[serde(rename = "S3Key")]
    key: Option<String>,
    image_uri: Option<String>,
}

impl CodeRequest {
    /// The code, kept where it is a zip.
    pub(super) fn keep(self, functions: &Functions) -> Later<Code> {
        let zip = match self.read() {
            Ok(Source::Zip(zip)) => zip,
            Ok(Source::Folder(folder)) => return Box::pin(async move { Ok(Code::Folder(folder)) }),
            Err(error) => return Box::pin(async move { Err(error) }),
        };
        let kept = (functions.hands.keep_zip)(zip);
        Box::pin(async move {
            let kept = kept.await?;
            Ok(Code::Zip { digest: kept.digest, sha256: kept.sha256, size_bytes: kept.size_bytes })
        })
    }

    fn read(self) -> Result<Source, Error> {
        if self.image_uri.is_some() {
            return Err(error::not_served("ImageUri"));
        }
        match (self.zip_file, self.bucket, self.key) {
            (Some(zip), None, None) => {
                let zip = STANDARD.decode(zip).map_err(|_| Error::serialization("ZipFile is not base64."))?;
                Ok(Source::Zip(zip))
            }
            (None, Some(bucket), Some(key)) if bucket == HOT_RELOAD => folder(key).map(Source::Folder),
            (None, Some(_), Some(_)) => Err(error::invalid_parameter(
                "Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The specified bucket does not exist",
            )),
            _ => Err(error::invalid_parameter("Please provide a source for function code.")),
        }
    }
}

enum Source {
    Zip(Vec<u8>),
    Folder(String),
}

fn folder(key: String) -> Result<String, Error> {
    if key.starts_with('/') {
        return Ok(key);
    }
    Err(error::invalid_parameter(format!(
        "When using hot reloading, the archive key has to be an absolute path! Your archive key: {key}"
    )))
}
