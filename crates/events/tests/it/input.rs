//! A target's input: what is made of an event, and what is refused when the target is put.

use std::collections::BTreeMap;

use aws::{Arn, Timestamp};
use events::Input;
use events::target::input::{InputContext, InputMaker};
use proptest::prelude::{any, proptest};
use serde_json::Value;

use crate::cases::{each, text};

#[test]
fn inputs_are_made_as_aws_makes_them() {
    each("input", check);
}

fn check(name: &str, case: &Value) {
    let input = input_of(case);
    let maker = match (InputMaker::compile(&input, "t"), case["error"].as_str()) {
        (Ok(maker), None) => maker,
        (Err(error), Some(message)) => {
            assert_eq!(
                (error.code.as_ref(), error.message.as_str()),
                ("ValidationException", message),
                "{name}"
            );
            return;
        }
        (Ok(_), Some(message)) => panic!("{name}: taken, and should be refused: {message}"),
        (Err(error), None) => panic!("{name}: refused: {error}"),
    };
    let made = make(&maker, text(case, "event")).map_err(|failure| failure.to_string());
    match case["failure"].as_str() {
        None => assert_eq!(made.as_deref(), Ok(text(case, "output")), "{name}"),
        Some(failure) => assert_eq!(made, Err(failure.to_owned()), "{name}"),
    }
}

fn input_of(case: &Value) -> Input {
    if let Some(path) = case["path"].as_str() {
        return Input::Path(path.to_owned());
    }
    if let Some(constant) = case["constant"].as_str() {
        return Input::Constant(constant.to_owned());
    }
    let transformer = &case["transformer"];
    Input::Transformer {
        paths: serde_json::from_value(transformer["paths"].clone()).unwrap(),
        template: text(transformer, "template").to_owned(),
    }
}

fn make(maker: &InputMaker, event: &str) -> Result<String, events::target::input::InputFailure> {
    let rule_arn = Arn::new("events", "us-east-1", "123456789012", "rule/example");
    let accepted = Timestamp::parse_iso("2026-03-19T22:04:48.128Z").unwrap();
    maker.make(event, InputContext { rule_arn: &rule_arn, rule_name: "example", accepted })
}

proptest! {
    #[test]
    fn a_json_template_gives_json_whatever_the_event_says(
        value in any::<String>(),
        number in any::<f64>(),
        list in proptest::collection::vec(any::<Option<String>>(), 0..4),
    ) {
        let event = serde_json::json!({"detail": {"text": value, "number": number, "list": list}}).to_string();
        let paths = ["text", "number", "list", "absent"].map(|name| (name.to_owned(), format!("$.detail.{name}")));
        let template = r#"{ "a": <text>, "b": "in <text> <number> <absent>", "c": [<number>, <list>, <absent>] }"#;
        let input = Input::Transformer { paths: BTreeMap::from(paths), template: template.to_owned() };
        let made = make(&InputMaker::compile(&input, "t").unwrap(), &event).unwrap();
        let made: Value = serde_json::from_str(&made).unwrap();
        let event: Value = serde_json::from_str(&event).unwrap();
        assert_eq!(made["a"], event["detail"]["text"]);
        assert_eq!(made["c"][1], event["detail"]["list"]);
        assert!(made["b"].as_str().unwrap().contains(event["detail"]["text"].as_str().unwrap()));
    }

    #[test]
    fn no_template_or_path_panics(template in ".{0,40}", path in ".{0,20}") {
        let paths = BTreeMap::from([("a".to_owned(), path)]);
        let input = Input::Transformer { paths, template };
        if let Ok(maker) = InputMaker::compile(&input, "t") {
            let _ = make(&maker, r#"{"detail": {"a": [1]}}"#);
        }
    }
}

/// 2,730 times a value of 1 MiB made 2.6 GB before anybody looked at the size; a replay did it again at each start.
#[test]
fn a_template_that_makes_too_much_fails_while_it_is_built() {
    let event = format!("{{\"detail\":{{\"a\":\"{}\"}}}}", "x".repeat(1_000_000));
    for template in
        ["<a>".repeat(2_730), format!("\"{}\"", "<a>".repeat(2_730)), "<aws.events.event.json>".repeat(300)]
    {
        let paths = [("a".to_owned(), "$.detail.a".to_owned())].into();
        let maker = InputMaker::compile(&Input::Transformer { paths, template }, "t").unwrap();
        let failure = make(&maker, &event).unwrap_err().to_string();
        assert_eq!(failure, "The InputTemplate makes more than 1048576 bytes of this event.");
    }
    let paths: BTreeMap<String, String> =
        (0..100).map(|n| (format!("p{n}"), format!("$.detail.a{}", ".b".repeat(n)))).collect();
    let template = (0..100).map(|n| format!("<p{n}>")).collect::<String>();
    let template = template.replacen("<p0>", "", 1);
    let maker = InputMaker::compile(&Input::Transformer { paths, template }, "t").unwrap();
    let failure = make(&maker, &event).unwrap_err().to_string();
    assert_eq!(failure, "The paths of the InputTemplate take too long to evaluate on an event of this size.");
}
