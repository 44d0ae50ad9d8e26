//! The processes of one environment: started through the launcher, watched, ended as one.

use std::ffi::OsString;
use std::io::{self, PipeWriter};
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::process::{Child, Command};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use crate::isolation::{Isolation, UNSHARE, UNSHARE_ARGUMENTS};
use crate::launcher::{Exit, Launch};
use crate::options::LauncherCommand;
use crate::tree::{self, Usage};

/// How long a launcher may take to end its processes before it is killed itself.
const ENDING_MAX: Duration = Duration::from_secs(2);

/// For how long, and how often, a start is tried while the machine has no process left to give.
const SCARCE_TRIES: u32 = 100;
const SCARCE_PAUSE: Duration = Duration::from_millis(100);

/// Ends its processes when it is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    root: i32,
    isolation: Isolation,
    /// Dropped to end them.
    _life: oneshot::Sender<()>,
}

/// The start of a process: what keeps it, and what waits for it.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) process: Process,
    pub(crate) watch: Watch,
}

/// Waits for the end of the processes.
#[derive(Debug)]
pub(crate) struct Watch {
    child: Child,
    control: UnixStream,
    isolation: Isolation,
    life: oneshot::Receiver<()>,
}

/// Starts a process. Where the machine has none left (`EAGAIN`, as a function's fork bomb leaves it until it is ended), a
/// while later.
async fn spawn(command: &mut Command) -> io::Result<Child> {
    for _ in 0..SCARCE_TRIES {
        match command.spawn() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => sleep(SCARCE_PAUSE).await,
            done => return done,
        }
    }
    command.spawn()
}

impl Process {
    /// Starts what `launch` says, its output going to `writer`.
    pub(crate) async fn start(
        launcher: &LauncherCommand,
        isolation: Isolation,
        launch: &Launch,
        writer: PipeWriter,
    ) -> io::Result<Start> {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let mut control = UnixStream::from_std(ours)?;
        let mut command = command(launcher, isolation);
        command.stdin(Stdio::from(OwnedFd::from(theirs)));
        command.stderr(Stdio::from(writer.try_clone()?)).stdout(Stdio::from(writer));
        let child = spawn(command.kill_on_drop(true).process_group(0)).await?;
        drop(command);
        let root = child.id().and_then(|id| i32::try_from(id).ok()).unwrap_or_default();
        let mut line = serde_json::to_vec(launch).map_err(io::Error::other)?;
        line.push(b'\n');
        control.write_all(&line).await?;
        let (life, lives) = oneshot::channel();
        let watch = Watch { child, control, isolation, life: lives };
        Ok(Start { process: Self { root, isolation, _life: life }, watch })
    }

    /// What the function's processes hold now.
    pub(crate) fn usage(&self, processes_max: u64, exact_above_bytes: u64) -> Usage {
        let launchers = match self.isolation {
            Isolation::Namespaces => 1,
            Isolation::Groups => 0,
        };
        let most = usize::try_from(processes_max).unwrap_or(usize::MAX).saturating_add(2);
        tree::usage(self.root, launchers, most, exact_above_bytes)
    }
}

fn command(launcher: &LauncherCommand, isolation: Isolation) -> Command {
    let own: Vec<OsString> = launcher.arguments.clone();
    match isolation {
        Isolation::Namespaces => {
            let mut command = Command::new(UNSHARE);
            command.args(UNSHARE_ARGUMENTS).arg(&launcher.program).args(own);
            command
        }
        Isolation::Groups => {
            let mut command = Command::new(&launcher.program);
            command.args(own);
            command
        }
    }
}

impl Watch {
    /// What the runtime ended with, after all its processes are gone. None where it was ended by us.
    pub(crate) async fn exit(self) -> Option<Exit> {
        let Self { mut child, control, isolation, life } = self;
        let mut control = BufReader::new(control);
        let mut line = String::new();
        let told = tokio::select! {
            read = control.read_line(&mut line) => read.is_ok(),
            _ = life => false,
        };
        let exit = told.then(|| serde_json::from_str(&line).ok()).flatten();
        if !told && isolation == Isolation::Namespaces {
            // The kernel takes the whole namespace with it.
            let _ = child.start_kill();
        }
        // Without the socket the launcher ends what it started.
        drop(control);
        if timeout(ENDING_MAX, child.wait()).await.is_err() {
            let _ = child.start_kill();
            let _ = child.wait().await;
        }
        match (told, exit) {
            (false, _) => None,
            // A launcher that ends without a word was killed, and all with it.
            (true, None) => Some(Exit::Signal(9)),
            (true, exit) => exit,
        }
    }
}
