//! The one shape of this floor's loops: a tick, again at once or after a pause, and one policy for failures.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

/// What a loop does after a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// There is more to do.
    Again,
    /// There is nothing to do for now.
    Pause,
}

/// A loop's work.
pub(crate) trait Tick {
    /// Its name in the log.
    const NAME: &'static str;
    /// How long it pauses at most when there is nothing to do.
    const PAUSE: Duration;
    /// Does a bounded piece of what is to be done now. Idempotent: a failed tick is simply done again.
    fn tick(&mut self) -> impl Future<Output = Result<Next, store::Error>> + Send;
    /// Waits until looking again may be worth it, after a tick that found nothing more to do. A loop that is signalled waits
    /// for its signal as well.
    fn wait(&self) -> impl Future<Output = ()> + Send {
        sleep(Self::PAUSE)
    }
}

/// After a failure that may pass, a loop tries again after so long.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Ticks until `closing` turns true or the store has stopped. Any other failure (a full disk, a damaged record) is logged
/// when it begins, and the tick is tried again: the loop goes on by itself once it is mended.
pub(crate) async fn ticking<T: Tick>(mut work: T, mut closing: watch::Receiver<bool>) {
    let name = T::NAME;
    let mut failing = None;
    while !*closing.borrow() {
        let pause = match work.tick().await {
            Ok(next) => {
                if failing.take().is_some() {
                    tracing::warn!(name, "goes on");
                }
                match next {
                    // A short breath: others have commits too.
                    Next::Again => Some(Duration::ZERO),
                    Next::Pause => None,
                }
            }
            Err(error @ store::Error::Stopped { .. }) => {
                tracing::error!(name, %error, "has stopped");
                return;
            }
            Err(error) => {
                let error = error.to_string();
                if failing.as_ref() != Some(&error) {
                    tracing::warn!(name, error, "waits until this is mended");
                    failing = Some(error);
                }
                Some(AFTER_FAILURE)
            }
        };
        let wait = async {
            match pause {
                Some(pause) => sleep(pause).await,
                None => work.wait().await,
            }
        };
        tokio::select! {
            biased;
            () = wait => {}
            _ = closing.wait_for(|closing| *closing) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::watch;

    use super::{Next, Tick, ticking};

    type Script = std::vec::IntoIter<Result<Next, store::Error>>;

    struct Scripted<'a>(Script, &'a mut u32);

    impl Tick for Scripted<'_> {
        const NAME: &'static str = "test";
        const PAUSE: Duration = Duration::from_secs(1);

        async fn tick(&mut self) -> Result<Next, store::Error> {
            *self.1 += 1;
            self.0.next().unwrap()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_disk_is_waited_for_and_a_stopped_store_is_not() {
        let full = store::Error::DiskFull { available_bytes: 1, reserve_bytes: 2 };
        let stopped = store::Error::Stopped { cause: "EIO".to_owned() };
        let script = vec![Ok(Next::Again), Err(full.clone()), Err(full), Ok(Next::Pause), Err(stopped)];
        let (_close, closing) = watch::channel(false);
        let mut ticks = 0;
        ticking(Scripted(script.into_iter(), &mut ticks), closing).await;
        assert_eq!(ticks, 5);
    }
}
