//! A pipeline file against a running Trunkline: what would change, shown, agreed to, done.

use std::collections::HashMap;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use provision::apply::Failure;
use provision::change::Change;
use provision::plan::{Action, Step};
use provision::{ApiError, Desired, Http, Owner, Ownership, Pipeline, Place, Plan, Report};
use runner::interpreter::{Interpreters, VersionRule};
use runner::runtime::Runtime;
use serde_json::{Value, json};
use server::config::Config;
use server::{OwnDoor, Server};

use crate::feed::Feed;
use crate::output::{self, BAD, FAINT, Form, GOOD, STRONG, styled};
use crate::pipeline_file::{self, FileArguments, PipelineFile};
use crate::remote::Endpoint;

/// What a file wants of an endpoint, and what that would change.
#[derive(Debug)]
pub(crate) struct Deployment<'a> {
    api: &'a Http,
    owner: Owner,
    pub(crate) plan: Plan,
}

/// What a pipeline wants at a place. Optional functions whose interpreter is not installed are left out, with a line.
///
/// # Errors
/// The mistakes of the file, as text.
pub(crate) async fn desired(
    file: &PipelineFile,
    pipeline: &Pipeline,
    place: &Place,
    ids: &QueueIds,
) -> Result<Desired, String> {
    let missing = missing_functions(pipeline).await;
    provision::desired(&pipeline.without_functions(&missing), place, &|name| ids.get(name).cloned())
        .map_err(|mistakes| file.show(&mistakes))
}

/// The configuration of a server that runs a pipeline: the file may be stricter than the command line, never laxer.
pub(crate) fn with_version_rule(config: Config, pipeline: &Pipeline) -> Config {
    let runtimes = if pipeline.has_strict_runtimes { VersionRule::Strict } else { config.runtimes };
    Config { runtimes, ..config }
}

/// The optional functions of a pipeline that nothing here can run, each told in a line.
async fn missing_functions(pipeline: &Pipeline) -> Vec<String> {
    let rule = if pipeline.has_strict_runtimes { VersionRule::Strict } else { VersionRule::Nearest };
    let interpreters = Interpreters::new(std::env::var_os("PATH").unwrap_or_default(), rule);
    let mut missing = Vec::new();
    for function in pipeline.functions.iter().filter(|function| function.is_optional) {
        let Some(runtime) = Runtime::parse(&function.runtime.value) else { continue };
        if let Err(why) = interpreters.find(runtime).await {
            output::note(&format!("function {} is left out: {why}", function.name.value));
            missing.push(function.name.value.clone());
        }
    }
    missing
}

/// The ids of the Genesys queues of a file, by their names.
pub(crate) type QueueIds = HashMap<String, String>;

/// Asks the feed for them.
pub(crate) fn queue_ids(pipeline: &Pipeline, feed: Option<&Feed>) -> QueueIds {
    let names = pipeline.genesys.iter().flat_map(|genesys| &genesys.queues);
    let queues = names.filter_map(|name| Some((name.value.clone(), feed?.queue_id(&name.value)?)));
    let codes = feed.map(Feed::wrap_ups).unwrap_or_default();
    let codes = codes.into_iter().map(|(id, name)| (format!("{}{name}", pipeline_file::WRAP_UP), id));
    queues.chain(codes).collect()
}

/// Makes what a pipeline names at the door of a server of this process, as anybody could; what was done. `agreement` is
/// about what others made.
///
/// # Errors
/// What is wrong with the file, or what the API answered.
pub(crate) async fn bring_up(
    door: &OwnDoor,
    file: &PipelineFile,
    pipeline: &Pipeline,
    ids: &QueueIds,
    agreement: Agreement,
) -> Result<Report, String> {
    let api = Http::new(&format!("http://{}", door.address), &[])?;
    let api = api.signed_with(door.credentials.clone(), Server::surroundings().now);
    let said = |error: ApiError| error.to_string();
    let place = provision::place(&api).await.map_err(said)?;
    let desired = desired(file, pipeline, &place, ids).await?;
    let deployment = Deployment::plan(&api, &pipeline.owner, &desired).await.map_err(said)?;
    let adoptions: Vec<String> = deployment.plan.adoptions().map(ToString::to_string).collect();
    if !adoptions.is_empty() {
        agreement.to_adopt(&adoptions.join(", "))?;
    }
    let report = deployment.apply().await?;
    match &report.failed {
        Some(failure) => Err(failure.to_string()),
        None => Ok(report),
    }
}

/// Whether changes were agreed to beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Agreement {
    /// With `--yes`.
    Given,
    /// Not yet.
    Ask,
    /// Not, and this is no moment to ask.
    Refuse,
}

