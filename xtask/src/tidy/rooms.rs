//! The rooms of the house, their floors and their arrows: the table of the design, once.

/// One crate: where it lives and whom it may import.
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) name: &'static str,
    /// 8 is the top. Tests may import every room on a lower floor than their own.
    pub(crate) floor: u8,
    pub(crate) may_import: &'static [&'static str],
}

/// Top floor first. A crate that is not here may not exist.
pub(crate) const ROOMS: &[Room] = &[
    // The project's own chores stand outside the house and look in; nothing may look at them.
    Room {
        name: "xtask",
        floor: 9,
        may_import: &[
            "server",
            "console",
            "doctor",
            "worker",
            "delivery",
            "events",
            "states",
            "lambda",
            "tables",
            "genesys_org",
            "genesys",
            "queue",
            "logs",
            "iam",
            "aws_client",
            "provision",
            "http_client",
            "runner",
            "pattern",
            "asl",
            "store",
            "aws",
        ],
    },
    Room {
        name: "cli",
        floor: 8,
        may_import: &[
            "server",
            "console",
            "doctor",
            "worker",
            "delivery",
            "events",
            "states",
            "lambda",
            "tables",
            "genesys_org",
            "genesys",
            "queue",
            "logs",
            "iam",
            "aws_client",
            "provision",
            "http_client",
            "runner",
            "pattern",
            "asl",
            "store",
            "aws",
        ],
    },
    Room {
        name: "server",
        floor: 7,
        may_import: &[
            "console",
            "doctor",
            "provision",
            "delivery",
            "events",
            "states",
            "lambda",
            "tables",
            "genesys_org",
            "genesys",
            "queue",
            "logs",
            "iam",
            "aws_client",
            "http_client",
            "runner",
            "pattern",
            "asl",
            "store",
            "aws",
        ],
    },
    // Checks: what is wrong before it is run.
    Room { name: "console", floor: 6, may_import: &["pattern", "asl", "aws"] },
    Room {
        name: "doctor",
        floor: 6,
        may_import: &[
            "provision",
            "delivery",
            "events",
            "states",
            "lambda",
            "tables",
            "genesys",
            "queue",
            "logs",
            "iam",
            "aws_client",
            "http_client",
            "runner",
            "pattern",
            "asl",
            "store",
            "aws",
        ],
    },
    // The tracker and deliveries on AWS, in any number of processes.
    Room {
        name: "worker",
        floor: 6,
        may_import: &["delivery", "events", "genesys", "aws_client", "http_client", "aws"],
    },
    Room {
        name: "provision",
        floor: 5,
        may_import: &["genesys", "aws_client", "pattern", "asl", "runner", "http_client", "aws"],
    },
    Room {
        name: "delivery",
        floor: 4,
        may_import: &[
            "events",
            "states",
            "lambda",
            "genesys",
            "queue",
            "asl",
            "aws_client",
            "store",
            "http_client",
            "runner",
            "aws",
        ],
    },
    Room { name: "genesys_org", floor: 4, may_import: &["genesys", "store", "aws"] },
    Room { name: "events", floor: 3, may_import: &["pattern", "queue", "logs", "store", "aws"] },
    Room { name: "states", floor: 3, may_import: &["asl", "queue", "logs", "store", "aws"] },
    Room { name: "lambda", floor: 3, may_import: &["pattern", "queue", "logs", "store", "aws"] },
    Room { name: "tables", floor: 3, may_import: &["aws"] },
    Room { name: "genesys", floor: 3, may_import: &["queue", "aws_client", "http_client", "store", "aws"] },
    Room { name: "queue", floor: 2, may_import: &["store", "aws"] },
    // What rules deliver to in the commit that accepts their event, beside queues.
    Room { name: "logs", floor: 2, may_import: &["store", "aws"] },
    // Roles and policies: what rules' targets are called with.
    Room { name: "iam", floor: 2, may_import: &["store", "aws"] },
    // AWS as a client: credentials, endpoints, signed requests.
    Room { name: "aws_client", floor: 2, may_import: &["http_client", "runner", "aws"] },
    // The one way out over HTTP, for delivery, genesys and provision.
    Room { name: "http_client", floor: 1, may_import: &[] },
    // The one way to start a process.
    Room { name: "runner", floor: 1, may_import: &[] },
    Room { name: "pattern", floor: 1, may_import: &[] },
    Room { name: "asl", floor: 1, may_import: &[] },
    // Every stored key has a scope, and every commit a moment and identifiers: words of `aws`.
    Room { name: "store", floor: 1, may_import: &["aws"] },
    // The ground: words that every room may speak.
    Room { name: "aws", floor: 0, may_import: &[] },
];

/// The room of this name.
pub(crate) fn room(name: &str) -> Option<&'static Room> {
    ROOMS.iter().find(|room| room.name == name)
}

/// The room that a file belongs to: `crates/queue/src/lib.rs` is of `queue`.
pub(crate) fn room_of(path: &str) -> Option<&'static Room> {
    if path.starts_with("xtask/") {
        return room("xtask");
    }
    path.strip_prefix("crates/").and_then(|rest| rest.split('/').next()).and_then(room)
}

#[cfg(test)]
mod tests {
    use super::{ROOMS, room};

    #[test]
    fn every_arrow_of_the_table_points_down() {
        for from in ROOMS {
            for to in from.may_import {
                let to = room(to).expect("the table names only rooms");
                assert!(to.floor < from.floor, "{} -> {}", from.name, to.name);
            }
        }
    }
}
