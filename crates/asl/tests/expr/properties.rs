//! Properties: nothing panics, what is printed is read again, what is put is found.

use asl::expr::{
    Limits, Scope,
    choice::Rule,
    jsonata::{FieldPlace, Template},
    jsonpath::{Path, ReferencePath},
    template::PayloadTemplate,
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        (-1000..1000i32).prop_map(|n| Value::from(f64::from(n) / 8.0)),
        "[a-c .'\\\\]{0,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-c .'\\\\]{1,3}", inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Texts that come near to paths, calls and expressions.
fn near() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("$"),
        Just("$$"),
        Just("$.a"),
        Just(".b"),
        Just("[0]"),
        Just("[-1]"),
        Just("[*]"),
        Just(".."),
        Just("['a b']"),
        Just("[?("),
        Just("@.a"),
        Just(" == "),
        Just("'x'"),
        Just(" && "),
        Just(")]"),
        Just("[1:2]"),
        Just("[:"),
        Just(".length()"),
        Just("States.Format("),
        Just("States.Array("),
        Just("States.MathAdd("),
        Just("'{}'"),
        Just(", "),
        Just(")"),
        Just("\\"),
        Just("1"),
        Just("{%"),
        Just("%}"),
        Just("$states.input"),
        Just("$map("),
        Just("[1..3]"),
        Just("function($x){"),
        Just("}"),
        Just("é"),
        Just("/a+/"),
        Just(" =~ "),
        Just(" in "),
        Just("true"),
        Just("\""),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn scope<'a>(input: &'a Value, context: &'a Value, variables: &'a Map<String, Value>) -> Scope<'a> {
    Scope { input, context, variables, result: None, error_output: None, seed: 1, now_ms: 0 }
}

fn limits() -> Limits {
    Limits { steps_max: 1_000, result_bytes_max: 10_000 }
}

proptest! {
    #[test]
    fn nothing_panics(text in near(), input in json()) {
        let (context, variables) = (json!({}), Map::new());
        let scope = scope(&input, &context, &variables);
        if let Ok(path) = Path::parse(&text) {
            let _ = path.query(&scope);
        }
        let _ = ReferencePath::parse(&text);
        if let Ok(template) = PayloadTemplate::parse(&json!({"v.$": text})) {
            let _ = template.render(&scope);
        }
        let expression = format!("{{%{text}%}}");
        let _ = Template::check("Output", &json!(expression), FieldPlace::State);
        if let Ok(template) = Template::parse("Output", &json!(expression)) {
            let _ = template.evaluate(&scope, limits());
        }
        if let Ok(rule) = Rule::parse(json!({"Variable": text, "StringMatches": "a*"}).as_object().unwrap()) {
            let _ = rule.explain(&scope).to_string();
            let _ = rule.evaluate(&scope);
        }
    }

    /// A path that was read, printed in brackets and read again, is the same path and finds the same.
    #[test]
    fn printed_paths_are_read_again(text in near(), input in json()) {
        let (context, variables) = (json!({}), Map::new());
        let scope = scope(&input, &context, &variables);
        if let Ok(path) = Path::parse(&text) {
            let again = Path::parse(&path.canonical()).unwrap();
            prop_assert_eq!(again.canonical(), path.canonical());
            prop_assert_eq!(again.is_definite(), path.is_definite());
            prop_assert_eq!(again.query(&scope).ok(), path.query(&scope).ok());
        }
    }

    /// What ResultPath wrote, the same path finds.
    #[test]
    fn what_is_put_is_found(
        names in prop::collection::vec("[a-c .'\\\\]{1,3}", 1..4),
        mut into in json(),
        value in json(),
    ) {
        let quoted: Vec<String> =
            names.iter().map(|name| format!("['{}']", name.replace('\\', "\\\\").replace('\'', "\\'"))).collect();
        let text = format!("${}", quoted.concat());
        let path = ReferencePath::parse(&text).unwrap();
        if path.put(&mut into, value.clone()).is_ok() {
            let (context, variables) = (json!({}), Map::new());
            prop_assert_eq!(Path::parse(&text).unwrap().query(&scope(&into, &context, &variables)).unwrap(), value);
        }
    }

    /// A value without expressions comes out of both kinds of templates as it went in.
    #[test]
    fn plain_values_stay(value in json()) {
        let (input, context, variables) = (json!({}), json!({}), Map::new());
        let scope = scope(&input, &context, &variables);
        prop_assert_eq!(&Template::parse("Output", &value).unwrap().evaluate(&scope, limits()).unwrap(), &value);
        prop_assert_eq!(&PayloadTemplate::parse(&value).unwrap().render(&scope).unwrap(), &value);
    }
}
