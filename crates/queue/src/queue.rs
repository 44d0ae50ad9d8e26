//! A queue of SQS: its name, URL and ARN, its attributes, and the engine queue that holds its messages.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use aws::{Arn, Call, Error, Scope, Timestamp};
use serde::{Deserialize, Serialize};
use store::{KeyRange, Read, Table, Tx, record};

use crate::engine::Queues;
use crate::engine::record::{QueueId, Settings};
use crate::error;
use crate::limits;
use crate::message::check_body;
use crate::redrive::{RedriveAllowPolicy, RedrivePolicy};

/// A queue. Its name is its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    /// Up to 80 letters, digits, hyphens, underscores; `.fifo` at the end of a FIFO queue's.
    pub name: String,
    /// Where its messages are. A purge gives it a new one.
    pub engine: QueueId,
    /// Where its messages were before the last purge: handles of then are still ours.
    pub(crate) former: Option<QueueId>,
    pub(crate) created_at: Timestamp,
    pub(crate) modified_at: Timestamp,
    pub(crate) purged_at: Option<Timestamp>,
    /// What can be set.
    pub attributes: Attributes,
    pub(crate) tags: BTreeMap<String, String>,
}

/// What of a queue can be set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attributes {
    /// `VisibilityTimeout`, 0 to 43200.
    pub visibility_s: u32,
    /// `MessageRetentionPeriod`, 60 to 1209600.
    pub retention_s: u32,
    /// `DelaySeconds`, 0 to 900.
    pub delay_s: u32,
    /// `ReceiveMessageWaitTimeSeconds`, 0 to 20.
    pub wait_s: u32,
    /// `MaximumMessageSize`, 1024 to 1048576.
    pub size_bytes_max: u32,
    /// Set of a FIFO queue.
    pub fifo: Option<Fifo>,
    pub(crate) redrive: Option<RedrivePolicy>,
    pub(crate) redrive_allow: Option<RedriveAllowPolicy>,
    /// Those that are only kept: `Policy` and encryption.
    pub(crate) kept: BTreeMap<String, String>,
}

/// What makes a queue a FIFO queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fifo {
    /// `ContentBasedDeduplication`: without an id, the body's SHA-256 is the id.
    pub content_based: bool,
    /// `DeduplicationScope` is `messageGroup`, not `queue`.
    pub scope_is_group: bool,
    /// `FifoThroughputLimit` is `perMessageGroupId`, not `perQueue`. Kept; we have no such limit.
    pub throughput_is_per_group: bool,
}

record!(Queue, version 1);

/// Name to queue.
pub(crate) const SQS_QUEUES: Table<String, Queue> = Table::new(8, "SQS queues");

impl Default for Attributes {
    fn default() -> Self {
        Self {
            visibility_s: limits::VISIBILITY_S_DEFAULT,
            retention_s: limits::RETENTION_S_DEFAULT,
            delay_s: 0,
            wait_s: 0,
            size_bytes_max: limits::SIZE_BYTES_MAX,
            fifo: None,
            redrive: None,
            redrive_allow: None,
            kept: BTreeMap::new(),
        }
    }
}

/// Attributes that are kept and shown, and nothing more.
const KEPT: [&str; 4] = ["Policy", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled"];
/// Attributes that only we set.
const READ_ONLY: [&str; 6] = [
    "QueueArn",
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
];
/// Every attribute that can be set and is not only kept.
const SETTABLE: [&str; 11] = [
    "VisibilityTimeout",
    "MessageRetentionPeriod",
    "DelaySeconds",
    "ReceiveMessageWaitTimeSeconds",
    "MaximumMessageSize",
    "FifoQueue",
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "FifoThroughputLimit",
    "RedrivePolicy",
    "RedriveAllowPolicy",
];

/// Whether AWS has an attribute of this name.
pub(crate) fn is_attribute(name: &str) -> bool {
    SETTABLE.contains(&name) || KEPT.contains(&name) || READ_ONLY.contains(&name)
}

/// The names of the attributes that can be set.
pub(crate) fn settable() -> impl Iterator<Item = &'static str> {
    SETTABLE.into_iter().chain(KEPT)
}

