//! `cargo xtask clients`: AWS's own SDKs, unmodified, against the built binary.
//!
//! A virtual environment and a `node_modules` of its own lie under `.clients/`; `AWS_ENDPOINT_URL`, made-up credentials
//! and a Region are all that the tests are told. The tutorials' scripts (`clients/seeds`) run the same way.

mod docs;

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::machine::{self, Outcome};
use crate::root;
use crate::served::{RUNTIMES, RUNTIMES_VARIABLE, Served};

const USAGE: &str = "cargo xtask clients [--bin PATH | --endpoint URL] [python|python_query|seeds|node|console|genesys|browser|aws|docs ...] [-- TEST...]";

/// How the binary is started: the tests have HTTP endpoints on this machine. Whoever gives `--endpoint` starts it likewise.
const SERVE: &[&str] = &["serve", "--allow-private", "localhost"];

/// What the command line asks for.
#[derive(Clone, Debug, Default)]
struct Options {
    binary: Option<PathBuf>,
    endpoint: Option<String>,
    suites: Vec<String>,
    /// Names of Python tests, such as `test_queues.Messages`, or files of Node's, such as `seed003.test.mjs`.
    tests: Vec<String>,
}

/// One kind of client: its name and how it is made ready and run.
#[derive(Debug)]
struct Suite {
    name: &'static str,
    run: fn(&Options, &Path, &str) -> Outcome<()>,
}

const SUITES: &[Suite] = &[
    Suite { name: "python", run: python },
    Suite { name: "python_query", run: python_query },
    Suite { name: "seeds", run: seeds },
    Suite { name: "node", run: node },
    Suite { name: "console", run: console },
    Suite { name: "genesys", run: genesys },
    Suite { name: "browser", run: browser },
    Suite { name: "aws", run: aws },
    Suite { name: "docs", run: snippets },
];

pub(crate) fn run(args: &[String]) -> ExitCode {
    let outcome = options(args).and_then(|options| all(&options));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            println!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn options(args: &[String]) -> Outcome<Options> {
    let mut options = Options::default();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let mut value = || args.next().cloned().ok_or_else(|| format!("{arg} needs a value\n{USAGE}"));
        match arg.as_str() {
            "--bin" => options.binary = Some(PathBuf::from(value()?)),
            "--endpoint" => options.endpoint = Some(value()?),
            "--" => options.tests.extend(args.by_ref().cloned()),
            name if SUITES.iter().any(|suite| suite.name == name) => options.suites.push(name.to_owned()),
            other => return Err(format!("`{other}` is no suite and no option\n{USAGE}")),
        }
    }
    Ok(options)
}

fn all(options: &Options) -> Outcome<()> {
    let scratch = machine::scratch()?;
    let mut served = None;
    let mut options = options.clone();
    let endpoint = match &options.endpoint {
        Some(endpoint) => endpoint.clone(),
        None => {
            let binary = options.binary.take().map_or_else(machine::build_release, Ok)?;
            let address = served.insert(Served::start_as(&binary, SERVE)?).address;
            options.binary = Some(binary);
            format!("http://{address}")
        }
    };
    let mut broken = Vec::new();
    let asked =
        |suite: &&Suite| options.suites.is_empty() || options.suites.iter().any(|name| name == suite.name);
    for suite in SUITES.iter().filter(asked) {
        println!("clients: {}", suite.name);
        if let Err(message) = (suite.run)(&options, &scratch, &endpoint) {
            println!("clients: {message}");
            broken.push(suite.name);
        }
    }
    if let Some(served) = served.as_mut().filter(|_| !broken.is_empty()) {
        let word = if served.runs() { "still runs" } else { "has ended" };
        println!("the binary {word}; the end of its log:\n{}", served.log_end());
    }
    if broken.is_empty() { Ok(()) } else { Err(format!("clients that failed: {}", broken.join(", "))) }
}

/// What a user of AWS would have set, and nothing of the machine's own AWS configuration.
fn environment(command: &mut Command, endpoint: &str) {
    let foreign = env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_"));
    for (name, _) in foreign {
        command.env_remove(name);
    }
    let ours = BTreeMap::from([
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        ("PYTHONDONTWRITEBYTECODE", "1"),
        ("NO_PROXY", "127.0.0.1"),
    ]);
    command.envs(ours);
}

fn python(options: &Options, scratch: &Path, endpoint: &str) -> Outcome<()> {
    let mut command = unittest(scratch, endpoint, "python", "python")?;
    own_servers(&mut command, options)?;
    if options.tests.is_empty() {
        command.args(["discover", "-s", "."]);
    }
    machine::run(command.args(&options.tests))
}

/// What the README and `docs/` show.
fn snippets(options: &Options, scratch: &Path, endpoint: &str) -> Outcome<()> {
    docs::run(options.binary.as_deref(), scratch, endpoint)
}

/// The last boto3 that spoke SQS's query protocol, in an environment of its own.
fn python_query(_options: &Options, scratch: &Path, endpoint: &str) -> Outcome<()> {
    let mut command = unittest(scratch, endpoint, "python_query", "python_query")?;
    machine::run(command.args(["discover", "-s", "."]))
}

