//! A web identity: a token in a file, exchanged for a role's credentials (EKS, CI systems).

use crate::sources::sts::{self, WebIdentity};
use crate::sources::{Answering, Asking, Source, SourceAnswer};

pub(crate) static SOURCE: Source = Source {
    name: "web identity",
    yields_to_profile: true,
    ask: |asking| -> Answering<'_> { Box::pin(ask(asking)) },
};

async fn ask(asking: Asking<'_>) -> SourceAnswer {
    let set = |name: &str| asking.settings.variable(name);
    let Some(token_file) = set("AWS_WEB_IDENTITY_TOKEN_FILE") else {
        return SourceAnswer::Absent("AWS_WEB_IDENTITY_TOKEN_FILE is not set".to_owned());
    };
    let Some(role_arn) = set("AWS_ROLE_ARN") else {
        return SourceAnswer::Failed("AWS_WEB_IDENTITY_TOKEN_FILE is set and AWS_ROLE_ARN is not".to_owned());
    };
    let identity = WebIdentity { role_arn, session_name: set("AWS_ROLE_SESSION_NAME"), token_file };
    SourceAnswer::of(sts::with_web_identity(asking, &identity).await)
}
