//! One environment: a runtime's processes, their Runtime API, and the invocations that they are given one by one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::{Instant, sleep_until, timeout};

use crate::api::{Api, ApiEvent, Assignment, Listener};
use crate::clock;
use crate::ending::Ending;
use crate::function::Function;
use crate::hint;
use crate::invocation::{Invocation, Outcome, Report};
use crate::launcher::Exit;
use crate::log::Status;
use crate::output::Output;
use crate::process::{Process, Watch};

/// How often the memory of a running function is looked at.
const WATCH_EVERY: Duration = Duration::from_millis(50);
/// A warm environment that does not take an invocation by then is not waiting for one.
const TAKEN_MAX: Duration = Duration::from_secs(1);
/// How long the end of its processes is waited for.
const END_MAX: Duration = Duration::from_secs(5);

/// A folder that is an environment's /tmp. It outlives the processes, as on AWS, and is removed with the environment.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) tmp: PathBuf,
}

impl Slot {
    pub(crate) fn make(folder: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        Ok(Self { tmp: folder })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let tmp = std::mem::take(&mut self.tmp);
        let remove = move || {
            // What cannot be removed now is removed at the next start.
            let _ = fs::remove_dir_all(tmp);
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(remove)),
            Err(_) => remove(),
        }
    }
}

/// What an environment is made of.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) function: Arc<Function>,
    pub(crate) process: Process,
    pub(crate) watch: Watch,
    pub(crate) listener: Listener,
    pub(crate) output: Arc<Output>,
    pub(crate) slot: Slot,
    pub(crate) permit: OwnedSemaphorePermit,
    pub(crate) processes_max: u64,
}

/// One environment. It is given an invocation at a time; dropped, its processes end.
#[derive(Debug)]
pub(crate) struct Environment {
    function: Arc<Function>,
    process: Process,
    events: mpsc::Receiver<ApiEvent>,
    assignments: mpsc::Sender<Assignment>,
    output: Arc<Output>,
    slot: Slot,
    permit: OwnedSemaphorePermit,
    processes_max: u64,
    meter: Meter,
    started: Instant,
    /// How long the start took; none once it has been reported.
    init: Option<Duration>,
    is_used: bool,
}

#[derive(Debug)]
struct Meter {
    max_bytes: u64,
    looked: Option<Instant>,
}

/// How the start went.
#[derive(Debug)]
pub(crate) enum Init {
    Ready,
    Failed(Ending),
    TimedOut,
}

/// How an invocation went.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) ending: Ending,
    duration: Duration,
    is_begun: bool,
}

/// What remains when the processes are gone: /tmp, and the right to be an environment.
#[derive(Debug)]
pub(crate) struct Remains {
    pub(crate) slot: Slot,
    pub(crate) permit: OwnedSemaphorePermit,
}

