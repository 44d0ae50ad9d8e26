//! Interpreters: which node and python3 are installed, and which of them is nearest to what a function asks for.

use std::collections::HashMap;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use crate::runtime::{Language, Runtime};

/// An interpreter that says no version by then is none.
const ASKED_MAX: Duration = Duration::from_secs(20);

/// What is done where the wanted version is not installed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VersionRule {
    /// The nearest one runs the function, and its log says so.
    #[default]
    Nearest,
    /// The function is refused.
    Strict,
}

/// An installed interpreter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interpreter {
    pub program: PathBuf,
    /// Such as `20.20.2`.
    pub version: String,
    /// Whether it is of the version that the runtime names.
    pub is_exact: bool,
}

/// No interpreter for a runtime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingInterpreter {
    pub runtime: Runtime,
    /// What is installed of the language, where the rule is strict.
    pub installed: Vec<String>,
}

impl fmt::Display for MissingInterpreter {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (runtime, version) = (self.runtime, self.runtime.version());
        let program = match runtime.language() {
            Language::Node => format!("node {version}"),
            Language::Python => format!("python 3.{version}"),
            Language::Provided => "bootstrap".to_owned(),
        };
        if self.installed.is_empty() {
            return write!(
                out,
                "{runtime} needs {program} and none is on the PATH: install it, or put it there"
            );
        }
        let installed = self.installed.join(", ");
        write!(
            out,
            "{runtime} needs {program} and only {installed} is here: install it, or let the nearest one run it: without --strict-runtimes and `strictRuntimes: true`"
        )
    }
}

impl std::error::Error for MissingInterpreter {}

/// Finds interpreters and remembers what it found.
#[derive(Debug)]
pub struct Interpreters {
    search_path: OsString,
    rule: VersionRule,
    found: Mutex<HashMap<&'static str, Interpreter>>,
    /// Held while the installed ones are asked: ten invocations at once ask them once.
    asking: tokio::sync::Mutex<()>,
}

/// One that was found, and how far it is from what was wanted.
struct Candidate {
    interpreter: Interpreter,
    distance: u32,
}

impl Interpreters {
    /// Looks on `search_path`, which is written as `PATH` is.
    pub fn new(search_path: OsString, rule: VersionRule) -> Self {
        Self { search_path, rule, found: Mutex::default(), asking: tokio::sync::Mutex::default() }
    }

    /// The interpreter for a runtime; none for one that brings its own. Asks the installed ones for their versions, once.
    ///
    /// # Errors
    /// Where none is installed, or none of the version and the rule is strict. That is not remembered.
    pub async fn find(&self, runtime: Runtime) -> Result<Option<Interpreter>, MissingInterpreter> {
        if runtime.language() == Language::Provided {
            return Ok(None);
        }
        if let Some(known) = self.known(runtime) {
            return Ok(Some(known));
        }
        let _asking = self.asking.lock().await;
        if let Some(known) = self.known(runtime) {
            return Ok(Some(known));
        }
        let found = self.look(runtime).await?;
        self.found.lock().unwrap_or_else(PoisonError::into_inner).insert(runtime.name(), found.clone());
        Ok(Some(found))
    }

    /// What was found before, and is still there.
    fn known(&self, runtime: Runtime) -> Option<Interpreter> {
        let known = self.found.lock().unwrap_or_else(PoisonError::into_inner).get(runtime.name()).cloned();
        known.filter(|known| known.program.exists())
    }

    async fn look(&self, runtime: Runtime) -> Result<Interpreter, MissingInterpreter> {
        let mut candidates: Vec<Candidate> = Vec::new();
        for program in self.programs(runtime) {
            let Some(candidate) = self.ask(runtime, &program).await else { continue };
            if candidate.interpreter.is_exact {
                return Ok(candidate.interpreter);
            }
            candidates.push(candidate);
        }
        let installed = candidates.iter().map(|candidate| candidate.interpreter.version.clone()).collect();
        // Of two that are equally far the newer one: what is written for the wanted version runs there more likely.
        let nearest = candidates.into_iter().min_by_key(|candidate| candidate.distance);
        match (self.rule, nearest) {
            (VersionRule::Nearest, Some(nearest)) => Ok(nearest.interpreter),
            _ => Err(MissingInterpreter { runtime, installed }),
        }
    }

    /// The programs of these names on the path, those of the exact name first.
    fn programs(&self, runtime: Runtime) -> Vec<PathBuf> {
        let version = runtime.version();
        let names: Vec<String> = match runtime.language() {
            Language::Node => vec![format!("node{version}"), "node".to_owned(), "nodejs".to_owned()],
            Language::Python => {
                let others =
                    (9..=15).rev().filter(|other| *other != version).map(|other| format!("python3.{other}"));
                let first = [format!("python3.{version}"), "python3".to_owned(), "python".to_owned()];
                first.into_iter().chain(others).collect()
            }
            Language::Provided => Vec::new(),
        };
        let mut found: Vec<PathBuf> = Vec::new();
        for name in names {
            let places = env::split_paths(&self.search_path).filter(|folder| folder.is_absolute());
            let programs = places.map(|folder| folder.join(&name)).filter(|program| program.is_file());
            found.extend(programs.filter(|program| !found.contains(program)).collect::<Vec<_>>());
        }
        found
    }

    async fn ask(&self, runtime: Runtime, program: &Path) -> Option<Candidate> {
        let (flag, question) = match runtime.language() {
            Language::Node => ("-p", "process.execPath + '\\n' + process.versions.node"),
            _ => ("-c", "import sys; print(sys.executable); print('%d.%d.%d' % sys.version_info[:3])"),
        };
        let asked = Command::new(program)
            .args([OsStr::new(flag), OsStr::new(question)])
            .env("PATH", &self.search_path)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let answer = timeout(ASKED_MAX, asked).await.ok()?.ok()?;
        let text = String::from_utf8(answer.stdout).ok().filter(|_| answer.status.success())?;
        let mut lines = text.lines();
        // What the name stands for is started, not the name: a version manager's stand-in costs a tenth of a second.
        let (program, version) = (PathBuf::from(lines.next()?), lines.next()?.to_owned());
        let mut numbers = version.split('.').map_while(|number| number.parse::<u32>().ok());
        let (major, minor) = (numbers.next()?, numbers.next()?);
        let number = match runtime.language() {
            Language::Node => major,
            _ if major == 3 => minor,
            _ => return None,
        };
        let wanted = runtime.version();
        let distance = wanted.abs_diff(number) * 2 + u32::from(number < wanted);
        let interpreter = Interpreter { program, version, is_exact: number == wanted };
        Some(Candidate { interpreter, distance })
    }
}
