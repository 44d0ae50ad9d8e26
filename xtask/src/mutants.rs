//! `cargo xtask mutants`: a sample of small changes to the product, each of which a test should notice.

use std::path::Path;
use std::process::{Command, ExitCode};

use serde_json::Value;

use crate::machine::{self, Outcome};
use crate::{options, root};

const USAGE: &str = "cargo xtask mutants [--sample 300] [--seed 1] [--package NAME]";

/// Below this share of caught mutants, in percent, the chore fails.
const CAUGHT_PERCENT_MIN: u64 = 85;

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    /// Number of mutants.
    sample: usize,
    /// Decides which they are.
    seed: u64,
    /// Only those of this crate.
    package: Option<String>,
}

/// Runs the chore.
pub(crate) fn run(args: &[String]) -> ExitCode {
    machine::exit(options(args).and_then(|options| examine(&options)))
}

fn options(args: &[String]) -> Outcome<Options> {
    let mut options = Options { sample: 300, seed: 1, package: None };
    options::read(args, &[], USAGE, |option, value| {
        match option {
            "--sample" => options.sample = value.number()?,
            "--seed" => options.seed = value.number()?,
            "--package" => options.package = Some(value.text()),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(options)
}

fn examine(options: &Options) -> Outcome<()> {
    if !machine::works("cargo", &["mutants", "--version"]) {
        machine::run(Command::new("cargo").args(["install", "--locked", "cargo-mutants"]))?;
    }
    let chosen = chosen(list(options)?, options);
    if chosen.is_empty() {
        return Err(format!("there is nothing to change\n{USAGE}"));
    }
    println!("{} mutants, seed {}", chosen.len(), options.seed);
    let folder = machine::scratch()?.join("mutants");
    let mut command = cargo_mutants(options);
    command.arg("--no-shuffle").arg("--output").arg(&folder);
    for name in &chosen {
        command.arg("--re").arg(format!("^{}$", escaped(name)));
    }
    // Its exit status says that some were missed; how many, its report says.
    let status = command.status().map_err(|error| format!("cargo mutants cannot start: {error}"))?;
    let tally = Tally::read(&folder.join("mutants.out").join("outcomes.json"))
        .map_err(|error| format!("cargo mutants ended with {status}: {error}"))?;
    tally.tell()
}

fn cargo_mutants(options: &Options) -> Command {
    let mut command = Command::new("cargo");
    command.arg("mutants").current_dir(root::path());
    match &options.package {
        Some(package) => command.args(["--package", package]),
        None => command.arg("--workspace"),
    };
    command
}

/// The names of all mutants of the product, one a place and a change.
fn list(options: &Options) -> Outcome<Vec<String>> {
    let output = cargo_mutants(options).arg("--list").output();
    let output = output.map_err(|error| format!("cargo mutants cannot start: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let names = String::from_utf8_lossy(&output.stdout);
    // The chores and the fuzz targets are no product.
    Ok(names.lines().filter(|name| name.starts_with("crates/")).map(str::to_owned).collect())
}

/// A sample that does not depend on the order of the list: the names whose hashes with the seed are the smallest. So a
/// change to one file leaves most of the sample as it was.
fn chosen(mut names: Vec<String>, options: &Options) -> Vec<String> {
    names.sort_by_cached_key(|name| (hash(options.seed, name), name.clone()));
    names.truncate(options.sample);
    names
}

/// FNV-1a, its bits mixed once more so that the high ones depend on all of the text.
fn hash(seed: u64, text: &str) -> u64 {
    let bytes = seed.to_be_bytes().into_iter().chain(text.bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash ^ (hash >> 32)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// A regular expression that matches the text and nothing else.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if r"\.+*?()|[]{}^$#&-~".contains(character) {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

/// What became of the mutants.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    /// Noticed by a test, or so slow that a test's patience ended.
    caught: u64,
    /// Those that do not compile say nothing.
    unviable: u64,
    missed: Vec<String>,
}

impl Tally {
    fn read(file: &Path) -> Outcome<Self> {
        let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let report: Value =
            serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?;
        Ok(Self::of(&report))
    }

    fn of(report: &Value) -> Self {
        let mut tally = Self::default();
        for outcome in report.get("outcomes").and_then(Value::as_array).into_iter().flatten() {
            let Some(name) = outcome.pointer("/scenario/Mutant/name").and_then(Value::as_str) else {
                continue;
            };
            match outcome.get("summary").and_then(Value::as_str).unwrap_or_default() {
                "CaughtMutant" | "Timeout" => tally.caught += 1,
                "MissedMutant" => tally.missed.push(name.to_owned()),
                _ => tally.unviable += 1,
            }
        }
        tally
    }

    /// # Errors
    /// Where too few were caught.
    fn tell(&self) -> Outcome<()> {
        self.missed.iter().for_each(|name| println!("missed  {name}"));
        let missed = u64::try_from(self.missed.len()).unwrap_or(u64::MAX);
        let viable = self.caught + missed;
        let percent = (self.caught * 100).checked_div(viable).ok_or("no mutant was tested")?;
        println!(
            "{} caught, {missed} missed, {} do not compile: {percent} % caught",
            self.caught, self.unviable
        );
        if percent < CAUGHT_PERCENT_MIN {
            return Err(format!("fewer than {CAUGHT_PERCENT_MIN} % of the mutants were caught"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Options, Tally, chosen, escaped};

    fn names(count: u32) -> Vec<String> {
        (0..count).map(|n| format!("crates/a/src/lib.rs:{n}:1: replace f -> bool with true")).collect()
    }

    #[test]
    fn a_seed_chooses_the_same_mutants_and_a_new_one_displaces_at_most_one() {
        let options = Options { sample: 10, seed: 1, package: None };
        let sample = chosen(names(100), &options);
        assert_eq!(sample, chosen(names(100).into_iter().rev().collect(), &options));
        assert_ne!(sample, chosen(names(100), &Options { seed: 2, ..options }));
        let options = Options { sample: 10, seed: 1, package: None };
        let with_one_more = chosen(names(101), &options);
        assert!(sample.iter().filter(|name| !with_one_more.contains(name)).count() <= 1);
    }

    #[test]
    fn a_name_matches_itself_alone() {
        assert_eq!(escaped("src/a.rs:1:2: f -> Vec<u8>"), r"src/a\.rs:1:2: f \-> Vec<u8>");
    }

    #[test]
    fn a_report_is_counted() {
        let outcome =
            |summary: &str, name: &str| json!({"scenario": {"Mutant": {"name": name}}, "summary": summary});
        let report = json!({"outcomes": [
            {"scenario": "Baseline", "summary": "Success"},
            outcome("CaughtMutant", "a"), outcome("MissedMutant", "b"), outcome("Unviable", "c"), outcome("Timeout", "d"),
        ]});
        let tally = Tally::of(&report);
        assert_eq!(tally, Tally { caught: 2, unviable: 1, missed: vec!["b".to_owned()] });
        assert!(tally.tell().is_err());
        assert!(Tally { caught: 17, unviable: 0, missed: vec![String::new(); 3] }.tell().is_ok());
        assert!(Tally::default().tell().is_err());
    }
}
