//! `trunkline check`: exit status, text and JSON; what each check finds is the business of `doctor`'s own cases.

use crate::client::trunkline;

const SILENT: &str = "version: 1\nrules:\n  - name: r\n    pattern: { source: [genesys.cloud], detail-type: [conversation.ended] }\n    targets: [{ id: t, queue: q }]\nqueues: [{ name: q }]\n";

#[test]
fn a_rule_that_nothing_can_match_is_a_mistake_and_ends_with_status_1() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("silent.yaml"), SILENT).unwrap();
    let run = |more: &[&str]| {
        let output = trunkline(&["check", "-f", "silent.yaml"])
            .args(more)
            .current_dir(folder.path())
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (status, said) = run(&[]);
    assert_eq!(status, Some(1));
    assert!(said.contains("silent.yaml:4:55: "), "{said}");
    assert!(said.contains("= the nearest is `conversation.end`"), "{said}");
    let (status, said) = run(&["--json"]);
    assert_eq!(status, Some(1));
    let answer: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(answer["file"], "silent.yaml");
    assert_eq!(answer["mistakes"][0]["line"], 4);
    assert_eq!(answer["mistakes"][0]["suggestion"], "the nearest is `conversation.end`");
}

#[test]
fn the_sample_has_no_mistakes() {
    let folder = tempfile::tempdir().unwrap();
    assert!(trunkline(&["init"]).current_dir(folder.path()).output().unwrap().status.success());
    let output = trunkline(&["check"]).current_dir(folder.path()).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "trunkline.yaml: no mistakes\n");
    assert!(output.status.success());
}

const DOUBTFUL: &str = "version: 1\nstateMachines:\n  - name: m\n    definition:\n      StartAt: Call\n      States:\n        Call: { Type: Task, Resource: 'arn:aws:states:::lambda:invoke', Parameters: { FunctionName: f }, End: true }\n";

#[test]
fn a_doubt_is_told_and_does_not_fail() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("doubtful.yaml"), DOUBTFUL).unwrap();
    let output =
        trunkline(&["check", "-f", "doubtful.yaml", "--json"]).current_dir(folder.path()).output().unwrap();
    assert!(output.status.success());
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["mistakes"], serde_json::json!([]));
    let said: Vec<&str> = answer["doubts"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|doubt| doubt["suggestion"].as_str())
        .collect();
    for name in ["task-without-timeout", "task-without-retry", "missing-permission"] {
        assert!(said.iter().any(|suggestion| suggestion.ends_with(&format!("({name})"))), "{name}: {said:?}");
    }
}
