//! The rule that an archive has on its bus: managed by AWS, seen like any other, changed only by force. It is made out of
//! the archive's record, which is what archives events.
//!
//! Its name, manager, pattern and target as moto has them from AWS; what force does as recorded from AWS by the project
//! stackd: the archive is disabled.

use aws::{Arn, Error};
use serde_json::{Map, Value, json};
use store::{KeyRange, Read, Tx};

use crate::archives::archive::{ARCHIVES, Archive, Feeding};
use crate::buses::bus::BusName;
use crate::buses::rule::{Rule, RuleName, RuleState};
use crate::error;
use crate::events::Events;

/// What such a rule's name begins with; the archive's follows.
const PREFIX: &str = "Events-Archive-";
/// Who manages it.
pub(crate) const MANAGER: &str = "prod.vhs.events.aws.internal";

/// A managed rule: as a rule, and the archive that it is of.
pub(crate) struct ManagedRule {
    pub(crate) rule: Rule,
    archive: Archive,
}

/// The one target of a managed rule.
pub(crate) struct ManagedTarget {
    /// As long as the rule's name.
    pub(crate) id: String,
    /// No resource that could be named elsewhere.
    pub(crate) arn: String,
    pub(crate) template: String,
}

impl ManagedRule {
    fn of(archive: Archive) -> Option<Self> {
        if archive.feeding == Feeding::Gone {
            return None;
        }
        // 15 characters and an archive's 48 are no more than a rule's 64.
        let name = RuleName::parse(&format!("{PREFIX}{}", archive.name))?;
        let rule = Rule {
            bus: archive.bus.clone(),
            name,
            pattern: Some(pattern_of(archive.pattern.as_deref())),
            schedule: None,
            state: RuleState::Enabled,
            description: None,
            role_arn: None,
            tags: std::collections::BTreeMap::new(),
        };
        Some(Self { rule, archive })
    }

    /// Its target, unless that was removed.
    pub(crate) fn target(&self, region: &str, account: &str) -> Option<ManagedTarget> {
        if self.archive.feeding == Feeding::Cut {
            return None;
        }
        let arn = Archive::arn(&self.archive.name, region, account);
        let archive = Value::from(format!("{arn}:{}", self.archive.number));
        Some(ManagedTarget {
            id: self.rule.name.as_str().to_owned(),
            arn: format!("arn:aws:events:{region}:::"),
            template: format!(
                "{{\"archive-arn\": {archive}, \"event\": <aws.events.event.json>, \"ingestion-time\": <aws.events.event.ingestion-time>}}"
            ),
        })
    }
}

/// What the archive takes, and nothing that was replayed.
fn pattern_of(archive: Option<&str>) -> String {
    let mut pattern: Map<String, Value> =
        archive.and_then(|pattern| serde_json::from_str(pattern).ok()).unwrap_or_default();
    pattern.insert("replay-name".to_owned(), json!([{"exists": false}]));
    Value::Object(pattern).to_string()
}

impl Events {
    /// The managed rule of this name.
    pub(crate) fn managed_rule(read: &mut impl Read, bus: &BusName, name: &RuleName) -> Option<ManagedRule> {
        let archive = name.as_str().strip_prefix(PREFIX)?.to_owned();
        let archive = read.get(&ARCHIVES, &archive).filter(|archive| archive.bus == *bus)?;
        // A bus may go before its archives.
        Self::bus(read, bus).ok().and_then(|_| ManagedRule::of(archive))
    }

    /// All managed rules of a bus.
    pub(crate) fn managed_rules(read: &mut impl Read, bus: &BusName) -> Vec<Rule> {
        let archives = read.list(&ARCHIVES, &KeyRange::all(), usize::MAX).into_iter();
        let of_bus = archives.map(|(_, archive)| archive).filter(|archive| archive.bus == *bus);
        of_bus.filter_map(ManagedRule::of).map(|managed| managed.rule).collect()
    }

    /// Refuses what nobody may do with a managed rule.
    ///
    /// # Errors
    /// `ManagedRuleException` where it is one.
    pub(crate) fn refuse_managed(read: &mut impl Read, bus: &BusName, name: &RuleName) -> Result<(), Error> {
        match Self::managed_rule(read, bus, name) {
            Some(_) => Err(error::managed_rule(name)),
            None => Ok(()),
        }
    }

    /// Takes the target from a managed rule, or the rule itself, by force: its archive takes no event any more.
    pub(crate) fn cut_archive(&self, tx: &mut Tx<'_>, managed: ManagedRule, feeding: Feeding) {
        let archive = Archive { feeding, ..managed.archive };
        tx.put(&ARCHIVES, &archive.name, &archive);
        self.reload_archives(tx);
    }

    /// The ARN of the rule that a new archive of this name would have, where a rule of that name is there already.
    pub(crate) fn rule_in_the_way(&self, read: &mut impl Read, archive: &Archive) -> Option<Arn> {
        let rule = ManagedRule::of(archive.clone())?.rule;
        let there = Self::rule(read, &rule.bus, &rule.name).is_ok();
        there.then(|| rule.name.arn(&rule.bus, self.region(), self.account()))
    }
}
