//! The project's own chores: `cargo xtask help` lists them.
#![expect(clippy::print_stdout, reason = "chores speak to the person who runs them")]

mod bench;
mod catalogue;
mod clients;
mod concurrency;
mod corpus;
mod corpus_asl;
mod coverage;
mod dist;
mod fleet;
mod gauge;
mod machine;
mod mutants;
mod open_conversations;
mod options;
mod power_loss;
mod root;
mod served;
mod simulate;
mod soak;
mod templates;
mod tidy;

use std::env;
use std::process::ExitCode;

/// One chore.
#[derive(Debug)]
struct Task {
    name: &'static str,
    about: &'static str,
    run: fn(&[String]) -> ExitCode,
}

/// Every chore, in the order in which help lists them.
const TASKS: &[Task] = &[
    Task { name: "help", about: "this list", run: help },
    Task {
        name: "tidy",
        about: "[RULE...] check arrows, captions, sizes, dead files, links, cases",
        run: tidy::run,
    },
    Task {
        name: "clients",
        about: "[python|seeds|node|browser] AWS's own SDKs, and a web page in Chromium, against the built binary",
        run: clients::run,
    },
    Task {
        name: "templates",
        about: "cfn-lint over every CloudFormation template of the golden files",
        run: templates::run,
    },
    Task {
        name: "bench",
        about: "pipeline|delivery|queues|genesys|patterns: measures, beside the raw disk or the peers",
        run: bench::run,
    },
    Task {
        name: "power-loss",
        about: "[--points N | --damage] the store's slow proofs: crash points, every damaged byte",
        run: power_loss::run,
    },
    Task {
        name: "simulate",
        about: "[--seeds N] [--from SEED] | --seed SEED [--trace] [--planted] the whole system in one process, by seeds",
        run: simulate::run,
    },
    Task {
        name: "open-conversations",
        about: "[--conversations N] the tracker's slow proof: a million open conversations under 1 GiB of memory",
        run: open_conversations::run,
    },
    Task {
        name: "soak",
        about: "[--minutes N] [--rate N] | --queues N --messages N: hours of mixed load, or very many queues: memory and descriptors",
        run: soak::run,
    },
    Task {
        name: "concurrency",
        about: "[--function] [--events N] [--limit N] a target's limit, read from its own gauge while the binary is killed",
        run: concurrency::run,
    },
    Task {
        name: "fleet",
        about: "[--seconds N] [--workers N] `trunkline worker` in many processes that are killed and stopped: limit, effects, scaling",
        run: fleet::run,
    },
    Task {
        name: "mutants",
        about: "[--sample N] [--seed N] [--package NAME] small changes to the product that a test should notice",
        run: mutants::run,
    },
    Task {
        name: "corpus",
        about: "FILE: recorded pattern cases against the parser and the matcher",
        run: corpus::run,
    },
    Task {
        name: "corpus-asl",
        about: "FILE [--history] [--only TEXT]: recorded executions against the interpreter of state machines",
        run: corpus_asl::run,
    },
    Task {
        name: "coverage",
        about: "writes docs/coverage.md from the tables of operations",
        run: coverage::run,
    },
    Task {
        name: "dist",
        about: "[--binary FILE] the stripped binary, an archive and a Debian package, under target/dist",
        run: dist::run,
    },
    Task {
        name: "catalogue",
        about: "FILE: the topics of Genesys Cloud, written into its crate",
        run: catalogue::run,
    },
];

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let Some((name, rest)) = args.split_first() else { return help(&[]) };
    if matches!(name.as_str(), "-h" | "--help") {
        return help(&[]);
    }
    match TASKS.iter().find(|task| task.name == name) {
        Some(task) => (task.run)(rest),
        None => unknown(name),
    }
}

fn help(_args: &[String]) -> ExitCode {
    println!("cargo xtask TASK [ARGUMENTS]\n");
    for task in TASKS {
        println!("  {:<18} {}", task.name, task.about);
    }
    ExitCode::SUCCESS
}

fn unknown(name: &str) -> ExitCode {
    println!("error: no task `{name}`");
    match nearest(name) {
        Some(task) => println!("did you mean `cargo xtask {task}`?"),
        None => println!("`cargo xtask help` lists the tasks"),
    }
    ExitCode::from(2)
}

/// The task whose name is at most two edits away, or starts as the word does.
fn nearest(word: &str) -> Option<&'static str> {
    let names = TASKS.iter().map(|task| task.name);
    let (edits, name) = names.map(|name| (edits(word, name), name)).min()?;
    (edits <= 2 || (!word.is_empty() && name.starts_with(word))).then_some(name)
}

/// How many letters must be added, removed or changed to make `a` into `b`.
fn edits(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        let above: Vec<usize> = row.iter().skip(1).copied().collect();
        let mut next = vec![left];
        for (y, up) in b.chars().zip(above) {
            let cost = (up + 1).min(left + 1).min(diagonal + usize::from(x != y));
            (diagonal, left) = (up, cost);
            next.push(cost);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{edits, nearest};

    #[test]
    fn a_typo_finds_its_task() {
        assert_eq!(nearest("tdiy"), Some("tidy"));
        assert_eq!(nearest("hepl"), Some("help"));
        assert_eq!(nearest("ti"), Some("tidy"));
        assert_eq!(nearest("something"), None);
        assert_eq!((edits("", "abc"), edits("kitten", "sitting"), edits("a", "a")), (3, 3, 0));
    }
}
