//! Case files of `tests/data/validate`.

use std::{fs, path::Path};

use asl::{MachineType, Severity, validate};
use serde_json::{Value, json};

#[test]
fn measured_diagnostics() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/validate");
    let mut wrong = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let file: Value = serde_json::from_str(&fs::read_to_string(entry.unwrap().path()).unwrap()).unwrap();
        assert!(file["source"].is_string() && file["why"].is_string());
        for case in file["cases"].as_array().unwrap() {
            let found = validate(&case["definition"].to_string(), MachineType::Standard);
            let found: Value = found
                .iter()
                .filter(|found| found.severity == Severity::Error)
                .map(|found| {
                    let mut told = json!({"code": found.code, "message": found.message});
                    if let Some(location) = &found.location {
                        told["location"] = json!(location);
                    }
                    told
                })
                .collect();
            if found != case["diagnostics"] {
                wrong.push(format!(
                    "{}\n    must be {}\n    but is  {found}",
                    case["definition"], case["diagnostics"]
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} definitions differ:\n{}", wrong.len(), wrong.join("\n"));
}
