//! A real org as the feed: the simulated org of one Trunkline is what another one listens to, through the same protocol.

#![expect(clippy::disallowed_methods, reason = "the test waits for other processes, and asks for today")]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::client::{Binary, trunkline};

const ORG: &str = "
version: 1
genesys:
  source: simulate
  agents: 20
  speed: 200
  queues: [Support]
";
const TROUBLE: &str = "  trouble: { expiredTokens: 0.1, socketClosing: 1s }\n";

/// Generous: a loaded machine is slow, and nothing here depends on how fast it is.
const PATIENCE: Duration = Duration::from_secs(120);

fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "{what} did not happen");
        sleep(Duration::from_millis(50));
    }
}

fn with_client(mut command: Command) -> Command {
    command.env("GENESYS_CLIENT_ID", "somebody").env("GENESYS_CLIENT_SECRET", "not-to-be-shown");
    command
}

/// A server with the feed of this pipeline.
fn serve(dir: &Path, name: &str, pipeline: &str) -> Binary {
    let file = dir.join(format!("{name}.yaml"));
    std::fs::write(&file, pipeline).unwrap();
    let data_dir = dir.join(name);
    let (file, data_dir) = (file.to_str().unwrap(), data_dir.to_str().unwrap());
    let command = trunkline(&["serve", "--genesys", file, "--data-dir", data_dir, "--listen", "127.0.0.1:0"]);
    Binary::start(with_client(command))
        .unwrap_or_else(|mut child| panic!("it ended with {}", child.wait().unwrap()))
}

/// What goes into the header `Authorization`.
fn bearer(org: &Binary) -> String {
    let form = [("Authorization", "Basic YTpi"), ("Content-Type", "application/x-www-form-urlencoded")];
    until("a token", || {
        let (_, token) = org.request("POST /oauth/token", &form, "grant_type=client_credentials").unwrap();
        Some(format!("Bearer {}", token["access_token"].as_str()?))
    })
}

/// A call of the org's API; again where it was asked for trouble.
fn api(org: &Binary, line: &str, body: &Value) -> Value {
    until(line, || {
        let bearer = bearer(org);
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        let (status, answer) = org.request(line, &headers, &body.to_string()).unwrap();
        (status == 200).then_some(answer)
    })
}

/// From a day ago to a day ahead, as the simulated clock runs ahead of ours.
fn interval() -> [String; 2] {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let day = Duration::from_secs(86_400);
    [now - day, now + day]
        .map(|at| aws::Timestamp::from_unix_ms(u64::try_from(at.as_millis()).unwrap()).to_iso_millis())
}

/// Conversations of the org that have ended.
fn ended(org: &Binary) -> BTreeSet<String> {
    let query = json!({
        "interval": interval().join("/"),
        "paging": {"pageSize": 100, "pageNumber": 1},
        "conversationFilters": [{"type": "and", "predicates": [
            {"type": "dimension", "dimension": "conversationEnd", "operator": "exists"},
        ]}],
    });
    let found = api(org, "POST /api/v2/analytics/conversations/details/query", &query);
    let conversations = found["conversations"].as_array().cloned().unwrap_or_default();
    conversations.iter().map(|one| one["conversationId"].as_str().unwrap().to_owned()).collect()
}

fn genesys(org: &Binary, arguments: &[&str]) -> (Option<i32>, String) {
    let address = format!("http://{}", org.address);
    let mut command = trunkline(&["genesys"]);
    command.args(arguments).args(["--org", &address]);
    let output = with_client(command).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said).unwrap();
    assert!(!said.contains("not-to-be-shown"), "{said}");
    (output.status.code(), said)
}

