//! What functions need of the server: a folder for their code, processes, and a way for their lines into CloudWatch Logs.

use std::collections::HashSet;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use aws::secret::Secret;
use aws::{Arn, Clock, Error, Event, Timestamp};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use delivery::Invoker;
use events::{BusName, Events, Permissions, WeakEvents};
use iam::{Authority, Errand, Iam};
use lambda::{Forbids, Functions, Hands, KeptZip};
use logs::{Entry, Logs, StreamName};
use queue::Queues;
use runner::launcher::ARGUMENT;
use runner::options::{Credentials, LauncherCommand};
use runner::{CodeError, CodeStore, LogOrigin, LogRecord, Predecessors, Runner, RunnerOptions, Runtime};
use store::{Commit, Store, Tx};
use tokio::sync::mpsc::{self, Receiver};
use tokio::sync::{Mutex, watch};

use crate::clock;
use crate::config::{Auth, Config};

/// Where the invoker has its time and its identifiers from.
const OWN_CLOCK: Clock = Clock { now: clock::now, ids: clock::ids };
/// Lines that wait to be recorded; a function that writes more than is recorded loses some, as on AWS where it is throttled.
const LINES_WAITING_MAX: usize = 20_000;
/// Lines of one commit.
const LINES_PER_COMMIT_MAX: usize = 500;
/// How often idle environments are looked for.
const SWEPT_EVERY: Duration = Duration::from_secs(15);

/// How often zips are looked for that no version names.
const CODE_SWEPT_EVERY: Duration = Duration::from_secs(600);
/// So old is a zip that is swept: one that was kept just now may be named by a commit to come.
const CODE_GRACE: Duration = Duration::from_secs(3600);

/// A line and where it comes from.
#[derive(Debug)]
struct Line {
    origin: LogOrigin,
    record: LogRecord,
}

/// What runs functions.
#[derive(Clone, Debug)]
pub(crate) struct Workshop {
    pub(crate) functions: Functions,
    runner: Runner,
    invoker: Invoker,
    code: CodeStore,
    lines: Arc<Mutex<Receiver<Line>>>,
}

impl Workshop {
    /// Opens the folder of code of a scope. Blocks.
    pub(crate) fn open(config: &Config, queues: Queues, (events, iam): (&Events, Iam)) -> io::Result<Self> {
        let scope = queues.scope().clone();
        let folder = config.data_dir.join("functions").join(format!("{}-{}", scope.account, scope.region));
        // Code may hold secrets as the store does.
        store::keep_folder_private(&config.data_dir.join("functions"))?;
        let code = CodeStore::open(&folder.join("code"))?;
        let (sender, lines) = mpsc::channel(LINES_WAITING_MAX);
        let sink = move |origin: &LogOrigin, record: LogRecord| {
            let _ = sender.try_send(Line { origin: origin.clone(), record });
        };
        let launcher =
            LauncherCommand { program: std::env::current_exe()?, arguments: vec![ARGUMENT.into()] };
        let mut options = RunnerOptions::new(folder.join("run"), launcher, Arc::new(sink));
        options.endpoint_url = Some(endpoint(config.listen));
        options.region = scope.region.to_string();
        options.sdks = runner::sdk::default_folder();
        options.version_rule = config.runtimes;
        if let (Some(own), false) = (&config.own, matches!(config.auth, Auth::Any)) {
            options.credentials = Credentials {
                access_key_id: own.access_key_id.clone(),
                secret_access_key: own.secret_access_key.reveal().to_owned(),
                session_token: own.session_token.as_ref().map_or("", Secret::reveal).to_owned(),
            };
        }
        let runner = Runner::new(options)?;
        let functions = Functions::new(
            queues,
            hands((code.clone(), runner.clone()), events.weak(), forbids(iam, config.permissions)),
        );
        match runner.predecessors() {
            Predecessors::Gone => functions.take_up().map_err(io::Error::other)?,
            Predecessors::Unknown => tracing::warn!(
                "functions of the process before may still be at work: what was under way is tried again when its time is over"
            ),
        }
        let invoker = Invoker::new(functions.clone(), runner.clone(), code.clone(), OWN_CLOCK);
        Ok(Self { functions, runner, invoker, code, lines: Arc::new(Mutex::new(lines)) })
    }

    /// Who calls these functions.
    pub(crate) fn invoker(&self) -> Invoker {
        self.invoker.clone()
    }

    /// Records the functions' lines and ends idle environments, until the server closes.
    pub(crate) async fn tend(self, logs: Logs, store: Store, mut closing: watch::Receiver<bool>) {
        let mut lines = self.lines.lock().await;
        let mut sweeps = tokio::time::interval(SWEPT_EVERY);
        let mut code_sweeps = tokio::time::interval(CODE_SWEPT_EVERY);
        loop {
            let mut taken = Vec::new();
            tokio::select! {
                _ = lines.recv_many(&mut taken, LINES_PER_COMMIT_MAX) => record(&logs, &store, taken).await,
                _ = sweeps.tick() => self.runner.sweep().await,
                _ = code_sweeps.tick() => self.sweep_code().await,
                () = async { drop(closing.wait_for(|closing| *closing).await) } => break,
            }
        }
        self.runner.end().await;
        let mut rest = Vec::new();
        while let Ok(line) = lines.try_recv() {
            rest.push(line);
        }
        record(&logs, &store, rest).await;
    }
}

