//! Plans and applies against the model: what is wanted comes to be, and a second time changes nothing.

use std::future::Future;
use std::sync::PoisonError;

use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use provision::Id;
use provision::plan::{Action, Claim};
use provision::{Desired, Owner, Ownership, Pipeline, Plan, Report};
use serde_json::json;

use crate::model::Model;
use crate::{env, ids, place, shown};

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn pipeline(text: &str) -> Pipeline {
    provision::load(text, &env).map_err(|mistakes| shown(text, &mistakes)).unwrap()
}

fn wanted(text: &str) -> Desired {
    provision::desired(&pipeline(text), &place(), &ids).unwrap()
}

fn owner() -> Owner {
    Owner("default".to_owned())
}

fn planned_by(model: &Model, desired: &Desired, owner: &Owner) -> Plan {
    wait(async {
        let ownership = Ownership::ask(model, owner).await.unwrap();
        let actual = provision::survey(model, desired, &ownership.own).await.unwrap();
        provision::plan(desired, &actual, &ownership)
    })
}

fn planned(model: &Model, desired: &Desired) -> Plan {
    planned_by(model, desired, &owner())
}

fn applied(model: &Model, desired: &Desired) -> Report {
    let plan = planned(model, desired);
    wait(provision::apply(model, &plan, &owner()))
}

/// What the default pipeline owns.
fn owned(model: &Model) -> Vec<Id> {
    wait(Ownership::ask(model, &owner())).unwrap().own
}

#[test]
fn the_sample_is_made_in_order_and_only_once() {
    let model = Model::default();
    let desired = wanted(provision::sample());
    let plan = planned(&model, &desired);
    assert_eq!(
        plan.to_string(),
        "+ queue support-conversations-dlq (does not exist)\n+ queue support-conversations (does not exist)\n\
         + role trunkline-default-functions (does not exist)\n+ function support-summary (does not exist)\n\
         + permission rule-support-conversation-ended of function support-summary (does not exist)\n\
         + rule support-conversation-ended (does not exist)\n\
         + target support-conversations of rule support-conversation-ended (does not exist)\n\
         + target support-summary of rule support-conversation-ended (does not exist)\n\
         8 to create, 0 to change, 0 to delete, 0 unchanged"
    );
    let report = applied(&model, &desired);
    assert_eq!(report.failed, None);
    assert_eq!(
        *model.changes.lock().unwrap(),
        [
            "CreateQueue",
            "CreateQueue",
            "CreateRole",
            "PutRolePolicy",
            "CreateFunction",
            "AddPermission",
            "PutRule",
            "PutTargets",
            "PutTargets"
        ]
        .map(str::to_owned)
    );
    assert!(planned(&model, &desired).is_empty());
    assert_eq!(applied(&model, &desired).done, []);
    assert_eq!(owned(&model).len(), 8);

    assert_eq!(applied(&model, &Desired::default()).failed, None);
    assert_eq!(owned(&model), []);
    assert_eq!(*model.state.lock().unwrap(), crate::model::State::default());
}

#[test]
fn the_place_is_asked_for() {
    assert_eq!(wait(provision::place(&Model::default())).unwrap(), place());
}

#[test]
fn a_difference_names_its_fields() {
    let model = Model::default();
    let before =
        "version: 1\nqueues: [{name: d}, {name: q, delay: 5, deadLetter: {queue: d, maxReceiveCount: 3}}]\n";
    applied(&model, &wanted(before));
    let after = wanted("version: 1\nqueues: [{name: d}, {name: q, visibilityTimeout: 1m}]\n");
    let plan = planned(&model, &after);
    assert_eq!(
        plan.to_string(),
        "~ queue q (differs from the file)\n    DelaySeconds: 5 -> 0\n    RedrivePolicy: \
         {\"deadLetterTargetArn\":\"arn:aws:sqs:us-east-1:000000000000:d\",\"maxReceiveCount\":3} -> (not set)\n    \
         VisibilityTimeout: 30 -> 60\n0 to create, 1 to change, 0 to delete, 1 unchanged"
    );
    applied(&model, &after);
    assert!(planned(&model, &after).is_empty());
}

