//! Interpreters: found on the path, the nearest where the wanted one is missing.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use runner::Runtime;
use runner::interpreter::{Interpreters, VersionRule};

/// A program that says that it is this version.
fn fake(folder: &Path, name: &str, version: &str) {
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\necho {}\necho {version}\n", path.display())).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[tokio::test]
async fn the_wanted_version_is_taken_or_the_nearest_and_newer_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fake(path, "node", "20.1.0");
    fake(path, "node24", "24.0.1");
    fake(path, "python3", "3.11.2");
    fake(path, "python3.14", "3.14.0");
    fs::write(path.join("python3.12"), "not executable").unwrap();
    let nearest = Interpreters::new(path.into(), VersionRule::Nearest);
    let strict = Interpreters::new(path.into(), VersionRule::Strict);
    let cases = [
        ("nodejs20.x", "20.1.0", true),
        ("nodejs24.x", "24.0.1", true),
        ("nodejs22.x", "20.1.0", false),
        ("nodejs18.x", "20.1.0", false),
        ("python3.11", "3.11.2", true),
        ("python3.12", "3.11.2", false),
        ("python3.13", "3.14.0", false),
        ("python3.9", "3.11.2", false),
    ];
    for (name, version, is_exact) in cases {
        let runtime = Runtime::parse(name).unwrap();
        let found = nearest.find(runtime).await.unwrap().unwrap();
        assert_eq!((found.version.as_str(), found.is_exact), (version, is_exact), "{name}");
        assert_eq!(strict.find(runtime).await.is_ok(), is_exact, "{name}");
    }
    let refused = strict.find(Runtime::parse("python3.13").unwrap()).await.unwrap_err();
    let words = refused.to_string();
    assert!(
        words.starts_with("python3.13 needs python 3.13 and only ") && words.contains("3.11.2"),
        "{words}"
    );
    assert_eq!(strict.find(Runtime::parse("provided.al2").unwrap()).await, Ok(None));
}

#[tokio::test]
async fn many_at_once_ask_an_interpreter_once() {
    let folder = tempfile::tempdir().unwrap();
    let (program, asked) = (folder.path().join("node"), folder.path().join("asked"));
    let script =
        format!("#!/bin/sh\necho asked >> {}\necho {}\necho 20.1.0\n", asked.display(), program.display());
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let interpreters = Arc::new(Interpreters::new(folder.path().into(), VersionRule::Nearest));
    let runtime = Runtime::parse("nodejs20.x").unwrap();
    let asking: Vec<_> = (0..10)
        .map(|_| {
            let interpreters = Arc::clone(&interpreters);
            tokio::spawn(async move { interpreters.find(runtime).await })
        })
        .collect();
    for one in asking {
        assert!(one.await.unwrap().unwrap().unwrap().is_exact);
    }
    assert_eq!(fs::read_to_string(asked).unwrap(), "asked\n");
}

#[tokio::test]
async fn a_missing_interpreter_is_said_and_not_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let interpreters = Interpreters::new(folder.path().into(), VersionRule::Nearest);
    let runtime = Runtime::parse("nodejs22.x").unwrap();
    let missing = interpreters.find(runtime).await.unwrap_err();
    let words = "nodejs22.x needs node 22 and none is on the PATH: install it, or put it there";
    assert_eq!(missing.to_string(), words);
    fake(folder.path(), "node", "22.0.0");
    assert!(interpreters.find(runtime).await.unwrap().unwrap().is_exact);
}
