//! Connecting an org to an AWS account: the integration `amazon-eventbridge-source`, found or made, configured, enabled, and
//! polled until it is active.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use crate::client::Client;
use crate::client::fault::Fault;

/// The integration type's id.
pub const EVENT_BRIDGE: &str = "amazon-eventbridge-source";
/// Maximum length of the end of a partner event source's name.
const SUFFIX_MAX: usize = 64;
const INTEGRATIONS: &str = "/api/v2/integrations";
/// How often the state is polled, and how many times: two minutes in all.
const ASKED_EVERY: Duration = Duration::from_secs(1);
const ASKED_MAX: u32 = 120;

/// Whether a text can be the end of a partner event source's name.
pub fn is_suffix(text: &str) -> bool {
    (1..=SUFFIX_MAX).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

/// The integration that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntegrationSpec {
    /// Twelve digits.
    pub account: String,
    /// The AWS region.
    pub region: String,
    /// The end of the partner event source's name.
    pub suffix: String,
    /// Topic templates.
    pub topics: Vec<String>,
}

/// An integration that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Integration {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether it is meant to be enabled.
    pub is_enabled: bool,
    /// `ACTIVE`, `INACTIVE`, `ERROR` and others.
    pub state: String,
    /// The org's explanation of the state; empty where there is none.
    pub detail: String,
    /// Where its events go; empty where it has no configuration.
    pub account: String,
    /// See [`Integration::account`].
    pub region: String,
    /// See [`Integration::account`].
    pub suffix: String,
    /// Which.
    pub topics: Vec<String>,
}

/// A change that has to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The integration is made.
    Create,
    /// Its configuration is written: topics that come, topics that go.
    Configure {
        /// New topics.
        added: Vec<String>,
        /// Topics that are no longer sent.
        removed: Vec<String>,
    },
    /// It is enabled.
    Enable,
}

/// The org's integrations of this type, with their configurations.
///
/// # Errors
/// The client's.
pub async fn list(client: &Client) -> Result<Vec<Integration>, Fault> {
    let all = client.numbered(INTEGRATIONS).await?;
    let mut found = Vec::new();
    for integration in &all {
        if integration.pointer("/integrationType/id").and_then(Value::as_str) == Some(EVENT_BRIDGE) {
            let id = text(integration, "/id");
            let config = client.get(&format!("{INTEGRATIONS}/{id}/config/current")).await?;
            found.push(read(integration, &config));
        }
    }
    Ok(found)
}

/// The integration that sends to this account, region and source, if there is one; else the one that was made for it and that
/// never got its configuration, as a call failed in between.
pub fn of<'a>(found: &'a [Integration], spec: &IntegrationSpec) -> Option<&'a Integration> {
    let configured = found
        .iter()
        .find(|one| one.account == spec.account && one.region == spec.region && one.suffix == spec.suffix);
    let name = name_of(&spec.suffix);
    configured.or_else(|| found.iter().find(|one| !one.has_configuration() && one.name == name))
}

/// The name of an integration that is made here, by which it is found before it has a configuration.
pub fn name_of(suffix: &str) -> String {
    format!("Amazon EventBridge Source {suffix}")
}

/// Checks the end of a partner event source's name.
///
/// # Errors
/// A sentence with the form.
pub fn check_suffix(text: &str) -> Result<(), String> {
    if is_suffix(text) {
        return Ok(());
    }
    Err(format!(
        "a suffix is 1 to {SUFFIX_MAX} letters, digits, dots, underscores or hyphens, for example trunkline"
    ))
}

/// Checks the form of an AWS region's name; new regions come every year.
///
/// # Errors
/// A sentence with the form.
pub fn check_region(text: &str) -> Result<(), String> {
    let parts: Vec<&str> = text.split('-').collect();
    let is_word = |part: &&str| part.len() >= 2 && part.bytes().all(|b| b.is_ascii_lowercase());
    let is_number = |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    match parts.split_last() {
        Some((number, words))
            if (2..=4).contains(&words.len()) && words.iter().all(is_word) && is_number(number) =>
        {
            Ok(())
        }
        _ => Err("an AWS region is words and a number, for example eu-central-1".to_owned()),
    }
}

/// The topics of a list, trimmed and without duplicates.
pub fn topics_of(written: &[String]) -> Vec<String> {
    let mut topics: Vec<String> = Vec::new();
    for topic in written.iter().map(|topic| topic.trim()).filter(|topic| !topic.is_empty()) {
        if !topics.iter().any(|known| known == topic) {
            topics.push(topic.to_owned());
        }
    }
    topics
}

