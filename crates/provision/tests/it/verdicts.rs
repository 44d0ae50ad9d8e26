//! The file's own tests, as they fail.

use crate::{env, place, shown};

const FILE: &str = r#"
version: 1
genesys: {source: simulate, queues: [Support]}
queues: [{name: a}, {name: b}]
rules:
  - name: ended
    queue: Support
    targets: [{queue: a}, {queue: b}]
  - name: off
    enabled: false
    pattern: {detail-type: [conversation.end]}
    targets: []
tests:
  - name: t
    given:
      - {detail-type: conversation.end, detail: {routing: {queueId: "${queue:Support}"}}}
    expect:
      - EXPECT
"#;

fn failures(expect: &str) -> Vec<String> {
    let text = FILE.replace("EXPECT", expect);
    let pipeline = provision::load(&text, &env).map_err(|mistakes| shown(&text, &mistakes)).unwrap();
    let results = provision::run_tests(&pipeline, crate::world(&place()));
    results.into_iter().flat_map(|result| result.failures).map(|failure| failure.sentence).collect()
}

#[test]
fn what_was_expected_and_did_not_come_is_told() {
    for (expect, told) in [
        ("{rule: ended}", vec![]),
        ("{rule: ended, targets: [a, b]}", vec![]),
        ("{rule: ended, targets: [b]}", vec!["the event also goes to `a`"]),
        ("{rule: ended, matches: false}", vec!["the event matches the rule `ended`"]),
        ("{rule: off}", vec!["the event does not match the rule `off`"]),
        ("{rule: off, matches: false}", vec![]),
    ] {
        assert_eq!(failures(expect), told, "{expect}");
    }
}

#[test]
fn an_event_that_is_none_is_told() {
    let text =
        FILE.replace("EXPECT", "{rule: ended}").replace("detail-type: conversation.end, detail:", "detail:");
    let pipeline = provision::load(&text, &env).unwrap();
    let results = provision::run_tests(&pipeline, crate::world(&place()));
    assert_eq!(results[0].failures[0].sentence, "this event has no `detail-type`");
}
