//! The launcher: our own binary between us and a function's processes, so that they end when we do.
//!
//! Its standard input is a socket to the runner. The first line on it is a [`Launch`]; then it stays open as long as the
//! processes shall live: when it closes, also because the runner was killed, the launcher ends them all and itself. Under
//! `unshare` it is process 1 of a namespace, so that its own end is the end of all; elsewhere it adopts the orphans and
//! kills what descends from it. What the runtime ended with goes back over the socket.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::thread;

use rustix::process::{Pid, Resource, Rlimit, Signal, WaitOptions};
use serde::{Deserialize, Serialize};

use crate::{lock, tree};

/// What the launcher starts.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Launch {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) folder: PathBuf,
    /// All of them: nothing is inherited.
    pub(crate) variables: BTreeMap<String, String>,
    /// What the processes see in a namespace of their own.
    pub(crate) mounts: Option<Mounts>,
    pub(crate) processes_max: u64,
    pub(crate) open_files_max: u64,
    /// Held until all of them are ended.
    pub(crate) lock: PathBuf,
}

/// Folders of a namespace of its own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Mounts {
    /// Becomes /tmp.
    pub(crate) tmp: PathBuf,
    /// Becomes /opt.
    pub(crate) opt: Option<PathBuf>,
    /// Folders that must stay visible, also where they lie under /tmp.
    pub(crate) kept: Vec<PathBuf>,
    /// Folders that the processes may not write to.
    pub(crate) read_only: Vec<PathBuf>,
}

/// What became of the runtime, as the launcher tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Exit {
    Status(i32),
    Signal(i32),
    /// It could not be started; the operating system's words.
    NotStarted(String),
}

/// The status with which shells say that a program is not there.
const NOT_FOUND: i32 = 127;

/// The argument with which our binary is started as a launcher.
pub const ARGUMENT: &str = "__function-launcher";

/// The whole life of a launcher: to be called by the binary when it is started with the hidden argument.
pub fn main() -> ExitCode {
    let Ok(control) = io::stdin().as_fd().try_clone_to_owned() else { return ExitCode::FAILURE };
    let control = UnixStream::from(control);
    let Ok(answers) = control.try_clone() else { return ExitCode::FAILURE };
    let mut control = BufReader::new(control);
    let read = read_launch(&mut control).and_then(|launch| Ok((lock::hold(&launch.lock)?, launch)));
    let exit = match read.and_then(|(lock, launch)| prepare(&launch).map(|()| (lock, launch))) {
        // Let go of by the end of this process, whichever it is.
        Ok((_lock, launch)) => run(&launch, control),
        Err(error) => Exit::NotStarted(error.to_string()),
    };
    tell(answers, &exit);
    ExitCode::SUCCESS
}

fn read_launch(control: &mut impl io::BufRead) -> io::Result<Launch> {
    let mut line = String::new();
    control.read_line(&mut line)?;
    serde_json::from_str(&line).map_err(io::Error::other)
}

fn tell(mut answers: UnixStream, exit: &Exit) {
    if let Ok(text) = serde_json::to_string(exit) {
        // Nobody listens any more where the runner is gone.
        let _ = writeln!(answers, "{text}");
    }
}

fn prepare(launch: &Launch) -> io::Result<()> {
    if let Some(mounts) = &launch.mounts {
        mount(mounts).map_err(|error| io::Error::other(format!("its own /tmp and /opt: {error}")))?;
    }
    limit(Resource::Nofile, launch.open_files_max)?;
    limit(Resource::Nproc, launch.processes_max)?;
    limit(Resource::Core, 0)?;
    // Where memory runs out, a function goes before anything else does; where that cannot be said, it is as it was.
    let _ = fs::write("/proc/self/oom_score_adj", "500");
    // Orphans come to us and not to process 1; only in a namespace of our own are we that already.
    #[cfg(target_os = "linux")]
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    Ok(())
}

