//! `trunkline test`: the tests that a pipeline file carries.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use provision::run_tests;

use crate::output;
use crate::pipeline_file::{self, PipelineFile};

/// Arguments of `trunkline test`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The pipeline file
    #[arg(short, long, value_name = "FILE", default_value = pipeline_file::DEFAULT)]
    file: PathBuf,
    /// Print one JSON object per test instead of text
    #[arg(long)]
    json: bool,
}

/// Exit status 0 where all pass, 1 where one fails.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let file = PipelineFile::read(&arguments.file)?;
    let pipeline = file.load_or_say()?;
    let org = pipeline_file::org_of_tests(&pipeline);
    let id = |name: &str| org.as_ref().and_then(|org| pipeline_file::queue_id(org, name));
    let results = run_tests(&pipeline, &pipeline_file::test_place(), &id);
    let failed = results.iter().filter(|result| !result.has_passed()).count();
    for result in &results {
        let passed = result.has_passed();
        if arguments.json {
            let failures: Vec<_> = result.failures.iter().map(|failure| &failure.sentence).collect();
            output::json(serde_json::json!({"test": result.name, "passed": passed, "failures": failures}));
            continue;
        }
        let verdict =
            if passed { output::styled(output::GOOD, "pass") } else { output::styled(output::BAD, "FAIL") };
        output::line(format_args!("{verdict}  {}", result.name));
        if !passed {
            output::line(file.show(&result.failures));
        }
    }
    if !arguments.json {
        output::line(format_args!("{} passed, {failed} failed", results.len() - failed));
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
