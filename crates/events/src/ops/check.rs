//! What requests have in common: what the service's model says about members, checked all at once and told in AWS's words.
//!
//! Source of the words: AWS's answers recorded by LocalStack (`test_put_target_id_validation`,
//! `test_put_events_exceed_limit_ten_entries`, `test_create_connection_name_validation`); of the constraints: botocore's model of `events`.

use std::ops::RangeInclusive;

use aws::{Arn, Error};

use crate::buses::bus::BusName;
use crate::buses::rule::{RuleKey, RuleName};
use crate::error;
use crate::events::Events;
use crate::limits::quotas;

/// The constraints that were broken.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<String>);

/// What a text member may be.
pub(crate) struct Shape {
    pub(crate) length_min: usize,
    pub(crate) length_max: usize,
    pub(crate) pattern: Option<Pattern>,
}

/// A regular expression of the model.
pub(crate) struct Pattern {
    /// As AWS spells it.
    spelled: &'static str,
    /// Whether a text satisfies it.
    satisfies: fn(&str) -> bool,
}

impl Shape {
    /// A text of a length within bounds.
    pub(crate) const fn length(length_min: usize, length_max: usize) -> Self {
        Self { length_min, length_max, pattern: None }
    }

    /// Whether a text is of this shape, for those who say what is wrong only where something is.
    pub(crate) fn takes(&self, text: &str) -> bool {
        let length = text.chars().count();
        (self.length_min..=self.length_max).contains(&length)
            && self.pattern.as_ref().is_none_or(|pattern| (pattern.satisfies)(text))
    }

    const fn matching(self, spelled: &'static str, satisfies: fn(&str) -> bool) -> Self {
        Self { pattern: Some(Pattern { spelled, satisfies }), ..self }
    }
}

/// A bus's name.
pub(crate) const BUS_NAME: Shape = Shape::length(1, quotas::BUS_NAME_LENGTH_MAX)
    .matching(r"[/\.\-_A-Za-z0-9]+", |text| text.chars().all(|c| c == '/' || of_name(c)));
/// A bus's name or ARN.
pub(crate) const BUS_NAME_OR_ARN: Shape = Shape::length(1, quotas::ARN_LENGTH_MAX).matching(
    r"(arn:aws[\w-]*:events:[a-z]{2}-[a-z]+-[\w-]+:[0-9]{12}:event-bus\/)?[/\.\-_A-Za-z0-9]+",
    |text| bare_bus_name(text).chars().all(|c| c == '/' || of_name(c)),
);
/// The name or ARN of a bus that is no partner's.
pub(crate) const OWN_BUS_NAME_OR_ARN: Shape = Shape::length(1, quotas::ARN_LENGTH_MAX).matching(
    r"(arn:aws[\w-]*:events:[a-z]{2}-[a-z]+-[\w-]+:[0-9]{12}:event-bus\/)?[\.\-_A-Za-z0-9]+",
    |text| bare_bus_name(text).chars().all(of_name),
);
/// The name of a bus that is no partner's.
pub(crate) const OWN_BUS_NAME: Shape = Shape::length(1, quotas::BUS_NAME_LENGTH_MAX)
    .matching(r"[\.\-_A-Za-z0-9]+", |text| text.chars().all(of_name));
/// A rule's name or a target's id.
pub(crate) const RULE_NAME: Shape = Shape::length(1, quotas::RULE_NAME_LENGTH_MAX)
    .matching(r"[\.\-_A-Za-z0-9]+", |text| text.chars().all(of_name));
/// An archive's name.
pub(crate) const ARCHIVE_NAME: Shape = Shape::length(1, quotas::ARCHIVE_NAME_LENGTH_MAX)
    .matching(r"[\.\-_A-Za-z0-9]+", |text| text.chars().all(of_name));
/// The name of a connection or an API destination.
pub(crate) const CONNECTION_NAME: Shape = Shape::length(1, quotas::CONNECTION_NAME_LENGTH_MAX)
    .matching(r"[\.\-_A-Za-z0-9]+", |text| text.chars().all(of_name));
