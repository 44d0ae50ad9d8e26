//! Policy documents: AWS's own cases from `tests/data/policy`, and what must hold of all documents and requests.

use std::fs;
use std::path::{Path, PathBuf};

use aws::policy::{Caller, Context, Decision, Effect, Kind, Policy, Request, evaluate, explain};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decisions {
    source: String,
    why: String,
    kind: String,
    document: Value,
    requests: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    service: Option<String>,
    identity: Option<String>,
    #[serde(default)]
    anonymous: bool,
    action: String,
    resource: String,
    #[serde(default)]
    context: serde_json::Map<String, Value>,
    decision: String,
    /// A part of the explanation.
    says: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Documents {
    source: String,
    why: String,
    kind: String,
    refused: Vec<Refused>,
    accepted: Vec<Value>,
}

#[derive(Deserialize)]
struct Refused {
    document: Value,
    message: String,
}

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/policy").join(folder);
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .collect();
    files.sort();
    files
}

fn kind(name: &str) -> Kind {
    match name {
        "identity" => Kind::Identity,
        "resource" => Kind::Resource,
        "trust" => Kind::Trust,
        other => panic!("no kind {other}"),
    }
}

fn text(document: &Value) -> String {
    document.as_str().map_or_else(|| document.to_string(), str::to_owned)
}

fn request(case: &Case) -> Request {
    let caller = match (&case.service, &case.identity) {
        (Some(service), _) => Caller::Service(service.clone()),
        (None, Some(arn)) => Caller::Identity(arn.parse().unwrap()),
        (None, None) if case.anonymous => Caller::Anonymous,
        (None, None) => Caller::account("123456789012"),
    };
    let mut context = Context::default();
    for (key, value) in &case.context {
        for value in value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice) {
            context = context.with(key, value.as_str().unwrap());
        }
    }
    Request { caller, action: case.action.clone(), resource: case.resource.clone(), context }
}

fn name(decision: &Decision) -> &'static str {
    match decision {
        Decision::Allowed(_) => "allowed",
        Decision::ExplicitDeny(_) => "explicitDeny",
        Decision::ImplicitDeny => "implicitDeny",
    }
}

#[test]
fn documents_decide_as_aws_says() {
    for path in files("") {
        let cases: Decisions = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        assert!(!cases.source.is_empty() && !cases.why.is_empty(), "{path:?}");
        let kind = kind(&cases.kind);
        let policy = Policy::parse(&cases.document.to_string(), kind).unwrap();
        for case in &cases.requests {
            let request = request(case);
            let decision = evaluate(&[&policy], &request);
            assert_eq!(name(&decision), case.decision, "{path:?} {request:?}");
            let explained = explain(kind, &[&policy], &request);
            assert_eq!(explained.decision, decision, "{path:?} {request:?}");
            let sentence = explained.to_string();
            assert!(sentence.contains(case.says.as_deref().unwrap_or_default()), "{path:?}: {sentence}");
        }
    }
}

#[test]
fn documents_are_refused_in_aws_s_words() {
    for path in files("documents") {
        let cases: Documents = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        assert!(!cases.source.is_empty() && !cases.why.is_empty(), "{path:?}");
        let kind = kind(&cases.kind);
        for case in &cases.refused {
            let document = text(&case.document);
            let error = Policy::parse(&document, kind).expect_err(&document).into_iam_error();
            assert_eq!(
                (error.message.as_str(), &*error.code),
                (&*case.message, "MalformedPolicyDocument"),
                "{document}"
            );
        }
        for document in &cases.accepted {
            assert!(Policy::parse(&text(document), kind).is_ok(), "{document}");
        }
    }
}

fn one_of(texts: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop_oneof![
        proptest::sample::select(texts).prop_map(|text| json!(text)),
        proptest::sample::subsequence(texts, 2..=texts.len()).prop_map(|texts| json!(texts)),
    ]
}

const ACTIONS: &[&str] = &["*", "sqs:*", "sqs:SendMessage", "SQS:send*", "events:PutEvents"];
const RESOURCES: &[&str] = &[
    "*",
    "arn:aws:sqs:us-east-1:1:q",
    "arn:aws:sqs:*:1:?",
    "arn:aws:sqs",
    "arn:aws:sqs:us-east-1:1:${aws:username}",
];
const KEYS: &[&str] = &["aws:SourceArn", "AWS:sourceaccount", "aws:username"];
const VALUES: &[&str] =
    &["arn:aws:events:us-east-1:1:rule/r", "1", "q", "*", "${aws:username, 'q'}", "true", "2020-01-01"];
const OPERATORS: &[&str] = &[
    "StringEquals",
    "StringNotEquals",
    "StringLikeIfExists",
    "ForAllValues:StringNotLike",
    "ForAnyValue:StringEqualsIgnoreCase",
    "ArnEquals",
    "ArnNotLike",
    "NumericLessThan",
    "DateGreaterThanEquals",
    "Bool",
    "Null",
    "NotIpAddress",
];

fn principals() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!("*")),
        Just(json!({"AWS": "*"})),
        Just(json!({"Service": "events.amazonaws.com"})),
        Just(
            json!({"AWS": ["111111111111", "arn:aws:iam::222222222222:role/r"], "Service": ["sns.amazonaws.com"]})
        ),
    ]
}

