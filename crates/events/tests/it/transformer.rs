//! Input transformers against a slow reference: any template over any event gives what building the value piece by piece
//! gives.

use std::collections::BTreeMap;

use aws::{Arn, Timestamp};
use events::Input;
use events::target::input::{InputContext, InputMaker};
use proptest::prelude::{BoxedStrategy, Just, Strategy, any, prop_assert_eq, prop_oneof, proptest};
use serde_json::{Map, Value, json};

/// What a variable stands for in a template.
const VARIABLES: [&str; 4] = ["a", "b-2", "c_3", "aws.events.rule-name"];

/// A template's value: JSON with variables in it.
#[derive(Clone, Debug)]
enum Node {
    Constant(Value),
    /// `<name>` where a value stands.
    Variable(usize),
    /// A string of texts and variables.
    Text(Vec<Piece>),
    List(Vec<Self>),
    Object(BTreeMap<String, Self>),
}

#[derive(Clone, Debug)]
enum Piece {
    Plain(String),
    Variable(usize),
}

/// What an event says: keys that paths can name, and some that none can.
fn detail() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        any::<String>().prop_map(Value::from),
    ];
    let key = prop_oneof!["[ab]", Just("c-d".to_owned()), Just("e/f".to_owned()), any::<String>()];
    leaf.prop_recursive(3, 24, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((key.clone(), inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
    .boxed()
}

fn path() -> impl Strategy<Value = String> {
    let step = prop_oneof![
        prop_oneof![Just(".a"), Just(".b"), Just(".c-d"), Just(".e/f"), Just(".*"), Just("[*]")]
            .prop_map(str::to_owned),
        (0..3_usize).prop_map(|index| format!("[{index}]")),
    ];
    proptest::collection::vec(step, 0..4).prop_map(|steps| format!("$.detail{}", steps.concat()))
}

fn pieces() -> impl Strategy<Value = Vec<Piece>> {
    let plain = any::<String>().prop_map(|text| Piece::Plain(text.replace('<', "")));
    let piece = prop_oneof![plain, (0..VARIABLES.len()).prop_map(Piece::Variable)];
    proptest::collection::vec(piece, 0..5)
}

fn template() -> BoxedStrategy<Node> {
    let constant = prop_oneof![Just(json!(null)), Just(json!(true)), any::<i32>().prop_map(Value::from)];
    let leaf = prop_oneof![
        constant.prop_map(Node::Constant),
        (0..VARIABLES.len()).prop_map(Node::Variable),
        pieces().prop_map(Node::Text),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let key = any::<String>().prop_map(|key| key.replace('<', ""));
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Node::List),
            proptest::collection::btree_map(key, inner, 0..4).prop_map(Node::Object),
        ]
    })
    .boxed()
}

/// The template's text, `space` between all that may have space between.
fn written(node: &Node, space: &str) -> String {
    let joined = |items: Vec<String>| items.join(&format!("{space},{space}"));
    match node {
        Node::Constant(value) => value.to_string(),
        Node::Variable(number) => format!("<{}>", VARIABLES[*number]),
        Node::Text(pieces) => {
            let piece = |piece: &Piece| match piece {
                Piece::Plain(text) => inner(text),
                Piece::Variable(number) => format!("<{}>", VARIABLES[*number]),
            };
            format!("\"{}\"", pieces.iter().map(piece).collect::<String>())
        }
        Node::List(items) => {
            let items = items.iter().map(|item| written(item, space)).collect();
            format!("[{space}{}{space}]", joined(items))
        }
        Node::Object(members) => {
            let member = |(key, value): (&String, &Node)| {
                format!("{}{space}:{space}{}", Value::from(key.as_str()), written(value, space))
            };
            format!("{{{space}{}{space}}}", joined(members.iter().map(member).collect()))
        }
    }
}

/// What a path selects, step by step over parsed values.
fn selected(event: &Value, path: &str) -> Option<Value> {
    let mut found = vec![event.clone()];
    let steps = path.trim_start_matches('$').replace("[*]", ".*").replace('[', ".#").replace(']', "");
    for step in steps.split('.').skip(1) {
        let mut next = Vec::new();
        for value in found {
            match (step, step.strip_prefix('#'), &value) {
                ("*", _, Value::Array(items)) => next.extend(items.iter().cloned()),
                ("*", _, Value::Object(members)) => next.extend(members.values().cloned()),
                ("*", _, _) => {}
                (_, Some(index), Value::Array(items)) => {
                    next.extend(items.get(index.parse::<usize>().unwrap()).cloned());
                }
                (_, Some(_), _) => {}
                (name, None, value) => next.extend(value.get(name).cloned()),
            }
        }
        found = next;
    }
    match path.contains('*') {
        true if found.is_empty() => None,
        true => Some(Value::from(found)),
        false => found.pop(),
    }
}

