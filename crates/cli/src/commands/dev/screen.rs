//! What `trunkline dev` shows: a header, a line per conversation, a status line that moves.

use std::collections::HashMap;
use std::time::Duration;

use aws::Timestamp;
use provision::Pipeline;
use serde_json::{Value, json};
use server::{Server, WorkerMessage};

use crate::commands::dev::Arguments;
use crate::commands::dev::file_watch::Notice;
use crate::feed::Feed;
use crate::output::{self, BAD, FAINT, GOOD, STRONG, styled};
use crate::pipeline_file::PipelineFile;

/// Where the output is no terminal, the status is a line of its own, and not every quarter of a second.
const PLAIN_STATUS_EVERY: u32 = 40;
/// Status looks in a second.
const TICKS_PER_SECOND: u64 = 4;
/// Number of looks over which the rate is taken.
const RATE_WINDOW: usize = 8;

/// The books in five numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Status {
    pub(crate) events_in: u64,
    pub(crate) matched: u64,
    pub(crate) delivered: u64,
    pub(crate) owed: u64,
    pub(crate) dead: u64,
}

/// How lines are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// The status line is drawn again and again below the others.
    Terminal,
    /// Lines only.
    Plain,
    /// JSON Lines.
    Json,
}

/// The screen.
#[derive(Debug)]
pub(crate) struct Screen {
    mode: Mode,
    header: Header,
    ticks: u32,
    recent: Vec<u64>,
    last: Option<Status>,
}

#[derive(Debug)]
struct Header {
    address: String,
    /// The pipeline file, as it was named.
    file: String,
    console: String,
    data_dir: String,
    org: Option<String>,
    rules: Vec<String>,
    first_rule: Option<String>,
    /// Whether the file has state machines: two of their operations need a setting of the SDK.
    has_machines: bool,
    region: String,
    /// How much faster than real time the simulated org's clock goes.
    speed: Option<u32>,
    /// Names of wrap-up codes, which events carry as UUIDs.
    wrap_ups: HashMap<String, String>,
}

impl Screen {
    /// A screen for a server that has started.
    pub(crate) fn new(
        server: &Server,
        arguments: &Arguments,
        (file, pipeline): (&PipelineFile, &Pipeline),
        feed: Option<&Feed>,
    ) -> Self {
        let mode = match (arguments.json, output::is_terminal()) {
            (true, _) => Mode::Json,
            (false, true) => Mode::Terminal,
            (false, false) => Mode::Plain,
        };
        let header = Header {
            address: format!("http://{}", server.address()),
            file: file.said(),
            console: server.console_address(),
            data_dir: arguments.server.data_dir.display().to_string(),
            org: feed.map(Feed::description),
            rules: pipeline.rules.iter().map(rule_line).collect(),
            first_rule: pipeline.rules.first().map(|rule| rule.name.value.clone()),
            has_machines: !pipeline.state_machines.is_empty(),
            region: arguments.server.region.clone(),
            speed: feed.and_then(Feed::speed),
            wrap_ups: feed.map(Feed::wrap_ups).unwrap_or_default(),
        };
        Self { mode, header, ticks: 0, recent: Vec::new(), last: None }
    }

    /// Where it runs, what runs, what to type next.
    pub(crate) fn header(&self) {
        let Header { address, file, console, data_dir, org, rules, first_rule, region, has_machines, .. } =
            &self.header;
        if self.mode == Mode::Json {
            output::json(
                json!({"type": "started", "address": address, "file": file, "console": console, "dataDir": data_dir, "feed": org, "rules": rules}),
            );
            return;
        }
        output::line(format_args!(
            "{} runs {file} on {}, data in {data_dir}",
            styled(STRONG, format_args!("Trunkline {}", env!("CARGO_PKG_VERSION"))),
            styled(STRONG, address)
        ));
        output::line(format_args!("  open   {}", styled(STRONG, console)));
        if let Some(org) = org {
            output::line(format_args!("  feed   {org}"));
        }
        for rule in rules {
            output::line(format_args!("  rule   {rule}"));
        }
        output::line("\nIn another terminal:");
        output::line(format_args!("  export AWS_ENDPOINT_URL={address} AWS_DEFAULT_REGION={region}"));
        output::line("  export AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any");
        output::line("  aws events list-rules            (or boto3, or any AWS SDK)");
        if let Some(rule) = first_rule {
            output::line(format_args!("  trunkline explain --rule {rule} --limit 5 --endpoint {address}"));
        }
        if *has_machines {
            output::line("  StartSyncExecution and TestState from an SDK: turn off its host prefix");
            output::line("    boto3: Config(inject_host_prefix=False)   JavaScript: disableHostPrefix: true");
        }
        output::line(styled(FAINT, "Press Ctrl-C to stop; the next start continues from there.\n"));
        let titles =
            format!("{:<10}{:<38}{:<20}{:>9}  {}", "ENDED", "CONVERSATION", "WRAP-UP", "DURATION", "OUTCOME");
        output::line(styled(STRONG, titles));
    }

