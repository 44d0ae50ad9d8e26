//! The runner: takes invocations, finds or starts an environment for each, and gives back how they ended.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::sync::{OnceCell, OwnedSemaphorePermit};

use crate::clock;
use crate::ending::Ending;
use crate::environment::{Environment, Init, Parts, Run, Slot, bootstrap_in};
use crate::folder;
use crate::function::{Code, Function};
use crate::interpreter::{Interpreter, Interpreters, MissingInterpreter};
use crate::invocation::{Failure, Invocation, Outcome};
use crate::isolation::{self, Isolation};
use crate::launcher::{Exit, Launch, Mounts, is_under_opt};
use crate::layers;
use crate::lock::{self, Predecessors};
use crate::log::{Journal, LogOrigin};
use crate::options::RunnerOptions;
use crate::output::{Output, Pipe};
use crate::pool::{EnvironmentSlot, Key, Pool};
use crate::process::Process;
use crate::runtime::{Language, Runtime};
use crate::variables::{Places, variables};

/// One module in parts.
const NODE_BOOTSTRAP: &str = concat!(
    include_str!("../assets/node/head.mjs"),
    include_str!("../assets/node/console.mjs"),
    include_str!("../assets/node/errors.mjs"),
    include_str!("../assets/node/runtime_api.mjs"),
    include_str!("../assets/node/response_stream.mjs"),
    include_str!("../assets/node/handler.mjs"),
    include_str!("../assets/node/sdks.mjs"),
    include_str!("../assets/node/nearest.mjs"),
    include_str!("../assets/node/loop.mjs"),
    include_str!("../assets/node/main.mjs"),
);
const PYTHON_BOOTSTRAP: &str = include_str!("../assets/bootstrap.py");
/// How often an invocation is given to another environment when the one that it got was gone already.
const ATTEMPTS_MAX: usize = 3;

/// Runs functions. Clones share their environments, which end with the last of them.
#[derive(Clone, Debug)]
pub struct Runner {
    house: Arc<House>,
}

#[derive(Debug)]
struct House {
    options: RunnerOptions,
    /// Where the bootstraps are.
    runtime: PathBuf,
    layers: PathBuf,
    lock: PathBuf,
    predecessors: Predecessors,
    interpreters: Interpreters,
    isolation: OnceCell<Isolation>,
    pool: Pool,
    /// Makes the names of log streams different from each other.
    streams: AtomicU64,
    is_ending: AtomicBool,
}

/// What an environment needs that is found before it is started.
struct Plan {
    interpreter: Option<Interpreter>,
    isolation: Isolation,
    line: CommandLine,
    /// What stands for /opt, where it is something else.
    opt: Option<PathBuf>,
    mounts_opt: Option<PathBuf>,
}

struct CommandLine {
    program: PathBuf,
    arguments: Vec<String>,
}

/// An environment for an invocation.
struct Fresh {
    environment: Environment,
    /// Where its start went wrong: the invocation's end.
    failure: Option<Ending>,
}

impl Fresh {
    const fn ready(environment: Environment) -> Self {
        Self { environment, failure: None }
    }

    const fn failed(environment: Environment, failure: Ending) -> Self {
        Self { environment, failure: Some(failure) }
    }
}

impl Runner {
    /// A runner with its folder made anew. Nothing is started yet. Blocks until what the folder's last runner had started is
    /// ended: milliseconds, where it was killed just now.
    ///
    /// # Errors
    /// Where the folder cannot be written to.
    pub fn new(options: RunnerOptions) -> io::Result<Self> {
        // Functions have a working folder of their own: a path must mean the same there.
        let folder = std::path::absolute(&options.folder)?;
        let predecessors = lock::wait(&folder);
        let _ = fs::remove_dir_all(&folder);
        let [runtime, layers, environments] = ["runtime", "layers", "tmp"].map(|name| folder.join(name));
        for folder in [&runtime, &layers, &environments] {
            fs::create_dir_all(folder)?;
        }
        fs::write(runtime.join("bootstrap.mjs"), NODE_BOOTSTRAP)?;
        fs::write(runtime.join("bootstrap.py"), PYTHON_BOOTSTRAP)?;
        let house = House {
            interpreters: Interpreters::new(options.search_path.clone(), options.version_rule),
            pool: Pool::new(environments, options.environments_max),
            isolation: OnceCell::new(),
            options,
            runtime,
            layers,
            lock: lock::make(&folder)?,
            predecessors,
            streams: AtomicU64::new(0),
            is_ending: AtomicBool::new(false),
        };
        Ok(Self { house: Arc::new(house) })
    }

