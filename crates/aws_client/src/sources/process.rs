//! `credential_process`: a program that prints credentials; the AWS CLI's `export-credentials` among them.

use std::time::Duration;

use runner::tool::{self, Tool};
use serde_json::Value;

use crate::sources::{ExpiringCredentials, PROCESS};

/// How long a program may take: some ask a person for a second factor.
const DEADLINE: Duration = Duration::from_secs(60);

/// What a command line prints. A shell takes it apart, as for AWS's SDKs.
///
/// # Errors
/// What went wrong, with what the program says.
pub(crate) async fn command(line: &str) -> Result<ExpiringCredentials, String> {
    run("/bin/sh", &["-c", line], "credential_process").await
}

/// What the AWS CLI makes of a profile: it knows SSO's sign-in, `aws login` and second factors.
///
/// # Errors
/// What it says, or that it is not installed.
pub(crate) async fn exported(profile: &str) -> Result<ExpiringCredentials, String> {
    let arguments = ["configure", "export-credentials", "--profile", profile, "--format", "process"];
    run("aws", &arguments, "`aws configure export-credentials`").await
}

async fn run(program: &str, arguments: &[&str], called: &str) -> Result<ExpiringCredentials, String> {
    let output = tool::run(&Tool { program, arguments, deadline: DEADLINE }).await;
    let output = output.map_err(|reason| format!("{called} {reason}"))?;
    // What it prints to standard output may be secrets; what it says to standard error is for people.
    if output.status != Some(0) {
        let said = output.errors.trim();
        let status =
            output.status.map_or_else(|| "by a signal".to_owned(), |status| format!("with status {status}"));
        return Err(format!("{called} ended {status}: {said}"));
    }
    let json: Value = serde_json::from_str(&output.text)
        .map_err(|_| format!("{called} printed something else than JSON"))?;
    if json.get("Version").and_then(Value::as_u64) != Some(1) {
        return Err(format!("{called} printed no \"Version\": 1"));
    }
    ExpiringCredentials::from_json(&json, PROCESS).map_err(|reason| format!("{called}: {reason}"))
}
