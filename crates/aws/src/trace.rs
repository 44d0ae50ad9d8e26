//! Trace context: which trace something belongs to, and which span of it comes before.
//!
//! W3C's header `traceparent` and X-Ray's `X-Amzn-Trace-Id` are two spellings of one. Sources: W3C "Trace Context", 3.2;
//! AWS X-Ray developer guide, "Tracing header" and "Trace ID" (a W3C trace id is an X-Ray one with hyphens after the version
//! and the first eight digits).

mod span;

use sha2::{Digest, Sha256};

use crate::encoding::hex;
use crate::uuid::Uuid;

pub use crate::trace::span::{Span, SpanCounts, SpanKind, SpanValue, Spans};

/// A place in a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace; never 0.
    pub trace_id: u128,
    /// The span that is meant; 0: none, the trace begins here.
    pub span_id: u64,
    /// Whether its spans are wanted.
    pub is_sampled: bool,
}

impl TraceContext {
    /// Reads `traceparent`. Of versions to come the beginning is read, as the specification asks for.
    #[must_use]
    pub fn of_traceparent(text: &str) -> Option<Self> {
        let mut parts = text.trim().split('-');
        let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let version = number(version, 2)?;
        if version == 0xFF || (version == 0 && parts.next().is_some()) {
            return None;
        }
        let span_id = u64::try_from(number(span, 16)?).ok()?;
        let found = Self { trace_id: number(trace, 32)?, span_id, is_sampled: number(flags, 2)? & 1 == 1 };
        (found.trace_id != 0 && found.span_id != 0).then_some(found)
    }

    /// Reads X-Ray's header; without `Sampled=0` the spans are wanted.
    #[must_use]
    pub fn of_x_ray(text: &str) -> Option<Self> {
        let field = |name: &str| {
            let mut fields = text.split(';').filter_map(|field| field.trim().split_once('='));
            fields.find(|(known, _)| *known == name).map(|(_, value)| value)
        };
        let mut root = field("Root")?.splitn(3, '-');
        let (version, time, rest) = (root.next()?, root.next()?, root.next()?);
        let (time, rest) = (number(time, 8)?, number(rest, 24)?);
        let span_id = field("Parent").and_then(|span| u64::try_from(number(span, 16)?).ok()).unwrap_or(0);
        let found = Self { trace_id: time << 96 | rest, span_id, is_sampled: field("Sampled") != Some("0") };
        (version == "1" && found.trace_id != 0).then_some(found)
    }

    /// The trace of an event: that of the header that came with it, or one of its own, which is its id.
    #[must_use]
    pub fn of_event(id: &str, header: Option<&str>) -> Self {
        header.and_then(Self::of_x_ray).unwrap_or_else(|| {
            let bits = Uuid::parse(id).map(Uuid::bits).filter(|bits| *bits != 0);
            let digest = || u128::from(span_id(&["trace", id])) << 64 | u128::from(span_id(&["event", id]));
            Self { trace_id: bits.unwrap_or_else(digest), span_id: 0, is_sampled: true }
        })
    }

    /// The same trace at another span.
    #[must_use]
    pub fn at(self, span_id: u64) -> Self {
        Self { span_id, ..self }
    }

    /// As `traceparent`.
    #[must_use]
    pub fn to_traceparent(self) -> String {
        let flags = u8::from(self.is_sampled);
        format!("00-{:032x}-{:016x}-{flags:02x}", self.trace_id, self.span_id)
    }

    /// As X-Ray's header.
    #[must_use]
    pub fn to_x_ray(self) -> String {
        let id = format!("{:032x}", self.trace_id);
        let (time, rest) = id.split_at(8);
        let parent = if self.span_id == 0 { String::new() } else { format!(";Parent={:016x}", self.span_id) };
        format!("Root=1-{time}-{rest}{parent};Sampled={}", u8::from(self.is_sampled))
    }

    /// The trace's id as it is written.
    #[must_use]
    pub fn trace_hex(self) -> String {
        hex(&self.trace_id.to_be_bytes())
    }
}

/// The id of a span that is known by these words: the same words give the same id, wherever it is needed. Never 0.
#[must_use]
pub fn span_id(words: &[&str]) -> u64 {
    let mut digest = Sha256::new();
    for word in words {
        digest.update(word.as_bytes());
        digest.update([0]);
    }
    let bytes = digest.finalize();
    bytes.iter().take(8).fold(0, |id, byte| id << 8 | u64::from(*byte)).max(1)
}

/// A number of exactly so many digits, in hexadecimal and lower case.
fn number(text: &str, digits: usize) -> Option<u128> {
    let is_form = text.len() == digits && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    is_form.then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::{TraceContext, span_id};

    /// The example of the W3C's specification, and what it says of other forms.
    #[test]
    fn traceparent_is_read_as_specified() {
        let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let context = TraceContext::of_traceparent(text).unwrap();
        assert_eq!(context.to_traceparent(), text);
        assert_eq!(
            context.to_x_ray(),
            "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=00f067aa0ba902b7;Sampled=1"
        );
        let later = "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00-more";
        assert!(!TraceContext::of_traceparent(later).unwrap().is_sampled);
        for wrong in [
            "",
            "00",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
        ] {
            assert_eq!(TraceContext::of_traceparent(wrong), None, "{wrong}");
        }
    }

    /// The examples of the X-Ray developer guide.
    #[test]
    fn x_rays_header_is_read_as_documented() {
        let text = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
        let context = TraceContext::of_x_ray(text).unwrap();
        assert_eq!(context.to_x_ray(), text);
        assert_eq!(context.trace_hex(), "5759e988bd862e3fe1be46a994272793");
        let root = TraceContext::of_x_ray("Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0").unwrap();
        assert_eq!((root.span_id, root.is_sampled), (0, false));
        for wrong in ["", "Root=1", "Root=2-5759e988-bd862e3fe1be46a994272793", "Self=1-5759e988-bd862e3f"] {
            assert_eq!(TraceContext::of_x_ray(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_event_without_a_header_is_its_own_trace() {
        let id = "01936a5c-0a01-7000-8000-0000000000ff";
        let context = TraceContext::of_event(id, None);
        assert_eq!(context.trace_hex(), id.replace('-', ""));
        assert_eq!(TraceContext::of_event(id, Some("no header")), context);
        let other = TraceContext::of_event("conversation.end/7", None);
        assert_eq!(other, TraceContext::of_event("conversation.end/7", None));
        assert!(other.trace_id != 0 && other != TraceContext::of_event("conversation.end/8", None));
        assert_ne!(span_id(&["a", "bc"]), span_id(&["ab", "c"]));
    }
}
