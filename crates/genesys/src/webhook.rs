//! Webhooks in: what somebody posts becomes an event on the pipeline's bus, once for each `id` in seven days.
//!
//! [`Webhook::read`] interprets a request without a store; [`note`] decides in the caller's transaction whether it is new,
//! so that the event and the mark that it has come are one commit.

mod counts;
pub mod verification;

use aws::Timestamp;
use aws::encoding::hex;
use md5::{Digest, Md5};
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::Sha256;
use store::Tx;

use crate::envelope::semantic_key::EventIdentity;
use crate::tracker::intake::seen;
pub use crate::webhook::counts::{WebhookCounts, counts, page};
use crate::webhook::verification::Verification;

/// The detail-type of a webhook's events that name none themselves.
pub const DETAIL_TYPE_DEFAULT: &str = "webhook";
/// Maximum length of a detail-type, in characters (EventBridge, PutEvents).
const DETAIL_TYPE_LENGTH_MAX: usize = 128;

/// A webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// The last part of its path, `/webhooks/{name}`.
    pub name: String,
    /// The `source` of its events.
    pub source: String,
    /// How a sender authenticates itself; `None`: anybody who reaches the door may send.
    pub verification: Option<Verification>,
}

/// A request to a webhook, parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebhookRequest {
    /// A sender checks that the address is served: its token is returned unchanged.
    Handshake {
        /// The answer, `{"verification_token": ...}` or `{"challenge": ...}`, the token byte for byte as it came.
        answer: String,
    },
    /// An event.
    Event {
        /// The sender's id, or else, of a signed body, one that is the same for the same body; without one, the event cannot be
        /// told from a repetition.
        id: Option<String>,
        /// The body's `eventType`, else its `type`, else [`DETAIL_TYPE_DEFAULT`].
        detail_type: String,
        /// The body, byte for byte.
        detail: String,
    },
}

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebhookError {
    /// The body cannot be parsed; a sentence for the sender.
    Unreadable(String),
    /// The sender has not authenticated itself; a sentence that reveals no secret.
    Unverified(String),
}

/// The members of a body that are read; the rest is passed on as it is.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow, rename = "eventType")]
    event_type: Option<&'a RawValue>,
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
}

/// The body of a handshake: this member and nothing else, so that no event is ever taken for one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Handshake<'a> {
    #[serde(borrow)]
    verification_token: &'a RawValue,
}

/// Slack's handshake: its members, and no other body has all of them.
#[derive(Deserialize)]
struct UrlVerification<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(borrow)]
    challenge: &'a RawValue,
}

/// The headers of a request, by their names in lower case.
pub type Headers<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Webhook {
    /// Parses a request. A handshake needs no authentication: it puts nothing on a bus.
    ///
    /// # Errors
    /// [`WebhookError`].
    pub fn read(
        &self,
        body: &[u8],
        headers: Headers<'_>,
        now: Timestamp,
    ) -> Result<WebhookRequest, WebhookError> {
        if let Ok(Handshake { verification_token }) = serde_json::from_slice(body)
            && verification_token.get().starts_with('"')
        {
            let answer = format!("{{\"verification_token\":{}}}", verification_token.get());
            return Ok(WebhookRequest::Handshake { answer });
        }
        // Slack's Events API, "url_verification": the challenge is answered; it comes before any secret is agreed upon.
        if let Ok(UrlVerification { kind: "url_verification", challenge }) = serde_json::from_slice(body)
            && challenge.get().starts_with('"')
        {
            return Ok(WebhookRequest::Handshake {
                answer: format!("{{\"challenge\":{}}}", challenge.get()),
            });
        }
        if let Some(verification) = &self.verification {
            verification.check(body, headers, now).map_err(WebhookError::Unverified)?;
        }
        let unreadable = |sentence: String| WebhookError::Unreadable(sentence);
        let text = std::str::from_utf8(body)
            .map_err(|error| {
                unreadable(format!("The body is not UTF-8: byte {} is wrong.", error.valid_up_to()))
            })?
            .trim();
        let form = payload_of_form(text, headers);
        let text = form.as_deref().unwrap_or(text);
        if text.is_empty() {
            return Err(unreadable("The body is empty; a JSON object is expected.".to_owned()));
        }
        if !text.starts_with('{') && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() {
            return Err(unreadable(
                "The body is JSON but not an object; one event is one JSON object.".to_owned(),
            ));
        }
        let head: Head<'_> = serde_json::from_str(text)
            .map_err(|error| unreadable(format!("The body is not a JSON object: {error}.")))?;
        let of_header = self.verification.as_ref().and_then(|verification| verification.event_id(headers));
        let id = of_header.or_else(|| head.id.and_then(id_text));
        // Whoever has read a signed post could send it again for ever: without an id its signature is what tells it.
        let is_signed = matches!(self.verification, Some(Verification::Hmac { .. }));
        let id = id.or_else(|| is_signed.then(|| format!("body {}", hex(&Sha256::digest(body)))));
        let detail_type = [head.event_type, head.kind].into_iter().flatten().find_map(text_of);
        let detail_type = detail_type.unwrap_or_else(|| DETAIL_TYPE_DEFAULT.to_owned());
        let length = detail_type.chars().count();
        if length > DETAIL_TYPE_LENGTH_MAX {
            return Err(unreadable(format!(
                "The event's type has {length} characters; a detail-type has at most {DETAIL_TYPE_LENGTH_MAX}."
            )));
        }
        Ok(WebhookRequest::Event { id, detail_type, detail: text.to_owned() })
    }
}

/// The member `payload` of a form, which is how GitHub and Slack wrap their JSON where they are told to, or do not know
/// better. The signature is of the form as it came.
fn payload_of_form(text: &str, headers: Headers<'_>) -> Option<String> {
    let kind = headers("content-type")?;
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return None;
    }
    // Other tools send JSON and call it a form: their own default.
    let value = text.split('&').find_map(|member| member.strip_prefix("payload="))?;
    let value = value.replace('+', " ");
    let decoded = percent_encoding::percent_decode_str(&value).decode_utf8().ok()?;
    Some(decoded.trim().to_owned())
}

/// A text that is not empty.
fn text_of(raw: &RawValue) -> Option<String> {
    serde_json::from_str::<String>(raw.get()).ok().filter(|text| !text.is_empty())
}

/// An id is a text or a number.
fn id_text(raw: &RawValue) -> Option<String> {
    let is_number = raw.get().starts_with(|c: char| c == '-' || c.is_ascii_digit());
    text_of(raw).or_else(|| is_number.then(|| raw.get().to_owned()))
}

/// Records an event of a webhook, and counts it; `false` where one with the same id arrived within seven days.
pub fn note(tx: &mut Tx<'_>, webhook: &str, id: Option<&str>, now: Timestamp) -> bool {
    let news = id.is_none_or(|id| {
        // The name has no line break (a path's segment of letters, digits and signs), so no two pairs are one text.
        let key = Md5::digest([b"webhook ", webhook.as_bytes(), b"\n", id.as_bytes()].concat());
        seen::note(tx, None, EventIdentity { key: key.into(), minute: 0 }, now)
    });
    counts::count(tx, webhook, u64::from(!news));
    news
}
