//! Traces on their way to a collector: OTLP over HTTP, in JSON, over our own client.
//!
//! Whoever makes spans puts them into [`Spans`] and goes on; this loop takes them from there, some hundred at a time. A collector
//! that is away is tried again for half a minute a batch, in which what does not fit is dropped; `/metrics` counts it. Source:
//! OpenTelemetry Protocol specification, "OTLP/HTTP".

mod otlp;

use std::time::Duration;

use aws::trace::{Span, Spans};
use http_client::{Client, Guard, Request, Settings};
use serde::Deserialize;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::config::{Config, StartError, Traces};
use crate::scopes::Scopes;

/// Spans of one request.
const BATCH_MAX: usize = 512;
/// How long the first span of a batch waits for others.
const PAUSE: Duration = Duration::from_millis(500);
/// How long a collector may take to answer: the specification's default.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(10);
/// How often a batch is sent at most.
const TRIES_MAX: u32 = 5;
/// The pause after a batch's first failure; twice that after each further one.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// The longest pause that a collector may ask for.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(30);
/// How long the last spans may take when the server ends.
const LAST_TIME: Duration = Duration::from_secs(2);

/// Sends spans to a collector.
#[derive(Debug)]
pub(crate) struct Exporter {
    spans: Spans,
    to: Traces,
    client: Client,
    /// The collector did not take the newest batch: told once, until it takes one again.
    is_failing: bool,
}

/// What came of one request.
enum Sent {
    /// The collector has it, but for so many spans.
    Taken { rejected: u64 },
    /// It may take it later.
    Later { reason: String, after: Option<Duration> },
    /// It will not take it.
    Refused { reason: String },
}

/// A collector's answer. Numbers of 64 bits are texts in protobuf's JSON; some collectors write them as numbers.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Answer {
    partial_success: PartialSuccess,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PartialSuccess {
    rejected_spans: serde_json::Value,
    error_message: String,
}

impl PartialSuccess {
    fn rejected(&self) -> u64 {
        let text = self.rejected_spans.as_str().and_then(|text| text.parse().ok());
        self.rejected_spans.as_u64().or(text).unwrap_or(0)
    }
}

/// Makes spans of every event's trip and sends them, where the configuration wants it. The loop ends after `closing`.
///
/// # Errors
/// The certificates.
pub(crate) fn prepare(config: &Config, scopes: &Scopes) -> Result<Option<Exporter>, StartError> {
    let Some(to) = config.traces.clone() else { return Ok(None) };
    let spans = Spans::default();
    scopes.all().for_each(|served| served.rooms.events.trace_to(spans.clone()));
    // Whoever starts the server names the collector: it is often on this machine, and without TLS.
    let host: Option<http_client::AllowedHost> = host_of(&to.url).and_then(|host| host.parse().ok());
    let settings = Settings { guard: Guard::new(host.into_iter().collect()), ..config.calls_out.clone() };
    let client = Client::new(settings).map_err(|why| StartError::Authorities { why })?;
    Ok(Some(Exporter { spans, to, client, is_failing: false }))
}

/// The host of a URL, without its port.
fn host_of(url: &str) -> Option<&str> {
    let authority = url.split_once("://")?.1.split(['/', '?', '#']).next()?;
    match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next(),
        None => authority.split(':').next(),
    }
}

impl Exporter {
    /// Where spans go.
    pub(crate) fn spans(&self) -> &Spans {
        &self.spans
    }

    /// Sends spans until the server closes, and then the last ones.
    pub(crate) async fn run(mut self, mut closing: watch::Receiver<bool>) {
        loop {
            let sending = async {
                match self.spans.take(BATCH_MAX) {
                    batch if batch.is_empty() => sleep(PAUSE).await,
                    batch => self.send(batch).await,
                }
            };
            tokio::select! {
                () = sending => {}
                _ = closing.wait_for(|closing| *closing) => break,
            }
        }
        let last = async {
            loop {
                let batch = self.spans.take(BATCH_MAX);
                if batch.is_empty() {
                    break;
                }
                self.send(batch).await;
            }
        };
        drop(timeout(LAST_TIME, last).await);
    }

