//! `trunkline serve`: the server alone.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use asl::mock_config::MockConfig;
use aws_client::{Access, Chain};
use clap::{Args, ValueEnum};
use events::Retention;
use http_client::{AllowedHost, Guard};
use provision::{Pipeline, Place};
use queue::WaitingTimes;
use runner::interpreter::VersionRule;
use server::config::{Auth, ClockJump, Config, Credentials};
use server::{Server, StopReason};
use store::SecretKey;
use tokio::sync::{mpsc, watch};

use crate::aws_settings;
use crate::deployment::{Agreement, bring_up, queue_ids, with_version_rule};
use crate::feed::Feed;
use crate::input;
use crate::logging::Logging;
use crate::output;
use crate::permissions::PermissionsArgument;
use crate::pipeline_file::PipelineFile;
use crate::traces::TraceArguments;

/// Where and how a server runs; `dev` takes the same.
#[derive(Clone, Debug, Args)]
pub(crate) struct ServerArguments {
    /// The data folder; created if missing
    #[arg(long, value_name = "DIR", default_value = ".trunkline")]
    pub(crate) data_dir: PathBuf,
    /// Address and port to listen on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4566")]
    pub(crate) listen: SocketAddr,
    /// The account id in every ARN, twelve digits
    #[arg(long, value_name = "DIGITS", env = "AWS_ACCOUNT_ID", default_value = "000000000000", value_parser = account)]
    pub(crate) account: String,
    /// The region in every ARN
    #[arg(long, value_name = "REGION", env = "AWS_REGION", default_value = "us-east-1")]
    pub(crate) region: String,
    /// Serve these accounts separately; the access key of a request is its account
    #[arg(long, value_name = "DIGITS", value_delimiter = ',', value_parser = account)]
    pub(crate) accounts: Vec<String>,
    /// Serve these regions separately; the credential scope names the region
    #[arg(long, value_name = "REGION", value_delimiter = ',')]
    pub(crate) regions: Vec<String>,
    /// Keep to AWS's waiting times too: 60 seconds before the name of a deleted queue can be used again
    #[arg(long)]
    pub(crate) strict: bool,
    /// Accept requests for this host name, besides localhost and the listen address
    #[arg(long, value_name = "HOST", value_delimiter = ',')]
    pub(crate) allow_host: Vec<String>,
    /// Let web pages of this origin call the APIs, for example https://console.example
    #[arg(long, value_name = "ORIGIN", value_delimiter = ',', value_parser = origin)]
    pub(crate) allow_origin: Vec<String>,
    /// Refuse sends when less than this is free on disk, so that receives and deletes still work
    #[arg(long, value_name = "MIB", default_value_t = 64)]
    pub(crate) disk_reserve: u64,
    /// Refuse functions whose version of node or python is not installed, instead of running them with the nearest one
    #[arg(long)]
    pub(crate) strict_runtimes: bool,
    /// Maximum age of events kept for `tail`, `events`, `why` and `replay`; undelivered ones are kept longer
    #[arg(long, value_name = "HOURS", default_value_t = 24, value_parser = clap::value_parser!(u64).range(1..=8_760))]
    pub(crate) keep_hours: u64,
    /// Maximum size of the events kept; the oldest are removed first
    #[arg(long, value_name = "MIB", default_value_t = 1_024, value_parser = clap::value_parser!(u64).range(1..=1_048_576))]
    pub(crate) keep_mib: u64,
    /// Who may call: `sigv4` verifies AWS signatures, `token` wants a token, `any` accepts every caller, even on an address that
    /// other machines can reach. Default on 127.0.0.1: any
    #[arg(long, alias = "credentials", value_enum, value_name = "WHO")]
    pub(crate) auth: Option<Who>,
    /// For `--auth sigv4`: a file with an access key id and its secret in each line; for `--auth token`: a token in each line
    #[arg(long, value_name = "FILE")]
    pub(crate) auth_file: Option<PathBuf>,
    /// Allow targets at this private address or host, and without TLS: localhost, 10.0.0.0/8, crm.internal
    #[arg(long, value_name = "HOST|CIDR", env = "TRUNKLINE_ALLOW_PRIVATE", value_delimiter = ',')]
    pub(crate) allow_private: Vec<AllowedHost>,
    /// Also trust the certificate authorities in this file (PEM) when targets are called over HTTPS
    #[arg(long, value_name = "FILE", env = "TRUNKLINE_CA_FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Seal secrets in the data folder with the key in this file: connections, headers of event streams, variables of functions
    #[arg(long, value_name = "FILE", env = "TRUNKLINE_SECRET_KEY_FILE")]
    pub(crate) secret_key_file: Option<PathBuf>,
    /// Refuse to start, instead of only saying so, when the clock is more than a day ahead of all that is stored
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(crate) clock_jump: Option<WhatOfClock>,
    #[command(flatten)]
    pub(crate) traces: TraceArguments,
    #[command(flatten)]
    pub(crate) permissions: PermissionsArgument,
    #[command(flatten)]
    pub(crate) logging: Logging,
}