impl Workshop {
    /// Removes zips that no version names any more, and says which are missing.
    async fn sweep_code(&self) {
        let named = match self.functions.named_zips() {
            Ok(named) => named,
            Err(error) => return tracing::warn!(%error, "the functions' zips were not swept"),
        };
        let code = self.code.clone();
        let swept = tokio::task::spawn_blocking(move || {
            let kept: HashSet<String> = code.list()?.into_iter().collect();
            for missing in named.difference(&kept) {
                tracing::error!(
                    digest = missing,
                    "the zip of a function is missing: it cannot run until its code is updated"
                );
            }
            code.sweep(&named, CODE_GRACE)
        });
        match swept.await {
            Ok(Err(error)) => tracing::warn!(%error, "the functions' zips were not swept"),
            Ok(Ok(removed)) => tracing::debug!(zips = removed.len(), "swept zips that no function has"),
            Err(error) => tracing::warn!(%error, "the functions' zips were not swept"),
        }
    }
}

/// The functions call us on this machine, whatever addresses the door is open on.
fn endpoint(listen: SocketAddr) -> String {
    let ip = match listen.ip() {
        ip if ip.is_unspecified() => IpAddr::from([127, 0, 0, 1]),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(ip, listen.port()))
}

/// The buses keep the room of functions open, by its hook; it does not keep them.
fn hands((code, runner): (CodeStore, Runner), events: WeakEvents, forbids: Forbids) -> Hands {
    Hands {
        forbids,
        keep_zip: Arc::new(move |zip| {
            let code = code.clone();
            Box::pin(async move {
                let kept = tokio::task::spawn_blocking(move || keep(&code, &zip)).await;
                kept.unwrap_or_else(|error| Err(Error::receiver("ServiceException", 500, error.to_string())))
            })
        }),
        put_event: Arc::new(move |commit, bus, event| {
            let events = events
                .get()
                .and_then(|events| if events.is_here(bus) { Some(events) } else { events.neighbour(bus) });
            events.is_some_and(|events| put_event(&events, commit, bus, event))
        }),
        can_run: Arc::new(move |name| {
            let runner = runner.clone();
            Box::pin(async move {
                let Some(runtime) = Runtime::parse(&name) else { return Ok(()) };
                let found = runner.interpreter(runtime).await;
                found.map(drop).map_err(|missing| lambda::error::invalid_parameter(missing.to_string()))
            })
        }),
    }
}

/// What a role does not allow is refused or told, as the configuration has it.
fn forbids(iam: Iam, permissions: Permissions) -> Forbids {
    Arc::new(move |tx, asked| {
        let refusal = |tx: &mut Tx<'_>, operation: &'static str| {
            let action = format!("{}:{operation}", asked.resource.service);
            let errand = Errand {
                role: asked.role,
                service: "lambda.amazonaws.com",
                action: &action,
                resource: asked.resource,
                source: asked.function,
            };
            match tx.in_scope(iam.store().scope(), |tx| iam.may(tx, &errand)) {
                Some(Authority::Refused(why)) => Some((operation, why)),
                _ => None,
            }
        };
        let (operation, reason) = asked.operations.iter().find_map(|operation| refusal(tx, operation))?;
        let (function, resource) = (asked.function, asked.resource);
        tracing::warn!(%function, %resource, operation, reason, "AWS would refuse this for want of a permission");
        (permissions == Permissions::Enforce).then_some(operation)
    })
}

/// Puts an event on a bus, perhaps of another account or region, in the same commit.
fn put_event(events: &Events, commit: &mut Commit<'_>, bus: &Arn, event: &Event) -> bool {
    let Some(bus) = BusName::parse(bus.resource.strip_prefix("event-bus/").unwrap_or_default()) else {
        return false;
    };
    let (now, ids) = (commit.now, commit.ids);
    let Some(matched) = events.match_event(&bus, event, now) else { return false };
    commit.tx.in_scope(events.scope(), |tx| events.accept(&mut Commit::new(tx, now, ids), matched));
    true
}

fn keep(code: &CodeStore, zip: &[u8]) -> Result<KeptZip, Error> {
    let digest = code.put(zip).map_err(|error| match error {
        CodeError::Io(_) => Error::receiver("ServiceException", 500, error.to_string()),
        refused => lambda::error::invalid_parameter(refused.to_string()),
    })?;
    let digits: Vec<u8> = digest.chars().filter_map(|c| u8::try_from(c.to_digit(16)?).ok()).collect();
    let bytes: Vec<u8> =
        digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect();
    Ok(KeptZip { sha256: STANDARD.encode(bytes), digest, size_bytes: zip.len() as u64 })
}

async fn record(logs: &Logs, store: &Store, lines: Vec<Line>) {
    if lines.is_empty() {
        return;
    }
    let (logs, now) = (logs.clone(), clock::now());
    let recorded = store.write(
        |error| error,
        move |tx| {
            for line in lines {
                let (origin, record) = (line.origin, line.record);
                logs.ensure_group(tx, &origin.log_group, now);
                let name = StreamName { group: &origin.log_group, stream: &origin.log_stream };
                let time_ms = u64::try_from(record.at_ms).unwrap_or_else(|_| Timestamp::unix_ms(now));
                // A line that is empty or too long for CloudWatch Logs is left out.
                let _ = logs.record(tx, name, Entry { time_ms, message: record.text }, now);
            }
            Ok(())
        },
    );
    if let Err(error) = recorded.await {
        tracing::warn!(%error, "lines of functions were not recorded");
    }
}
