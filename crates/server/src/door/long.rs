//! Work that takes long: on threads of its own, and never on all processors at once.
//!
//! What strangers' patterns make of strangers' events may take seconds. Threads that serve the door go on meanwhile, and however
//! many such requests come, half of the processors are theirs at most.

use std::sync::LazyLock;
use std::thread::available_parallelism;

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Semaphore;

static PLACES: LazyLock<Semaphore> = LazyLock::new(|| {
    let processors = available_parallelism().map_or(1, usize::from);
    Semaphore::new(processors.div_ceil(2))
});

/// Waits for a place, and runs the work on a thread that may block. Where the runtime has one thread, it is done there: then
/// its order is the runtime's.
pub(crate) async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    if Handle::current().runtime_flavor() == RuntimeFlavor::CurrentThread {
        return work();
    }
    // Nobody closes it.
    let _place = PLACES.acquire().await.ok();
    let done = tokio::task::spawn_blocking(work);
    done.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}

/// Works here and now. Another thread takes over what else this one would have served.
pub(crate) fn beside_others<T>(work: impl FnOnce() -> T) -> T {
    let flavor = Handle::try_current().map(|handle| handle.runtime_flavor());
    if flavor.is_ok_and(|flavor| flavor == RuntimeFlavor::MultiThread) {
        tokio::task::block_in_place(work)
    } else {
        work()
    }
}
