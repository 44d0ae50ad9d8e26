//! The binary under test: started on a free port and an empty data folder, ended when it is dropped.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::machine::{self, Outcome};

/// How long the binary may take until its first answer.
const FIRST_ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// The folder of AWS's SDKs in the scratch folder.
pub(crate) const RUNTIMES: &str = "runtimes";
/// The variable by which functions find it.
pub(crate) const RUNTIMES_VARIABLE: &str = "TRUNKLINE_RUNTIMES";

/// A running `trunkline serve`, or `dev`.
#[derive(Debug)]
pub(crate) struct Served {
    child: Child,
    /// What follows the binary's name, but for folder and address.
    command: Vec<String>,
    log: PathBuf,
    /// Its data folder, on the disk of the checkout; gone with the process.
    pub(crate) data: TempDir,
    pub(crate) address: SocketAddr,
    /// From the start of the process to its first answer.
    pub(crate) first_answer: Duration,
}

impl Served {
    /// Starts the binary and waits for its first answer.
    ///
    /// # Errors
    /// When it cannot start, ends early or does not answer in time; with the end of its log.
    pub(crate) fn start(binary: &Path) -> Outcome<Served> {
        Self::start_as(binary, &["serve"])
    }

    /// The same for another command that serves, with its own arguments.
    ///
    /// # Errors
    /// As [`Served::start`].
    pub(crate) fn start_as(binary: &Path, command: &[&str]) -> Outcome<Served> {
        let scratch = machine::scratch()?;
        let data = tempfile::Builder::new().prefix("data-").tempdir_in(&scratch);
        let data = data.map_err(|error| format!("no folder for data: {error}"))?;
        // One of each command may run at a time.
        let log = scratch.join(format!("{}.log", command.first().unwrap_or(&"served")));
        let address = machine::free_address()?;
        let command: Vec<String> = command.iter().map(|&word| word.to_owned()).collect();
        let child = spawn(binary, &command, data.path(), address, &log)?;
        let mut served = Served { child, command, log, data, address, first_answer: Duration::ZERO };
        served.await_answer()?;
        Ok(served)
    }

    /// Kills the process and starts another on the same data and the same port.
    ///
    /// # Errors
    /// As [`Served::start`].
    pub(crate) fn restart(&mut self, binary: &Path) -> Outcome<()> {
        self.child.kill().and_then(|()| self.child.wait()).map_err(|error| error.to_string())?;
        self.child = spawn(binary, &self.command, self.data.path(), self.address, &self.log)?;
        self.await_answer()
    }

    fn await_answer(&mut self) -> Outcome<()> {
        let started = machine::now();
        while !answers(self.address) {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(format!("the binary ended with {status}:\n{}", self.log_end()));
            }
            if started.elapsed() > FIRST_ANSWER_WITHIN {
                return Err(format!("no answer within {FIRST_ANSWER_WITHIN:?}:\n{}", self.log_end()));
            }
            machine::pause(Duration::from_millis(1));
        }
        self.first_answer = started.elapsed();
        Ok(())
    }

    /// The last lines that the binary printed.
    pub(crate) fn log_end(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines.iter().skip(lines.len().saturating_sub(30)).copied().collect::<Vec<_>>().join("\n")
    }

    /// Whether the process still runs.
    pub(crate) fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// See [`Process::memory_kib`].
    pub(crate) fn memory_kib(&self, line: &str) -> u64 {
        self.process().memory_kib(line)
    }

    /// See [`Process::cpu_seconds`].
    pub(crate) fn cpu_seconds(&self) -> f64 {
        self.process().cpu_seconds()
    }

    /// What the system says of it.
    pub(crate) fn process(&self) -> Process {
        Process { id: self.child.id() }
    }

    /// The value of a counter without labels at `/metrics`.
    ///
    /// # Errors
    /// When it does not answer, or has no such counter.
    pub(crate) fn metric(&self, name: &str) -> Outcome<u64> {
        let mut page = String::new();
        let asked = TcpStream::connect(self.address).and_then(|mut stream| {
            stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
            stream.read_to_string(&mut page)
        });
        asked.map_err(|error| format!("/metrics: {error}"))?;
        let value = page.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        value.ok_or_else(|| format!("/metrics has no {name}"))
    }
}

/// A process that runs, as `/proc` has it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Process {
    pub(crate) id: u32,
}

impl Process {
    /// A line of `/proc/PID/status` in KiB, such as `VmRSS` (memory now) or `VmHWM` (at most); 0 where there is none.
    pub(crate) fn memory_kib(self, line: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id)).unwrap_or_default();
        let value = status.lines().find_map(|text| text.strip_prefix(line)?.strip_prefix(':'));
        value.and_then(|text| text.split_whitespace().next()?.parse().ok()).unwrap_or_default()
    }

    /// Processor time that the process has taken so far, of all its threads.
    pub(crate) fn cpu_seconds(self) -> f64 {
        // Fields 14 and 15 of the whole line (user and system time, in hundredths); the name before them may hold spaces.
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.id)).unwrap_or_default();
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
    }
}

fn spawn(binary: &Path, words: &[String], data: &Path, address: SocketAddr, log: &Path) -> Outcome<Child> {
    let file = machine::create_file(log).map_err(|error| format!("{}: {error}", log.display()))?;
    let errors = file.try_clone().map_err(|error| error.to_string())?;
    let mut command = Command::new(binary);
    command.args(words).arg("--data-dir").arg(data).args(["--listen", &address.to_string()]);
    // Functions find the SDKs that the tests have fetched, and none of the user's own.
    command.env(RUNTIMES_VARIABLE, machine::scratch()?.join(RUNTIMES));
    command.stdin(Stdio::null()).stdout(file).stderr(errors);
    command.spawn().map_err(|error| format!("{} cannot start: {error}", binary.display()))
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end and nobody to tell.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether anything that speaks HTTP answers a plain GET.
fn answers(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    let mut start = [0; 5];
    let asked = stream.set_read_timeout(Some(Duration::from_secs(2))).is_ok()
        && stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").is_ok()
        && stream.read_exact(&mut start).is_ok();
    asked && &start == b"HTTP/"
}
