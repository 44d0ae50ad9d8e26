//! The one binary, `trunkline`: reads the command line, runs a command, turns its end into an exit status.

mod aws_settings;
mod commands;
mod deployment;
mod feed;
mod grace;
mod input;
mod lambda_door;
mod listed;
mod logging;
mod names;
mod output;
mod permissions;
mod pipeline_file;
mod remote;
mod stack;
mod stretch;
mod table;
mod timeline;
mod traces;
mod trouble;
mod window;
mod wrap;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use crate::commands::Command;

/// An event is made of many small allocations, which this one makes in half the time of the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Carries Genesys Cloud events to the code that must act on them.
///
/// `trunkline dev` runs everything on this machine: a simulated Genesys Cloud org, event buses, rules, queues, and AWS's
/// APIs on one address. It needs no account, no network and no configuration.
#[derive(Debug, Parser)]
#[command(name = "trunkline", version, max_term_width = 110, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    // Between us and each function's processes stands this binary once more; nobody else starts it so.
    if std::env::args_os().nth(1).is_some_and(|first| first == runner::launcher::ARGUMENT) {
        return runner::launcher::main();
    }
    let arguments = Arguments::parse();
    arguments.command.logging().start();
    match commands::run(arguments.command, Arguments::command()) {
        Ok(code) => code,
        Err(error) => {
            output::error(&error);
            ExitCode::from(commands::BAD_INPUT)
        }
    }
}
