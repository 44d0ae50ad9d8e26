//! What `trunkline check` found, in the forms that people, programs, GitHub and code scanners read.

use clap::ValueEnum;
use provision::Mistake;
use provision::mistake::kind;
use serde_json::{Value, json};

use crate::output;
use crate::pipeline_file::PipelineFile;

/// How findings are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Place, sentence, the line with carets, the suggestion
    Text,
    /// One JSON object
    Json,
    /// Annotations of a pull request, as GitHub Actions reads them from a job's output
    Github,
    /// SARIF 2.1.0, for code scanning
    Sarif,
}

/// What was found in a file.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) mistakes: Vec<Mistake>,
    /// What AWS would accept.
    pub(super) doubts: Vec<Mistake>,
}

/// How bad a finding is, in the words of GitHub and of SARIF.
const ERROR: &str = "error";
const WARNING: &str = "warning";

impl Found {
    fn leveled(&self) -> impl Iterator<Item = (&'static str, &Mistake)> {
        let mistakes = self.mistakes.iter().map(|mistake| (ERROR, mistake));
        mistakes.chain(self.doubts.iter().map(|doubt| (WARNING, doubt)))
    }
}

/// Prints it.
pub(super) fn print(format: Format, file: &PipelineFile, found: &Found) {
    match format {
        Format::Text => text(file, found),
        Format::Json => output::json(json!({
            "file": file.name(), "mistakes": listed(file, &found.mistakes), "doubts": listed(file, &found.doubts),
        })),
        Format::Github => found.leveled().for_each(|one| output::line(github(file, one))),
        Format::Sarif => output::raw(format!("{:#}\n", sarif(file, found))),
    }
}

fn text(file: &PipelineFile, found: &Found) {
    let Found { mistakes, doubts } = found;
    if !doubts.is_empty() {
        output::line(file.show(doubts));
        let many = if doubts.len() == 1 { "doubt" } else { "doubts" };
        output::line(format_args!("{} {many}, which AWS would accept\n", doubts.len()));
    }
    let name = file.name().display();
    if mistakes.is_empty() {
        return output::line(format_args!("{name}: no mistakes"));
    }
    output::line(file.show(mistakes));
    let many = if mistakes.len() == 1 { "mistake" } else { "mistakes" };
    output::line(format_args!("{} {many} to fix in {name}", mistakes.len()));
}

fn listed(file: &PipelineFile, mistakes: &[Mistake]) -> Vec<Value> {
    let one = |mistake: &Mistake| {
        json!({
            "rule": mistake.rule, "file": file.texts().name_of(mistake.span),
            "line": mistake.span.line, "column": mistake.span.column,
            "sentence": mistake.sentence, "suggestion": mistake.suggestion,
        })
    };
    mistakes.iter().map(one).collect()
}

/// The sentence and the suggestion.
fn message(mistake: &Mistake) -> String {
    match &mistake.suggestion {
        Some(suggestion) => format!("{}: {suggestion}", mistake.sentence),
        None => mistake.sentence.clone(),
    }
}

/// Source: GitHub, "Workflow commands for GitHub Actions", "Setting an error message"; what is escaped, the toolkit's
/// `packages/core/src/command.ts`.
fn github(file: &PipelineFile, (level, mistake): (&str, &Mistake)) -> String {
    let data = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    format!(
        "::{level} file={},line={},col={},title={}::{}",
        property(&file.texts().name_of(mistake.span).display().to_string()),
        mistake.span.line,
        mistake.span.column,
        property(mistake.rule),
        data(&message(mistake))
    )
}

/// Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0", 3.13 to 3.30.
fn sarif(file: &PipelineFile, found: &Found) -> Value {
    let kinds = kind::ALL.iter().map(|kind| json!({"id": kind.id, "shortDescription": {"text": kind.about}}));
    let checks = doctor::CHECKS.iter().chain(doctor::DOUBTS).map(|check| {
        json!({
            "id": check.name, "shortDescription": {"text": check.asks},
            "fullDescription": {"text": check.why}, "help": {"text": check.fix},
        })
    });
    let results = found.leveled().map(|(level, mistake)| {
        // Offsets are left out: columns count characters, as the run says.
        json!({
            "ruleId": mistake.rule, "level": level, "message": {"text": message(mistake)},
            "locations": [{"physicalLocation": {
                "artifactLocation": {"uri": uri(&file.texts().name_of(mistake.span).display().to_string())},
                "region": {"startLine": mistake.span.line, "startColumn": mistake.span.column},
            }}],
        })
    });
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
        "runs": [{
            "columnKind": "unicodeCodePoints",
            "tool": {"driver": {
                "name": "trunkline", "version": env!("CARGO_PKG_VERSION"),
                "rules": kinds.chain(checks).collect::<Vec<_>>(),
            }},
            "results": results.collect::<Vec<_>>(),
        }],
    })
}

/// A path as a relative reference of RFC 3986.
fn uri(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    let mut out = String::with_capacity(path.len());
    for byte in path.replace('\\', "/").bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
