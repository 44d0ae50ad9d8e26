//! The sample and the schema: what a new user begins with is right, and editors know what the reader knows.

use std::path::Path;

use provision::noun::genesys::Source;

use crate::{env, expect_file, ids, place, shown};

#[test]
fn the_sample_is_without_a_mistake_and_its_tests_pass() {
    let text = provision::sample();
    let pipeline = provision::load(text, &env).map_err(|mistakes| shown(text, &mistakes)).unwrap();
    let Source::Simulate { seed, agents, speed, .. } = pipeline.genesys.as_ref().unwrap().source else {
        panic!("the sample simulates its org");
    };
    assert_eq!((seed, agents, speed), (1, 50, None));
    let results = provision::run_tests(&pipeline, crate::world(&place()));
    assert_eq!(results.len(), 2);
    for result in results {
        assert!(result.has_passed(), "{}", shown(text, &result.failures));
    }
}

/// The comment in the sample promises that the short form and the pattern are the same.
#[test]
fn the_short_form_is_the_pattern_that_the_sample_names() {
    let text = provision::sample();
    let long = text.replace("    queue: Support\n", "").replace("    #   pattern:", "    pattern:");
    let long: Vec<String> = long.lines().map(|line| line.replace("    #     ", "      ")).collect();
    let patterns: Vec<serde_json::Value> = [text, &long.join("\n")]
        .iter()
        .map(|text| {
            let pipeline = provision::load(text, &env).map_err(|mistakes| shown(text, &mistakes)).unwrap();
            serde_json::from_str(&pipeline.rules[0].pattern(&ids).unwrap()).unwrap()
        })
        .collect();
    assert_eq!(patterns[0], patterns[1]);
    assert_eq!(patterns[0]["detail"]["routing"]["queueId"][0], "id-of-support");
}

#[test]
fn the_schema_is_what_the_tables_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/trunkline.schema.json");
    expect_file(&path, &provision::schema::text());
}