/// The ARN of a connection.
pub(crate) const CONNECTION_ARN: Shape = Shape::length(1, quotas::ARN_LENGTH_MAX).matching(
    r"^arn:aws([a-z]|\-)*:events:([a-z]|\d|\-)*:([0-9]{12})?:connection\/[\.\-_A-Za-z0-9]+\/[\-A-Za-z0-9]+$",
    |text| {
        let arn: Option<Arn> = text.parse().ok();
        arn.is_some_and(|arn| {
            let parts = arn.resource.strip_prefix("connection/").and_then(|rest| rest.split_once('/'));
            arn.service == "events"
                && parts.is_some_and(|(name, id)| {
                    let is_id = |c: char| c.is_ascii_alphanumeric() || c == '-';
                    !name.is_empty() && name.chars().all(of_name) && !id.is_empty() && id.chars().all(is_id)
                })
        })
    },
);
/// A URL.
pub(crate) const ENDPOINT: Shape = Shape::length(1, quotas::ENDPOINT_LENGTH_MAX).matching(
    r"^((%[0-9A-Fa-f]{2}|[-()_.!~*';/?:@\x26=+$,A-Za-z0-9])+)([).!';/?:,])?$",
    |text| {
        let is_sign = |c: char| c.is_ascii_alphanumeric() || "-()_.!~*';/?:@&=+$,".contains(c);
        let mut pieces = text.split('%');
        let first = pieces.next().unwrap_or_default();
        let is_escape =
            |piece: &str| piece.len() >= 2 && piece.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
        first.chars().all(is_sign) && pieces.all(|piece| is_escape(piece) && piece.chars().all(is_sign))
    },
);
/// A user's name, a password, a key.
pub(crate) const CREDENTIAL: Shape = Shape::length(1, quotas::HTTP_PARAMETER_LENGTH_MAX).matching(
    r"^[ \t]*[^\x00-\x1F:\x7F]+([ \t]+[^\x00-\x1F:\x7F]+)*[ \t]*$",
    |text| {
        let may = |c: char| c == '\t' || !(c < ' ' || c == ':' || c == '\x7F');
        text.chars().all(may) && text.chars().any(|c| c != '\t')
    },
);
/// The name of a header.
pub(crate) const HEADER_KEY: Shape =
    Shape::length(0, quotas::HTTP_PARAMETER_LENGTH_MAX).matching(r"^[!#$%&'*+-.^_`|~0-9a-zA-Z]+$", |text| {
        // `+-.` is a range in AWS's expression: it lets a comma through, which no header's name may have.
        let may = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        !text.is_empty() && text.chars().all(may)
    });
/// The value of a header.
pub(crate) const HEADER_VALUE: Shape = Shape::length(0, quotas::HTTP_PARAMETER_LENGTH_MAX).matching(
    r"^[ \t]*[\x20-\x7E]+([ \t]+[\x20-\x7E]+)*[ \t]*$",
    |text| {
        let may = |c: char| c == '\t' || (' '..='~').contains(&c);
        text.chars().all(may) && text.chars().any(|c| c != '\t')
    },
);
/// The key of a query parameter.
pub(crate) const QUERY_KEY: Shape = Shape::length(0, quotas::HTTP_PARAMETER_LENGTH_MAX)
    .matching(r"[^\x00-\x1F\x7F]+", |text| !text.is_empty() && text.chars().all(|c| c >= ' ' && c != '\x7F'));
/// The value of a query parameter.
pub(crate) const QUERY_VALUE: Shape = Shape::length(0, quotas::HTTP_PARAMETER_LENGTH_MAX)
    .matching(r"[^\x00-\x09\x0B\x0C\x0E-\x1F\x7F]+", |text| {
        !text.is_empty() && text.chars().all(|c| matches!(c, '\n' | '\r') || (c >= ' ' && c != '\x7F'))
    });
/// What fills a `*` of an endpoint's path.
pub(crate) const PATH_PARAMETER: Shape =
    Shape::length(0, usize::MAX).matching(r"^(?!\s*$).+", |text| !text.trim().is_empty());

/// A KMS key's id, alias or ARN.
pub(crate) const KMS_KEY: Shape = Shape::length(0, 2048).matching(r"^[a-zA-Z0-9_\-/:]*$", |text| {
    text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '/' | ':'))
});
/// An account's number.
pub(crate) const ACCOUNT: Shape =
    Shape::length(12, 12).matching(r"\d{12}", |text| text.bytes().all(|digit| digit.is_ascii_digit()));
