//! The server that is tortured: this binary once more, as a child.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use crate::commands::torture::journal::Folder;

/// A child that was started. Killed when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    said: Receiver<String>,
}

/// What a child that was waited for has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// It listens here.
    Ready(SocketAddr),
    /// It has not said anything yet.
    NotYet,
    /// It has ended by itself.
    Ended,
}

impl Server {
    /// Starts `trunkline serve` on a free port.
    ///
    /// # Errors
    /// The system's words.
    pub(crate) fn start(folder: &Folder) -> Result<Self, String> {
        let binary = std::env::current_exe().map_err(|e| format!("could not find this program: {e}"))?;
        let mut command = Command::new(binary);
        command.arg("serve").arg("--data-dir").arg(folder.data()).args(["--listen", "127.0.0.1:0"]);
        // Otherwise a long torture fills its store with a day of events, and spends its time on recovering them.
        command.args(["--keep-mib", "4"]);
        command.arg("--webhooks").arg(folder.webhooks());
        // The journal knows the account and the Region that are the defaults.
        command.env_remove("AWS_ACCOUNT_ID").env_remove("AWS_REGION");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(folder.log_writer()?);
        let mut child = command.spawn().map_err(|e| format!("could not start the server: {e}"))?;
        let (say, said) = channel();
        if let Some(stdout) = child.stdout.take() {
            std::thread::spawn(move || {
                // Nobody listens any more once the child was killed.
                drop(first_line(stdout).map(|line| say.send(line)));
            });
        }
        Ok(Self { child, said })
    }

    /// Waits until it listens, or so long.
    pub(crate) fn wait(&self, how_long: Duration) -> Start {
        let line = match self.said.recv_timeout(how_long) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => return Start::NotYet,
            Err(RecvTimeoutError::Disconnected) => return Start::Ended,
        };
        let address = line.split("http://").nth(1).and_then(|rest| rest.split(',').next());
        address.and_then(|address| address.parse().ok()).map_or(Start::Ended, Start::Ready)
    }

    /// The process id.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, where it has ended by itself.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// SIGKILL, and waits for the end.
    pub(crate) fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        // It may be dead already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

fn first_line(stdout: ChildStdout) -> Option<String> {
    let mut line = String::new();
    let length = BufReader::new(stdout).read_line(&mut line).ok()?;
    (length > 0).then_some(line)
}
