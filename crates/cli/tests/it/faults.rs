//! Faults of the real system under the real binary: a sync that fails, a disk that is full.
//!
//! The faults are injected with `strace`, and a small file system is filled for real where a tmpfs can be mounted. A
//! machine without them says so and skips.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{Binary, trunkline};

const QUEUE: &str = "http://any/000000000000/q";

/// Whether a tool is there; a sentence where it is not.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn there(program: &str, arguments: &[&str]) -> bool {
    let outcome = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let works = outcome.is_ok_and(|status| status.success());
    if !works {
        eprintln!("skipped: `{program} {}` does not work here", arguments.join(" "));
    }
    works
}

/// `trunkline serve` under strace, which makes system calls fail. The tracer is the grandchild (`-D`): signals and the
/// exit status are the server's own.
fn faulty(data_dir: &Path, inject: &str) -> Command {
    let server = serve(data_dir);
    let mut command = Command::new("strace");
    command.args(["-D", "-f", "-qq", "-o", "/dev/null", "-e", &format!("inject={inject}"), "--"]);
    command.arg(server.get_program()).args(server.get_args());
    command.env_remove("AWS_ACCOUNT_ID").env_remove("AWS_REGION").stderr(Stdio::piped());
    command
}

fn serve(data_dir: &Path) -> Command {
    trunkline(&["serve", "--data-dir", data_dir.to_str().unwrap(), "--listen", "127.0.0.1:0"])
}

/// Sends until one is not acknowledged, and a few more: what was acknowledged.
fn send_until_refused(binary: &Binary) -> BTreeSet<String> {
    let mut acknowledged = BTreeSet::new();
    let created = binary.call("AmazonSQS.CreateQueue", &json!({"QueueName": "q"}));
    let mut refused = !matches!(created, Ok((200, _)));
    let mut after = 0;
    for number in 0..200 {
        let body = format!("message {number} {}", "x".repeat(3000));
        let sent = binary.call("AmazonSQS.SendMessage", &json!({"QueueUrl": QUEUE, "MessageBody": body}));
        if matches!(sent, Ok((200, _))) {
            assert!(!refused, "acknowledged after a failed sync: message {number}");
            acknowledged.insert(body);
        } else {
            refused = true;
            after += 1;
        }
        if after == 3 {
            return acknowledged;
        }
    }
    panic!("the fault never showed")
}

/// Every message of the queue, each once. No queue where its making was not acknowledged.
fn receive_all(binary: &Binary) -> BTreeSet<String> {
    let mut bodies = BTreeSet::new();
    loop {
        let body = json!({"QueueUrl": QUEUE, "MaxNumberOfMessages": 10, "VisibilityTimeout": 600});
        let (_, answer) = binary.call("AmazonSQS.ReceiveMessage", &body).unwrap();
        let Some(messages) = answer["Messages"].as_array().filter(|messages| !messages.is_empty()) else {
            return bodies;
        };
        for message in messages {
            assert!(bodies.insert(message["Body"].as_str().unwrap().to_owned()), "{message} came twice");
        }
    }
}

/// One run with one fault: nothing is acknowledged after it, the process ends with its words, a restart has everything.
fn one_fault(inject: &str, words: &str) {
    let dir = tempfile::tempdir().unwrap();
    let (acknowledged, code, said) = match Binary::start(faulty(dir.path(), inject)) {
        Ok(binary) => {
            let acknowledged = send_until_refused(&binary);
            let (code, said) = binary.ended();
            (acknowledged, code, said)
        }
        Err(child) => {
            let output = child.wait_with_output().unwrap();
            (BTreeSet::new(), output.status.code(), String::from_utf8(output.stderr).unwrap())
        }
    };
    // 1: it served and had to stop. 2: it never could begin.
    assert!(matches!(code, Some(1 | 2)), "{inject}: ended with {code:?}: {said}");
    // The engine of tables says a full disk in its own words.
    let is_said =
        said.contains(words) || (inject.contains("ENOSPC") && said.contains("database or disk is full"));
    assert!(is_said, "{inject}: {said}");

    let found = receive_all(&Binary::serve(dir.path()));
    assert!(found.is_superset(&acknowledged), "{inject}: lost {:?}", acknowledged.difference(&found));
    // The one whose sync failed may be there: nobody knows what reached the disk. No other.
    assert!(found.len() <= acknowledged.len() + 1, "{inject}: {} found", found.len());
}

