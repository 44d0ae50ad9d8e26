//! `--to aws` against a scripted CloudFormation: cases are files, one command each.

mod double;

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::client::trunkline;
use crate::stack::double::Double;

const PIPELINE: &str = "version: 1\nname: crm\nqueues: [{ name: calls }]\n";
/// With a parameter: the id of a Genesys queue.
const WITH_PARAMETER: &str = "version: 1\nname: crm\ngenesys: { source: simulate, queues: [Support] }\nqueues: [{ name: calls }]\n\
    rules: [{ name: ended, queue: Support, targets: [{ queue: calls }] }]\n";

/// The cases of the folder, by name.
fn cases() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/stack");
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let all: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let file = path.file_stem().unwrap().to_string_lossy().into_owned();
        for case in all.as_array().unwrap() {
            cases.push((format!("{file}: {}", case["why"].as_str().unwrap()), case.clone()));
        }
    }
    assert!(cases.len() > 10, "the cases are gone");
    cases
}

/// A command of a case, with nothing of this machine's own AWS configuration.
fn prepared(folder: &Path, case: &Value, arguments: &[&str]) -> Command {
    std::fs::write(folder.join("trunkline.yaml"), case["file"].as_str().unwrap_or(PIPELINE)).unwrap();
    let mut command = trunkline(arguments);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
        command.env_remove(name);
    }
    command.args(["--to", "aws"]).current_dir(folder).env("HOME", folder);
    command.env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    for (name, value) in case["environment"].as_object().into_iter().flatten() {
        command.env(name, value.as_str().unwrap());
    }
    command.stdin(Stdio::null());
    command
}

/// Runs a command of a case.
fn run(folder: &Path, case: &Value, arguments: &[&str]) -> Output {
    prepared(folder, case, arguments).output().unwrap()
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().map(|text| text.as_str().unwrap()).collect()
}

/// Everything that a case says of a command, as complaints.
fn complaints(case: &Value) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let double = Double::start(case);
    let mut arguments = texts(&case["command"]);
    if case["endpoint"] != false {
        arguments.extend(["--endpoint", &double.url]);
    }
    let mut case = case.clone();
    if case["file"] == "with parameter" {
        case["file"] = json!(WITH_PARAMETER);
    }
    let output = run(folder.path(), &case, &arguments);
    let said =
        format!("{}{}", String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    let asked = double.asked();
    let mut wrong = Vec::new();
    if output.status.code().map(i64::from) != case["exit"].as_i64() {
        wrong.push(format!("exit status {:?}", output.status.code()));
    }
    for text in texts(&case["says"]).into_iter().filter(|text| !said.contains(*text)) {
        wrong.push(format!("does not say `{text}`"));
    }
    for text in texts(&case["neverSays"]).into_iter().filter(|text| said.contains(*text)) {
        wrong.push(format!("says `{text}`"));
    }
    let mut left = asked.iter();
    for wanted in texts(&case["asks"]) {
        if !left.any(|line| line.starts_with(wanted)) {
            wrong.push(format!("does not ask `{wanted}` in its place"));
        }
    }
    for wanted in texts(&case["neverAsks"]) {
        if asked.iter().any(|line| line.starts_with(wanted)) {
            wrong.push(format!("asks `{wanted}`"));
        }
    }
    if !case["left"].is_null() && double.left() != case["left"] {
        wrong.push(format!("leaves {}", double.left()));
    }
    if !wrong.is_empty() {
        wrong.push(format!("it said:\n{said}\nand asked:\n{}", asked.join("\n")));
    }
    wrong
}