#[test]
fn what_happened_while_nobody_listened_is_made_up_for() {
    let dir = tempfile::tempdir().unwrap();
    let org = serve(dir.path(), "org", &format!("{ORG}{TROUBLE}"));
    let pipeline = format!(
        "
version: 1
genesys:
  source: notifications
  org: http://{}
  clientId: ${{env:GENESYS_CLIENT_ID}}
  clientSecret: ${{env:GENESYS_CLIENT_SECRET}}
  queues: [Support]
",
        org.address
    );
    let mut listener = serve(dir.path(), "listener", &pipeline);
    let ends = json!({"source": ["genesys.cloud"], "detail-type": ["conversation.end"]});
    to_queue(&listener, "default", "ended", &ends);
    until("an event", || {
        (listener.ok("Trunkline.GetCounts", &json!({}))["Events"]["Accepted"].as_u64()? > 0).then_some(())
    });
    listener.kill();

    let before = ended(&org);
    let missed: BTreeSet<String> = until("a conversation without a listener", || {
        let missed: BTreeSet<String> = ended(&org).difference(&before).cloned().collect();
        (missed.len() >= 3).then_some(missed)
    });
    let listener = serve(dir.path(), "listener", &pipeline);
    let mut waited_for = missed.clone();
    until("the end of each conversation that was missed", || {
        for event in received(&listener, "ended") {
            waited_for.remove(event["detail"]["conversationId"].as_str().unwrap());
        }
        waited_for.is_empty().then_some(())
    });

    let [from, to] = interval();
    let endpoint = format!("http://{}", listener.address);
    let arguments = ["reconcile", "--endpoint", &endpoint, "--from", &from, "--to", &to, "--json"];
    let said = until("a report", || Some(genesys(&org, &arguments)).filter(|(code, _)| *code != Some(2))).1;
    let report: Value = serde_json::from_str(&said).unwrap();
    assert!(report["conversations"].as_u64().unwrap() >= 3, "{said}");
    let lacking = report["missing"].as_array().unwrap().iter();
    let lacking: BTreeSet<String> =
        lacking.map(|one| one["conversationId"].as_str().unwrap().to_owned()).collect();
    assert!(lacking.is_disjoint(&missed), "{said}");
}

/// A queue that a rule of this bus fills.
fn to_queue(binary: &Binary, bus: &str, queue: &str, pattern: &Value) {
    binary.ok("AmazonSQS.CreateQueue", &json!({"QueueName": queue}));
    let rule = json!({"Name": queue, "EventBusName": bus, "EventPattern": pattern.to_string()});
    binary.ok("AWSEvents.PutRule", &rule);
    let target = json!({"Id": "queue", "Arn": format!("arn:aws:sqs:us-east-1:000000000000:{queue}")});
    binary.ok("AWSEvents.PutTargets", &json!({"Rule": queue, "EventBusName": bus, "Targets": [target]}));
}

/// The bodies of up to ten messages.
fn received(binary: &Binary, queue: &str) -> Vec<Value> {
    let receive = json!({"QueueUrl": format!("http://any/000000000000/{queue}"), "MaxNumberOfMessages": 10});
    let answer = binary.ok("AmazonSQS.ReceiveMessage", &receive);
    let messages = answer["Messages"].as_array().cloned().unwrap_or_default();
    messages.iter().map(|message| serde_json::from_str(message["Body"].as_str().unwrap()).unwrap()).collect()
}

