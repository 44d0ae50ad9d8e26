//! An account, asked: reads only, signed by `aws_client`, at AWS or at any endpoint that answers as AWS does.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws::Timestamp;
use aws::sigv4::{self, Unsigned};
use aws_client::{AwsError, Chain, Endpoint};
use http_client::{Client, Request};
use serde_json::{Map, Value, json};

use crate::aws::facts::{Facts, Function, Rule, Target, text};

/// Maximum time of one answer.
const DEADLINE: Duration = Duration::from_secs(30);
/// Maximum size of one answer.
const ANSWER_BYTES_MAX: usize = 16 << 20;
/// Pages of one list; more are no account's, but an endpoint's that never ends.
const PAGES_MAX: usize = 1_000;

/// An account in a region.
#[derive(Debug)]
pub struct Account {
    /// Sends the requests.
    pub client: Client,
    /// Who asks.
    pub chain: Chain,
    /// Another endpoint than AWS's own.
    pub endpoint: Option<Endpoint>,
    /// The region.
    pub region: String,
    /// The clock for signatures.
    pub now: fn() -> Timestamp,
}

/// Why there is no answer.
enum Failure {
    /// The service refuses, or does not know the operation.
    Refused(AwsError),
    /// Nobody answers, or nobody may ask: the rest would fail alike.
    Fatal(String),
}

/// A service's JSON protocol.
struct Json {
    service: &'static str,
    version: &'static str,
    target: &'static str,
}

const EVENTS: Json = Json { service: "events", version: "1.1", target: "AWSEvents" };
const SQS: Json = Json { service: "sqs", version: "1.0", target: "AmazonSQS" };
const LOGS: Json = Json { service: "logs", version: "1.1", target: "Logs_20140328" };
const STATES: Json = Json { service: "states", version: "1.0", target: "AWSStepFunctions" };

/// One request.
struct Call<'c> {
    service: &'c str,
    method: &'c str,
    path: &'c str,
    headers: Vec<(String, String)>,
    body: String,
}

impl Account {
    /// Everything that the checks look at.
    ///
    /// # Errors
    /// A sentence where nobody answers, or there are no credentials.
    pub async fn read(&self) -> Result<Facts, String> {
        let mut facts = Facts::default();
        let mut unread = BTreeSet::new();
        facts.buses = self.list((&EVENTS, "ListEventBuses", "EventBuses"), json!({}), &mut unread).await?;
        facts.event_sources =
            self.list((&EVENTS, "ListEventSources", "EventSources"), json!({}), &mut unread).await?;
        facts.archives = self.list((&EVENTS, "ListArchives", "Archives"), json!({}), &mut unread).await?;
        facts.connections =
            self.list((&EVENTS, "ListConnections", "Connections"), json!({}), &mut unread).await?;
        facts.api_destinations =
            self.list((&EVENTS, "ListApiDestinations", "ApiDestinations"), json!({}), &mut unread).await?;
        facts.state_machines =
            self.list((&STATES, "ListStateMachines", "stateMachines"), json!({}), &mut unread).await?;
        facts.log_groups =
            self.list((&LOGS, "DescribeLogGroups", "logGroups"), json!({}), &mut unread).await?;
        let policies = self
            .list((&LOGS, "DescribeResourcePolicies", "resourcePolicies"), json!({}), &mut unread)
            .await?;
        facts.log_policies =
            policies.iter().map(|policy| text(policy, "policyDocument").to_owned()).collect();
        facts.rules = self.rules(&facts.buses, &mut unread).await?;
        facts.queues = self.queues(&mut unread).await?;
        let answer =
            self.lambda("ListEventSourceMappings", "/2015-03-31/event-source-mappings", &mut unread).await?;
        let mappings = answer.as_ref().and_then(|answer| answer.get("EventSourceMappings")?.as_array());
        facts.mappings = mappings.cloned().unwrap_or_default();
        if answer.as_ref().is_some_and(|answer| !text(answer, "NextMarker").is_empty()) {
            unread.insert("ListEventSourceMappings after the first page".to_owned());
        }
        facts.functions = self.functions(&facts, &mut unread).await?;
        facts.unread = unread;
        Ok(facts)
    }

    async fn rules(&self, buses: &[Value], unread: &mut BTreeSet<String>) -> Result<Vec<Rule>, String> {
        let mut out = Vec::new();
        for bus in buses {
            let name = text(bus, "Name");
            let rules =
                self.list((&EVENTS, "ListRules", "Rules"), json!({"EventBusName": name}), unread).await?;
            for rule in rules {
                let body = json!({"EventBusName": name, "Rule": text(&rule, "Name")});
                let targets = self.list((&EVENTS, "ListTargetsByRule", "Targets"), body, unread).await?;
                out.push(Rule { rule, targets: targets.into_iter().map(Target).collect() });
            }
        }
        Ok(out)
    }

    async fn queues(&self, unread: &mut BTreeSet<String>) -> Result<Vec<BTreeMap<String, String>>, String> {
        let mut out = Vec::new();
        for url in self.list((&SQS, "ListQueues", "QueueUrls"), json!({"MaxResults": 1000}), unread).await? {
            let body = json!({"QueueUrl": url, "AttributeNames": ["All"]});
            let answer = self.json((&SQS, "GetQueueAttributes"), body, unread).await?;
            let attributes = answer.as_ref().and_then(|answer| answer.get("Attributes")?.as_object());
            let pairs = attributes.into_iter().flatten();
            out.push(
                pairs.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect(),
            );
        }
        Ok(out)
    }

