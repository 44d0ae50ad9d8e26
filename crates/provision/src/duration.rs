//! Durations as people write them, in the pipeline file and on the command line: `90s`, `5m`, `8h`, `4d`.

use std::time::Duration;

/// How a duration is written, for messages.
pub const FORM: &str = "a whole number with s, m, h or d, like `30s` or `4d`";

/// The units, longest first, in seconds.
const UNITS: &[(char, u64)] = &[('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// A century: what is beyond it is a slip, and would not fit into a date.
const SECONDS_MAX: u64 = 100 * 366 * 86_400;

/// The duration that `text` names; `None` where it names none, or more than a century.
#[must_use]
pub fn parse(text: &str) -> Option<Duration> {
    let seconds = UNITS.iter().find_map(|(unit, seconds)| {
        let number = text.strip_suffix(*unit)?.trim_end();
        // `parse` would accept a sign.
        let is_plain = number.bytes().all(|byte| byte.is_ascii_digit());
        number.parse::<u64>().ok().filter(|_| is_plain)?.checked_mul(*seconds)
    });
    seconds.filter(|seconds| *seconds <= SECONDS_MAX).map(Duration::from_secs)
}

/// The shortest way to write a duration of whole seconds.
#[must_use]
pub fn written(duration: Duration) -> String {
    let seconds = duration.as_secs();
    UNITS
        .iter()
        .find(|(_, unit)| seconds > 0 && seconds.is_multiple_of(*unit))
        .map_or_else(|| "0s".to_owned(), |(sign, unit)| format!("{}{sign}", seconds / unit))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::{ProptestConfig, proptest};

    use super::{SECONDS_MAX, parse, written};

    #[test]
    fn durations_are_read_as_people_write_them() {
        let read = ["90s", "5m", "8h", "4d", "30 s", "0s"].map(parse);
        assert_eq!(read, [90, 300, 28_800, 345_600, 30, 0].map(|seconds| Some(Duration::from_secs(seconds))));
        for wrong in ["", "5", "m", "+5m", "-5m", "5m ", "1w", "1.5h", "99999999999999999999d", "40000d"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn what_is_written_is_read_again(seconds in 0..=SECONDS_MAX) {
            let duration = Duration::from_secs(seconds);
            assert_eq!(parse(&written(duration)), Some(duration));
        }
    }
}
