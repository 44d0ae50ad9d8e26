//! What was acknowledged is there after a kill and after a failing disk: a process of its own works on a file, and ends badly.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::{env, thread};

use aws::Scope;
use serde_json::{Value, json};
use tables::Tables;

use crate::{ask, open, with_table};

/// Tells the child where its file is.
const FOLDER: &str = "TABLES_KILLED_FOLDER";
const WORKERS: u64 = 4;
/// Acknowledgements before a kill.
const ACKNOWLEDGED: usize = 120;
const MARK: &str = "acknowledged ";

fn put(id: &str, owner: u64) -> Value {
    json!({"TableName": "leases", "Item": {"id": {"S": id}, "owner": {"S": owner.to_string()}},
        "ConditionExpression": "attribute_not_exists(id)"})
}

/// Says it at once, past the harness.
fn tell(words: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{MARK}{words}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

fn of_child() -> Option<Tables> {
    let folder = env::var_os(FOLDER)?;
    let file = Path::new(&folder).join("tables.sqlite");
    Some(Tables::open(&file, Scope::new("123456789012", "eu-west-1")).unwrap())
}

/// Not a test but the work of a child: all workers try for the same leases, and each writes pairs of its own.
#[test]
fn child_that_is_killed() {
    let Some(tables) = of_child() else { return };
    let round = env::var("TABLES_KILLED_ROUND").unwrap();
    thread::scope(|scope| {
        for worker in 0..WORKERS {
            let (tables, round) = (&tables, &round);
            scope.spawn(move || {
                for number in 0_u64.. {
                    try_for(tables, (round.as_str(), number), worker);
                }
            });
        }
    });
}

/// One lease that all try for, and a pair of this worker's own.
fn try_for(tables: &Tables, (round, number): (&str, u64), worker: u64) {
    if ask(tables, "PutItem", &put(&format!("{round}-lease-{number}"), worker)).is_ok() {
        tell(&format!("{round}-lease-{number} {worker}"));
    }
    let half = |half: &str| json!({"Put": put(&format!("{round}-{worker}-{number}-{half}"), worker)});
    let pair = json!({"TransactItems": [half("a"), half("b")]});
    ask(tables, "TransactWriteItems", &pair).unwrap();
    tell(&format!("{round}-{worker}-{number}-a {worker}"));
}

/// Not a test but the work of a child whose files may not grow: it writes until that fails.
#[test]
fn child_whose_disk_fails() {
    let Some(tables) = of_child() else { return };
    let stopped = tables.stopped();
    for number in 0_u64.. {
        let mut item = put(&format!("n-{number}"), 0);
        item["Item"]["filler"] = json!({"S": "f".repeat(8 << 10)});
        if let Err(error) = ask(&tables, "PutItem", &item) {
            assert_eq!((error.status, stopped.borrow().is_some()), (500, true), "{error:?}");
            break;
        }
        tell(&format!("n-{number} 0"));
    }
    // Nothing is acknowledged any more, however small.
    assert_eq!(ask(&tables, "PutItem", &put("after", 0)).unwrap_err().code, "InternalServerError");
    tell("stopped 0");
}

/// This very program, at the work of a child; `before` is what a shell does first.
fn child(work: &str, folder: &Path, before: &str) -> Child {
    let exec = format!("{before} exec \"$0\" \"$@\"");
    Command::new("sh")
        .args(["-c", &exec])
        .arg(env::current_exe().unwrap())
        .args([&format!("killed::{work}"), "--exact", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Every item and its owner.
fn items(tables: &Tables) -> BTreeMap<String, String> {
    let (mut all, mut start) = (BTreeMap::new(), Value::Null);
    loop {
        let mut request = json!({"TableName": "leases", "ProjectionExpression": "id, #o",
            "ExpressionAttributeNames": {"#o": "owner"}});
        if !start.is_null() {
            request["ExclusiveStartKey"] = start.clone();
        }
        let page = ask(tables, "Scan", &request).unwrap();
        for item in page["Items"].as_array().unwrap() {
            let text = |name: &str| item[name]["S"].as_str().unwrap().to_owned();
            all.insert(text("id"), text("owner"));
        }
        start = page["LastEvaluatedKey"].clone();
        if start.is_null() {
            return all;
        }
    }
}

/// What a line acknowledges: an item and its owner.
fn acknowledged(line: &str) -> Option<(String, String)> {
    // The harness's own words may stand before ours on the line.
    let (id, owner) = line.split_once(MARK)?.1.split_once(' ')?;
    Some((id.to_owned(), owner.to_owned()))
}

#[test]
fn a_kill_takes_nothing_that_was_acknowledged_and_halves_no_transaction() {
    let folder = tempfile::tempdir().unwrap();
    drop(with_table(&folder));
    for round in 0..3 {
        let mut child = child(
            "child_that_is_killed",
            folder.path(),
            &format!("TABLES_KILLED_ROUND={round}; export TABLES_KILLED_ROUND;"),
        );
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut told: Vec<(String, String)> = Vec::new();
        while told.len() < ACKNOWLEDGED {
            let line = lines.next().expect("it ended by itself").unwrap();
            told.extend(acknowledged(&line));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What it had said before it ended counts too; a last line may be cut off.
        told.extend(lines.map_while(Result::ok).filter_map(|line| acknowledged(&line)));
        let mut taken = BTreeSet::new();
        let items = items(&open(&folder));
        for (id, owner) in &told {
            assert!(taken.insert(id), "{id} was given to two");
            assert_eq!(items.get(id), Some(owner), "{id}");
        }
        for id in items.keys() {
            let other = id.strip_suffix("-a").map(|pair| format!("{pair}-b"));
            let other = other.or_else(|| id.strip_suffix("-b").map(|pair| format!("{pair}-a")));
            assert!(other.is_none_or(|other| items.contains_key(&other)), "half of a transaction: {id}");
        }
    }
}

#[test]
fn after_the_first_failure_of_the_disk_nothing_is_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    drop(with_table(&folder));
    // A file that may not grow fails as a disk does, where the signal is ignored.
    let child = child("child_whose_disk_fails", folder.path(), "trap '' XFSZ; ulimit -f 2000;");
    let ended = child.wait_with_output().unwrap();
    let told = String::from_utf8(ended.stdout).unwrap();
    assert!(ended.status.success(), "{told}");
    let told: Vec<(String, String)> = told.lines().filter_map(acknowledged).collect();
    assert_eq!(told.last().map(|(word, _)| word.as_str()), Some("stopped"));
    let items = items(&open(&folder));
    assert!(told.len() > 10 && !items.contains_key("after"));
    for (id, owner) in told.iter().filter(|(id, _)| id != "stopped") {
        assert_eq!(items.get(id), Some(owner), "{id}");
    }
}