#[test]
fn a_limit_of_a_target_is_a_tag_of_its_rule() {
    let model = Model::default();
    let limited = |limits: &str| {
        let lambda = "arn:aws:lambda:us-east-1:000000000000:function:f";
        wanted(&format!(
            "version: 1\nrules: [{{name: r, pattern: {{source: [a]}}, targets: [{{id: t, lambda: '{lambda}'{limits}}}]}}]\n"
        ))
    };
    applied(&model, &limited(", concurrency: 10"));
    let plan = planned(&model, &limited(", concurrency: 4, timeoutMs: 800"));
    assert_eq!(
        plan.to_string(),
        "~ rule r (differs from the file)\n    Tags.trunkline:concurrency:t: 10 -> 4\n    \
         Tags.trunkline:timeout-ms:t: (not set) -> 800\n\
         0 to create, 1 to change, 0 to delete, 1 unchanged"
    );
    applied(&model, &limited(", concurrency: 4, timeoutMs: 800"));
    assert!(planned(&model, &limited(", concurrency: 4, timeoutMs: 800")).is_empty());
    applied(&model, &limited(""));
    assert!(planned(&model, &limited("")).is_empty());
    let changes = model.changes.lock().unwrap();
    assert_eq!(
        *changes,
        ["PutRule", "PutTargets", "PutRule", "TagResource", "PutRule", "UntagResource"].map(str::to_owned)
    );
}

/// A connection, an API destination and a rule that calls it.
fn calling(connection: &str, destination: &str) -> Desired {
    wanted(&format!(
        "version: 1
connections: [{{name: crm, {connection}}}]
apiDestinations: [{{name: calls, connection: crm, endpoint: 'https://api.example.com/*', method: POST{destination}}}]
rules:
  - name: r
    pattern: {{source: [a]}}
    targets: [{{apiDestination: calls, http: {{path: [$.detail.id], headers: {{x-queue: '${{queue:Support}}'}}}}}}]
"
    ))
}

#[test]
fn what_a_target_calls_is_made_before_it_and_its_secrets_are_never_shown() {
    let model = Model::default();
    let basic = "basic: {username: u, password: '${env:STAGE}'}, headers: {x-a: b, x-key: '${env:STAGE}'}";
    let first = calling(basic, "");
    let plan = planned(&model, &first);
    assert_eq!(
        plan.to_string(),
        "+ role trunkline-default-rules (does not exist)\n+ connection crm (does not exist)\n\
         + API destination calls (does not exist)\n+ rule r (does not exist)\n\
         + target calls of rule r (does not exist)\n\
         5 to create, 0 to change, 0 to delete, 0 unchanged"
    );
    assert!(!format!("{plan:?}{first:?}").contains("prod"), "{plan:?}");
    applied(&model, &first);
    let sent = model.state.lock().unwrap().outside[&("Connection", "crm".to_owned())].clone();
    assert_eq!(
        sent["AuthParameters"],
        json!({
            "BasicAuthParameters": {"Username": "u", "Password": "prod"},
            "InvocationHttpParameters": {"HeaderParameters": [
                {"Key": "x-a", "Value": "b", "IsValueSecret": false},
                {"Key": "x-key", "Value": "prod", "IsValueSecret": true},
            ]},
        })
    );
    let target = model.state.lock().unwrap().targets.values().next().unwrap().clone();
    assert_eq!(target["Arn"], "arn:aws:events:us-east-1:000000000000:ApiDestination/calls/1");
    let http =
        json!({"PathParameterValues": ["$.detail.id"], "HeaderParameters": {"x-queue": "id-of-support"}});
    assert_eq!(target["HttpParameters"], http);
    assert!(planned(&model, &first).is_empty());

    // Another secret, and nothing else.
    let other = calling(&basic.replace("password: '${env:STAGE}'", "password: '${env:STAGE}2'"), "");
    let plan = planned(&model, &other);
    let told =
        "~ connection crm (differs from the file)\n    Secrets: other or none -> as in the pipeline file\n";
    assert!(plan.to_string().starts_with(told), "{plan}");
    applied(&model, &other);
    assert!(planned(&model, &other).is_empty());

    let oauth = "description: d, oauth: {endpoint: 'https://login.example.com', clientId: c, clientSecret: '${env:STAGE}'}";
    for desired in [calling(oauth, ", rateLimitPerSecond: 5, description: d"), first] {
        applied(&model, &desired);
        let plan = planned(&model, &desired);
        assert!(plan.is_empty(), "{plan}");
    }
    assert_eq!(applied(&model, &Desired::default()).failed, None);
    assert_eq!(owned(&model), []);
    assert_eq!(*model.state.lock().unwrap(), crate::model::State::default());
}