fn limit(resource: Resource, most: u64) -> io::Result<()> {
    let hard = rustix::process::getrlimit(resource).maximum.unwrap_or(u64::MAX).min(most);
    rustix::process::setrlimit(resource, Rlimit { current: Some(hard), maximum: Some(hard) })?;
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn mount(_: &Mounts) -> io::Result<()> {
    Err(io::Error::other("this system has no mount namespaces"))
}

#[cfg(target_os = "linux")]
fn mount(mounts: &Mounts) -> io::Result<()> {
    use rustix::mount::{mount_bind, mount_bind_recursive};

    for folder in &mounts.read_only {
        // A folder that stays writable is no danger to others: where this is refused, it is as it was.
        let _ = mount_bind_recursive(folder, folder).map(|()| seal(folder));
    }
    for kept in &mounts.kept {
        // The SDKs may not have been fetched.
        let Some(inside) = kept.strip_prefix("/tmp").ok().filter(|_| kept.is_dir()) else { continue };
        let inside = mounts.tmp.join(inside);
        fs::create_dir_all(&inside)?;
        mount_bind_recursive(kept, &inside)?;
    }
    if let Some(opt) = &mounts.opt {
        mount_bind(opt, "/opt")?;
        // Read-only as on AWS: what one function writes there would be seen by all with the same layer.
        let _ = seal(Path::new("/opt"));
    }
    mount_bind_recursive(&mounts.tmp, "/tmp")?;
    // The numbers of processes are those of the namespace, where the system lets us say so.
    let none = rustix::mount::MountFlags::empty();
    let _ = rustix::mount::mount("proc", "/proc", "proc", none, None::<&std::ffi::CStr>);
    Ok(())
}

/// Makes a mounted folder read-only; what else its file system forbids stays forbidden, which the kernel insists on.
#[cfg(target_os = "linux")]
fn seal(folder: &Path) -> io::Result<()> {
    use rustix::fs::StatVfsMountFlags;
    use rustix::mount::MountFlags;

    let now = rustix::fs::statvfs(folder)?.f_flag;
    let kept = [
        (StatVfsMountFlags::NODEV, MountFlags::NODEV),
        (StatVfsMountFlags::NOSUID, MountFlags::NOSUID),
        (StatVfsMountFlags::NOEXEC, MountFlags::NOEXEC),
        (StatVfsMountFlags::NOATIME, MountFlags::NOATIME),
        (StatVfsMountFlags::RELATIME, MountFlags::RELATIME),
    ];
    let kept = kept.iter().filter(|(is, _)| now.contains(*is)).map(|(_, flag)| *flag);
    let flags = kept.fold(MountFlags::BIND | MountFlags::RDONLY, |all, flag| all | flag);
    rustix::mount::mount_remount(folder, flags, c"")?;
    Ok(())
}

/// Starts the runtime and waits for its end or for the runner's.
fn run(launch: &Launch, control: BufReader<UnixStream>) -> Exit {
    let started = Command::new(&launch.program)
        .args(&launch.arguments)
        .current_dir(&launch.folder)
        .env_clear()
        .envs(&launch.variables)
        .stdin(Stdio::null())
        .process_group(0)
        .spawn();
    let child = match started {
        Ok(child) => child,
        Err(error) => return not_started(launch, &error),
    };
    let Some(runtime) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else {
        return Exit::NotStarted("no process number".to_owned());
    };
    thread::spawn(move || {
        wait_for_the_runner(control);
        end_all(runtime);
        std::process::exit(1);
    });
    let exit = wait_for(runtime);
    end_all(runtime);
    exit
}

fn not_started(launch: &Launch, error: &io::Error) -> Exit {
    match error.kind() {
        // A missing working folder is said in the same words as a missing program.
        io::ErrorKind::NotFound if launch.folder.is_dir() => Exit::Status(NOT_FOUND),
        _ => Exit::NotStarted(error.to_string()),
    }
}

/// Returns when the other end of the socket is closed.
fn wait_for_the_runner(mut control: BufReader<UnixStream>) {
    loop {
        match control.fill_buf() {
            Ok(read) if !read.is_empty() => {
                let length = read.len();
                control.consume(length);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            _ => return,
        }
    }
}

/// Waits for the runtime; orphans that were adopted are buried on the way.
fn wait_for(runtime: Pid) -> Exit {
    loop {
        match rustix::process::wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) if pid == runtime => {
                return match (status.exit_status(), status.terminating_signal()) {
                    (Some(status), _) => Exit::Status(status),
                    (None, signal) => Exit::Signal(signal.unwrap_or_default()),
                };
            }
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Exit::NotStarted(error.to_string()),
        }
    }
}

/// Ends the runtime's group and whatever else descends from us. As process 1 our own end does the rest.
fn end_all(runtime: Pid) {
    let _ = rustix::process::kill_process_group(runtime, Signal::KILL);
    let own = rustix::process::getpid();
    if own.is_init() {
        return;
    }
    // What forks faster than it is killed meets its end in the group; a few rounds are for what has left the group.
    for _ in 0..10 {
        let others = tree::descendants(own.as_raw_nonzero().get(), usize::MAX);
        if others.is_empty() {
            return;
        }
        for pid in others.into_iter().filter_map(Pid::from_raw) {
            let _ = rustix::process::kill_process(pid, Signal::KILL);
        }
        while let Ok(Some(_)) = rustix::process::wait(WaitOptions::NOHANG) {}
    }
}

/// Whether this folder would be hidden by a new /opt.
pub(crate) fn is_under_opt(folder: &Path) -> bool {
    folder.starts_with("/opt")
}