    /// A line for a message that a worker took.
    pub(crate) fn message(&mut self, taken: &WorkerMessage) {
        let body: Value = serde_json::from_str(&taken.body).unwrap_or_default();
        if self.mode == Mode::Json {
            let event = if body.is_null() { Value::from(taken.body.as_str()) } else { body };
            output::json(json!({"type": "message", "queue": taken.queue, "event": event}));
            return;
        }
        let line = conversation_line(&body, &self.header.wrap_ups).unwrap_or_else(|| {
            let start: String = taken.body.chars().take(100).collect();
            format!("{}  {start}", taken.queue)
        });
        self.erase_status();
        output::line(line);
        self.draw_status();
    }

    /// A line for an event that was accepted, where there is no worker.
    pub(crate) fn event(&mut self, envelope: &str) {
        let event: Value = serde_json::from_str(envelope).unwrap_or_default();
        if self.mode == Mode::Json {
            return output::json(json!({"type": "event", "event": event}));
        }
        let text = |key: &str| event.get(key).and_then(Value::as_str).unwrap_or_default();
        let is_end = text("detail-type") == "conversation.end";
        let line = conversation_line(&event, &self.header.wrap_ups).filter(|_| is_end).unwrap_or_else(|| {
            let at = Timestamp::parse_iso(text("time")).map(clock_time).unwrap_or_default();
            format!("{at:<10}{:<38}{}  {}", text("id"), text("source"), text("detail-type"))
        });
        self.erase_status();
        output::line(line);
        self.draw_status();
    }

    /// What became of the file when it was saved.
    pub(crate) fn notice(&mut self, notice: &Notice) {
        let (is_applied, text) = match notice {
            Notice::Applied(text) => (true, text),
            Notice::Refused(text) => (false, text),
        };
        if self.mode == Mode::Json {
            output::json(json!({"type": "pipeline", "applied": is_applied, "text": text}));
            return;
        }
        self.erase_status();
        if is_applied {
            output::line(format_args!("{} {text}", styled(GOOD, "applied:")));
        } else {
            output::line(format_args!(
                "{} the pipeline stays as it was\n{text}",
                styled(BAD, "not applied:")
            ));
        }
        self.draw_status();
    }

    /// The books, looked at a few times a second; `None` where they could not be read just now.
    pub(crate) fn status(&mut self, status: Option<Status>) {
        let Some(status) = status else { return };
        self.recent.push(status.events_in);
        if self.recent.len() > RATE_WINDOW {
            self.recent.remove(0);
        }
        self.ticks = self.ticks.wrapping_add(1);
        self.last = Some(status);
        match self.mode {
            Mode::Terminal => {
                self.erase_status();
                self.draw_status();
            }
            Mode::Plain | Mode::Json if self.ticks.is_multiple_of(PLAIN_STATUS_EVERY) => self.status_line(),
            Mode::Plain | Mode::Json => {}
        }
    }

    /// The last books and a good-bye.
    pub(crate) fn end(&mut self, status: Option<Status>) {
        self.last = status.or(self.last);
        self.erase_status();
        self.status_line();
        match self.mode {
            Mode::Json => output::json(json!({"type": "stopped"})),
            Mode::Terminal | Mode::Plain => output::line(format_args!(
                "stopped; everything acknowledged is in {}, and the next start continues from there",
                self.header.data_dir
            )),
        }
    }

    fn erase_status(&self) {
        if self.mode == Mode::Terminal {
            // Back to the line's beginning, and clear to its end (ECMA-48, EL).
            output::raw("\r\x1b[K");
        }
    }

    fn draw_status(&self) {
        if self.mode == Mode::Terminal {
            output::raw(self.status_text());
        }
    }

