//! Connecting an org to an AWS account: the integration `amazon-eventbridge-source`, found or made, configured, enabled, and
//! polled until it is active.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use crate::client::Client;
use crate::client::fault::Fault;
use crate::platform::integration::EVENT_BRIDGE;

const INTEGRATIONS: &str = "/api/v2/integrations";
/// How often the state is asked for, and how many times: two minutes in all.
const ASKED_EVERY: Duration = Duration::from_secs(1);
const ASKED_MAX: u32 = 120;

/// What shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Twelve digits.
    pub account: String,
    /// The AWS region.
    pub region: String,
    /// The end of the partner event source's name.
    pub suffix: String,
    /// Topic templates.
    pub topics: Vec<String>,
}

/// An integration that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether it shall be enabled.
    pub is_enabled: bool,
    /// `ACTIVE`, `INACTIVE`, `ERROR` and others.
    pub state: String,
    /// What the org says to that; empty where nothing.
    pub detail: String,
    /// Where its events go; empty where it has no configuration.
    pub account: String,
    /// See [`Found::account`].
    pub region: String,
    /// See [`Found::account`].
    pub suffix: String,
    /// Which.
    pub topics: Vec<String>,
}

/// One thing that would change.
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
pub async fn list(client: &Client) -> Result<Vec<Found>, Fault> {
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

/// The integration that sends to this account, region and source, if there is one.
pub fn of<'a>(found: &'a [Found], wanted: &Wanted) -> Option<&'a Found> {
    found.iter().find(|one| {
        one.account == wanted.account && one.region == wanted.region && one.suffix == wanted.suffix
    })
}

/// What must change; nothing where all is as wanted.
pub fn plan(found: Option<&Found>, wanted: &Wanted) -> Vec<Change> {
    let without = |left: &[String], right: &[String]| -> Vec<String> {
        left.iter().filter(|topic| !right.contains(topic)).cloned().collect()
    };
    let Some(found) = found else {
        let added = wanted.topics.clone();
        return vec![Change::Create, Change::Configure { added, removed: Vec::new() }, Change::Enable];
    };
    let added = without(&wanted.topics, &found.topics);
    let removed = without(&found.topics, &wanted.topics);
    let mut changes = Vec::new();
    if !(added.is_empty() && removed.is_empty()) {
        changes.push(Change::Configure { added, removed });
    }
    if !found.is_enabled {
        changes.push(Change::Enable);
    }
    changes
}

/// Makes it so, and waits until it is active.
///
/// # Errors
/// The client's; and where the org says that it cannot be active, or does not say in time.
pub async fn apply(client: &Client, found: Option<&Found>, wanted: &Wanted) -> Result<Found, Fault> {
    let id = match found {
        Some(found) => found.id.clone(),
        None => {
            let name = format!("Amazon EventBridge Source {}", wanted.suffix);
            let body = json!({"name": name, "integrationType": {"id": EVENT_BRIDGE}});
            text(&client.send("POST", INTEGRATIONS, &body).await?, "/id")
        }
    };
    let changes = plan(found, wanted);
    if changes.iter().any(|change| matches!(change, Change::Configure { .. })) {
        let path = format!("{INTEGRATIONS}/{id}/config/current");
        // Read just before it is written: the version must be the current one.
        let config = client.get(&path).await?;
        let body = json!({
            "name": config.get("name"),
            "version": config.get("version"),
            "properties": {
                "awsAccountId": wanted.account,
                "awsAccountRegion": wanted.region,
                "eventSourceSuffix": wanted.suffix,
                "eventFilter": wanted.topics,
            },
            "advanced": {},
            "notes": config.get("notes").and_then(Value::as_str).unwrap_or_default(),
            "credentials": {},
        });
        client.send("PUT", &path, &body).await?;
    }
    if changes.contains(&Change::Enable) {
        set_state(client, &id, "ENABLED").await?;
    }
    reached(client, &id, "ACTIVE").await
}

/// Disables an integration, waits until it is, and removes it.
///
/// # Errors
/// The client's; and where it does not end.
pub async fn disconnect(client: &Client, found: &Found) -> Result<(), Fault> {
    if found.is_enabled {
        set_state(client, &found.id, "DISABLED").await?;
    }
    reached(client, &found.id, "INACTIVE").await?;
    client.call("DELETE", &format!("{INTEGRATIONS}/{}", found.id), None).await?;
    Ok(())
}

async fn set_state(client: &Client, id: &str, state: &str) -> Result<(), Fault> {
    client.send("PATCH", &format!("{INTEGRATIONS}/{id}"), &json!({"intendedState": state})).await?;
    Ok(())
}

/// Polls until the integration has the state: the org changes it in its own time.
async fn reached(client: &Client, id: &str, state: &str) -> Result<Found, Fault> {
    let path = format!("{INTEGRATIONS}/{id}");
    let mut last = String::new();
    for _ in 0..ASKED_MAX {
        let integration = client.get(&path).await?;
        let config = client.get(&format!("{path}/config/current")).await?;
        let found = read(&integration, &config);
        if found.state == state {
            return Ok(found);
        }
        if found.state == "ERROR" {
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

fn read(integration: &Value, config: &Value) -> Found {
    let topics = config.pointer("/properties/eventFilter").and_then(Value::as_array);
    let topics = topics.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    Found {
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
    use super::{Change, Found, Wanted, plan};

    #[test]
    fn only_what_differs_is_changed() {
        let wanted = Wanted {
            account: "123456789012".to_owned(),
            region: "eu-central-1".to_owned(),
            suffix: "s".to_owned(),
            topics: vec!["a".to_owned(), "b".to_owned()],
        };
        assert_eq!(plan(None, &wanted).len(), 3);
        let same = Found {
            id: String::new(),
            name: String::new(),
            is_enabled: true,
            state: "ACTIVE".to_owned(),
            detail: String::new(),
            account: wanted.account.clone(),
            region: wanted.region.clone(),
            suffix: wanted.suffix.clone(),
            topics: vec!["b".to_owned(), "a".to_owned()],
        };
        assert_eq!(plan(Some(&same), &wanted), []);
        let other = Found { topics: vec!["b".to_owned(), "c".to_owned()], is_enabled: false, ..same };
        let (added, removed) = (vec!["a".to_owned()], vec!["c".to_owned()]);
        assert_eq!(plan(Some(&other), &wanted), [Change::Configure { added, removed }, Change::Enable]);
    }
}