impl Attributes {
    /// Sets one attribute from AWS's text.
    ///
    /// # Errors
    /// `InvalidAttributeName`, `InvalidAttributeValue`, `InvalidParameterValue`.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> Result<(), Error> {
        let number = |range| parse_between(value, range).ok_or_else(|| error::invalid_attribute(name));
        match name {
            "VisibilityTimeout" => self.visibility_s = number(0..=limits::VISIBILITY_S_MAX)?,
            "MessageRetentionPeriod" => {
                self.retention_s = number(limits::RETENTION_S_MIN..=limits::RETENTION_S_MAX)?;
            }
            "DelaySeconds" => self.delay_s = number(0..=limits::DELAY_S_MAX)?,
            "ReceiveMessageWaitTimeSeconds" => self.wait_s = number(0..=limits::WAIT_S_MAX)?,
            "MaximumMessageSize" => {
                self.size_bytes_max = number(limits::SIZE_BYTES_MIN..=limits::SIZE_BYTES_MAX)?;
            }
            "FifoQueue" | "ContentBasedDeduplication" | "DeduplicationScope" | "FifoThroughputLimit" => {
                self.set_fifo(name, value)?;
            }
            "RedrivePolicy" => self.redrive = RedrivePolicy::parse(value)?,
            "RedriveAllowPolicy" => self.redrive_allow = RedriveAllowPolicy::parse(value)?,
            name if KEPT.contains(&name) => self.keep(name, value)?,
            name => return Err(error::unknown_attribute(name)),
        }
        Ok(())
    }

    fn set_fifo(&mut self, name: &str, value: &str) -> Result<(), Error> {
        let invalid = || error::invalid_attribute(name);
        if name == "FifoQueue" {
            // Set when the queue is made, together with its name, and never changed. The words are recorded from AWS by
            // LocalStack: test_set_unsupported_attribute_fifo.
            return match (self.fifo.is_some(), boolean(value)) {
                (true, Some(true)) => Ok(()),
                (true, Some(false) | None) => Err(Error::sender(
                    "InvalidAttributeValue",
                    "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.",
                )),
                (false, _) => Err(error::unknown_attribute(name)),
            };
        }
        let Some(fifo) = self.fifo.as_mut() else { return Err(error::only_of_fifo(name)) };
        let (flag, no, yes) = match name {
            "ContentBasedDeduplication" => (&mut fifo.content_based, "false", "true"),
            "DeduplicationScope" => (&mut fifo.scope_is_group, "queue", "messageGroup"),
            _ => (&mut fifo.throughput_is_per_group, "perQueue", "perMessageGroupId"),
        };
        *flag = match value {
            value if value.eq_ignore_ascii_case(no) => false,
            value if value.eq_ignore_ascii_case(yes) => true,
            _ => return Err(invalid()),
        };
        Ok(())
    }

    fn keep(&mut self, name: &str, value: &str) -> Result<(), Error> {
        let valid = match name {
            "Policy" => {
                value.is_empty() || serde_json::from_str::<BTreeMap<String, serde_json::Value>>(value).is_ok()
            }
            "SqsManagedSseEnabled" => boolean(value).is_some(),
            "KmsDataKeyReusePeriodSeconds" => parse_between(value, 60..=86_400).is_some(),
            _ => true,
        };
        if !valid {
            return Err(error::invalid_attribute(name));
        }
        if value.is_empty() {
            self.kept.remove(name);
            if name == "KmsMasterKeyId" {
                // Without a key nothing is reused; recorded from AWS.
                self.kept.remove("KmsDataKeyReusePeriodSeconds");
            }
        } else {
            let value = boolean(value)
                .filter(|_| name == "SqsManagedSseEnabled")
                .map_or_else(|| value.to_owned(), |is| is.to_string());
            self.kept.insert(name.to_owned(), value);
        }
        Ok(())
    }

    /// AWS's text of one attribute; `None` where it is not set.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        let choice = |flag: bool, no: &str, yes: &str| if flag { yes.to_owned() } else { no.to_owned() };
        let fifo = self.fifo.as_ref();
        match name {
            "VisibilityTimeout" => Some(self.visibility_s.to_string()),
            "MessageRetentionPeriod" => Some(self.retention_s.to_string()),
            "DelaySeconds" => Some(self.delay_s.to_string()),
            "ReceiveMessageWaitTimeSeconds" => Some(self.wait_s.to_string()),
            "MaximumMessageSize" => Some(self.size_bytes_max.to_string()),
            "FifoQueue" => fifo.map(|_| "true".to_owned()),
            "ContentBasedDeduplication" => fifo.map(|f| choice(f.content_based, "false", "true")),
            "DeduplicationScope" => fifo.map(|f| choice(f.scope_is_group, "queue", "messageGroup")),
            "FifoThroughputLimit" => {
                fifo.map(|f| choice(f.throughput_is_per_group, "perQueue", "perMessageGroupId"))
            }
            "RedrivePolicy" => self.redrive.as_ref().map(|policy| policy.text.clone()),
            "RedriveAllowPolicy" => self.redrive_allow.as_ref().map(|policy| policy.text.clone()),
            // Encryption at rest with SQS's own keys is on where nobody says otherwise, as on AWS.
            "SqsManagedSseEnabled" => {
                let with_kms = self.kept.contains_key("KmsMasterKeyId");
                Some(self.kept.get(name).cloned().unwrap_or_else(|| choice(with_kms, "true", "false")))
            }
            name => self.kept.get(name).cloned(),
        }
    }

    /// What of this the engine must know.
    pub(crate) fn settings(&self) -> Settings {
        Settings { permits: None, retention_ms: Some(u64::from(self.retention_s) * 1000) }
    }
}

