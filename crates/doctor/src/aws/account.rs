//! An account, asked: reads only, signed by `aws_client`, at AWS or at any endpoint that answers as AWS does.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws::Timestamp;
use aws::api::{EVENTS, JsonApi, LAMBDA, LOGS, SQS, STATES};
use aws_client::access::Unsignable;
use aws_client::{Access, AwsError, Endpoint, ServiceRequest};
use http_client::Client;
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
    pub access: Access,
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

/// An operation of a service.
#[derive(Clone, Copy)]
struct Question {
    api: &'static JsonApi,
    operation: &'static str,
}

/// An operation that lists, and the member of its answers that is the list.
struct Listing {
    question: Question,
    member: &'static str,
}

impl Listing {
    fn of(api: &'static JsonApi, operation: &'static str, member: &'static str) -> Self {
        Self { question: Question { api, operation }, member }
    }
}

impl Account {
    /// Everything that the checks look at.
    ///
    /// # Errors
    /// A sentence where nobody answers, or there are no credentials.
    pub async fn read(&self) -> Result<Facts, String> {
        let mut facts = Facts::default();
        let mut unread = BTreeSet::new();
        facts.buses =
            self.list(Listing::of(&EVENTS, "ListEventBuses", "EventBuses"), json!({}), &mut unread).await?;
        facts.event_sources = self
            .list(Listing::of(&EVENTS, "ListEventSources", "EventSources"), json!({}), &mut unread)
            .await?;
        facts.archives =
            self.list(Listing::of(&EVENTS, "ListArchives", "Archives"), json!({}), &mut unread).await?;
        facts.connections =
            self.list(Listing::of(&EVENTS, "ListConnections", "Connections"), json!({}), &mut unread).await?;
        facts.api_destinations = self
            .list(Listing::of(&EVENTS, "ListApiDestinations", "ApiDestinations"), json!({}), &mut unread)
            .await?;
        facts.state_machines = self
            .list(Listing::of(&STATES, "ListStateMachines", "stateMachines"), json!({}), &mut unread)
            .await?;
        facts.log_groups =
            self.list(Listing::of(&LOGS, "DescribeLogGroups", "logGroups"), json!({}), &mut unread).await?;
        let policies = self
            .list(Listing::of(&LOGS, "DescribeResourcePolicies", "resourcePolicies"), json!({}), &mut unread)
            .await?;
        facts.log_policies =
            policies.iter().map(|policy| text(policy, "policyDocument").to_owned()).collect();
        facts.rules = self.rules(&facts.buses, &mut unread).await?;
        facts.queues = self.queues(&mut unread).await?;
        let answer = self.lambda("ListEventSourceMappings", "", &mut unread).await?;
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
            let rules = self
                .list(Listing::of(&EVENTS, "ListRules", "Rules"), json!({"EventBusName": name}), unread)
                .await?;
            for rule in rules {
                let body = json!({"EventBusName": name, "Rule": text(&rule, "Name")});
                let targets =
                    self.list(Listing::of(&EVENTS, "ListTargetsByRule", "Targets"), body, unread).await?;
                out.push(Rule { rule, targets: targets.into_iter().map(Target).collect() });
            }
        }
        Ok(out)
    }

    async fn queues(&self, unread: &mut BTreeSet<String>) -> Result<Vec<BTreeMap<String, String>>, String> {
        let mut out = Vec::new();
        for url in self
            .list(Listing::of(&SQS, "ListQueues", "QueueUrls"), json!({"MaxResults": 1000}), unread)
            .await?
        {
            let body = json!({"QueueUrl": url, "AttributeNames": ["All"]});
            let answer =
                self.json(Question { api: &SQS, operation: "GetQueueAttributes" }, body, unread).await?;
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
            let asked = self.lambda("GetFunctionConfiguration", &name, unread).await?;
            let Some(configuration) = asked else { continue };
            let policy = self.lambda("GetPolicy", &name, unread).await?;
            let reserved = self.lambda("GetFunctionConcurrency", &name, unread).await?;
            let invoke = self.lambda("GetFunctionEventInvokeConfig", &name, unread).await?;
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
        listing: Listing,
        body: Value,
        unread: &mut BTreeSet<String>,
    ) -> Result<Vec<Value>, String> {
        let Listing { question, member } = listing;
        let mut out = Vec::new();
        let mut body = body;
        for _ in 0..PAGES_MAX {
            let Some(answer) = self.json(question, body.clone(), unread).await? else { break };
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
        Question { api, operation }: Question,
        body: Value,
        unread: &mut BTreeSet<String>,
    ) -> Result<Option<Value>, String> {
        let request = ServiceRequest::json(api, &self.region, operation, body.to_string());
        note(operation, self.send(request).await, unread)
    }

    /// One answer of Lambda, of a function where the operation is one of one; `None` where there is no such thing, or where it is refused, which is noted.
    async fn lambda(
        &self,
        operation: &str,
        function: &str,
        unread: &mut BTreeSet<String>,
    ) -> Result<Option<Value>, String> {
        let found = LAMBDA.route(operation).ok_or_else(|| format!("{operation} has no route"))?;
        let path = found.path_of(|_| function.to_owned());
        match self.send(ServiceRequest::get(&LAMBDA, &self.region, path)).await {
            Err(Failure::Refused(error)) if error.code == "ResourceNotFoundException" => Ok(None),
            answer => note(operation, answer, unread),
        }
    }

    async fn send(&self, request: ServiceRequest<'_>) -> Result<Value, Failure> {
        let official = Endpoint::official(request.service, &self.region);
        let endpoint = self.endpoint.as_ref().unwrap_or(&official);
        let fatal = |failure: http_client::Failure| {
            Failure::Fatal(format!("no answer from {}: {}", endpoint.origin, failure.text))
        };
        let signed = self.access.request(request.at(Some(endpoint)), (self.now)()).await;
        let signed = signed.map_err(|why| match why {
            Unsignable::NoCredentials(why) => Failure::Fatal(why.to_string()),
            Unsignable::Request(failure) => fatal(failure),
        })?;
        let request = signed.request.keep(ANSWER_BYTES_MAX);
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
