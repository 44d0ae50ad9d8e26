//! What people see, at widths of 80, 100 and 140 columns: nothing sticks out, and each view is as it was.

use std::path::Path;

use serde_json::{Value, json};

use crate::client::{Binary, trunkline};

const WIDTHS: [&str; 3] = ["80", "100", "140"];
const PLACE: &str = "us-east-1:000000000000";

/// A name, and the arguments that show the view.
const VIEWS: &[(&str, &[&str])] = &[("why", &["why"])];

fn made(folder: &Path) -> Binary {
    let binary = Binary::serve(&folder.join("data"));
    for name in ["orders", "orders-dlq"] {
        binary.ok("AmazonSQS.CreateQueue", &json!({"QueueName": name}));
    }
    let rule = "large-orders-of-the-whole-shop";
    let pattern =
        json!({"source": ["shop"], "detail": {"total": [{"numeric": [">", 100]}], "currency": ["EUR"]}});
    binary.ok("AWSEvents.PutRule", &json!({"Name": rule, "EventPattern": pattern.to_string()}));
    let target = json!({"Id": "queue", "Arn": format!("arn:aws:sqs:{PLACE}:orders")});
    binary.ok("AWSEvents.PutTargets", &json!({"Rule": rule, "Targets": [target]}));
    let entry = |source: &str, detail: Value| json!({"Source": source, "DetailType": "order", "Detail": detail.to_string()});
    let entries = [
        entry("shop", json!({"total": "250", "currency": "a currency that nobody has ever heard of before"})),
        entry("office", json!({})),
    ];
    binary.ok("AWSEvents.PutEvents", &json!({"Entries": entries}));
    binary
}

/// The text without what differs from run to run: ids of events and times.
fn steady(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let words = line.split(' ').map(|word| {
            let core = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
            let is_time =
                core.len() >= 19 && core.as_bytes().get(10) == Some(&b'T') && core.starts_with("20");
            if is_id(core) {
                word.replace(core, &"x".repeat(core.len()))
            } else if is_time {
                word.replace(core, &"t".repeat(core.len()))
            } else {
                word.to_owned()
            }
        });
        out.push_str(words.collect::<Vec<_>>().join(" ").trim_end());
        out.push('\n');
    }
    out
}

fn is_id(word: &str) -> bool {
    word.len() == 36
        && word.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
        && word.contains('-')
}

#[test]
fn views_fit_and_are_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let binary = made(folder.path());
    let endpoint = format!("http://{}", binary.address);
    let snapshots = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/views");
    for (name, arguments) in VIEWS {
        for width in WIDTHS {
            let output = trunkline(&[arguments, &["--endpoint", &endpoint][..]].concat())
                .env("COLUMNS", width)
                .current_dir(folder.path())
                .output()
                .unwrap();
            let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
            let columns: usize = width.parse().unwrap();
            for line in said.lines() {
                // A word is never cut: it may be copied.
                let is_one_word = line.trim().split(' ').count() == 1;
                assert!(line.chars().count() <= columns || is_one_word, "{name} at {width}: {line}\n{said}");
            }
            let shown = steady(&said);
            let path = snapshots.join(format!("{name}-{width}.txt"));
            if std::env::var_os("TRUNKLINE_BLESS").is_some() {
                std::fs::create_dir_all(&snapshots).unwrap();
                std::fs::write(&path, &shown).unwrap();
            }
            let expected = std::fs::read_to_string(&path).unwrap_or_default();
            assert_eq!(shown, expected, "{name} at {width}: TRUNKLINE_BLESS=1 writes it anew");
        }
    }
}
