//! Environments: warm and cold, bounded, ended with everything in them.

use std::fs;
use std::io::Read as _;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use runner::function::Code;
use runner::invocation::StreamPart;
use runner::{Failure, Isolation};
use tokio::sync::mpsc;

use crate::house::{House, data, function, has, invocation};

const KINDS: [Isolation; 2] = [Isolation::Namespaces, Isolation::Groups];

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_is_used_again_and_ended_when_it_was_idle() {
    if !has("node") {
        return;
    }
    let house = House::new(|options| options.idle_max = Duration::ZERO);
    let counts = Arc::new(function("nodejs20.x", "node", "index.count"));
    let first = house.invoke(&counts, "null").await;
    assert!(first.report.init.is_some() && first.report.max_memory_mb > 10, "{first:?}");
    let second = house.invoke(&counts, "null").await;
    assert_eq!((&*second.payload, second.report.init), (&b"2"[..], None));
    assert_eq!(house.runner.idle(), 1);
    house.runner.sweep().await;
    assert_eq!(house.runner.idle(), 0);
    assert_eq!(house.answer(&counts, "null").await, "1");
    house.runner.end().await;
    assert_eq!(house.runner.idle(), 0);
    let refused = house.runner.invoke(counts, invocation("null")).await;
    assert_eq!(refused.unwrap_err(), Failure::Ending);
}

