//! `genesys:` of a real org: where it is, who calls it, what is followed.

use aws::secret::Secret;

use crate::fields::Fields;
use crate::mistake::{Marked, Mistake, Span, kind};

/// A real org, and who calls it. What is missing is a mistake of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Org {
    /// Its region, domain, or address.
    pub org: Option<Marked<String>>,
    /// The OAuth client's id.
    pub client_id: Option<Marked<String>>,
    /// The OAuth client's secret.
    pub client_secret: Option<Marked<Secret>>,
    /// Whether the secret stands in the file itself.
    pub is_secret_written_out: bool,
    /// Topic templates; empty: those of the conversation tracker.
    pub topics: Vec<Marked<String>>,
    /// Where the source stands.
    pub span: Span,
}

/// The queue that a rule on an org's partner bus fills.
#[derive(Clone, Debug, PartialEq)]
pub struct PartnerQueue {
    /// Its URL; `None` where the stack makes it.
    pub queue_url: Option<Marked<String>>,
    /// The end of the name of the partner event source, where the stack makes its bus and the queue.
    pub suffix: Option<Marked<String>>,
    /// Its region, where the URL does not tell it.
    pub region: Option<Marked<String>>,
    /// The org that the names of queues are asked of, where it is named.
    pub org: Option<Org>,
    /// Where the source stands.
    pub span: Span,
}

pub(crate) fn read_queue(fields: Fields<'_>) -> PartnerQueue {
    let org = read(fields);
    let is_named = org.org.is_some() || org.client_id.is_some() || org.client_secret.is_some();
    let span = org.span;
    PartnerQueue {
        queue_url: fields.text("queueUrl"),
        suffix: fields.text("suffix"),
        region: fields.text("region"),
        org: is_named.then_some(org),
        span,
    }
}

pub(crate) fn check_queue(queue: &PartnerQueue, out: &mut Vec<Mistake>) {
    match (&queue.queue_url, &queue.suffix) {
        (None, None) => {
            let mistake =
                Mistake::new(kind::MISSING_KEY, queue.span, "`source: sqs` needs `queueUrl` or `suffix`");
            let example = "add `queueUrl: https://sqs.eu-central-1.amazonaws.com/123456789012/genesys-events`, or `suffix: trunkline` to have the \
                           queue and what fills it made by `trunkline apply --to aws`";
            out.push(mistake.with_suggestion(example));
        }
        (Some(_), Some(suffix)) => {
            let sentence = "`queueUrl` names a queue that is there, `suffix` has one made";
            out.push(
                Mistake::new(kind::EXCLUDED_KEY, suffix.span, sentence)
                    .with_suggestion("take one of them out"),
            );
        }
        (None, Some(suffix)) => check_suffix(queue, suffix, out),
        (Some(_), None) => {}
    }
    if let Some(url) = queue.queue_url.as_ref().filter(|url| !is_queue_url(&url.value)) {
        let mistake =
            Mistake::new(kind::WRONG_VALUE, url.span, format!("'{}' is not the URL of a queue", url.value));
        let example = "it is like https://sqs.eu-central-1.amazonaws.com/123456789012/genesys-events";
        out.push(mistake.with_suggestion(example));
    }
    if let Some(org) = &queue.org {
        check(org, out);
    }
}

/// Characters of a suffix, at most. Source: the integration's configuration in Genesys Cloud's resource center.
const SUFFIX_CHARS_MAX: usize = 64;

fn check_suffix(queue: &PartnerQueue, suffix: &Marked<String>, out: &mut Vec<Mistake>) {
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if !(1..=SUFFIX_CHARS_MAX).contains(&suffix.value.len()) || !suffix.value.bytes().all(is_sign) {
        let sentence = format!("'{}' is not the end of a partner event source's name", suffix.value);
        let form = format!(
            "it has 1 to {SUFFIX_CHARS_MAX} letters, digits, dots, underscores or hyphens, such as trunkline"
        );
        out.push(Mistake::new(kind::WRONG_VALUE, suffix.span, sentence).with_suggestion(form));
    }
    if queue.org.is_none() {
        let mistake = Mistake::new(
            kind::MISSING_KEY,
            suffix.span,
            "with `suffix` the org's integration is made, which needs `org`",
        );
        out.push(mistake.with_suggestion("add `org: eu-central-1`, `clientId` and `clientSecret`"));
    }
}

/// A scheme, a host, and a path of account and name.
fn is_queue_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let Some((authority, path)) = rest.split_once('/') else { return false };
    let parts: Vec<&str> = path.split('/').collect();
    // Not only digits: other servers of the protocol have other words in the place of the account.
    let is_part = |part: &&str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    let is_path = parts.len() == 2 && parts.iter().all(is_part);
    let is_host =
        !authority.is_empty() && !authority.contains(|c: char| c.is_whitespace() || "@?#".contains(c));
    matches!(scheme, "http" | "https") && is_host && is_path
}

pub(crate) fn read(fields: Fields<'_>) -> Org {
    Org {
        org: fields.text("org"),
        client_id: fields.text("clientId"),
        client_secret: fields.secret("clientSecret"),
        is_secret_written_out: fields
            .text("clientSecret")
            .is_some_and(|text| !fields.comes_from_outside(text.span)),
        topics: fields.texts("topics"),
        span: fields.text("source").map_or_else(|| fields.span(), |source| source.span),
    }
}

pub(crate) fn check(org: &Org, out: &mut Vec<Mistake>) {
    let needed = [
        ("org", org.org.is_some(), "its region, such as `org: eu-central-1`"),
        ("clientId", org.client_id.is_some(), "`clientId: ${env:GENESYS_CLIENT_ID}`"),
        ("clientSecret", org.client_secret.is_some(), "`clientSecret: ${env:GENESYS_CLIENT_SECRET}`"),
    ];
    for (key, _, example) in needed.into_iter().filter(|(_, is_there, _)| !is_there) {
        let mistake =
            Mistake::new(kind::MISSING_KEY, org.span, format!("an org that is called needs `{key}`"));
        out.push(mistake.with_suggestion(format!("add {example}")));
    }
    if let Some(secret) = org.client_secret.as_ref().filter(|_| org.is_secret_written_out) {
        let sentence = "the client's secret stands in the file, where everybody can read it";
        out.push(Mistake::of_secret(secret.span, sentence));
    }
    for topic in &org.topics {
        if !topic.value.starts_with("v2.") {
            let sentence = format!("'{}' is not a topic of Genesys Cloud", topic.value);
            let example = "a topic begins with `v2.`, such as `v2.detail.events.conversation.{id}.acd.end`";
            out.push(Mistake::new(kind::UNKNOWN_NAME, topic.span, sentence).with_suggestion(example));
        }
    }
}
