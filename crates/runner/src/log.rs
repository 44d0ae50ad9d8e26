//! Log records: a function's own lines and the platform's, in order, each with its invocation.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::clock;
use crate::function::LogFormat;
use crate::invocation::Report;

/// What `LogType: Tail` gives.
const TAIL_BYTES_MAX: usize = 4096;
/// A longer line is cut into records of this size, CloudWatch Logs' own limit of 2022.
const LINE_BYTES_MAX: usize = 256 << 10;

/// Where a record comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogOrigin {
    pub function_name: String,
    /// The ARN of the version.
    pub function_arn: String,
    pub log_group: String,
    /// `2026/11/28/[$LATEST]<32 hex digits>`, one an environment.
    pub log_stream: String,
}

/// One line; line breaks inside it are part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRecord {
    /// Milliseconds since 1970.
    pub at_ms: i64,
    /// The invocation in which it was written; none during the start.
    pub request_id: Option<Arc<str>>,
    /// Ends with a line break.
    pub text: String,
}

/// Takes records as they come. It is called from the runner's own tasks: it must neither wait nor fail.
pub type LogSink = Arc<dyn Fn(&LogOrigin, LogRecord) + Send + Sync>;

/// Writes the log of one environment.
pub(crate) struct Journal {
    origin: LogOrigin,
    sink: LogSink,
    format: LogFormat,
    request_id: Option<Arc<str>>,
    /// The line that is being written.
    line: Vec<u8>,
    tail: VecDeque<u8>,
    /// What of this invocation's output was kept and what was thrown away.
    kept_bytes: usize,
    kept_bytes_max: usize,
    thrown_away_bytes: u64,
}

/// How the platform's lines say that an invocation went wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Status<'a> {
    /// `timeout` or `error`.
    pub(crate) status: &'static str,
    pub(crate) error_type: Option<&'a str>,
}

impl fmt::Debug for Journal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Journal").field("origin", &self.origin).finish_non_exhaustive()
    }
}

impl Journal {
    pub(crate) fn new(origin: LogOrigin, format: LogFormat, sink: LogSink, kept_bytes_max: usize) -> Self {
        Self {
            origin,
            sink,
            format,
            request_id: None,
            line: Vec::new(),
            tail: VecDeque::new(),
            kept_bytes: 0,
            kept_bytes_max,
            thrown_away_bytes: 0,
        }
    }

