//! Webhooks: any post is a handshake, an event or refused, and nothing unproven is an event.

use aws::Timestamp;
use aws::secret::Secret;
use genesys::webhook::verification::{StandardKey, Verification};
use genesys::webhook::{Webhook, WebhookRequest};

/// Header lines `name: value`, an empty line, a body; with each way to verify.
pub fn webhook(data: &[u8]) {
    let end = data.windows(2).position(|bytes| bytes == b"\n\n");
    let (head, body) = end.map_or((&[][..], data), |end| (&data[..end], &data[end + 2..]));
    let head = String::from_utf8_lossy(head);
    let headers = |wanted: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.to_owned())
    };
    let secret = || Secret::new("whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz");
    let ways = [
        None,
        Some(Verification::Hmac { secret: secret(), header: "x-hub-signature-256".to_owned() }),
        Some(Verification::Secret { secret: secret(), header: "authorization".to_owned() }),
        StandardKey::parse(&secret()).ok().map(Verification::StandardWebhooks),
    ];
    for verification in ways {
        let is_verified = verification.is_some();
        let webhook = Webhook { name: "w".to_owned(), source: "s".to_owned(), verification };
        match webhook.read(body, &headers, Timestamp::from_unix_ms(1_790_000_000_000)) {
            Ok(WebhookRequest::Event { detail, detail_type, .. }) => {
                assert!(
                    serde_json::from_str::<serde_json::Value>(&detail).is_ok_and(|value| value.is_object())
                        || !is_verified
                );
                assert!(!detail_type.is_empty());
                // No signature of ours is in the corpus: only a repeated secret can prove anything.
                let has_secret =
                    headers("authorization").is_some_and(|text| text.contains(secret().reveal()));
                assert!(!is_verified || has_secret, "an event without proof");
            }
            Ok(WebhookRequest::Handshake { answer }) => {
                assert!(serde_json::from_str::<serde_json::Value>(&answer).is_ok(), "{answer}");
            }
            Err(_) => {}
        }
    }
}
