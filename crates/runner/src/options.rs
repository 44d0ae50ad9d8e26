//! What a runner is made from.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::interpreter::VersionRule;
use crate::isolation::Isolation;
use crate::log::LogSink;

/// Credentials that the functions' SDKs sign with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    pub access_key_id: String,
    pub secret_access_key: String,
    pub session_token: String,
}

/// How [`crate::launcher::main`] is started: our own binary with a hidden argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LauncherCommand {
    pub program: PathBuf,
    pub arguments: Vec<OsString>,
}

/// What a runner is made from; [`RunnerOptions::new`] has what is usual.
#[derive(Clone)]
pub struct RunnerOptions {
    /// A folder of the runner's own: bootstraps, layers, each environment's /tmp. Its content is removed at the start.
    pub folder: PathBuf,
    pub launcher: LauncherCommand,
    /// The `PATH` on which interpreters are looked for.
    pub search_path: OsString,
    pub version_rule: VersionRule,
    /// `AWS_ENDPOINT_URL` of the functions; none where they shall call AWS.
    pub endpoint_url: Option<String>,
    pub region: String,
    pub credentials: Credentials,
    /// Where `trunkline runtimes install` puts the SDKs that AWS ships with its runtimes.
    pub sdks: Option<PathBuf>,
    /// Environments at a time, over all functions. More invocations wait.
    pub environments_max: usize,
    /// An environment that was not used for so long is ended.
    pub idle_max: Duration,
    /// How long the start of an environment may take before it counts as part of the invocation.
    pub init_max: Duration,
    /// Processes and threads of one environment.
    pub processes_max: u64,
    /// Open files of one process.
    pub open_files_max: u64,
    /// What is kept of an invocation's output; the rest is read and counted.
    pub output_bytes_max: usize,
    /// Forces a kind of isolation; else the better one that the machine allows.
    pub isolation: Option<Isolation>,
    pub log_sink: LogSink,
}

impl RunnerOptions {
    /// AWS's own limits: 1,024 processes and open files, ten seconds for the start.
    pub fn new(folder: PathBuf, launcher: LauncherCommand, log_sink: LogSink) -> Self {
        Self {
            folder,
            launcher,
            search_path: std::env::var_os("PATH").unwrap_or_default(),
            version_rule: VersionRule::Nearest,
            endpoint_url: None,
            region: "us-east-1".to_owned(),
            credentials: Credentials {
                access_key_id: "test".to_owned(),
                secret_access_key: "test".to_owned(),
                session_token: "test".to_owned(),
            },
            sdks: None,
            environments_max: 50,
            idle_max: Duration::from_secs(300),
            init_max: Duration::from_secs(10),
            processes_max: 1024,
            open_files_max: 1024,
            output_bytes_max: 4 << 20,
            isolation: None,
            log_sink,
        }
    }
}

impl fmt::Debug for RunnerOptions {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("RunnerOptions").field("folder", &self.folder).finish_non_exhaustive()
    }
}
