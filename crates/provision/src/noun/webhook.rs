//! `webhooks:` what others post to Trunkline, as events on the bus.

use aws::secret::Secret;

use crate::fields::Fields;
use crate::mistake::{Marked, Mistake, kind};
use crate::names;
use crate::table::{Kind, NameRule, Section, may, must};

/// A webhook that Trunkline opens at `/webhooks/{name}`.
#[derive(Clone, Debug, PartialEq)]
pub struct Webhook {
    /// Its name, the last part of its path.
    pub name: Marked<String>,
    /// The `source` of its events; `None`: `webhook.{name}`.
    pub source: Option<Marked<String>>,
    /// How a sender proves who it is.
    pub verify: Option<Verify>,
    /// The secret that it proves it with.
    pub secret: Option<Marked<Secret>>,
    /// Whether the secret stands in the file itself.
    pub secret_is_written_out: bool,
    /// The header that carries the proof; `None`: the usual one.
    pub header: Option<Marked<String>>,
}

/// How a sender proves who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verify {
    /// A header carries the HMAC-SHA256 of the body.
    Hmac,
    /// The three headers of Standard Webhooks.
    StandardWebhooks,
    /// A header repeats the secret.
    Secret,
}

const VERIFY: &[&str] = &["hmac", "standard-webhooks", "secret"];

const NAME: NameRule = NameRule { noun: "a webhook", signs: ".-_", chars_max: 64 };
/// Source: the pattern of `Source` in PutEvents; what begins with `aws.` is AWS's.
const SOURCE: NameRule = NameRule { noun: "an event source", signs: ".-_/", chars_max: 256 };
/// RFC 9110, section 5.1: the signs of a token that field names really have.
const HEADER: NameRule = NameRule { noun: "a header", signs: "-_", chars_max: 64 };

pub(crate) const SECTION: Section = Section {
    noun: "a webhook",
    keys: &[
        must("name", "The last part of its path, /webhooks/NAME.", Kind::Name(&NAME)),
        may("source", "The `source` of its events. Default `webhook.NAME`.", Kind::Name(&SOURCE)),
        may(
            "verify",
            "How senders are verified: `hmac` (HMAC-SHA256 of the body in a header), `standard-webhooks` (webhook-id, webhook-timestamp, webhook-signature), `secret` (a header contains it). Default: not at all.",
            Kind::OneOf(VERIFY),
        ),
        may(
            "secret",
            "The secret, from outside the file: ${env:NAME} or ${file:PATH}. For `standard-webhooks` it begins with whsec_.",
            Kind::Text { chars_max: 1024 },
        ),
        may(
            "header",
            "The header with the signature or the secret. Default X-Hub-Signature-256 for `hmac`, Authorization for `secret`.",
            Kind::Name(&HEADER),
        ),
    ],
    choices: &[],
    later: &[],
};

pub(crate) fn read(fields: Fields<'_>) -> Webhook {
    let verify = fields.text("verify").and_then(|word| match word.value.as_str() {
        "hmac" => Some(Verify::Hmac),
        "standard-webhooks" => Some(Verify::StandardWebhooks),
        "secret" => Some(Verify::Secret),
        _ => None,
    });
    Webhook {
        name: fields.name("name"),
        source: fields.text("source"),
        verify,
        secret: fields.secret("secret"),
        secret_is_written_out: fields
            .text("secret")
            .is_some_and(|text| !fields.comes_from_outside(text.span)),
        header: fields.text("header"),
    }
}

pub(crate) fn check(webhooks: &[Webhook], out: &mut Vec<Mistake>) {
    names::unique("webhook", webhooks.iter().map(|webhook| &webhook.name), out);
    for webhook in webhooks {
        if let Some(source) = webhook.source.as_ref().filter(|source| source.value.starts_with("aws.")) {
            let mistake =
                Mistake::new(kind::WEBHOOK, source.span, "sources that begin with `aws.` are AWS's own");
            out.push(mistake.with_suggestion(format!("for example `webhook.{}`", webhook.name.value)));
        }
        if let Some(secret) = webhook.secret.as_ref().filter(|_| webhook.secret_is_written_out) {
            let sentence = "the secret of this webhook stands in the file, where everybody can read it";
            out.push(Mistake::of_secret(secret.span, sentence));
            continue;
        }
        match (webhook.verify, &webhook.secret) {
            (Some(_), None) => {
                let mistake = Mistake::new(
                    kind::MISSING_KEY,
                    webhook.name.span,
                    "a webhook with `verify` needs `secret`",
                );
                out.push(mistake.with_suggestion("secret: ${env:NAME}"));
            }
            (None, Some(secret)) => {
                let mistake =
                    Mistake::new(kind::WEBHOOK, secret.span, "a `secret` without `verify` is not looked at");
                out.push(mistake.with_suggestion("add verify: hmac, standard-webhooks or secret"));
            }
            (None, None) | (Some(_), Some(_)) => {}
        }
        if let Some(header) = &webhook.header
            && !matches!(webhook.verify, Some(Verify::Hmac | Verify::Secret))
        {
            let mistake =
                Mistake::new(kind::WEBHOOK, header.span, "`header` is for verify: hmac and verify: secret");
            out.push(mistake.with_suggestion("leave it out: Standard Webhooks has headers of its own"));
        }
    }
}
