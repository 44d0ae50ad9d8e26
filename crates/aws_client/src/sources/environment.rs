//! Keys in the environment.

use aws::secret::Secret;
use aws::sigv4::Credentials;

use crate::sources::{Answering, Asking, ExpiringCredentials, Source, SourceAnswer};

pub(crate) static SOURCE: Source = Source {
    name: "environment",
    yields_to_profile: true,
    ask: |asking| -> Answering<'_> { Box::pin(async move { keys(asking) }) },
};

/// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`; half of them are a mistake.
pub(crate) fn keys(asking: Asking<'_>) -> SourceAnswer {
    let set = |name: &str| asking.settings.variable(name);
    match (set("AWS_ACCESS_KEY_ID"), set("AWS_SECRET_ACCESS_KEY")) {
        (Some(access_key_id), Some(secret)) => {
            let session_token = set("AWS_SESSION_TOKEN").map(Secret::new);
            let credentials =
                Credentials { access_key_id, secret_access_key: Secret::new(secret), session_token };
            SourceAnswer::Found(ExpiringCredentials { credentials, expires: None })
        }
        (None, None) => SourceAnswer::Absent("AWS_ACCESS_KEY_ID is not set".to_owned()),
        (Some(_), None) => {
            SourceAnswer::Failed("AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not".to_owned())
        }
        (None, Some(_)) => {
            SourceAnswer::Failed("AWS_SECRET_ACCESS_KEY is set and AWS_ACCESS_KEY_ID is not".to_owned())
        }
    }
}
