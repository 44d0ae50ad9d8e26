//! The cases of tests/data/cases: a handler, an event, and what AWS answers and logs.

use std::sync::Arc;
use std::time::Duration;

use runner::Outcome;
use runner::function::LogFormat;
use serde_json::Value;

use crate::house::{House, data, function, has, invocation};

fn text<'a>(case: &'a Value, key: &str) -> Option<&'a str> {
    case.get(key).and_then(Value::as_str)
}

/// Runs all cases of a file, side by side as far as the runner allows, and reports all that differ.
async fn check(file: &str) {
    let cases = std::fs::read_to_string(data("cases").join(file)).unwrap();
    let cases: Vec<Value> = serde_json::from_str(&cases).unwrap();
    assert!(!cases.is_empty());
    let mut wrong = Vec::new();
    for case in &cases {
        let found = run(case).await;
        wrong.extend(found.into_iter().map(|found| format!("{}: {found}", text(case, "name").unwrap())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

async fn run(case: &Value) -> Vec<String> {
    let house = House::new(|_| {});
    let code = text(case, "code").unwrap();
    let mut function = function(text(case, "runtime").unwrap(), code, text(case, "handler").unwrap());
    if let Some(timeout_ms) = case.get("timeout_ms").and_then(Value::as_u64) {
        function.timeout = Duration::from_millis(timeout_ms);
    }
    if case.get("json").is_some() {
        function.log_format = LogFormat::Json;
    }
    if code == "node" {
        function.layers = vec![data("layer")];
    }
    let invocation = invocation(&case["event"].to_string());
    let id = invocation.request_id.clone();
    let outcome = house.runner.invoke(Arc::new(function), invocation).await.unwrap();
    let log: Vec<String> = house.log().into_iter().map(|record| record.text).collect();
    compare(case, &outcome, &log, &Words { id, root: data(code).display().to_string() })
}

/// What differs from machine to machine.
struct Words {
    id: String,
    root: String,
}

impl Words {
    fn plain(&self, text: &str) -> String {
        without_times(&text.replace(&self.id, "<ID>").replace(&self.root, "<ROOT>"))
    }
}

fn compare(case: &Value, outcome: &Outcome, log: &[String], words: &Words) -> Vec<String> {
    let mut wrong = Vec::new();
    let payload = words.plain(&String::from_utf8_lossy(&outcome.payload));
    if text(case, "payload").is_some_and(|wanted| wanted != payload)
        || text(case, "starts").is_some_and(|wanted| !payload.starts_with(wanted))
    {
        let wanted = text(case, "payload").or(text(case, "starts"));
        wrong.push(format!("answered {payload:.2000}\nand not  {}", wanted.unwrap()));
    }
    if text(case, "error") != outcome.error_type.as_deref() {
        wrong.push(format!("error type {:?}: {payload}", outcome.error_type));
    }
    if text(case, "hint").is_some_and(|hint| !outcome.hint.as_deref().is_some_and(|said| said.contains(hint)))
    {
        wrong.push(format!("hint {:?}", outcome.hint));
    }
    let log: Vec<String> = log.iter().map(|line| words.plain(line.strip_suffix('\n').unwrap())).collect();
    let all = log.join("\n");
    let is_json = case.get("json").is_some();
    if !is_json && !log.last().is_some_and(|last| last.starts_with("REPORT RequestId: <ID>\tDuration: ")) {
        wrong.push(format!("no REPORT at the end of: {all}"));
    }
    if text(case, "report").is_some_and(|wanted| !log.last().is_some_and(|last| last.ends_with(wanted))) {
        wrong.push(format!("REPORT: {:?}", log.last()));
    }
    let has_init_report = log.iter().any(|line| line.starts_with("INIT_REPORT "));
    if !is_json && has_init_report != case.get("init_fails").is_some() {
        wrong.push(format!("INIT_REPORT: {all}"));
    }
    let wanted: Vec<&str> =
        case.get("log").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let from =
        log.iter().position(|line| wanted.first().is_some_and(|first| first == line)).unwrap_or(log.len());
    let is_same = |(wanted, line): (&&str, &String)| match wanted.strip_suffix('*') {
        Some(start) => line.starts_with(start),
        None => line == wanted,
    };
    let logged = &log[from..];
    let is_logged =
        wanted.is_empty() || logged.len() > wanted.len() && wanted.iter().zip(logged).all(is_same);
    if !is_logged {
        wrong.push(format!("logged {log:#?}\nand not {wanted:#?}"));
    }
    wrong
}

/// Moments in ISO 8601, with and without milliseconds, become `<T>`.
fn without_times(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = ["0000-00-00T00:00:00.000Z", "0000-00-00T00:00:00Z"]
            .into_iter()
            .find(|shape| rest.get(..shape.len()).is_some_and(|start| has_shape(start, shape)))
            .map(str::len);
        match length {
            Some(_) => out.push_str("<T>"),
            None => out.push(first),
        }
        rest = rest.get(length.unwrap_or(first.len_utf8())..).unwrap_or_default();
    }
    out
}

fn has_shape(text: &str, shape: &str) -> bool {
    text.chars()
        .zip(shape.chars())
        .all(|(c, wanted)| if wanted == '0' { c.is_ascii_digit() } else { c == wanted })
}

#[tokio::test(flavor = "multi_thread")]
async fn handlers_in_javascript_behave_as_on_aws() {
    if has("node") {
        check("node.json").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn handlers_in_python_behave_as_on_aws() {
    if has("python3") {
        check("python.json").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_of_their_own_behave_as_on_aws() {
    if has("curl") {
        check("provided.json").await;
    }
}