/// A boolean as clients write it: also Python's `True`.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else {
        text.eq_ignore_ascii_case("false").then_some(false)
    }
}

fn parse_between(text: &str, range: RangeInclusive<u32>) -> Option<u32> {
    text.parse().ok().filter(|number| range.contains(number))
}

impl Queue {
    /// The text of its policy document, where it has one.
    pub fn policy(&self) -> Option<&str> {
        self.attributes.kept.get("Policy").map(String::as_str).filter(|text| !text.is_empty())
    }

    /// Checks the name of a standard queue.
    ///
    /// # Errors
    /// `InvalidParameterValue`.
    pub(crate) fn check_name(name: &str) -> Result<(), Error> {
        check_letters(name, name.len()).ok_or_else(|| {
            error::invalid_parameter(
                "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
            )
        })
    }

    /// Checks the name of a FIFO queue.
    ///
    /// # Errors
    /// `InvalidParameterValue`.
    pub(crate) fn check_fifo_name(name: &str) -> Result<(), Error> {
        name.strip_suffix(".fifo").and_then(|stem| check_letters(stem, name.len())).ok_or_else(|| {
            error::invalid_parameter(
                "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.",
            )
        })
    }

    /// Checks a message's text against what SQS takes and this queue's limit.
    ///
    /// # Errors
    /// `MissingParameter`, `InvalidMessageContents`, `InvalidParameterValue`.
    pub fn check_body(&self, body: &str) -> Result<(), Error> {
        check_body(body)?;
        let most = self.attributes.size_bytes_max;
        if body.len() <= usize::try_from(most).unwrap_or(usize::MAX) {
            return Ok(());
        }
        Err(error::invalid_parameter(format!(
            "One or more parameters are invalid. Reason: Message must be shorter than {most} bytes."
        )))
    }

    /// Its ARN.
    pub(crate) fn arn(&self, scope: &Scope) -> Arn {
        scope.arn("sqs", self.name.clone())
    }

