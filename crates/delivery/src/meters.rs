//! What the porter measures of its calls, for `GET /metrics`: how long they take, which attempt they are, how many are under way.
//!
//! In memory, since the start: Prometheus adds up over restarts by itself.

use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Upper bounds of a call's duration, in seconds: from a function of this machine to the longest that a target may take.
const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];
/// Upper bounds of an attempt's number; a policy has at most 186.
const ATTEMPTS: [f64; 8] = [1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0, 186.0];

/// The measurements. Clones share them.
#[derive(Clone, Debug)]
pub struct Meters {
    call_seconds: Histogram,
    attempts: Histogram,
    under_way: Gauge,
}

impl Default for Meters {
    fn default() -> Self {
        Self {
            call_seconds: Histogram::new(SECONDS),
            attempts: Histogram::new(ATTEMPTS),
            under_way: Gauge::default(),
        }
    }
}

/// A call that is under way; no longer so when dropped, however it ends.
#[derive(Debug)]
pub(crate) struct CallUnderWay(Gauge);

impl Drop for CallUnderWay {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Meters {
    pub(crate) fn call_began(&self) -> CallUnderWay {
        self.under_way.inc();
        CallUnderWay(self.under_way.clone())
    }

    /// A call has ended, well or not.
    pub(crate) fn call_ended(&self, took: Duration, attempt: u32) {
        self.call_seconds.observe(took.as_secs_f64());
        self.attempts.observe(f64::from(attempt));
    }

    /// All of it in Prometheus's text format.
    pub fn to_text(&self) -> String {
        let mut registry = Registry::default();
        registry.register(
            "trunkline_delivery_call_seconds",
            "How long calls of targets, streams and functions took",
            self.call_seconds.clone(),
        );
        registry.register(
            "trunkline_delivery_attempt_number",
            "Which attempt a call was: 1 is the first",
            self.attempts.clone(),
        );
        registry.register(
            "trunkline_delivery_calls_under_way",
            "Calls under way: each holds a slot and, where its target has a limit, a permit",
            self.under_way.clone(),
        );
        let mut text = String::new();
        // Writing to a String cannot fail; the end mark is OpenMetrics' and stands at the end of the whole page, if at all.
        let _ = encode(&mut text, &registry);
        text.strip_suffix("# EOF\n").unwrap_or(&text).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Meters;

    #[test]
    fn calls_are_counted_by_their_length_and_attempt() {
        let meters = Meters::default();
        let call = meters.call_began();
        assert!(meters.to_text().contains("trunkline_delivery_calls_under_way 1"), "{}", meters.to_text());
        drop(call);
        meters.call_ended(Duration::from_millis(3), 1);
        meters.call_ended(Duration::from_millis(700), 4);
        let text = meters.to_text();
        for line in [
            "trunkline_delivery_calls_under_way 0",
            "trunkline_delivery_call_seconds_bucket{le=\"0.005\"} 1",
            "trunkline_delivery_call_seconds_bucket{le=\"1.0\"} 2",
            "trunkline_delivery_call_seconds_count 2",
            "trunkline_delivery_attempt_number_bucket{le=\"1.0\"} 1",
            "trunkline_delivery_attempt_number_bucket{le=\"5.0\"} 2",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
        }
        assert!(!text.contains("EOF"));
    }
}
