//! Ctrl-C: what is under way ends in order.

use std::future::Future;
use std::process::ExitCode;
use std::sync::LazyLock;

use tokio::runtime::Builder;
use tokio::sync::watch;

/// The exit status of a command that Ctrl-C ended: 128 and SIGINT's number, as shells have it.
const INTERRUPTED: u8 = 130;

/// Whether Ctrl-C came. Of the process, as the signal is: one that comes between two waits is seen by the next.
static CAME: LazyLock<watch::Sender<bool>> = LazyLock::new(|| watch::Sender::new(false));

/// The exit status of a command that Ctrl-C ended.
pub(crate) fn status() -> ExitCode {
    ExitCode::from(INTERRUPTED)
}

/// Whether Ctrl-C came.
pub(crate) fn came() -> bool {
    *CAME.borrow()
}

/// Waits for `work`; `None` where Ctrl-C comes first.
pub(crate) async fn unless_interrupted<T>(work: impl Future<Output = T>) -> Option<T> {
    let mut came = CAME.subscribe();
    tokio::select! {
        biased;
        Ok(_) = came.wait_for(|came| *came) => None,
        done = work => Some(done),
    }
}

/// Notes the first Ctrl-C; the second ends the process, whatever it is at.
async fn listen() {
    while tokio::signal::ctrl_c().await.is_ok() {
        if CAME.send_replace(true) {
            std::process::exit(INTERRUPTED.into());
        }
    }
}

/// Runs something that can be left at any moment; `None` after Ctrl-C.
///
/// # Errors
/// Where the runtime does not start.
pub(crate) fn until_interrupted<T>(work: impl Future<Output = T>) -> Result<Option<T>, String> {
    block_on(async { Ok(unless_interrupted(work).await) })
}

/// Runs a command. A question that nobody answered does not keep the process.
///
/// # Errors
/// The command's own.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("could not start the runtime: {error}"))?;
    runtime.spawn(listen());
    let outcome = runtime.block_on(work);
    runtime.shutdown_background();
    outcome
}