impl Agreement {
    /// # Errors
    /// Where nobody agrees.
    fn to_adopt(self, which: &str) -> Result<(), String> {
        let why = format!("created outside this pipeline: {which}");
        let agreed = match self {
            Self::Given => true,
            Self::Ask => ask(&format!("{why}. Adopt?")).map_err(|error| format!("{why}; {error}"))?,
            Self::Refuse => false,
        };
        if agreed { Ok(()) } else { Err(format!("{why}; use another name in the file, or adopt with --yes")) }
    }

    /// As the flag `--yes` says.
    pub(crate) fn of_flag(yes: &bool) -> Self {
        if *yes { Self::Given } else { Self::Ask }
    }
}

/// What a report did, in a line.
pub(crate) fn in_one_line(report: &Report) -> String {
    let steps: Vec<String> = report
        .done
        .iter()
        .map(|step| {
            let sign = match step.action {
                Action::Create(_) => "+",
                Action::Update { .. } => "~",
                Action::Delete => "-",
                Action::Keep => "*",
            };
            format!("{sign} {}", step.id)
        })
        .collect();
    if steps.is_empty() { "nothing to change".to_owned() } else { steps.join(", ") }
}

impl<'a> Deployment<'a> {
    /// Compares what is wanted with what is there.
    ///
    /// # Errors
    /// What the API answered.
    pub(crate) async fn plan(api: &'a Http, owner: &Owner, desired: &Desired) -> Result<Self, ApiError> {
        let ownership = Ownership::ask(api, owner).await?;
        let actual = provision::survey(api, desired, &ownership.own).await?;
        let plan = provision::plan(desired, &actual, &ownership);
        Ok(Self { api, owner: owner.clone(), plan })
    }

    /// Does it, step by step, and stops at the first that fails.
    ///
    /// # Errors
    /// Where something belongs to another pipeline: nothing is done.
    pub(crate) async fn apply(&self) -> Result<Report, String> {
        self.check()?;
        Ok(provision::apply(self.api, &self.plan, &self.owner).await)
    }

    /// # Errors
    /// Where something belongs to another pipeline.
    pub(crate) fn check(&self) -> Result<(), String> {
        let conflicts: Vec<String> = self
            .plan
            .conflicts
            .iter()
            .map(|conflict| format!("{} belongs to the pipeline '{}'", conflict.id, conflict.owner.0))
            .collect();
        if conflicts.is_empty() {
            return Ok(());
        }
        Err(format!("{}; use another name, or give the file the same `name:`", conflicts.join("\n")))
    }

    /// Shows what would change, and why.
    pub(crate) fn show(&self) {
        for step in self.plan.changes() {
            output::line(shown(step));
        }
        output::line(styled(STRONG, summary(&self.plan)));
    }

    /// The same for programs.
    pub(crate) fn json(&self) -> Value {
        let counts = self.plan.counts();
        json!({
            "owner": self.owner.0,
            "create": counts.create, "change": counts.change, "delete": counts.delete, "unchanged": counts.unchanged,
            "steps": self.plan.changes().map(step_json).collect::<Vec<_>>(),
        })
    }
}

/// `2 to create, 0 to change, 0 to delete, 1 unchanged`.
fn summary(plan: &Plan) -> String {
    let counts = plan.counts();
    format!(
        "{} to create, {} to change, {} to delete, {} unchanged",
        counts.create, counts.change, counts.delete, counts.unchanged
    )
}

fn shown(step: &Step) -> String {
    let style = match step.action {
        Action::Create(_) => GOOD,
        Action::Delete => BAD,
        Action::Update { .. } | Action::Keep => STRONG,
    };
    let text = step.to_string();
    let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let separator = if rest.is_empty() { "" } else { "\n" };
    format!("{}{separator}{}", styled(style, first), styled(FAINT, rest))
}

fn step_json(step: &Step) -> Value {
    let (action, changes): (&str, &[Change]) = match &step.action {
        Action::Create(_) => ("create", &[]),
        Action::Update { changes, .. } => ("change", changes),
        Action::Delete => ("delete", &[]),
        Action::Keep => ("adopt", &[]),
    };
    let change = |change: &Change| json!({"field": change.field, "from": change.from, "to": change.to});
    json!({
        "action": action, "resource": step.id, "why": step.why(),
        "changes": changes.iter().map(change).collect::<Vec<_>>(),
    })
}

/// What an apply did, for programs.
fn report_json(report: &Report) -> Value {
    let steps = |steps: &[Step]| steps.iter().map(step_json).collect::<Vec<_>>();
    let failed = report.failed.as_ref().map(|failure| {
        json!({
            "step": step_json(&failure.step), "error": failure.error.code, "message": failure.error.message,
            "left": failure.left,
        })
    });
    let untried = report.failed.as_ref().map(|failure| steps(&failure.untried)).unwrap_or_default();
    json!({"done": steps(&report.done), "failed": failed, "untried": untried})
}