/// The name of a partner event source.
pub(crate) const EVENT_SOURCE_NAME: Shape =
    Shape::length(1, quotas::BUS_NAME_LENGTH_MAX).matching(r"aws\.partner(/[\.\-_A-Za-z0-9]+){2,}", |text| {
        let parts = text.strip_prefix("aws.partner/").map(|rest| rest.split('/'));
        parts.is_some_and(|mut parts| {
            parts.clone().count() >= 2 && parts.all(|part| !part.is_empty() && part.chars().all(of_name))
        })
    });
/// The beginning of such names: the partner at least.
pub(crate) const EVENT_SOURCE_PREFIX: Shape = Shape::length(1, quotas::BUS_NAME_LENGTH_MAX).matching(
    r"aws\.partner/[\.\-_A-Za-z0-9]+/[/\.\-_A-Za-z0-9]*",
    |text| {
        let rest = text.strip_prefix("aws.partner/").and_then(|rest| rest.split_once('/'));
        rest.is_some_and(|(partner, rest)| {
            !partner.is_empty()
                && partner.chars().all(of_name)
                && rest.chars().all(|c| c == '/' || of_name(c))
        })
    },
);
/// An ARN.
pub(crate) const ARN: Shape = Shape::length(1, quotas::ARN_LENGTH_MAX);
/// A description.
pub(crate) const DESCRIPTION: Shape = Shape::length(0, quotas::DESCRIPTION_LENGTH_MAX);
/// An event pattern.
pub(crate) const EVENT_PATTERN: Shape = Shape::length(0, quotas::PATTERN_LENGTH_MAX);

/// What a bus's ARN names; a text that is none of these stays, and its colons break the pattern.
fn bare_bus_name(text: &str) -> &str {
    let is_bus = text.parse::<Arn>().is_ok_and(|arn| arn.service == "events");
    text.split_once(":event-bus/").filter(|_| is_bus).map_or(text, |(_, name)| name)
}

fn of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')
}

impl Faults {
    /// Adds a broken constraint; `value` as it is to be shown.
    pub(crate) fn add(&mut self, at: &str, value: Option<&str>, constraint: &str) {
        let value = value.map_or_else(|| "null".to_owned(), |value| format!("'{value}'"));
        self.0.push(format!("Value {value} at '{at}' failed to satisfy constraint: {constraint}"));
    }

    /// A member that must be there and of a shape.
    pub(crate) fn required(&mut self, at: &str, value: Option<&str>, shape: &Shape) {
        match value {
            None => self.missing(at),
            some => self.text(at, some, shape),
        }
    }

    /// A member that must be there is not.
    pub(crate) fn missing(&mut self, at: &str) {
        self.add(at, None, "Member must not be null");
    }

    /// A member that, if it is there, must be of a shape.
    pub(crate) fn text(&mut self, at: &str, value: Option<&str>, shape: &Shape) {
        let Some(value) = value else { return };
        let length = value.chars().count();
        // In AWS's order: a name that is too long and wrong breaks both.
        if let Some(pattern) = &shape.pattern
            && !(pattern.satisfies)(value)
        {
            self.add(
                at,
                Some(value),
                &format!("Member must satisfy regular expression pattern: {}", pattern.spelled),
            );
        }
        if length < shape.length_min {
            let constraint = format!("Member must have length greater than or equal to {}", shape.length_min);
            self.add(at, Some(value), &constraint);
        }
        if length > shape.length_max {
            let constraint = format!("Member must have length less than or equal to {}", shape.length_max);
            self.add(at, Some(value), &constraint);
        }
    }

    /// As [`Faults::text`], for a member whose value is told nobody.
    pub(crate) fn secret(&mut self, at: &str, value: Option<&str>, shape: &Shape) {
        let mut told = Self::default();
        told.text(at, value, shape);
        let shown = format!("Value '{}' at", value.unwrap_or_default());
        // AWS leaves the value of a sensitive member out of its errors.
        self.0.extend(told.0.into_iter().map(|fault| fault.replacen(&shown, "Value at", 1)));
    }