/// What an older version made and did not remember is taken over by the first apply; what somebody makes by hand afterwards
/// under a name of the file is adopted only where the plan is agreed to; what the file never named is never touched.
#[test]
fn only_what_is_owned_is_deleted_and_what_is_adopted_is_said() {
    let model = Model::default();
    for name in ["old", "theirs", "other"] {
        model.make_queue(name);
    }
    let both = wanted("version: 1\nqueues: [{name: old}, {name: new}]\n");
    let plan = planned(&model, &both);
    assert_eq!(plan.steps[0].claim, Claim::Takeover);
    assert_eq!(plan.adoptions().count(), 0);
    applied(&model, &both);
    assert_eq!(owned(&model).len(), 2);

    let three = wanted("version: 1\nqueues: [{name: old}, {name: new}, {name: theirs}]\n");
    let plan = planned(&model, &three);
    assert_eq!(
        plan.to_string(),
        "* queue theirs (was not created by this pipeline; adopt)\n0 to create, 0 to change, 0 to delete, 3 unchanged"
    );
    assert_eq!(plan.adoptions().map(ToString::to_string).collect::<Vec<_>>(), ["queue theirs"]);
    applied(&model, &three);
    assert!(planned(&model, &three).is_empty());
    applied(&model, &Desired::default());
    let left: Vec<String> = model.state.lock().unwrap().queues.keys().cloned().collect();
    assert_eq!(left, ["other"]);
}

/// The rule that was renamed stayed alive beside the new one, and every event was delivered twice.
#[test]
fn a_renamed_rule_is_replaced() {
    let model = Model::default();
    let named = |name: &str| {
        wanted(&format!(
            "version: 1\nqueues: [{{name: q}}]\nrules: [{{name: {name}, pattern: {{source: [a]}}, targets: [{{queue: q}}]}}]\n"
        ))
    };
    applied(&model, &named("before"));
    let plan = planned(&model, &named("after"));
    assert_eq!(
        plan.to_string(),
        "~ queue q (differs from the file)\n    Policy.Statement[0].Condition.ArnEquals.aws:SourceArn[0]: \
         arn:aws:events:us-east-1:000000000000:rule/before -> arn:aws:events:us-east-1:000000000000:rule/after\n\
         + rule after (does not exist)\n+ target q of rule after (does not exist)\n\
         - target q of rule before (is no longer in the file)\n- rule before (is no longer in the file)\n\
         2 to create, 1 to change, 2 to delete, 0 unchanged"
    );
    applied(&model, &named("after"));
    let rules: Vec<String> = model.state.lock().unwrap().rules.keys().map(|(_, name)| name.clone()).collect();
    assert_eq!(rules, ["after"]);
}

#[test]
fn what_another_pipeline_owns_is_a_conflict() {
    let model = Model::default();
    let desired = wanted("version: 1\nqueues: [{name: q}]\n");
    applied(&model, &desired);
    let plan = planned_by(&model, &desired, &Owner("second".to_owned()));
    assert_eq!(plan.conflicts.len(), 1);
    assert_eq!(plan.conflicts[0].owner, owner());
    let report = wait(provision::apply(&model, &plan, &Owner("second".to_owned())));
    assert_eq!(report.failed.unwrap().error.code, "ConflictException");
    assert_eq!(owned(&model).len(), 1);
}