/// The values of `--clock-jump`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum WhatOfClock {
    /// The start is refused.
    Refuse,
}

/// The values of `--auth`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Who {
    /// Whoever signs with a key of the file.
    #[value(name = "sigv4")]
    SigV4,
    /// Whoever has a token of the file.
    Token,
    /// Every caller.
    Any,
}

/// Arguments of `trunkline serve`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Run this pipeline file: its resources, webhooks, feed and workers, as `dev` does, without the screen
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["webhooks", "genesys"])]
    file: Option<PathBuf>,
    /// Use this profile of the pipeline file, one of its `profiles:`
    #[arg(long, value_name = "NAME", requires = "file")]
    profile: Option<String>,
    /// Adopt resources that were created outside the pipeline, without asking
    #[arg(long, requires = "file")]
    yes: bool,
    /// Open the webhooks of this pipeline file; the rest of the file has no effect
    #[arg(long, value_name = "FILE")]
    webhooks: Option<PathBuf>,
    /// Run the `genesys:` feed of this pipeline file; a simulated org runs in real time unless the file sets a speed.
    /// The rest of the file has no effect
    #[arg(long, value_name = "FILE")]
    genesys: Option<PathBuf>,
    #[command(flatten)]
    server: ServerArguments,
}

impl Arguments {
    pub(crate) fn logging(&self) -> &Logging {
        &self.server.logging
    }
}

impl ServerArguments {
    /// What stands in every ARN.
    pub(crate) fn place(&self) -> Place {
        Place {
            account: self.account.clone(),
            region: self.region.clone(),
            endpoint: "http://localhost:4566".to_owned(),
        }
    }

    fn auth(&self) -> Result<Auth, String> {
        let read = |parse: fn(&str) -> Result<Auth, String>| {
            let file =
                self.auth_file.as_deref().ok_or("--auth sigv4 and --auth token need --auth-file FILE")?;
            parse(&input::file(file)?).map_err(|why| format!("{}: {why}", file.display()))
        };
        match self.auth {
            Some(Who::SigV4) => read(Auth::keys),
            Some(Who::Token) => read(Auth::tokens),
            Some(Who::Any) | None => Ok(Auth::Any),
        }
    }

    fn secret_key(&self) -> Result<Option<SecretKey>, String> {
        let Some(file) = &self.secret_key_file else { return Ok(None) };
        let key = SecretKey::of(input::file(file)?.as_bytes());
        key.map(Some).map_err(|why| format!("{}: {why}", file.display()))
    }

    /// `allowed`: what the pipeline file lets be reached in addition.
    pub(crate) fn config(&self, allowed: &[AllowedHost]) -> Result<Config, String> {
        let own_authorities = self.ca_file.as_deref().map(input::file).transpose()?.unwrap_or_default();
        let allowed = self.allow_private.iter().chain(allowed).cloned().collect();
        Ok(Config {
            data_dir: self.data_dir.clone(),
            listen: self.listen,
            account: self.account.clone(),
            region: self.region.clone(),
            accounts: self.accounts.clone(),
            regions: self.regions.clone(),
            waiting_times: if self.strict { WaitingTimes::Kept } else { WaitingTimes::LeftOut },
            runtimes: if self.strict_runtimes { VersionRule::Strict } else { VersionRule::Nearest },
            allowed_hosts: self.allow_host.clone(),
            allowed_origins: self.allow_origin.clone(),
            secret_key: self.secret_key()?,
            clock_jump: match self.clock_jump {
                Some(WhatOfClock::Refuse) => ClockJump::Refuse,
                None => ClockJump::Tell,
            },
            disk_reserve_bytes: self.disk_reserve.saturating_mul(1 << 20),
            event_retention: Retention {
                age_max: Duration::from_secs(self.keep_hours.saturating_mul(3_600)),
                size_bytes_max: self.keep_mib.saturating_mul(1 << 20),
            },
            credentials: match self.auth {
                Some(Who::Any) => Credentials::AnyAnywhere,
                Some(Who::SigV4 | Who::Token) | None => Credentials::AnyOnLoopback,
            },
            auth: self.auth()?,
            own: None,
            permissions: self.permissions.mode(),
            webhooks: Vec::new(),
            buckets: std::collections::BTreeMap::new(),
            mocks: mocks()?,
            traces: self.traces.traces()?,
            aws: Access::new(Chain::new(aws_settings::of_environment())?),
            calls_out: http_client::Settings {
                guard: Guard::new(allowed),
                own_authorities: own_authorities.into(),
            },
        })
    }
}

