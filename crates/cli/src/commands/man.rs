//! `trunkline man`: the manual pages, out of the description of the command line.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::{input, output};

/// Arguments of `trunkline man`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Write a page for each command into this folder, which must exist; without it the page of `trunkline` is printed
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

/// Prints or writes them; `whole` is the description of the whole command line.
pub(crate) fn run(arguments: &Arguments, whole: clap::Command) -> Result<ExitCode, String> {
    let whole = whole.disable_help_subcommand(true);
    let Some(folder) = &arguments.out else {
        output::raw(page("trunkline", whole)?);
        return Ok(ExitCode::SUCCESS);
    };
    let pages = pages(whole, "");
    let count = pages.len();
    for (name, command) in pages {
        input::write_new(&folder.join(format!("{name}.1")), &page(&name, command)?)?;
    }
    output::line(format_args!("{count} pages are in {}; `man -l` shows one", folder.display()));
    Ok(ExitCode::SUCCESS)
}

/// A command and all below it, each by the name of its page, such as `trunkline-dlq-show`.
fn pages(command: clap::Command, above: &str) -> Vec<(String, clap::Command)> {
    let name = if above.is_empty() {
        command.get_name().to_owned()
    } else {
        format!("{above}-{}", command.get_name())
    };
    let below: Vec<clap::Command> =
        command.get_subcommands().filter(|below| !below.is_hide_set()).cloned().collect();
    let mut pages = vec![(name.clone(), command)];
    pages.extend(below.into_iter().flat_map(|below| self::pages(below, &name)));
    pages
}

fn page(name: &str, command: clap::Command) -> Result<String, String> {
    let mut bytes = Vec::new();
    clap_mangen::Man::new(command)
        .title(name)
        .render(&mut bytes)
        .map_err(|error| format!("could not write a manual page: {error}"))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