    fn status_line(&self) {
        match (self.mode, self.last) {
            (Mode::Json, Some(status)) => output::json(json!({
                "type": "status", "eventsIn": status.events_in, "matched": status.matched,
                "delivered": status.delivered, "owed": status.owed, "dead": status.dead,
                "eventsPerSecond": self.rate(),
            })),
            (Mode::Terminal | Mode::Plain, Some(_)) => output::line(self.status_text()),
            (_, None) => {}
        }
    }

    fn status_text(&self) -> String {
        let Some(Status { events_in, matched, delivered, owed, dead }) = self.last else {
            return String::new();
        };
        let clock = match self.header.speed {
            Some(speed) if speed > 1 => format!(" \u{b7} org's clock \u{d7}{speed}"),
            _ => String::new(),
        };
        let dead_style = if dead > 0 { BAD } else { FAINT };
        format!(
            "{}",
            format_args!(
                "{events_in} events in \u{b7} {matched} matched \u{b7} {} \u{b7} {owed} owed \u{b7} {} \u{b7} {}/s{clock}",
                styled(GOOD, format_args!("{delivered} delivered")),
                styled(dead_style, format_args!("{dead} dead")),
                self.rate()
            )
        )
    }

    /// Events a second, over the last looks.
    fn rate(&self) -> u64 {
        let (Some(first), Some(last)) = (self.recent.first(), self.recent.last()) else { return 0 };
        let spans = u64::try_from(self.recent.len().saturating_sub(1)).unwrap_or_default();
        last.saturating_sub(*first).saturating_mul(TICKS_PER_SECOND).checked_div(spans).unwrap_or_default()
    }
}

fn rule_line(rule: &provision::resource::rule::Rule) -> String {
    use provision::resource::rule::Matching;
    use provision::resource::target::Destination;

    let matching = match &rule.matching {
        Matching::EndedIn(queue) => format!("conversation.end in queue {}", queue.value),
        Matching::Pattern(_) => "its event pattern".to_owned(),
        Matching::Schedule(expression) => expression.value.clone(),
    };
    let targets: Vec<String> = rule
        .targets
        .iter()
        .map(|target| match &target.destination {
            Destination::Queue(queue) => format!("SQS queue {}", queue.value),
            Destination::Function(name) => format!("function {}", name.value),
            Destination::StateMachine(name) => format!("state machine {}", name.value),
            Destination::LogGroup(name) => format!("log group {}", name.value),
            Destination::Bus(bus) => format!("event bus {}", bus.value),
            Destination::ApiDestination(name) => format!("API destination {}", name.value),
            Destination::Arn(arn) => arn.value.clone(),
        })
        .collect();
    format!("{}: {matching} -> {}", rule.name.value, targets.join(", "))
}

/// Time, conversation, wrap-up, duration, outcome; `None` where the message is no ended conversation.
fn conversation_line(event: &Value, wrap_ups: &HashMap<String, String>) -> Option<String> {
    let detail = event.get("detail")?;
    let text = |key: &str| detail.get(key).and_then(Value::as_str);
    let id = text("conversationId")?;
    let ended = text("endTime").and_then(Timestamp::parse_iso)?;
    let duration = Duration::from_millis(detail.get("duration").and_then(Value::as_u64).unwrap_or_default());
    let outcome = text("outcome").unwrap_or("-");
    let code = text("wrapUpCode").unwrap_or("-");
    let wrap_up = wrap_ups.get(code).map_or(code, String::as_str);
    let style = if outcome == "answered" { GOOD } else { BAD };
    Some(format!(
        "{:<10}{id:<38}{:<20}{:>9}  {}",
        clock_time(ended),
        shortened(wrap_up, 18),
        minutes(duration),
        styled(style, outcome)
    ))
}

/// `22:04:48`.
fn clock_time(moment: Timestamp) -> String {
    moment
        .to_iso_seconds()
        .split('T')
        .nth(1)
        .map(|time| time.trim_end_matches('Z').to_owned())
        .unwrap_or_default()
}

/// `6m 14s`.
fn minutes(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds >= 60 { format!("{}m {:02}s", seconds / 60, seconds % 60) } else { format!("{seconds}s") }
}

fn shortened(text: &str, chars_max: usize) -> String {
    if text.chars().count() <= chars_max {
        return text.to_owned();
    }
    let start: String = text.chars().take(chars_max.saturating_sub(1)).collect();
    format!("{start}\u{2026}")
}
