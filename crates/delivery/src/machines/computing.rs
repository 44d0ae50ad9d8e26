//! Computations of steps: on threads that may take their time, so many at once.

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Semaphore;

/// Computations at a time, of all accounts and regions: each has a thread, whose stack and heap cost more than the computation
/// where many executions are stepped at once. More than there are cores, since one may be a stranger's long expression.
const AT_ONCE_MAX: usize = 16;

static PLACES: Semaphore = Semaphore::const_new(AT_ONCE_MAX);

/// Computes on a thread that others do not need, once there is a place. Where the runtime has one thread, it is done there: nobody
/// else's is held up, and the order of what happens is the runtime's.
///
/// # Errors
/// The panic's words.
pub(crate) async fn compute<T: Send + 'static>(
    computation: impl FnOnce() -> T + Send + 'static,
) -> Result<T, String> {
    if Handle::current().runtime_flavor() == RuntimeFlavor::CurrentThread {
        return Ok(computation());
    }
    // Nobody closes it; without a place it would be no worse.
    let place = PLACES.acquire().await.ok();
    let computed = tokio::task::spawn_blocking(move || {
        let computed = computation();
        // Given back by the thread: one whose asker has gone still runs.
        drop(place);
        computed
    });
    computed.await.map_err(|panic| panic.to_string())
}