/// The changes that are needed; none where the integration is as specified.
pub fn plan(found: Option<&Integration>, spec: &IntegrationSpec) -> Vec<Change> {
    let without = |left: &[String], right: &[String]| -> Vec<String> {
        left.iter().filter(|topic| !right.contains(topic)).cloned().collect()
    };
    let Some(found) = found else {
        let added = spec.topics.clone();
        return vec![Change::Create, Change::Configure { added, removed: Vec::new() }, Change::Enable];
    };
    let added = without(&spec.topics, &found.topics);
    let removed = without(&found.topics, &spec.topics);
    let mut changes = Vec::new();
    if !(added.is_empty() && removed.is_empty()) {
        changes.push(Change::Configure { added, removed });
    }
    if !found.is_enabled {
        changes.push(Change::Enable);
    }
    changes
}

/// Applies the changes, and waits until the integration is active.
///
/// # Errors
/// The client's; and where the org reports that it cannot be active, or does not report in time.
pub async fn apply(
    client: &Client,
    found: Option<&Integration>,
    spec: &IntegrationSpec,
) -> Result<Integration, Fault> {
    let id = configure(client, found, spec).await?;
    if plan(found, spec).contains(&Change::Enable) {
        set_state(client, &id, "ENABLED").await?;
    }
    reached(client, &id, "ACTIVE").await
}

/// Enables the integration of this account, region and source, and waits until it is active.
///
/// # Errors
/// As [`apply`]; and where there is none.
pub async fn enable_by(client: &Client, spec: &IntegrationSpec) -> Result<Integration, Fault> {
    let all = list(client).await?;
    let found = of(&all, spec)
        .ok_or_else(|| Fault::strange(format!("the integration of {} is gone", spec.suffix)))?;
    if !found.is_enabled {
        set_state(client, &found.id, "ENABLED").await?;
    }
    reached(client, &found.id, "ACTIVE").await
}

/// Disables an integration, and waits until it is.
///
/// # Errors
/// The client's; and where it does not become inactive in time.
pub async fn disable(client: &Client, found: &Integration) -> Result<(), Fault> {
    if found.is_enabled {
        set_state(client, &found.id, "DISABLED").await?;
    }
    reached(client, &found.id, "INACTIVE").await.map(drop)
}

/// Makes the integration and writes its configuration, as far as needed, without enabling it: its id.
///
/// # Errors
/// The client's.
pub async fn configure(
    client: &Client,
    found: Option<&Integration>,
    spec: &IntegrationSpec,
) -> Result<String, Fault> {
    let id = match found {
        Some(found) => found.id.clone(),
        None => {
            let body = json!({"name": name_of(&spec.suffix), "integrationType": {"id": EVENT_BRIDGE}});
            text(&client.send("POST", INTEGRATIONS, &body).await?, "/id")
        }
    };
    let changes = plan(found, spec);
    if changes.iter().any(|change| matches!(change, Change::Configure { .. })) {
        let path = format!("{INTEGRATIONS}/{id}/config/current");
        // Read just before it is written: the version must be the current one.
        let config = client.get(&path).await?;
        let body = json!({
            "name": config.get("name"),
            "version": config.get("version"),
            "properties": {
                "awsAccountId": spec.account,
                "awsAccountRegion": spec.region,
                "eventSourceSuffix": spec.suffix,
                "eventFilter": spec.topics,
            },
            "advanced": {},
            "notes": config.get("notes").and_then(Value::as_str).unwrap_or_default(),
            "credentials": {},
        });
        client.send("PUT", &path, &body).await?;
    }
    Ok(id)
}

/// Disables an integration, waits until it is, and removes it.
///
/// # Errors
/// The client's; and where it does not become inactive in time.
pub async fn disconnect(client: &Client, found: &Integration) -> Result<(), Fault> {
    disable(client, found).await?;
    client.call("DELETE", &format!("{INTEGRATIONS}/{}", found.id), None).await?;
    Ok(())
}

async fn set_state(client: &Client, id: &str, state: &str) -> Result<(), Fault> {
    client.send("PATCH", &format!("{INTEGRATIONS}/{id}"), &json!({"intendedState": state})).await?;
    Ok(())
}

/// Polls until the integration has the state: the org changes it in its own time.
async fn reached(client: &Client, id: &str, state: &str) -> Result<Integration, Fault> {
    let path = format!("{INTEGRATIONS}/{id}");
    let mut last = String::new();
    for _ in 0..ASKED_MAX {
        let integration = client.get(&path).await?;
        let config = client.get(&format!("{path}/config/current")).await?;
        let found = read(&integration, &config);
        if found.state == state {
            return Ok(found);
        }
        // On the way to INACTIVE, the error is its old state.
        if found.state == "ERROR" && state == "ACTIVE" {
            return Err(Fault::strange(format!(
                "the integration {id} is in the state ERROR: {}",
                if found.detail.is_empty() { "the org does not say why" } else { &found.detail }
            )));
        }
        last = found.state;
        sleep(ASKED_EVERY).await;
    }
    Err(Fault::strange(format!(
        "the integration {id} is still {last} after two minutes; `trunkline genesys status` shows how it goes on"
    )))
}