/// Says what was done and, where it stopped, what was not.
fn tell(report: &Report) {
    for step in &report.done {
        output::line(format_args!("{} {}", styled(GOOD, "done    "), step.id));
    }
    if let Some(Failure { step, untried, .. }) = &report.failed {
        output::line(format_args!("{} {}", styled(BAD, "failed  "), step.id));
        for step in untried {
            output::line(format_args!("{} {}", styled(FAINT, "not done"), step.id));
        }
    }
}

/// Shows what would change, asks, and does it. Exit status 0 where all of it is done, 1 where a step failed or nobody agreed.
///
/// # Errors
/// What the API answered to the comparison, or that nobody can be asked.
pub(crate) async fn carry_out(
    deployment: &Deployment<'_>,
    agreement: Agreement,
    form: Form,
) -> Result<ExitCode, String> {
    deployment.check()?;
    if form == Form::Text {
        deployment.show();
    }
    if !deployment.plan.is_empty() && agreement == Agreement::Ask && !ask("Apply these changes?")? {
        output::note("nothing was changed");
        return Ok(ExitCode::FAILURE);
    }
    let report = deployment.apply().await?;
    if form == Form::Json {
        output::json(report_json(&report));
    } else {
        tell(&report);
    }
    Ok(match &report.failed {
        None => ExitCode::SUCCESS,
        Some(failure) => {
            output::error(failure);
            ExitCode::FAILURE
        }
    })
}

/// Asks a question on the terminal.
///
/// # Errors
/// Where there is nobody to answer.
pub(crate) fn ask(question: &str) -> Result<bool, String> {
    if !std::io::stdin().is_terminal() {
        return Err("nobody is there to agree; confirm with --yes".to_owned());
    }
    let mut answer = String::new();
    let asked = write!(anstream::stderr().lock(), "{question} [y/N] ");
    asked
        .and_then(|()| std::io::stdin().read_line(&mut answer))
        .map_err(|e| format!("could not ask: {e}"))?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// What `plan`, `apply` and `destroy` take.
#[derive(Debug, Args)]
pub(crate) struct Target {
    #[command(flatten)]
    file: FileArguments,
    /// Address of the running Trunkline [env: AWS_ENDPOINT_URL=] [default: http://127.0.0.1:4566]; with --to aws, of another
    /// CloudFormation than AWS's own
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// Also trust the certificate authorities in this file (PEM), for an https:// endpoint
    #[arg(long, value_name = "FILE", env = "TRUNKLINE_CA_FILE")]
    ca_file: Option<PathBuf>,
    /// Sign requests with the access key, or send the token, in the first line of this file: what `serve --auth-file` takes
    #[arg(long, value_name = "FILE", env = "TRUNKLINE_AUTH_FILE")]
    auth_file: Option<PathBuf>,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

/// What is compared with what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    /// All that the file names.
    File,
    /// Nothing of it.
    Nothing,
}

impl Target {
    /// As it was asked for.
    pub(crate) fn form(&self) -> Form {
        if self.json { Form::Json } else { Form::Text }
    }

    /// The pipeline file.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub(crate) fn file(&self) -> Result<PipelineFile, String> {
        self.file.read()
    }

    /// The address that was named on the command line.
    pub(crate) fn named_endpoint(&self) -> Option<&str> {
        self.endpoint.as_deref()
    }

    /// The running Trunkline.
    fn endpoint(&self) -> Endpoint {
        Endpoint::here(self.endpoint.clone(), self.ca_file.clone(), self.auth_file.clone())
    }

    /// Compares the endpoint with the goal, and hands over what would change.
    ///
    /// # Errors
    /// The file's mistakes, what the API answered, or the command's own.
    pub(crate) fn compare<T>(
        &self,
        goal: Goal,
        command: impl AsyncFnOnce(Deployment<'_>) -> Result<T, String>,
    ) -> Result<T, String> {
        let file = self.file.read()?;
        let pipeline = file.load_or_say()?;
        let endpoint = self.endpoint();
        with_api(&endpoint, async |api, place| {
            let desired = match goal {
                Goal::Nothing => Desired::default(),
                Goal::File => {
                    let feed = Box::pin(Feed::of(&pipeline, place, 1)).await?;
                    desired(&file, &pipeline, place, &queue_ids(&pipeline, feed.as_ref())).await?
                }
            };
            let planned = Deployment::plan(api, &pipeline.owner, &desired).await;
            command(planned.map_err(|error| endpoint.explain(&error))?).await
        })
    }
}

/// Runs a command that speaks to the APIs at an endpoint.
///
/// # Errors
/// The command's own.
fn with_api<T>(
    endpoint: &Endpoint,
    command: impl AsyncFnOnce(&Http, &Place) -> Result<T, String>,
) -> Result<T, String> {
    let api = endpoint.api()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| format!("could not start the runtime: {e}"))?;
    runtime.block_on(async {
        let place = provision::place(&api).await.map_err(|error| endpoint.explain(&error))?;
        command(&api, &place).await
    })
}
