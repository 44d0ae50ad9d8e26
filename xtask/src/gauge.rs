//! An HTTP target that counts the calls it is at work on, for what measures deliveries from the target's side.
//!
//! A call goes on until it has taken its time, whatever becomes of the caller: as a target's work does.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::bench::http::{Connection, Operation, text};
use crate::machine::{self, Outcome};

/// What a call is to do: its path and body are told, and it takes so long.
type Act = dyn Fn(&str, &[u8]) -> Duration + Send + Sync;

/// Whether a call's work goes on when its caller is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Callers {
    /// It does, as a target's does.
    Leave,
    /// The caller is the work: with it, it ends.
    Work,
}

/// A running target. It ends with the process.
#[derive(Debug)]
pub(crate) struct Gauge {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    under_way: AtomicUsize,
    most: AtomicUsize,
    seen: Mutex<Seen>,
    changed: Condvar,
}

/// What has ended so far.
#[derive(Debug, Default)]
struct Seen {
    /// How often each marked call came.
    calls: BTreeMap<u64, u32>,
    first: Option<Instant>,
    last: Option<Instant>,
    /// The longest that a call has taken.
    longest: Duration,
}

impl Gauge {
    /// Opens a port on 127.0.0.1.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn open(act: impl Fn(&str, &[u8]) -> Duration + Send + Sync + 'static) -> Outcome<Gauge> {
        Self::open_for(Callers::Leave, act)
    }

    /// The same for callers of a kind.
    ///
    /// # Errors
    /// When there is no port.
    pub(crate) fn open_for(
        callers: Callers,
        act: impl Fn(&str, &[u8]) -> Duration + Send + Sync + 'static,
    ) -> Outcome<Gauge> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| error.to_string())?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let shared = Arc::new(Shared::default());
        let (act, kept): (Arc<Act>, _) = (Arc::new(act), Arc::clone(&shared));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (act, shared) = (Arc::clone(&act), Arc::clone(&kept));
                // A caller that was killed leaves half a request behind: nobody's business.
                thread::spawn(move || drop(talk(&stream, &*act, &shared, callers)));
            }
        });
        Ok(Gauge { address, shared })
    }

    /// Makes an API destination at `path` of this target, with a connection of the same name; its ARN.
    ///
    /// # Errors
    /// When the door refuses one of the two.
    pub(crate) fn destination(&self, door: &mut Connection, name: &str) -> Outcome<String> {
        let key = json!({"ApiKeyName": "x-key", "ApiKeyValue": "made-up"});
        let connection = json!({"Name": name, "AuthorizationType": "API_KEY", "AuthParameters": {"ApiKeyAuthParameters": key}});
        let made = door.ask(Operation::events("CreateConnection"), &connection)?;
        let destination = json!({
            "Name": name, "ConnectionArn": text(&made, "/ConnectionArn")?, "HttpMethod": "POST",
            "InvocationEndpoint": format!("http://{}/{name}", self.address), "InvocationRateLimitPerSecond": 100_000,
        });
        let made = door.ask(Operation::events("CreateApiDestination"), &destination)?;
        text(&made, "/ApiDestinationArn")
    }

    /// The address of a path of this target.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    /// The most calls that it was ever at work on.
    pub(crate) fn most(&self) -> usize {
        self.shared.most.load(Ordering::SeqCst)
    }

    /// Different marked calls that have ended, and all of them.
    pub(crate) fn ended(&self) -> (usize, u64) {
        let seen = self.shared.seen();
        (seen.calls.len(), seen.calls.values().map(|count| u64::from(*count)).sum())
    }

    /// From the first call's beginning to the last one's end.
    pub(crate) fn busy(&self) -> Duration {
        let seen = self.shared.seen();
        seen.first.zip(seen.last).map_or(Duration::ZERO, |(first, last)| last.duration_since(first))
    }

    /// The longest that a call has taken: more than it was to take, where the machine is busy.
    pub(crate) fn longest(&self) -> Duration {
        self.shared.seen().longest
    }

    /// Waits until so many different marked calls have ended, at most `patience`.
    pub(crate) fn wait_for(&self, calls: usize, patience: Duration) {
        let seen = self.shared.seen();
        let waiting = self.shared.changed.wait_timeout_while(seen, patience, |seen| seen.calls.len() < calls);
        drop(waiting.unwrap_or_else(PoisonError::into_inner));
    }
}

