//! Files that include others, and profiles.

use std::path::{Path, PathBuf};

use provision::mistake::plain;
use provision::noun::genesys::Source;
use provision::resource::connection::Authorization;
use provision::resource::function::Code;
use provision::resource::rule::Matching;
use provision::{Files, Mistake, Pipeline, Reading, Texts};

use crate::{env, expect_file};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/layers")
}

fn texts(case: &str) -> Texts {
    Texts::read(&folder().join(case).join("trunkline.yaml"), &env).unwrap()
}

fn load(texts: &Texts, profile: Option<&str>) -> Result<Pipeline, Vec<Mistake>> {
    Reading { texts, profile, env: &env, files: Files::Sought }.load()
}

fn loaded(profile: Option<&str>) -> Pipeline {
    let texts = texts("good");
    load(&texts, profile).map_err(|mistakes| texts.render(&mistakes, &plain)).unwrap()
}

fn queues(pipeline: &Pipeline) -> Vec<(&str, u64, u64)> {
    let queues = pipeline.queues.iter();
    queues.map(|queue| (queue.name.value.as_str(), queue.delay_s, queue.visibility_timeout_s)).collect()
}

#[test]
fn what_is_included_is_added_and_included_once() {
    let pipeline = loaded(None);
    assert_eq!(queues(&pipeline), [("first", 5, 30), ("second", 0, 30), ("dead", 0, 30)]);
    assert_eq!(pipeline.rules.len(), 1);
    // Code is looked for beside the file that names it.
    assert_eq!(pipeline.functions[0].code.value, Code::Folder("parts/./f".to_owned()));
}

#[test]
fn a_profile_changes_entries_by_name_and_adds_others() {
    let pipeline = loaded(Some("dev"));
    assert_eq!(pipeline.owner.0, "pipeline-dev");
    assert_eq!(
        queues(&pipeline),
        [("first", 5, 60), ("second", 0, 30), ("dead", 0, 30), ("only-dev", 0, 30)]
    );
    assert!(matches!(pipeline.genesys.unwrap().source, Source::Simulate { agents: 5, .. }));
}

/// Keys that exclude each other replace each other, and another source of Genesys replaces the whole section.
#[test]
fn a_profile_replaces_what_it_excludes() {
    let pipeline = loaded(Some("real"));
    assert!(matches!(pipeline.genesys.unwrap().source, Source::Notifications(_)));
    assert!(matches!(pipeline.rules[0].matching, Matching::Pattern(_)));
    assert_eq!(pipeline.rules[0].targets.len(), 2);
    assert!(matches!(pipeline.connections[0].authorization, Authorization::ApiKey { .. }));
}

/// A variable of a profile is missing only where that profile is used.
#[test]
fn mistakes_name_the_included_file_with_its_line() {
    for (case, profile, name) in [
        ("good", Some("elsewhere"), "good-elsewhere.txt"),
        ("good", Some("rael"), "good-rael.txt"),
        ("bad", None, "bad.txt"),
        ("bad", Some("prod"), "bad-prod.txt"),
        ("missing", None, "missing.txt"),
        ("broken", None, "broken.txt"),
    ] {
        let texts = texts(case);
        let mistakes = load(&texts, profile).unwrap_err();
        let prefix = format!("{}/", folder().display());
        expect_file(&folder().join(name), &texts.render(&mistakes, &plain).replace(&prefix, ""));
    }
}
