//! `cargo xtask bench`: measures, side by side with what they are compared to; never a test with a clock.

mod console;
mod cycle;
mod delivery;
mod disk;
mod figures;
pub(crate) mod functions;
mod genesys;
pub(crate) mod http;
mod load;
mod pipeline;
mod queues;
mod states;
mod tables;

use std::env;
use std::process::{Command, ExitCode};

use crate::machine::{self, Outcome};
use crate::root;

/// One benchmark.
#[derive(Debug)]
struct Bench {
    name: &'static str,
    about: &'static str,
    run: fn(&[String]) -> Outcome<()>,
}

const BENCHES: &[Bench] = &[
    Bench {
        name: "pipeline",
        about: "[--seconds N] [--passes N] [--clients N] [--rate N] [--json] PutEvents -> rule -> SQS -> deleted, and the raw disk",
        run: pipeline::run,
    },
    Bench {
        name: "delivery",
        about: "[--seconds N] [--rate N] [--rules N] [--targets N] [--json] from PutEvents to the start of an HTTP target, and with one target that hangs",
        run: delivery::run,
    },
    Bench {
        name: "queues",
        about: "[--quick] [cycle|lone|store|backlog|turnover ...] send -> receive -> delete, a backlog, the store alone, and the raw disk",
        run: queues::run,
    },
    Bench {
        name: "functions",
        about: "[--seconds N] [--colds N] [--idle N] [--bin PATH] [--json] warm and cold invocations of a Node echo beside `node -e` and a raw socket, and functions that do nothing",
        run: functions::run,
    },
    Bench {
        name: "tables",
        about: "[--seconds N] [--items N] [--beside ADDRESS] [--bin PATH] [--json] puts beside the raw disk, conditional puts and gets by 64 clients, beside another server, a restart with many items",
        run: tables::run,
    },
    Bench {
        name: "states",
        about: "[--only PART] [--short] [--seconds N] [--items N] [--waiting N] [--json] executions a second, Express starts, StartSync, a map run, executions that wait",
        run: states::run,
    },
    Bench {
        name: "genesys",
        about: "[--events N] [--seconds N] [--passes N] [--json] events of the simulated org generated, and taken through tracker, bus and rule",
        run: genesys::run,
    },
    Bench {
        name: "console",
        about: "[--rules N] [--events N] [--seconds N] [--rate N] [--bin PATH] pages with many rules and kept events, and what an open Live page costs",
        run: console::run,
    },
    Bench {
        name: "patterns",
        about: "[--quick] [--ours] [NAME...] events matched a second on one core, beside the peer crate",
        run: patterns,
    },
];

/// A workspace of its own, so that the product never builds the peer that it is measured beside.
fn patterns(args: &[String]) -> Outcome<()> {
    let folder = root::path().join("bench").join("patterns");
    let mut command = Command::new(env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    machine::run(command.args(["run", "--release", "--quiet", "--"]).args(args).current_dir(folder))
}

pub(crate) fn run(args: &[String]) -> ExitCode {
    let asked = args.split_first().and_then(|(name, rest)| {
        let bench = BENCHES.iter().find(|bench| bench.name == name)?;
        Some((bench, rest))
    });
    let Some((bench, rest)) = asked else {
        println!("cargo xtask bench NAME [ARGUMENTS]\n");
        for bench in BENCHES {
            println!("  {:<10} {}", bench.name, bench.about);
        }
        return ExitCode::from(2);
    };
    match (bench.run)(rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            println!("error: {message}");
            ExitCode::FAILURE
        }
    }
}
