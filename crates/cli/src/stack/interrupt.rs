//! Ctrl-C: what is under way ends in order.

use std::future::Future;
use std::process::ExitCode;

use tokio::runtime::Builder;

/// The exit status of a command that Ctrl-C ended: 128 and SIGINT's number, as shells have it.
const INTERRUPTED: u8 = 130;

/// The exit status of a command that Ctrl-C ended.
pub(crate) fn status() -> ExitCode {
    ExitCode::from(INTERRUPTED)
}

/// Waits for `work`; `None` where Ctrl-C comes first.
pub(crate) async fn unless_interrupted<T>(work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        done = work => Some(done),
        // Without a handler for the signal it ends the process by itself.
        Ok(()) = tokio::signal::ctrl_c() => None,
    }
}

/// Runs a command. A question that nobody answered does not keep the process.
///
/// # Errors
/// The command's own.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("could not start the runtime: {error}"))?;
    let outcome = runtime.block_on(work);
    runtime.shutdown_background();
    outcome
}
