//! The SDKs that AWS ships with its runtimes and plain node and python do not: which, where, and what to say without.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::{env, fs};

use tokio::process::Command;

use crate::runtime::Language;

/// How they are fetched.
pub const INSTALL_COMMAND: &str = "trunkline runtimes install";

/// The packages of npm that nodejs18 and later have: all of SDK 3, of which these are what functions use most.
pub const NODE_PACKAGES: &[&str] = &[
    "@aws-sdk/client-cloudwatch",
    "@aws-sdk/client-dynamodb",
    "@aws-sdk/client-eventbridge",
    "@aws-sdk/client-lambda",
    "@aws-sdk/client-s3",
    "@aws-sdk/client-secrets-manager",
    "@aws-sdk/client-sfn",
    "@aws-sdk/client-sns",
    "@aws-sdk/client-sqs",
    "@aws-sdk/client-ssm",
    "@aws-sdk/client-sts",
    "@aws-sdk/lib-dynamodb",
    "@aws-sdk/util-dynamodb",
];

/// The packages of pip that Python's runtimes have.
pub const PYTHON_PACKAGES: &[&str] = &["boto3"];

/// npm's `node_modules` under the folder of the SDKs.
pub fn node_folder(sdks: &Path) -> PathBuf {
    sdks.join("nodejs/node_modules")
}

/// pip's target under the folder of the SDKs.
pub fn python_folder(sdks: &Path) -> PathBuf {
    sdks.join("python")
}

/// The variable that names the folder of the SDKs, where they are not in the user's own data.
pub const FOLDER_VARIABLE: &str = "TRUNKLINE_RUNTIMES";

/// Where the SDKs are: in the folder of the variable, else in the user's data (XDG Base Directory Specification). `None`: the
/// user has no home.
pub fn default_folder() -> Option<PathBuf> {
    let folder =
        |variable: &str| env::var_os(variable).map(PathBuf::from).filter(|folder| folder.is_absolute());
    folder(FOLDER_VARIABLE).or_else(|| {
        let data = folder("XDG_DATA_HOME").or_else(|| Some(folder("HOME")?.join(".local/share")));
        Some(data?.join("trunkline/runtimes"))
    })
}

/// Fetches a language's SDK by its own package manager, whose words are shown as they come: where it is now.
///
/// # Errors
/// What is missing, or that the package manager failed.
pub async fn install(language: Language, sdks: &Path) -> Result<PathBuf, String> {
    fs::create_dir_all(sdks).map_err(|error| format!("{}: {error}", sdks.display()))?;
    let (program, arguments, place) = match language {
        Language::Node => {
            let prefix = sdks.join("nodejs");
            fs::create_dir_all(&prefix).map_err(|error| format!("{}: {error}", prefix.display()))?;
            let mut arguments: Vec<OsString> =
                ["install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error", "--prefix"]
                    .map(OsString::from)
                    .to_vec();
            arguments.push(prefix.into());
            arguments.extend(NODE_PACKAGES.iter().map(OsString::from));
            ("npm", arguments, node_folder(sdks))
        }
        Language::Python => {
            let place = python_folder(sdks);
            let mut arguments: Vec<OsString> =
                ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade", "--target"]
                    .map(OsString::from)
                    .to_vec();
            arguments.push(place.clone().into());
            arguments.extend(PYTHON_PACKAGES.iter().map(OsString::from));
            ("python3", arguments, place)
        }
        Language::Provided => return Err("a program of its own brings what it needs".to_owned()),
    };
    let ended = Command::new(program).args(arguments).stdin(Stdio::null()).kill_on_drop(true).status().await;
    match ended {
        Ok(status) if status.success() => Ok(place),
        Ok(status) => Err(format!("{program} failed ({status}); its words are above")),
        Err(error) => Err(format!("{program} cannot be run: {error}; install it, or put it on the PATH")),
    }
}

/// What to say where a module is missing that AWS has; none where it is the function's own affair.
pub fn hint_for_missing(module: &str) -> Option<String> {
    let root = module.split(['/', '.']).next().unwrap_or_default();
    match root {
        "aws-sdk" => Some(
            "aws-sdk (version 2) is not in nodejs18.x and later, on AWS neither: bundle it with the function, or use \
             @aws-sdk/client-..."
                .to_owned(),
        ),
        "@aws-sdk" | "@smithy" | "boto3" | "botocore" => Some(format!(
            "{module} comes with the runtime on AWS and is not installed here: run `{INSTALL_COMMAND}`"
        )),
        _ => None,
    }
}
