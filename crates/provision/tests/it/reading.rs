//! What is read from a file: the environment, JSON in both forms, and texts made to break readers.

use std::fmt::Write as _;

use proptest::prelude::{Strategy as _, any, prop_assert_eq, proptest};
use provision::resource::connection::Authorization;
use provision::resource::rule::Matching;

use crate::{env, ids, shown};

fn one_rule(pattern: &str) -> String {
    format!(
        "version: 1\ngenesys: {{source: simulate, queues: [Support]}}\nrules:\n  - name: r\n    targets: []\n    pattern:{pattern}\n"
    )
}

#[test]
fn the_environment_is_read() {
    let text = "version: 1\nqueues:\n  - name: ${env:STAGE}-a\n    delay: ${env:NOPE:-7}\n  - name: b${env:NOPE:-}\n";
    let pipeline = provision::load(text, &env).unwrap();
    let queues: Vec<_> =
        pipeline.queues.iter().map(|queue| (queue.name.value.as_str(), queue.delay_s)).collect();
    assert_eq!(queues, [("prod-a", 7), ("b", 0)]);
}

#[test]
fn a_pattern_is_the_same_as_yaml_and_as_json() {
    let forms = [
        " {source: [genesys.cloud], detail: {n: [{numeric: ['>', 10]}], x: [null, true, \"007\", 007, ~]}}",
        "\n      source:\n        - genesys.cloud\n      detail:\n        n: [{numeric: ['>', 10]}]\n        x: [null, true, '007', 007, ~]",
        " |\n      {\"source\": [\"genesys.cloud\"],\n       \"detail\": {\"n\": [{\"numeric\": [\">\", 10]}],\n       \"x\": [null, true, \"007\", \"007\", null]}}",
    ];
    let values: Vec<serde_json::Value> = forms
        .iter()
        .map(|form| {
            let text = one_rule(form);
            let pipeline = provision::load(&text, &env).map_err(|mistakes| shown(&text, &mistakes)).unwrap();
            serde_json::from_str(&pipeline.rules[0].pattern(&ids).unwrap()).unwrap()
        })
        .collect();
    assert_eq!(values[0], values[1]);
    assert_eq!(values[0], values[2]);
}

#[test]
fn a_queue_is_named_in_a_pattern_and_an_escape_stays_plain() {
    let text = one_rule(" {detail: {q: [\"${queue:Support}\"], plain: [\"$${queue:Support}\"]}}");
    let pipeline = provision::load(&text, &env).unwrap();
    let pattern = pipeline.rules[0].pattern(&ids).unwrap();
    assert_eq!(pattern, r#"{"detail":{"q":["id-of-support"],"plain":["${queue:Support}"]}}"#);
    assert_eq!(pipeline.rules[0].pattern(&|_| None), Err("Support".to_owned()));
    assert!(matches!(pipeline.rules[0].matching, Matching::Pattern(_)));
}

/// Nine levels of ten aliases each are a billion values in 200 bytes.
#[test]
fn an_alias_bomb_is_refused() {
    let mut text = "a0: &a0 [x]\n".to_owned();
    for level in 1..10 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(text, "a{level}: &a{level} [{aliases}]").unwrap();
    }
    let mistakes = provision::load(&text, &env).unwrap_err();
    assert!(
        mistakes.iter().any(|mistake| mistake.sentence.contains("more than 100000 values")),
        "{mistakes:?}"
    );
}

#[test]
fn aliases_cannot_nest_without_bound() {
    let mut text = "a0: &a0 [x]\n".to_owned();
    for level in 1..100 {
        writeln!(text, "a{level}: &a{level} [*a{}]", level - 1).unwrap();
    }
    let mistakes = provision::load(&text, &env).unwrap_err();
    assert!(
        mistakes.iter().any(|mistake| mistake.sentence.contains("nested more than 64 deep")),
        "{mistakes:?}"
    );
}

#[test]
fn deep_nesting_and_long_files_are_refused() {
    for text in
        ["[".repeat(100_000), format!("a: {}", "{a: ".repeat(5_000)), "- ".repeat(5_000), " ".repeat(1 << 21)]
    {
        assert!(!provision::load(&text, &env).unwrap_err().is_empty());
    }
}

proptest! {
    /// Whatever a file has in it, it is read or told off, and each mistake can be shown.
    #[test]
    fn no_text_breaks_the_reader(pieces in proptest::collection::vec(piece(), 0..40)) {
        let text = pieces.concat();
        if let Err(mistakes) = provision::load(&text, &env) {
            assert!(!mistakes.is_empty());
            assert!(shown(&text, &mistakes).contains("trunkline.yaml:"));
        }
    }

    /// The sample with a part cut out is read or told off.
    #[test]
    fn no_cut_breaks_the_reader(from in any::<proptest::sample::Index>(), len in 1_usize..200) {
        let sample = provision::sample();
        let from = from.index(sample.len());
        let (Some(head), tail) = (sample.get(..from), sample.get((from + len).min(sample.len())..)) else { return Ok(()) };
        let text = format!("{head}{}", tail.unwrap_or_default());
        if let Err(mistakes) = provision::load(&text, &env) {
            assert!(!mistakes.is_empty());
            assert!(!shown(&text, &mistakes).is_empty());
        }
    }

    #[test]
    fn durations_are_read_back(seconds in 60_u64..=1_209_600) {
        for text in [format!("{seconds}"), format!("{seconds}s"), format!("{}m", seconds / 60)] {
            let file = format!("version: 1\nqueues: [{{name: q, retention: {text}}}]\n");
            let queue = &provision::load(&file, &env).unwrap().queues[0];
            let wanted = if text.ends_with('m') { seconds / 60 * 60 } else { seconds };
            prop_assert_eq!(queue.retention_s, wanted);
        }
    }
}

fn piece() -> impl proptest::strategy::Strategy<Value = String> {
    let fixed = proptest::sample::select(vec![
        "version: 1\n",
        "queues:\n",
        "rules:\n",
        "  - name: a\n",
        "    pattern: ",
        "{",
        "}",
        "[",
        "]",
        "&a ",
        "*a",
        "!!str ",
        "|\n",
        ">\n",
        "\"",
        "'",
        "${env:STAGE}",
        "${queue:Support}",
        "${",
        "$${",
        "\n",
        "  ",
        "\t",
        "- ",
        ": ",
        ",",
        "#",
        "---\n",
        "...\n",
        "? ",
        "<<: ",
        "null",
        "~",
        "1e3",
        "-0",
        "ü",
        "\u{feff}",
        "%YAML 1.2\n",
        "genesys:\n  source: simulate\n",
    ]);
    proptest::prop_oneof![fixed.prop_map(str::to_owned), any::<String>()]
}

/// A secret may be a file of its own, as containers have them; the line break at its end is an editor's.
#[test]
fn a_file_may_hold_a_secret() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/secret.txt");
    let text = format!(
        "version: 1\nconnections: [{{name: c, basic: {{username: u, password: '${{file:{}}}'}}}}]\n",
        path.display()
    );
    let pipeline = provision::load(&text, &env).unwrap();
    let Authorization::Basic { username, password } = &pipeline.connections[0].authorization else {
        panic!("{pipeline:?}")
    };
    assert_eq!((username.as_str(), password.reveal()), ("u", "open sesame"));
    assert!(!format!("{pipeline:?}").contains("sesame"));
}
