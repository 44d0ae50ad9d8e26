//! An event bus: its name and its record.

use std::collections::BTreeMap;
use std::fmt;

use aws::{Arn, Timestamp};
use serde::{Deserialize, Serialize};
use store::Table;

/// All buses, by name.
pub(crate) const BUSES: Table<String, Bus> = Table::new(20, "event buses");

/// A bus's name: 1 to 256 of `/.-_A-Za-z0-9`. Parsed once; a partner bus is named like its source, slashes included.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BusName(String);

impl BusName {
    /// The name of the bus that always exists.
    pub const DEFAULT: &'static str = "default";

    /// The default bus.
    pub fn default_bus() -> Self {
        Self(Self::DEFAULT.to_owned())
    }

    /// Reads a name; `None` where it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let valid = !text.is_empty()
            && text.len() <= crate::limits::quotas::BUS_NAME_LENGTH_MAX
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.' | b'-' | b'_'));
        valid.then(|| Self(text.to_owned()))
    }

    /// The name out of `arn:aws:events:region:account:event-bus/name`; `None` where it is no such ARN.
    pub fn of_arn(arn: &Arn) -> Option<Self> {
        if arn.service != "events" {
            return None;
        }
        arn.resource.strip_prefix("event-bus/").and_then(Self::parse)
    }

    /// Reads what an `EventBusName` may be: a name or an ARN.
    pub fn parse_name_or_arn(text: &str) -> Option<Self> {
        match text.parse::<Arn>() {
            Ok(arn) => Self::of_arn(&arn),
            Err(_) => Self::parse(text),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the bus that always exists.
    pub fn is_default(&self) -> bool {
        self.0 == Self::DEFAULT
    }

    /// Whether it is named like a partner event source; PutEvents cannot name such a bus.
    pub fn is_partner(&self) -> bool {
        self.0.contains('/')
    }

    /// Its full name.
    pub fn arn(&self, region: &str, account: &str) -> Arn {
        Arn::new("events", region, account, format!("event-bus/{self}"))
    }
}

store::record!(BusName, version 1);

impl fmt::Display for BusName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A bus as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Bus {
    pub(crate) name: BusName,
    pub(crate) description: Option<String>,
    pub(crate) kms_key: Option<String>,
    pub(crate) dead_letter_arn: Option<String>,
    /// The resource policy as JSON text; asked where another account puts events on the bus.
    pub(crate) policy: Option<String>,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) created: Timestamp,
    pub(crate) modified: Timestamp,
    /// Kept and shown.
    pub(crate) log: Option<LogConfig>,
}

/// What a bus logs of its events: `OFF` to `TRACE`, with the detail or without.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LogConfig {
    pub(crate) include_detail: Option<String>,
    pub(crate) level: Option<String>,
}

/// A bus as version 1 stored it: without a log configuration.
#[derive(Deserialize)]
struct BusOfVersion1 {
    name: BusName,
    description: Option<String>,
    kms_key: Option<String>,
    dead_letter_arn: Option<String>,
    policy: Option<String>,
    tags: BTreeMap<String, String>,
    created: Timestamp,
    modified: Timestamp,
}

impl store::Record for Bus {
    const VERSION: u8 = 2;

    fn encode(&self, bytes: Vec<u8>) -> Option<Vec<u8>> {
        store::record::to_postcard(self, bytes)
    }

    fn decode(version: u8, bytes: &[u8]) -> Option<Self> {
        match version {
            1 => store::record::from_postcard::<BusOfVersion1>(bytes).map(Self::from),
            Self::VERSION => store::record::from_postcard(bytes),
            _ => None,
        }
    }
}

impl From<BusOfVersion1> for Bus {
    fn from(old: BusOfVersion1) -> Self {
        let BusOfVersion1 { name, description, kms_key, dead_letter_arn, policy, tags, created, modified } =
            old;
        Self { name, description, kms_key, dead_letter_arn, policy, tags, created, modified, log: None }
    }
}

impl Bus {
    /// A bus with nothing but a name.
    pub(crate) fn new(name: BusName, now: Timestamp) -> Self {
        Self {
            name,
            description: None,
            kms_key: None,
            dead_letter_arn: None,
            policy: None,
            tags: BTreeMap::new(),
            created: now,
            modified: now,
            log: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use aws::Timestamp;
    use store::Record;

    use super::{Bus, BusName};

    #[test]
    fn a_bus_of_version_1_is_read() {
        // Postcard of (name "b", no description, key "k", no dead-letter queue, no policy, no tags, made and changed at 5).
        let bytes = [1, b'b', 0, 1, 1, b'k', 0, 0, 0, 5, 5];
        let five = Timestamp::from_unix_ms(5);
        let bus = Bus { kms_key: Some("k".to_owned()), ..Bus::new(BusName::parse("b").unwrap(), five) };
        assert_eq!(Bus::decode(1, &bytes), Some(bus.clone()));
        assert_eq!(Bus::decode(2, &bus.encode(Vec::new()).unwrap()), Some(bus));
    }

    #[test]
    fn a_name_or_an_arn() {
        for (text, name) in [
            ("default", "default"),
            ("arn:aws:events:us-east-1:000000000000:event-bus/orders", "orders"),
            ("aws.partner/genesys.com/cloud/o/s", "aws.partner/genesys.com/cloud/o/s"),
            (
                "arn:aws:events:us-east-1:000000000000:event-bus/aws.partner/genesys.com/x",
                "aws.partner/genesys.com/x",
            ),
        ] {
            assert_eq!(BusName::parse_name_or_arn(text).unwrap().as_str(), name);
        }
        for text in ["", "a b", "arn:aws:sqs:us-east-1:000000000000:q", "arn:aws:events:r:a:rule/x"] {
            assert_eq!(BusName::parse_name_or_arn(text), None, "{text}");
        }
    }
}