    /// The functions that rules and mappings call.
    async fn functions(&self, facts: &Facts, unread: &mut BTreeSet<String>) -> Result<Vec<Function>, String> {
        let of_targets =
            facts.rules.iter().flat_map(|rule| &rule.targets).filter(|target| target.is_of("lambda"));
        let of_mappings = facts.mappings.iter().map(|mapping| text(mapping, "FunctionArn"));
        let arns = of_targets.map(Target::arn).chain(of_mappings).filter(|arn| facts.is_here(arn));
        let names: BTreeSet<String> =
            arns.filter_map(|arn| arn.split(':').nth(6).map(str::to_owned)).collect();
        let mut out = Vec::new();
        for name in names {
            let path = |version: &str, rest: &str| format!("/{version}/functions/{name}/{rest}");
            let asked = self.lambda("ListFunctions", &path("2015-03-31", "configuration"), unread).await?;
            let Some(configuration) = asked else { continue };
            let policy = self.lambda("GetPolicy", &path("2015-03-31", "policy"), unread).await?;
            let reserved =
                self.lambda("GetFunctionConcurrency", &path("2019-09-30", "concurrency"), unread).await?;
            let invoke = path("2019-09-25", "event-invoke-config");
            let invoke = self.lambda("GetFunctionEventInvokeConfig", &invoke, unread).await?;
            out.push(Function {
                configuration,
                policy: policy.map(|answer| text(&answer, "Policy").to_owned()),
                reserved: reserved.and_then(|answer| answer.get("ReservedConcurrentExecutions")?.as_u64()),
                invoke: invoke.unwrap_or_default(),
            });
        }
        Ok(out)
    }

    /// All pages of a list.
    async fn list(
        &self,
        (of, operation, member): (&Json, &str, &str),
        body: Value,
        unread: &mut BTreeSet<String>,
    ) -> Result<Vec<Value>, String> {
        let mut out = Vec::new();
        let mut body = body;
        for _ in 0..PAGES_MAX {
            let Some(answer) = self.json((of, operation), body.clone(), unread).await? else { break };
            out.extend(answer.get(member).and_then(Value::as_array).into_iter().flatten().cloned());
            let names = ["NextToken", "nextToken"];
            let next = names
                .iter()
                .find_map(|name| Some((*name, answer.get(*name).filter(|token| token.is_string())?)));
            let (Some((name, token)), Some(members)) = (next, body.as_object_mut()) else { break };
            members.insert(name.to_owned(), token.clone());
        }
        Ok(out)
    }

    /// One answer; `None` where the service refuses it, which is noted.
    async fn json(
        &self,
        (of, operation): (&Json, &str),
        body: Value,
        unread: &mut BTreeSet<String>,
    ) -> Result<Option<Value>, String> {
        let headers = [
            ("content-type", format!("application/x-amz-json-{}", of.version)),
            ("x-amz-target", format!("{}.{operation}", of.target)),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value)).to_vec();
        let call = Call { service: of.service, method: "POST", path: "/", headers, body: body.to_string() };
        note(operation, self.send(call).await, unread)
    }

    /// One answer of Lambda; `None` where there is no such thing, or where it is refused, which is noted.
    async fn lambda(
        &self,
        operation: &str,
        path: &str,
        unread: &mut BTreeSet<String>,
    ) -> Result<Option<Value>, String> {
        let call = Call { service: "lambda", method: "GET", path, headers: Vec::new(), body: String::new() };
        match self.send(call).await {
            Err(Failure::Refused(error)) if error.code == "ResourceNotFoundException" => Ok(None),
            answer => note(operation, answer, unread),
        }
    }

    async fn send(&self, call: Call<'_>) -> Result<Value, Failure> {
        let now = (self.now)();
        let credentials =
            self.chain.credentials(now).await.map_err(|told| Failure::Fatal(told.to_string()))?;
        let official = Endpoint::official(call.service, &self.region);
        let endpoint = self.endpoint.as_ref().unwrap_or(&official);
        let path = format!("{}{}", endpoint.prefix, call.path);
        let unsigned = Unsigned {
            method: call.method,
            host: &endpoint.host,
            path: &path,
            headers: &call.headers,
            body: call.body.as_bytes(),
        };
        let added = sigv4::sign(&unsigned, &credentials, (&self.region, call.service), now);
        let url = format!("{}{path}", endpoint.origin);
        let fatal = |failure: http_client::Failure| {
            Failure::Fatal(format!("no answer from {}: {}", endpoint.origin, failure.text))
        };
        let request = call
            .headers
            .iter()
            .chain(&added)
            .try_fold(Request::new(call.method, &url).map_err(fatal)?, |request, (name, value)| {
                request.header(name, value)
            });
        let request = request.map_err(fatal)?.body(call.body).keep(ANSWER_BYTES_MAX);
        let answer = self.client.send(request, DEADLINE).await.map_err(fatal)?;
        if !(200..300).contains(&answer.status) {
            return Err(Failure::Refused(AwsError::of(&answer)));
        }
        if answer.body.is_empty() {
            return Ok(Value::Object(Map::new()));
        }
        serde_json::from_slice(&answer.body)
            .map_err(|_| Failure::Fatal(format!("the answer of {} is no JSON", endpoint.origin)))
    }
}

/// Errors that every other request would meet, too. Source: "Common errors" of the services' API references.
const OF_CALLER: &[&str] = &[
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "ExpiredTokenException",
    "ExpiredToken",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
];

fn note(
    operation: &str,
    answer: Result<Value, Failure>,
    unread: &mut BTreeSet<String>,
) -> Result<Option<Value>, String> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(Failure::Fatal(sentence)) => Err(sentence),
        Err(Failure::Refused(error)) if OF_CALLER.contains(&error.code.as_str()) => {
            Err(format!("{}: {}", error.code, error.message))
        }
        Err(Failure::Refused(_)) => {
            unread.insert(operation.to_owned());
            Ok(None)
        }
    }
}
