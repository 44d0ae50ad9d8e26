//! STS: a role's credentials for those of another identity, or for a web identity's token.
//!
//! Source: AWS STS API Reference, AssumeRole and AssumeRoleWithWebIdentity (API version 2011-06-15; the second is not signed).

use std::time::Duration;

use aws::Timestamp;
use aws::api::STS;
use aws::secret::Secret;
use aws::sigv4::{self, Credentials, SigningScope, UnsignedRequest};
use form_urlencoded::Serializer;
use http_client::{Failure, Request};

use crate::answer::AwsError;
use crate::sources::{Asking, ExpiringCredentials};
use crate::{files, region, xml};

const DEADLINE: Duration = Duration::from_secs(10);
const CONTENT_TYPE: &str = "application/x-www-form-urlencoded";

/// A role that is taken with other credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Role {
    pub(crate) role_arn: String,
    pub(crate) session_name: Option<String>,
    pub(crate) external_id: Option<String>,
    pub(crate) duration_seconds: Option<String>,
}

/// A role that is taken with a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WebIdentity {
    pub(crate) role_arn: String,
    pub(crate) session_name: Option<String>,
    /// Read each time: whoever gives it changes it.
    pub(crate) token_file: String,
}

/// `AssumeRole`.
///
/// # Errors
/// What STS says.
pub(crate) async fn with_role(
    asking: Asking<'_>,
    role: &Role,
    by: &Credentials,
) -> Result<ExpiringCredentials, String> {
    let mut members = vec![("Action", "AssumeRole")];
    let more = [("ExternalId", &role.external_id), ("DurationSeconds", &role.duration_seconds)];
    members.extend(more.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))));
    let form = form(asking, &members, (&role.role_arn, role.session_name.as_deref()));
    call(asking, form, (&role.role_arn, Some(by))).await
}

/// `AssumeRoleWithWebIdentity`.
///
/// # Errors
/// What STS says, or that there is no token.
pub(crate) async fn with_web_identity(
    asking: Asking<'_>,
    identity: &WebIdentity,
) -> Result<ExpiringCredentials, String> {
    let token = files::token(&identity.token_file)?;
    let members = [("Action", "AssumeRoleWithWebIdentity"), ("WebIdentityToken", &token)];
    let form = form(asking, &members, (&identity.role_arn, identity.session_name.as_deref()));
    call(asking, form, (&identity.role_arn, None)).await
}

fn form(asking: Asking<'_>, members: &[(&str, &str)], (role, session): (&str, Option<&str>)) -> String {
    let session = session.map_or_else(|| format!("trunkline-{}", asking.now.unix_ms()), str::to_owned);
    let mut form = Serializer::new(String::new());
    form.append_pair("Version", "2011-06-15").extend_pairs(members);
    form.append_pair("RoleArn", role).append_pair("RoleSessionName", &session).finish()
}

async fn call(
    asking: Asking<'_>,
    body: String,
    (role, by): (&str, Option<&Credentials>),
) -> Result<ExpiringCredentials, String> {
    let region = region::named(asking.settings)?.unwrap_or_else(|| "us-east-1".to_owned());
    let request = request(asking, &region, (body, by)).map_err(|failure| failure.text)?;
    let answer = asking.http.send(request, DEADLINE).await.map_err(|failure| failure.text)?;
    if !answer.is_success() {
        let error = AwsError::of(&answer);
        return Err(format!(
            "STS refuses {role}: {} (HTTP status {}) {}",
            error.code, answer.status, error.message
        ));
    }
    let xml = String::from_utf8_lossy(&answer.body);
    let text = |name: &str| xml::text(&xml, name).ok_or_else(|| format!("the answer of STS has no {name}"));
    let credentials = Credentials {
        access_key_id: text("AccessKeyId")?,
        secret_access_key: Secret::new(text("SecretAccessKey")?),
        session_token: Some(Secret::new(text("SessionToken")?)),
    };
    let expires = text("Expiration")?;
    let expires =
        Timestamp::parse_iso(&expires).ok_or_else(|| format!("STS says '{expires}', which is no date"))?;
    Ok(ExpiringCredentials { credentials, expires: Some(expires) })
}

fn request(
    asking: Asking<'_>,
    region: &str,
    (body, by): (String, Option<&Credentials>),
) -> Result<Request, Failure> {
    let endpoint = asking.endpoints.of(STS.scope, region);
    let path = format!("{}/", endpoint.prefix);
    let mut headers = vec![("content-type".to_owned(), CONTENT_TYPE.to_owned())];
    if let Some(by) = by {
        let unsigned = UnsignedRequest {
            method: "POST",
            host: &endpoint.host,
            path: &path,
            headers: &headers,
            body: body.as_bytes(),
        };
        headers.extend(sigv4::sign(&unsigned, by, SigningScope { region, service: STS.scope }, asking.now));
    }
    let mut request = Request::new("POST", &format!("{}{path}", endpoint.origin))?;
    for (name, value) in &headers {
        request = request.header(name, value)?;
    }
    Ok(request.body(body))
}