    /// Its URL, at the address that the caller used.
    pub(crate) fn url(&self, scope: &Scope, call: &Call) -> String {
        url(&self.name, scope, call)
    }

    /// Whether messages of this engine queue are or were its messages.
    pub(crate) fn owns(&self, engine: QueueId) -> bool {
        self.engine == engine || self.former == Some(engine)
    }

    /// Until when a message that is received at `now` is nobody else's: for so many seconds, or the queue's own visibility
    /// timeout.
    pub fn visible_after(&self, now: Timestamp, seconds: Option<u32>) -> Timestamp {
        now.plus(Duration::from_secs(u64::from(seconds.unwrap_or(self.attributes.visibility_s))))
    }

    pub(crate) fn put(&self, tx: &mut Tx<'_>) {
        tx.put(&SQS_QUEUES, &self.name, self);
    }
}

/// Letters, digits, hyphens and underscores, at least one and `len` of the whole name within the limit.
fn check_letters(stem: &str, len: usize) -> Option<()> {
    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    (!stem.is_empty() && len <= limits::NAME_MAX && stem.chars().all(letters)).then_some(())
}

/// The URL of the queue `name` of a scope. The region is not in it, as nothing of our address is: the caller's counts.
pub(crate) fn url(name: &str, scope: &Scope, call: &Call) -> String {
    format!("{}/{}/{name}", call.base_url, scope.account)
}

/// What a queue's URL says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UrlParts<'u> {
    pub(crate) account: Option<&'u str>,
    pub(crate) name: &'u str,
}

/// The parts of a URL. Any host will do, a queue is found by the path: `/{account}/{name}`.
pub(crate) fn parts_of_url(url: &str) -> UrlParts<'_> {
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
        None => url,
    };
    let mut parts = path.trim_end_matches('/').rsplit('/');
    let name = parts.next().unwrap_or_default();
    UrlParts { account: parts.next().filter(|account| !account.is_empty()), name }
}

/// The queue's name in a URL.
///
/// # Errors
/// `MissingParameter`; `QueueDoesNotExist` where it is of an account that is not served.
pub(crate) fn name_in_url(url: Option<&str>, scope: &Scope) -> Result<String, Error> {
    let url = url.filter(|url| !url.is_empty()).ok_or_else(|| error::missing_parameter("QueueUrl"))?;
    let UrlParts { account, name } = parts_of_url(url);
    if name.is_empty() || account.is_some_and(|account| account != &*scope.account) {
        return Err(error::queue_does_not_exist(None));
    }
    Ok(name.to_owned())
}

/// The queue's name in an ARN of this account and region; `None` where it is another's.
pub fn name_in_arn(arn: &Arn, account: &str, region: &str) -> Option<String> {
    let ours = arn.service == "sqs" && arn.account == account && arn.region == region;
    ours.then(|| arn.resource.clone())
}

/// The queue of this name.
///
/// # Errors
/// `QueueDoesNotExist`.
pub(crate) fn require(read: &mut impl Read, name: &str) -> Result<Queue, Error> {
    let queue = find(read, name);
    queue.ok_or_else(|| error::queue_does_not_exist(read.elsewhere(&SQS_QUEUES, &name.to_owned()).as_ref()))
}

pub(crate) fn find(read: &mut impl Read, name: &str) -> Option<Queue> {
    read.get(&SQS_QUEUES, &name.to_owned())
}

impl Queues {
    /// The SQS queue of this name, as the other rooms need it: its engine queue and what it sets. To be asked for in
    /// the transaction that uses it: a purge gives the queue another engine queue.
    pub fn find(&self, read: &mut impl Read, name: &str) -> Option<Queue> {
        find(read, name)
    }

    /// The first SQS queues by name, at most `limit`.
    pub fn first(&self, read: &mut impl Read, limit: usize) -> Vec<Queue> {
        read.list(&SQS_QUEUES, &KeyRange::all(), limit).into_iter().map(|(_, queue)| queue).collect()
    }
}
