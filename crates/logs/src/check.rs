//! What the service's model says about members of a request, checked all at once and reported in AWS's words.
//!
//! Source of the constraints: botocore's service model `logs/2014-03-28`.

use std::ops::RangeInclusive;

use aws::Error;

use crate::error;
use crate::limits;

/// The constraints that were broken.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<String>);

impl Faults {
    /// Adds a broken constraint; `value` as it is to be shown.
    pub(crate) fn add(&mut self, at: &str, value: Option<&str>, constraint: &str) {
        let value = value.map_or_else(|| "null".to_owned(), |value| format!("'{value}'"));
        self.0.push(format!("Value {value} at '{at}' failed to satisfy constraint: {constraint}"));
    }

    /// A log group's name that must be there.
    pub(crate) fn group(&mut self, name: Option<&str>) {
        match name {
            None => self.add("logGroupName", None, "Member must not be null"),
            Some(name) => self.group_like("logGroupName", name),
        }
    }

    /// A log group's name, or the beginning of one.
    pub(crate) fn group_like(&mut self, at: &str, name: &str) {
        self.length(at, name, 1..=limits::NAME_LENGTH_MAX);
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/' | '#');
        if !name.chars().all(is_allowed) {
            let constraint = r"Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+";
            self.add(at, Some(name), constraint);
        }
    }

    /// A log stream's name that must be there.
    pub(crate) fn stream(&mut self, name: Option<&str>) {
        match name {
            None => self.add("logStreamName", None, "Member must not be null"),
            Some(name) => self.stream_like("logStreamName", name),
        }
    }

    /// A log stream's name, or the beginning of one.
    pub(crate) fn stream_like(&mut self, at: &str, name: &str) {
        self.length(at, name, 1..=limits::NAME_LENGTH_MAX);
        if name.contains([':', '*']) {
            self.add(at, Some(name), "Member must satisfy regular expression pattern: [^:*]*");
        }
    }

    /// A text of a length within bounds, in characters.
    pub(crate) fn length(&mut self, at: &str, text: &str, range: RangeInclusive<usize>) {
        let (min, max) = range.into_inner();
        let length = text.chars().count();
        if length < min {
            let constraint = format!("Member must have length greater than or equal to {min}");
            self.add(at, Some(text), &constraint);
        }
        if length > max {
            let constraint = format!("Member must have length less than or equal to {max}");
            self.add(at, Some(text), &constraint);
        }
    }

    /// A `limit` that, if it is there, is within bounds; as a number.
    pub(crate) fn limit(&mut self, limit: Option<i64>, max: usize) -> usize {
        let Some(limit) = limit else { return max };
        if limit < 1 {
            let constraint = "Member must have value greater than or equal to 1";
            self.add("limit", Some(&limit.to_string()), constraint);
        }
        let number = usize::try_from(limit).unwrap_or(usize::MAX);
        if limit > 0 && number > max {
            let constraint = format!("Member must have value less than or equal to {max}");
            self.add("limit", Some(&limit.to_string()), &constraint);
        }
        number
    }

    /// Refuses the request with all of them.
    pub(crate) fn result(self) -> Result<(), Error> {
        let errors = match self.0.len() {
            0 => return Ok(()),
            1 => "1 validation error".to_owned(),
            n => format!("{n} validation errors"),
        };
        Err(error::invalid_parameter(format!("{errors} detected: {}", self.0.join("; "))))
    }
}
