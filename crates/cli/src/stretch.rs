//! A stretch of a bus's events, as the command line names it, and the events in it.

use std::str::FromStr;

use provision::{Request, duration};
use serde_json::{Value, json};

use crate::remote::{Remote, items};

/// From when on, or how many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stretch {
    /// The newest so many.
    Last(u64),
    /// Those of the last so many seconds, by the server's clock.
    Age(u64),
    /// Those since a moment, in ISO 8601; the server reads it.
    Since(String),
}

impl FromStr for Stretch {
    type Err = String;

    /// `100`, `90s`, `5m`, `1h`, `2d`, `2026-03-19T22:04:48Z`.
    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(last) = text.parse() {
            return Ok(Self::Last(last));
        }
        if let Some(age) = duration::parse(text) {
            return Ok(Self::Age(age.as_secs()));
        }
        if text.contains('T') { Ok(Self::Since(text.to_owned())) } else { Err(no_time(text)) }
    }
}

/// What is said of text that names no time.
pub(crate) fn no_time(text: &str) -> String {
    format!("'{text}' is not a time; write 5m, 1h, 2d or 2026-03-19T22:04:48Z")
}

impl Stretch {
    /// Asks `operation` for the first page.
    pub(crate) fn request(&self, operation: &'static str, bus: &str) -> Request {
        let body = match self {
            Self::Last(last) => json!({"EventBusName": bus, "Last": last}),
            Self::Age(seconds) => json!({"EventBusName": bus, "AgeSeconds": seconds}),
            Self::Since(moment) => json!({"EventBusName": bus, "Since": moment}),
        };
        Request::trunkline(operation, body)
    }

    /// Gives each event of the stretch to `each`, oldest first, and then the position behind the last.
    ///
    /// # Errors
    /// What the server said, or what `each` said.
    pub(crate) fn visit(
        &self,
        remote: &Remote,
        bus: &str,
        mut each: impl FnMut(&Value) -> Result<(), String>,
    ) -> Result<u64, String> {
        let mut answer = remote.ask(self.request("ListEvents", bus))?;
        loop {
            items(&answer, "Events").iter().try_for_each(&mut each)?;
            let after = answer.get("After").and_then(Value::as_u64).unwrap_or_default();
            // The newest so many are one answer; of a stretch of time there may be more.
            if items(&answer, "Events").is_empty() || matches!(self, Self::Last(_)) {
                return Ok(after);
            }
            let body = json!({"EventBusName": bus, "After": after});
            answer = remote.ask(Request::trunkline("WaitForEvents", body))?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Stretch;

    #[test]
    fn times_are_read_as_people_write_them() {
        assert_eq!("100".parse(), Ok(Stretch::Last(100)));
        assert_eq!("5m".parse(), Ok(Stretch::Age(300)));
        assert_eq!("2d".parse(), Ok(Stretch::Age(172_800)));
        let iso = "2026-03-19T22:04:48Z";
        assert_eq!(iso.parse(), Ok(Stretch::Since(iso.to_owned())));
        for wrong in ["", "m", "+5m", "yesterday"] {
            assert!(wrong.parse::<Stretch>().is_err(), "{wrong}");
        }
    }
}
