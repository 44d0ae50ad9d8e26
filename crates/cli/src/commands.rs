//! The commands: one file each, one line here.

mod apply;
mod audit;
mod backup;
mod check;
mod completions;
mod destroy;
mod dev;
mod dlq;
mod doctor;
mod events;
mod execution;
mod explain;
mod export;
mod fsck;
mod function;
mod genesys;
mod import;
mod init;
mod man;
mod new;
mod plan;
mod queue;
mod replay;
mod rule;
mod runtimes;
mod schema;
mod serve;
mod simulate;
mod table;
mod tail;
mod test;
mod top;
mod torture;
mod trigger;
mod why;
mod worker;

use std::process::ExitCode;

use clap::Subcommand;

use crate::logging::Logging;

/// Exit status of bad input; 1 is "no match" or "something is wrong", 0 is success.
pub(crate) const BAD_INPUT: u8 = 2;

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run everything on this machine: a simulated Genesys Cloud org, buses, rules, queues, a worker
    Dev(dev::Arguments),
    /// Run only the server: AWS's APIs on one address, and the durable store
    Serve(serve::Arguments),
    /// Explain whether a pattern matches an event, and if not, why
    Explain(explain::Arguments),
    /// Show the events of a bus as they arrive
    Tail(tail::Arguments),
    /// Show what happened to one event, or list the latest events of a bus
    Events(events::Arguments),
    /// Explain why events matched no rule, grouped by nearest rule and reason
    ///
    /// Each event is compared with the rules that its bus had when it was accepted. Events are kept for a day by default, or
    /// less if there are many (see --keep-hours and --keep-mib of `serve`).
    Why(why::Arguments),
    /// Replay events in order, at any speed, to one rule or target, or as a dry run
    ///
    /// Events are put on their bus again, in order, each with a `replay-name`, and matched by the rules as they are now. Events
    /// that a replay put on the bus are not replayed again. Ctrl-C cancels the replay; what was replayed stays. With --detach
    /// the server goes on alone, and AWS's ListReplays and CancelReplay apply. After a crash a replay continues where it was.
    Replay(replay::Arguments),
    /// List, show, redrive or purge dead letters
    Dlq(dlq::Arguments),
    /// List executions of state machines, show them as time lines, redrive them
    Execution(execution::Arguments),
    /// List and show queues
    Queue(queue::Arguments),
    /// List, show, call and write functions, and read their logs
    Function(function::Arguments),
    /// List what runs functions here, and fetch the AWS SDKs
    Runtimes(runtimes::Arguments),
    /// List and show DynamoDB's tables, and print their items
    Table(table::Arguments),
    /// List and show rules
    Rule(rule::Arguments),
    /// Account for everything that was accepted, in a table that balances
    Audit(audit::Arguments),
    /// Show what a running server is at, second by second
    ///
    /// Events and their rates, and the queues with the most messages. On a terminal the view is redrawn in place, elsewhere one
    /// view follows another; --limit ends it.
    Top(top::Arguments),
    /// Check a running server: books, overdue work, rules, targets, dead letters, queues, connections
    ///
    /// Each check says what it found, why it matters and how it is fixed. The exit status is 1 if any check found something.
    Doctor(doctor::Arguments),
    /// Write a backup of a data folder, also while a server uses it
    ///
    /// Store, tables and functions' code are of one moment; DynamoDB's tables wait while their file is copied. A server that
    /// runs is asked at --endpoint.
    Backup(backup::Arguments),
    /// Put a backup where no data folder is
    Restore(backup::RestoreArguments),
    /// Check a data folder for damage, and salvage what is intact
    Fsck(fsck::Arguments),
    /// Write the commented sample pipeline to trunkline.yaml
    Init(init::Arguments),
    /// Write one of the examples to a folder, or list them
    New(new::Arguments),
    /// Print the JSON Schema of the pipeline file
    ///
    /// Editors complete and check the file with it: `trunkline schema > trunkline.schema.json` beside the file, whose first
    /// line names it.
    Schema(schema::Arguments),
    /// Find all mistakes in a pipeline file
    Check(check::Arguments),
    /// Run the tests in a pipeline file
    Test(test::Arguments),
    /// Show what applying a pipeline file would create, change and delete
    Plan(plan::Arguments),
    /// Create what a pipeline file names, and delete what it no longer names
    ///
    /// The steps are shown first and done in order; the first that fails ends it. Run it again to continue. Only what the file
    /// created is ever deleted, and what somebody else created under a name of the file is adopted only with your consent.
    Apply(apply::Arguments),
    /// Delete everything that a pipeline file created
    ///
    /// Deletes what earlier applies of the file created or adopted, with the messages in it, and nothing else.
    Destroy(destroy::Arguments),
    /// Write a pipeline file for AWS CloudFormation, SAM or Terraform
    ///
    /// The template goes to standard output, what a person must know about it to standard error. Ids of Genesys queues and secrets
    /// of connections are its parameters.
    Export(export::Arguments),
    /// Turn a CloudFormation or SAM template, cdk.out or a Terraform plan into a pipeline file
    ///
    /// The file goes to standard output or to --output, what was left out and why to standard error. Nothing is invented: the file says what
    /// the source says, and passes `trunkline check`. Terraform's plan or state is read as `terraform show -json` writes it.
    Import(import::Arguments),
    /// Carry messages of queues on AWS to their targets, in any number of processes
    ///
    /// What the file's `workers` name is done on SQS and DynamoDB: with a limit of calls at a time that holds over all processes, a record of
    /// what was done, retries, and the queue's own dead letters. It runs until Ctrl-C or SIGTERM. docs/workers.md.
    Worker(worker::Arguments),
    /// Connect a Genesys Cloud org to an AWS account, and find events that did not arrive
    Genesys(genesys::Arguments),
    /// Put events on a bus as Genesys Cloud sends them or Trunkline derives them
    ///
    /// Every field that is known of the detail-type has a sample value, and each event is of a conversation of its own: `trunkline
    /// trigger conversation.end --queue Support --n 100`.
    Trigger(trigger::Arguments),
    /// Print the events of a simulated Genesys Cloud org, one per line
    Simulate(simulate::Arguments),
    /// Kill a server under load repeatedly, and prove that nothing acknowledged is lost
    Torture(torture::Arguments),
    /// Print a shell's completion script
    ///
    /// Save the output where the shell looks for it. For bash: ~/.local/share/bash-completion/completions/trunkline. For zsh:
    /// _trunkline in a folder of $fpath. For fish: ~/.config/fish/completions/trunkline.fish.
    Completions(completions::Arguments),
    /// Print the manual page, or write a page for each command
    Man(man::Arguments),
}

