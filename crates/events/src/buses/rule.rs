//! A rule: its name, its state and its record.

use std::collections::BTreeMap;
use std::fmt;

use aws::Arn;
use serde::{Deserialize, Serialize};
use store::Table;

use crate::buses::bus::BusName;
use crate::schedules::schedule::Schedule;

/// All rules, by bus and name.
pub(crate) const RULES: Table<(String, String), Rule> = Table::new(21, "rules");

/// A rule's name: 1 to 64 of `.-_A-Za-z0-9`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RuleName(String);

impl RuleName {
    /// Reads a name; `None` where it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let valid = !text.is_empty()
            && text.len() <= crate::limits::quotas::RULE_NAME_LENGTH_MAX
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
        valid.then(|| Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The rule's full name: on the default bus it leaves the bus out, as AWS does.
    pub fn arn(&self, bus: &BusName, region: &str, account: &str) -> Arn {
        let resource = if bus.is_default() { format!("rule/{self}") } else { format!("rule/{bus}/{self}") };
        Arn::new("events", region, account, resource)
    }
}

/// A rule, by its bus and its name there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleKey {
    /// The bus.
    pub bus: BusName,
    /// The rule's name.
    pub rule: RuleName,
}

impl RuleKey {
    /// The rule of an ARN; `None` where it is none of a rule. A rule's name has no slash, a bus's may.
    pub fn of_arn(arn: &Arn) -> Option<Self> {
        if arn.service != "events" {
            return None;
        }
        let path = arn.resource.strip_prefix("rule/")?;
        Some(match path.rsplit_once('/') {
            Some((bus, rule)) => Self { bus: BusName::parse(bus)?, rule: RuleName::parse(rule)? },
            None => Self { bus: BusName::default_bus(), rule: RuleName::parse(path)? },
        })
    }
}

impl fmt::Display for RuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a rule takes part in matching.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RuleState {
    /// It does.
    #[default]
    #[serde(rename = "ENABLED")]
    Enabled,
    /// It does not.
    #[serde(rename = "DISABLED")]
    Disabled,
    /// As `Enabled`: there is no CloudTrail here whose management events it could add.
    #[serde(rename = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")]
    EnabledWithAllCloudtrailManagementEvents,
}

/// A rule as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rule {
    pub(crate) bus: BusName,
    pub(crate) name: RuleName,
    /// The pattern's text as it was put: it parsed then.
    pub(crate) pattern: Option<String>,
    /// The schedule's text as it was put: it parsed then. A rule has a pattern or a schedule or both.
    pub(crate) schedule: Option<String>,
    pub(crate) state: RuleState,
    pub(crate) description: Option<String>,
    pub(crate) role_arn: Option<String>,
    pub(crate) tags: BTreeMap<String, String>,
}

/// A rule as version 1 stored it: always with a pattern, never with a schedule.
#[derive(Deserialize)]
struct RuleOfVersion1 {
    bus: BusName,
    name: RuleName,
    pattern: String,
    state: RuleState,
    description: Option<String>,
    role_arn: Option<String>,
    tags: BTreeMap<String, String>,
}

impl store::Record for Rule {
    const VERSION: u8 = 2;

    fn encode(&self, bytes: Vec<u8>) -> Option<Vec<u8>> {
        store::record::to_postcard(self, bytes)
    }

    fn decode(version: u8, bytes: &[u8]) -> Option<Self> {
        match version {
            1 => store::record::from_postcard::<RuleOfVersion1>(bytes).map(Self::from),
            Self::VERSION => store::record::from_postcard(bytes),
            _ => None,
        }
    }
}

impl From<RuleOfVersion1> for Rule {
    fn from(old: RuleOfVersion1) -> Self {
        let RuleOfVersion1 { bus, name, pattern, state, description, role_arn, tags } = old;
        Self { bus, name, pattern: Some(pattern), schedule: None, state, description, role_arn, tags }
    }
}

impl Rule {
    /// Its schedule; `None` where it has none, or one that only another Trunkline could read.
    pub(crate) fn schedule(&self) -> Option<Schedule> {
        self.schedule.as_deref().and_then(Schedule::parse)
    }

    /// Where it is stored.
    pub(crate) fn key(bus: &BusName, name: &RuleName) -> (String, String) {
        (bus.as_str().to_owned(), name.as_str().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use aws::Arn;
    use store::Record;

    use super::{Rule, RuleKey, RuleName, RuleState};
    use crate::buses::bus::BusName;

    #[test]
    fn a_rule_of_version_1_is_read() {
        // Postcard of (bus "b", name "r", pattern "{}", enabled, no description, role "x", no tags).
        let bytes = [1, b'b', 1, b'r', 2, b'{', b'}', 0, 0, 1, 1, b'x', 0];
        let rule = Rule {
            bus: BusName::parse("b").unwrap(),
            name: RuleName::parse("r").unwrap(),
            pattern: Some("{}".to_owned()),
            schedule: None,
            state: RuleState::Enabled,
            description: None,
            role_arn: Some("x".to_owned()),
            tags: std::collections::BTreeMap::new(),
        };
        assert_eq!(Rule::decode(1, &bytes), Some(rule.clone()));
        assert_eq!(Rule::decode(2, &rule.encode(Vec::new()).unwrap()), Some(rule));
    }

    #[test]
    fn an_arn_there_and_back() {
        for bus in ["default", "orders", "aws.partner/genesys.com/cloud/o/s"] {
            let bus = BusName::parse(bus).unwrap();
            let rule = RuleName::parse("r.1").unwrap();
            let arn: Arn = rule.arn(&bus, "us-east-1", "000000000000");
            assert_eq!(RuleKey::of_arn(&arn), Some(RuleKey { bus, rule }));
        }
    }
}
