//! What a function's log says of its last hour: calls, errors, how long they took, in how many environments.

use std::collections::BTreeSet;
use std::time::Duration;

use aws::Timestamp;
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::parts::{Figure, Tone, figures, grouped, note, nothing};
use crate::source::{Question, Source, find};
use crate::value::{items, text};

/// How far back is looked.
const LOOKED_BACK: Duration = Duration::from_secs(3_600);
/// Pages of the log that are read, of up to 10,000 lines each.
const PAGES_MAX: usize = 3;

#[derive(Debug, Default)]
struct Counted {
    calls: u64,
    errors: u64,
    /// In hundredths of a ms.
    took: Vec<u64>,
    environments: BTreeSet<String>,
    more: bool,
}

/// Reads and writes them.
pub(super) async fn read(source: &Source, group: &str, now: Timestamp) -> Markup {
    let mut counted = Counted::default();
    let mut body = json!({"logGroupName": group, "startTime": now.minus(LOOKED_BACK).unix_ms()});
    for page in 1.. {
        let question = Question::of("logs", "FilterLogEvents", body.clone());
        let Some(answer) = find(source, question).await else {
            return nothing("It has not been called yet: there is no log.");
        };
        items(&answer, "events").iter().for_each(|event| counted.take(event));
        let token = text(&answer, "nextToken").to_owned();
        counted.more = !token.is_empty();
        if token.is_empty() || page >= PAGES_MAX {
            break;
        }
        if let Some(members) = body.as_object_mut() {
            members.insert("nextToken".to_owned(), json!(token));
        }
    }
    counted.written()
}

impl Counted {
    fn take(&mut self, event: &Value) {
        let message = text(event, "message");
        if let Some(rest) = message.strip_prefix("REPORT RequestId: ") {
            self.calls += 1;
            self.took.extend(rest.split('\t').find_map(duration));
            self.errors += u64::from(rest.contains("Status: "));
            self.environments.insert(text(event, "logStreamName").to_owned());
        } else if message.contains("\tERROR\tInvoke Error") || message.starts_with("[ERROR]") {
            self.errors += 1;
        }
    }

    /// How long the fastest so many hundredths took at most.
    fn percentile(&self, hundredths: usize) -> String {
        let mut took = self.took.clone();
        took.sort_unstable();
        let at = (took.len() * hundredths).div_ceil(100).saturating_sub(1);
        took.get(at).map_or_else(|| "–".to_owned(), |took| format!("{}.{:02} ms", took / 100, took % 100))
    }

    fn written(&self) -> Markup {
        let figure = |name: &'static str, value: String, tone: Tone| Figure {
            name,
            value,
            key: String::new(),
            href: String::new(),
            command: "aws logs filter-log-events",
            tone,
        };
        let errors = if self.errors == 0 { Tone::Plain } else { Tone::Bad };
        html! {
            (figures(&[
                figure("calls", grouped(self.calls), Tone::Plain),
                figure("errors", grouped(self.errors), errors),
                figure("p50", self.percentile(50), Tone::Plain),
                figure("p99", self.percentile(99), Tone::Plain),
                figure("environments", grouped(self.environments.len() as u64), Tone::Plain),
            ]))
            (note(if self.more { "Of the first 30,000 lines of its log in the last hour." } else { "As its log tells; an environment is a log stream." }))
        }
    }
}

/// `Duration: 12.34 ms` in hundredths of a ms.
fn duration(field: &str) -> Option<u64> {
    let digits = field.strip_prefix("Duration: ")?.strip_suffix(" ms")?;
    let (whole, part) = digits.split_once('.')?;
    Some(whole.parse::<u64>().ok()? * 100 + part.parse::<u64>().ok()?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Counted;

    #[test]
    fn calls_errors_and_durations_are_read_from_the_log() {
        let mut counted = Counted::default();
        let line = |message: String| json!({"message": message, "logStreamName": "s"});
        for n in 1..=100 {
            let status = if n == 100 { "Status: timeout" } else { "" };
            let report =
                format!("REPORT RequestId: r\tDuration: {n}.05 ms\tBilled Duration: {n} ms\t{status}");
            counted.take(&line(report));
        }
        counted.take(&line("2026-03-19T22:04:48.128Z\tr\tERROR\tInvoke Error \t{}".to_owned()));
        counted.take(&line("START RequestId: r".to_owned()));
        assert_eq!((counted.calls, counted.errors, counted.environments.len()), (100, 2, 1));
        assert_eq!(
            (counted.percentile(50), counted.percentile(99)),
            ("50.05 ms".to_owned(), "99.05 ms".to_owned())
        );
        assert_eq!(Counted::default().percentile(50), "–");
    }
}
