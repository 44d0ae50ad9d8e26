//! `cargo xtask dist`: the stripped binary, an archive and a Debian package of it, under `target/dist`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::machine::{self, Outcome};
use crate::{options, root};

const USAGE: &str = "cargo xtask dist [--binary FILE]";
/// The stripped binary is not to be larger, in bytes.
const BINARY_BYTES_MAX: u64 = 40_000_000;
/// What goes into the package besides the binary: from where in the checkout, to where in the system.
const FILES: &[(&str, &str)] = &[
    ("packaging/systemd/trunkline.service", "usr/lib/systemd/system/trunkline.service"),
    ("README.md", "usr/share/doc/trunkline/README.md"),
    ("LICENSE", "usr/share/doc/trunkline/copyright"),
];

/// Runs the chore.
pub(crate) fn run(args: &[String]) -> ExitCode {
    machine::exit(dist(args))
}

fn dist(args: &[String]) -> Outcome<()> {
    let mut binary = None;
    options::read(args, &[], USAGE, |option, value| {
        let is_known = option == "--binary";
        if is_known {
            binary = Some(value.path());
        }
        Ok(is_known)
    })?;
    let binary = match binary {
        Some(binary) => binary,
        None => machine::build_release()?,
    };
    let dist = root::path().join("target").join("dist");
    fs::create_dir_all(&dist).map_err(|error| format!("{} cannot be made: {error}", dist.display()))?;
    let stripped = strip(&binary, &dist)?;
    archive(&dist)?;
    if machine::works("dpkg-deb", &["--version"]) {
        package(&stripped, &dist)
    } else {
        println!("no Debian package: dpkg-deb is not here");
        Ok(())
    }
}

/// The binary without its tables of symbols.
fn strip(binary: &Path, dist: &Path) -> Outcome<PathBuf> {
    let stripped = dist.join("trunkline");
    machine::run(Command::new("strip").arg("-o").arg(&stripped).arg(binary))?;
    let bytes = fs::metadata(&stripped).map_err(|error| format!("{}: {error}", stripped.display()))?.len();
    println!("{}: {:.1} MB", stripped.display(), bytes_to_mb(bytes));
    if bytes > BINARY_BYTES_MAX {
        return Err(format!("the stripped binary has {bytes} bytes, and {BINARY_BYTES_MAX} are the most"));
    }
    Ok(stripped)
}

#[expect(clippy::cast_precision_loss, reason = "for people, to one digit")]
fn bytes_to_mb(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn archive(dist: &Path) -> Outcome<()> {
    let name = format!("trunkline-{}-{}-linux.tar.gz", env!("CARGO_PKG_VERSION"), env::consts::ARCH);
    machine::run(Command::new("tar").arg("-C").arg(dist).arg("-czf").arg(dist.join(&name)).arg("trunkline"))?;
    println!("{}", dist.join(name).display());
    Ok(())
}

/// The Debian package: the binary, its unit, its licence.
fn package(stripped: &Path, dist: &Path) -> Outcome<()> {
    let tree = dist.join("deb");
    let cannot = |error: std::io::Error| format!("{} cannot be written: {error}", tree.display());
    if tree.exists() {
        fs::remove_dir_all(&tree).map_err(cannot)?;
    }
    let place = |from: &Path, to: &str| -> std::io::Result<()> {
        let to = tree.join(to);
        fs::create_dir_all(to.parent().unwrap_or(&tree))?;
        fs::copy(from, to).map(drop)
    };
    place(stripped, "usr/bin/trunkline").map_err(cannot)?;
    for (from, to) in FILES {
        place(&root::path().join(from), to).map_err(cannot)?;
    }
    fs::create_dir_all(tree.join("DEBIAN")).map_err(cannot)?;
    fs::write(tree.join("DEBIAN").join("control"), control()).map_err(cannot)?;
    let name = format!("trunkline_{}_{}.deb", env!("CARGO_PKG_VERSION"), debian_architecture());
    let built = dist.join(name);
    machine::run(Command::new("dpkg-deb").args(["--root-owner-group", "--build"]).arg(&tree).arg(&built))
}

fn debian_architecture() -> &'static str {
    match env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// The control file (<https://www.debian.org/doc/debian-policy/ch-controlfields.html>).
fn control() -> String {
    format!(
        "Package: trunkline
Version: {}
Architecture: {}
Maintainer: The Trunkline authors <trunkline@localhost>
Depends: libc6, libgcc-s1
Suggests: nodejs, python3
Section: net
Priority: optional
Description: Genesys Cloud events to the code that must act on them
 Receives, deduplicates and derives contact-centre events, matches them against
 event patterns and delivers them to queues, functions, state machines and
 addresses, through AWS's own APIs on one machine.
",
        env!("CARGO_PKG_VERSION"),
        debian_architecture()
    )
}

#[cfg(test)]
mod tests {
    use super::{FILES, control};
    use crate::root;

    #[test]
    fn what_is_packed_is_there() {
        for (from, _) in FILES {
            assert!(root::path().join(from).is_file(), "{from}");
        }
        assert!(control().lines().all(|line| line.len() <= 80 && !line.is_empty()));
    }
}
