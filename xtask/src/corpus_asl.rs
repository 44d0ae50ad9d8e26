//! `cargo xtask corpus-asl FILE [--history]`: drives the state machines' interpreter over cases recorded from AWS.
//!
//! The format of the file is told beside it. Tasks answer what AWS's recorded; everything else is computed.

mod case;
mod compare;
mod matching;
mod test_state;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::Value;

use crate::corpus_asl::case::{Case, Verdict};

/// How many of a thousand cases must pass, of those that are run: status, output, error and cause.
const PER_MILLE_MIN: usize = 995;
/// How many of a thousand recorded histories must be equal.
const HISTORIES_PER_MILLE_MIN: usize = 960;

const USAGE: &str = "usage: cargo xtask corpus-asl FILE [--history] [--only TEXT]";

/// What one kind of case comes to.
#[derive(Debug, Default)]
struct Tally {
    cases: usize,
    passed: usize,
    histories: usize,
    same: usize,
    reordered: usize,
    left_out: usize,
}

/// What is asked of the run.
#[derive(Debug, Default)]
struct Wish {
    file: PathBuf,
    histories: bool,
    only: Option<String>,
}

/// Prints a table by kind and every difference; fails under the thresholds.
pub(crate) fn run(args: &[String]) -> ExitCode {
    match read(args).and_then(|wish| check(&wish)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn read(args: &[String]) -> Result<Wish, String> {
    let mut wish = Wish::default();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--history" => wish.histories = true,
            "--only" => wish.only = Some(args.next().ok_or(USAGE)?.clone()),
            file if !file.starts_with('-') && wish.file.as_os_str().is_empty() => {
                wish.file = PathBuf::from(file)
            }
            _ => return Err(USAGE.to_owned()),
        }
    }
    if wish.file.as_os_str().is_empty() { Err(USAGE.to_owned()) } else { Ok(wish) }
}

fn check(wish: &Wish) -> Result<bool, String> {
    let name = wish.file.display();
    let text = std::fs::read_to_string(&wish.file).map_err(|error| format!("{name}: {error}"))?;
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let row: Value =
            serde_json::from_str(line).map_err(|error| format!("{name}:{}: {error}", number + 1))?;
        let case = Case::new(&row);
        if wish.only.as_ref().is_some_and(|only| !case.id().contains(only.as_str())) {
            continue;
        }
        let tally = tallies.entry(case.kind().to_owned()).or_default();
        count(tally, &case, wish);
    }
    Ok(report(&tallies, wish))
}

fn count(tally: &mut Tally, case: &Case<'_>, wish: &Wish) {
    let verdict = case.run();
    let Verdict::Checked { wrong, history } = verdict else {
        tally.left_out += 1;
        return;
    };
    tally.cases += 1;
    tally.passed += usize::from(wrong.is_empty());
    for difference in &wrong {
        println!("  {}: {difference}", case.id());
    }
    match history {
        None => {}
        Some(outcome) => {
            tally.histories += 1;
            match outcome {
                Ok(compare::Order::Same) => tally.same += 1,
                Ok(compare::Order::Other) => tally.reordered += 1,
                Err(difference) if wish.histories => println!("  {}: history: {difference}", case.id()),
                Err(_) => {}
            }
        }
    }
}

fn report(tallies: &BTreeMap<String, Tally>, wish: &Wish) -> bool {
    let heads = ["kind", "cases", "pass", "%", "histories", "same", "other order", "differ", "not run"];
    println!(
        "{:<13}{:>7}{:>7}{:>7}{:>11}{:>7}{:>13}{:>8}{:>9}",
        heads[0], heads[1], heads[2], heads[3], heads[4], heads[5], heads[6], heads[7], heads[8]
    );
    let mut all = Tally::default();
    for (kind, tally) in tallies {
        row(kind, tally);
        all.cases += tally.cases;
        all.passed += tally.passed;
        all.histories += tally.histories;
        all.same += tally.same;
        all.reordered += tally.reordered;
        all.left_out += tally.left_out;
    }
    row("all", &all);
    let enough = all.passed * 1_000 >= all.cases * PER_MILLE_MIN;
    let histories =
        !wish.histories || (all.same + all.reordered) * 1_000 >= all.histories * HISTORIES_PER_MILLE_MIN;
    enough && histories
}

fn row(name: &str, tally: &Tally) {
    let per_mille = (tally.passed * 1_000).checked_div(tally.cases).unwrap_or(1_000);
    println!(
        "{name:<13}{:>7}{:>7}{:>5}.{}{:>11}{:>7}{:>13}{:>8}{:>9}",
        tally.cases,
        tally.passed,
        per_mille / 10,
        per_mille % 10,
        tally.histories,
        tally.same,
        tally.reordered,
        tally.histories - tally.same - tally.reordered,
        tally.left_out,
    );
}