/// What is remembered and was deleted by hand is made again, or forgotten.
#[test]
fn what_vanished_is_made_again_or_forgotten() {
    let model = Model::default();
    let desired = wanted("version: 1\nqueues: [{name: q}]\n");
    applied(&model, &desired);
    model.state.lock().unwrap().queues.clear();
    assert_eq!(planned(&model, &desired).counts().create, 1);
    let nothing = Desired::default();
    assert!(planned(&model, &nothing).is_empty());
    applied(&model, &nothing);
    assert_eq!(owned(&model), []);
}

#[test]
fn a_half_made_rule_is_reported() {
    let model = Model::default();
    *model.broken.lock().unwrap() = Some("PutTargets");
    let desired = wanted(provision::sample());
    let report = applied(&model, &desired);
    let failure = report.failed.unwrap();
    assert_eq!(
        failure.to_string(),
        "target support-conversations of rule support-conversation-ended: InternalFailure: broken\n\
         the rule support-conversation-ended was created and matches events, but these of its targets are missing or out \
         of date: support-conversations, support-summary\n1 more steps were not tried; apply again when this is fixed"
    );
    assert_eq!((report.done.len(), failure.untried.len()), (6, 1));
    // The target was remembered before it was tried.
    assert_eq!(owned(&model).len(), 7);
    *model.broken.lock().unwrap() = None;
    assert_eq!(applied(&model, &desired).failed, None);
    assert!(planned(&model, &desired).is_empty());
}

/// A pipeline made from numbers: some queues with dead-letter queues, some rules with some targets.
/// What a layer and its function want whose folder has this in it.
fn layered(folder: &std::path::Path, greeting: &str) -> Desired {
    std::fs::create_dir_all(folder.join("shared/python")).unwrap();
    std::fs::write(folder.join("shared/python/shared.py"), greeting).unwrap();
    let text = "version: 1
layers: [{name: shared, code: ./shared}]
functions:
  - name: f
    runtime: python3.13
    layers: [shared, 'arn:aws:lambda:us-east-1:000000000000:layer:other:3']
    inline: 'def handler(event, context): pass'
";
    let pipeline = crate::load_in(folder, text, &|_| None).unwrap();
    provision::desired(&pipeline, &place(), &|_| None).unwrap()
}

#[test]
fn a_changed_folder_is_a_new_version_which_the_function_gets() {
    let (model, folder) = (Model::default(), tempfile::tempdir().unwrap());
    let first = layered(folder.path(), "GREETING = 1");
    assert_eq!(applied(&model, &first).failed, None);
    assert!(planned(&model, &first).is_empty(), "{}", planned(&model, &first));
    let layers = || {
        let state = model.state.lock().unwrap();
        state.others[&("function", "f".to_owned())]["Layers"].clone()
    };
    let arn = |version: u32| format!("arn:aws:lambda:us-east-1:000000000000:layer:shared:{version}");
    let other = "arn:aws:lambda:us-east-1:000000000000:layer:other:3";
    assert_eq!(layers(), serde_json::json!([arn(1), other]));
    let second = layered(folder.path(), "GREETING = 2");
    let plan = planned(&model, &second).to_string();
    assert!(plan.contains("~ layer shared") && plan.contains("~ function f"), "{plan}");
    assert_eq!(applied(&model, &second).failed, None);
    assert_eq!(layers(), serde_json::json!([arn(2), other]));
    assert!(planned(&model, &second).is_empty());
    assert_eq!(applied(&model, &Desired::default()).failed, None);
    assert_eq!(*model.state.lock().unwrap(), crate::model::State::default(), "all versions are gone");
}

