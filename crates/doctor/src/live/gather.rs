//! Asking a server for everything that the checks look at.

use std::net::ToSocketAddrs as _;

use provision::Request;
use serde_json::{Value, json};

use crate::live::{Component, Connection, Facts, Queue, Refusal, Rule, StateMachine, Target};

/// How far back events are counted, in seconds.
const LOOKED_BACK_S: u64 = 3_600;

/// Asks the server: its answer, or its words where it refuses.
pub type Ask<'a> = dyn FnMut(Request) -> Result<Value, String> + 'a;

/// What the server at this address answers.
///
/// # Errors
/// Its words where it refuses.
pub fn gather(endpoint: &str, ask: &mut Ask<'_>) -> Result<Facts, String> {
    let books = ask(Request::trunkline("GetBooks", json!({})))?;
    let mut facts = Facts {
        now: books.get("Now").and_then(Value::as_f64).unwrap_or_default(),
        unbalanced_pages: items(&books, "Pages").iter().filter(|page| !balances(page)).map(name).collect(),
        components: items(&books, "Components").iter().map(component).collect(),
        queues: queues(ask)?,
        connections: connections(ask)?,
        state_machines: state_machines(ask)?,
        unknown_sync_host: unknown_sync_host(endpoint),
        ..Facts::default()
    };
    for bus in all(ask, &Request::events("ListEventBuses", json!({})), "EventBuses")? {
        let account = text(&bus, "Arn").split(':').nth(4).unwrap_or_default();
        if !facts.accounts.iter().any(|known| known == account) {
            facts.accounts.push(account.to_owned());
        }
        of_bus(text(&bus, "Name"), ask, &mut facts)?;
    }
    Ok(facts)
}

fn of_bus(bus: &str, ask: &mut Ask<'_>, facts: &mut Facts) -> Result<(), String> {
    facts.rules.extend(rules(bus, ask)?);
    let refusals = ask(Request::trunkline("ListRefusals", json!({"EventBusName": bus})))?;
    facts.refusals.extend(items(&refusals, "Refusals").iter().map(refusal));
    // An org's own bus carries what the tracker reads: rules on it are the exception.
    if bus.starts_with("aws.partner/") {
        return Ok(());
    }
    let body = json!({"EventBusName": bus, "AgeSeconds": LOOKED_BACK_S});
    let counted = ask(Request::trunkline("ListUnmatched", body))?;
    facts.events_seen += counted.get("Seen").and_then(Value::as_u64).unwrap_or_default();
    facts.events_unmatched += u64::try_from(items(&counted, "Events").len()).unwrap_or(u64::MAX);
    Ok(())
}

/// All pages of a list.
fn all(ask: &mut Ask<'_>, request: &Request, list: &str) -> Result<Vec<Value>, String> {
    let mut found = Vec::new();
    let mut page = request.clone();
    loop {
        let mut answer = ask(page)?;
        if let Some(Value::Array(items)) = answer.get_mut(list).map(Value::take) {
            found.extend(items);
        }
        let Some(token) = answer.get("NextToken").filter(|token| token.is_string()) else {
            return Ok(found);
        };
        page = request.clone();
        if let Some(members) = page.body.as_object_mut() {
            members.insert("NextToken".to_owned(), token.clone());
        }
    }
}

fn rules(bus: &str, ask: &mut Ask<'_>) -> Result<Vec<Rule>, String> {
    let mut rules = Vec::new();
    for rule in all(ask, &Request::events("ListRules", json!({"EventBusName": bus})), "Rules")? {
        let body = json!({"Rule": text(&rule, "Name"), "EventBusName": bus});
        // One that was deleted meanwhile has none.
        let targets = all(ask, &Request::events("ListTargetsByRule", body), "Targets").unwrap_or_default();
        rules.push(Rule {
            bus: bus.to_owned(),
            name: name(&rule),
            is_enabled: text(&rule, "State") != "DISABLED",
            targets: targets.iter().map(target).collect(),
        });
    }
    Ok(rules)
}