impl Integration {
    fn has_configuration(&self) -> bool {
        !(self.account.is_empty() && self.region.is_empty() && self.suffix.is_empty())
    }
}

fn read(integration: &Value, config: &Value) -> Integration {
    let topics = config.pointer("/properties/eventFilter").and_then(Value::as_array);
    let topics = topics.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    Integration {
        id: text(integration, "/id"),
        name: text(integration, "/name"),
        is_enabled: text(integration, "/intendedState") == "ENABLED",
        state: text(integration, "/reportedState/code"),
        detail: text(integration, "/reportedState/detail/message"),
        account: text(config, "/properties/awsAccountId"),
        region: text(config, "/properties/awsAccountRegion"),
        suffix: text(config, "/properties/eventSourceSuffix"),
        topics,
    }
}

fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{Change, Integration, IntegrationSpec, check_region, check_suffix, of, plan, topics_of};

    fn spec() -> IntegrationSpec {
        IntegrationSpec {
            account: "123456789012".to_owned(),
            region: "eu-central-1".to_owned(),
            suffix: "s".to_owned(),
            topics: vec!["a".to_owned(), "b".to_owned()],
        }
    }

    fn found(spec: &IntegrationSpec) -> Integration {
        Integration {
            id: String::new(),
            name: "any".to_owned(),
            is_enabled: true,
            state: "ACTIVE".to_owned(),
            detail: String::new(),
            account: spec.account.clone(),
            region: spec.region.clone(),
            suffix: spec.suffix.clone(),
            topics: vec!["b".to_owned(), "a".to_owned()],
        }
    }

    #[test]
    fn one_that_was_only_begun_is_found_by_its_name() {
        let spec = spec();
        let configured = found(&spec);
        let begun = Integration {
            name: "Amazon EventBridge Source s".to_owned(),
            account: String::new(),
            region: String::new(),
            suffix: String::new(),
            ..configured.clone()
        };
        let of_another = Integration { name: "Amazon EventBridge Source t".to_owned(), ..begun.clone() };
        let elsewhere =
            Integration { region: "us-east-1".to_owned(), name: begun.name.clone(), ..configured.clone() };
        let all = [of_another, elsewhere, begun, configured];
        let [of_another, elsewhere, begun, configured] = &all;
        assert_eq!(of(&all, &spec), Some(configured));
        assert_eq!(of(&all[..3], &spec), Some(begun));
        assert_eq!(of(&[of_another.clone(), elsewhere.clone()], &spec), None);
    }

    #[test]
    fn suffix_and_region_have_a_form() {
        for (text, is_good) in [
            ("trunkline", true),
            ("a.b_c-1", true),
            ("", false),
            ("a/b", false),
            ("a b", false),
            ("\u{e4}", false),
        ] {
            assert_eq!(check_suffix(text).is_ok(), is_good, "{text}");
        }
        check_suffix(&"a".repeat(64)).unwrap();
        check_suffix(&"a".repeat(65)).unwrap_err();
        for region in ["us-east-1", "ap-southeast-2", "us-gov-west-1", "eusc-de-east-1", "us-iso-east-1"] {
            check_region(region).unwrap();
        }
        for region in [
            "",
            "mars",
            "mars-1",
            "eu-central",
            "eu-central-",
            "EU-central-1",
            "eu central 1",
            "eu--central-1",
        ] {
            check_region(region).unwrap_err();
        }
    }

    #[test]
    fn a_topic_that_is_named_twice_is_one() {
        let written = ["a", " b", "a ", ""].map(str::to_owned);
        assert_eq!(topics_of(&written), ["a", "b"]);
    }

    #[test]
    fn only_what_differs_is_changed() {
        let spec = spec();
        assert_eq!(plan(None, &spec).len(), 3);
        let same = found(&spec);
        assert_eq!(plan(Some(&same), &spec), []);
        let other = Integration { topics: vec!["b".to_owned(), "c".to_owned()], is_enabled: false, ..same };
        let (added, removed) = (vec!["a".to_owned()], vec!["c".to_owned()]);
        assert_eq!(plan(Some(&other), &spec), [Change::Configure { added, removed }, Change::Enable]);
    }
}