/// The tutorials' scripts want a simulated org too: they have a server of their own, unless one is named.
fn seeds(options: &Options, scratch: &Path, endpoint: &str) -> Outcome<()> {
    let file = root::path().join("clients/seeds/trunkline.yaml");
    let file = file.to_str().ok_or("the folder's name is no text")?;
    // The account that the tutorials' ARNs have.
    let account = ["--account", "123456789012"];
    let dev = [&["dev", "-f", file, "--speed", "60", "--allow-private", "localhost"][..], &account].concat();
    let runtimes = scratch.join(RUNTIMES);
    if let Some(binary) = options.binary.as_deref().filter(|_| !runtimes.join("nodejs/node_modules").is_dir())
    {
        let install = ["runtimes", "install", "node", "--to"];
        machine::run(Command::new(binary).args(install).arg(&runtimes))?;
    }
    let served = options.binary.as_deref().map(|binary| Served::start_as(binary, &dev)).transpose()?;
    let of_dev = served.as_ref().map(|served| format!("http://{}", served.address));
    let mut command = unittest(scratch, of_dev.as_deref().unwrap_or(endpoint), "seeds", "python")?;
    own_servers(&mut command, options)?;
    if options.tests.is_empty() {
        command.args(["discover", "-s", "."]);
    }
    machine::run(command.env(RUNTIMES_VARIABLE, &runtimes).args(&options.tests))
}

/// Lets tests start servers of their own, which they may kill; with `--endpoint` they cannot.
fn own_servers(command: &mut Command, options: &Options) -> Outcome<()> {
    if let Some(binary) = &options.binary {
        // They run in other folders.
        command.env("TRUNKLINE_BIN", std::path::absolute(binary).map_err(|error| error.to_string())?);
    }
    Ok(())
}

/// `python -m unittest` in one of the folders of `clients/` and in one of the environments, with the shared module of the
/// others in reach.
fn unittest(scratch: &Path, endpoint: &str, folder: &str, environment_name: &str) -> Outcome<Command> {
    let clients = root::path().join("clients");
    let requirements = match environment_name {
        "python" => clients.join("requirements.txt"),
        other => clients.join(other).join("requirements.txt"),
    };
    let mut command = Command::new(virtual_environment(&scratch.join(environment_name), &requirements)?);
    command
        .args(["-m", "unittest"])
        .current_dir(clients.join(folder))
        .env("PYTHONPATH", clients.join("python"));
    environment(&mut command, endpoint);
    Ok(command)
}

/// The Python of a virtual environment of our own, made anew when what it must hold (`wanted`) changes.
pub(crate) fn virtual_environment(folder: &Path, wanted: &Path) -> Outcome<PathBuf> {
    let python = folder.join("bin").join("python");
    if is_current(folder, &[wanted]) {
        return Ok(python);
    }
    if !works_with_venv() {
        install(&["python3", "python3-venv"])?;
    }
    machine::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder))?;
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    machine::run(pip.arg(wanted))?;
    mark_current(folder, &[wanted])?;
    Ok(python)
}

/// Debian ships Python without the part that makes an environment with pip in it.
fn works_with_venv() -> bool {
    machine::works("python3", &["-c", "import venv, ensurepip"])
}

/// A page of another origin in a real Chromium.
fn browser(_options: &Options, scratch: &Path, endpoint: &str) -> Outcome<()> {
    if !machine::works("chromium", &["--version"]) {
        install(&["chromium"])?;
    }
    let mut command = unittest(scratch, endpoint, "browser", "python")?;
    machine::run(command.args(["discover", "-s", "."]))
}

fn node(options: &Options, scratch: &Path, endpoint: &str) -> Outcome<()> {
    let clients = root::path().join("clients");
    let mut command = node_tests(&scratch.join("node"), &clients, (&clients.join("node"), &options.tests))?;
    environment(&mut command, endpoint);
    own_servers(&mut command, options)?;
    machine::run(&mut command)
}

/// A browser against the console: Debian's, since a package of browsers would be another 150 MB.
fn console(options: &Options, scratch: &Path, endpoint: &str) -> Outcome<()> {
    if !machine::works("chromium", &["--version"]) {
        install(&["chromium", "fonts-dejavu-core"])?;
    }
    let folder = root::path().join("clients").join("console");
    let mut command = node_tests(&scratch.join("console"), &folder, (&folder, &[]))?;
    environment(&mut command, endpoint);
    // One test starts a server that others can reach.
    let binary = options.binary.clone().map_or_else(machine::build_release, Ok)?;
    machine::run(command.env("TRUNKLINE_BIN", binary))
}

