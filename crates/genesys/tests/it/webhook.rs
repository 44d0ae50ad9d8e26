//! Webhooks in: what a body is, who may send it, and that each id comes once.

use aws::Timestamp;
use aws::secret::Secret;
use genesys::webhook::verification::{StandardKey, Verification};
use genesys::webhook::{Webhook, WebhookCounts, WebhookError, WebhookRequest, counts, note};
use store::{Options, Store};

const NOW: Timestamp = Timestamp::from_unix_ms(1_614_265_330_000);

fn hook(verification: Option<Verification>) -> Webhook {
    Webhook { name: "crm".to_owned(), source: "webhook.crm".to_owned(), verification }
}

fn read(
    hook: &Webhook,
    body: &str,
    headers: &[(&str, &str)],
    now: Timestamp,
) -> Result<WebhookRequest, WebhookError> {
    let find = |name: &str| Some(headers.iter().find(|(key, _)| *key == name)?.1.to_owned());
    hook.read(body.as_bytes(), &find, now)
}

#[test]
fn a_body_is_a_handshake_an_event_or_refused() {
    // The handshake and the event of seed 004, and the forms around them.
    let handshakes = [
        (r#"{"verification_token": "abc123..."}"#, r#"{"verification_token":"abc123..."}"#),
        (" {\"verification_token\":\"\\u00e9\\\"\"}\n", "{\"verification_token\":\"\\u00e9\\\"\"}"),
    ];
    for (body, wanted) in handshakes {
        let Ok(WebhookRequest::Handshake { answer }) = read(&hook(None), body, &[], NOW) else {
            panic!("{body}")
        };
        assert_eq!(answer, wanted);
    }
    let events = [
        (r#"{"eventType": "conversation:end", "id": "1", "data": {}}"#, Some("1"), "conversation:end"),
        (r#"{"type": "invoice.paid", "id": 42}"#, Some("42"), "invoice.paid"),
        (r#"{"eventType": 7, "type": "t", "id": null}"#, None, "t"),
        (r#"{"eventType": "", "id": {"a": 1}}"#, None, "webhook"),
        (r#"{"id": ""}"#, None, "webhook"),
        ("{}", None, "webhook"),
        // No handshake: an event may have such a member, and must not be lost.
        (r#"{"verification_token": "t", "id": "2"}"#, Some("2"), "webhook"),
        (r#"{"verification_token": 3}"#, None, "webhook"),
    ];
    for (body, wanted_id, wanted_type) in events {
        let Ok(WebhookRequest::Event { id, detail_type, detail }) = read(&hook(None), body, &[], NOW) else {
            panic!("{body}")
        };
        assert_eq!((id.as_deref(), detail_type.as_str(), detail.as_str()), (wanted_id, wanted_type, body));
    }
    let long = format!(r#"{{"type": "{}"}}"#, "x".repeat(129));
    let refused = [
        ("", "empty"),
        ("[{}]", "not an object"),
        ("\"text\"", "not an object"),
        ("a=1&b=2", "not a JSON object"),
        (r#"{"id": "1", "id": "2"}"#, "duplicate field"),
        (r#"{"id": "1"} x"#, "trailing"),
        (&long, "129 characters"),
    ];
    for (body, wanted) in refused {
        let Err(WebhookError::Unreadable(sentence)) = read(&hook(None), body, &[], NOW) else {
            panic!("{body}")
        };
        assert!(sentence.contains(wanted), "{body}: {sentence}");
    }
    assert!(matches!(hook(None).read(&[b'{', 0xff], &|_| None, NOW), Err(WebhookError::Unreadable(_))));
}

/// The example of the specification's reference libraries (`msg_p5jXN8AQM9LWM0D4loKWxJek`).
#[test]
fn standard_webhooks_are_verified() {
    let key = StandardKey::parse(&Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")).unwrap();
    let hook = hook(Some(Verification::StandardWebhooks(key)));
    let body = r#"{"test": 2432232314}"#;
    let id = ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek");
    let at = ("webhook-timestamp", "1614265330");
    let right = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    let check = |body: &str, headers: &[(&str, &str)], now| read(&hook, body, headers, now);
    let Ok(WebhookRequest::Event { id: Some(found), .. }) =
        check(body, &[id, at, ("webhook-signature", right)], NOW)
    else {
        panic!("the example is right")
    };
    assert_eq!(found, id.1, "the message's id is the header's");
    let among = format!("v1a,xx v1,AAAA {right}");
    assert!(check(body, &[id, at, ("webhook-signature", &among)], NOW).is_ok());
    let minutes = |n: u64| Timestamp::from_unix_ms(NOW.unix_ms() + n * 60_000);
    assert!(check(body, &[id, at, ("webhook-signature", right)], minutes(5)).is_ok());
    let wrong = [
        (body, &[id, at, ("webhook-signature", right)][..], minutes(6), "more than 5 minutes"),
        (r#"{"test": 1}"#, &[id, at, ("webhook-signature", right)], NOW, "No signature"),
        (body, &[("webhook-id", "other"), at, ("webhook-signature", right)], NOW, "No signature"),
        (body, &[id, ("webhook-timestamp", "soon"), ("webhook-signature", right)], NOW, "not a number"),
        (body, &[id, at], NOW, "webhook-signature is missing"),
        (body, &[id, at, ("webhook-signature", "v1,")], NOW, "No signature"),
    ];
    for (body, headers, now, wanted) in wrong {
        let Err(WebhookError::Unverified(sentence)) = check(body, headers, now) else { panic!("{wanted}") };
        assert!(sentence.contains(wanted), "{sentence}");
    }
    for secret in ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_", "whsec_***"] {
        let sentence = StandardKey::parse(&Secret::new(secret)).unwrap_err();
        assert!(!sentence.contains("***"), "{sentence}");
    }
}

#[test]
fn an_hmac_and_a_secret_are_verified() {
    let body = r#"{"id":"1"}"#;
    // Reckoned with Python's hmac: key `key`, SHA-256.
    let hex = "77cb8fd154ecfa2865657b2915c997c624ee47fe122e8a8bb91b10a09b47fb3c";
    let base64 = "d8uP0VTs+ihlZXspFcmXxiTuR/4SLoqLuRsQoJtH+zw=";
    let hmac = hook(Some(Verification::Hmac { secret: Secret::new("key"), header: "x-sig".to_owned() }));
    let secret =
        hook(Some(Verification::Secret { secret: Secret::new("key"), header: "authorization".to_owned() }));
    let upper = hex.to_uppercase();
    for given in [format!("sha256={hex}"), hex.to_owned(), upper, base64.to_owned(), format!(" {hex} ")] {
        assert!(read(&hmac, body, &[("x-sig", &given)], NOW).is_ok(), "{given}");
    }
    for given in ["key", "Bearer key"] {
        assert!(read(&secret, body, &[("authorization", given)], NOW).is_ok(), "{given}");
    }
    for (hook, name, given) in [
        (&hmac, "x-sig", "key"),
        (&hmac, "x-sig", ""),
        (&hmac, "x-sig", &"00".repeat(32)),
        (&hmac, "other", hex),
        (&secret, "authorization", "Bearer"),
        (&secret, "authorization", "ke"),
        (&secret, "authorization", "key "),
        (&secret, "other", "key"),
    ] {
        let Err(WebhookError::Unverified(sentence)) = read(hook, body, &[(name, given)], NOW) else {
            panic!("{given}")
        };
        assert!(!sentence.contains("key,") && sentence.ends_with('.'), "{sentence}");
    }
    assert!(matches!(read(&hmac, r#"{"id":"2"}"#, &[("x-sig", hex)], NOW), Err(WebhookError::Unverified(_))));
    let handshake = read(&hmac, r#"{"verification_token":"t"}"#, &[], NOW);
    assert!(matches!(handshake, Ok(WebhookRequest::Handshake { .. })), "it puts nothing on a bus");
}

#[test]
fn an_id_comes_once_in_seven_days_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let day = 24 * 3_600_000;
    let note_at = |store: &Store, name: &'static str, id: Option<&'static str>, ms: u64| {
        let at = Timestamp::from_unix_ms(NOW.unix_ms() + ms);
        store.write(|error| error, move |tx| Ok(note(tx, name, id, at))).wait().unwrap()
    };
    let store = Store::open(folder.path(), &Options::default()).unwrap();
    assert!(note_at(&store, "crm", Some("1"), 0));
    assert!(!note_at(&store, "crm", Some("1"), day));
    assert!(note_at(&store, "other", Some("1"), 0), "each webhook has ids of its own");
    assert!(note_at(&store, "crm", None, 0) && note_at(&store, "crm", None, 0), "without an id all are new");
    drop(store);
    let store = Store::open(folder.path(), &Options::default()).unwrap();
    assert!(!note_at(&store, "crm", Some("1"), 7 * day - 1));
    assert!(note_at(&store, "crm", Some("1"), 7 * day + 1));
    let found = store.read(counts).unwrap();
    let crm = WebhookCounts { received: 6, duplicates: 2 };
    let other = WebhookCounts { received: 1, duplicates: 0 };
    assert_eq!(found, [("crm".to_owned(), crm), ("other".to_owned(), other)]);
}

/// A post that is signed, and has no id, could be read by somebody once and sent again for ever.
#[test]
fn a_signed_post_without_an_id_comes_once() {
    let verification =
        Verification::Hmac { secret: Secret::new("key"), header: "x-hub-signature-256".to_owned() };
    let hook = hook(Some(verification));
    // Reckoned with Python's hmac: key `key`, SHA-256.
    let signature = "88a67f24bbcdaed0e6c997404bb79a743baf44c6bab2f4c27328e3009d22e342";
    let id_of = || match read(&hook, r#"{"a":1}"#, &[("x-hub-signature-256", signature)], NOW) {
        Ok(WebhookRequest::Event { id: Some(id), .. }) => id,
        other => panic!("{other:?}"),
    };
    let (dir, id) = (tempfile::tempdir().unwrap(), id_of());
    let store = Store::open(dir.path(), &Options::default()).unwrap();
    let take = |id: String| store.write(|e| e, move |tx| Ok(note(tx, "crm", Some(&id), NOW))).wait().unwrap();
    assert!(take(id), "new");
    assert!(!take(id_of()), "sent again");
}

/// Each form here is one that a sender was reported to use.
#[test]
fn what_real_senders_do_is_taken() {
    let body = r#"{"test": 2432232314}"#;
    let right = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    let unpadded = right.trim_end_matches('=');
    let by_name = |prefix: &str, signature: &str| {
        [("id", "msg_p5jXN8AQM9LWM0D4loKWxJek"), ("timestamp", "1614265330"), ("signature", signature)]
            .map(|(name, value)| (format!("{prefix}-{name}"), value.to_owned()))
    };
    for secret in ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
        let key = StandardKey::parse(&Secret::new(secret)).unwrap();
        let hook = hook(Some(Verification::StandardWebhooks(key)));
        for (prefix, signature) in [("svix", right), ("webhook", unpadded), ("svix", unpadded)] {
            let headers = by_name(prefix, signature);
            let headers: Vec<(&str, &str)> =
                headers.iter().map(|(name, value)| (&**name, &**value)).collect();
            let Ok(WebhookRequest::Event { id: Some(id), .. }) = read(&hook, body, &headers, NOW) else {
                panic!("{secret} {prefix}")
            };
            assert_eq!(id, "msg_p5jXN8AQM9LWM0D4loKWxJek");
        }
    }
    // A key whose base64 lacks its padding.
    StandardKey::parse(&Secret::new("whsec_c2VjcmV0LWtleQ")).unwrap();

    let secret =
        hook(Some(Verification::Secret { secret: Secret::new("key"), header: "authorization".to_owned() }));
    for given in ["bearer key", "BEARER key", "Bearer  key", "key"] {
        assert!(read(&secret, "{}", &[("authorization", given)], NOW).is_ok(), "{given}");
    }
    assert!(read(&secret, "{}", &[("authorization", "Basic key")], NOW).is_err());

    let hmac = hook(Some(Verification::Hmac { secret: Secret::new("key"), header: "x-sig".to_owned() }));
    let hex = "77cb8fd154ecfa2865657b2915c997c624ee47fe122e8a8bb91b10a09b47fb3c";
    let spaced = format!("sha256= {hex}");
    assert!(read(&hmac, r#"{"id":"1"}"#, &[("x-sig", &spaced)], NOW).is_ok());

    // GitHub's form; reckoned with Python's hmac over the form as it is sent.
    let form = "payload=%7B%22id%22%3A+%221%22%2C%22type%22%3A%22push%22%7D";
    let of_form = "sha256=6f642e18fbb164a130d39257b40d14bb24b9928159598ecfa604fee94bf59126";
    let kind = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");
    let Ok(WebhookRequest::Event { id, detail_type, detail }) =
        read(&hmac, form, &[("x-sig", of_form), kind], NOW)
    else {
        panic!("a form is taken")
    };
    assert_eq!((id.as_deref(), &*detail_type, &*detail), (Some("1"), "push", r#"{"id": "1","type":"push"}"#));
    assert!(matches!(read(&hook(None), "a=1", &[kind], NOW), Err(WebhookError::Unreadable(_))));
    // curl's own content type, with JSON in it.
    assert!(matches!(read(&hook(None), "{}", &[kind], NOW), Ok(WebhookRequest::Event { .. })));

    // Slack, Events API: "Request URL verification".
    let slack = r#"{"token": "t", "challenge": "3eZbrw1a\u0042", "type": "url_verification"}"#;
    let Ok(WebhookRequest::Handshake { answer }) = read(&hmac, slack, &[], NOW) else { panic!("{slack}") };
    assert_eq!(answer, r#"{"challenge":"3eZbrw1a\u0042"}"#);
}
