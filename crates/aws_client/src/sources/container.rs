//! The container's endpoint: ECS, EKS Pod Identity.
//!
//! Source: AWS SDKs and Tools Reference Guide, "Container credential provider": plain HTTP only to loopback and to the addresses
//! of ECS and EKS; the token is read each time, since EKS changes it.

use std::time::Duration;

use crate::files;
use crate::sources::{
    Answering, Asking, ExpiringCredentials, METADATA, Source, SourceAnswer, fetch, loaded_of,
};

const ECS: &str = "http://169.254.170.2";
const DEADLINE: Duration = Duration::from_secs(5);

pub(crate) static SOURCE: Source = Source {
    name: "container",
    yields_to_profile: true,
    ask: |asking| -> Answering<'_> { Box::pin(ask(asking)) },
};

/// Its credentials.
pub(crate) async fn ask(asking: Asking<'_>) -> SourceAnswer {
    let set = |name: &str| asking.settings.variable(name);
    let relative = set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").map(|path| format!("{ECS}{path}"));
    let Some(url) = relative.or_else(|| set("AWS_CONTAINER_CREDENTIALS_FULL_URI")) else {
        return SourceAnswer::Absent(
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and _FULL_URI are not set".to_owned(),
        );
    };
    SourceAnswer::of(load(asking, &url).await)
}

async fn load(asking: Asking<'_>, url: &str) -> Result<ExpiringCredentials, String> {
    let token = match asking.settings.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
        Some(path) => Some(files::token(&path)?),
        None => asking.settings.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN"),
    };
    let header = token.as_deref().map(|token| ("authorization", token));
    let answer = fetch(asking.http, ("GET", url), header, DEADLINE).await.map_err(|failure| failure.text)?;
    loaded_of(&answer, METADATA)
}
