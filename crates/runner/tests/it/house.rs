//! A runner over a temporary folder, and functions whose code is this crate's test data.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use runner::function::{Code, LogFormat};
use runner::options::LauncherCommand;
use runner::{Function, Invocation, LogRecord, Outcome, Runner, RunnerOptions, Runtime};

/// A runner, and what its functions have written.
pub(crate) struct House {
    pub(crate) runner: Runner,
    pub(crate) folder: tempfile::TempDir,
    log: Arc<Mutex<Vec<LogRecord>>>,
}

pub(crate) const ARN: &str = "arn:aws:lambda:eu-west-1:000000000000:function:fn";

impl House {
    pub(crate) fn new(change: impl FnOnce(&mut RunnerOptions)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let records = Arc::clone(&log);
        let launcher =
            LauncherCommand { program: env!("CARGO_BIN_EXE_runner-launcher").into(), arguments: Vec::new() };
        let sink = Arc::new(move |_: &runner::LogOrigin, record| records.lock().unwrap().push(record));
        let mut options = RunnerOptions::new(folder.path().join("runner"), launcher, sink);
        options.region = "eu-west-1".to_owned();
        options.endpoint_url = Some("http://127.0.0.1:9".to_owned());
        options.processes_max = 200;
        // A machine that builds beside the tests is slow to start anything.
        options.init_max = Duration::from_secs(60);
        change(&mut options);
        Self { runner: Runner::new(options).unwrap(), folder, log }
    }

    pub(crate) async fn invoke(&self, function: &Arc<Function>, event: &str) -> Outcome {
        self.runner.invoke(Arc::clone(function), invocation(event)).await.unwrap()
    }

    /// What is answered, as text.
    pub(crate) async fn answer(&self, function: &Arc<Function>, event: &str) -> String {
        let outcome = self.invoke(function, event).await;
        assert_eq!(outcome.error_type, None, "{outcome:?}");
        String::from_utf8(outcome.payload.to_vec()).unwrap()
    }

    /// All records so far, taken out.
    pub(crate) fn log(&self) -> Vec<LogRecord> {
        std::mem::take(&mut *self.log.lock().unwrap())
    }
}

/// A function of the test data; its environment variables hold `OWN`.
pub(crate) fn function(runtime: &str, code: &str, handler: &str) -> Function {
    Function {
        name: "fn".to_owned(),
        version: "$LATEST".to_owned(),
        arn: ARN.to_owned(),
        runtime: Runtime::parse(runtime).unwrap(),
        handler: handler.to_owned(),
        memory_mb: 256,
        timeout: Duration::from_secs(60),
        // The data stays as it is.
        variables: BTreeMap::from([
            ("OWN".to_owned(), "mine".to_owned()),
            ("PYTHONDONTWRITEBYTECODE".to_owned(), "1".to_owned()),
        ]),
        code: Code::Fixed(data(code)),
        layers: Vec::new(),
        log_group: "/aws/lambda/fn".to_owned(),
        log_format: LogFormat::Text,
        log_level: None,
    }
}

pub(crate) fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

pub(crate) fn invocation(event: &str) -> Invocation {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    Invocation {
        request_id: format!("00000000-0000-4000-8000-{number:012}"),
        payload: Bytes::from(event.to_owned()),
        invoked_arn: ARN.to_owned(),
        client_context: Some("{\"custom\":{\"a\":\"b\"}}".to_owned()),
        trace_id: None,
        stream: None,
    }
}

/// Whether a program can be started; says so where it cannot.
pub(crate) fn has(program: &str) -> bool {
    let asked = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    let is_there = asked.is_ok_and(|status| status.success());
    if !is_there {
        eprintln!("skipped: {program} is not installed");
    }
    is_there
}
