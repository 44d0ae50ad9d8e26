//! The cheapest HTTP/1.1 client that is one: a kept connection, a prepared request, an answer with its length.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use aws::api::{self, JsonApi};
use serde_json::Value;

use crate::machine::Outcome;

/// Longer than any long poll.
const PATIENCE: Duration = Duration::from_secs(30);

/// One connection to the door.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    /// What was read; the body of the last answer stands at its end.
    read: Vec<u8>,
    request: Vec<u8>,
    /// Headers of every call besides those of the operation, each with its line's end.
    headers: String,
}

/// An AWS operation as the door reads it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operation {
    api: &'static JsonApi,
    /// `PutEvents`
    name: &'static str,
}

impl Operation {
    pub(crate) const fn of(api: &'static JsonApi, name: &'static str) -> Operation {
        Operation { api, name }
    }

    pub(crate) const fn events(name: &'static str) -> Operation {
        Operation::of(&api::EVENTS, name)
    }

    pub(crate) const fn sqs(name: &'static str) -> Operation {
        Operation::of(&api::SQS, name)
    }
}

impl Connection {
    /// Connects without delay on small packets.
    ///
    /// # Errors
    /// When the door does not take the connection.
    pub(crate) fn open(address: SocketAddr) -> Outcome<Connection> {
        let stream = TcpStream::connect(address).and_then(|stream| {
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            Ok(stream)
        });
        let stream = stream.map_err(|error| format!("{address}: {error}"))?;
        Ok(Connection {
            stream,
            read: Vec::with_capacity(1 << 16),
            request: Vec::with_capacity(1 << 15),
            headers: String::new(),
        })
    }

    /// The same with the form of a signature, which other servers want to see.
    ///
    /// # Errors
    /// As [`Connection::open`].
    pub(crate) fn open_signed(address: SocketAddr, service: &str) -> Outcome<Connection> {
        let headers = format!(
            "X-Amz-Date: 20260101T000000Z\r\nAuthorization: AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/{service}/aws4_request, \
             SignedHeaders=host;x-amz-date, Signature={}\r\n",
            "0".repeat(64)
        );
        Ok(Connection { headers, ..Self::open(address)? })
    }

    /// Calls an operation and returns the body of its answer.
    ///
    /// # Errors
    /// When the connection breaks or the status is not 200; with the answer's text.
    pub(crate) fn call(&mut self, operation: Operation, body: &[u8]) -> Outcome<&[u8]> {
        let Operation { api, name } = operation;
        let (target, content_type) = (api.target(name), api.content_type());
        self.request.clear();
        let head = format!(
            "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: {target}\r\nContent-Type: {content_type}\r\n\
             Content-Length: {}\r\n{}\r\n",
            body.len(),
            self.headers
        );
        self.request.extend_from_slice(head.as_bytes());
        self.request.extend_from_slice(body);
        self.stream.write_all(&self.request).map_err(|error| format!("{target}: {error}"))?;
        let (head_len, body_len) = self.read_answer().map_err(|error| format!("{target}: {error}"))?;
        let head = self.read.get(..head_len).unwrap_or_default();
        let body = self.read.get(head_len..head_len + body_len).unwrap_or_default();
        if head.starts_with(b"HTTP/1.1 200 ") {
            return Ok(body);
        }
        let status =
            String::from_utf8_lossy(head.split(|&b| b == b'\r').next().unwrap_or_default()).into_owned();
        Err(format!("{target}: {status}: {}", String::from_utf8_lossy(body)))
    }

    /// Sends a request of a REST service, `line` being its method and path, and returns the body of its answer.
    ///
    /// # Errors
    /// When the connection breaks or the status is none of success; with the answer's text.
    pub(crate) fn rest(&mut self, line: &str, body: &[u8]) -> Outcome<&[u8]> {
        self.request.clear();
        let head = format!(
            "{line} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        self.request.extend_from_slice(head.as_bytes());
        self.request.extend_from_slice(body);
        self.stream.write_all(&self.request).map_err(|error| format!("{line}: {error}"))?;
        let (head_len, body_len) = self.read_answer().map_err(|error| format!("{line}: {error}"))?;
        let head = self.read.get(..head_len).unwrap_or_default();
        let body = self.read.get(head_len..head_len + body_len).unwrap_or_default();
        let has_failed = find(head, b"x-amz-function-error").is_some();
        if head.starts_with(b"HTTP/1.1 2") && !has_failed {
            return Ok(body);
        }
        let status =
            String::from_utf8_lossy(head.split(|&b| b == b'\r').next().unwrap_or_default()).into_owned();
        Err(format!("{line}: {status}: {}", String::from_utf8_lossy(body)))
    }

    /// The same for what is called once: JSON in, JSON out.
    ///
    /// # Errors
    /// As `call`, and where the answer is no JSON.
    pub(crate) fn ask(&mut self, operation: Operation, body: &Value) -> Outcome<Value> {
        let answer = self.call(operation, body.to_string().as_bytes())?;
        if answer.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(answer).map_err(|error| format!("{}: {error}", operation.name))
    }

    /// Reads one answer; returns the lengths of its head and its body.
    fn read_answer(&mut self) -> Outcome<(usize, usize)> {
        self.read.clear();
        let mut wanted = None;
        loop {
            if let Some((head, body)) = wanted.filter(|(head, body)| self.read.len() >= head + body) {
                return Ok((head, body));
            }
            let mut part = [0; 1 << 15];
            let taken = self.stream.read(&mut part).map_err(|error| error.to_string())?;
            if taken == 0 {
                return Err("the door closed the connection".to_owned());
            }
            self.read.extend_from_slice(part.get(..taken).unwrap_or_default());
            if wanted.is_none() {
                wanted = lengths(&self.read)?;
            }
        }
    }
}

/// The lengths of head and body, once the head is there.
fn lengths(read: &[u8]) -> Outcome<Option<(usize, usize)>> {
    let Some(end) = find(read, b"\r\n\r\n") else { return Ok(None) };
    let head = String::from_utf8_lossy(read.get(..end).unwrap_or_default()).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    let has_none = head.starts_with("http/1.1 204");
    let length = length.or(has_none.then_some(0));
    let length = length.ok_or_else(|| "an answer without Content-Length".to_owned())?;
    Ok(Some((end + 4, length)))
}

/// The text at a pointer of an answer.
///
/// # Errors
/// When there is none.
pub(crate) fn text(answer: &Value, pointer: &str) -> Outcome<String> {
    let found = answer.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    found.ok_or_else(|| format!("no {pointer} in {answer}"))
}

/// Where `needle` starts.
pub(crate) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::find(haystack, needle)
}

#[cfg(test)]
mod tests {
    use super::lengths;

    #[test]
    fn the_length_of_an_answer_is_read() {
        assert_eq!(lengths(b"HTTP/1.1 200 OK\r\nContent-Le"), Ok(None));
        assert_eq!(lengths(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"), Ok(Some((38, 2))));
        assert!(lengths(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