    /// Takes what the processes wrote.
    pub(crate) fn output(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            if self.kept_bytes >= self.kept_bytes_max {
                self.thrown_away_bytes += rest.len() as u64;
                return;
            }
            let room = LINE_BYTES_MAX.saturating_sub(self.line.len()).max(1);
            let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1).min(room);
            let (piece, after) = rest.split_at(end);
            self.line.extend_from_slice(piece);
            self.kept_bytes += piece.len();
            if piece.ends_with(b"\n") || self.line.len() >= LINE_BYTES_MAX {
                self.end_line();
            }
            rest = after;
        }
    }

    fn end_line(&mut self) {
        if self.line.is_empty() {
            return;
        }
        let mut text = String::from_utf8_lossy(&self.line).into_owned();
        self.line.clear();
        while text.ends_with(['\n', '\r']) {
            text.pop();
        }
        // Our bootstraps write a record's inner line breaks as carriage returns.
        text = text.replace('\r', "\n");
        text.push('\n');
        self.record(text);
    }

    fn record(&mut self, text: String) {
        self.tail.extend(text.as_bytes());
        let too_many = self.tail.len().saturating_sub(TAIL_BYTES_MAX);
        self.tail.drain(..too_many);
        let record = LogRecord { at_ms: clock::now_ms(), request_id: self.request_id.clone(), text };
        (self.sink)(&self.origin, record);
    }

    /// A line of the platform's, after all that was written before it.
    pub(crate) fn line(&mut self, text: &str) {
        self.end_line();
        self.record(format!("{text}\n"));
    }

    /// Either a line or, in the JSON format, a platform event.
    fn platform(&mut self, text: &str, kind: &str, record: &Value) {
        match self.format {
            LogFormat::Text => self.line(text),
            LogFormat::Json => {
                let event = json!({"time": clock::iso(clock::now_ms()), "type": kind, "record": record});
                self.line(&event.to_string());
            }
        }
    }

    pub(crate) fn init_start(&mut self, runtime_version: &str, function: &str) {
        let record = json!({"initializationType": "on-demand", "phase": "init", "runtimeVersion": runtime_version,
            "functionName": self.origin.function_name, "functionVersion": function});
        let text = format!("INIT_START Runtime Version: {runtime_version}");
        self.platform(&text, "platform.initStart", &record);
    }

    pub(crate) fn init_report(&mut self, init_ms: f64, status: Status<'_>) {
        let mut text =
            format!("INIT_REPORT Init Duration: {init_ms:.2} ms\tPhase: init\tStatus: {}", status.status);
        if let Some(error_type) = status.error_type {
            text.push_str("\tError Type: ");
            text.push_str(error_type);
        }
        let record = json!({"initializationType": "on-demand", "phase": "init", "status": status.status,
            "errorType": status.error_type, "metrics": {"durationMs": init_ms}});
        self.platform(&text, "platform.initReport", &record);
    }

    /// The invocation's first line; what comes from now on is its.
    pub(crate) fn start(&mut self, request_id: Arc<str>, version: &str) {
        self.end_line();
        self.tail.clear();
        self.kept_bytes = 0;
        self.thrown_away_bytes = 0;
        let text = format!("START RequestId: {request_id} Version: {version}");
        let record = json!({"requestId": &*request_id, "version": version});
        self.request_id = Some(request_id);
        self.platform(&text, "platform.start", &record);
    }

    /// The invocation's last lines.
    pub(crate) fn end(&mut self, request_id: &str, report: &Report, status: Option<Status<'_>>) -> Vec<u8> {
        self.end_line();
        if self.thrown_away_bytes > 0 {
            let text = format!(
                "[trunkline] {} more bytes of output were not kept: an invocation's first {} are",
                self.thrown_away_bytes, self.kept_bytes_max
            );
            self.line(&text);
        }
        if self.format == LogFormat::Text {
            self.line(&format!("END RequestId: {request_id}"));
        }
        let (text, record) =
            (report_line(request_id, report, status), report_event(request_id, report, status));
        self.platform(&text, "platform.report", &record);
        self.tail.make_contiguous().to_vec()
    }
}

fn ms(duration: std::time::Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

fn report_line(request_id: &str, report: &Report, status: Option<Status<'_>>) -> String {
    let mut text = format!(
        "REPORT RequestId: {request_id}\tDuration: {:.2} ms\tBilled Duration: {} ms\tMemory Size: {} MB\tMax Memory Used: {} MB\t",
        ms(report.duration),
        report.billed_ms,
        report.memory_mb,
        report.max_memory_mb,
    );
    if let Some(init) = report.init {
        text.push_str(&format!("Init Duration: {:.2} ms\t", ms(init)));
    }
    if let Some(status) = status {
        text.push_str(&format!("Status: {}", status.status));
        if let Some(error_type) = status.error_type {
            text.push_str(&format!("\tError Type: {error_type}"));
        }
    }
    text
}

fn report_event(request_id: &str, report: &Report, status: Option<Status<'_>>) -> Value {
    let mut metrics = json!({"durationMs": ms(report.duration), "billedDurationMs": report.billed_ms,
        "memorySizeMB": report.memory_mb, "maxMemoryUsedMB": report.max_memory_mb});
    if let (Some(init), Some(metrics)) = (report.init, metrics.as_object_mut()) {
        metrics.insert("initDurationMs".to_owned(), json!(ms(init)));
    }
    let mut record = json!({"requestId": request_id, "metrics": metrics,
        "status": status.map_or("success", |status| status.status)});
    if let (Some(error_type), Some(record)) =
        (status.and_then(|status| status.error_type), record.as_object_mut())
    {
        record.insert("errorType".to_owned(), json!(error_type));
    }
    record
}
