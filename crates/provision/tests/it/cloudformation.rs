//! Templates: as they were before, complete, and with permissions that let in whom they mean and nobody else.

mod account;
mod terraform;

use std::path::{Path, PathBuf};

use aws::Arn;
use aws::policy::{Kind, Policy, Request, evaluate};
use provision::cloudformation::{Exported, export};
use serde_json::Value;

use crate::cloudformation::account::Account;
use crate::{env, expect_file, shown};

/// The pipeline files beside the templates that they give.
fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/cloudformation");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|end| end == "yaml")).collect();
    files.sort();
    assert!(files.len() >= 2, "the cases are gone");
    files
}

fn exported(path: &Path) -> Exported {
    let text = std::fs::read_to_string(path).unwrap();
    let pipeline = provision::load(&text, &env).map_err(|mistakes| shown(&text, &mistakes)).unwrap();
    export(&text, &pipeline).unwrap()
}

fn template(path: &Path) -> Value {
    serde_json::from_str(&exported(path).minified()).unwrap()
}

#[test]
fn templates_are_as_before() {
    for path in cases() {
        let made = exported(&path);
        let notes: String = made.notes.iter().map(|note| format!("{note}\n")).collect();
        expect_file(&path.with_extension("template"), &made.pretty());
        expect_file(&path.with_extension("sam.template"), &made.clone().into_sam().pretty());
        expect_file(&path.with_extension("tf.json"), &made.terraform());
        expect_file(&path.with_extension("notes.txt"), &notes);
        assert!(
            !made.pretty().contains("prod"),
            "{}: the environment's values stay out of the template",
            path.display()
        );
    }
}

/// Every call that a template's rules make, as AWS would judge it.
#[test]
fn each_pairing_may_call_and_its_neighbour_may_not() {
    for path in cases() {
        let template = template(&path);
        let account = Account { template: &template };
        let mut judged = 0;
        for (_, rule) in account.of_type("AWS::Events::Rule") {
            let rule_arn = account.rule_arn(rule);
            let neighbour: Arn = format!("{rule_arn}-2").parse().unwrap();
            let stranger = Arn { account: "999999999999".to_owned(), ..rule_arn.clone() };
            for target in rule["Properties"]["Targets"].as_array().unwrap() {
                let dead: Arn = account.text(&target["DeadLetterConfig"]["Arn"]).parse().unwrap();
                let called: Arn = account.text(&target["Arn"]).parse().unwrap();
                for source in [&rule_arn, &neighbour, &stranger] {
                    let wanted = *source == rule_arn;
                    assert_eq!(account.lets_in_to_queue(&dead, source), wanted, "{source} to {dead}");
                    match account.may_deliver(&called, target, source) {
                        Some(allowed) => assert_eq!(allowed, wanted, "{source} to {called}"),
                        None => assert!(is_told_or_group(&account, &called), "{called}"),
                    }
                    judged += 1;
                }
            }
        }
        assert!(judged > 0);
    }
}

/// A queue of somebody else's, which the notes tell; or a log group, whose policy lets every rule in, as in AWS's own example, and
/// to no other group.
fn is_told_or_group(account: &Account<'_>, called: &Arn) -> bool {
    let other: Arn = format!("{called}-2").parse().unwrap();
    match called.service.as_str() {
        "logs" => account.has_log_policy(called) && !account.has_log_policy(&other),
        _ => called.to_string() == "arn:aws:sqs:eu-west-1:210987654321:theirs",
    }
}

/// What is deployed is never live before what lets it deliver, and what holds data stays.
#[test]
fn nothing_can_be_lost_in_silence() {
    for path in cases() {
        let template = template(&path);
        let account = Account { template: &template };
        let resources = template["Resources"].as_object().unwrap();
        let mut queues_of_policies: Vec<&str> = Vec::new();
        for (_, policy) in account.of_type("AWS::SQS::QueuePolicy") {
            queues_of_policies.extend(
                policy["Properties"]["Queues"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|one| one["Ref"].as_str().unwrap()),
            );
        }
        let all = queues_of_policies.len();
        queues_of_policies.sort_unstable();
        queues_of_policies.dedup();
        assert_eq!(queues_of_policies.len(), all, "a second policy would overwrite the first");
        for (id, rule) in account.of_type("AWS::Events::Rule") {
            let depends: Vec<&str> =
                rule["DependsOn"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
            for target in rule["Properties"]["Targets"].as_array().unwrap() {
                let dead = target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0]
                    .as_str()
                    .expect("every target has a dead-letter queue");
                assert!(depends.contains(&format!("{dead}Policy").as_str()), "{id}: {dead}");
                assert_eq!(resources[dead]["DeletionPolicy"], "Retain", "{dead}");
                assert_eq!(resources[dead]["UpdateReplacePolicy"], "Retain", "{dead}");
            }
            let text = serde_json::to_string(&template).unwrap();
            assert!(
                !text.contains(&format!("{{\"Fn::GetAtt\":[\"{id}\"")),
                "{id} is named by its ARN as text alone"
            );
            for (other, resource) in resources {
                let is_grant = resource["Type"].as_str().unwrap().ends_with("Permission");
                let names = resource["Properties"]["SourceArn"]
                    .to_string()
                    .contains(&format!("/{}\"", rule["Properties"]["Name"].as_str().unwrap()));
                assert!(
                    !(is_grant && names) || depends.contains(&other.as_str()),
                    "{id} is live before {other}"
                );
            }
        }
    }
}

#[test]
fn roles_may_do_what_is_named_and_nothing_else() {
    let path = cases().into_iter().find(|path| path.ends_with("all.yaml")).unwrap();
    let template = template(&path);
    let account = Account { template: &template };
    let mut roles = 0;
    for (id, role) in account.of_type("AWS::IAM::Role") {
        let document = account.document(&role["Properties"]["Policies"][0]["PolicyDocument"]);
        assert!(!document.contains("\"*\""), "{id}: {document}");
        let policy = Policy::parse(&document, Kind::Identity).unwrap();
        let statements: Value = serde_json::from_str(&document).unwrap();
        let me = Arn::new("iam", "", account::ACCOUNT, format!("assumed-role/{id}/x"));
        let may = |action: &str, resource: &Arn| {
            evaluate(&[&policy], &Request::by(me.clone(), (action, resource))).is_allowed()
        };
        for statement in statements["Statement"].as_array().unwrap() {
            let action = statement["Action"].as_str().or(statement["Action"][0].as_str()).unwrap();
            let resources = statement["Resource"].as_array().cloned();
            for resource in resources.unwrap_or_else(|| vec![statement["Resource"].clone()]) {
                let resource: Arn = resource.as_str().unwrap().parse().unwrap();
                let neighbour: Arn =
                    format!("{}-2", resource.to_string().trim_end_matches(":*").trim_end_matches("/*"))
                        .parse()
                        .unwrap();
                assert!(may(action, &resource) && !may(action, &neighbour), "{id}: {action} on {resource}");
                for other in
                    ["events:PutRule", "sqs:DeleteQueue", "dynamodb:DeleteTable", "lambda:DeleteFunction"]
                {
                    assert!(!may(other, &resource), "{id}: {other} on {resource}");
                }
            }
        }
        roles += 1;
    }
    assert_eq!(
        roles, 8,
        "a role for each target that is called with one, each function and state machine, and for workers"
    );
}
