//! The WebSocket of a notification channel, from the listener's side.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::client::Client;
use crate::client::fault::Fault;

/// How long a connection and its handshake may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// The org sends something every 30 s. A socket that is silent for this long is pinged.
const SILENCE: Duration = Duration::from_secs(45);
/// Maximum time the answer to the ping may take.
const PONG_WITHIN: Duration = Duration::from_secs(15);

/// A connected socket.
#[derive(Debug)]
pub struct Socket {
    stream: WebSocketStream<http_client::Stream>,
}

impl Client {
    /// Connects to a channel by its `connectUri`, which carries its own right: no token is sent.
    ///
    /// # Errors
    /// A sentence where there is no connection.
    pub async fn socket(&self, connect_uri: &str) -> Result<Socket, Fault> {
        let connected = self.http.connect(connect_uri, PATIENCE).await;
        let stream = connected.map_err(|failure| Fault::of_failure(&failure))?;
        let broken = |why: String| Fault { may_pass: true, ..Fault::strange(why) };
        match timeout(PATIENCE, Box::pin(client_async(connect_uri, stream))).await {
            Ok(Ok((stream, _))) => Ok(Socket { stream }),
            Ok(Err(error)) => Err(broken(format!("the channel's socket was not opened: {error}"))),
            Err(_) => Err(broken("the channel's socket was not opened in time".to_owned())),
        }
    }
}

impl Socket {
    /// The next text that is sent.
    ///
    /// # Errors
    /// Why the socket has ended: then a new one must be opened.
    pub async fn next(&mut self) -> Result<String, String> {
        let mut asked = false;
        loop {
            let patience = if asked { PONG_WITHIN } else { SILENCE };
            match timeout(patience, self.stream.next()).await {
                Ok(Some(Ok(Message::Text(text)))) => return Ok(text.as_str().to_owned()),
                Ok(Some(Ok(Message::Close(frame)))) => {
                    let why = frame.map(|frame| frame.reason.as_str().to_owned()).unwrap_or_default();
                    return Err(format!("the org closed the socket {why}"));
                }
                // Pings of the protocol itself are answered below us.
                Ok(Some(Ok(_))) => {}
                Ok(Some(Err(error))) => return Err(format!("the socket broke: {error}")),
                Ok(None) => return Err("the socket ended".to_owned()),
                Err(_) if asked => return Err("the socket is dead: nothing came for a minute".to_owned()),
                Err(_) => {
                    asked = true;
                    let ping = Message::text(r#"{"message":"ping"}"#);
                    self.stream.send(ping).await.map_err(|error| format!("the socket broke: {error}"))?;
                }
            }
        }
    }

    /// Says farewell; the other side may be gone already.
    pub async fn close(mut self) {
        drop(self.stream.close(None).await);
    }
}
