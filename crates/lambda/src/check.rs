//! What the service's model says about members of a request, checked all at once and told in AWS's words.

use std::fmt::Display;

use aws::Error;

/// The constraints that were broken.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<String>);

impl Faults {
    /// Adds a broken constraint.
    pub(crate) fn add(&mut self, value: impl Display, at: &str, constraint: &str) {
        self.0.push(format!("Value '{value}' at '{at}' failed to satisfy constraint: {constraint}"));
    }

    /// A number within bounds, both included.
    pub(crate) fn within(&mut self, at: &str, value: Option<i64>, min: i64, max: i64) {
        let Some(value) = value else { return };
        if value < min {
            self.add(value, at, &format!("Member must have value greater than or equal to {min}"));
        }
        if value > max {
            self.add(value, at, &format!("Member must have value less than or equal to {max}"));
        }
    }

    /// A text that is not too long, in characters.
    pub(crate) fn length(&mut self, at: &str, value: Option<&str>, max: usize) {
        if let Some(value) = value.filter(|value| value.chars().count() > max) {
            self.add(value, at, &format!("Member must have length less than or equal to {max}"));
        }
    }

    /// A text that must have a form.
    pub(crate) fn pattern(
        &mut self,
        at: &str,
        value: Option<&str>,
        is_right: fn(&str) -> bool,
        pattern: &str,
    ) {
        if let Some(value) = value.filter(|value| !is_right(value)) {
            self.add(value, at, &format!("Member must satisfy regular expression pattern: {pattern}"));
        }
    }

    /// A member that must be there.
    pub(crate) fn required(&mut self, at: &str, value: Option<&str>) {
        if value.is_none() {
            self.0
                .push(format!("Value null at '{at}' failed to satisfy constraint: Member must not be null"));
        }
    }

    /// All that was broken, as one error.
    pub(crate) fn result(self) -> Result<(), Error> {
        match self.0.len() {
            0 => Ok(()),
            1 => Err(Error::validation(format!("1 validation error detected: {}", self.0.concat()))),
            count => {
                Err(Error::validation(format!("{count} validation errors detected: {}", self.0.join("; "))))
            }
        }
    }
}
