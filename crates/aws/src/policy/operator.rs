//! Condition operators. Source: IAM User Guide, "IAM JSON policy elements: Condition operators" and "Creating a condition that
//! tests multiple key values (set operations)".

use std::cmp::Ordering;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::policy::pattern::Pattern;
use crate::time::Timestamp;

/// How numbers and moments are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Neither before nor after.
    Equals,
    /// Before.
    LessThan,
    /// Before, or equal.
    LessThanEquals,
    /// After.
    GreaterThan,
    /// After, or equal.
    GreaterThanEquals,
}

/// What is compared, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `StringEquals`.
    StringEquals,
    /// `StringEqualsIgnoreCase`.
    StringEqualsIgnoreCase,
    /// `StringLike`: with wildcards.
    StringLike,
    /// `NumericEquals`, `NumericLessThan` and so on.
    Numeric(Order),
    /// `DateEquals`, `DateLessThan` and so on.
    Date(Order),
    /// `Bool`.
    Bool,
    /// `BinaryEquals`: the base64 text of the bytes.
    BinaryEquals,
    /// `IpAddress`: an address or a range of them.
    IpAddress,
    /// `ArnEquals`, which is the same as `ArnLike`.
    ArnEquals,
    /// `ArnLike`: with wildcards, each part by itself.
    ArnLike,
    /// `Null`: whether the key is absent.
    Null,
}

/// How an operator takes a key with several values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantifier {
    /// `ForAllValues`: each of them must match; true where there are none.
    ForAllValues,
    /// `ForAnyValue`: one must match; false where there are none.
    ForAnyValue,
}

/// An operator as it is written: `ForAllValues:StringNotLikeIfExists`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operator {
    /// `ForAllValues:`, `ForAnyValue:` or nothing.
    pub quantifier: Option<Quantifier>,
    /// The comparison.
    pub comparison: Comparison,
    /// Whether what matches is what does not compare: `StringNotEquals`.
    pub is_negated: bool,
    /// `...IfExists`: true where the key is absent.
    pub if_exists: bool,
}

/// A name without quantifier and `IfExists`, and what it is.
struct Name {
    text: &'static str,
    comparison: Comparison,
    is_negated: bool,
}

const fn plain(text: &'static str, comparison: Comparison) -> Name {
    Name { text, comparison, is_negated: false }
}

const fn negated(text: &'static str, comparison: Comparison) -> Name {
    Name { text, comparison, is_negated: true }
}

const NAMES: [Name; 27] = [
    plain("StringEquals", Comparison::StringEquals),
    negated("StringNotEquals", Comparison::StringEquals),
    plain("StringEqualsIgnoreCase", Comparison::StringEqualsIgnoreCase),
    negated("StringNotEqualsIgnoreCase", Comparison::StringEqualsIgnoreCase),
    plain("StringLike", Comparison::StringLike),
    negated("StringNotLike", Comparison::StringLike),
    plain("NumericEquals", Comparison::Numeric(Order::Equals)),
    negated("NumericNotEquals", Comparison::Numeric(Order::Equals)),
    plain("NumericLessThan", Comparison::Numeric(Order::LessThan)),
    plain("NumericLessThanEquals", Comparison::Numeric(Order::LessThanEquals)),
    plain("NumericGreaterThan", Comparison::Numeric(Order::GreaterThan)),
    plain("NumericGreaterThanEquals", Comparison::Numeric(Order::GreaterThanEquals)),
    plain("DateEquals", Comparison::Date(Order::Equals)),
    negated("DateNotEquals", Comparison::Date(Order::Equals)),
    plain("DateLessThan", Comparison::Date(Order::LessThan)),
    plain("DateLessThanEquals", Comparison::Date(Order::LessThanEquals)),
    plain("DateGreaterThan", Comparison::Date(Order::GreaterThan)),
    plain("DateGreaterThanEquals", Comparison::Date(Order::GreaterThanEquals)),
    plain("Bool", Comparison::Bool),
    plain("BinaryEquals", Comparison::BinaryEquals),
    plain("IpAddress", Comparison::IpAddress),
    negated("NotIpAddress", Comparison::IpAddress),
    plain("ArnEquals", Comparison::ArnEquals),
    negated("ArnNotEquals", Comparison::ArnEquals),
    plain("ArnLike", Comparison::ArnLike),
    negated("ArnNotLike", Comparison::ArnLike),
    plain("Null", Comparison::Null),
];

impl Operator {
    /// An operator without quantifier, negation and `IfExists`.
    pub const fn new(comparison: Comparison) -> Self {
        Self { quantifier: None, comparison, is_negated: false, if_exists: false }
    }
}

/// A name that is no operator's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownOperator;

impl FromStr for Operator {
    type Err = UnknownOperator;

    fn from_str(text: &str) -> Result<Self, UnknownOperator> {
        let (quantifier, rest) = match text.split_once(':') {
            Some(("ForAllValues", rest)) => (Some(Quantifier::ForAllValues), rest),
            Some(("ForAnyValue", rest)) => (Some(Quantifier::ForAnyValue), rest),
            Some(_) => return Err(UnknownOperator),
            None => (None, text),
        };
        let (name, if_exists) = match rest.strip_suffix("IfExists") {
            Some(name) => (name, true),
            None => (rest, false),
        };
        let name = NAMES.iter().find(|row| row.text == name).ok_or(UnknownOperator)?;
        // "You can add IfExists to the end of any condition operator name except the Null condition".
        if if_exists && name.comparison == Comparison::Null {
            return Err(UnknownOperator);
        }
        Ok(Self { quantifier, comparison: name.comparison, is_negated: name.is_negated, if_exists })
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.quantifier {
            Some(Quantifier::ForAllValues) => f.write_str("ForAllValues:")?,
            Some(Quantifier::ForAnyValue) => f.write_str("ForAnyValue:")?,
            None => {}
        }
        let is_own = |row: &&Name| row.comparison == self.comparison && row.is_negated == self.is_negated;
        f.write_str(NAMES.iter().find(is_own).map_or("", |row| row.text))?;
        f.write_str(if self.if_exists { "IfExists" } else { "" })
    }
}

