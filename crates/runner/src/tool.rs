//! A program that somebody's settings name, run once for what it prints.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;
use tokio::time::timeout;

/// What is kept of what a program prints, in bytes, for each of its two outputs.
const PRINTED_BYTES_MAX: u64 = 1 << 20;

/// A program, its arguments, how long it may take.
#[derive(Clone, Copy, Debug)]
pub struct Tool<'t> {
    /// A path, or a name that is looked up in `PATH`.
    pub program: &'t str,
    /// Its arguments.
    pub arguments: &'t [&'t str],
    /// It is ended after this long.
    pub deadline: Duration,
}

/// What it printed. Its `Debug` does not show the text: it may be a secret.
#[derive(Clone)]
pub struct ToolOutput {
    /// Its exit status; none where a signal ended it.
    pub status: Option<i32>,
    /// Standard output.
    pub text: String,
    /// Standard error.
    pub errors: String,
}

impl std::fmt::Debug for ToolOutput {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("ToolOutput").field("status", &self.status).finish_non_exhaustive()
    }
}

/// Runs a program in our environment, without input.
///
/// # Errors
/// The end of a sentence that begins with the program's name: `is not installed`, `did not end within 60s`.
pub async fn run(tool: &Tool<'_>) -> Result<ToolOutput, String> {
    let mut command = Command::new(tool.program);
    command.args(tool.arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.kill_on_drop(true).spawn().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => "is not installed".to_owned(),
        _ => format!("cannot be started: {error}"),
    })?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let all = async { tokio::join!(printed(out), printed(err), child.wait()) };
    let (text, errors, status) =
        timeout(tool.deadline, all).await.map_err(|_| format!("did not end within {:?}", tool.deadline))?;
    let status = status.map_err(|error| format!("cannot be waited for: {error}"))?;
    Ok(ToolOutput { status: status.code(), text, errors })
}

/// The first bytes of an output; the rest is read and thrown away, so that the program can go on.
async fn printed(output: Option<impl AsyncRead + Unpin>) -> String {
    let Some(mut output) = output else { return String::new() };
    let mut bytes = Vec::new();
    let _ = (&mut output).take(PRINTED_BYTES_MAX).read_to_end(&mut bytes).await;
    let _ = tokio::io::copy(&mut output, &mut tokio::io::sink()).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Tool, run};

    #[tokio::test]
    async fn a_program_is_run_and_what_it_prints_is_told() {
        let told = |line: &'static str, deadline| async move {
            run(&Tool { program: "/bin/sh", arguments: &["-c", line], deadline }).await
        };
        let minute = Duration::from_secs(60);
        let printed = told("echo out; echo err >&2; exit 3", minute).await.unwrap();
        assert_eq!(
            (printed.status, printed.text.as_str(), printed.errors.as_str()),
            (Some(3), "out\n", "err\n")
        );
        let late = told("read x < /dev/zero; exec tail -f /dev/null", Duration::from_millis(20)).await;
        assert_eq!(late.unwrap_err(), "did not end within 20ms");
        let none = run(&Tool { program: "/no/such/program", arguments: &[], deadline: minute }).await;
        assert_eq!(none.unwrap_err(), "is not installed");
    }
}
