//! `cargo xtask templates`: cfn-lint, whose schemas are CloudFormation's own, over every template of the golden files.
//!
//! The tests of `provision` hold those files to what `trunkline export` renders. cfn-lint lies in an environment of its own under
//! `.clients/`.

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use crate::clients::virtual_environment;
use crate::machine::{self, Outcome};
use crate::root;

const TEMPLATES: &str = "crates/provision/tests/data/cloudformation";

pub(crate) fn run(_: &[String]) -> ExitCode {
    machine::exit(all())
}

fn all() -> Outcome<()> {
    let folder = root::path().join(TEMPLATES);
    let entries = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut templates: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension() == Some(OsStr::new("template")))
        .collect();
    templates.sort();
    if templates.is_empty() {
        return Err(format!("{} has no templates", folder.display()));
    }
    let requirements = root::path().join("clients/templates/requirements.txt");
    let python = virtual_environment(&machine::scratch()?.join("templates"), &requirements)?;
    machine::run(Command::new(python.with_file_name("cfn-lint")).args(&templates))?;
    println!("{} templates, nothing wrong", templates.len());
    Ok(())
}