/// What a variable becomes inside a text.
fn inside(value: Option<&Value>) -> String {
    match value {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other @ (Value::Object(_) | Value::Array(_))) => unquoted(other),
        Some(other) => other.to_string(),
    }
}

/// An object or array without any quote, other escapes as JSON writes them.
fn unquoted(value: &Value) -> String {
    let of_text = |text: &str| Value::from(text.replace('"', "")).to_string().replace('"', "");
    match value {
        Value::String(text) => of_text(text),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(unquoted).collect::<Vec<_>>().join(","))
        }
        Value::Object(members) => {
            let member = |(key, value): (&String, &Value)| format!("{}:{}", of_text(key), unquoted(value));
            format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}

/// The value that a JSON template is to give; `None` where an object or array is in quotes.
fn reference(node: &Node, values: &[Option<Value>]) -> Option<Value> {
    Some(match node {
        Node::Constant(value) => value.clone(),
        Node::Variable(number) => values[*number].clone().unwrap_or_else(|| Value::from("")),
        Node::Text(pieces) => {
            let is_quoted = |piece: &Piece| match piece {
                Piece::Variable(number) => {
                    values[*number].as_ref().is_some_and(|value| value.is_object() || value.is_array())
                }
                Piece::Plain(_) => false,
            };
            if pieces.iter().any(is_quoted) {
                return None;
            }
            Value::from(text_of(pieces, values))
        }
        Node::List(items) => {
            items.iter().map(|item| reference(item, values)).collect::<Option<Vec<_>>>()?.into()
        }
        Node::Object(members) => {
            let member = |(key, value): (&String, &Node)| Some((key.clone(), reference(value, values)?));
            Value::Object(members.iter().map(member).collect::<Option<_>>()?)
        }
    })
}

/// The JSON text of one string, as a string template gives it.
fn as_string_template(pieces: &[Piece], values: &[Option<Value>]) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Plain(text) => inner(text),
        Piece::Variable(number) => match values[*number].as_ref() {
            Some(value @ (Value::Object(_) | Value::Array(_))) => unquoted(value),
            value => inner(&inside(value)),
        },
    };
    format!("\"{}\"", pieces.iter().map(piece).collect::<String>())
}

/// What is between the quotes of a text as JSON writes it.
fn inner(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted.strip_prefix('"').unwrap().strip_suffix('"').unwrap().to_owned()
}

fn text_of(pieces: &[Piece], values: &[Option<Value>]) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Plain(text) => text.clone(),
        Piece::Variable(number) => inside(values[*number].as_ref()),
    };
    pieces.iter().map(piece).collect()
}

/// What is made of an event by a template, `None` where the delivery fails; and what the variables are worth.
fn made(detail: &Value, paths: &[String; 3], template: String) -> (Option<String>, Vec<Option<Value>>) {
    let event = json!({"detail": detail});
    let mut values: Vec<Option<Value>> = paths.iter().map(|path| selected(&event, path)).collect();
    values.push(Some(Value::from("example")));
    let named = VARIABLES.iter().zip(paths).map(|(name, path)| ((*name).to_owned(), path.clone()));
    let input = Input::Transformer { paths: named.collect(), template };
    let rule_arn = Arn::new("events", "us-east-1", "123456789012", "rule/example");
    let about = InputContext { rule_arn: &rule_arn, rule_name: "example", accepted: Timestamp::ZERO };
    let maker = InputMaker::compile(&input, "t").unwrap_or_else(|error| panic!("{input:?}: {error}"));
    (maker.make(&event.to_string(), about).ok(), values)
}

proptest! {
    #[test]
    fn a_json_template_gives_the_value_built_piece_by_piece(
        detail in detail(),
        paths in [path(), path(), path()],
        template in template(),
        space in "[ \n\t]{0,2}",
    ) {
        let (made, values) = made(&detail, &paths, written(&template, &space));
        // Both read from text: a number is what its text says.
        let wanted = match &template {
            Node::Text(pieces) => Some(as_string_template(pieces, &values)),
            template => reference(template, &values).map(|value| value.to_string()),
        };
        let wanted = wanted.map(|text| serde_json::from_str::<Value>(&text).unwrap());
        let read = made.as_deref().map(|made| serde_json::from_str::<Value>(made).unwrap());
        prop_assert_eq!(read, wanted, "{:?}", made);
    }

    #[test]
    fn plain_text_gives_the_texts_one_after_the_other(
        detail in detail(),
        paths in [path(), path(), path()],
        pieces in pieces(),
    ) {
        // What begins so is no JSON, whatever follows.
        let pieces = [vec![Piece::Plain("it says: ".to_owned())], pieces].concat();
        let piece = |piece: &Piece| match piece {
            Piece::Plain(text) => text.clone(),
            Piece::Variable(number) => format!("<{}>", VARIABLES[*number]),
        };
        let (made, values) = made(&detail, &paths, pieces.iter().map(piece).collect());
        prop_assert_eq!(made, Some(text_of(&pieces, &values)));
    }
}
