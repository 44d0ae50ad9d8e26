//! The kinds of target: a file each beside this one, and a line each in [`KINDS`].

use std::fmt;

use aws::{Arn, Error};

use crate::target::{Target, api_destination, event_bus, function, log_group, queue, state_machine};

/// Every kind that is served, in the order in which sentences list them.
pub static KINDS: [&TargetKind; 6] = [
    &queue::KIND,
    &log_group::KIND,
    &function::KIND,
    &state_machine::KIND,
    &event_bus::KIND,
    &api_destination::KIND,
];

/// A kind of target.
pub struct TargetKind {
    /// What several of them are called, in the middle of a sentence.
    pub plural: &'static str,
    /// How those of this account and region are served.
    pub here: Service,
    /// How those of another account or region are served.
    pub elsewhere: Service,
    /// Whether a target of this kind may have HttpParameters.
    pub(crate) takes_http_parameters: bool,
    /// Whether an ARN names one of this kind.
    pub(crate) is_named_by: fn(&Arn) -> bool,
    /// Refuses what PutTargets cannot take of a target of this kind.
    pub(crate) check: fn(&Target) -> Result<(), Error>,
    /// Why a dead letter that was sent to such a target again cannot be taken back.
    pub(crate) no_way_back: &'static str,
}

/// How targets of a kind are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// In the commit that accepts the event, by the hook that is registered for the kind
    /// ([`Events::register`](crate::Events::register)).
    InCommit,
    /// Owed, and called by the porter.
    Called,
    /// Not at all: each delivery fails, with the reason.
    Missing,
}

impl TargetKind {
    /// The kind that an ARN names; `None` where it is not served.
    pub fn of(arn: &Arn) -> Option<&'static Self> {
        KINDS.into_iter().find(|kind| (kind.is_named_by)(arn))
    }

    /// All kinds, as a sentence lists them.
    pub fn all() -> String {
        list(KINDS.into_iter())
    }

    /// Where the kind is in [`KINDS`].
    pub(crate) fn number(&self) -> Option<usize> {
        KINDS.into_iter().position(|kind| kind == self)
    }
}

/// Kinds, as a sentence lists them: with commas, and `and` before the last.
pub fn list(kinds: impl Iterator<Item = &'static TargetKind>) -> String {
    let mut names: Vec<&str> = kinds.map(|kind| kind.plural).collect();
    match names.pop() {
        Some(last) if names.is_empty() => last.to_owned(),
        Some(last) => format!("{} and {last}", names.join(", ")),
        None => String::new(),
    }
}

/// What PutTargets takes of every kind.
pub(crate) fn anything(_target: &Target) -> Result<(), Error> {
    Ok(())
}

impl PartialEq for TargetKind {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for TargetKind {}

impl fmt::Debug for TargetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TargetKind").field(&self.plural).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{KINDS, TargetKind, list};

    #[test]
    fn an_arn_names_at_most_one_kind() {
        for (arn, plural) in [
            ("arn:aws:sqs:us-east-1:123456789012:orders", "SQS queues"),
            ("arn:aws:logs:us-east-1:123456789012:log-group:/aws/events/x", "log groups"),
            ("arn:aws:lambda:us-east-1:123456789012:function:f:alias", "Lambda functions"),
            ("arn:aws:states:us-east-1:123456789012:stateMachine:s", "state machines"),
            ("arn:aws:events:us-east-1:123456789012:event-bus/aws.partner/x", "event buses"),
            ("arn:aws:events:us-east-1:123456789012:api-destination/a/1", "API destinations"),
            ("arn:aws:events:us-east-1:123456789012:api-destination/a", ""),
            ("arn:aws:events:us-east-1:123456789012:rule/r", ""),
            ("arn:aws:states:us-east-1:123456789012:execution:s:1", ""),
            ("arn:aws:lambda:us-east-1:123456789012:layer:l", ""),
            ("arn:aws:logs:us-east-1:123456789012:destination:d", ""),
            ("arn:aws:kinesis:us-east-1:123456789012:stream/s", ""),
        ] {
            let arn = arn.parse().unwrap();
            let named: Vec<_> = KINDS.into_iter().filter(|kind| (kind.is_named_by)(&arn)).collect();
            assert!(named.len() <= 1, "{arn}: {named:?}");
            assert_eq!(TargetKind::of(&arn).map_or("", |kind| kind.plural), plural, "{arn}");
        }
    }

    #[test]
    fn a_sentence_lists_one_two_or_many() {
        assert_eq!(list(KINDS.into_iter().take(0)), "");
        assert_eq!(list(KINDS.into_iter().take(1)), "SQS queues");
        assert_eq!(list(KINDS.into_iter().take(2)), "SQS queues and log groups");
        assert_eq!(list(KINDS.into_iter().take(3)), "SQS queues, log groups and Lambda functions");
        for (number, kind) in KINDS.into_iter().enumerate() {
            assert_eq!(kind.number(), Some(number));
        }
    }
}