impl Comparison {
    /// Whether policy variables are filled in: "in any condition that involves the string operators or the ARN operators".
    pub(crate) fn knows_variables(self) -> bool {
        matches!(
            self,
            Self::StringEquals
                | Self::StringEqualsIgnoreCase
                | Self::StringLike
                | Self::ArnEquals
                | Self::ArnLike
                | Self::Bool
        )
    }

    /// Whether a value of the request compares with one of the document; a value of another form does not.
    pub(crate) fn holds(self, wanted: &Pattern, value: &str) -> bool {
        match self {
            Self::StringEquals | Self::BinaryEquals => wanted.text() == value,
            Self::StringEqualsIgnoreCase => wanted.text().to_lowercase() == value.to_lowercase(),
            Self::StringLike => wanted.matches(value),
            Self::Numeric(order) => {
                let numbers = wanted.text().trim().parse::<f64>().ok().zip(value.trim().parse::<f64>().ok());
                numbers.is_some_and(|(wanted, value)| order.holds(value.partial_cmp(&wanted)))
            }
            Self::Date(order) => {
                let moments = moment(&wanted.text()).zip(moment(value));
                moments.is_some_and(|(wanted, value)| order.holds(Some(value.cmp(&wanted))))
            }
            Self::Bool => wanted.text().eq_ignore_ascii_case(value),
            Self::IpAddress => is_in_range(&wanted.text(), value),
            Self::ArnEquals | Self::ArnLike => wanted.matches_arn(value),
            // Asked of the key and not of its values: `Condition::holds`.
            Self::Null => false,
        }
    }
}

impl Order {
    fn holds(self, ordering: Option<Ordering>) -> bool {
        ordering.is_some_and(|ordering| match self {
            Self::Equals => ordering.is_eq(),
            Self::LessThan => ordering.is_lt(),
            Self::LessThanEquals => ordering.is_le(),
            Self::GreaterThan => ordering.is_gt(),
            Self::GreaterThanEquals => ordering.is_ge(),
        })
    }
}

/// "one of the W3C implementations of the ISO 8601 date formats or epoch (UNIX) time": down from the day, in seconds.
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>()
        && text.len() != 4
    {
        return seconds.checked_mul(1000).map(Timestamp::from_unix_ms);
    }
    let (date, time) = match text.split_once(['T', 't']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let date = match date.len() {
        4 => format!("{date}-01-01"),
        7 => format!("{date}-01"),
        _ => date.to_owned(),
    };
    Timestamp::parse_iso(&format!("{date}T{}", time.unwrap_or("00:00:00Z")))
        .or_else(|| Timestamp::parse_iso(&format!("{date}T{}Z", time?)))
}

/// "The value must be in the standard CIDR format"; without a prefix it is one address.
fn is_in_range(range: &str, address: &str) -> bool {
    let (network, prefix) = match range.split_once('/') {
        Some((network, prefix)) => (network, prefix.parse::<u32>().ok()),
        None => (range, Some(u32::MAX)),
    };
    let parsed = network.trim().parse::<IpAddr>().ok().zip(address.trim().parse::<IpAddr>().ok());
    match (parsed, prefix) {
        (Some((IpAddr::V4(network), IpAddr::V4(address))), Some(prefix)) => {
            let shift = 32 - prefix.min(32);
            u32::from(network).checked_shr(shift) == u32::from(address).checked_shr(shift)
        }
        (Some((IpAddr::V6(network), IpAddr::V6(address))), Some(prefix)) => {
            let shift = 128 - prefix.min(128);
            u128::from(network).checked_shr(shift) == u128::from(address).checked_shr(shift)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{NAMES, Operator, is_in_range, moment};

    #[test]
    fn names_there_and_back() {
        for row in &NAMES {
            for text in [
                row.text.to_owned(),
                format!("ForAnyValue:{}", row.text),
                format!("ForAllValues:{}", row.text),
            ] {
                assert_eq!(text.parse::<Operator>().unwrap().to_string(), text);
                let if_exists = format!("{text}IfExists");
                match if_exists.parse::<Operator>() {
                    Ok(operator) => assert_eq!(operator.to_string(), if_exists),
                    Err(_) => assert_eq!(row.text, "Null"),
                }
            }
        }
        for text in ["stringEquals", "For:StringEquals", "StringEqual", "", "IfExists"] {
            assert!(text.parse::<Operator>().is_err(), "{text}");
        }
    }

    #[test]
    fn ranges_of_addresses() {
        assert!(is_in_range("203.0.113.0/24", "203.0.113.255"));
        assert!(!is_in_range("203.0.113.0/24", "203.0.114.0"));
        assert!(is_in_range("203.0.113.7", "203.0.113.7"));
        assert!(is_in_range("0.0.0.0/0", "8.8.8.8"));
        assert!(is_in_range("2001:DB8:1234:5678::/64", "2001:db8:1234:5678::1"));
        assert!(!is_in_range("0.0.0.0/0", "::1"));
        assert!(!is_in_range("10.0.0.0/x", "10.0.0.1"));
    }

    #[test]
    fn moments() {
        let day = moment("2020-01-01").unwrap();
        for text in ["2020", "2020-01", "2020-01-01T00:00:00Z", "2020-01-01T01:00:00+01:00", "1577836800"] {
            assert_eq!(moment(text), Some(day), "{text}");
        }
        assert_eq!(moment("soon"), None);
    }
}
