//! Cases are files; the plan is tried against a model of the two services in memory.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where it fails"
)]

mod cloudformation;
mod forecast;
mod fuzz;
mod importing;
mod layers;
mod mistakes;
mod model;
mod planning;
mod reading;
mod round_trip;
mod sample;
mod verdicts;
mod wire;

/// The corpora of the fuzz targets, and their mutations.
#[expect(unreachable_pub, reason = "it belongs to a crate of its own elsewhere")]
#[path = "../../../../fuzz/src/mutation.rs"]
mod mutation;
/// The function that the fuzz target runs.
#[expect(unreachable_pub, reason = "it belongs to a crate of its own elsewhere")]
#[path = "../../../../fuzz/src/pipeline.rs"]
mod target;

use provision::mistake::plain;
use provision::{Mistake, Place, Source};

/// An environment with one variable.
fn env(name: &str) -> Option<String> {
    (name == "STAGE").then(|| "prod".to_owned())
}

/// A Genesys org with the queues of the sample, and the wrap-up code that its tests name.
fn ids(name: &str) -> Option<String> {
    ["Support", "Sales", "Billing", "wrapUp:resolved"]
        .contains(&name)
        .then(|| format!("id-of-{}", name.to_lowercase()))
}

fn place() -> Place {
    Place {
        region: "us-east-1".to_owned(),
        account: "000000000000".to_owned(),
        endpoint: "http://localhost:4566".to_owned(),
    }
}

/// Where tests of files run: targets receive the event as it is.
fn world(place: &Place) -> provision::World<'_> {
    provision::World { place, ids: &ids, input: &|_, _, event| Ok(event.to_owned()) }
}

fn shown(text: &str, mistakes: &[Mistake]) -> String {
    Source { name: "trunkline.yaml", text }.render(mistakes, &plain)
}

/// A text as if it stood in a folder, where what it names is looked for.
fn load_in(
    folder: &std::path::Path,
    text: &str,
    env: provision::reference::Env<'_>,
) -> Result<provision::Pipeline, Vec<Mistake>> {
    let texts = provision::Texts::of_text(&folder.join("trunkline.yaml"), text.to_owned());
    provision::Reading { texts: &texts, profile: None, env, files: provision::Files::Sought }.load()
}

/// Compares a text with a file beside the tests; with `TRUNKLINE_BLESS` set, writes the file.
fn expect_file(path: &std::path::Path, text: &str) {
    if std::env::var_os("TRUNKLINE_BLESS").is_some() {
        std::fs::write(path, text).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(text, expected, "{}: TRUNKLINE_BLESS=1 writes it anew", path.display());
}