#[test]
fn each_state_of_a_stack_has_its_next_step() {
    let cases = cases();
    // Most of a case is waiting between two looks.
    let threads: Vec<_> =
        cases.into_iter().map(|(name, case)| (name, std::thread::spawn(move || complaints(&case)))).collect();
    let wrong: Vec<String> = threads
        .into_iter()
        .filter_map(|(name, thread)| {
            let complaints = thread.join().unwrap();
            (!complaints.is_empty()).then(|| format!("{name}\n  {}", complaints.join("\n  ")))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Runs a command until it has asked `until`, and presses Ctrl-C.
fn interrupted(case: &Value, arguments: &[&str], until: &str) -> Interrupted {
    let folder = tempfile::tempdir().unwrap();
    let double = Double::start(case);
    let arguments = [arguments, &["--endpoint", &double.url]].concat();
    let mut command = prepared(folder.path(), case, &arguments);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    double.wait_for(until, 2);
    let pressed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(pressed.success());
    let output = child.wait_with_output().unwrap();
    Interrupted {
        status: output.status.code(),
        said: String::from_utf8(output.stderr).unwrap(),
        left: double.left(),
    }
}

struct Interrupted {
    status: Option<i32>,
    said: String,
    left: Value,
}

#[test]
fn ctrl_c_before_a_change_takes_everything_back_and_afterwards_says_what_goes_on() {
    // A change set that is never ready.
    let case = json!({"changeSet": {"Status": "CREATE_IN_PROGRESS"}});
    let planned = interrupted(&case, &["plan"], "DescribeChangeSet");
    assert_eq!(planned.status, Some(130), "{}", planned.said);
    assert_eq!(planned.left, json!({"stack": null, "changeSets": 0}), "{}", planned.said);
    // An operation that never ends.
    let steps: Vec<Value> = (0..1000).map(|_| json!({"status": "CREATE_IN_PROGRESS"})).collect();
    let case = json!({"operations": {"ExecuteChangeSet": steps}});
    let applied = interrupted(&case, &["apply", "--yes"], "DescribeStackEvents");
    assert_eq!(applied.status, Some(130), "{}", applied.said);
    assert!(applied.said.contains("CloudFormation goes on without this command"), "{}", applied.said);
    assert!(
        applied.left["stack"].as_str().is_some_and(|status| status.ends_with("IN_PROGRESS")),
        "{}",
        applied.left
    );
}

#[test]
fn a_kept_change_set_is_done_once_and_exactly() {
    let folder = tempfile::tempdir().unwrap();
    let case = json!({});
    let double = Double::start(&case);
    let planned = run(
        folder.path(),
        &case,
        &["plan", "--keep", "--json", "--detailed-exitcode", "--endpoint", &double.url],
    );
    assert_eq!(planned.status.code(), Some(2), "{planned:?}");
    let plan: Value = serde_json::from_slice(&planned.stdout).unwrap();
    assert_eq!((&plan["isNew"], &plan["changes"][0]["action"]), (&json!(true), &json!("add")));
    assert_eq!(double.left(), json!({"stack": "REVIEW_IN_PROGRESS", "changeSets": 1}));
    let id = plan["changeSet"].as_str().unwrap();
    let asked = double.asked().len();
    let applied = run(folder.path(), &case, &["apply", id, "--yes", "--json", "--endpoint", &double.url]);
    assert_eq!(applied.status.code(), Some(0), "{applied:?}");
    let done: Value = serde_json::from_slice(&applied.stdout).unwrap();
    assert_eq!((&done["isDone"], &done["status"]), (&json!(true), &json!("CREATE_COMPLETE")));
    assert!(!double.asked()[asked..].iter().any(|line| line.starts_with("CreateChangeSet")));
    let again = run(folder.path(), &case, &["apply", id, "--yes", "--endpoint", &double.url]);
    let said = String::from_utf8(again.stderr).unwrap();
    assert_eq!(again.status.code(), Some(2));
    assert!(said.contains("ChangeSetNotFound") && said.contains("plan --to aws --keep"), "{said}");
}

/// What `trunkline import --stack` says of a case, and its exit status.
fn imported(case: &Value) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let double = Double::start(case);
    let mut command =
        trunkline(&["import", "--stack", "crm", "--region", "us-east-1", "--endpoint", &double.url]);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
        command.env_remove(name);
    }
    let output = command.current_dir(folder.path()).env("HOME", folder.path()).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

#[test]
fn a_deployed_stack_is_imported_with_the_names_that_it_has_there() {
    let resource = |id: &str, physical: &str, kind: &str| json!({"LogicalResourceId": id, "PhysicalResourceId": physical, "ResourceType": kind, "ResourceStatus": "CREATE_COMPLETE"});
    let case = json!({
        "page": 1,
        "stack": {
            "StackStatus": "UPDATE_COMPLETE",
            "Parameters": [{"ParameterKey": "Stage", "ParameterValue": "prod"}, {"ParameterKey": "Token", "ParameterValue": "****"}],
        },
        "resources": [
            resource("Calls", "https://sqs.us-east-1.amazonaws.com/123456789012/crm-Calls-1ABC", "AWS::SQS::Queue"),
            resource("Named", "https://sqs.us-east-1.amazonaws.com/123456789012/prod-named", "AWS::SQS::Queue"),
        ],
        "template": {
            "Parameters": {"Stage": {"Type": "String", "Default": "dev"}, "Token": {"Type": "String", "NoEcho": true}},
            "Conditions": {"Never": {"Fn::Equals": ["a", "b"]}},
            "Resources": {
                "Calls": {"Type": "AWS::SQS::Queue"},
                "Named": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": "${Stage}-named"}}},
                "Absent": {"Type": "AWS::SQS::Queue", "Condition": "Never", "Properties": {"QueueName": "absent"}},
            },
        },
    });
    let (status, said) = imported(&case);
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("name: crm-Calls-1ABC") && said.contains("name: prod-named"), "{said}");
    assert!(!said.contains("name: absent"), "{said}");
}

#[test]
fn a_stack_that_cannot_be_imported_says_why() {
    let denied = json!({"faults": {"DescribeStacks": [{"status": 403, "code": "AccessDenied", "message": "User: x is not authorized"}]}});
    let unreadable = json!({"stack": {"StackStatus": "CREATE_COMPLETE"}, "template": "Resources: ["});
    let cases = [
        (json!({}), "there is no stack crm in us-east-1"),
        (
            json!({"stack": {"StackStatus": "REVIEW_IN_PROGRESS"}}),
            "has no resources yet (REVIEW_IN_PROGRESS)",
        ),
        (denied, "AccessDenied"),
        (unreadable, "crm: "),
    ];
    for (case, wanted) in cases {
        let (status, said) = imported(&case);
        assert_eq!(status, Some(2), "{said}");
        assert!(said.contains(wanted), "{said}");
    }
}