#[tokio::test(flavor = "multi_thread")]
async fn invocations_at_a_time_have_environments_of_their_own_up_to_the_bound() {
    if !has("python3") {
        return;
    }
    let house = House::new(|options| options.environments_max = 2);
    let counts = Arc::new(function("python3.11", "python", "app.counts"));
    let mut other = function("python3.11", "python", "app.echo");
    other.arn += ":1";
    let other = Arc::new(other);
    let ask = |function: &Arc<_>| house.runner.invoke(Arc::clone(function), invocation("7"));
    let (a, b, c, d) = tokio::join!(ask(&counts), ask(&counts), ask(&counts), ask(&other));
    for outcome in [a, b, c, d] {
        assert_eq!(outcome.unwrap().error_type, None);
    }
    assert!(house.runner.idle() <= 2);
    let inits = house.log().iter().filter(|record| record.text.starts_with("INIT_START")).count();
    assert!(inits >= 2, "{inits}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_out_takes_the_memory_and_leaves_tmp() {
    if !has("node") {
        return;
    }
    for kind in KINDS {
        let house = House::new(|options| options.isolation = Some(kind));
        if runner::isolation::probe() != kind && kind == Isolation::Namespaces {
            eprintln!("skipped: no namespaces here");
            continue;
        }
        let loops = Arc::new(function("nodejs20.x", "node", "index.loops"));
        let mut short = (*loops).clone();
        short.timeout = Duration::from_secs(1);
        let outcome = house.invoke(&Arc::new(short), "null").await;
        assert_eq!(outcome.error_type.as_deref(), Some("Sandbox.Timedout"));
        assert_eq!(outcome.report.billed_ms, 1000);
        if kind == Isolation::Namespaces {
            let left = Arc::new(function("nodejs20.x", "node", "index.left"));
            assert_eq!(house.answer(&left, "null").await, "[1,[\"left-by-a-loop\"]]");
        }
    }
    // Without namespaces /tmp is the machine's.
    let _ = fs::remove_file("/tmp/left-by-a-loop");
}

/// Whether the program at the other end ends: it keeps its connection as long as it lives.
fn wait_for_its_end(listener: &TcpListener) {
    let (mut held, _) = listener.accept().unwrap();
    let mut read = Vec::new();
    // A reset is an end, too.
    let _ = held.read_to_end(&mut read);
    assert_eq!(read, b"x");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_left_its_group_ends_with_the_time_out_and_with_the_runner() {
    if !has("node") {
        return;
    }
    for kind in KINDS {
        if runner::isolation::probe() != kind && kind == Isolation::Namespaces {
            continue;
        }
        let house = House::new(|options| options.isolation = Some(kind));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut holds = function("nodejs20.x", "node", "index.holds");
        holds.timeout = Duration::from_secs(2);
        let holds = Arc::new(holds);
        let outcome = house.invoke(&holds, &format!("{{\"port\":{port},\"ms\":60000}}")).await;
        assert_eq!(outcome.error_type.as_deref(), Some("Sandbox.Timedout"));
        wait_for_its_end(&listener);
        assert_eq!(house.answer(&holds, &format!("{{\"port\":{port},\"ms\":1}}")).await, "\"holding\"");
        let (held, _) = listener.accept().unwrap();
        drop(house);
        let mut held = held;
        let _ = held.read_to_end(&mut Vec::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_of_a_live_folder_runs_at_the_next_invocation() {
    if !has("node") {
        return;
    }
    let house = House::new(|_| {});
    let code = house.folder.path().join("code");
    fs::create_dir_all(code.join("lib")).unwrap();
    fs::write(code.join("index.js"), "exports.handler = async () => require('./lib/answer').answer;")
        .unwrap();
    fs::write(code.join("lib/answer.js"), "exports.answer = 1;").unwrap();
    let mut live = function("nodejs20.x", "node", "index.handler");
    live.code = Code::Live(code.clone());
    let live = Arc::new(live);
    assert_eq!(house.answer(&live, "null").await, "1");
    assert_eq!(house.invoke(&live, "null").await.report.init, None);
    fs::write(code.join("lib/answer.js"), "exports.answer = 22;").unwrap();
    assert_eq!(house.answer(&live, "null").await, "22");
    fs::write(code.join("lib/answer.js"), "exports.answer = {;").unwrap();
    assert_eq!(house.invoke(&live, "null").await.error_type.as_deref(), Some("SyntaxError"));
    fs::write(code.join("lib/answer.js"), "exports.answer = 333;").unwrap();
    assert_eq!(house.answer(&live, "null").await, "333");
}

#[tokio::test(flavor = "multi_thread")]
async fn fixed_code_cannot_be_written_to_by_its_function() {
    if !has("node") || runner::isolation::probe() != Isolation::Namespaces {
        return;
    }
    let house = House::new(|_| {});
    let code = house.folder.path().join("code");
    fs::create_dir_all(&code).unwrap();
    fs::copy(data("node/index.js"), code.join("index.js")).unwrap();
    let mut fixed = function("nodejs20.x", "node", "index.writes");
    fixed.code = Code::Fixed(code);
    assert_eq!(house.answer(&Arc::new(fixed), "null").await, "\"EROFS\"");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_streamed_answer_comes_in_parts() {
    if !has("node") {
        return;
    }
    let house = House::new(|_| {});
    let stream = Arc::new(function("nodejs20.x", "node", "index.stream"));
    let (sender, mut parts) = mpsc::channel(64);
    let mut asked = invocation("{\"parts\":[\"a\",\"bc\"]}");
    asked.stream = Some(sender);
    let outcome = house.runner.invoke(Arc::clone(&stream), asked).await.unwrap();
    assert_eq!((outcome.error_type, outcome.payload.len()), (None, 0));
    assert_eq!(parts.recv().await, Some(StreamPart::ContentType("text/plain".to_owned())));
    let mut text = Vec::new();
    while let Some(StreamPart::Data(data)) = parts.recv().await {
        text.extend_from_slice(&data);
    }
    assert_eq!(text, b"abc");
    assert_eq!(house.answer(&stream, "{\"parts\":[\"next\"]}").await, "next");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_takes_too_long_is_begun_anew_inside_the_invocation() {
    if !has("node") || runner::isolation::probe() != Isolation::Namespaces {
        return;
    }
    let house = House::new(|options| options.init_max = Duration::from_secs(3));
    let slow = Arc::new(function("nodejs20.x", "node", "slow.handler"));
    assert_eq!(house.answer(&slow, "null").await, "\"at last\"");
    let log: Vec<String> = house.log().into_iter().map(|record| record.text).collect();
    assert!(
        log.iter().any(|line| line.starts_with("INIT_REPORT") && line.contains("Status: timeout")),
        "{log:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn layers_are_laid_over_each_other() {
    if !has("node") || !has("python3") {
        return;
    }
    let house = House::new(|_| {});
    let upper = house.folder.path().join("upper");
    fs::create_dir_all(upper.join("python")).unwrap();
    fs::write(upper.join("python/in_layer.py"), "NAME = 'in the upper layer'").unwrap();
    fs::write(upper.join("wrapper"), "#!/bin/sh\nexport OWN=wrapped\nexec \"$@\"\n").unwrap();
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(upper.join("wrapper"), fs::Permissions::from_mode(0o755)).unwrap();
    for kind in KINDS {
        if runner::isolation::probe() != kind && kind == Isolation::Namespaces {
            continue;
        }
        let house = House::new(|options| options.isolation = Some(kind));
        let mut layered = function("python3.11", "python", "app.layered");
        layered.layers = vec![data("layer")];
        assert_eq!(house.answer(&Arc::new(layered.clone()), "null").await, "\"in the layer\"");
        layered.layers = vec![data("layer"), upper.clone()];
        assert_eq!(house.answer(&Arc::new(layered), "null").await, "\"in the upper layer\"");
        let mut module = function("nodejs20.x", "node", "module.handler");
        module.layers = vec![data("layer"), upper.clone()];
        assert_eq!(house.answer(&Arc::new(module), "null").await, "[\"module.mjs\",\"in the layer\"]");
        let mut wrapped = function("nodejs20.x", "node", "index.variables");
        wrapped.layers = vec![upper.clone(), data("layer")];
        wrapped.variables.insert("AWS_LAMBDA_EXEC_WRAPPER".to_owned(), "/opt/wrapper".to_owned());
        assert_eq!(house.answer(&Arc::new(wrapped.clone()), "[\"OWN\"]").await, "[\"wrapped\"]");
        wrapped.variables.insert("AWS_LAMBDA_EXEC_WRAPPER".to_owned(), "/opt/none".to_owned());
        let outcome = house.invoke(&Arc::new(wrapped), "[]").await;
        let payload = String::from_utf8_lossy(&outcome.payload).into_owned();
        assert!(payload.ends_with("Error: Runtime exited with error: exit status 127\"}"), "{payload}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rust_program_runs_as_provided() {
    let launcher = PathBuf::from(env!("CARGO_BIN_EXE_runner-launcher"));
    let program = launcher.parent().unwrap().join("examples/provided");
    let house = House::new(|_| {});
    let code = house.folder.path().join("code");
    fs::create_dir_all(&code).unwrap();
    fs::copy(program, code.join("bootstrap")).unwrap();
    let mut counts = function("provided.al2023", "provided", "any");
    counts.code = Code::Fixed(code);
    let counts = Arc::new(counts);
    assert_eq!(house.answer(&counts, "{}").await, "1");
    assert_eq!(house.answer(&counts, "{}").await, "2");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tail_is_the_end_of_the_invocations_log() {
    if !has("python3") {
        return;
    }
    let house = House::new(|options| options.output_bytes_max = 100_000);
    let says = Arc::new(function("python3.11", "python", "app.says"));
    let outcome = house.invoke(&says, "null").await;
    let tail = String::from_utf8(outcome.log_tail).unwrap();
    let log: String = house.log().into_iter().filter(|r| r.request_id.is_some()).map(|r| r.text).collect();
    assert_eq!(tail, log);
    assert!(tail.starts_with("START RequestId: "), "{tail}");
    if has("node") {
        let mut loud = function("nodejs20.x", "node", "index.loud");
        loud.arn += ":1";
        let outcome = house.invoke(&Arc::new(loud), "{\"lines\":1000}").await;
        let tail = String::from_utf8(outcome.log_tail).unwrap();
        assert_eq!(tail.len(), 4096);
        // What a pipe still holds at the end is read after it, so how much is kept depends on the machine; its bound does not.
        let kept: usize = house.log().iter().map(|record| record.text.len()).sum();
        assert!(kept < 110_000, "{kept}");
    }
}

/// Each of them has its own answer (`cases.rs`); here they misbehave at the same time, and nobody else notices.
#[tokio::test(flavor = "multi_thread")]
async fn beside_functions_that_misbehave_no_other_call_fails() {
    if !has("node") {
        return;
    }
    let house = Arc::new(House::new(|_| {}));
    let bad = [
        ("index.loops", "null", "Sandbox.Timedout"),
        ("index.greedy", "null", "Runtime.ExitError"),
        ("index.large", r#"{"length":7000000}"#, "Function.ResponseSizeTooLarge"),
        ("index.loud", r#"{"lines":100000}"#, ""),
        ("index.exits", r#"{"status":3}"#, "Runtime.ExitError"),
        ("index.killed", r#"{"signal":"SIGKILL"}"#, "Runtime.ExitError"),
        ("index.garbage", "null", ""),
        ("nowhere.handler", "null", "Runtime.ImportModuleError"),
    ];
    let calls = bad.map(|(handler, event, error)| {
        let mut function = function("nodejs20.x", "node", handler);
        function.arn = format!("{}:{handler}", function.arn);
        if handler == "index.loops" {
            function.timeout = Duration::from_secs(1);
        }
        let (house, function) = (Arc::clone(&house), Arc::new(function));
        tokio::spawn(async move {
            let outcome = house.invoke(&function, event).await;
            assert_eq!(outcome.error_type.as_deref().unwrap_or_default(), error, "{handler}");
        })
    });
    let echo = Arc::new(function("nodejs20.x", "node", "index.echo"));
    let mut number = 0;
    while number == 0 || calls.iter().any(|call| !call.is_finished()) {
        number += 1;
        assert_eq!(house.answer(&echo, &number.to_string()).await, number.to_string());
    }
    for call in calls {
        call.await.unwrap();
    }
    assert_eq!(house.answer(&echo, "0").await, "0");
}
