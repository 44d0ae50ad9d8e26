//! A dead letter as it lies in its queue: what went wrong, for which rule and target; and which letters are meant.

use aws::Arn;
use queue::{Value, Withdrawn};
use serde::Serialize;

use crate::buses::rule::RuleKey;

/// The error code that stands for a message that its queue gave up.
const RECEIVED_TOO_OFTEN: &str = "RECEIVED_TOO_OFTEN";
/// The error code that stands for a message that nobody dead-lettered.
const SENT_THERE: &str = "SENT_THERE";

/// A letter that had to stay as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct StayingLetter {
    /// Its id.
    pub id: String,
    /// Why.
    pub reason: String,
}

/// A dead letter.
#[derive(Clone, Debug)]
pub struct Letter(Withdrawn);

impl Letter {
    /// What a message of a dead-letter queue tells.
    pub fn of(message: Withdrawn) -> Self {
        Self(message)
    }

    /// The message.
    pub fn message(&self) -> &Withdrawn {
        &self.0
    }

    /// The message, to be kept.
    pub fn into_message(self) -> Withdrawn {
        self.0
    }

    /// An attribute's text.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let named = self.0.attributes().find(|attribute| attribute.name == name)?;
        match &named.value {
            Value::Text(text) => Some(text),
            Value::Bytes(_) => None,
        }
    }

    /// EventBridge's error code, or what stands for it where a queue gave it up or somebody sent it.
    pub fn error_code(&self) -> &str {
        match (self.attribute("ERROR_CODE"), self.0.source()) {
            (Some(code), _) => code,
            (None, Some(_)) => RECEIVED_TOO_OFTEN,
            (None, None) => SENT_THERE,
        }
    }

    /// The rule that it was for.
    pub fn rule_arn(&self) -> Option<Arn> {
        self.attribute("RULE_ARN")?.parse().ok()
    }

    /// The target that it was for.
    pub fn target_arn(&self) -> Option<Arn> {
        self.attribute("TARGET_ARN")?.parse().ok()
    }

    /// The queue that gave it up.
    pub fn source_arn(&self) -> Option<Arn> {
        self.0.source()?.parse().ok()
    }
}

/// Which letters of a queue: those that all of these take.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Only those with these ids; none: of any id.
    pub ids: Vec<String>,
    /// Only those with this error code.
    pub error_code: Option<String>,
    /// Only those of the rule of this name, on any bus; of `bus/rule`; or of this ARN.
    pub rule: Option<String>,
    /// Only those for the target of this ARN, or of what is behind its last colon.
    pub target: Option<String>,
    /// Only those that the queue of this name, or ARN, gave up.
    pub source: Option<String>,
}

impl Selection {
    /// Whether it is one of those.
    pub fn takes(&self, letter: &Letter) -> bool {
        (self.ids.is_empty() || self.ids.iter().any(|id| id == letter.message().id()))
            && self.error_code.as_deref().is_none_or(|code| code == letter.error_code())
            && self
                .rule
                .as_deref()
                .is_none_or(|rule| letter.rule_arn().is_some_and(|arn| is_rule(&arn, rule)))
            && self.target.as_deref().is_none_or(|name| letter.target_arn().is_some_and(|arn| is(&arn, name)))
            && self.source.as_deref().is_none_or(|name| letter.source_arn().is_some_and(|arn| is(&arn, name)))
    }
}

fn is(arn: &Arn, name: &str) -> bool {
    arn.resource == name || arn.to_string() == name
}

fn is_rule(arn: &Arn, name: &str) -> bool {
    RuleKey::of_arn(arn).is_some_and(|key| key.rule.as_str() == name)
        || arn.resource.strip_prefix("rule/") == Some(name)
        || arn.to_string() == name
}