    /// Runs a function once. The invocation goes on when the caller no longer waits for it, as on AWS.
    ///
    /// # Errors
    /// Where the function cannot be run at all; what its handler does wrong is an [`Outcome`].
    pub async fn invoke(&self, function: Arc<Function>, invocation: Invocation) -> Result<Outcome, Failure> {
        let house = Arc::clone(&self.house);
        let running = tokio::spawn(async move { house.invoke(&function, &invocation).await });
        running.await.unwrap_or(Err(Failure::Ending))
    }

    /// Whether what the folder's last runner had started may still be at work.
    pub fn predecessors(&self) -> Predecessors {
        self.house.predecessors
    }

    /// The interpreter that a runtime would get; none for one that brings its own.
    ///
    /// # Errors
    /// Where there is none, with the words for the user.
    pub async fn interpreter(&self, runtime: Runtime) -> Result<Option<Interpreter>, MissingInterpreter> {
        self.house.interpreters.find(runtime).await
    }

    /// How the functions' processes are kept apart on this machine.
    pub async fn isolation(&self) -> Isolation {
        self.house.isolation().await
    }

    /// Ends the environments of one version that are idle: it was changed or deleted.
    pub async fn forget(&self, arn: &str) {
        self.house.pool.forget(arn).await;
    }

    /// Ends environments that have been idle for long. To be called now and then.
    pub async fn sweep(&self) {
        self.house.pool.sweep(self.house.options.idle_max).await;
    }

    /// How many environments are kept warm.
    pub fn idle(&self) -> usize {
        self.house.pool.idle()
    }

    /// Takes no more invocations and ends the idle environments; those that are busy end with their invocations, or with
    /// us.
    pub async fn end(&self) {
        self.house.is_ending.store(true, Ordering::Relaxed);
        self.house.pool.sweep(Duration::ZERO).await;
    }
}

impl House {
    async fn isolation(&self) -> Isolation {
        let probe = || async {
            match self.options.isolation {
                Some(forced) => forced,
                None => tokio::task::spawn_blocking(isolation::probe).await.unwrap_or(Isolation::Groups),
            }
        };
        *self.isolation.get_or_init(probe).await
    }

    async fn invoke(&self, function: &Arc<Function>, invocation: &Invocation) -> Result<Outcome, Failure> {
        let key = Key { arn: function.arn.clone(), revision: revision(function) };
        for _ in 0..ATTEMPTS_MAX {
            if self.is_ending.load(Ordering::Relaxed) {
                return Err(Failure::Ending);
            }
            let Fresh { mut environment, failure } = match self.pool.place(&key).await {
                EnvironmentSlot::Warm(environment) => Fresh::ready(environment),
                EnvironmentSlot::Cold(permit) => self.start(function, permit).await?,
            };
            let run = match failure {
                Some(ending) => Some(Run::at_start(ending)),
                None => environment.invoke(invocation).await,
            };
            let Some(run) = run else {
                self.pool.end(key.arn.clone(), environment).await;
                continue;
            };
            let is_final = run.ending.is_final();
            let outcome = environment.finish(invocation, run);
            if is_final || self.is_ending.load(Ordering::Relaxed) {
                self.pool.end(key.arn, environment).await;
            } else {
                self.pool.put_back(key, environment);
            }
            return Ok(outcome);
        }
        Err(Failure::CannotStart("its environments end before they take an invocation".to_owned()))
    }

