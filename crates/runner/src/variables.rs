//! The environment variables of a function's process: AWS's, from an empty environment, and the function's own.

use std::collections::BTreeMap;
use std::path::Path;

use crate::function::{Function, LogFormat};
use crate::options::RunnerOptions;
use crate::runtime::Language;

/// Where the parts of an environment are.
#[derive(Debug)]
pub(crate) struct Places<'a> {
    /// `host:port` of its Runtime API.
    pub(crate) api: String,
    pub(crate) task_root: &'a Path,
    /// `/opt`, or the folder that stands for it.
    pub(crate) opt: &'a str,
    /// Where the bootstraps are.
    pub(crate) runtime: &'a Path,
    pub(crate) interpreter: Option<&'a Path>,
    pub(crate) log_stream: &'a str,
    /// A /tmp that cannot be mounted is named.
    pub(crate) tmp: Option<&'a Path>,
}

/// All variables of a process.
pub(crate) fn variables(
    function: &Function,
    options: &RunnerOptions,
    places: &Places<'_>,
) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let mut set = |name: &str, value: &str| {
        all.insert(name.to_owned(), value.to_owned());
    };
    let task_root = places.task_root.to_string_lossy();
    let (opt, runtime) = (places.opt, places.runtime.to_string_lossy());
    set("AWS_REGION", &options.region);
    set("AWS_DEFAULT_REGION", &options.region);
    set("AWS_ACCESS_KEY_ID", &options.credentials.access_key_id);
    set("AWS_SECRET_ACCESS_KEY", &options.credentials.secret_access_key);
    set("AWS_SESSION_TOKEN", &options.credentials.session_token);
    set("AWS_LAMBDA_FUNCTION_NAME", &function.name);
    set("AWS_LAMBDA_FUNCTION_VERSION", &function.version);
    set("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &function.memory_mb.to_string());
    set("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand");
    set("AWS_LAMBDA_LOG_GROUP_NAME", &function.log_group);
    set("AWS_LAMBDA_LOG_STREAM_NAME", places.log_stream);
    set("AWS_LAMBDA_RUNTIME_API", &places.api);
    set("AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR");
    set("AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1:2000");
    set("LAMBDA_TASK_ROOT", &task_root);
    set("LAMBDA_RUNTIME_DIR", &runtime);
    set("LANG", "en_US.UTF-8");
    set("LD_LIBRARY_PATH", &format!("{task_root}:{task_root}/lib:{opt}/lib"));
    set("PWD", &task_root);
    set("TZ", ":UTC");
    set("_HANDLER", &function.handler);
    let programs = places.interpreter.and_then(Path::parent).map(|folder| format!("{}:", folder.display()));
    set("PATH", &format!("{}/usr/local/bin:/usr/bin:/bin:{opt}/bin", programs.unwrap_or_default()));
    if let Some(name) = function.runtime.execution_environment() {
        set("AWS_EXECUTION_ENV", &name);
    }
    if function.log_format == LogFormat::Json {
        set("AWS_LAMBDA_LOG_FORMAT", function.log_format.name());
        set("AWS_LAMBDA_LOG_LEVEL", function.log_level.as_deref().unwrap_or("INFO"));
    }
    if let Some(url) = &options.endpoint_url {
        set("AWS_ENDPOINT_URL", url);
    }
    if let Some(tmp) = places.tmp {
        set("TMPDIR", &tmp.to_string_lossy());
    }
    match function.runtime.language() {
        Language::Node => set("NODE_PATH", &node_path(function, options, places)),
        Language::Python => set("PYTHONPATH", &python_path(options, places)),
        Language::Provided => {}
    }
    // The function's own may take the place of these; Lambda's API refuses the names that it reserves.
    all.extend(function.variables.iter().map(|(name, value)| (name.clone(), value.clone())));
    all
}

/// Where `require` looks after the function's own folders: layers, then the SDKs, as on AWS.
fn node_path(function: &Function, options: &RunnerOptions, places: &Places<'_>) -> String {
    let (opt, version) = (places.opt, function.runtime.version());
    let mut folders =
        vec![format!("{opt}/nodejs/node{version}/node_modules"), format!("{opt}/nodejs/node_modules")];
    folders.extend(options.sdks.as_deref().map(|sdks| crate::sdk::node_folder(sdks).display().to_string()));
    folders.push(format!("{}/node_modules", places.runtime.display()));
    folders.join(":")
}

fn python_path(options: &RunnerOptions, places: &Places<'_>) -> String {
    let mut folders = vec![format!("{}/python", places.opt)];
    folders.extend(options.sdks.as_deref().map(|sdks| crate::sdk::python_folder(sdks).display().to_string()));
    folders.join(":")
}