/// The variable that names Step Functions Local's mock file.
const MOCK_FILE: &str = "SFN_MOCK_CONFIG";

fn mocks() -> Result<Option<Arc<MockConfig>>, String> {
    let Some(path) = std::env::var_os(MOCK_FILE) else { return Ok(None) };
    let path = PathBuf::from(path);
    let read = MockConfig::parse(&input::file(&path)?);
    read.map(|mocks| Some(Arc::new(mocks))).map_err(|why| format!("{MOCK_FILE}: {}: {why}", path.display()))
}

/// A pipeline file and what it says.
#[derive(Debug)]
struct Loaded {
    file: PipelineFile,
    pipeline: Pipeline,
}

impl Loaded {
    fn read(path: &Path, profile: Option<&str>) -> Result<Self, String> {
        let file = PipelineFile::read(path, profile)?;
        let pipeline = file.load_or_say()?;
        Ok(Self { file, pipeline })
    }
}

/// Runs until Ctrl-C or a failed sync.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let profile = arguments.profile.as_deref();
    let load = |path: &Option<PathBuf>| path.as_deref().map(|path| Loaded::read(path, profile)).transpose();
    let whole = load(&arguments.file)?;
    let (of_webhooks, of_genesys) = (load(&arguments.webhooks)?, load(&arguments.genesys)?);
    let webhooks = match whole.as_ref().or(of_webhooks.as_ref()) {
        Some(loaded) => loaded.file.webhooks_or_say(&loaded.pipeline)?,
        None => Vec::new(),
    };
    let allowed = whole.as_ref().map(|loaded| loaded.pipeline.allowed()).unwrap_or_default();
    let buckets = whole.as_ref().map(|loaded| loaded.pipeline.bucket_folders()).unwrap_or_default();
    let config = Config { webhooks, buckets, ..arguments.server.config(&allowed)? };
    let config = match &whole {
        Some(loaded) => with_version_rule(config, &loaded.pipeline),
        None => config,
    };
    let fed = whole.as_ref().or(of_genesys.as_ref()).map(|loaded| &loaded.pipeline);
    run_until_interrupted(async |interrupt: Interrupt| {
        let agreement = Agreement::of_flag(&arguments.yes);
        let started = tokio::select! {
            started = Box::pin(start(config.clone(), fed, whole.as_ref(), agreement)) => started?,
            () = interrupt.asked() => return Ok(ExitCode::SUCCESS),
        };
        let (server, feed) = started;
        let feed = feed.map(|feed| format!(", fed by {feed}")).unwrap_or_default();
        // One line: a program that starts the server may read no more, and then nobody is there for a second one.
        output::line(format_args!(
            "Trunkline {} listens on http://{}, data in {}{feed}, console {}",
            env!("CARGO_PKG_VERSION"),
            server.address(),
            arguments.server.data_dir.display(),
            server.console_address()
        ));
        Ok(exit_code(&server.until_stopped(interrupt.asked()).await))
    })
}