    /// A new environment that waits for its first invocation, or how its start failed. A start that takes too long is
    /// begun anew, and is then part of the invocation.
    async fn start(&self, function: &Arc<Function>, permit: OwnedSemaphorePermit) -> Result<Fresh, Failure> {
        let cannot = |error: io::Error| Failure::CannotStart(error.to_string());
        let plan = self.plan(function).await?;
        let slot = self.pool.slot(&function.arn).map_err(cannot)?;
        let mut environment = self.launch(function, &plan, slot, permit).await.map_err(cannot)?;
        match environment.init(self.options.init_max).await {
            Init::Ready => Ok(Fresh::ready(environment)),
            Init::Failed(Ending::Exited(Exit::Status(_))) if is_without_bootstrap(function, &plan) => {
                let task_root = function.code.folder().display();
                let ending = Ending::NoBootstrap(format!("{task_root}/bootstrap /opt/bootstrap"));
                Ok(Fresh::failed(environment, ending))
            }
            Init::Failed(ending) => Ok(Fresh::failed(environment, ending)),
            Init::TimedOut => {
                let remains = environment.end().await;
                let again = self.launch(function, &plan, remains.slot, remains.permit).await;
                Ok(Fresh::ready(again.map_err(cannot)?))
            }
        }
    }

    async fn plan(&self, function: &Function) -> Result<Plan, Failure> {
        let interpreter =
            self.interpreters.find(function.runtime).await.map_err(Failure::MissingInterpreter)?;
        let isolation = self.isolation().await;
        let (layers, work) = (function.layers.clone(), self.layers.clone());
        let merged = tokio::task::spawn_blocking(move || layers::merge(&layers, &work)).await;
        let merged = merged.unwrap_or_else(|error| Err(io::Error::other(error)));
        let merged = merged.map_err(|error| Failure::CannotStart(format!("its layers: {error}")))?;
        let program = interpreter.as_ref().map(|interpreter| interpreter.program.as_path());
        let hidden = [program, Some(function.code.folder().as_path()), Some(&self.runtime)];
        let can_mount = isolation == Isolation::Namespaces && !hidden.into_iter().flatten().any(is_under_opt);
        let (opt, mounts_opt) = if can_mount { (None, merged) } else { (merged, None) };
        let line = self.command(function, interpreter.as_ref(), opt.as_deref());
        Ok(Plan { interpreter, isolation, line, opt, mounts_opt })
    }

    /// The program and its arguments: the interpreter with our bootstrap, a wrapper in front of it, or the function's own.
    fn command(
        &self,
        function: &Function,
        interpreter: Option<&Interpreter>,
        opt: Option<&Path>,
    ) -> CommandLine {
        let task_root = function.code.folder();
        let layer = opt.unwrap_or(Path::new("/opt"));
        let Some(interpreter) = interpreter else {
            let own = bootstrap_in(&[task_root, layer]).unwrap_or_else(|| task_root.join("bootstrap"));
            return CommandLine { program: own, arguments: Vec::new() };
        };
        let program = interpreter.program.display().to_string();
        let bootstrap = |name: &str| self.runtime.join(name).display().to_string();
        let mut line = match function.runtime.language() {
            Language::Node => {
                // Nine tenths of the memory are the heap's, so that it is tidied up before it is too large.
                let heap = format!("--max-old-space-size={}", u64::from(function.memory_mb) * 9 / 10);
                vec![program, heap, bootstrap("bootstrap.mjs")]
            }
            _ => vec![program, "-u".to_owned(), bootstrap("bootstrap.py")],
        };
        let wrapper = function.variables.get("AWS_LAMBDA_EXEC_WRAPPER").filter(|wrapper| !wrapper.is_empty());
        if let Some(wrapper) = wrapper {
            let inside = wrapper.strip_prefix("/opt/").map(|inside| layer.join(inside).display().to_string());
            line.insert(0, inside.unwrap_or_else(|| wrapper.clone()));
        }
        CommandLine { program: PathBuf::from(line.remove(0)), arguments: line }
    }

