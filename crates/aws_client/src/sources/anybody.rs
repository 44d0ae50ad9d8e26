//! Nobody in particular, for an endpoint that checks no signatures.

use aws::secret::Secret;
use aws::sigv4::Credentials;

use crate::sources::{Answering, ExpiringCredentials, Source, SourceAnswer};

pub(crate) static SOURCE: Source = Source {
    name: "anybody",
    yields_to_profile: true,
    ask: |_| -> Answering<'_> {
        let credentials = Credentials {
            access_key_id: "any".to_owned(),
            secret_access_key: Secret::new("any"),
            session_token: None,
        };
        Box::pin(async { SourceAnswer::Found(ExpiringCredentials { credentials, expires: None }) })
    },
};
