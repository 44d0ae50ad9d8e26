//! `trunkline import` as its user calls it; what each source gives is the business of `provision`'s own cases.

use crate::client::trunkline;

const TEMPLATE: &str = "Resources:\n  Calls:\n    Type: AWS::SQS::Queue\n    Properties: { QueueName: !Sub '${Stage}-calls' }\n  Alarm: { Type: AWS::CloudWatch::Alarm }\nParameters:\n  Stage: { Type: String }\n";

#[test]
fn a_template_becomes_a_file_that_passes_its_check() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("template.yaml"), TEMPLATE).unwrap();
    let run = |words: &[&str]| {
        let output = trunkline(words).current_dir(folder.path()).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let (status, _, told) =
        run(&["import", "template.yaml", "-o", "trunkline.yaml", "--parameter", "Stage=dev"]);
    assert_eq!(status, Some(0), "{told}");
    assert!(told.contains("left out: template.yaml:5: Alarm: Trunkline has no alarms"), "{told}");
    assert_eq!(run(&["check"]), (Some(0), "trunkline.yaml: no mistakes\n".to_owned(), String::new()));
    let (status, _, told) = run(&["import", "template.yaml", "-o", "trunkline.yaml"]);
    assert_eq!(status, Some(2));
    assert!(told.contains("trunkline.yaml is there already"), "{told}");
    let (status, said, _) = run(&["import", "template.yaml", "--json"]);
    assert_eq!(status, Some(0));
    let answer: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert!(answer["text"].as_str().unwrap().contains("${env:Stage}-calls"));
    assert_eq!(answer["report"][0]["kind"], "left-out");
}

#[test]
fn an_account_without_a_region_is_not_asked() {
    let output = trunkline(&["doctor", "--to", "aws"])
        .env_remove("AWS_REGION")
        .env_remove("AWS_DEFAULT_REGION")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("no region: give --region, or set AWS_REGION"), "{told}");
}
