//! The rooms of the house, their floors and their arrows: the table of the design, once.

/// One crate: where it lives and whom it may import.
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) name: &'static str,
    /// 8 is the top. Tests may import every room on a lower floor than their own.
    pub(crate) floor: u8,
    pub(crate) may_import: &'static [&'static str],
    /// It may import every room up to this floor, too.
    pub(crate) all_up_to: Option<u8>,
}

impl Room {
    /// A room that may import these alone.
    const fn only(name: &'static str, floor: u8, may_import: &'static [&'static str]) -> Self {
        Self { name, floor, may_import, all_up_to: None }
    }

    /// A room that may import all rooms up to a floor.
    const fn all_up_to(name: &'static str, floor: u8, up_to: u8) -> Self {
        Self { name, floor, may_import: &[], all_up_to: Some(up_to) }
    }

    /// Whether its product code may import that room.
    pub(crate) fn may_import(&self, other: &Self) -> bool {
        self.may_import.contains(&other.name) || self.all_up_to.is_some_and(|floor| other.floor <= floor)
    }
}

/// Top floor first. A crate that is not here may not exist.
pub(crate) const ROOMS: &[Room] = &[
    // The project's own chores stand outside the house and look in; nothing may look at them.
    Room::all_up_to("xtask", 9, 7),
    // The whole system in one process, by a seed. Like the chores it looks in from outside, and nothing looks at it.
    Room::only("simulation", 8, &["server", "events", "http_client", "store", "aws"]),
    Room::all_up_to("cli", 8, 7),
    Room { may_import: &["console", "doctor", "provision"], ..Room::all_up_to("server", 7, 4) },
    // Checks: what is wrong before it is run.
    Room::only("console", 6, &["pattern", "asl", "aws"]),
    Room::all_up_to("doctor", 6, 5),
    // The tracker and deliveries on AWS, in any number of processes.
    Room::only("worker", 6, &["delivery", "events", "genesys", "aws_client", "http_client", "aws"]),
    Room::only("provision", 5, &["genesys", "aws_client", "pattern", "asl", "runner", "http_client", "aws"]),
    Room::only(
        "delivery",
        4,
        &[
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
    ),
    Room::only("genesys_org", 4, &["genesys", "store", "aws"]),
    Room::only("events", 3, &["pattern", "queue", "logs", "store", "aws"]),
    Room::only("states", 3, &["asl", "queue", "logs", "store", "aws"]),
    Room::only("lambda", 3, &["pattern", "queue", "logs", "store", "aws"]),
    Room::only("tables", 3, &["aws"]),
    Room::only("genesys", 3, &["queue", "aws_client", "http_client", "store", "aws"]),
    Room::only("queue", 2, &["store", "aws"]),
    // What rules deliver to in the commit that accepts their event, beside queues.
    Room::only("logs", 2, &["store", "aws"]),
    // Roles and policies: what rules' targets are called with.
    Room::only("iam", 2, &["store", "aws"]),
    // AWS as a client: credentials, endpoints, signed requests.
    Room::only("aws_client", 2, &["http_client", "runner", "aws"]),
    // The one way out over HTTP, for delivery, genesys and provision.
    Room::only("http_client", 1, &[]),
    // The one way to start a process.
    Room::only("runner", 1, &[]),
    Room::only("pattern", 1, &[]),
    Room::only("asl", 1, &[]),
    // Every stored key has a scope, and every commit a moment and identifiers: words of `aws`.
    Room::only("store", 1, &["aws"]),
    // The ground: words that every room may speak.
    Room::only("aws", 0, &[]),
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
            assert!(from.all_up_to.is_none_or(|floor| floor < from.floor), "{}", from.name);
        }
    }
}
