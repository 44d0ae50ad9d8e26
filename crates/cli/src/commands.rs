//! The commands: one file each, one line here.

mod audit;
mod check;
mod completions;
mod dev;
mod dlq;
mod events;
mod explain;
mod fsck;
mod genesys;
mod init;
mod queue;
mod replay;
mod rule;
mod serve;
mod simulate;
mod tail;
mod test;
mod torture;
mod why;

use std::process::ExitCode;

use clap::Subcommand;

use crate::logging::Logging;

/// Exit status of bad input; 1 is "no match" or "something is wrong", 0 is success.
pub(crate) const BAD_INPUT: u8 = 2;

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run everything on this machine: a simulated Genesys Cloud org, buses, rules, queues, AWS's APIs, a worker
    Dev(dev::Arguments),
    /// Run the server alone: AWS's APIs on one address, and the durable store
    Serve(serve::Arguments),
    /// Say whether a pattern matches an event, and if not, why not
    Explain(explain::Arguments),
    /// Show the events of a bus as they come
    Tail(tail::Arguments),
    /// Show the trip of one event, or the last events of a bus
    Events(events::Arguments),
    /// Say why events matched no rule, grouped by the nearest rule and the reason
    Why(why::Arguments),
    /// Run events again: in order, at a chosen speed, to one rule or target only, or only to see what would match
    Replay(replay::Arguments),
    /// Look at dead letters, send them again, or throw them away
    Dlq(dlq::Arguments),
    /// Look at queues
    Queue(queue::Arguments),
    /// Look at rules
    Rule(rule::Arguments),
    /// Show what became of everything that was accepted, as a table that balances
    Audit(audit::Arguments),
    /// Check a data folder for damage, and save what is intact of a damaged one
    Fsck(fsck::Arguments),
    /// Write the sample pipeline, commented, as trunkline.yaml
    Init(init::Arguments),
    /// Find all mistakes of a pipeline file at once
    Check(check::Arguments),
    /// Run the tests of a pipeline file
    Test(test::Arguments),
    /// Connect a Genesys Cloud org to an AWS account, look at it, and find what did not arrive
    Genesys(genesys::Arguments),
    /// Print the events of a simulated Genesys Cloud org, one a line
    Simulate(simulate::Arguments),
    /// Kill a server under load again and again, and prove that nothing acknowledged is lost
    Torture(torture::Arguments),
    /// Print the completions of a shell, to be read by it at its start
    Completions(completions::Arguments),
}

impl Command {
    /// How it logs: servers as their arguments say, the others as the environment does.
    pub(crate) fn logging(&self) -> Logging {
        match self {
            Self::Dev(arguments) => arguments.logging().clone(),
            Self::Serve(arguments) => arguments.logging().clone(),
            _ => Logging::of_environment(),
        }
    }
}

/// Runs a command; `whole` describes the whole command line.
///
/// # Errors
/// A sentence for a person, which `main` prints; the exit status is then 2.
pub(crate) fn run(command: Command, whole: clap::Command) -> Result<ExitCode, String> {
    match command {
        Command::Dev(arguments) => dev::run(&arguments),
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Tail(arguments) => tail::run(&arguments),
        Command::Events(arguments) => events::run(&arguments),
        Command::Why(arguments) => why::run(&arguments),
        Command::Replay(arguments) => replay::run(&arguments),
        Command::Dlq(arguments) => dlq::run(&arguments),
        Command::Queue(arguments) => queue::run(&arguments),
        Command::Rule(arguments) => rule::run(&arguments),
        Command::Audit(arguments) => audit::run(&arguments),
        Command::Fsck(arguments) => fsck::run(&arguments),
        Command::Init(arguments) => init::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Test(arguments) => test::run(&arguments),
        Command::Genesys(arguments) => genesys::run(&arguments),
        Command::Simulate(arguments) => simulate::run(&arguments),
        Command::Torture(arguments) => torture::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments, whole),
    }
}