/// Starts the server, what `whole` names, and the feed that `fed` asks for; what that is.
async fn start(
    config: Config,
    fed: Option<&Pipeline>,
    whole: Option<&Loaded>,
    agreement: Agreement,
) -> Result<(Server, Option<String>), String> {
    let place = Place {
        account: config.account.clone(),
        region: config.region.clone(),
        endpoint: "http://localhost:4566".to_owned(),
    };
    let feed = match fed {
        Some(pipeline) => Feed::of(pipeline, &place, 1).await?,
        None => None,
    };
    let mut server = Server::start(config).await.map_err(|e| e.to_string())?;
    if let Some(Loaded { file, pipeline }) = whole {
        let ids = queue_ids(pipeline, feed.as_ref());
        bring_up(&server.own_door(), file, pipeline, &ids, agreement).await?;
        start_workers(&mut server, pipeline);
    }
    let description = feed.as_ref().map(Feed::description);
    if let Some(feed) = feed {
        feed.start(&mut server).await?;
    }
    Ok((server, description))
}

/// Starts the workers of a pipeline; nobody looks at what they receive.
fn start_workers(server: &mut Server, pipeline: &Pipeline) {
    let (shown, mut messages) = mpsc::channel(1);
    for worker in pipeline.workers.iter().filter(|worker| worker.prints()) {
        server.start_worker(&worker.queue.value, shown.clone());
    }
    tokio::spawn(async move { while messages.recv().await.is_some() {} });
}

/// Maximum time the runtime waits for threads that still write somewhere when everything else has ended.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A second signal sooner than this after the first is the same wish.
const SECOND_WISH_AFTER: Duration = Duration::from_millis(500);

/// Runs a server command on a runtime of its own. Signals are listened to from the first moment; a second Ctrl-C ends the
/// process at once, which loses nothing that was acknowledged.
pub(crate) fn run_until_interrupted(
    command: impl AsyncFnOnce(Interrupt) -> Result<ExitCode, String>,
) -> Result<ExitCode, String> {
    let failed = |e: std::io::Error| format!("could not start the runtime: {e}");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(failed)?;
    let outcome = runtime.block_on(async {
        let interrupt = Interrupt::listen().map_err(failed)?;
        Box::pin(command(interrupt)).await
    });
    // A reader of our output that stands still must not keep the process alive.
    runtime.shutdown_timeout(LAST_WORDS);
    outcome
}

/// The wish that the process ends: Ctrl-C, a closed terminal, or the signal of a service manager.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt(watch::Receiver<bool>);

impl Interrupt {
    /// Begins to listen.
    fn listen() -> std::io::Result<Self> {
        let (wish, interrupt) = watch::channel(false);
        let mut signals = Signals::new()?;
        tokio::spawn(async move {
            signals.next().await;
            wish.send_replace(true);
            // Some callers send it twice in a row (`timeout` does): only one that comes later is a second wish.
            tokio::time::sleep(SECOND_WISH_AFTER).await;
            if let Ok(mut signals) = Signals::new() {
                signals.next().await;
                std::process::exit(130);
            }
        });
        Ok(Self(interrupt))
    }

    /// Completes when the process shall end.
    pub(crate) async fn asked(&self) {
        // A sender that is gone can wish nothing any more.
        if self.0.clone().wait_for(|wish| *wish).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// The signals, listened to from when this is made.
#[cfg(unix)]
struct Signals([tokio::signal::unix::Signal; 3]);

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Self([
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
        ]))
    }

    async fn next(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

/// Ctrl-C only, elsewhere.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        // Without a handler the signal ends the process by itself.
        drop(tokio::signal::ctrl_c().await);
    }
}

/// 0 after a clean end, 1 after a failed sync, whose cause is printed.
pub(crate) fn exit_code(ended: &StopReason) -> ExitCode {
    match ended {
        StopReason::Requested => ExitCode::SUCCESS,
        StopReason::StoreStopped { cause } => {
            output::error(&store::Error::Stopped { cause: cause.clone() });
            ExitCode::FAILURE
        }
    }
}

/// Reads an origin: a scheme, a host and perhaps a port, as browsers write it.
fn origin(text: &str) -> Result<String, String> {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match host {
        Some(host) if !host.is_empty() && !host.contains(['/', '?', '#', ' ']) => {
            Ok(text.to_ascii_lowercase())
        }
        _ => {
            Err("an origin is a scheme and a host without a path, for example https://console.example"
                .to_owned())
        }
    }
}

/// Reads an account: twelve digits.
pub(crate) fn account(text: &str) -> Result<String, String> {
    if text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()) {
        Ok(text.to_owned())
    } else {
        Err("an account id has twelve digits, for example 000000000000".to_owned())
    }
}
