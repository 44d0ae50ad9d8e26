//! Case files of `tests/data/expr`: each has its source and why it is there.

use std::{fs, path::Path as FilePath};

use asl::expr::{
    ExprError, Limits, Scope,
    choice::Rule,
    jsonata::{FieldPlace, Kind, Template},
    jsonpath::{Path, ReferencePath},
    template::PayloadTemplate,
};
use serde_json::{Map, Value, json};

const LIMITS: Limits = Limits { steps_max: 100_000, result_bytes_max: 1 << 20 };

/// Every case of a folder, with a name for messages.
fn cases(folder: &str) -> Vec<(String, Value)> {
    let folder = FilePath::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/expr").join(folder);
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut found = Vec::new();
    for file in files {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let data: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        assert!(
            data["source"].is_string() && data["why"].is_string(),
            "{name} says where it comes from and why"
        );
        for (index, case) in data["cases"].as_array().unwrap().iter().enumerate() {
            found.push((format!("{name}[{index}] {case}"), case.clone()));
        }
    }
    assert!(!found.is_empty());
    found
}

/// What a case's evaluation sees.
struct Surroundings {
    input: Value,
    context: Value,
    variables: Map<String, Value>,
}

impl Surroundings {
    fn of(case: &Value) -> Self {
        Self {
            input: case["input"].clone(),
            context: case.get("context").cloned().unwrap_or_else(|| json!({})),
            variables: case["variables"].as_object().cloned().unwrap_or_default(),
        }
    }

    fn scope(&self) -> Scope<'_> {
        Scope {
            input: &self.input,
            context: &self.context,
            variables: &self.variables,
            result: None,
            error_output: None,
            seed: 7,
            now_ms: 1_700_000_000_000,
        }
    }
}

/// Compares an evaluation with `output`, or with `error` and `cause`.
fn compare(name: &str, case: &Value, answer: &Result<Value, ExprError>, wrong: &mut Vec<String>) {
    let told = match answer {
        Ok(output) if case.get("output") == Some(output) => return,
        Err(error) => {
            let error_fits = case.get("error").is_none_or(|wanted| *wanted == error.error.as_str());
            if error_fits && case["cause"] == error.cause.as_str() {
                return;
            }
            format!("{error:?}")
        }
        Ok(output) => output.to_string(),
    };
    wrong.push(format!("{name}\n    gave {told}"));
}

fn assert_none(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} cases differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn paths() {
    let mut wrong = Vec::new();
    for (name, case) in cases("path") {
        let path = Path::parse(case["path"].as_str().unwrap());
        if case["invalid"] == true {
            if path.is_ok() {
                wrong.push(name);
            }
            continue;
        }
        let around = Surroundings::of(&case);
        let answer = path.and_then(|path| path.query(&around.scope())).map_err(|error| {
            let cause =
                error.cause.split_once(" : ").map(|(_, cause)| cause.to_owned()).unwrap_or(error.cause);
            ExprError { cause, ..error }
        });
        compare(&name, &case, &answer, &mut wrong);
    }
    assert_none(&wrong);
}

#[test]
fn result_paths() {
    let mut wrong = Vec::new();
    for (name, case) in cases("put") {
        let path = ReferencePath::parse(case["path"].as_str().unwrap());
        if case["invalid"] == true {
            if path.is_ok() {
                wrong.push(name);
            }
            continue;
        }
        let mut into = case["input"].clone();
        let answer = path.and_then(|path| path.put(&mut into, case["value"].clone())).map(|()| into);
        compare(&name, &case, &answer, &mut wrong);
    }
    assert_none(&wrong);
}

#[test]
fn payload_templates() {
    let mut wrong = Vec::new();
    for (name, case) in cases("template") {
        let around = Surroundings::of(&case);
        let answer =
            PayloadTemplate::parse(&case["template"]).and_then(|template| template.render(&around.scope()));
        compare(&name, &case, &answer, &mut wrong);
    }
    assert_none(&wrong);
}