fn conditions() -> impl Strategy<Value = Value> {
    let keys = proptest::collection::btree_map(proptest::sample::select(KEYS), one_of(VALUES), 1..3);
    proptest::collection::btree_map(proptest::sample::select(OPERATORS), keys, 0..3)
        .prop_map(|map| json!(map))
}

fn statement() -> impl Strategy<Value = Value> {
    let parts = (any::<[bool; 4]>(), principals(), one_of(ACTIONS), one_of(RESOURCES), conditions());
    parts.prop_map(|([deny, principal, action, resource], principals, actions, resources, conditions)| {
        let not = |not: bool, name: &str| if not { format!("Not{name}") } else { name.to_owned() };
        json!({
            "Effect": if deny { "Deny" } else { "Allow" },
            not(principal, "Principal"): principals,
            not(action, "Action"): actions,
            not(resource, "Resource"): resources,
            "Condition": conditions,
        })
    })
}

fn document() -> impl Strategy<Value = Vec<Value>> {
    proptest::collection::vec(statement(), 1..6)
}

fn policy(statements: &[Value]) -> Policy {
    let document = json!({"Version": "2012-10-17", "Statement": statements});
    Policy::parse(&document.to_string(), Kind::Resource).unwrap()
}

fn any_request() -> impl Strategy<Value = Request> {
    let callers = prop_oneof![
        Just(Caller::eventbridge()),
        Just(Caller::Anonymous),
        Just(Caller::account("111111111111")),
        Just(Caller::Identity("arn:aws:sts::222222222222:assumed-role/r/s".parse().unwrap())),
    ];
    let keys =
        proptest::collection::vec((proptest::sample::select(KEYS), proptest::sample::select(VALUES)), 0..4);
    (callers, proptest::sample::select(ACTIONS), proptest::sample::select(RESOURCES), keys).prop_map(
        |(caller, action, resource, keys)| {
            let context =
                keys.into_iter().fold(Context::default(), |context, (key, value)| context.with(key, value));
            Request { caller, action: action.to_owned(), resource: resource.to_owned(), context }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_deny_that_applies_beats_every_allow(statements in document(), request in any_request()) {
        let policy = policy(&statements);
        let alone = |effect: Effect| {
            policy.statements.iter().filter(|it| it.effect == effect).any(|statement| {
                let alone = Policy { statements: vec![statement.clone()], ..policy.clone() };
                evaluate(&[&alone], &request) != Decision::ImplicitDeny
            })
        };
        let expected = match (alone(Effect::Deny), alone(Effect::Allow)) {
            (true, _) => "explicitDeny",
            (false, true) => "allowed",
            (false, false) => "implicitDeny",
        };
        prop_assert_eq!(name(&evaluate(&[&policy], &request)), expected);
    }

    #[test]
    fn neither_order_nor_division_has_an_effect(
        statements in document(), request in any_request(), at in 0..5_usize, turn in 0..5_usize,
    ) {
        let decision = evaluate(&[&policy(&statements)], &request);
        let mut turned = statements.clone();
        turned.rotate_left(turn % statements.len());
        turned.reverse();
        prop_assert_eq!(name(&evaluate(&[&policy(&turned)], &request)), name(&decision));
        let (first, second) = statements.split_at(at % statements.len());
        let parts: Vec<Policy> = [first, second].into_iter().filter(|it| !it.is_empty()).map(policy).collect();
        let parts: Vec<&Policy> = parts.iter().collect();
        prop_assert_eq!(name(&evaluate(&parts, &request)), name(&decision));
    }

    #[test]
    fn a_document_is_the_same_after_printing_and_reading(statements in document()) {
        let policy = policy(&statements);
        let printed = policy.to_json().to_string();
        prop_assert_eq!(Policy::parse(&printed, Kind::Resource).unwrap(), policy);
    }

    #[test]
    fn what_is_explained_is_what_is_decided_and_the_suggestion_helps(statements in document(), request in any_request()) {
        let mut policy = policy(&statements);
        let explained = explain(Kind::Resource, &[&policy], &request);
        prop_assert_eq!(&explained.decision, &evaluate(&[&policy], &request));
        prop_assert_eq!(explained.statements.len(), policy.statements.len());
        prop_assert_eq!(explained.suggestion.is_some(), explained.decision == Decision::ImplicitDeny);
        // No ARN holds a variable or ends early.
        let sources = request.context.values("aws:SourceArn");
        let is_arn = request.resource.matches(':').count() == 5 && !request.resource.contains('$') && !sources.iter().any(|value| value.contains('$'));
        if let Some(statement) = explained.suggestion && is_arn {
            policy.statements.push(statement);
            prop_assert!(evaluate(&[&policy], &request).is_allowed());
        }
    }

    #[test]
    fn no_text_is_too_strange_to_be_read(text in "\\PC{0,64}", kinds in 0..3_usize) {
        let kind = [Kind::Identity, Kind::Resource, Kind::Trust][kinds];
        drop(Policy::parse(&text, kind));
    }
}