fn target(target: &Value) -> Target {
    Target {
        id: text(target, "Id").to_owned(),
        arn: text(target, "Arn").to_owned(),
        dead_letter_arn: target.pointer("/DeadLetterConfig/Arn").and_then(Value::as_str).map(str::to_owned),
    }
}

fn queues(ask: &mut Ask<'_>) -> Result<Vec<Queue>, String> {
    let urls = all(ask, &Request::sqs("ListQueues", json!({"MaxResults": 1000})), "QueueUrls")?;
    let mut queues = Vec::new();
    for url in urls.iter().filter_map(Value::as_str) {
        let body = json!({"QueueUrl": url, "AttributeNames": ["All"]});
        // A queue may go while the others are looked at.
        let Ok(answer) = ask(Request::sqs("GetQueueAttributes", body)) else { continue };
        let attributes = answer.get("Attributes").cloned().unwrap_or_default();
        queues.push(queue(url.rsplit('/').next().unwrap_or_default(), &attributes));
    }
    Ok(queues)
}

fn queue(name: &str, attributes: &Value) -> Queue {
    let number = |name: &str| text(attributes, name).parse().unwrap_or_default();
    let policy: Value = serde_json::from_str(text(attributes, "RedrivePolicy")).unwrap_or_default();
    Queue {
        name: name.to_owned(),
        arn: text(attributes, "QueueArn").to_owned(),
        messages: number("ApproximateNumberOfMessages"),
        in_flight: number("ApproximateNumberOfMessagesNotVisible"),
        dead_letter_arn: Some(text(&policy, "deadLetterTargetArn").to_owned()).filter(|arn| !arn.is_empty()),
    }
}

fn connections(ask: &mut Ask<'_>) -> Result<Vec<Connection>, String> {
    let all = all(ask, &Request::events("ListConnections", json!({})), "Connections")?;
    let connection = |value: &Value| Connection {
        name: name(value),
        state: text(value, "ConnectionState").to_owned(),
        reason: text(value, "StateReason").to_owned(),
    };
    Ok(all.iter().map(connection).collect())
}

fn state_machines(ask: &mut Ask<'_>) -> Result<Vec<StateMachine>, String> {
    let all = ask(Request::states("ListStateMachines", json!({"maxResults": 1000})))?;
    let mut machines = Vec::new();
    for listed in items(&all, "stateMachines") {
        let body = json!({"stateMachineArn": text(listed, "stateMachineArn")});
        // One that was deleted meanwhile is none.
        let Ok(machine) = ask(Request::states("DescribeStateMachine", body)) else { continue };
        machines.push(StateMachine {
            name: text(&machine, "name").to_owned(),
            is_express: text(&machine, "type") == "EXPRESS",
            definition: text(&machine, "definition").to_owned(),
        });
    }
    Ok(machines)
}

/// The host that SDKs make for two of Step Functions' operations, where no resolver of this machine knows it.
fn unknown_sync_host(endpoint: &str) -> Option<String> {
    let authority = endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest);
    let host = authority.split(['/', ':']).next().unwrap_or_default();
    let host = format!("sync-{host}");
    (host.as_str(), 80).to_socket_addrs().is_err().then_some(host)
}

fn name(value: &Value) -> String {
    text(value, "Name").to_owned()
}

fn balances(page: &Value) -> bool {
    let sums = items(page, "Sums");
    sums.iter().all(|sum| sum.get("Total") == sum.get("Parts"))
}

fn component(value: &Value) -> Component {
    Component { name: name(value), next_due: value.get("NextDue").and_then(Value::as_f64) }
}

fn refusal(refusal: &Value) -> Refusal {
    Refusal {
        rule: text(refusal, "Rule").to_owned(),
        target_arn: text(refusal, "TargetArn").to_owned(),
        reason: text(refusal, "Reason").to_owned(),
    }
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn items<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}
