//! The door: any request is answered, and never with a fault of ours.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::OnceLock;
use std::time::Duration;

use server::Server;
use server::config::Config;

/// Long polls wait longer; what they answer then is not looked at.
const PATIENCE: Duration = Duration::from_millis(400);

/// The head of a request without the headers that frame it, an empty line, the body; the status of its answer. `None` where
/// there is none in time.
fn status(head: &str, body: &[u8]) -> Option<u16> {
    let head = head.replace(['\r', '\0'], "");
    let mut lines = head.lines();
    let first = lines.next().unwrap_or("POST /");
    let is_framing = |line: &str| {
        let name = line.split(':').next().unwrap_or_default().trim().to_ascii_lowercase();
        ["host", "content-length", "transfer-encoding", "connection", "expect", "upgrade"]
            .contains(&name.as_str())
    };
    let headers: String = lines
        .filter(|line| line.contains(": ") && !is_framing(line))
        .map(|line| format!("{line}\r\n"))
        .collect();
    let mut stream = TcpStream::connect(address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let request = format!(
        "{first} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n",
        body.len()
    );
    // The door may refuse before it has read everything.
    if stream.write_all(request.as_bytes()).and_then(|()| stream.write_all(body)).is_err() {
        return None;
    }
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).ok()?;
    std::str::from_utf8(&answer).ok()?.strip_prefix("HTTP/1.1 ")?.parse().ok()
}

/// A server in a folder of its own, for as long as the process runs.
fn address() -> SocketAddr {
    static ADDRESS: OnceLock<SocketAddr> = OnceLock::new();
    *ADDRESS.get_or_init(|| {
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let folder = tempfile::tempdir().unwrap();
                let server =
                    Server::start(Config::of_folder(folder.path().join("data")).unwrap()).await.unwrap();
                tell.send(server.address()).unwrap();
                server.until_stopped(std::future::pending()).await;
            });
        });
        told.recv().unwrap()
    })
}

/// Any bytes are a request: its first line is method and path, header lines, an empty line, the body.
pub fn request(data: &[u8]) {
    let end = data.windows(2).position(|bytes| bytes == b"\n\n");
    let (head, body) = end.map_or((data, &[][..]), |end| (&data[..end], &data[end + 2..]));
    let head = String::from_utf8_lossy(head);
    if let Some(status) = status(&head, body) {
        assert!(status < 500 || status == 503, "{status} to {head}\n\n{}", String::from_utf8_lossy(body));
    }
    assert_eq!(health(), Some(200), "after {head}\n\n{}", String::from_utf8_lossy(body));
}

/// The door after what was asked before.
fn health() -> Option<u16> {
    // A machine that is busy with other things may take a moment.
    (0..50).find_map(|_| status("GET /health", b""))
}
