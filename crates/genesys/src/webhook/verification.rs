//! How a webhook's sender authenticates itself: a signature over the body, or a shared secret.

use std::time::Duration;

use aws::Timestamp;
use aws::secret::Secret;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::webhook::Headers;

/// The header of an HMAC unless another is configured: GitHub's, and many others' since.
pub const HMAC_HEADER: &str = "x-hub-signature-256";
/// The header of a shared secret unless another is configured.
pub const SECRET_HEADER: &str = "authorization";

/// How far a Standard Webhooks timestamp may be from now: what the specification's own libraries allow.
const TOLERANCE: Duration = Duration::from_secs(5 * 60);
/// What the key of a Standard Webhooks secret may begin with, one after the other: senders show it as `whsec_...`, as
/// `v1,whsec_...` or bare.
const STANDARD_PREFIXES: [&str; 2] = ["v1,", "whsec_"];
/// Base64 with or without its padding: senders leave it out as often as not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// How a sender authenticates itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verification {
    /// A header carries the HMAC-SHA256 of the body, as `sha256=<hex>`, as hex or as base64.
    Hmac {
        /// The key, as text.
        secret: Secret,
        /// The header's name in lower case.
        header: String,
    },
    /// <https://www.standardwebhooks.com>: `webhook-id`, `webhook-timestamp` and `webhook-signature`, or the same with `svix-`,
    /// as the scheme's first sender still calls them.
    StandardWebhooks(StandardKey),
    /// A header carries the secret, as it is or after `Bearer `.
    Secret {
        /// The secret.
        secret: Secret,
        /// The header's name in lower case.
        header: String,
    },
}

/// The key of Standard Webhooks, as the secret's text: base64, after `whsec_` or `v1,whsec_`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandardKey(Secret);

impl StandardKey {
    /// Reads a secret like `whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw`.
    ///
    /// # Errors
    /// A sentence without a full stop that does not show the secret.
    pub fn parse(secret: &Secret) -> Result<Self, String> {
        let key = Self(secret.clone());
        match key.bytes() {
            Some(bytes) if !bytes.is_empty() => Ok(key),
            _ => Err("a Standard Webhooks secret is `whsec_` and base64, as its sender shows it".to_owned()),
        }
    }

    fn bytes(&self) -> Option<Vec<u8>> {
        let mut text = self.0.reveal().trim();
        // Without its mark it could be any other secret, pasted by mistake.
        if !text.contains("whsec_") {
            return None;
        }
        for prefix in STANDARD_PREFIXES {
            text = text.strip_prefix(prefix).unwrap_or(text);
        }
        BASE64.decode(text).ok()
    }
}

impl Verification {
    /// Checks that a request authenticates its sender.
    ///
    /// # Errors
    /// What is missing or wrong, in a sentence that reveals no secret.
    pub(super) fn check(&self, body: &[u8], headers: Headers<'_>, now: Timestamp) -> Result<(), String> {
        match self {
            Self::Hmac { secret, header } => {
                let signature = needed(headers, header)?;
                let given = signature.trim();
                let given = given.strip_prefix("sha256=").unwrap_or(given).trim();
                let tag = hex(given).or_else(|| BASE64.decode(given).ok());
                let is_right = tag.is_some_and(|tag| mac(secret.reveal().as_bytes(), &[body], &tag));
                is_right.then_some(()).ok_or_else(|| {
                    format!("The signature in {header} is not the HMAC-SHA256 of this body under the webhook's secret.")
                })
            }
            Self::StandardWebhooks(key) => standard(key, body, headers, now),
            Self::Secret { secret, header } => {
                let given = needed(headers, header)?;
                let bare = without_scheme(&given);
                let is_right = [given.as_str(), bare].into_iter().any(|given| same(given, secret.reveal()));
                is_right.then_some(()).ok_or_else(|| format!("The secret in {header} is not the webhook's."))
            }
        }
    }

    /// The event's id, where the signature's scheme carries one.
    pub(super) fn event_id(&self, headers: Headers<'_>) -> Option<String> {
        match self {
            Self::StandardWebhooks(_) => headers("webhook-id").or_else(|| headers("svix-id")),
            Self::Hmac { .. } | Self::Secret { .. } => None,
        }
    }
}

fn needed(headers: Headers<'_>, name: &str) -> Result<String, String> {
    headers(name).ok_or_else(|| {
        format!("The header {name} is missing; this webhook takes only senders that prove who they are.")
    })
}

/// What follows `Bearer `, which is read in any case (RFC 9110, 11.1); the whole where it is not there.
fn without_scheme(given: &str) -> &str {
    match given.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim_start(),
        _ => given,
    }
}

/// A header of Standard Webhooks, by either of its names.
fn of_scheme(headers: Headers<'_>, name: &str) -> Result<String, String> {
    let standard = format!("webhook-{name}");
    match headers(&standard).or_else(|| headers(&format!("svix-{name}"))) {
        Some(value) => Ok(value),
        None => needed(headers, &standard),
    }
}

/// The specification, sections "Signature scheme" and "Verifying webhook authenticity": the signed content is
/// `{id}.{timestamp}.{body}`, and any one signature of the list may be right, so that keys can be changed.
fn standard(key: &StandardKey, body: &[u8], headers: Headers<'_>, now: Timestamp) -> Result<(), String> {
    let id = of_scheme(headers, "id")?;
    let timestamp = of_scheme(headers, "timestamp")?;
    let signatures = of_scheme(headers, "signature")?;
    let seconds: u64 = timestamp
        .parse()
        .map_err(|_| "The header webhook-timestamp is not a number of seconds since 1970.".to_owned())?;
    let sent = Timestamp::from_unix_ms(seconds.saturating_mul(1_000));
    if now.since(sent).max(sent.since(now)) > TOLERANCE {
        return Err(format!(
            "The header webhook-timestamp is more than {} minutes from now: this is an old message sent again, or a clock is wrong.",
            TOLERANCE.as_secs() / 60
        ));
    }
    let key = key.bytes().unwrap_or_default();
    let parts = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body];
    let is_right = signatures.split(' ').any(|signature| {
        let tag = signature.strip_prefix("v1,").and_then(|text| BASE64.decode(text).ok());
        tag.is_some_and(|tag| mac(&key, &parts, &tag))
    });
    is_right.then_some(()).ok_or_else(|| {
        "No signature in webhook-signature is that of this message under the webhook's secret.".to_owned()
    })
}

/// Whether `tag` is the HMAC-SHA256 of the parts; compared in constant time.
fn mac(key: &[u8], parts: &[&[u8]], tag: &[u8]) -> bool {
    // INVARIANT: HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return false };
    for part in parts {
        mac.update(part);
    }
    mac.verify_slice(tag).is_ok()
}

/// Whether two texts are the same, in a time that does not depend on how far they agree.
fn same(given: &str, secret: &str) -> bool {
    // Both under one key: equal tags are equal texts.
    let Ok(mac_of_secret) = Hmac::<Sha256>::new_from_slice(b"webhook secret") else { return false };
    let tag = mac_of_secret.chain_update(secret).finalize().into_bytes();
    mac(b"webhook secret", &[given.as_bytes()], &tag)
}

fn hex(text: &str) -> Option<Vec<u8>> {
    // An HMAC-SHA256 has 32 bytes; base64 of those has another length.
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    (0..32).map(|n| u8::from_str_radix(text.get(2 * n..2 * n + 2)?, 16).ok()).collect()
}
