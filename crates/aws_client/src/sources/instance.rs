//! The instance's role, by IMDSv2: a token first, then the role's name, then its credentials.

use std::time::Duration;

use http_client::{AllowedHost, Failure, Response};

use crate::endpoint::Endpoint;
use crate::settings::Settings;
use crate::sources::{
    Answering, Asking, ExpiringCredentials, METADATA, Source, SourceAnswer, fetch, loaded_of,
};

const IPV4: &str = "http://169.254.169.254";
const IPV6: &str = "http://[fd00:ec2::254]";
const ENDPOINT: &str = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
const ROLES: &str = "/latest/meta-data/iam/security-credentials/";
/// AWS's own default for one attempt: a machine that is no instance does not answer at all.
const DEADLINE: Duration = Duration::from_secs(1);

pub(crate) static SOURCE: Source = Source {
    name: "instance metadata",
    yields_to_profile: true,
    ask: |asking| -> Answering<'_> { Box::pin(ask(asking)) },
};

/// The host of an endpoint that the environment names.
pub(crate) fn named_endpoint(settings: &Settings) -> Option<AllowedHost> {
    Endpoint::at(&settings.variable(ENDPOINT)?).ok()?.allowed()
}

/// The role's credentials.
pub(crate) async fn ask(asking: Asking<'_>) -> SourceAnswer {
    if asking.settings.says("AWS_EC2_METADATA_DISABLED") {
        return SourceAnswer::Absent("AWS_EC2_METADATA_DISABLED is set".to_owned());
    }
    let mode = asking.settings.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
    let own = if mode.is_some_and(|mode| mode.eq_ignore_ascii_case("ipv6")) { IPV6 } else { IPV4 };
    let base = asking.settings.variable(ENDPOINT).unwrap_or_else(|| own.to_owned());
    let base = base.trim_end_matches('/');
    let lifetime = ("x-aws-ec2-metadata-token-ttl-seconds", "21600");
    let token = format!("{base}/latest/api/token");
    match fetch(asking.http, ("PUT", &token), Some(lifetime), DEADLINE).await {
        // Whatever answers there without a token is no instance that could be told from a stranger.
        Err(failure) => SourceAnswer::Absent(format!("this is no EC2 instance: {}", failure.text)),
        Ok(answer) if !answer.is_success() => {
            SourceAnswer::Failed(format!("{base} answered {} to a request for a token", answer.status))
        }
        Ok(answer) => role(asking, base, &answer).await,
    }
}

async fn role(asking: Asking<'_>, base: &str, token: &Response) -> SourceAnswer {
    let token = String::from_utf8_lossy(&token.body).trim().to_owned();
    let header = ("x-aws-ec2-metadata-token", token.as_str());
    let got = async |path: String| fetch(asking.http, ("GET", &path), Some(header), DEADLINE).await;
    let said = |failure: Failure| SourceAnswer::Failed(failure.text);
    let roles = match got(format!("{base}{ROLES}")).await {
        Ok(answer) if answer.status == 404 => {
            return SourceAnswer::Absent("the instance has no role".to_owned());
        }
        Ok(answer) if !answer.is_success() => {
            return SourceAnswer::Failed(format!(
                "{base} answered {} to a request for its role",
                answer.status
            ));
        }
        Ok(answer) => answer,
        Err(failure) => return said(failure),
    };
    let roles = String::from_utf8_lossy(&roles.body).into_owned();
    let Some(role) = roles.lines().map(str::trim).find(|line| !line.is_empty()) else {
        return SourceAnswer::Absent("the instance has no role".to_owned());
    };
    match got(format!("{base}{ROLES}{role}")).await {
        Ok(answer) => SourceAnswer::of(of_role(&answer, role)),
        Err(failure) => said(failure),
    }
}

/// A role that cannot be taken is told with status 200 and a `Code` that is not `Success`.
fn of_role(answer: &Response, role: &str) -> Result<ExpiringCredentials, String> {
    let loaded = loaded_of(answer, METADATA);
    loaded.map_err(|reason| match crate::answer::AwsError::of(answer) {
        error if !error.code.is_empty() => format!("the role {role}: {} {}", error.code, error.message),
        _ => format!("the role {role}: {reason}"),
    })
}
