//! `plan`, `apply` and `destroy` against a running server; `serve -f`; `dev --watch`.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::client::{Binary, trunkline};

/// A pipeline with one rule, of this name, from one source to one queue.
fn pipeline(rule: &str) -> String {
    format!(
        "version: 1\nqueues: [{{ name: orders }}]\nrules:\n  - name: {rule}\n    pattern: {{ source: [shop] }}\n    targets: [{{ queue: orders }}]\n"
    )
}

/// A command's exit status and everything it said.
fn said(mut command: Command) -> (Option<i32>, String) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

fn rules(binary: &Binary) -> Vec<String> {
    let answer = binary.ok("AWSEvents.ListRules", &json!({}));
    let rules = answer["Rules"].as_array().unwrap();
    rules.iter().map(|rule| rule["Name"].as_str().unwrap().to_owned()).collect()
}

fn received(binary: &Binary, queue: &str) -> usize {
    let url = format!("http://any/000000000000/{queue}");
    let answer = binary.ok("AmazonSQS.ReceiveMessage", &json!({"QueueUrl": url, "MaxNumberOfMessages": 10}));
    answer["Messages"].as_array().map_or(0, Vec::len)
}

/// A renamed rule stayed alive beside the new one, and every event was delivered twice.
#[test]
fn a_plan_is_shown_agreed_to_and_done_and_a_renamed_rule_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let binary = Binary::serve(&dir.path().join("data"));
    let endpoint = format!("http://{}", binary.address);
    let file = dir.path().join("trunkline.yaml");
    let write = |rule: &str| std::fs::write(&file, pipeline(rule)).unwrap();
    let run = |words: &[&str]| {
        let mut command = trunkline(words);
        command.args(["--endpoint", &endpoint]).current_dir(dir.path());
        said(command)
    };
    write("before");
    let (code, text) = run(&["plan", "--detailed-exitcode"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("+ rule before (does not exist)") && text.contains("3 to create"), "{text}");
    let (code, text) = run(&["apply"]);
    assert!(code == Some(2) && text.contains("confirm with --yes"), "{text}");
    let (code, text) = run(&["apply", "--yes"]);
    assert!(code == Some(0) && text.contains("done     rule before"), "{text}");
    assert_eq!(run(&["plan", "--detailed-exitcode"]).0, Some(0));

    write("after");
    let (code, text) = run(&["plan", "--json"]);
    let plan: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &plan["create"], &plan["delete"]), (Some(0), &json!(2), &json!(2)));
    assert_eq!(run(&["apply", "--yes"]).0, Some(0));
    assert_eq!(rules(&binary), ["after"]);
    let entry = json!({"Source": "shop", "DetailType": "order", "Detail": "{}"});
    binary.ok("AWSEvents.PutEvents", &json!({"Entries": [entry]}));
    assert_eq!(received(&binary, "orders"), 1);

    let (code, text) = run(&["destroy", "--yes"]);
    assert!(code == Some(0) && text.contains("done     queue orders"), "{text}");
    assert_eq!(rules(&binary), Vec::<String>::new());
    assert_eq!(binary.call("AmazonSQS.GetQueueUrl", &json!({"QueueName": "orders"})).unwrap().0, 400);
    std::fs::write(&file, "version: 1\nrules: 7\n").unwrap();
    assert_eq!(run(&["plan", "--detailed-exitcode"]).0, Some(1));
    assert_eq!(run(&["plan"]).0, Some(2));
}