#[test]
fn the_queue_of_a_partner_bus_is_read_and_emptied() {
    let dir = tempfile::tempdir().unwrap();
    let org = serve(dir.path(), "org", ORG);
    let buses = org.ok("AWSEvents.ListEventBuses", &json!({"NamePrefix": "aws.partner/"}));
    let bus = buses["EventBuses"][0]["Name"].as_str().unwrap().to_owned();
    to_queue(&org, &bus, "genesys-events", &json!({"source": [{"prefix": "aws.partner/genesys.com"}]}));
    let queue = |name: &str| format!("http://{}/000000000000/{name}", org.address);
    let pipeline = |name: &str| {
        format!("version: 1\ngenesys:\n  source: sqs\n  queueUrl: {}\n  queues: [Support]\n", queue(name))
    };
    let listener = serve(dir.path(), "listener", &pipeline("genesys-events"));
    to_queue(&listener, "default", "ended", &json!({"detail-type": ["conversation.end"]}));
    let end = until("the end of a conversation", || received(&listener, "ended").pop());
    assert_eq!(end["source"], "genesys.cloud");
    let buses = listener.ok("AWSEvents.ListEventBuses", &json!({"NamePrefix": "aws.partner/"}));
    assert_eq!(buses["EventBuses"][0]["Name"].as_str(), Some(bus.as_str()), "{buses}");

    // No more events: all that was in the queue is taken out of it, but for what is no event.
    org.ok(
        "AWSEvents.RemoveTargets",
        &json!({"Rule": "genesys-events", "EventBusName": bus, "Ids": ["queue"]}),
    );
    let url = queue("genesys-events");
    org.ok("AmazonSQS.SendMessage", &json!({"QueueUrl": url, "MessageBody": "no event"}));
    let strange = json!({"source": "my.app", "detail-type": "v2.users.{id}.presence", "detail": {
        "topicName": "v2.users.u1.presence", "version": "2", "eventBody": {}, "metadata": {}}});
    org.ok("AmazonSQS.SendMessage", &json!({"QueueUrl": url, "MessageBody": strange.to_string()}));
    let names = json!(["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]);
    until("the queue to be emptied", || {
        let answer =
            org.ok("AmazonSQS.GetQueueAttributes", &json!({"QueueUrl": url, "AttributeNames": names}));
        let count = |name: &str| -> u64 { answer["Attributes"][name].as_str().unwrap().parse().unwrap() };
        let (waiting, in_flight) =
            (count("ApproximateNumberOfMessages"), count("ApproximateNumberOfMessagesNotVisible"));
        ((waiting, in_flight) == (0, 2)).then_some(())
    });

    // Somebody deletes the org's bus; what came since is missing, and a repair puts it on a bus that is there.
    listener.ok("AWSEvents.DeleteEventBus", &json!({"Name": bus}));
    let accepted = || listener.ok("Trunkline.GetCounts", &json!({}))["Events"]["Accepted"].as_u64().unwrap();
    let before = accepted();
    let [from, to] = interval();
    let endpoint = format!("http://{}", listener.address);
    let repair = ["reconcile", "--endpoint", &endpoint, "--from", &from, "--to", &to, "--repair"];
    let (code, said) = genesys(&org, &[&repair[..], &["--bus", "nosuchbus"]].concat());
    assert!(code == Some(2) && said.contains("nosuchbus does not exist"), "{said}");
    let buses = || listener.ok("AWSEvents.ListEventBuses", &json!({"NamePrefix": "aws.partner/"}));
    assert_eq!(buses()["EventBuses"], json!([]), "a refusal makes nothing");
    let (code, said) = genesys(&org, &repair);
    assert!(code == Some(0) && said.contains("are on the bus now"), "{said}");
    assert!(accepted() > before);
    assert_eq!(buses()["EventBuses"].as_array().map(Vec::len), Some(1));
    let early = ["reconcile", "--endpoint", &endpoint, "--from", "10d", "--repair"];
    let (code, said) = genesys(&org, &early);
    assert!(code == Some(2) && said.contains("seven days"), "{said}");
    // Nothing wakes the timers of a real org's conversations where none of its feeds runs.
    let endpoint = format!("http://{}", org.address);
    let elsewhere = ["reconcile", "--endpoint", &endpoint, "--from", &from, "--to", &to, "--repair"];
    let (code, said) = genesys(&org, &elsewhere);
    assert!(code == Some(2) && said.contains("needs a feed"), "{said}");

    let file = dir.path().join("wrong.yaml");
    std::fs::write(&file, pipeline("none")).unwrap();
    let data_dir = dir.path().join("wrong");
    let (file, data_dir) = (file.to_str().unwrap(), data_dir.to_str().unwrap());
    let command = trunkline(&["serve", "--genesys", file, "--data-dir", data_dir, "--listen", "127.0.0.1:0"]);
    let output = with_client(command).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && said.contains("QueueDoesNotExist"), "{said}");
}

#[test]
fn an_org_is_connected_looked_at_and_disconnected() {
    let dir = tempfile::tempdir().unwrap();
    let org = serve(dir.path(), "org", ORG);
    let endpoint = format!("http://{}", org.address);
    let place = ["--aws-account", "000000000000", "--region", "us-east-1", "--suffix", "crm"];
    let connect = |more: &[&str]| genesys(&org, &[["connect"].as_slice(), &place, more].concat());

    let (code, said) = connect(&[]);
    assert!(code == Some(0) && said.contains("+ topic v2.detail.") && said.contains("--yes"), "{said}");
    let (_, said) = genesys(&org, &["status"]);
    assert!(said.contains("no EventBridge integrations"), "{said}");

    let (code, said) = connect(&["--yes", "--endpoint", &endpoint]);
    assert!(code == Some(0) && said.contains("ACTIVE") && said.contains("was created"), "{said}");
    let (code, said) = connect(&["--yes", "--endpoint", &endpoint]);
    assert!(code == Some(0) && said.contains("up to date") && said.contains("exists"), "{said}");
    let topic = "v2.detail.events.conversation.{id}.acd.end";
    let (_, said) = connect(&["--topics", topic]);
    assert!(said.contains("- topic") && !said.contains(&format!("+ topic {topic}")), "{said}");
    let (code, said) = genesys(&org, &["status"]);
    assert!(code == Some(0) && said.contains("ACTIVE"), "{said}");

    let (_, said) = genesys(&org, &[["disconnect", "--yes"].as_slice(), &place].concat());
    assert!(said.contains("removed; "), "{said}");
    let (_, said) = genesys(&org, &["status"]);
    assert!(said.contains("no EventBridge integrations"), "{said}");

    // Another account: the org says why it cannot be.
    let (code, said) =
        genesys(&org, &["connect", "--aws-account", "111111111111", "--region", "us-east-1", "--yes"]);
    assert!(code == Some(2) && said.contains("ERROR"), "{said}");
    let (code, said) = connect(&["--topics", "acd.end"]);
    assert!(code == Some(2) && said.contains("'acd.end' is not a topic"), "{said}");
}

#[test]
fn an_integration_that_was_only_begun_is_gone_on_with() {
    let dir = tempfile::tempdir().unwrap();
    let org = serve(dir.path(), "org", ORG);
    let endpoint = format!("http://{}", org.address);
    let place = ["--aws-account", "000000000000", "--region", "us-east-1", "--suffix", "crm", "--yes"];
    let body = json!({"name": "Amazon EventBridge Source crm", "integrationType": {"id": "amazon-eventbridge-source"}});
    let begun = || api(&org, "POST /api/v2/integrations", &body)["id"].as_str().unwrap().to_owned();
    let integrations = || {
        let (_, said) = genesys(&org, &["status", "--json"]);
        serde_json::from_str::<Value>(&said).unwrap()["integrations"].as_array().unwrap().clone()
    };

    begun();
    let topics = "v2.detail.events.conversation.{id}.acd.end, v2.detail.events.conversation.{id}.acd.end";
    let connect = [["connect", "--topics", topics, "--endpoint", &endpoint].as_slice(), &place].concat();
    let (code, said) = genesys(&org, &connect);
    assert!(code == Some(0) && said.contains("ACTIVE") && !said.contains("+ integration"), "{said}");
    let found = integrations();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["topics"], json!(["v2.detail.events.conversation.{id}.acd.end"]));

    // A second one cannot be for the same source.
    let second = begun();
    let config = api(
        &org,
        &format!("GET /api/v2/integrations/{}/config/current", found[0]["id"].as_str().unwrap()),
        &json!({}),
    );
    let config = json!({"name": "second", "version": 1, "properties": config["properties"]});
    let headers = [("Authorization", bearer(&org)), ("Content-Type", "application/json".to_owned())];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let line = format!("PUT /api/v2/integrations/{second}/config/current");
    let (status, answer) = org.request(&line, &headers, &config.to_string()).unwrap();
    assert_eq!(status, 409, "{answer}");

    // Both go: the configured one, then the one that was begun.
    for left in [1, 0] {
        let (_, said) = genesys(&org, &[["disconnect"].as_slice(), &place].concat());
        assert!(said.contains("removed; "), "{said}");
        assert_eq!(integrations().len(), left);
    }

    // What has no form is told before anything is made.
    for (wrong, sentence) in
        [(["--suffix", "a/b"], "a suffix is 1 to 64"), (["--region", "mars"], "an AWS region is")]
    {
        let mut arguments = vec!["connect", "--aws-account", "000000000000", "--yes"];
        arguments.extend(wrong);
        if wrong[0] != "--region" {
            arguments.extend(["--region", "us-east-1"]);
        }
        let (code, said) = genesys(&org, &arguments);
        assert!(code == Some(2) && said.contains(sentence), "{said}");
    }
    assert_eq!(integrations().len(), 0);
}
