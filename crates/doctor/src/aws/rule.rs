//! A deployed rule and its targets.

use serde::Deserialize;
use serde_json::Value;

use crate::aws::facts::text;

/// A rule.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Rule {
    /// As `ListRules` has it.
    pub rule: Value,
    /// `ListTargetsByRule`.
    pub targets: Vec<Target>,
}

/// A target, as `ListTargetsByRule` has it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Target(pub Value);

impl Rule {
    pub(super) fn arn(&self) -> &str {
        text(&self.rule, "Arn")
    }

    pub(super) fn bus(&self) -> &str {
        match text(&self.rule, "EventBusName") {
            "" => "default",
            bus => bus,
        }
    }

    /// `NAME`, or `BUS/NAME` where it is not on the default bus.
    pub(super) fn label(&self) -> String {
        let name = text(&self.rule, "Name");
        if self.bus() == "default" { name.to_owned() } else { format!("{}/{name}", self.bus()) }
    }

    pub(super) fn is_enabled(&self) -> bool {
        text(&self.rule, "State") != "DISABLED"
    }

    /// Whether it is on the bus of a partner's event source.
    pub(super) fn is_on_partner_bus(&self) -> bool {
        self.bus().starts_with("aws.partner/")
    }

    pub(super) fn pattern(&self) -> &str {
        text(&self.rule, "EventPattern")
    }

    /// Its pattern as a value.
    pub(super) fn pattern_value(&self) -> Option<Value> {
        serde_json::from_str(self.pattern()).ok()
    }
}

impl Target {
    pub(super) fn id(&self) -> &str {
        text(&self.0, "Id")
    }

    pub(super) fn arn(&self) -> &str {
        text(&self.0, "Arn")
    }

    pub(super) fn dead_letter(&self) -> Option<&str> {
        self.0.pointer("/DeadLetterConfig/Arn").and_then(Value::as_str).filter(|arn| !arn.is_empty())
    }

    /// Whether it is of a service: `sqs`, `lambda`.
    pub(super) fn is_of(&self, service: &str) -> bool {
        self.arn().split(':').nth(2) == Some(service)
    }
}
