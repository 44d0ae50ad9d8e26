//! `trunkline test`: the tests that a pipeline file carries.

mod junit;
mod live;

use std::path::PathBuf;
use std::process::ExitCode;

use aws::{Arn, Timestamp};
use clap::Args;
use events::target::Input as EventsInput;
use events::target::input::{InputContext, InputMaker};
use provision::mistake::plain;
use provision::resource::target::{Input, Target};
use provision::{Pipeline, TestResult, World, run_tests};

use crate::pipeline_file::{self, FileArguments, PipelineFile};
use crate::{input, output};

/// Arguments of `trunkline test`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    file: FileArguments,
    /// Also write the results to this file, as JUnit XML; it must not exist
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Print one JSON object per test instead of text
    #[arg(long)]
    json: bool,
}

/// Exit status 0 where all pass, 1 where one fails.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let file = arguments.file.read()?;
    let pipeline = file.load_or_say()?;
    let results = results(&file, &pipeline)?;
    let failed = results.iter().filter(|result| !result.has_passed()).count();
    for result in &results {
        show(arguments, &file, result);
    }
    if !arguments.json {
        output::line(format_args!("{} passed, {failed} failed", results.len() - failed));
    }
    if let Some(path) = &arguments.junit {
        input::write_new(path, &junit::report(file.texts(), &results, &plain))?;
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What came of each test; those that run functions get a server of their own.
fn results(file: &PipelineFile, pipeline: &Pipeline) -> Result<Vec<TestResult>, String> {
    let org = pipeline_file::org_of_tests(pipeline);
    let id = |name: &str| org.as_ref().and_then(|org| pipeline_file::queue_id(org, name));
    let place = pipeline_file::test_place();
    let world = World { place: &place, ids: &id, input: &target_input };
    let mut results = run_tests(pipeline, world);
    for (test, result) in pipeline.tests.iter().zip(&mut results).filter(|(test, _)| test.is_live()) {
        result.failures.extend(live::failures(file, pipeline, test, world)?);
    }
    Ok(results)
}

fn show(arguments: &Arguments, file: &PipelineFile, result: &TestResult) {
    let passed = result.has_passed();
    if arguments.json {
        let failures: Vec<_> = result.failures.iter().map(|failure| &failure.sentence).collect();
        output::json(serde_json::json!({"test": result.name, "passed": passed, "failures": failures}));
        return;
    }
    let verdict =
        if passed { output::styled(output::GOOD, "pass") } else { output::styled(output::BAD, "FAIL") };
    output::line(format_args!("{verdict}  {}", result.name));
    if !passed {
        output::line(file.show(&result.failures));
    }
}

/// What a target of a rule receives of an event, as EventBridge makes it.
fn target_input(rule: &str, target: &Target, event: &str) -> Result<String, String> {
    let text = |marked: &provision::Marked<String>| marked.value.clone();
    let wanted = match &target.input {
        Input::Event => EventsInput::Whole,
        Input::Constant(json) => EventsInput::Constant(json.text.clone()),
        Input::Path(path) => EventsInput::Path(text(path)),
        Input::Transformer { paths, template } => EventsInput::Transformer {
            paths: paths.iter().map(|(name, path)| (text(name), text(path))).collect(),
            template: text(template),
        },
    };
    let maker = InputMaker::compile(&wanted, &target.id.value).map_err(|error| error.message)?;
    let place = pipeline_file::test_place();
    let rule_arn = Arn::new("events", &place.region, &place.account, format!("rule/{rule}"));
    let accepted = Timestamp::parse_iso("2026-01-01T00:00:00Z").unwrap_or_default();
    maker
        .make(event, InputContext { rule_arn: &rule_arn, rule_name: rule, accepted })
        .map_err(|e| e.to_string())
}
