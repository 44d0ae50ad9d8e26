//! IAM Identity Center: the token that `aws sso login` keeps, exchanged at the portal; else what the AWS CLI gives.

use std::time::Duration;

use aws::Timestamp;
use aws::encoding::{ALL_BUT_UNRESERVED, hex, percent_encoded};
use aws::secret::Secret;
use aws::sigv4::Credentials;
use serde_json::Value;
use sha1::{Digest as _, Sha1};

use crate::answer::AwsError;
use crate::files;
use crate::sources::{Asking, ExpiringCredentials, fetch, process};

const DEADLINE: Duration = Duration::from_secs(10);

/// What a profile says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sso {
    /// The session's name, or the start URL of a profile without a session: what the token's file is named after.
    pub(crate) key: String,
    pub(crate) region: String,
    pub(crate) account_id: String,
    pub(crate) role_name: String,
    /// The profile that says so, for the AWS CLI.
    pub(crate) profile: String,
}

/// The role's credentials.
///
/// # Errors
/// What is missing, and the command that signs in.
pub(crate) async fn load(asking: Asking<'_>, sso: &Sso) -> Result<ExpiringCredentials, String> {
    let token = cached(asking, sso);
    let reason = match token {
        Ok(token) => match portal(asking, sso, &token).await {
            Ok(loaded) => return Ok(loaded),
            Err(reason) => reason,
        },
        Err(reason) => reason,
    };
    // The CLI refreshes a token that is expired and may be refreshed; this room does not.
    process::exported(&sso.profile).await.map_err(|told| {
        format!("{reason}, and {told}. Sign in with `aws sso login --profile {}`", sso.profile)
    })
}

/// The token that was kept at the last sign-in, if it is still good.
fn cached(asking: Asking<'_>, sso: &Sso) -> Result<Secret, String> {
    let home = asking.settings.variable("HOME").ok_or("HOME is not set")?;
    let path = format!("{home}/.aws/sso/cache/{}.json", hex(&Sha1::digest(sso.key.as_bytes())));
    let text = files::text(&path)?.ok_or("nobody has signed in yet")?;
    let json: Value = serde_json::from_str(&text).map_err(|_| format!("{path} is no JSON"))?;
    let member = |name: &str| json.get(name).and_then(Value::as_str).unwrap_or_default();
    match Timestamp::parse_iso(member("expiresAt")) {
        Some(expires) if asking.now < expires => Ok(Secret::new(member("accessToken"))),
        Some(expires) => Err(format!("the sign-in expired at {expires}")),
        None => Err(format!("{path} has no expiresAt")),
    }
}

/// `GetRoleCredentials` of the SSO portal.
async fn portal(asking: Asking<'_>, sso: &Sso, token: &Secret) -> Result<ExpiringCredentials, String> {
    let endpoint = asking.endpoints.of("portal.sso", &sso.region);
    let encoded = |text: &str| percent_encoded(text, ALL_BUT_UNRESERVED);
    let (role, account) = (encoded(&sso.role_name), encoded(&sso.account_id));
    let (origin, prefix) = (endpoint.origin, endpoint.prefix);
    let url = format!("{origin}{prefix}/federation/credentials?role_name={role}&account_id={account}");
    let header = ("x-amz-sso_bearer_token", token.reveal());
    let answer =
        fetch(asking.http, ("GET", &url), Some(header), DEADLINE).await.map_err(|failure| failure.text)?;
    if !answer.is_success() {
        let error = AwsError::of(&answer);
        return Err(format!("the SSO portal answered {} {} {}", answer.status, error.code, error.message));
    }
    let json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let role = json.get("roleCredentials").cloned().unwrap_or_default();
    let text = |name: &str| role.get(name).and_then(Value::as_str).unwrap_or_default();
    let expires = role.get("expiration").and_then(Value::as_u64).map(Timestamp::from_unix_ms);
    if text("accessKeyId").is_empty() || text("secretAccessKey").is_empty() {
        return Err("the SSO portal's answer has no roleCredentials".to_owned());
    }
    let credentials = Credentials {
        access_key_id: text("accessKeyId").to_owned(),
        secret_access_key: Secret::new(text("secretAccessKey")),
        session_token: Some(text("sessionToken")).filter(|token| !token.is_empty()).map(Secret::new),
    };
    Ok(ExpiringCredentials { credentials, expires })
}