impl Command {
    /// How it logs: servers as their arguments say, the others as the environment does.
    pub(crate) fn logging(&self) -> Logging {
        match self {
            Self::Dev(arguments) => arguments.logging().clone(),
            Self::Serve(arguments) => arguments.logging().clone(),
            Self::Worker(arguments) => arguments.logging().clone(),
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
        Command::Execution(arguments) => execution::run(&arguments),
        Command::Queue(arguments) => queue::run(&arguments),
        Command::Function(arguments) => function::run(&arguments),
        Command::Runtimes(arguments) => runtimes::run(&arguments),
        Command::Table(arguments) => table::run(&arguments),
        Command::Rule(arguments) => rule::run(&arguments),
        Command::Audit(arguments) => audit::run(&arguments),
        Command::Top(arguments) => top::run(&arguments),
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::Backup(arguments) => backup::run(&arguments),
        Command::Restore(arguments) => backup::restore(&arguments),
        Command::Fsck(arguments) => fsck::run(&arguments),
        Command::Init(arguments) => init::run(&arguments),
        Command::New(arguments) => new::run(&arguments),
        Command::Schema(arguments) => schema::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Test(arguments) => test::run(&arguments),
        Command::Plan(arguments) => plan::run(&arguments),
        Command::Apply(arguments) => apply::run(&arguments),
        Command::Destroy(arguments) => destroy::run(&arguments),
        Command::Export(arguments) => export::run(&arguments),
        Command::Import(arguments) => import::run(&arguments),
        Command::Worker(arguments) => worker::run(&arguments),
        Command::Genesys(arguments) => genesys::run(&arguments),
        Command::Trigger(arguments) => trigger::run(&arguments),
        Command::Simulate(arguments) => simulate::run(&arguments),
        Command::Torture(arguments) => torture::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments, whole),
        Command::Man(arguments) => man::run(&arguments, whole),
    }
}