    async fn launch(
        &self,
        function: &Arc<Function>,
        plan: &Plan,
        slot: Slot,
        permit: OwnedSemaphorePermit,
    ) -> io::Result<Environment> {
        let listener = crate::api::Listener::bind().await?;
        let log_stream = self.log_stream(function);
        let origin = LogOrigin {
            function_name: function.name.clone(),
            function_arn: function.arn.clone(),
            log_group: function.log_group.clone(),
            log_stream: log_stream.clone(),
        };
        let (sink, kept_bytes_max) = (Arc::clone(&self.options.log_sink), self.options.output_bytes_max);
        let mut journal = Journal::new(origin, function.log_format, sink, kept_bytes_max);
        journal.init_start(&runtime_version(function, plan.interpreter.as_ref()), &function.version);
        if let Some(notice) = version_notice(function, plan.interpreter.as_ref()) {
            journal.line(&notice);
        }
        let Pipe { output, writer } = Output::open(journal)?;
        let task_root = function.code.folder().as_path();
        let has_own_tmp = plan.isolation == Isolation::Namespaces;
        let opt = plan.opt.as_ref().map_or_else(|| "/opt".to_owned(), |opt| opt.display().to_string());
        let places = Places {
            api: listener.address.to_string(),
            task_root,
            opt: &opt,
            runtime: &self.runtime,
            interpreter: plan.interpreter.as_ref().map(|interpreter| interpreter.program.as_path()),
            log_stream: &log_stream,
            tmp: (!has_own_tmp).then_some(slot.tmp.as_path()),
        };
        let launch = Launch {
            program: plan.line.program.clone(),
            arguments: plan.line.arguments.clone(),
            folder: task_root.to_path_buf(),
            variables: variables(function, &self.options, &places),
            mounts: has_own_tmp.then(|| self.mounts(function, plan, &slot)),
            processes_max: self.options.processes_max,
            open_files_max: self.options.open_files_max,
            lock: self.lock.clone(),
        };
        let launcher = &self.options.launcher;
        let started = Process::start(launcher, plan.isolation, &launch, writer).await?;
        Ok(Environment::new(Parts {
            function: Arc::clone(function),
            process: started.process,
            watch: started.watch,
            listener,
            output,
            slot,
            permit,
            processes_max: self.options.processes_max,
        }))
    }

    fn mounts(&self, function: &Function, plan: &Plan, slot: &Slot) -> Mounts {
        let code = function.code.folder().clone();
        let read_only = matches!(function.code, Code::Fixed(_)).then(|| code.clone());
        // The folder above `bin`, where the interpreter's own library is.
        let interpreter = plan.interpreter.as_ref().and_then(|found| found.program.parent()?.parent());
        let mut kept = vec![code, self.runtime.clone()];
        kept.extend(interpreter.map(Path::to_path_buf));
        kept.extend(self.options.sdks.clone());
        Mounts {
            tmp: slot.tmp.clone(),
            opt: plan.mounts_opt.clone(),
            kept,
            read_only: read_only.into_iter().collect(),
        }
    }

    /// `2026/11/28/[$LATEST]<32 hex digits>`: a name of its own for each environment.
    fn log_stream(&self, function: &Function) -> String {
        let now = clock::now_ms();
        let number = self.streams.fetch_add(1, Ordering::Relaxed);
        let digest = Sha256::digest(format!("{} {now} {number} {}", function.arn, std::process::id()));
        let digits: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        format!("{}/[{}]{digits}", clock::stream_date(now), function.version)
    }
}

/// A number that changes with a function's configuration, and with its code where that is a user's own folder.
fn revision(function: &Function) -> u64 {
    let mut hasher = DefaultHasher::new();
    serde_json::to_string(function).unwrap_or_default().hash(&mut hasher);
    if let Code::Live(code) = &function.code {
        folder::fingerprint(code).hash(&mut hasher);
    }
    hasher.finish()
}

fn is_without_bootstrap(function: &Function, plan: &Plan) -> bool {
    function.runtime.language() == Language::Provided && !plan.line.program.is_file()
}

/// `nodejs:20.20.2`, of what really runs.
fn runtime_version(function: &Function, interpreter: Option<&Interpreter>) -> String {
    let version = interpreter.map_or("", |interpreter| interpreter.version.as_str());
    match function.runtime.language() {
        Language::Node => format!("nodejs:{version}"),
        Language::Python => format!("python:{version}"),
        Language::Provided => function.runtime.name().replace('.', ":"),
    }
}

/// What is said where another version than the wanted one runs a function.
fn version_notice(function: &Function, interpreter: Option<&Interpreter>) -> Option<String> {
    let interpreter = interpreter.filter(|interpreter| !interpreter.is_exact)?;
    let (runtime, version) = (function.runtime, &interpreter.version);
    Some(format!("[trunkline] {runtime} is not installed here: version {version} runs the function"))
}