    /// A member that, if it is there, must be one of these.
    pub(crate) fn one_of(&mut self, at: &str, value: Option<&str>, values: &[&str]) {
        if let Some(value) = value.filter(|value| !values.contains(value)) {
            let set = values.join(", ");
            self.add(at, Some(value), &format!("Member must satisfy enum value set: [{set}]"));
        }
    }

    /// A list that must have a length within bounds.
    pub(crate) fn count(&mut self, at: &str, count: usize, bounds: RangeInclusive<usize>) {
        if !bounds.contains(&count) {
            let (min, max) = bounds.into_inner();
            let (bound, word) = if count < min { (min, "greater") } else { (max, "less") };
            let constraint = format!("Member must have length {word} than or equal to {bound}");
            self.add(at, Some(&format!("[{count} entries]")), &constraint);
        }
    }

    /// A number that, if it is there, must be within bounds.
    pub(crate) fn number(&mut self, at: &str, value: Option<i64>, bounds: RangeInclusive<i64>) {
        let Some(value) = value else { return };
        let (min, max) = bounds.into_inner();
        if value < min {
            let constraint = format!("Member must have value greater than or equal to {min}");
            self.add(at, Some(&value.to_string()), &constraint);
        }
        if value > max {
            let constraint = format!("Member must have value less than or equal to {max}");
            self.add(at, Some(&value.to_string()), &constraint);
        }
    }

    /// `Limit` and `NextToken` of a listing.
    pub(crate) fn paging(&mut self, limit: Option<i64>, token: Option<&str>) {
        self.number("limit", limit, 1..=i64::try_from(quotas::PAGE_MAX).unwrap_or(i64::MAX));
        self.text("nextToken", token, &Shape::length(1, 2048));
    }

    /// Tells all of them.
    pub(crate) fn result(self) -> Result<(), Error> {
        let errors = match self.0.len() {
            0 => return Ok(()),
            1 => "1 validation error".to_owned(),
            n => format!("{n} validation errors"),
        };
        Err(Error::validation(format!("{errors} detected: {}", self.0.join("; "))))
    }
}

impl Events {
    /// The bus that a request names by name or ARN; the default bus where it names none.
    pub(crate) fn bus_of(&self, text: Option<&str>) -> Result<BusName, Error> {
        self.bus_here(text)?.ok_or_else(|| error::not_here("Event bus", text.unwrap_or_default()))
    }

    /// The same; `None` where the ARN is of another account or region: that is not the bus of the same name here.
    pub(crate) fn bus_here(&self, text: Option<&str>) -> Result<Option<BusName>, Error> {
        let Some(text) = text else { return Ok(Some(BusName::default_bus())) };
        let bus = BusName::parse_name_or_arn(text).ok_or_else(|| {
            Error::validation(format!("Parameter {text} is not a valid event bus name or ARN."))
        })?;
        Ok(Some(bus).filter(|_| text.parse::<Arn>().map_or(true, |arn| self.is_here(&arn))))
    }
}

/// A rule's name that was checked before.
pub(crate) fn rule_of(text: Option<&str>) -> Result<RuleName, Error> {
    let text = text.unwrap_or_default();
    RuleName::parse(text)
        .ok_or_else(|| Error::validation(format!("Parameter {text} is not a valid rule name.")))
}

/// How many items a page has.
pub(crate) fn page_size(limit: Option<i64>) -> usize {
    limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(quotas::PAGE_MAX)
}

/// Name and bus of one rule, as most requests give them.
#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RuleRequest {
    name: Option<String>,
    event_bus_name: Option<String>,
}

impl RuleRequest {
    /// Bus and rule.
    pub(crate) fn key(&self, events: &Events) -> Result<RuleKey, Error> {
        let mut faults = Faults::default();
        faults.required("name", self.name.as_deref(), &RULE_NAME);
        faults.text("eventBusName", self.event_bus_name.as_deref(), &BUS_NAME_OR_ARN);
        faults.result()?;
        let bus = events.bus_of(self.event_bus_name.as_deref())?;
        Ok(RuleKey { bus, rule: rule_of(self.name.as_deref())? })
    }
}

/// The answer of an operation that has nothing to say.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Nothing {}
