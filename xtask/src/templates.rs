//! `cargo xtask templates`: cfn-lint, whose schemas are CloudFormation's own, over the templates of the golden files, of all examples, and of
//! pipelines that a generator puts together: each part alone, each two of them, all of them.
//!
//! The tests of `provision` hold the golden files to what `trunkline export` renders. cfn-lint lies in an environment of its own under
//! `.clients/`.

mod parts;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::clients::virtual_environment;
use crate::machine::{self, Outcome};
use crate::options;
use crate::root;

const TEMPLATES: &str = "crates/provision/tests/data/cloudformation";
const EXAMPLES: &str = "examples";
/// A runtime of an example that AWS will retire: told by the day, and no fault of the template.
const DEPRECATION: &str = "W2531";
const USAGE: &str = "cargo xtask templates [--bin PATH]";

pub(crate) fn run(args: &[String]) -> ExitCode {
    machine::exit(all(args))
}

fn all(args: &[String]) -> Outcome<()> {
    let mut named = None;
    options::read(args, &[], USAGE, |option, value| {
        if option == "--bin" {
            named = Some(value.path());
        }
        Ok(option == "--bin")
    })?;
    let binary = named.map_or_else(machine::build_release, Ok)?;
    let mut templates = golden()?;
    let folder = machine::scratch()?.join("rendered");
    drop(fs::remove_dir_all(&folder));
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for (name, file) in examples()? {
        templates.extend(rendered(&binary, &file, &folder.join(format!("example-{name}.template")))?);
    }
    for (name, text) in parts::pipelines() {
        let file = folder.join(format!("{name}.yaml"));
        fs::write(&file, text).map_err(|error| error.to_string())?;
        let template = folder.join(format!("{name}.template"));
        templates.extend(rendered(&binary, &file, &template)?);
    }
    let requirements = root::path().join("clients/templates/requirements.txt");
    let python = virtual_environment(&machine::scratch()?.join("templates"), &requirements)?;
    let mut lint = Command::new(python.with_file_name("cfn-lint"));
    machine::run(lint.args(&templates).args(["--ignore-checks", DEPRECATION]))?;
    println!("{} templates, nothing wrong", templates.len());
    Ok(())
}

fn golden() -> Outcome<Vec<PathBuf>> {
    let folder = root::path().join(TEMPLATES);
    let mut templates = files(&folder)?;
    templates.retain(|path| path.extension() == Some(OsStr::new("template")));
    if templates.is_empty() {
        return Err(format!("{} has no templates", folder.display()));
    }
    Ok(templates)
}

/// The pipeline files of the examples, by their folders' names.
fn examples() -> Outcome<Vec<(String, PathBuf)>> {
    let folders = files(&root::path().join(EXAMPLES))?;
    let name = |folder: &Path| folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let all: Vec<(String, PathBuf)> = folders
        .iter()
        .map(|folder| (name(folder), folder.join("trunkline.yaml")))
        .filter(|(_, file)| file.is_file())
        .collect();
    if all.is_empty() { Err(format!("{EXAMPLES} has no pipeline files")) } else { Ok(all) }
}

fn files(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let all: BTreeSet<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    Ok(all.into_iter().collect())
}

/// Renders a file; `None` where nothing of it is a resource on AWS.
fn rendered(binary: &Path, file: &Path, template: &Path) -> Outcome<Option<PathBuf>> {
    let mut export = Command::new(binary);
    export.arg("export").arg("-f").arg(file);
    // What a file may name of the environment.
    for name in variables_of(file)? {
        export.env(name, "value-of-the-environment");
    }
    let output = export.output().map_err(|error| format!("{}: {error}", binary.display()))?;
    if !output.status.success() {
        return Err(format!("{}: {}", file.display(), String::from_utf8_lossy(&output.stderr)));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    if text.contains("\"Resources\": {}") {
        return Ok(None);
    }
    fs::write(template, text.as_bytes()).map_err(|error| error.to_string())?;
    Ok(Some(template.to_owned()))
}

/// The variables of the environment that a file names.
fn variables_of(file: &Path) -> Outcome<Vec<String>> {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let names = text.split("${env:").skip(1);
    Ok(names.filter_map(|rest| Some(rest.split(['}', ':']).next()?.to_owned())).collect())
}
