//! Rates of the last seconds, counted of the events that were accepted: on buses, by rules, to targets.

use std::collections::{BTreeMap, VecDeque};

/// Seconds over which a rate is taken.
const WINDOW_S: u64 = 10;
/// Edges that are counted; of more, those that came first.
const EDGES_MAX: usize = 2_000;

/// Rates by their live keys: `bus.NAME`, `rule.BUS/RULE`, `target.BUS/RULE/ID`, and the same with `.failed` behind it.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    seconds: BTreeMap<String, VecDeque<(u64, u64)>>,
    /// The second in which counting began.
    since: Option<u64>,
}

impl Meter {
    /// Counts something once in the second `now`, in seconds of any clock that goes forward.
    pub fn count(&mut self, key: &str, now: u64) {
        self.since.get_or_insert(now);
        if !self.seconds.contains_key(key) {
            if self.seconds.len() >= EDGES_MAX {
                return;
            }
            self.seconds.insert(key.to_owned(), VecDeque::new());
        }
        let Some(counted) = self.seconds.get_mut(key) else { return };
        match counted.back_mut() {
            Some((second, count)) if *second == now => *count += 1,
            _ => counted.push_back((now, 1)),
        }
    }

    /// Forgets what is older than the window.
    pub fn pass(&mut self, now: u64) {
        self.since.get_or_insert(now);
        for counted in self.seconds.values_mut() {
            while counted.front().is_some_and(|(second, _)| second + WINDOW_S <= now) {
                counted.pop_front();
            }
        }
    }

    /// Each rate with its live key, as a page shows it: a number a second.
    pub fn rates(&self, now: u64) -> impl Iterator<Item = (String, String)> {
        let window = now.saturating_sub(self.since.unwrap_or(now)).clamp(1, WINDOW_S);
        self.seconds.iter().map(move |(key, counted)| {
            let count: u64 = counted.iter().map(|(_, count)| count).sum();
            (format!("{key}.rate"), rate(count, window))
        })
    }
}

/// What a line of the drawing says: its rate, what failed, how long the oldest waits at its end; nothing of what is not there.
pub fn edge(rate: &str, failed: Option<&str>, lag: Option<&str>) -> String {
    let failed = failed.filter(|failed| *failed != NOTHING).map(|failed| format!("✕ {failed}"));
    let lag = lag.map(|lag| format!("{lag} behind"));
    let rate = Some(rate.to_owned()).filter(|rate| rate != NOTHING || (failed.is_none() && lag.is_none()));
    [rate, lag, failed].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// The rate of what does not happen.
const NOTHING: &str = "0/s";

/// `0/s`, `0.3/s`, `12/s`.
fn rate(count: u64, seconds: u64) -> String {
    let tenths = (count * 10).div_ceil(seconds.max(1));
    match (count, tenths) {
        (0, _) => NOTHING.to_owned(),
        (_, 0..100) => format!("{}.{}/s", tenths / 10, tenths % 10),
        _ => format!("{}/s", count / seconds.max(1)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{EDGES_MAX, Meter, edge};

    #[test]
    fn a_rate_is_of_the_window_and_ends_with_it() {
        let mut meter = Meter::default();
        for second in 100..120 {
            meter.pass(second);
            for _ in 0..3 {
                meter.count("bus.default", second);
            }
        }
        let rates =
            |meter: &Meter, now| meter.rates(now).collect::<BTreeMap<_, _>>()["bus.default.rate"].clone();
        meter.pass(120);
        assert_eq!(rates(&meter, 120), "2.7/s");
        meter.pass(140);
        assert_eq!(rates(&meter, 140), "0/s");
    }

    #[test]
    fn a_line_says_what_there_is() {
        assert_eq!(edge("3/s", Some("0/s"), None), "3/s");
        assert_eq!(edge("0/s", Some("1/s"), Some("2 s")), "2 s behind · ✕ 1/s");
        assert_eq!(edge("0/s", None, None), "0/s");
    }

    #[test]
    fn edges_are_bounded() {
        let mut meter = Meter::default();
        for n in 0..EDGES_MAX + 50 {
            meter.count(&format!("rule.{n}"), 1);
        }
        assert_eq!(meter.rates(2).count(), EDGES_MAX);
    }
}
