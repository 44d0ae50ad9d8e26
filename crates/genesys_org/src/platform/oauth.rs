//! `POST /oauth/token`: a token for client credentials, in the Basic header or in the form.

use aws::{Ids, Timestamp};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use genesys::platform::response::{ApiError, ApiResponse};
use serde_json::{Value, json};

use crate::platform::Platform;
use crate::platform::token::{AccessToken, Authentication, Limits};

/// A request to `/oauth/token`.
#[derive(Clone, Copy, Debug)]
pub struct TokenRequest<'a> {
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The form's fields, decoded.
    pub form: &'a [(String, String)],
}

/// A client's credentials. The secret only has to be present.
struct ClientCredentials {
    id: String,
    secret: String,
}

impl TokenRequest<'_> {
    fn field(&self, name: &str) -> &str {
        self.form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// Client id and secret; the header takes precedence over the form.
    fn credentials(&self) -> Option<ClientCredentials> {
        let Some(header) = self.authorization else {
            let (id, secret) = (self.field("client_id").to_owned(), self.field("client_secret").to_owned());
            return Some(ClientCredentials { id, secret });
        };
        let (scheme, encoded) = header.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
        let (id, secret) = text.split_once(':')?;
        Some(ClientCredentials { id: id.to_owned(), secret: secret.to_owned() })
    }
}

impl Platform {
    /// Answers a request for a token. Any client id with any secret is accepted, as any AWS credentials are.
    pub fn token(&self, request: &TokenRequest<'_>, now: Timestamp, ids: &Ids) -> ApiResponse {
        let grant_type = request.field("grant_type");
        if grant_type != "client_credentials" {
            return refusal("unsupported_grant_type", &format!("grant_type '{grant_type}' is not supported"));
        }
        let credentials =
            request.credentials().filter(|given| !(given.id.is_empty() || given.secret.is_empty()));
        let Some(ClientCredentials { id, .. }) = credentials else {
            return refusal("invalid_client", "client not found");
        };
        match self.state().tokens.grant(&id, now, ids) {
            // Values and their spelling as in a recorded answer.
            Some(AccessToken { token, expires_in_s }) => ApiResponse::ok(
                json!({"access_token": token, "token_type": "bearer", "expires_in": expires_in_s}),
            ),
            // 400, not 429: what the vendor's own Terraform provider looks for.
            None => refusal("invalid_request", "rate limit exceeded; Too many token requests"),
        }
    }

    /// The sender of this `Authorization` header. The caller's limit is reported with a refusal, too.
    pub fn caller(&self, authorization: Option<&str>, now: Timestamp) -> Authentication {
        let token = authorization.and_then(|header| {
            let (scheme, token) = header.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
        });
        match token {
            None => Authentication::refused(ApiError::no_token()),
            Some(token) => {
                let Authentication { caller, error } = self.state().tokens.check(token, now);
                Authentication { caller, error: error.or_else(|| self.mishap(token)) }
            }
        }
    }

    /// Sets the limits of clients.
    pub fn set_limits(&self, limits: Limits) {
        self.state().tokens.limits = limits;
    }

    /// Revokes all tokens issued so far: the next request with one is refused with 401.
    pub fn revoke_tokens(&self) {
        self.state().tokens.revoke_all();
    }
}

/// The login service's own error shape; all of them are 400.
fn refusal(error: &str, description: &str) -> ApiResponse {
    let body: Value = json!({"error": error, "description": description, "error_description": description});
    ApiResponse::with_status(400, body)
}
