//! `--to aws` against a scripted CloudFormation: cases are files, one command each.

mod double;

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::client::{Binary, trunkline};
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

const BOTH_SIDES: &str = "version: 1\nname: crm\ngenesys:\n  source: sqs\n  suffix: crm\n  org: http://ORG\n  clientId: somebody\n  clientSecret: \
                          '${env:GENESYS_CLIENT_SECRET}'\n  queues: []\nqueues: [{ name: ended }]\n\
                          rules: [{ name: ended, pattern: { source: [genesys.cloud] }, targets: [{ queue: ended }] }]\n";

/// A simulated org of the double's account.
fn org(folder: &Path) -> Binary {
    let file = folder.join("org.yaml");
    std::fs::write(&file, "version: 1\ngenesys: { source: simulate, agents: 5, queues: [Support] }\n")
        .unwrap();
    let data = folder.join("org");
    let words = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--genesys",
        file.to_str().unwrap(),
        "--data-dir",
        data.to_str().unwrap(),
    ];
    let mut command = trunkline(&words);
    command.env("AWS_ACCOUNT_ID", "123456789012").stderr(Stdio::null());
    Binary::start(command).unwrap_or_else(|mut child| panic!("it ended with {}", child.wait().unwrap()))
}

fn integrations(org: &Binary) -> Value {
    let mut command =
        trunkline(&["genesys", "status", "--json", "--org", &format!("http://{}", org.address)]);
    command.env("GENESYS_CLIENT_ID", "somebody").env("GENESYS_CLIENT_SECRET", "not-to-be-shown");
    let said: Value = serde_json::from_slice(&command.output().unwrap().stdout).unwrap();
    said["integrations"].clone()
}

/// The same without the state, which the org changes in its own time.
fn configurations(org: &Binary) -> Value {
    let mut all = integrations(org);
    for one in all.as_array_mut().unwrap() {
        one.as_object_mut().unwrap().remove("state");
    }
    all
}

#[test]
fn both_sides_come_to_be_in_one_order_and_go_backwards() {
    let folder = tempfile::tempdir().unwrap();
    let org = org(folder.path());
    let double = Double::start(&json!({}));
    let case = json!({
        "file": BOTH_SIDES.replace("ORG", &org.address), "environment": {"GENESYS_CLIENT_SECRET": "not-to-be-shown"},
    });
    let run = |words: &[&str]| {
        let output = run(
            folder.path(),
            &case,
            &[words, &["--region", "us-east-1", "--endpoint", &double.url]].concat(),
        );
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(!said.contains("not-to-be-shown"), "{said}");
        (output.status.code(), said)
    };
    let in_order = |said: &str, wanted: &[&str]| {
        let places: Vec<Option<usize>> = wanted.iter().map(|text| said.find(text)).collect();
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{wanted:?}: {places:?}\n{said}");
    };

    let (code, said) = run(&["plan"]);
    assert!(
        code == Some(0) && said.contains("+   the org's integration with EventBridge: account 123456789012"),
        "{said}"
    );
    assert_eq!(integrations(&org), json!([]), "a plan makes nothing");

    let (code, said) = run(&["apply", "--yes"]);
    assert_eq!(code, Some(0), "{said}");
    in_order(
        &said,
        &["integration is configured", ": PENDING", "stack crm is as the file says", "is ACTIVE"],
    );
    let made = integrations(&org);
    assert_eq!(
        (&made[0]["state"], &made[0]["awsAccountId"]),
        (&json!("ACTIVE"), &json!("123456789012")),
        "{made}"
    );
    let asked = double.asked();
    let at = |name: &str| asked.iter().rposition(|line| line.starts_with(name)).unwrap();
    assert!(at("DescribeEventSource") < at("ExecuteChangeSet"), "{asked:?}");

    let (code, said) = run(&["destroy", "--yes"]);
    assert_eq!(code, Some(0), "{said}");
    in_order(&said, &["is disabled", "stack crm is gone", "crm' is gone"]);
    assert_eq!(integrations(&org), json!([]));
}