fn generated(queues: &[u8], rules: &[u8], bus: u8) -> String {
    let mut text = format!("version: 1\nbus: {}\n", if bus.is_multiple_of(2) { "default" } else { "own" });
    text.push_str("genesys: {source: simulate, queues: [Support, Sales]}\nqueues:\n  - name: q0\n");
    for (index, byte) in queues.iter().enumerate() {
        let number = index + 1;
        text.push_str(&format!("  - name: q{number}\n    delay: {}\n", byte % 3));
        if byte % 2 == 1 {
            // Only towards smaller numbers: no circles.
            let to = usize::from(*byte) % number;
            text.push_str(&format!("    deadLetter: {{queue: q{to}, maxReceiveCount: {}}}\n", byte % 5 + 1));
        }
    }
    text.push_str("rules:\n");
    for (index, byte) in rules.iter().enumerate() {
        let name = byte % 8;
        text.push_str(&format!("  - name: r{name}-{index}\n    enabled: {}\n", byte % 2 == 0));
        match byte % 3 {
            0 => text.push_str("    queue: Sales\n"),
            1 => text.push_str(
                "    description: d\n    pattern: {source: [{prefix: a}], detail: {n: [1, 2.5]}}\n",
            ),
            _ => text.push_str("    pattern: '{\"detail\": {\"q\": [\"${queue:Support}\"]}}'\n"),
        }
        text.push_str("    targets:\n");
        for target in 0..byte % 4 {
            let queue = usize::from(byte.wrapping_add(target)) % (queues.len() + 1);
            let extra = [
                "",
                "input: {a: 1}",
                "inputPath: $.detail",
                "inputTransformer: {template: '<a>', paths: {a: $.id}}",
            ];
            let extra = extra[usize::from(byte / 4 + target) % 4];
            let to = if (byte / 2).wrapping_add(target) % 3 == 0 {
                format!(
                    "lambda: arn:aws:lambda:us-east-1:000000000000:function:f{queue}\n        concurrency: {}",
                    byte % 9 + 1
                )
            } else {
                format!("queue: q{queue}")
            };
            text.push_str(&format!(
                "      - {to}\n        retry: {{attempts: {target}, maxAge: 1h}}\n        deadLetter: q0\n"
            ));
            if !extra.is_empty() {
                text.push_str(&format!("        {extra}\n"));
            }
        }
        if byte % 4 == 0 {
            text.push_str("        []\n");
        }
    }
    if rules.is_empty() {
        text.push_str("  []\n");
    }
    text
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    /// From any pipeline to any other: applied twice the second plan is empty, deleting leaves nothing, and an apply that
    /// broke anywhere is completed by the next.
    #[test]
    fn applying_twice_changes_nothing(
        first in (proptest::collection::vec(any::<u8>(), 0..5), proptest::collection::vec(any::<u8>(), 0..5), any::<u8>()),
        second in (proptest::collection::vec(any::<u8>(), 0..5), proptest::collection::vec(any::<u8>(), 0..5), any::<u8>()),
        broken in proptest::sample::select(vec!["CreateQueue", "PutRule", "PutTargets", "RemoveTargets", "SetQueueAttributes", "TagResource", "UntagResource"]),
    ) {
        let model = Model::default();
        for (queues, rules, bus) in [&first, &second] {
            let desired = wanted(&generated(queues, rules, *bus));
            *model.broken.lock().unwrap_or_else(PoisonError::into_inner) = Some(broken);
            applied(&model, &desired);
            *model.broken.lock().unwrap_or_else(PoisonError::into_inner) = None;
            let report = applied(&model, &desired);
            prop_assert_eq!(&report.failed, &None);
            let again = planned(&model, &desired);
            prop_assert!(again.is_empty(), "{}", again);
            prop_assert!(again.steps.iter().all(|step| step.action == Action::Keep));
        }
        prop_assert_eq!(applied(&model, &Desired::default()).failed, None);
        prop_assert_eq!(owned(&model), Vec::new());
        prop_assert_eq!(&*model.state.lock().unwrap_or_else(PoisonError::into_inner), &crate::model::State::default());
    }
}
