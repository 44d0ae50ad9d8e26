//! `trunkline new`: one of the examples as a folder.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use crate::{input, output};

/// Arguments of `trunkline new`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The example; without one, all are listed
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// The folder to write it to [default: the example's name]
    #[arg(value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

/// An example of the folder `examples`.
struct Example {
    name: &'static str,
    about: &'static str,
    files: &'static [ExampleFile],
}

struct ExampleFile {
    path: &'static str,
    text: &'static str,
}

/// The files of an example, as they lie in its folder.
macro_rules! files {
    ($folder:literal: $($path:literal),+) => {
        &[$(ExampleFile {
            path: $path,
            text: include_str!(concat!("../../../../examples/", $folder, "/", $path)),
        }),+]
    };
}

const EXAMPLES: &[Example] = &[
    Example {
        name: "queue-ends",
        about: "A function for each conversation that ended in one queue",
        files: files!("queue-ends": "trunkline.yaml", "README.md", "handlers/index.mjs"),
    },
    Example {
        name: "filtered-subscription",
        about: "Conversation ends through a filter into a queue, and a worker in Python",
        files: files!("filtered-subscription": "trunkline.yaml", "README.md", "worker.py"),
    },
    Example {
        name: "rule-debugging",
        about: "A pattern and an input transformer, tested before they are on AWS",
        files: files!("rule-debugging": "trunkline.yaml", "README.md"),
    },
    Example {
        name: "high-volume",
        about: "Many interaction events through a state machine, each taken once",
        files: files!(
            "high-volume": "trunkline.yaml", "README.md", "interactions.asl.json", "handlers/index.mjs"
        ),
    },
    Example {
        name: "event-stream",
        about: "Derived events posted to an HTTPS address and taken in by a webhook",
        files: files!("event-stream": "trunkline.yaml", "README.md"),
    },
];

/// Writes the example, or lists them.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let Some(name) = &arguments.name else {
        for example in EXAMPLES {
            output::line(format_args!("{:<23}{}", example.name, example.about));
        }
        return Ok(ExitCode::SUCCESS);
    };
    let names = EXAMPLES.iter().map(|example| example.name);
    let example = EXAMPLES.iter().find(|example| example.name == name).ok_or_else(|| {
        let near = provision::near(name, names.clone()).map(|near| format!("; did you mean {near}?"));
        let all: Vec<&str> = names.clone().collect();
        format!("there is no example '{name}'{}; there are {}", near.unwrap_or_default(), all.join(", "))
    })?;
    let folder = arguments.folder.as_deref().unwrap_or(Path::new(example.name));
    for ExampleFile { path, text } in example.files {
        input::write_in(folder, path, text)?;
    }
    let shown = folder.display();
    output::line(format_args!(
        "wrote {shown}; now: cd {shown} && trunkline test && trunkline dev -f trunkline.yaml"
    ));
    Ok(ExitCode::SUCCESS)
}
