//! Cases in `tests/data/answers`: calls of operations one after the other, and what each answers.

use std::path::Path;

use aws::{Call, Error, Ids, LongPoll, Reply, Scope, Timestamp};
use queue::{Queues, WaitingTimes};
use serde_json::Value;

use crate::open;

/// A call at this time, in ms.
pub(crate) fn called_at(now_ms: u64) -> Call {
    called_by(&Scope::default(), now_ms)
}

fn called_by(scope: &Scope, now_ms: u64) -> Call {
    Call {
        now: Timestamp::from_unix_ms(now_ms),
        account: scope.account.to_string(),
        region: scope.region.to_string(),
        request_id: "request".to_owned(),
        base_url: "http://127.0.0.1:4566".to_owned(),
        ids: Ids::from_seed(u128::from(now_ms)),
        payload: Vec::new(),
    }
}

/// One operation through the table, as the door calls it, but on this thread: the answer, and for a long poll the
/// attempt at the end of the caller's patience.
pub(crate) fn run(queues: &Queues, name: &str, body: &str, now: Timestamp) -> Result<Value, Error> {
    let operation = queue::ops::OPERATIONS.iter().find(|operation| operation.name == name).unwrap();
    let call = called_by(queues.scope(), now.unix_ms());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let answer = match (operation.run)(queues, call, body.as_bytes()) {
        Reply::Now(answer) => answer?,
        Reply::Later(later) => runtime.block_on(later)?,
        Reply::Long(_) | Reply::Call(_) => panic!("no operation here calls"),
        Reply::Poll(mut poll) => runtime.block_on(last_attempt(poll.as_mut()))?,
    };
    Ok(serde_json::from_slice(&answer).unwrap())
}

async fn last_attempt(poll: &mut dyn LongPoll) -> Result<Vec<u8>, Error> {
    let until = poll.until();
    Ok(poll.attempt(until).await?.unwrap_or_else(|| poll.nothing()))
}

/// Runs one case: `{source, why, strict?, steps: [{after_ms?, scope?, call, request, answer | error, keep?}]}`; `scope` is
/// `account/region` of the caller. In a request or answer, `"$name"`
/// stands for what an earlier step kept under that name; in an answer, `"*"` stands for anything.
fn check(path: &Path) {
    let case: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for member in ["source", "why"] {
        assert!(case[member].as_str().is_some_and(|text| !text.is_empty()), "{path:?} says no {member}");
    }
    let dir = tempfile::tempdir().unwrap();
    let queues = open(dir.path());
    if case["strict"] == true {
        queues.set_waiting_times(WaitingTimes::Kept);
    }
    let mut kept: Vec<(String, String)> = Vec::new();
    let mut opened = Vec::new();
    let mut now = 1_700_000_000_000;
    for (number, step) in case["steps"].as_array().unwrap().iter().enumerate() {
        let place = format!("{}, step {number}", path.display());
        now += step["after_ms"].as_u64().unwrap_or(0);
        let fill = |template: &Value| {
            kept.iter().fold(template.to_string(), |text, (name, value)| {
                text.replace(&format!("\"${name}\""), &Value::from(value.as_str()).to_string())
            })
        };
        let request = fill(&step["request"]);
        let expected = step.get("answer").map(|answer| serde_json::from_str::<Value>(&fill(answer)).unwrap());
        let queues = match step.get("scope").map(|scope| scope.as_str().unwrap()) {
            None => queues.clone(),
            Some(scope) => {
                let (account, region) = scope.split_once('/').unwrap();
                opened.push(queues.in_scope(&Scope::new(account, region)).unwrap());
                opened.last().unwrap().clone()
            }
        };
        let answer = run(&queues, step["call"].as_str().unwrap(), &request, Timestamp::from_unix_ms(now));
        match (answer, &expected, step.get("error")) {
            (Ok(answer), Some(expected), None) => {
                assert!(is_like(&answer, expected), "{place}: got {answer}, expected {expected}");
                for (name, pointer) in step["keep"].as_object().into_iter().flatten() {
                    let value = answer.pointer(pointer.as_str().unwrap()).unwrap();
                    kept.push((name.clone(), value.as_str().unwrap().to_owned()));
                }
            }
            (Err(error), None, Some(expected)) => check_error(&place, &error, expected),
            (got, ..) => panic!("{place}: got {got:?}"),
        }
    }
}

/// `[code, code in the query protocol, words]`
fn check_error(place: &str, error: &Error, expected: &Value) {
    let query = error.query_code.map_or_else(|| error.code.to_string(), str::to_owned);
    let message = expected[2].as_str().unwrap();
    assert_eq!(
        (error.code.as_ref(), query.as_str()),
        (expected[0].as_str().unwrap(), expected[1].as_str().unwrap()),
        "{place}: {error}"
    );
    match message.strip_suffix('*') {
        Some(beginning) => assert!(error.message.starts_with(beginning), "{place}: {error}"),
        None => assert_eq!(error.message, message, "{place}"),
    }
}

fn is_like(answer: &Value, expected: &Value) -> bool {
    match (answer, expected) {
        (_, Value::String(any)) if any == "*" => true,
        (Value::Object(answer), Value::Object(expected)) => {
            answer.len() == expected.len()
                && expected.iter().all(|(name, value)| answer.get(name).is_some_and(|a| is_like(a, value)))
        }
        (Value::Array(answer), Value::Array(expected)) => {
            answer.len() == expected.len() && answer.iter().zip(expected).all(|(a, e)| is_like(a, e))
        }
        (answer, expected) => answer == expected,
    }
}

#[test]
fn every_case_answers_as_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/answers");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 10);
    for path in paths {
        check(&path);
    }
}
