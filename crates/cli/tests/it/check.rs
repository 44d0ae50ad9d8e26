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
    let said: Vec<&str> =
        answer["doubts"].as_array().unwrap().iter().filter_map(|doubt| doubt["rule"].as_str()).collect();
    for name in ["task-without-timeout", "task-without-retry", "permitted-tasks"] {
        assert!(said.contains(&name), "{name}: {said:?}");
    }
}

/// For a job of GitHub Actions and for code scanning: each finding with its rule, its file and its place in it.
#[test]
fn findings_are_annotations_and_results_of_a_scan() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "trunkline.yaml",
        "version: 1\ninclude: ['a part.yaml']\nqueues: [{ name: calls, visibilityTimeout: 30000 }]\n",
    );
    write("a part.yaml", "rules:\n  - { name: r, pattern: { source: [a] }, targets: [{ queue: cals }] }\n");
    let run = |format: &str| {
        let output = trunkline(&["check", "--format", format]).current_dir(folder.path()).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (status, said) = run("github");
    assert_eq!(status, Some(1));
    assert_eq!(
        said.lines().collect::<Vec<_>>(),
        [
            "::error file=a part.yaml,line=2,col=61,title=unknown-name::there is no queue `cals` in `queues`: did you mean `calls`?",
            "::warning file=trunkline.yaml,line=3,col=18,title=seconds::the visibility timeout of `calls` is 30000 seconds, which are 8 h 20 min: durations are in seconds: 30000 ms are `30s`",
        ]
    );
    let (status, said) = run("sarif");
    assert_eq!(status, Some(1));
    let report: serde_json::Value = serde_json::from_str(&said).unwrap();
    let run = &report["runs"][0];
    let found: Vec<_> = run["results"].as_array().unwrap().iter().map(|one| &one["ruleId"]).collect();
    assert_eq!(found, ["unknown-name", "seconds"]);
    let rules: Vec<_> =
        run["tool"]["driver"]["rules"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert!(found.iter().all(|id| rules.contains(id)), "{rules:?}");
    let place = &run["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a%20part.yaml");
    assert_eq!(place["region"], serde_json::json!({"startLine": 2, "startColumn": 61}));
}

/// Without a name, every command takes the file that is there; a profile is laid over it.
#[test]
fn a_profile_is_planned_from_the_file_that_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let text = "version: 1\nqueues: [{ name: calls }]\nprofiles:\n  prod: { queues: [{ name: calls, delay: nope }] }\n";
    std::fs::write(folder.path().join("trunkline.yaml"), text).unwrap();
    let said = |arguments: &[&str]| {
        let output = trunkline(arguments).current_dir(folder.path()).output().unwrap();
        (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
    };
    let (status, all) = said(&["check"]);
    assert!(status == Some(1) && all.contains("found `nope` (profile `prod`)"), "{all}");
    let (status, test) = said(&["test"]);
    assert!(status == Some(0) && test.contains("0 failed"), "{test}");
    let (_, dev) = said(&["dev", "--profile", "prod"]);
    assert!(dev.contains("trunkline.yaml with profile prod has a mistake"), "{dev}");
    let (_, dev) = said(&["dev", "--profile", "prd"]);
    assert!(dev.contains("did you mean `prod`?"), "{dev}");
}
