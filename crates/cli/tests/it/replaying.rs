//! `trunkline replay` against a running server.

use serde_json::{Value, json};

use crate::client::{Binary, trunkline};

/// A command's exit status and everything it said.
fn said(binary: &Binary, arguments: &[&str]) -> (i32, String) {
    let endpoint = format!("http://{}", binary.address);
    let output = trunkline(&[arguments, &["--endpoint", &endpoint]].concat()).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

fn told(binary: &Binary, arguments: &[&str]) -> (i32, Value) {
    let (code, said) = said(binary, &[arguments, &["--json"]].concat());
    (code, serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}")))
}

/// How many messages can be received from a queue at once.
fn received(binary: &Binary, queue: &str) -> usize {
    let url = format!("http://any/000000000000/{queue}");
    let answer = binary.ok("AmazonSQS.ReceiveMessage", &json!({"QueueUrl": url, "MaxNumberOfMessages": 10}));
    answer["Messages"].as_array().map_or(0, Vec::len)
}

/// A server with the queues `a` and `b` behind the rule `large`, whose archive `all` has three orders, an hour apart, two of
/// them large.
fn served(folder: &std::path::Path) -> Binary {
    let binary = Binary::serve(folder);
    let arn = |kind: &str, name: &str| format!("arn:aws:{kind}:us-east-1:000000000000:{name}");
    for queue in ["a", "b"] {
        binary.ok("AmazonSQS.CreateQueue", &json!({"QueueName": queue}));
    }
    let pattern = json!({"detail": {"total": [{"numeric": [">", 100]}]}}).to_string();
    binary.ok("AWSEvents.PutRule", &json!({"Name": "large", "EventPattern": pattern}));
    let targets = ["a", "b"].map(|queue| json!({"Id": queue, "Arn": arn("sqs", queue)}));
    binary.ok("AWSEvents.PutTargets", &json!({"Rule": "large", "Targets": targets}));
    let archive = json!({"ArchiveName": "all", "EventSourceArn": arn("events", "event-bus/default")});
    binary.ok("AWSEvents.CreateArchive", &archive);
    for (hour, total) in [(0, 1), (1, 200), (2, 300)] {
        let detail = json!({"total": total}).to_string();
        let time = 1_700_000_000 + hour * 3_600;
        let entry = json!({"Source": "shop", "DetailType": "order", "Detail": detail, "Time": time});
        binary.ok("AWSEvents.PutEvents", &json!({"Entries": [entry]}));
    }
    assert_eq!((received(&binary, "a"), received(&binary, "b")), (2, 2));
    binary
}

#[test]
fn a_rehearsal_tells_and_a_replay_does() {
    let dir = tempfile::tempdir().unwrap();
    let binary = served(dir.path());
    for source in [&["--archive", "all"][..], &["--since", "1h"]] {
        let (code, told) = told(&binary, &[&["replay", "--dry-run"], source].concat());
        assert_eq!((code, &told["events"], &told["unmatched"]), (0, &json!(3), &json!(1)), "{told}");
        assert_eq!((&told["rules"][0]["rule"], &told["rules"][0]["events"]), (&json!("large"), &json!(2)));
        assert_eq!(told["rules"][0]["examples"].as_array().unwrap().len(), 2);
    }
    assert_eq!(received(&binary, "a"), 0, "a rehearsal sends nothing");

    let (code, all) = told(&binary, &["replay", "--archive", "all", "--speed", "1000000"]);
    assert_eq!((code, &all["state"], &all["replayed"]), (0, &json!("COMPLETED"), &json!(3)), "{all}");
    assert_eq!((received(&binary, "a"), received(&binary, "b")), (2, 2));
    let (code, said) = said(&binary, &["replay", "--since", "1h", "--rule", "large", "--target", "b"]);
    assert!(code == 0 && said.contains("completed: 2 events replayed, 1 skipped"), "{said}");
    assert_eq!((received(&binary, "a"), received(&binary, "b")), (0, 2));
}

#[test]
fn a_slow_replay_is_left_alone_and_cancelled_by_aws_s_operation() {
    let dir = tempfile::tempdir().unwrap();
    let binary = served(dir.path());
    // The first event comes at once; at this speed the second would come in forty days.
    let slow = ["replay", "--archive", "all", "--speed", "0.001", "--detach", "--name", "slow"];
    let (code, started) = told(&binary, &slow);
    assert_eq!((code, &started["replay"]), (0, &json!("slow")));
    let (code, again) = said(&binary, &slow);
    assert!(
        code == 2 && again.contains("ResourceAlreadyExistsException: Replay slow already exists."),
        "{again}"
    );
    binary.ok("AWSEvents.CancelReplay", &json!({"ReplayName": "slow"}));
}

#[test]
fn what_cannot_be_replayed_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let binary = served(dir.path());
    for (wrong, words) in [
        (&["--archive", "none"][..], "Archive none does not exist."),
        (&["--rule", "none"], "Rule none does not exist on EventBus default."),
        (&["--rule", "large", "--target", "c"], "Rule large has no target with the Id c."),
        (&["--target", "a"], "--rule <NAME>"),
        (&["--speed", "0"], "Speed is 0; it may be 0.001 to 1000000"),
        (&["--since", "yesterday"], "'yesterday' is not a time"),
        (&["--since", "10"], "'10' is not a time"),
        (&["--bus", "none"], "Event bus none does not exist."),
        (&["--name", "a b"], "'a b' is not a replay's name"),
        (&["--since", "1h", "--until", "2020-01-01T00:00:00Z"], "end must be after its start"),
    ] {
        let (code, said) = said(&binary, &[&["replay"], wrong].concat());
        assert!(code == 2 && said.contains(words), "{wrong:?}: {said}");
    }
}
