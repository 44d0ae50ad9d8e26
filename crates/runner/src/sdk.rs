//! The SDKs that AWS ships with its runtimes and plain node and python do not: which, where, and what to say without.

use std::path::{Path, PathBuf};

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
