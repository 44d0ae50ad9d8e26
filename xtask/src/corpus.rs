//! `cargo xtask corpus FILE`: runs a file of recorded pattern cases through the parser and the matcher.
//!
//! A line is a JSON object: `id`, `source_repo`, `pattern` (or `pattern_text`, where the raw text matters), `event`,
//! `expect` (`match`, `no-match`, `valid-pattern`, `invalid-pattern`), `oracle` (the verdict of AWS's own engine) and
//! perhaps `message` or `oracle_message` (the error's text).

use std::collections::BTreeMap;
use std::process::ExitCode;

use pattern::EventPattern;
use serde_json::value::RawValue;

/// Rows of this source are recorded from AWS itself; everywhere else AWS's engine decides.
const FROM_AWS: &str = "localstack/localstack";
/// How many of a thousand rows of the other sources must pass.
const PER_MILLE_MIN: usize = 999;

/// What one source comes to.
#[derive(Default)]
struct Tally {
    total: usize,
    passed: usize,
    failed: Vec<String>,
}

/// Prints a table by source and the rows that fail; fails if a row recorded from AWS does, or more than one in a
/// thousand of the others.
pub(crate) fn run(args: &[String]) -> ExitCode {
    let [file] = args else {
        println!("usage: cargo xtask corpus FILE");
        return ExitCode::from(2);
    };
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => {
            println!("error: {file}: {error}");
            return ExitCode::from(2);
        }
    };
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let Ok(row) = serde_json::from_str::<Row<'_>>(line) else {
            println!("error: {file}:{}: not a JSON object", number + 1);
            return ExitCode::from(2);
        };
        let tally = tallies.entry(text_of(&row, "source_repo").unwrap_or_default()).or_default();
        tally.total += 1;
        match check(&row) {
            Ok(()) => tally.passed += 1,
            Err(why) => tally.failed.push(format!("{}: {why}", text_of(&row, "id").unwrap_or_default())),
        }
    }
    report(&tallies)
}

type Row<'a> = BTreeMap<String, &'a RawValue>;

/// A field that is a string.
fn text_of(row: &Row<'_>, name: &str) -> Option<String> {
    serde_json::from_str(row.get(name)?.get()).ok()
}

fn check(row: &Row<'_>) -> Result<(), String> {
    let from_aws = text_of(row, "source_repo").as_deref() == Some(FROM_AWS);
    let expected = text_of(row, if from_aws { "expect" } else { "oracle" }).unwrap_or_default();
    let text = pattern_text(row);
    let pattern = match EventPattern::parse(&text) {
        Ok(_) if expected == "invalid-pattern" => return Err("accepted, must be refused".to_owned()),
        Ok(pattern) => pattern,
        Err(_) if expected != "invalid-pattern" => return Err(format!("refused, must be {expected}")),
        Err(error) => return check_message(row, &error.message),
    };
    if expected == "valid-pattern" {
        return Ok(());
    }
    let event = row.get("event").map(|raw| raw.get()).unwrap_or_default();
    let found = match pattern.matches(event.as_bytes()) {
        Ok(true) => "match",
        Ok(false) => "no-match",
        Err(error) => return Err(error.to_string()),
    };
    if found == expected { Ok(()) } else { Err(format!("{found}, must be {expected}")) }
}

/// The pattern's text. Where it is not recorded the engine's message may quote it, spaces and all.
fn pattern_text(row: &Row<'_>) -> String {
    let quoted = text_of(row, "oracle_message").and_then(|message| {
        let (_, after) = message.split_once("[Source: (String)\"")?;
        Some(after.split_once("\"; line: ")?.0.to_owned())
    });
    let raw = row.get("pattern").map(|raw| raw.get().to_owned());
    text_of(row, "pattern_text").or(quoted).or(raw).unwrap_or_default()
}

/// The error's text must be AWS's, where it is recorded.
fn check_message(row: &Row<'_>, message: &str) -> Result<(), String> {
    let Some(recorded) = text_of(row, "message").or_else(|| text_of(row, "oracle_message")) else {
        return Ok(());
    };
    let opening = "Event pattern is not valid. Reason: ";
    let mut message = message.strip_prefix(opening).unwrap_or(message).to_owned();
    if recorded.contains("<partition>") {
        // The recording hides the account's partition and region.
        message = message.replace("arn:aws:events:us-east-1", "arn:<partition>:events:<region>");
    }
    let recorded = recorded.strip_prefix(opening).unwrap_or(&recorded);
    if recorded == message { Ok(()) } else { Err(format!("says {message:?}, must say {recorded:?}")) }
}

fn report(tallies: &BTreeMap<String, Tally>) -> ExitCode {
    println!("{:<76} {:>6} {:>6} {:>6}", "source", "total", "pass", "fail");
    let (mut aws_failed, mut others, mut others_failed) = (0, 0, 0);
    for (source, tally) in tallies {
        println!("{source:<76} {:>6} {:>6} {:>6}", tally.total, tally.passed, tally.failed.len());
        if source == FROM_AWS {
            aws_failed += tally.failed.len();
        } else {
            others += tally.total;
            others_failed += tally.failed.len();
        }
    }
    for failed in tallies.values().flat_map(|tally| &tally.failed) {
        println!("  {failed}");
    }
    let enough = (others - others_failed) * 1000 >= others * PER_MILLE_MIN;
    println!(
        "recorded from AWS: {aws_failed} fail; the others: {others_failed} of {others} fail, {}",
        if enough { "at least 99.9 % pass" } else { "fewer than 99.9 % pass" }
    );
    if aws_failed == 0 && enough { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