/// What fails in the middle is told with what is done and what is not, and the next apply goes on.
#[test]
fn an_apply_that_fails_goes_on_when_it_is_run_again() {
    let dir = tempfile::tempdir().unwrap();
    let binary = Binary::serve(&dir.path().join("data"));
    let endpoint = format!("http://{}", binary.address);
    let file = dir.path().join("trunkline.yaml");
    let run = || {
        let mut command = trunkline(&["apply", "--yes", "--endpoint", &endpoint]);
        command.current_dir(dir.path());
        said(command)
    };
    std::fs::write(&file, pipeline("one")).unwrap();
    assert_eq!(run().0, Some(0));
    // Somebody gives the queue the name of a tag away: an attribute that the file cannot set as it is.
    let other = "version: 1\nname: second\nqueues: [{ name: orders }]\n";
    std::fs::write(&file, other).unwrap();
    let (code, text) = run();
    assert!(code == Some(2) && text.contains("queue orders belongs to the pipeline 'default'"), "{text}");
    // A bus that has gone in the meantime: the rule's creation fails, what was before it is done.
    let on_bus = "version: 1\nname: third\nqueues: [{ name: a }]\nbus: gone\nrules:\n  - name: r\n    pattern: { source: [s] }\n    targets: [{ queue: a }, { id: far, arn: 'arn:aws:states:us-east-1:000000000000:nothing' }]\n";
    std::fs::write(&file, on_bus).unwrap();
    let (code, text) = run();
    assert!(
        code == Some(1) && text.contains("done     queue a") && text.contains("failed   target far"),
        "{text}"
    );
    std::fs::write(
        &file,
        on_bus.replace(", { id: far, arn: 'arn:aws:states:us-east-1:000000000000:nothing' }", ""),
    )
    .unwrap();
    let (code, text) = run();
    assert!(code == Some(0) && text.contains("0 to create"), "{text}");
}

#[test]
fn serve_runs_a_pipeline_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("trunkline.yaml");
    std::fs::write(&file, pipeline("served")).unwrap();
    let serve = || {
        let mut command = trunkline(&["serve", "--listen", "127.0.0.1:0"]);
        command.arg("--data-dir").arg(dir.path().join("data")).arg("-f").arg(&file);
        Binary::start(command).unwrap_or_else(|mut child| panic!("it ended with {}", child.wait().unwrap()))
    };
    assert_eq!(rules(&serve()), ["served"]);
    std::fs::write(&file, pipeline("renamed")).unwrap();
    assert_eq!(rules(&serve()), ["renamed"]);
}

/// The lines of `dev --json`, until one is of this type.
fn next_of(lines: &mut impl Iterator<Item = std::io::Result<String>>, kind: &str) -> Value {
    loop {
        let line: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        if line["type"] == kind {
            return line;
        }
    }
}

#[test]
fn a_watched_file_is_applied_when_it_is_saved_and_a_broken_one_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("trunkline.yaml");
    std::fs::write(&file, pipeline("first")).unwrap();
    let mut command = trunkline(&["dev", "--watch", "--json", "--listen", "127.0.0.1:0"]);
    command.arg("--data-dir").arg(dir.path().join("data")).arg("-f").arg(&file).stdout(Stdio::piped());
    let mut child = Kill(command.spawn().unwrap());
    let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
    next_of(&mut lines, "started");
    let save = |text: &str| replace(&file, text);
    save(&pipeline("second"));
    let notice = next_of(&mut lines, "pipeline");
    assert_eq!(notice["applied"], true);
    assert!(notice["text"].as_str().unwrap().contains("- rule first"), "{notice}");
    save("version: 1\nrules: 7\n");
    let notice = next_of(&mut lines, "pipeline");
    assert!(notice["applied"] == false && notice["text"].as_str().unwrap().contains("2:8"), "{notice}");
    save(&pipeline("second"));
    assert_eq!(next_of(&mut lines, "pipeline")["text"], "nothing to change");
}

/// As editors save: the new file takes the place of the old.
fn replace(file: &Path, text: &str) {
    let new = file.with_extension("new");
    std::fs::write(&new, text).unwrap();
    std::fs::rename(&new, file).unwrap();
}

/// A child that does not outlive the test.
struct Kill(std::process::Child);

impl Drop for Kill {
    fn drop(&mut self) {
        // It may be dead already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