#[test]
fn jsonata_templates() {
    let mut wrong = Vec::new();
    for (name, case) in cases("jsonata") {
        if let Some(mistakes) = case.get("mistakes") {
            let place = if case["place"] == "catcher" { FieldPlace::Catcher } else { FieldPlace::State };
            let found: Value = Template::check("Output", &case["value"], place)
                .iter()
                .map(|mistake| json!([mistake.code, mistake.message, mistake.location]))
                .collect();
            if found != *mistakes {
                wrong.push(format!("{name}\n    gave {found}"));
            }
            continue;
        }
        let around = Surroundings::of(&case);
        let limits = Limits { steps_max: case["steps"].as_u64().unwrap_or(LIMITS.steps_max), ..LIMITS };
        let kind = (case["kind"] == "array").then_some(Kind::Array);
        let answer = Template::parse("Output", &case["value"]).and_then(|template| match kind {
            Some(kind) => template.evaluate_as(kind, &around.scope(), limits),
            None => template.evaluate(&around.scope(), limits),
        });
        compare(&name, &case, &answer, &mut wrong);
    }
    assert_none(&wrong);
}

#[test]
fn choice_rules() {
    let mut wrong = Vec::new();
    for (name, case) in cases("choice") {
        let rule = Rule::parse(case["rule"].as_object().unwrap());
        if case["invalid"] == true {
            if rule.is_ok() {
                wrong.push(name);
            }
            continue;
        }
        let around = Surroundings::of(&case);
        let rule = rule.unwrap();
        let answer = rule.evaluate(&around.scope());
        let explained = rule.explain(&around.scope()).matched;
        if explained != answer.as_ref().ok().copied() {
            wrong.push(format!("{name}\n    is explained as {explained:?}"));
        }
        let expected = case.get("matches").cloned();
        match answer {
            Ok(matches) if expected == Some(Value::Bool(matches)) => {}
            Ok(matches) => wrong.push(format!("{name}\n    gave {matches}")),
            Err(error) => compare(&name, &case, &Err(error), &mut wrong),
        }
    }
    assert_none(&wrong);
}

/// The words that a person reads when a Choice took the wrong way.
#[test]
fn explanations() {
    let around = Surroundings::of(&json!({"input": {"Status": "done", "n": "5", "list": []}}));
    let told =
        |rule: Value| Rule::parse(rule.as_object().unwrap()).unwrap().explain(&around.scope()).to_string();
    assert_eq!(
        told(json!({"Variable": "$.Status", "StringEquals": "Done"})),
        "no: $.Status StringEquals \"Done\"; saw \"done\"; the case differs; would hold with $.Status = \"Done\""
    );
    assert_eq!(
        told(json!({"And": [{"Variable": "$.n", "NumericEquals": 5}, {"Variable": "$.x", "IsNull": true}]})),
        "  no: $.n NumericEquals 5; saw \"5\"; it is a string; NumericEquals wants a number; would hold with $.n = 5"
    );
    assert_eq!(
        told(json!({"Variable": "$.status", "StringEquals": "done"})),
        "error: $.status StringEquals \"done\"; nothing there; `status` is missing; there is `Status`: the same key in another \
         case?; would hold with $.status = \"done\""
    );
}

/// A JSONata condition is explained by the values that its comparisons saw.
#[test]
fn explained_conditions() {
    let around = Surroundings::of(&json!({"input": {"cost": 12}}));
    let condition = Template::parse("Choices[0]/Condition", &json!("{% $states.input.cost < 10 %}")).unwrap();
    assert_eq!(
        condition.explain(&around.scope(), LIMITS),
        ["$states.input.cost < 10 gave false", "  no: $states.input.cost < 10 → false (12 < 10)"]
    );
}

/// The variables that DescribeStateMachine shows.
#[test]
fn variables() {
    let value = json!({"a": "{% $sum($x.n) + $count($distinct($y)) + ($z := 1; $z) + $states.input.a + $random() %}"});
    assert_eq!(Template::parse("Output", &value).unwrap().variables(), ["x", "y"]);
    let template =
        json!({"a.$": "$x.b", "b": [{"c.$": "States.Format('{}{}', $y, $.z)"}], "d.$": "$$.Execution.Id"});
    assert_eq!(PayloadTemplate::parse(&template).unwrap().variables(), ["x", "y"]);
    let rule =
        json!({"And": [{"Variable": "$b", "StringEqualsPath": "$a"}, {"Variable": "$.c", "IsNull": true}]});
    assert_eq!(Rule::parse(rule.as_object().unwrap()).unwrap().variables(), ["a", "b"]);
}
