//! The org's side of a stack: its integration with EventBridge is made before the bus on its partner source, enabled once the rules are there,
//! and taken back in the reverse order.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use aws::Arn;
use aws::api::EVENTS;
use genesys::client::Client;
use genesys::client::fault::Fault;
use genesys::connect::{self, Integration, IntegrationSpec};
use genesys::feed::notifications::TOPICS;
use provision::Pipeline;
use provision::cloudformation::partner;
use provision::noun::genesys::Source;
use serde_json::{Value, json};
use worker::Remote;

use crate::feed::client_of;
use crate::output::{self, FAINT, Form, GOOD, STRONG, styled};
use crate::stack::interrupt;
use crate::stack::session::Session;

/// Looks at a source that is not there yet: so many before the integration is enabled, and in all.
const LOOKS_DISABLED: u32 = 10;
const LOOKS_MAX: u32 = 150;
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The org's side of a pipeline whose file has its bus made.
#[derive(Debug)]
pub(crate) struct OtherSide {
    client: Client,
    suffix: String,
    topics: Vec<String>,
    /// `aws.partner/genesys.com/cloud/ORG/SUFFIX`.
    source: String,
}

/// What is there of it.
#[derive(Debug)]
pub(crate) struct Found {
    spec: IntegrationSpec,
    integration: Option<Integration>,
}

impl Found {
    /// Whether somebody else made it, such as CX as Code: then it is used, and left as it is.
    fn is_theirs(&self) -> bool {
        self.integration.as_ref().is_some_and(|one| one.name != connect::name_of(&self.spec.suffix))
    }
}

fn words(fault: &Fault) -> String {
    format!("the org: {fault}")
}

impl OtherSide {
    /// That of a pipeline, once the org has said who it is; `None` where the file has no such source.
    ///
    /// # Errors
    /// What the org says.
    pub(crate) async fn of(pipeline: &Pipeline) -> Result<Option<Self>, String> {
        let (Some(suffix), Some(noun)) = (partner::suffix(pipeline), &pipeline.genesys) else {
            return Ok(None);
        };
        let Source::PartnerQueue(queue) = &noun.source else { return Ok(None) };
        let Some(org) = &queue.org else { return Ok(None) };
        let client = client_of(org)?;
        let me = client.get("/api/v2/organizations/me").await.map_err(|fault| words(&fault))?;
        let id = me.get("id").and_then(Value::as_str).ok_or("the org does not say its id")?;
        let topics: Vec<String> = org.topics.iter().map(|topic| topic.value.clone()).collect();
        let topics = if topics.is_empty() { TOPICS.map(str::to_owned).to_vec() } else { topics };
        let source = format!("aws.partner/genesys.com/cloud/{id}/{suffix}");
        Ok(Some(Self { client, suffix: suffix.to_owned(), topics, source }))
    }

    /// Gives the template the name of the source.
    pub(crate) fn name_source(&self, parameters: &mut BTreeMap<String, String>) {
        parameters.insert(partner::SOURCE_PARAMETER.to_owned(), self.source.clone());
    }

    /// What is there, for the account of a stack.
    ///
    /// # Errors
    /// What the org says.
    pub(crate) async fn find(&self, stack_id: &str) -> Result<Found, String> {
        let stack: Arn = stack_id.parse().map_err(|_| format!("'{stack_id}' is no ARN of a stack"))?;
        let spec = IntegrationSpec {
            account: stack.account,
            region: stack.region,
            suffix: self.suffix.clone(),
            topics: self.topics.clone(),
        };
        let all = connect::list(&self.client).await.map_err(|fault| words(&fault))?;
        let integration = connect::of(&all, &spec).cloned();
        Ok(Found { spec, integration })
    }

    /// Shows what would become of it.
    pub(crate) fn show(&self, found: &Found) {
        let IntegrationSpec { account, region, suffix, .. } = &found.spec;
        let Some(one) = &found.integration else {
            return output::line(styled(
                GOOD,
                format_args!(
                    "+   the org's integration with EventBridge: account {account}, {region}, {suffix}"
                ),
            ));
        };
        if found.is_theirs() {
            let lacking: Vec<&String> =
                self.topics.iter().filter(|topic| !one.topics.contains(topic)).collect();
            output::line(styled(
                FAINT,
                format_args!(
                    "    the org's integration '{}' was not made here: it is left as it is",
                    one.name
                ),
            ));
            for topic in lacking {
                output::line(styled(STRONG, format_args!("    ! it does not send {topic}")));
            }
            return;
        }
        let changes = connect::plan(found.integration.as_ref(), &found.spec);
        if !changes.is_empty() {
            output::line(styled(STRONG, format_args!("~   the org's integration '{}'", one.name)));
        }
    }