/// C8: after a failed sync nothing is acknowledged any more. Every k-th sync fails once; it is not tried again.
#[test]
fn after_a_failed_sync_nothing_is_acknowledged() {
    if there("strace", &["-V"]) {
        for nth in [1, 2, 3, 5, 8, 13, 21] {
            one_fault(&format!("fdatasync,fsync:error=EIO:when={nth}"), "Input/output error");
        }
    }
}

/// A disk that is full although the reserve was kept: somebody else was faster. Every k-th write and all after it.
#[test]
fn a_disk_that_is_full_all_the_same_loses_nothing() {
    if there("strace", &["-V"]) {
        for nth in [1, 4, 9, 17, 40, 71, 120] {
            one_fault(&format!("pwrite64:error=ENOSPC:when={nth}+"), "No space left on device");
        }
    }
}

/// A file system of 24 MiB, gone when dropped.
struct Small {
    dir: tempfile::TempDir,
}

impl Small {
    fn mount() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().to_str().unwrap();
        there("mount", &["-t", "tmpfs", "-o", "size=24m", "tmpfs", path]).then_some(Self { dir })
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        // A mount that stays is a nuisance, not a failure.
        let _ = Command::new("umount").arg(self.dir.path()).status();
    }
}

fn send(binary: &Binary, body: &str) -> (u16, Value) {
    binary.call("AmazonSQS.SendMessage", &json!({"QueueUrl": QUEUE, "MessageBody": body})).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "the promise is about seconds of the world outside")]
fn now() -> Instant {
    Instant::now()
}

fn delete_some(binary: &Binary, rounds: usize) -> usize {
    let mut deleted = 0;
    for _ in 0..rounds {
        let received =
            binary.ok("AmazonSQS.ReceiveMessage", &json!({"QueueUrl": QUEUE, "MaxNumberOfMessages": 10}));
        for message in received["Messages"].as_array().into_iter().flatten() {
            let handle = &message["ReceiptHandle"];
            binary.ok("AmazonSQS.DeleteMessage", &json!({"QueueUrl": QUEUE, "ReceiptHandle": handle}));
            deleted += 1;
        }
    }
    deleted
}

/// C10: on a full disk sends are refused within a second and with words, receives and deletes go on, and there is room
/// again when messages have gone or the disk has been cleared, without a restart.
#[test]
fn a_full_disk_refuses_sends_and_recovers_by_itself() {
    let Some(disk) = Small::mount() else { return };
    let (data, stuff) = (disk.dir.path().join("data"), disk.dir.path().join("stuff"));
    let start_server = || {
        let mut command = serve(&data);
        command.args(["--disk-reserve", "8"]);
        Binary::start(command).unwrap_or_else(|_| panic!("it did not start"))
    };
    let mut binary = start_server();
    binary.ok("AmazonSQS.CreateQueue", &json!({"QueueName": "q"}));
    let body = "x".repeat(250_000);

    // Filled by its own messages.
    let sent = (0..100).take_while(|_| send(&binary, &body).0 == 200).count();
    assert!((20..100).contains(&sent), "{sent} sent to a disk of 24 MiB");
    let start = now();
    let (status, answer) = send(&binary, &body);
    assert!(start.elapsed() < Duration::from_secs(10), "refused after {:?}", start.elapsed());
    assert_eq!(status, 503, "{answer}");
    assert!(answer["message"].as_str().unwrap().contains("disk of the data folder is full"), "{answer}");
    assert_eq!(delete_some(&binary, 1), 10);
    assert_eq!(send(&binary, &body).0, 200, "there is room again where messages were deleted");

    // A new process does not know what was deleted before it, and finds the room all the same.
    binary.kill();
    binary = start_server();
    assert_eq!(send(&binary, &body).0, 200, "there is room again after a restart");

    // Filled by somebody else, into the reserve, and cleared again.
    fill_up_to(&stuff, 24);
    let (status, answer) = send(&binary, &body);
    assert_eq!(status, 503, "{answer}");
    assert!(delete_some(&binary, 1) > 0);

    // Stopped in order and started again below the reserve: what is there can still be received and deleted.
    binary.kill();
    binary = start_server();
    assert_eq!(send(&binary, &body).0, 503);
    assert!(delete_some(&binary, 1) > 0, "received and deleted after a restart on a full disk");
    std::fs::remove_file(&stuff).unwrap();
    assert_eq!(send(&binary, &body).0, 200, "there is room again where the disk was cleared");
}

