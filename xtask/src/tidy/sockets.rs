//! A socket only in `server`, `delivery`, `genesys`, `provision`, `http_client` and `runner`, and in the torture's own client.

use crate::tidy::finding::Finding;
use crate::tidy::outside::{self, Outside, is_in};
use crate::tidy::tree::Tree;

const SOCKET: Outside = Outside {
    what: "a socket is opened",
    right: "only server, delivery, genesys, provision, http_client and runner speak to the network; call one of them",
    paths: &[
        "TcpStream",
        "TcpListener",
        "TcpSocket",
        "UdpSocket",
        "UnixStream",
        "UnixListener",
        "tokio::net",
        "hyper::client",
        "hyper_util::client",
        "axum::serve",
        "reqwest",
        "ureq",
    ],
    may: |path| {
        let rooms = ["server", "delivery", "genesys", "provision", "http_client", "runner"];
        let rooms = rooms.map(|room| format!("crates/{room}/"));
        rooms.iter().any(|room| path.starts_with(room.as_str()))
            || is_in(path, &["xtask/"])
            || is_in(path, EXCEPTIONS)
    },
};

/// The modules outside those rooms that may open a socket.
const EXCEPTIONS: &[&str] = &[
    // A connection that breaks at a kill is what `torture` is about: no client of ours may hide or retry it.
    "crates/cli/src/commands/torture/http.rs",
];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    outside::check(tree, &SOCKET)
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::tree::sample;

    #[test]
    fn a_socket_in_another_room_is_found() {
        let found = check(&sample(&[
            ("crates/cli/src/main.rs", "use std::net::{SocketAddr, TcpStream};\n"),
            ("crates/events/src/lib.rs", "use tokio::net::lookup_host;\n"),
            ("crates/aws/src/lib.rs", "use std::net::IpAddr;\n"),
            ("crates/server/src/lib.rs", "use tokio::net::TcpListener;\n"),
            ("crates/cli/tests/it/main.rs", "use std::net::TcpStream;\n"),
        ]));
        let paths: Vec<&str> = found.iter().map(|f| f.path.as_str()).collect();
        assert_eq!(paths, ["crates/cli/src/main.rs", "crates/events/src/lib.rs"]);
    }
}
