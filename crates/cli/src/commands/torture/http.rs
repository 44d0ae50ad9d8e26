//! The smallest HTTP/1.1 client that keeps its connection.

use std::io::{Error, Read, Result, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// Longer than any answer takes on a machine that is merely slow.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection to the door.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream, read: Vec::new() })
    }

    /// Calls an operation, as `AmazonSQS.SendMessage`; the status and the answer.
    ///
    /// # Errors
    /// The connection broke before the whole answer was there, so nothing is known.
    pub(crate) fn call(&mut self, target: &str, body: &Value) -> Result<(u16, Value)> {
        let headers = format!("X-Amz-Target: {target}\r\nContent-Type: application/x-amz-json-1.0\r\n");
        self.post("/", &headers, &body.to_string())
    }

    /// Posts to a webhook; the status and the answer.
    ///
    /// # Errors
    /// The connection broke before the whole answer was there, so nothing is known.
    pub(crate) fn post_webhook(&mut self, name: &str, body: &str) -> Result<(u16, Value)> {
        self.post(&format!("/webhooks/{name}"), "Content-Type: application/json\r\n", body)
    }

    fn post(&mut self, path: &str, headers: &str, body: &str) -> Result<(u16, Value)> {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.write_all(request.as_bytes())?;
        self.read.clear();
        let head_end = loop {
            if let Some(at) = self.read.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break at + 4;
            }
            self.read_more()?;
        };
        let head =
            String::from_utf8_lossy(self.read.get(..head_end).unwrap_or_default()).to_ascii_lowercase();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
        let (Some(status), Some(length)) = (status, length) else {
            return Err(Error::other("an answer without a status or a length"));
        };
        let end = head_end.saturating_add(length);
        while self.read.len() < end {
            self.read_more()?;
        }
        let body = self.read.get(head_end..end).unwrap_or_default();
        Ok((status, serde_json::from_slice(body).unwrap_or(Value::Null)))
    }

    fn read_more(&mut self) -> Result<()> {
        let mut part = [0; 1 << 14];
        match self.stream.read(&mut part)? {
            0 => Err(Error::other("the connection was closed")),
            taken => {
                self.read.extend_from_slice(part.get(..taken).unwrap_or_default());
                Ok(())
            }
        }
    }
}