/// The system makes a file system read-only when its disk fails. By hand nobody can do that while files are open for writing, so
/// one that is read-only is mounted over the folder: the server asks about its folder and gets the same answer.
#[test]
fn a_file_system_that_turns_read_only_is_told_and_reads_go_on() {
    let Some(disk) = Small::mount() else { return };
    let data = disk.dir.path().join("data");
    let mut command = serve(&data);
    command.args(["--disk-reserve", "8"]);
    let mut binary = Binary::start(command).unwrap_or_else(|_| panic!("it did not start"));
    binary.ok("AmazonSQS.CreateQueue", &json!({"QueueName": "q"}));
    assert_eq!(send(&binary, "before").0, 200);

    let path = data.to_str().unwrap();
    if !there("mount", &["-t", "tmpfs", "-o", "ro", "tmpfs", path]) {
        return;
    }
    let (status, answer) = send(&binary, "meanwhile");
    let attributes = json!({"QueueUrl": QUEUE, "AttributeNames": ["ApproximateNumberOfMessages"]});
    let (read, counted) = binary.call("AmazonSQS.GetQueueAttributes", &attributes).unwrap();
    assert!(there("umount", &[path]), "the folder is there again");
    assert_eq!(status, 503, "{answer}");
    assert!(answer["message"].as_str().unwrap().contains("is read-only"), "{answer}");
    assert_eq!(
        (read, &counted["Attributes"]["ApproximateNumberOfMessages"]),
        (200, &json!("1")),
        "{counted}"
    );
    assert_eq!(send(&binary, "after").0, 200, "writes go on without a restart");
    binary.kill();

    // A start writes, so there is none, and it says why.
    if there("mount", &["-o", "remount,ro", disk.dir.path().to_str().unwrap()]) {
        let refused = serve(&data).stderr(Stdio::piped()).output().unwrap();
        let words = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(2), "{words}");
        assert!(words.contains("Read-only file system"), "{words}");
    }
}

/// C9: a damaged message is never served; `fsck` names its file, offset, table and key, and saves all the others.
#[test]
fn a_damaged_message_is_named_and_the_others_are_saved() {
    let (dir, into) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = dir.path().join("store.redb");
    let mut binary = Binary::serve(dir.path());
    binary.ok("AmazonSQS.CreateQueue", &json!({"QueueName": "q"}));
    for name in ["first", "second", "third"] {
        assert_eq!(send(&binary, &format!("{name} {}", "x".repeat(100))).0, 200);
    }
    binary.kill();
    let fsck = |arguments: &[&str]| {
        let output = trunkline(&[&["fsck", "--data-dir", dir.path().to_str().unwrap()], arguments].concat());
        let output = { output }.output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, said) = fsck(&[]);
    assert_eq!(code, Some(0), "{said}");

    let mut bytes = std::fs::read(&file).unwrap();
    for at in 0..bytes.len() - 6 {
        // Older versions of its page may lie about; all of them are damaged.
        if bytes[at..].starts_with(b"second") {
            bytes[at] = b'S';
        }
    }
    std::fs::write(&file, &bytes).unwrap();
    let refused = serve(dir.path()).stderr(Stdio::piped()).output().unwrap();
    let words = String::from_utf8(refused.stderr).unwrap();
    assert!(
        !refused.status.success() && words.contains("is damaged") && words.contains("trunkline fsck"),
        "{words}"
    );

    let (code, said) = fsck(&["--salvage-to", into.path().to_str().unwrap()]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("table 'message contents', key "), "{said}");
    assert!(said.contains("store.redb:") && said.contains("saved "), "{said}");
    // What is saved is a store like any other, without a word of damage.
    let saved = trunkline(&["fsck", "--data-dir", into.path().to_str().unwrap()]).output().unwrap();
    assert_eq!(saved.status.code(), Some(0), "{saved:?}");
    // Its queue gives out what was saved, and does not wait for what was lost.
    assert!(
        said.contains("discarded because a part of them is lost")
            && said.contains("1 messages without their content"),
        "{said}"
    );
    let names = receive_all(&Binary::serve(into.path()));
    let names: Vec<_> = names.iter().map(|body| body.split(' ').next().unwrap()).collect();
    assert_eq!(names, ["first", "third"]);
}

/// Writes until the file has `mib` MiB or the disk is full.
fn fill_up_to(file: &Path, mib: usize) {
    let output = format!("of={}", file.display());
    let count = format!("count={mib}");
    // A disk that is full before is what is wanted.
    let _ =
        Command::new("dd").args(["if=/dev/zero", "bs=1M", &count, &output]).stderr(Stdio::null()).status();
}
