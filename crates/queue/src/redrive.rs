//! The documents that say which queue takes the messages that were received too often, and which queues it takes them from.

use aws::{Arn, Error};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error;
use crate::limits;

/// `RedrivePolicy`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RedrivePolicy {
    /// As it was set.
    pub(crate) text: String,
    pub(crate) target: Arn,
    pub(crate) max_receives: u32,
}

/// `RedriveAllowPolicy`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RedriveAllowPolicy {
    /// As it was set.
    pub(crate) text: String,
    pub(crate) sources: Sources,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Sources {
    All,
    None,
    These(Vec<Arn>),
}

impl RedrivePolicy {
    /// Reads the policy; `None` for the empty text, which takes it away.
    pub(crate) fn parse(text: &str) -> Result<Option<Self>, Error> {
        if text.is_empty() {
            return Ok(None);
        }
        let invalid = |reason: &str| error::invalid_value(text, "RedrivePolicy", reason);
        let Ok(Value::Object(policy)) = serde_json::from_str(text) else {
            return Err(invalid("Redrive policy is not a valid JSON map."));
        };
        let member = |name: &str| {
            let missing =
                || invalid(&format!("Redrive policy does not contain mandatory attribute: {name}."));
            policy.get(name).ok_or_else(missing)
        };
        let target = member("deadLetterTargetArn")?;
        let target =
            target.as_str().and_then(|arn| arn.parse::<Arn>().ok()).filter(|arn| arn.service == "sqs");
        let target = target.ok_or_else(|| invalid("Invalid value for deadLetterTargetArn."))?;
        let count = member("maxReceiveCount")?;
        // The console and older SDKs write the number as text; AWS takes both.
        let given = count.as_str().map_or_else(|| count.to_string(), str::to_owned);
        let max_receives =
            given.parse().ok().filter(|n| (1..=limits::MAX_RECEIVES_MAX).contains(n)).ok_or_else(|| {
                invalid(&format!(
                    "Invalid value for maxReceiveCount: {given}, valid values are from 1 to 1000 both inclusive."
                ))
            })?;
        Ok(Some(Self { text: text.to_owned(), target, max_receives }))
    }
}

impl RedriveAllowPolicy {
    /// Reads the policy; `None` for the empty text, which takes it away.
    pub(crate) fn parse(text: &str) -> Result<Option<Self>, Error> {
        if text.is_empty() {
            return Ok(None);
        }
        let invalid = |reason: &str| error::invalid_value(text, "RedriveAllowPolicy", reason);
        let Ok(Value::Object(policy)) = serde_json::from_str(text) else {
            return Err(invalid("Redrive allow policy is not a valid JSON map."));
        };
        let listed = policy.get("sourceQueueArns").map(|arns| {
            let arns = arns.as_array().filter(|arns| arns.len() <= limits::REDRIVE_SOURCES_MAX)?;
            arns.iter().map(|arn| arn.as_str()?.parse().ok()).collect::<Option<Vec<Arn>>>()
        });
        let sources = match (policy.get("redrivePermission").and_then(Value::as_str), listed) {
            (Some("allowAll"), None) => Sources::All,
            (Some("denyAll"), None) => Sources::None,
            (Some("byQueue"), Some(Some(arns))) if !arns.is_empty() => Sources::These(arns),
            (Some("byQueue"), _) => return Err(invalid("Invalid value for sourceQueueArns.")),
            (Some("allowAll" | "denyAll"), Some(_)) => {
                return Err(invalid("sourceQueueArns can only be given with the redrivePermission byQueue."));
            }
            (_, _) => return Err(invalid("Invalid value for redrivePermission.")),
        };
        Ok(Some(Self { text: text.to_owned(), sources }))
    }
}
