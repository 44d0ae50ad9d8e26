//! `trunkline function new`: a folder with a handler that runs, and types of the events that it gets.

use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

use crate::commands::function::{Language, NewArguments};
use crate::lambda_door::{Call, LambdaDoor};
use crate::remote::text;
use crate::{input, output};

const NODE_HANDLER: &str = include_str!("../../../assets/function/index.mjs");
const NODE_TYPES: &str = include_str!("../../../assets/function/events.d.ts");
const PYTHON_HANDLER: &str = include_str!("../../../assets/function/app.py");
const PYTHON_TYPES: &str = include_str!("../../../assets/function/events.py");

/// A language's files and how its handler is named.
struct Template {
    files: [(&'static str, &'static str); 2],
    runtime: &'static str,
    handler: &'static str,
}

impl Language {
    const fn template(self) -> Template {
        match self {
            Self::Node => Template {
                files: [("index.mjs", NODE_HANDLER), ("events.d.ts", NODE_TYPES)],
                runtime: "nodejs22.x",
                handler: "index.handler",
            },
            Self::Python => Template {
                files: [("app.py", PYTHON_HANDLER), ("events.py", PYTHON_TYPES)],
                runtime: "python3.13",
                handler: "app.handler",
            },
        }
    }
}

pub(super) fn run(arguments: &NewArguments) -> Result<ExitCode, String> {
    let folder = &arguments.folder;
    let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if name.is_empty() || !name.chars().all(is_name) {
        return Err(format!("'{name}' is no name of a function: letters, digits, - and _"));
    }
    let Template { files, runtime, handler } = arguments.language.template();
    input::make_folder(folder)?;
    for (file, content) in files {
        input::write_new(&folder.join(file), content)?;
    }
    let [(main, _), _] = files;
    output::line(format_args!("wrote {}", folder.join(main).display()));
    let whole = std::path::absolute(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    if arguments.create {
        let created = create(arguments, &Named { name, runtime, handler, folder: &whole })?;
        output::line(format_args!("created {created}; edits of the folder run at the next call"));
        output::line(format_args!("now: trunkline function invoke {name} --payload event.json"));
    } else {
        output::line(format_args!(
            "now: aws lambda create-function --endpoint-url {} --function-name {name} --runtime {runtime} --handler {handler} --role arn:aws:iam::000000000000:role/any --code S3Bucket=hot-reload,S3Key={}",
            arguments.at.endpoint.url,
            whole.display()
        ));
    }
    Ok(ExitCode::SUCCESS)
}

struct Named<'n> {
    name: &'n str,
    runtime: &'n str,
    handler: &'n str,
    folder: &'n Path,
}

/// Creates the function on the running Trunkline: its ARN.
fn create(arguments: &NewArguments, named: &Named<'_>) -> Result<String, String> {
    let Named { name, runtime, handler, folder } = named;
    let door = LambdaDoor::open(&arguments.at.endpoint)?;
    let body = json!({
        "FunctionName": name, "Runtime": runtime, "Handler": handler,
        "Role": "arn:aws:iam::000000000000:role/any", "Timeout": 30,
        "Code": {"S3Bucket": "hot-reload", "S3Key": folder},
    });
    let call = Call { method: "POST", path: "/2015-03-31/functions", headers: &[], body: body.to_string() };
    Ok(text(&door.ask(&call)?, "FunctionArn").to_owned())
}
