//! Spans: what happened, when, and after what; and the bounded place where they wait to be sent.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::time::Timestamp;
use crate::trace::TraceContext;

/// Spans that wait at most: some megabytes, and seconds of a busy server.
const WAITING_MAX: usize = 16_384;

/// One thing that happened in a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The trace, and the span itself.
    pub context: TraceContext,
    /// The span that it follows from; 0: none.
    pub parent: u64,
    /// What it is called in a list, for example `deliver to sqs`.
    pub name: String,
    /// Its role.
    pub kind: SpanKind,
    /// When it began.
    pub start: Timestamp,
    /// When it ended.
    pub end: Timestamp,
    /// What else is known of it.
    pub attributes: Vec<(&'static str, SpanValue)>,
    /// Why it failed, where it did.
    pub error: Option<String>,
}

/// The role of a span, as OpenTelemetry names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanKind {
    /// Within the server.
    Internal,
    /// Somebody is called.
    Client,
    /// A message is handed on to who takes it later.
    Producer,
    /// A message is taken in.
    Consumer,
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpanValue {
    /// A text.
    Text(String),
    /// A number.
    Number(u64),
}

impl From<&str> for SpanValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for SpanValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<u32> for SpanValue {
    fn from(number: u32) -> Self {
        Self::Number(u64::from(number))
    }
}

/// Spans on their way out. Clones share them. Whoever makes spans never waits: what does not fit is dropped and counted.
#[derive(Clone, Debug, Default)]
pub struct Spans(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<VecDeque<Span>>,
    dropped: AtomicU64,
    exported: AtomicU64,
}

/// What became of spans since the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpanCounts {
    /// The collector took them.
    pub exported: u64,
    /// There was no room for them, or the collector did not take them.
    pub dropped: u64,
    /// They wait.
    pub waiting: u64,
}

impl Spans {
    /// Puts a span behind the others; drops it where too many wait.
    pub fn push(&self, span: Span) {
        let mut waiting = self.waiting();
        if waiting.len() < WAITING_MAX {
            waiting.push_back(span);
        } else {
            self.drop_some(1);
        }
    }

    /// Takes the oldest, at most `max` of them.
    #[must_use]
    pub fn take(&self, max: usize) -> Vec<Span> {
        let mut waiting = self.waiting();
        let count = waiting.len().min(max);
        waiting.drain(..count).collect()
    }

    /// Notes that the collector took so many.
    pub fn note_exported(&self, spans: u64) {
        self.0.exported.fetch_add(spans, Ordering::Relaxed);
    }

    /// Notes that so many are dropped.
    pub fn drop_some(&self, spans: u64) {
        self.0.dropped.fetch_add(spans, Ordering::Relaxed);
    }

    /// What became of all of them.
    #[must_use]
    pub fn counts(&self) -> SpanCounts {
        SpanCounts {
            exported: self.0.exported.load(Ordering::Relaxed),
            dropped: self.0.dropped.load(Ordering::Relaxed),
            waiting: u64::try_from(self.waiting().len()).unwrap_or(u64::MAX),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Span>> {
        // A panic while it was held left the list whole: each change of it is one.
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{Span, SpanCounts, SpanKind, Spans, WAITING_MAX};
    use crate::time::Timestamp;
    use crate::trace::TraceContext;

    #[test]
    fn what_does_not_fit_is_dropped_and_counted() {
        let spans = Spans::default();
        let span = Span {
            context: TraceContext::of_event("1", None),
            parent: 0,
            name: "a".to_owned(),
            kind: SpanKind::Internal,
            start: Timestamp::ZERO,
            end: Timestamp::ZERO,
            attributes: Vec::new(),
            error: None,
        };
        (0..WAITING_MAX + 3).for_each(|_| spans.push(span.clone()));
        let waiting = u64::try_from(WAITING_MAX).unwrap();
        assert_eq!(spans.counts(), SpanCounts { exported: 0, dropped: 3, waiting });
        assert_eq!(spans.take(10).len(), 10);
        assert_eq!(spans.take(usize::MAX).len(), WAITING_MAX - 10);
        assert!(spans.take(1).is_empty());
    }
}
