//! The snippets of the README and of `docs/`: each fenced block that is marked is run as its reader would run it.
//!
//! Behind the language stands `run` (a shell block, in a folder of its own, against the server), `run N` where it ends with the
//! status N, or `check` (a whole pipeline file, for `trunkline check`).

use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::clients::{environment, virtual_environment};
use crate::machine::Outcome;
use crate::root;

/// What the documents call the address of a server.
const DOCUMENTED: &str = "http://127.0.0.1:4566";
/// The line that a reader runs once; here the packages are there already.
const INSTALL: &str = "pip install boto3\n";

/// A marked block.
#[derive(Debug, PartialEq, Eq)]
struct Snippet {
    /// Where it begins, as `README.md:37`.
    place: String,
    action: Action,
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    /// Run by a shell; ends with this status.
    Run(i32),
    Check,
}

/// Where snippets run.
struct Bench<'a> {
    endpoint: &'a str,
    /// Holds `trunkline` and the Python with boto3.
    path: String,
    folder: PathBuf,
}

/// Runs them all; every one that fails is named.
pub(super) fn run(binary: Option<&Path>, scratch: &Path, endpoint: &str) -> Outcome<()> {
    let requirements = root::path().join("clients/requirements.txt");
    let python = virtual_environment(&scratch.join("python"), &requirements)?;
    let folder = scratch.join("docs");
    // What an earlier run left would be found again.
    drop(fs::remove_dir_all(&folder));
    let tools = folder.join("bin");
    fs::create_dir_all(&tools).map_err(|error| format!("{}: {error}", tools.display()))?;
    if let Some(binary) = binary {
        let binary = binary.canonicalize().map_err(|error| format!("{}: {error}", binary.display()))?;
        symlink(binary, tools.join("trunkline")).map_err(|error| format!("trunkline: {error}"))?;
    }
    let beside = python.parent().unwrap_or(Path::new("/")).display();
    let path = format!("{}:{beside}:{}", tools.display(), env::var("PATH").unwrap_or_default());
    let bench = Bench { endpoint, path, folder };
    let snippets = all()?;
    if snippets.is_empty() {
        return Err("no snippet is marked `run` or `check`".to_owned());
    }
    let mut failed = Vec::new();
    for (number, snippet) in snippets.iter().enumerate() {
        println!("docs: {}", snippet.place);
        if let Err(why) = bench.try_one(number, snippet) {
            println!("docs: {}: {why}", snippet.place);
            failed.push(snippet.place.as_str());
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("snippets that failed: {}", failed.join(", "))) }
}

impl Bench<'_> {
    fn try_one(&self, number: usize, snippet: &Snippet) -> Outcome<()> {
        let folder = self.folder.join(number.to_string());
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let text = snippet.text.replace(DOCUMENTED, self.endpoint).replace(INSTALL, "");
        let (mut command, wanted) = match snippet.action {
            Action::Run(status) => {
                let mut command = Command::new("bash");
                command.args(["-eu", "-o", "pipefail", "-c", &text]);
                (command, status)
            }
            Action::Check => {
                let file = folder.join("trunkline.yaml");
                fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))?;
                let mut command = Command::new("trunkline");
                command.args(["check", "--allow-missing-env"]);
                (command, 0)
            }
        };
        environment(&mut command, self.endpoint);
        let status = command.env("PATH", &self.path).current_dir(&folder).status();
        match status.map_err(|error| error.to_string())?.code() {
            Some(code) if code == wanted => Ok(()),
            other => Err(format!("ended with {other:?} instead of {wanted}")),
        }
    }
}

fn all() -> Outcome<Vec<Snippet>> {
    let mut files = vec![root::path().join("README.md")];
    let docs = root::path().join("docs");
    let listed = fs::read_dir(&docs).map_err(|error| format!("{}: {error}", docs.display()))?;
    files.extend(listed.filter_map(|entry| Some(entry.ok()?.path())));
    files.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    files.sort();
    let mut snippets = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        snippets.extend(marked(&name, &text)?);
    }
    Ok(snippets)
}

/// The marked blocks of a document.
fn marked(name: &str, text: &str) -> Outcome<Vec<Snippet>> {
    let mut snippets = Vec::new();
    let mut open: Option<(String, Option<Action>, String)> = None;
    for (index, line) in text.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => {
                let place = format!("{name}:{}", index + 1);
                let action = action(info).map_err(|why| format!("{place}: {why}"))?;
                open = Some((place, action, String::new()));
            }
            (Some(_), Some(_)) => {
                if let Some((place, Some(action), text)) = open.take() {
                    snippets.push(Snippet { place, action, text });
                }
            }
            (Some((_, _, block)), None) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, None) => {}
        }
    }
    Ok(snippets)
}

/// What stands behind a block's language.
fn action(info: &str) -> Outcome<Option<Action>> {
    let mut words = info.split_whitespace().skip(1);
    match (words.next(), words.next()) {
        (None, _) => Ok(None),
        (Some("check"), None) => Ok(Some(Action::Check)),
        (Some("run"), None) => Ok(Some(Action::Run(0))),
        (Some("run"), Some(status)) => status
            .parse()
            .map(|status| Some(Action::Run(status)))
            .map_err(|_| format!("`{status}` is no status")),
        (Some(other), _) => Err(format!("`{other}` marks nothing; there are `run`, `run N` and `check`")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Action, Snippet, marked};

    #[test]
    fn marked_blocks_are_found_and_others_are_left() {
        let text = "a\n```sh run 1\nfalse\n```\n```yaml\nx: 1\n```\n```yaml check\nversion: 1\n```\n";
        let snippet = |place: &str, action, text: &str| Snippet {
            place: place.to_owned(),
            action,
            text: text.to_owned(),
        };
        assert_eq!(
            marked("A.md", text),
            Ok(vec![
                snippet("A.md:2", Action::Run(1), "false\n"),
                snippet("A.md:8", Action::Check, "version: 1\n"),
            ])
        );
        assert!(marked("A.md", "```sh rum\n```\n").is_err());
    }
}
