//! A server that answers by a script and remembers what it was asked.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A request: `POST /path`, its headers in lower case, its body.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) line: String,
    pub(crate) headers: Vec<String>,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn has(&self, header: &str) -> bool {
        self.headers.iter().any(|line| line.starts_with(header))
    }
}

/// Answers by method and path.
type Script = dyn Fn(&Seen) -> (u16, String) + Send + Sync;

pub(crate) struct Peer {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Peer {
    pub(crate) fn new(script: impl Fn(&Seen) -> (u16, String) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (kept, script): (_, Arc<Script>) = (seen.clone(), Arc::new(script));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                answer(stream.unwrap(), &kept, script.as_ref());
            }
        });
        Self { url, seen }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

fn answer(mut stream: TcpStream, seen: &Mutex<Vec<Seen>>, script: &Script) {
    let mut lines = BufReader::new(stream.try_clone().unwrap());
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        head.push(line.trim().to_owned());
    }
    let Some((first, headers)) = head.split_first() else { return };
    let headers: Vec<String> = headers.iter().map(|line| line.to_lowercase()).collect();
    let size =
        headers.iter().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
    let mut body = vec![0; size];
    lines.read_exact(&mut body).unwrap();
    let line = first.trim_end_matches(" HTTP/1.1").to_owned();
    let request = Seen { line, headers, body: String::from_utf8(body).unwrap() };
    let (status, text) = script(&request);
    seen.lock().unwrap().push(request);
    write!(
        stream,
        "HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{text}",
        text.len()
    )
    .unwrap();
}
