//! Books: what a component counts, in rows that whoever looks can print, export and add up.

use serde::{Deserialize, Serialize};

/// A page of a component's books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// What it is about, for people, for example `deliveries`.
    pub name: &'static str,
    /// Its rows, in reading order.
    pub rows: Vec<Row>,
}

/// A row: one number, for people and for Prometheus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// For people, for example `dead-lettered`.
    pub label: &'static str,
    /// What it is in the sum of its page.
    pub role: Role,
    /// The number.
    pub value: u64,
    /// What is to be said of it, in a phrase; may be empty.
    pub note: String,
    /// Under which name it is exported; `None`: it follows from others.
    pub metric: Option<Metric>,
}

/// What a row is in the sum of its page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// What the parts after it add up to, until the next total.
    Total,
    /// A part of the total before it.
    Part,
    /// Neither.
    Aside,
}

/// A number's name for Prometheus. Names end in their unit, those of counters in `_total`
/// (<https://prometheus.io/docs/practices/naming/>).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// For example `trunkline_events_accepted_total`.
    pub name: &'static str,
    /// What it says, in a sentence; the same in each row of the name.
    pub help: &'static str,
    /// Whether it only grows.
    pub kind: MetricKind,
    /// What tells it from other rows of the name.
    pub labels: Vec<(&'static str, String)>,
}

/// How a metric moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
}

impl Row {
    /// A row that is no part of a sum.
    pub fn aside(label: &'static str, value: u64) -> Self {
        Self { label, role: Role::Aside, value, note: String::new(), metric: None }
    }

    /// A total.
    pub fn total(label: &'static str, value: u64) -> Self {
        Self { role: Role::Total, ..Self::aside(label, value) }
    }

    /// A part of the total before it.
    pub fn part(label: &'static str, value: u64) -> Self {
        Self { role: Role::Part, ..Self::aside(label, value) }
    }

    /// The same with something said of it.
    #[must_use]
    pub fn note(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }

    /// The same with something said of it that counts, where there is any.
    #[must_use]
    pub fn counted(self, count: u64, what: &str) -> Self {
        if count == 0 { self } else { self.note(format!("{count} {what}")) }
    }

    /// The same, exported as a counter.
    #[must_use]
    pub fn counter(self, name: &'static str, help: &'static str) -> Self {
        let metric = Metric { name, help, kind: MetricKind::Counter, labels: Vec::new() };
        Self { metric: Some(metric), ..self }
    }

    /// The same, exported as a gauge.
    #[must_use]
    pub fn gauge(self, name: &'static str, help: &'static str) -> Self {
        let metric = Metric { name, help, kind: MetricKind::Gauge, labels: Vec::new() };
        Self { metric: Some(metric), ..self }
    }

    /// The same with a label of its metric.
    #[must_use]
    pub fn labelled(mut self, name: &'static str, value: impl Into<String>) -> Self {
        if let Some(metric) = &mut self.metric {
            metric.labels.push((name, value.into()));
        }
        self
    }
}

impl Page {
    /// Each total of the page and the sum of its parts.
    pub fn sums(&self) -> Vec<Sum> {
        let mut sums: Vec<Sum> = Vec::new();
        for row in &self.rows {
            match (row.role, sums.last_mut()) {
                (Role::Total, _) => sums.push(Sum { label: row.label, total: row.value, parts: 0 }),
                (Role::Part, Some(sum)) => sum.parts += row.value,
                (Role::Part, None) | (Role::Aside, _) => {}
            }
        }
        sums
    }

    /// Whether every total is the sum of its parts (contract C2).
    pub fn balances(&self) -> bool {
        self.sums().iter().all(|sum| sum.total == sum.parts)
    }
}

/// A total beside the sum of its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sum {
    /// The total's label.
    pub label: &'static str,
    /// The total, as it was counted.
    pub total: u64,
    /// The sum of its parts, each counted by itself.
    pub parts: u64,
}

#[cfg(test)]
mod tests {
    use super::{Page, Row, Sum};

    #[test]
    fn a_page_adds_up_or_does_not() {
        let page = |delivered| Page {
            name: "deliveries",
            rows: vec![
                Row::aside("kept", 9),
                Row::total("made", 5),
                Row::part("delivered", delivered),
                Row::part("owed", 2),
                Row::aside("retried", 7),
                Row::total("posts", 0),
            ],
        };
        assert!(page(3).balances());
        assert!(!page(2).balances());
        let sums = [Sum { label: "made", total: 5, parts: 5 }, Sum { label: "posts", total: 0, parts: 0 }];
        assert_eq!(page(3).sums(), sums);
    }
}