    /// Sends a batch, again where that may help; what becomes of it is counted.
    async fn send(&mut self, batch: Vec<Span>) {
        let mut held = Held { spans: self.spans.clone(), count: u64::try_from(batch.len()).unwrap_or(0) };
        let body = otlp::request(&self.to.service_name, &batch);
        let mut pause = AFTER_FAILURE;
        for number in 1..=TRIES_MAX {
            match self.try_once(body.clone()).await {
                Sent::Taken { rejected } => {
                    held.taken(rejected);
                    if std::mem::take(&mut self.is_failing) {
                        tracing::warn!("the collector takes traces again");
                    }
                    return;
                }
                Sent::Refused { reason } => {
                    self.tell(&reason);
                    return;
                }
                Sent::Later { reason, after } => {
                    self.tell(&reason);
                    if number < TRIES_MAX {
                        sleep(after.unwrap_or(pause)).await;
                        pause *= 2;
                    }
                }
            }
        }
    }

    async fn try_once(&self, body: String) -> Sent {
        let request = || {
            let mut request =
                Request::new("POST", &self.to.url)?.header("content-type", "application/json")?;
            for (name, value) in &self.to.headers {
                request = request.header(name, value.reveal())?;
            }
            Ok::<_, http_client::Failure>(request.body(body))
        };
        let answer = match request() {
            Ok(request) => self.client.send(request, ANSWER_TIME_MAX).await,
            Err(failure) => return Sent::Refused { reason: failure.text },
        };
        let answer = match answer {
            Ok(answer) => answer,
            Err(failure) => return Sent::Later { reason: failure.text, after: None },
        };
        match answer.status {
            200..=299 => {
                let said: Answer = serde_json::from_slice(&answer.body).unwrap_or_default();
                let rejected = said.partial_success.rejected();
                if rejected > 0 {
                    let reason = said.partial_success.error_message;
                    tracing::warn!(rejected, reason, "the collector rejected some spans");
                }
                Sent::Taken { rejected }
            }
            // Those alone may be tried again (specification, "Failures").
            status @ (429 | 502 | 503 | 504) => {
                let seconds = answer.header("retry-after").and_then(|text| text.parse().ok());
                let after = seconds.map(|seconds| Duration::from_secs(seconds).min(RETRY_AFTER_MAX));
                Sent::Later { reason: format!("it answered with status {status}"), after }
            }
            status => Sent::Refused { reason: format!("it answered with status {status}") },
        }
    }

    fn tell(&mut self, reason: &str) {
        if !std::mem::replace(&mut self.is_failing, true) {
            let url = &self.to.url;
            tracing::warn!(
                url,
                reason,
                "the collector does not take traces; it is tried again, and what it does not get is counted in \
                 trunkline_trace_spans_total"
            );
        }
    }
}

/// Spans of a batch that nobody has taken yet: dropped, and counted so, however the sending ends.
struct Held {
    spans: Spans,
    count: u64,
}

impl Held {
    /// The collector has all but so many.
    fn taken(&mut self, rejected: u64) {
        let rejected = rejected.min(self.count);
        self.spans.note_exported(self.count - rejected);
        self.count = rejected;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.spans.drop_some(self.count);
    }
}

#[cfg(test)]
mod tests {
    use super::host_of;

    #[test]
    fn a_urls_host_is_found() {
        let hosts = [
            ("http://localhost:4318/v1/traces", Some("localhost")),
            ("https://collector.example/x", Some("collector.example")),
            ("http://[::1]:4318/v1/traces", Some("::1")),
            ("collector", None),
        ];
        for (url, host) in hosts {
            assert_eq!(host_of(url), host, "{url}");
        }
    }
}