/// CX as Code gives integrations other names.
#[test]
fn an_integration_of_somebody_elses_is_used_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let org = org(folder.path());
    let (_, token) = org
        .request(
            "POST /oauth/token",
            &[
                ("Authorization", "Basic c29tZWJvZHk6eA=="),
                ("Content-Type", "application/x-www-form-urlencoded"),
            ],
            "grant_type=client_credentials",
        )
        .unwrap();
    let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
    let api = |line: &str, body: &Value| {
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        let (status, answer) = org.request(line, &headers, &body.to_string()).unwrap();
        assert_eq!(status, 200, "{line}: {answer}");
        answer
    };
    let made = api(
        "POST /api/v2/integrations",
        &json!({"name": "EventBridge by Terraform", "integrationType": {"id": "amazon-eventbridge-source"}}),
    );
    let path = format!("/api/v2/integrations/{}/config/current", made["id"].as_str().unwrap());
    let config = api(&format!("GET {path}"), &Value::Null);
    let properties = json!({
        "awsAccountId": "123456789012", "awsAccountRegion": "us-east-1", "eventSourceSuffix": "crm",
        "eventFilter": ["v2.detail.events.conversation.{id}.acd.end"],
    });
    let body = json!({
        "name": config["name"], "version": config["version"], "properties": properties, "advanced": {}, "notes": "", "credentials": {},
    });
    api(&format!("PUT {path}"), &body);
    let before = configurations(&org);

    let double = Double::start(&json!({}));
    let case = json!({
        "file": BOTH_SIDES.replace("ORG", &org.address), "environment": {"GENESYS_CLIENT_SECRET": "not-to-be-shown"},
    });
    for (words, wanted) in [
        (["apply", "--yes"], "'EventBridge by Terraform' was not made here: it is left as it is"),
        (["destroy", "--yes"], "'EventBridge by Terraform' was not made here, and stays"),
    ] {
        let output = run(
            folder.path(),
            &case,
            &[&words[..], &["--region", "us-east-1", "--endpoint", &double.url]].concat(),
        );
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(output.status.success() && said.contains(wanted), "{said}");
        assert_eq!(configurations(&org), before, "it was changed by {words:?}");
    }
}

/// A pipeline with so many rules, each with a queue.
fn many(rules: usize) -> String {
    let mut file = "version: 1\nname: crm\nqueues: [{ name: calls }]\nrules:\n".to_owned();
    for number in 0..rules {
        file.push_str(&format!(
            "  - {{ name: rule-{number}, pattern: {{ source: [s{number}] }}, targets: [{{ arn: 'arn:aws:states:us-east-1:000000000000:stateMachine:m{number}' }}] }}\n"
        ));
    }
    file
}

#[test]
fn a_large_template_goes_by_a_bucket_and_one_with_too_many_resources_not_at_all() {
    let large = json!({"file": many(120)});
    let absent =
        json!({"PutObject": [{"code": "NoSuchBucket", "message": "The specified bucket does not exist"}]});
    let cases = [
        (large.clone(), &["plan"][..], Some(2), "name one of the region with --bucket"),
        (large.clone(), &["plan", "--bucket", "my-templates"], Some(0), "goes by the bucket my-templates"),
        (large, &["plan", "--bucket", "No!"], Some(2), "a bucket's name has 3 to 63"),
        (
            json!({"file": many(120), "faults": absent}),
            &["plan", "--bucket", "absent"],
            Some(2),
            "`aws s3 mb s3://absent --region us-east-1` makes it",
        ),
        (
            json!({"file": many(260)}),
            &["plan", "--bucket", "my-templates"],
            Some(2),
            "a stack has at most 500: split the file",
        ),
    ];
    for (case, words, status, wanted) in cases {
        let folder = tempfile::tempdir().unwrap();
        let double = Double::start(&case);
        let output = run(folder.path(), &case, &[words, &["--endpoint", &double.url]].concat());
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(output.status.code() == status && said.contains(wanted), "{words:?}: {said}");
        assert_eq!(double.left(), json!({"stack": null, "changeSets": 0}), "{words:?}");
    }
}