impl Shared {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self) {
        let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        self.seen().first.get_or_insert_with(machine::now);
    }

    fn end(&self, mark: Option<u64>, begun: Instant) {
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        if let Some(mark) = mark {
            let mut seen = self.seen();
            seen.longest = seen.longest.max(begun.elapsed());
            *seen.calls.entry(mark).or_default() += 1;
            seen.last = Some(machine::now());
        }
        self.changed.notify_all();
    }
}

/// One connection: request after request.
fn talk(stream: &TcpStream, act: &Act, shared: &Shared, callers: Callers) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let path = line.split_whitespace().nth(1).unwrap_or_default().to_owned();
        let length = head_length(&mut reader)?;
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let begun = machine::now();
        shared.begin();
        let takes = act(&path, &body);
        let is_done = match callers {
            Callers::Leave => {
                machine::pause(takes);
                true
            }
            // A connection that cannot be asked any more is one whose caller is gone.
            Callers::Work => stays(stream, takes).unwrap_or_default(),
        };
        shared.end(mark_of(&body).filter(|_| is_done), begun);
        (&*stream).write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
    }
}

/// Whether a caller stays for so long. It says nothing more meanwhile.
fn stays(mut stream: &TcpStream, takes: Duration) -> std::io::Result<bool> {
    stream.set_read_timeout(Some(takes.max(Duration::from_millis(1))))?;
    let gone = stream.read(&mut [0]);
    stream.set_read_timeout(None)?;
    Ok(gone.is_err_and(|error| matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)))
}

/// Reads a request's headers; the length of its body.
fn head_length(reader: &mut impl std::io::BufRead) -> std::io::Result<usize> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            return Ok(length);
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or_default();
        }
    }
}

/// The number after `"mark":` in a body.
pub(crate) fn mark_of(body: &[u8]) -> Option<u64> {
    let name = b"\"mark\":";
    let at = memchr::memmem::find(body, name)? + name.len();
    let digits: Vec<u8> = body.get(at..)?.iter().copied().take_while(u8::is_ascii_digit).collect();
    String::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpStream;
    use std::time::Duration;

    use super::{Callers, Gauge, mark_of};

    #[test]
    fn a_mark_is_found() {
        assert_eq!(mark_of(b"{\"detail\":{\"mark\":0042,\"x\":1}}"), Some(42));
        assert_eq!((mark_of(b"{}"), mark_of(b"{\"mark\":")), (None, None));
    }

    #[test]
    fn what_goes_with_its_caller_has_not_ended() {
        let gauge =
            Gauge::open_for(Callers::Work, |_, body| Duration::from_secs(body.len() as u64 - 10)).unwrap();
        for body in ["{\"mark\":5}  ", "{\"mark\":6}"] {
            let mut stream = TcpStream::connect(gauge.address).unwrap();
            let request = format!("POST / HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            stream.write_all(request.as_bytes()).unwrap();
            if body.len() == 10 {
                stream.read_exact(&mut [0; 38]).unwrap();
            }
        }
        assert_eq!(gauge.ended(), (1, 1));
    }

    #[test]
    fn it_counts_what_it_is_at_work_on() {
        let gauge = Gauge::open(|_, _| Duration::ZERO).unwrap();
        let mut stream = TcpStream::connect(gauge.address).unwrap();
        for mark in [7, 7, 8] {
            let body = format!("{{\"mark\":{mark}}}");
            let request = format!("POST /x HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            stream.write_all(request.as_bytes()).unwrap();
            let mut answer = [0; 38];
            stream.read_exact(&mut answer).unwrap();
            assert!(answer.starts_with(b"HTTP/1.1 200"));
        }
        assert_eq!((gauge.ended(), gauge.most()), ((2, 3), 1));
    }
}