impl Environment {
    /// Serves the Runtime API of processes that have been started.
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts { function, process, watch, listener, output, slot, permit, processes_max } = parts;
        let (events, received) = mpsc::channel(16);
        let (assignments, assigned) = mpsc::channel(1);
        let api = Arc::new(Api::new(events, assigned, Arc::clone(&output)));
        tokio::spawn(serve(api, listener, watch));
        let meter = Meter { max_bytes: 0, looked: None };
        let started = Instant::now();
        let events = received;
        let (init, is_used) = (None, false);
        Self {
            function,
            process,
            events,
            assignments,
            output,
            slot,
            permit,
            processes_max,
            meter,
            started,
            init,
            is_used,
        }
    }

    /// Waits until the runtime asks for its first invocation.
    pub(crate) async fn init(&mut self, most: Duration) -> Init {
        let deadline = self.started + most;
        let failed = loop {
            let wake = deadline.min(Instant::now() + WATCH_EVERY);
            tokio::select! {
                event = self.events.recv() => match event {
                    Some(ApiEvent::Waiting) => {
                        self.init = Some(self.started.elapsed());
                        return Init::Ready;
                    }
                    Some(ApiEvent::InitError(error)) => break Ending::InitError(error),
                    Some(ApiEvent::Exited(exit)) => break Ending::Exited(exit.unwrap_or(Exit::Signal(9))),
                    Some(_) => {}
                    None => break Ending::Exited(Exit::Signal(9)),
                },
                () = sleep_until(wake) => {
                    if Instant::now() >= deadline {
                        let status = Status { status: "timeout", error_type: None };
                        self.output.journal().init_report(ms(most), status);
                        return Init::TimedOut;
                    }
                    if let Some(ending) = self.look() {
                        break ending;
                    }
                }
            }
        };
        let status = Status { status: "error", error_type: failed.error_type() };
        self.output.journal().init_report(ms(self.started.elapsed()), status);
        Init::Failed(failed)
    }

    /// Whether its processes are gone.
    pub(crate) fn is_over(&mut self) -> bool {
        while let Ok(event) = self.events.try_recv() {
            if matches!(event, ApiEvent::Exited(_)) {
                return true;
            }
        }
        self.events.is_closed()
    }

    /// Gives the runtime an invocation and waits for its end. None where a used environment was gone, or busy with itself,
    /// before it had taken it: another one can have it then.
    pub(crate) async fn invoke(&mut self, invocation: &Invocation) -> Option<Run> {
        if self.is_used && self.is_over() {
            return None;
        }
        let given = Instant::now();
        let deadline = given + self.function.timeout;
        self.assignments.try_send(self.assignment(invocation)).ok()?;
        let mut begun = None;
        let is_used = std::mem::replace(&mut self.is_used, true);
        let ending = loop {
            let event = tokio::select! {
                event = self.events.recv() => event.unwrap_or(ApiEvent::Exited(None)),
                () = sleep_until(deadline.min(Instant::now() + WATCH_EVERY)) => {
                    if Instant::now() >= deadline {
                        break Ending::TimedOut;
                    }
                    if is_used && begun.is_none() && given.elapsed() > TAKEN_MAX {
                        return None;
                    }
                    match self.look() {
                        Some(ending) => break ending,
                        None => continue,
                    }
                }
            };
            match event {
                ApiEvent::Begun(at) => begun = Some(at),
                ApiEvent::Waiting => {}
                ApiEvent::Exited(_) if is_used && begun.is_none() => return None,
                ApiEvent::Exited(exit) => break Ending::Exited(exit.unwrap_or(Exit::Signal(9))),
                ApiEvent::Answer(answer) => break Ending::Answer(answer),
                ApiEvent::TooLarge => break Ending::TooLarge,
                ApiEvent::Error(error) => break Ending::Error(error),
                ApiEvent::InitError(error) => break Ending::InitError(error),
            }
        };
        let duration = begun.unwrap_or(given).elapsed();
        // A look costs more than a short invocation: what was looked at a moment ago has not grown much.
        if self.meter.looked.is_none_or(|looked| looked.elapsed() > WATCH_EVERY) {
            let _ = self.look();
        }
        Some(Run { ending, duration, is_begun: begun.is_some() })
    }

    fn assignment(&self, invocation: &Invocation) -> Assignment {
        let timeout_ms = i64::try_from(self.function.timeout.as_millis()).unwrap_or(i64::MAX);
        let deadline_ms = clock::now_ms().saturating_add(timeout_ms);
        let mut headers = HeaderMap::new();
        let mut set = |name: &'static str, value: &str| {
            // What no header can hold is left out, like what is not there.
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        };
        set("lambda-runtime-aws-request-id", &invocation.request_id);
        set("lambda-runtime-deadline-ms", &deadline_ms.to_string());
        set("lambda-runtime-invoked-function-arn", &invocation.invoked_arn);
        if let Some(trace_id) = &invocation.trace_id {
            set("lambda-runtime-trace-id", trace_id);
        }
        if let Some(context) = &invocation.client_context {
            set("lambda-runtime-client-context", context);
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let payload = if invocation.payload.is_empty() {
            Bytes::from_static(b"{}")
        } else {
            invocation.payload.clone()
        };
        Assignment {
            id: invocation.request_id.as_str().into(),
            version: self.function.version.clone(),
            headers,
            payload,
            stream: invocation.stream.clone(),
        }
    }

    /// Looks at the processes: what they hold is remembered, and too much of it is an end.
    fn look(&mut self) -> Option<Ending> {
        let memory_max = u64::from(self.function.memory_mb) << 20;
        let usage = self.process.usage(self.processes_max, memory_max);
        self.meter.looked = Some(Instant::now());
        self.meter.max_bytes = self.meter.max_bytes.max(usage.resident_bytes.min(memory_max));
        if usage.processes > self.processes_max {
            return Some(Ending::TooManyProcesses(self.processes_max));
        }
        (usage.resident_bytes > memory_max).then_some(Ending::OutOfMemory)
    }

    /// Writes an invocation's last lines, and says how it ended.
    pub(crate) fn finish(&mut self, invocation: &Invocation, run: Run) -> Outcome {
        let Run { ending, duration, is_begun } = run;
        let (id, limit) = (invocation.request_id.as_str(), self.function.timeout);
        // What is said to have timed out took its whole time, and no more.
        let duration = if matches!(ending, Ending::TimedOut) { limit } else { duration };
        let report = Report {
            duration,
            billed_ms: u64::try_from(duration.as_micros().div_ceil(1000)).unwrap_or(u64::MAX),
            memory_mb: self.function.memory_mb,
            max_memory_mb: self.meter.max_bytes.div_ceil(1 << 20),
            init: self.init.take(),
        };
        let payload = ending.payload(id, limit);
        let hint = ending.error_type().and_then(|_| hint::hint(&payload));
        let mut journal = self.output.journal();
        if !is_begun {
            journal.start(id.into(), &self.function.version);
        }
        for line in ending.lines(id, limit) {
            journal.line(&line);
        }
        if let Some(hint) = &hint {
            journal.line(&format!("[trunkline] {hint}"));
        }
        let log_tail = journal.end(id, &report, ending.status());
        drop(journal);
        let error_type = ending.error_type().map(str::to_owned);
        let content_type = match ending {
            Ending::Answer(answer) => answer.content_type,
            _ => None,
        };
        Outcome { payload, content_type, error_type, log_tail, report, hint }
    }

    /// Ends its processes and waits until they are gone.
    pub(crate) async fn end(self) -> Remains {
        let Self { process, mut events, slot, permit, .. } = self;
        drop(process);
        let gone = async {
            while let Some(event) = events.recv().await {
                if matches!(event, ApiEvent::Exited(_)) {
                    break;
                }
            }
        };
        let _ = timeout(END_MAX, gone).await;
        Remains { slot, permit }
    }
}

impl Run {
    /// An invocation whose environment did not come to it.
    pub(crate) const fn at_start(ending: Ending) -> Self {
        Self { ending, duration: Duration::ZERO, is_begun: false }
    }
}

/// Serves the Runtime API and reads the output until the processes are gone, and says so after all else.
async fn serve(api: Arc<Api>, listener: Listener, watch: Watch) {
    let output = Arc::clone(&api.output);
    let reading = tokio::spawn(async move { output.follow().await });
    let mut exit = None;
    let exited = async { exit = watch.exit().await };
    listener.serve(Arc::clone(&api), exited).await;
    // All writers are gone, so the pipe ends at once.
    let _ = timeout(Duration::from_secs(1), reading).await;
    let _ = api.events.send(ApiEvent::Exited(exit)).await;
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// Whether a program is there, for `provided` runtimes.
pub(crate) fn bootstrap_in(folders: &[&Path]) -> Option<PathBuf> {
    folders.iter().map(|folder| folder.join("bootstrap")).find(|program| program.is_file())
}