/// The vendor's SDKs for Genesys Cloud against a simulated org: one of its own, unless an endpoint is named, which then is `dev`.
fn genesys(options: &Options, scratch: &Path, endpoint: &str) -> Outcome<()> {
    let folder = root::path().join("clients").join("genesys");
    let served = match &options.endpoint {
        Some(_) => None,
        None => {
            let binary = options.binary.clone().map_or_else(machine::build_release, Ok)?;
            let org = folder.join("org.yaml").display().to_string();
            Some(Served::start_as(&binary, &["serve", "--genesys", &org])?)
        }
    };
    let org =
        served.as_ref().map_or_else(|| endpoint.to_owned(), |served| format!("http://{}", served.address));
    let mut python = unittest(scratch, &org, "genesys", "genesys")?;
    machine::run(python.env("TRUNKLINE_ORG", &org).args(["discover", "-s", "."]))?;
    let mut node = node_tests(&scratch.join("genesys_node"), &folder, (&folder, &[]))?;
    environment(&mut node, &org);
    machine::run(node.env("TRUNKLINE_ORG", &org))
}

/// `--to aws` against an emulator of CloudFormation and the services behind it, which the tests start on this machine.
fn aws(options: &Options, scratch: &Path, endpoint: &str) -> Outcome<()> {
    let binary = options.binary.clone().map_or_else(machine::build_release, Ok)?;
    let mut command = unittest(scratch, endpoint, "aws", "aws")?;
    machine::run(command.env("TRUNKLINE_BIN", binary).args(["discover", "-s", "."]))
}

/// `node --test` over the modules of `tests`, which are copied beside a `node_modules` of their own, because Node looks for
/// packages from the file's folder up; `package` holds what is to be installed. Of the tests those that are named, or all.
fn node_tests(folder: &Path, package: &Path, (tests, wanted_tests): (&Path, &[String])) -> Outcome<Command> {
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let npmrc = root::path().join("clients").join(".npmrc");
    let wanted = [package.join("package.json"), package.join("package-lock.json"), npmrc];
    let wanted: Vec<&Path> = wanted.iter().map(PathBuf::as_path).collect();
    if !is_current(folder, &wanted) {
        if !(machine::works("node", &["--version"]) && machine::works("npm", &["--version"])) {
            install(&["nodejs", "npm"])?;
        }
        copy_into(&wanted, folder)?;
        machine::run(Command::new("npm").args(["ci", "--silent", "--no-progress"]).current_dir(folder))?;
        mark_current(folder, &wanted)?;
    }
    let tests = modules(tests)?;
    copy_into(&tests.iter().map(PathBuf::as_path).collect::<Vec<_>>(), folder)?;
    let names = tests.iter().filter_map(|path| path.file_name());
    let names = names.filter(|name| {
        let name = name.to_string_lossy();
        let is_wanted = wanted_tests.is_empty() || wanted_tests.iter().any(|wanted| *wanted == name);
        name.ends_with(".test.mjs") && is_wanted
    });
    let mut command = Command::new("node");
    command.args(["--test", "--test-reporter=spec"]).args(names).current_dir(folder);
    Ok(command)
}

fn modules(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "mjs" || ending == "cjs"));
    paths.sort();
    Ok(paths)
}

fn copy_into(files: &[&Path], folder: &Path) -> Outcome<()> {
    for file in files {
        let name = file.file_name().unwrap_or_default();
        fs::copy(file, folder.join(name)).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(())
}

/// Installs what a bare Debian lacks, where we may; says what to install where we may not.
fn install(packages: &[&str]) -> Outcome<()> {
    let names = packages.join(" ");
    if !machine::works("sh", &["-c", "test \"$(id -u)\" = 0 && command -v apt-get"]) {
        return Err(format!("please install {names}"));
    }
    println!("clients: installing {names}");
    machine::run(Command::new("apt-get").args(["-qq", "update"]))?;
    let mut command = Command::new("apt-get");
    machine::run(
        command.env("DEBIAN_FRONTEND", "noninteractive").args(["-qq", "-y", "install"]).args(packages),
    )
}

/// Whether `folder` was made from these very files.
fn is_current(folder: &Path, files: &[&Path]) -> bool {
    fs::read(folder.join("made-from")).is_ok_and(|made_from| made_from == contents(files))
}

fn mark_current(folder: &Path, files: &[&Path]) -> Outcome<()> {
    fs::write(folder.join("made-from"), contents(files))
        .map_err(|error| format!("{}: {error}", folder.display()))
}

fn contents(files: &[&Path]) -> Vec<u8> {
    files.iter().flat_map(|file| fs::read(file).unwrap_or_default()).collect()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::options;

    fn parse(args: &[&str]) -> Result<super::Options, String> {
        options(&args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn the_command_line_is_read() {
        let options = parse(&["--bin", "/x", "python", "--", "test_queues"]).expect("it is right");
        assert_eq!(options.binary, Some(PathBuf::from("/x")));
        assert_eq!(
            (options.suites, options.tests),
            (vec!["python".to_owned()], vec!["test_queues".to_owned()])
        );
    }

    #[test]
    fn a_wrong_command_line_is_told() {
        assert!(parse(&["ruby"]).expect_err("no such suite").contains("ruby"));
        assert!(parse(&["--bin"]).expect_err("no path").contains("--bin needs a value"));
    }
}
