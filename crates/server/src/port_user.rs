//! Who holds a TCP port, for the error of a person who finds it taken. Linux tells; elsewhere nobody is named.

use std::net::SocketAddr;
use std::path::Path;

/// `name (process 123)` of the process that listens on `address`, where the system lets us see it.
pub(crate) fn port_user(address: SocketAddr) -> Option<String> {
    let inode = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| std::fs::read_to_string(table).ok())
        .find_map(|table| listening_inode(&table, address.port()))?;
    let wanted = format!("socket:[{inode}]");
    let processes = std::fs::read_dir("/proc").ok()?;
    processes.filter_map(Result::ok).find_map(|process| holder(&process.path(), &wanted))
}

/// The inode of the socket in state LISTEN (0A) on `port`, from the text of `/proc/net/tcp` (proc(5)).
fn listening_inode(table: &str, port: u16) -> Option<String> {
    table.lines().skip(1).find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let &[_, local, _, "0A", _, _, _, _, _, inode, ..] = fields.as_slice() else { return None };
        let (_, local_port) = local.rsplit_once(':')?;
        (u16::from_str_radix(local_port, 16).ok()? == port).then(|| inode.to_owned())
    })
}

fn holder(process: &Path, socket: &str) -> Option<String> {
    let id = process.file_name()?.to_str()?.parse::<u32>().ok()?;
    let holds = std::fs::read_dir(process.join("fd"))
        .ok()?
        .filter_map(Result::ok)
        .filter_map(|entry| std::fs::read_link(entry.path()).ok())
        .any(|link| link.as_os_str() == socket);
    if !holds {
        return None;
    }
    let name = std::fs::read_to_string(process.join("comm")).unwrap_or_default();
    Some(format!("{} (process {id})", name.trim()))
}

#[cfg(test)]
mod tests {
    use super::listening_inode;

    #[test]
    fn finds_the_listener_and_not_a_connection() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
             0: 0100007F:11D6 0100007F:A2C4 01 00000000:00000000 00:00000000 00000000     0        0 111 1\n\
             1: 0100007F:11D6 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 222 1\n";
        assert_eq!(listening_inode(table, 4566).as_deref(), Some("222"));
        assert_eq!(listening_inode(table, 4567), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn names_this_very_process() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let user = super::port_user(listener.local_addr().unwrap()).unwrap();
        assert!(user.contains(&format!("process {}", std::process::id())), "{user}");
    }
}
