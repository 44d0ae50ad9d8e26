//! The scripts of tests/data/operations: an operation a step, and what of its answer is expected.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::house::House;

/// Whether an answer has all that is expected: objects may have more members, all else is the same.
fn has(answer: &Value, wanted: &Value) -> bool {
    match (answer, wanted) {
        (Value::Object(answer), Value::Object(wanted)) => {
            wanted.iter().all(|(member, wanted)| match wanted {
                Value::Null => !answer.contains_key(member),
                wanted => answer.get(member).is_some_and(|answer| has(answer, wanted)),
            })
        }
        (Value::Array(answer), Value::Array(wanted)) => {
            answer.len() == wanted.len()
                && answer.iter().zip(wanted).all(|(answer, wanted)| has(answer, wanted))
        }
        (answer, wanted) => answer == wanted,
    }
}

/// A step with what earlier answers have given: `keep` names a member of an answer, `$NAME` stands for it after that.
fn with_kept(step: &Value, kept: &[(String, String)]) -> Value {
    let text = kept.iter().fold(step.to_string(), |text, (name, value)| text.replace(name, value));
    serde_json::from_str(&text).unwrap()
}

#[test]
fn operations_answer_as_awss() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/operations");
    let mut wrong = Vec::new();
    let mut scripts = 0;
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let script: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let mut house = House::new();
        let mut kept = Vec::new();
        for (number, step) in script["steps"].as_array().unwrap().iter().enumerate() {
            let step = &with_kept(step, &kept);
            let answer = match house.ask(step["ask"].as_str().unwrap(), &step["with"]) {
                Ok(answer) => json!({"answer": answer}),
                Err(error) => json!({"error": error.code, "status": error.status, "words": error.message}),
            };
            for (name, member) in step["keep"].as_object().into_iter().flatten() {
                let member = member.as_str().unwrap();
                kept.push((format!("${name}"), answer["answer"][member].as_str().unwrap().to_owned()));
            }
            if !has(&answer, &step["expect"]) {
                wrong.push(format!("{} step {}: {answer:#}", path.display(), number + 1));
            }
        }
        scripts += 1;
    }
    assert!(scripts > 3);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_route_is_an_operation_and_every_operation_has_a_route() {
    let aws::Wire::Rest(rest) = &lambda::ops::SERVICE.wires[0] else { panic!("Lambda speaks REST") };
    let mut routes: Vec<&str> = rest.routes.iter().map(|route| route.operation).collect();
    let mut operations: Vec<&str> = lambda::ops::OPERATIONS.iter().map(|row| row.name).collect();
    routes.sort_unstable();
    operations.sort_unstable();
    assert_eq!(routes, operations);
}

#[test]
fn a_weighted_alias_gives_each_version_its_part() {
    let mut house = House::new();
    let code = json!({"ZipFile": "UEsx"});
    let role = "arn:aws:iam::000000000000:role/r";
    house
        .ask("CreateFunction", &json!({"FunctionName": "f", "Runtime": "nodejs20.x", "Role": role, "Handler": "i.h", "Code": code, "Publish": true}))
        .unwrap();
    house
        .ask("UpdateFunctionCode", &json!({"FunctionName": "f", "ZipFile": "UEsy", "Publish": true}))
        .unwrap();
    let weights = json!({"AdditionalVersionWeights": {"2": 0.25}});
    house
        .ask(
            "CreateAlias",
            &json!({"FunctionName": "f", "Name": "live", "FunctionVersion": "1", "RoutingConfig": weights}),
        )
        .unwrap();
    let mut second = 0;
    for _ in 0..1000 {
        let called = house.ask("Invoke", &json!({"FunctionName": "f:live"})).unwrap();
        second += i32::from(called["version"] == "2");
        assert_eq!(called["invoked_arn"], "arn:aws:lambda:us-east-1:000000000000:function:f:live");
    }
    assert!((200..300).contains(&second), "{second}");
}
