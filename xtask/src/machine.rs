//! The machine as the chores use it: its clock, its processes, its folders.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, io};

use crate::root;

/// Chores fail with a sentence for the person who runs them.
pub(crate) type Outcome<T> = Result<T, String>;

/// How a chore ends: with its error, where it has one.
pub(crate) fn exit(outcome: Outcome<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The monotonic clock.
#[expect(clippy::disallowed_methods, reason = "chores measure the world outside, whose clock this is")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Waits, where there is nothing to be woken by: another process.
#[expect(clippy::disallowed_methods, reason = "a process that is starting wakes nobody")]
pub(crate) fn pause(duration: Duration) {
    std::thread::sleep(duration);
}

/// A new file, or an emptied one.
///
/// # Errors
/// As the operating system says.
#[expect(clippy::disallowed_methods, reason = "logs and probes of the chores, outside the product")]
pub(crate) fn create_file(path: &Path) -> io::Result<File> {
    File::create(path)
}

/// The folder in which the client tests and the benchmarks keep what they make; git ignores it.
///
/// # Errors
/// When it cannot be made.
pub(crate) fn scratch() -> Outcome<PathBuf> {
    let path = root::path().join(".clients");
    fs::create_dir_all(&path).map_err(|error| format!("{} cannot be made: {error}", path.display()))?;
    Ok(path)
}

/// Runs a command to its end, its output on the screen.
///
/// # Errors
/// When it cannot start or does not succeed.
pub(crate) fn run(command: &mut Command) -> Outcome<()> {
    let shown = shown(command);
    let status = command.status().map_err(|error| format!("`{shown}` cannot start: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("`{shown}` ended with {status}")) }
}

/// Whether a command starts and succeeds; its output is nobody's business.
pub(crate) fn works(program: &str, args: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// A port that was free a moment ago.
///
/// # Errors
/// When the loopback address has none.
pub(crate) fn free_address() -> Outcome<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    listener.map_err(|error| format!("no free port on 127.0.0.1: {error}"))
}

/// Builds the release binary and returns where it lies.
///
/// # Errors
/// When it does not build.
pub(crate) fn build_release() -> Outcome<PathBuf> {
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = Command::new(cargo);
    run(command
        .args(["build", "--release", "--package", "cli", "--bin", "trunkline"])
        .current_dir(root::path()))?;
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root::path().join("target"), PathBuf::from);
    Ok(root::path().join(target).join("release").join("trunkline"))
}
