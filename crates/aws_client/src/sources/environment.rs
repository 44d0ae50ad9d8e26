//! Keys in the environment.

use aws::secret::Secret;
use aws::sigv4::Credentials;

use crate::sources::{Answer, Answering, Asking, Loaded, Source};

pub(crate) static SOURCE: Source = Source {
    name: "environment",
    yields_to_profile: true,
    ask: |asking| -> Answering<'_> { Box::pin(async move { keys(asking) }) },
};

/// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`; half of them are a mistake.
pub(crate) fn keys(asking: Asking<'_>) -> Answer {
    let set = |name: &str| asking.settings.variable(name);
    match (set("AWS_ACCESS_KEY_ID"), set("AWS_SECRET_ACCESS_KEY")) {
        (Some(access_key_id), Some(secret)) => {
            let session_token = set("AWS_SESSION_TOKEN").map(Secret::new);
            let credentials =
                Credentials { access_key_id, secret_access_key: Secret::new(secret), session_token };
            Answer::Found(Loaded { credentials, expires: None })
        }
        (None, None) => Answer::Absent("AWS_ACCESS_KEY_ID is not set".to_owned()),
        (Some(_), None) => {
            Answer::Failed("AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not".to_owned())
        }
        (None, Some(_)) => {
            Answer::Failed("AWS_SECRET_ACCESS_KEY is set and AWS_ACCESS_KEY_ID is not".to_owned())
        }
    }
}
