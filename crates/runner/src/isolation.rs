//! Isolation: whether a function's processes get namespaces of their own, or only a launcher that ends them.

use std::fmt;
use std::process::{Command, Stdio};

/// What lies between a function's processes and the rest of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// Own process numbers, own /tmp and /opt; all end together, by the kernel's hand.
    Namespaces,
    /// A launcher that kills their group, and whatever descends from it, when we are gone. /tmp is shared.
    Groups,
}

impl fmt::Display for Isolation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Namespaces => "namespaces of their own (processes, /tmp, /opt)",
            Self::Groups => "a launcher that ends them with Trunkline; /tmp is the machine's",
        })
    }
}

/// The program of util-linux and busybox, and what it is asked for.
pub(crate) const UNSHARE: &str = "unshare";
pub(crate) const UNSHARE_ARGUMENTS: &[&str] =
    &["--user", "--map-root-user", "--pid", "--fork", "--kill-child", "--mount"];

/// What this machine lets an ordinary user do. Starts a process and waits for it, some 10 ms.
pub fn probe() -> Isolation {
    // What is to be done there is tried: kernels that allow the namespace may still refuse the mounts in it.
    let mounts = "mount --bind /tmp /tmp && mount --bind /opt /opt";
    let tried = Command::new(UNSHARE)
        .args(UNSHARE_ARGUMENTS)
        .args(["sh", "-c", mounts])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match tried {
        Ok(status) if status.success() => Isolation::Namespaces,
        _ => Isolation::Groups,
    }
}