    /// For programs.
    pub(crate) fn json(&self, found: &Found) -> Value {
        json!({
            "partnerEventSource": self.source, "integration": found.integration.as_ref().map(|one| &one.name),
            "isLeftAsItIs": found.is_theirs(),
            "willChange": !found.is_theirs() && !connect::plan(found.integration.as_ref(), &found.spec).is_empty(),
        })
    }

    /// Makes the integration, without enabling it, and waits until AWS has its source. Some orgs show a source only once it is enabled: then it
    /// is, and what is sent until the bus is there is lost, which is said.
    ///
    /// # Errors
    /// What the org or EventBridge says.
    pub(crate) async fn prepare(
        &self,
        session: &Session<'_>,
        found: &Found,
        remote: &Remote,
    ) -> Result<(), String> {
        if !found.is_theirs() {
            let made = connect::configure(&self.client, found.integration.as_ref(), &found.spec).await;
            let id = made.map_err(|fault| words(&fault))?;
            say(session, format_args!("the org's integration is configured ({id})"));
        }
        for look in 0..LOOKS_MAX {
            match self.state(remote).await? {
                Some(state) => {
                    say(session, format_args!("partner event source {}: {state}", self.source));
                    return Ok(());
                }
                None if look == LOOKS_DISABLED && !found.is_theirs() => {
                    say(session, format_args!("the source is not there yet: the integration is enabled now"));
                    connect::enable_by(&self.client, &found.spec).await.map_err(|fault| words(&fault))?;
                }
                None => {}
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let IntegrationSpec { account, region, .. } = &found.spec;
        Err(format!(
            "EventBridge in {region} does not have the partner event source {} after {} s: does the integration name this account ({account}) \
             and region? `trunkline genesys status` shows it",
            self.source,
            u64::from(LOOKS_MAX) * LOOK_EVERY.as_secs()
        ))
    }

    /// The state of the source, if AWS has it.
    async fn state(&self, remote: &Remote) -> Result<Option<String>, String> {
        match remote.ask(&EVENTS, "DescribeEventSource", &json!({"Name": self.source})).await {
            Ok(told) => {
                let state = told.get("State").and_then(Value::as_str).unwrap_or_default();
                if state == "DELETED" {
                    return Err(format!(
                        "the partner event source {} was deleted: give the file another `suffix`, or delete the integration and apply again",
                        self.source
                    ));
                }
                Ok(Some(state.to_owned()))
            }
            Err(fault) if fault.code == "ResourceNotFoundException" => Ok(None),
            Err(fault) => Err(format!("DescribeEventSource: {fault}")),
        }
    }

    /// Enables the integration, now that its bus and rules are there.
    ///
    /// # Errors
    /// What the org says.
    pub(crate) async fn complete(&self, session: &Session<'_>, found: &Found) -> Result<(), String> {
        if found.is_theirs() {
            return Ok(());
        }
        let one = connect::enable_by(&self.client, &found.spec).await.map_err(|fault| words(&fault))?;
        say(session, format_args!("the org's integration '{}' is {}", one.name, one.state));
        Ok(())
    }

    /// Stops the org from sending, before rules and bus go.
    ///
    /// # Errors
    /// What the org says.
    pub(crate) async fn stop(&self, session: &Session<'_>, found: &Found) -> Result<(), String> {
        let Some(one) = found.integration.as_ref().filter(|_| !found.is_theirs()) else { return Ok(()) };
        connect::disable(&self.client, one).await.map_err(|fault| words(&fault))?;
        say(session, format_args!("the org's integration '{}' is disabled", one.name));
        Ok(())
    }

    /// Removes the integration, once its bus is gone.
    ///
    /// # Errors
    /// What the org says.
    pub(crate) async fn remove(&self, session: &Session<'_>, found: &Found) -> Result<(), String> {
        let Some(one) = &found.integration else { return Ok(()) };
        if found.is_theirs() {
            say(session, format_args!("the org's integration '{}' was not made here, and stays", one.name));
            return Ok(());
        }
        connect::disconnect(&self.client, one).await.map_err(|fault| words(&fault))?;
        say(session, format_args!("the org's integration '{}' is gone", one.name));
        Ok(())
    }
}

fn say(session: &Session<'_>, what: std::fmt::Arguments<'_>) {
    if session.form == Form::Text {
        output::line(what);
    }
}

/// Waits for a step of the org's side; `None` after Ctrl-C, with what is left then.
///
/// # Errors
/// The step's own.
pub(crate) async fn step<T>(work: impl Future<Output = Result<T, String>>) -> Result<Option<T>, String> {
    match interrupt::unless_interrupted(work).await {
        Some(done) => done.map(Some),
        None => {
            output::note(
                "interrupted on the org's side: `trunkline genesys status` shows its integration; apply goes on with it, destroy takes it back",
            );
            Ok(None)
        }
    }
}
