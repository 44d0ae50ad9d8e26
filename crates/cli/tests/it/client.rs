//! A running `trunkline serve` in a child process, and the smallest HTTP client that can call it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};

use serde_json::Value;

/// The child; killed with SIGKILL when dropped, as a power switch would.
pub(crate) struct Binary {
    child: Child,
    /// Kept open: who speaks on would end where nobody listens.
    _said: BufReader<ChildStdout>,
    pub(crate) address: String,
}

/// A command line of the binary under test.
pub(crate) fn trunkline(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trunkline"));
    command.args(arguments).env_remove("AWS_ACCOUNT_ID").env_remove("AWS_REGION");
    command.env_remove("OTEL_EXPORTER_OTLP_ENDPOINT");
    command
}

/// A row of a page of what `audit --json` prints.
pub(crate) fn book(audit: &Value, page: &str, label: &str) -> Option<u64> {
    let named = |list: &Value, member: &str, name: &str| {
        list.as_array()?.iter().find(|one| one[member] == name).cloned()
    };
    named(&named(&audit["pages"], "name", page)?["rows"], "label", label)?["value"].as_u64()
}

impl Binary {
    /// Starts `trunkline serve` on a free port and waits until it says where it listens.
    pub(crate) fn serve(data_dir: &Path) -> Self {
        let data_dir = data_dir.to_str().unwrap();
        let command = trunkline(&["serve", "--data-dir", data_dir, "--listen", "127.0.0.1:0"]);
        Self::start(command).unwrap_or_else(|mut child| panic!("it ended with {}", child.wait().unwrap()))
    }

    /// Starts `command`, which runs a server, and waits until it says where it listens; the child, if it ends instead.
    pub(crate) fn start(mut command: Command) -> Result<Self, Child> {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        said.read_line(&mut line).unwrap();
        match line.split("http://").nth(1).and_then(|rest| rest.split([',', ' ']).next()) {
            Some(address) => Ok(Self { address: address.to_owned(), child, _said: said }),
            None => Err(child),
        }
    }

    /// Its standard error where that was piped, once.
    pub(crate) fn log(&mut self) -> Option<ChildStderr> {
        self.child.stderr.take()
    }

    /// Waits for it to end by itself: its exit status, and what it said on standard error where that was piped.
    pub(crate) fn ended(mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        if let Some(mut stderr) = self.child.stderr.take() {
            stderr.read_to_string(&mut said).unwrap();
        }
        (self.child.wait().unwrap().code(), said)
    }

    /// Calls an operation: `AWSEvents.PutRule`, `AmazonSQS.SendMessage`. `Err`: the connection broke before an answer,
    /// so nothing is known.
    pub(crate) fn call(&self, target: &str, body: &Value) -> std::io::Result<(u16, Value)> {
        self.call_text(target, &body.to_string())
    }

    /// As [`Binary::call`], with a body that need not be JSON.
    pub(crate) fn call_text(&self, target: &str, body: &str) -> std::io::Result<(u16, Value)> {
        let headers = [("X-Amz-Target", target), ("Content-Type", "application/x-amz-json-1.0")];
        self.request("POST /", &headers, body)
    }

    /// Any request, such as `POST /webhooks/crm`: the answer's status, and its body where that is JSON.
    pub(crate) fn request(
        &self,
        line: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> std::io::Result<(u16, Value)> {
        let (status, body) = self.request_text(line, headers, body)?;
        Ok((status, serde_json::from_str(&body).unwrap_or(Value::Null)))
    }

    /// Any request: the answer's status and body.
    pub(crate) fn request_text(
        &self,
        line: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> std::io::Result<(u16, String)> {
        let mut stream = TcpStream::connect(&self.address)?;
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        write!(
            stream,
            "{line} HTTP/1.1\r\nHost: {}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.address,
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let broken = || std::io::Error::other("the connection broke");
        let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(broken)?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(broken)?;
        Ok((status, body.to_owned()))
    }

    /// Calls an operation that must succeed.
    pub(crate) fn ok(&self, target: &str, body: &Value) -> Value {
        let (status, answer) = self.call(target, body).unwrap();
        assert_eq!(status, 200, "{target} {body}: {answer}");
        answer
    }

    /// The process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL, without a chance to finish anything.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Binary {
    fn drop(&mut self) {
        // It may be dead already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
