//! Sources as users have them, beside the files and the remarks that they give.

use std::path::{Path, PathBuf};

use provision::import::{Grade, Options, import};

use crate::{expect_file, load_in, shown};

/// The sources of the cases: a file, or CDK's folder.
fn sources() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/import");
    let mut cases: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    cases.sort();
    assert!(cases.len() >= 5, "the cases are gone");
    cases
}

#[test]
fn sources_give_the_files_beside_them() {
    for case in sources() {
        let named = ["source.yaml", "source.json"].map(|name| case.join(name));
        let source = named.into_iter().find(|path| path.is_file()).unwrap_or_else(|| case.clone());
        let options = Options { folder: case.clone(), ..Options::default() };
        let imported = import(&source, &options).unwrap();
        let prefix = format!("{}/", case.display());
        let text = imported.text.replace(&prefix, "").replace(&case.display().to_string(), "FOLDER");
        let remarks: String = imported
            .remarks
            .iter()
            .map(|one| {
                let file = one.place.file.replace(&prefix, "");
                format!("{:?} {file}:{} {}: {}\n", one.grade, one.place.line, one.about, one.sentence)
            })
            .collect();
        expect_file(&case.join("expected.trunkline"), &text);
        expect_file(&case.join("remarks.txt"), &remarks);
        // What is written passes its own check, wherever its variables are set.
        let env = |name: &str| Some(format!("value-of-{name}"));
        let loaded = load_in(&case, &imported.text, &env);
        if let Err(mistakes) = loaded {
            panic!("{}:\n{}", case.display(), shown(&imported.text, &mistakes));
        }
        assert!(!imported.text.contains("in plain sight"), "no secret gets into the file");
    }
}

#[test]
fn a_parameter_is_given_and_a_condition_holds() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/import/sam/source.yaml");
    let parameters = [("Stage".to_owned(), "prod".to_owned())].into();
    let imported = import(&source, &Options { parameters, ..Options::default() }).unwrap();
    assert!(imported.text.contains("name: calls-prod"), "{}", imported.text);
    assert!(imported.text.contains("name: OnlyInProd"), "{}", imported.text);
}

#[test]
fn what_is_no_source_says_what_it_is() {
    let folder = std::env::temp_dir().join(format!("trunkline-import-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let cases = [
        ("a.yaml", "a: [", "a.yaml: this is not YAML"),
        ("b.json", "{\"a\": ", "b.json: this is not JSON"),
        (
            "c.json",
            "{\"terraform_version\": \"1\", \"lineage\": \"x\"}",
            "import what `terraform show -json` writes",
        ),
        ("d.yaml", "a: b", "it is no template"),
        ("e.yaml", "Resources: {}", "there are no resources in it"),
        ("f.yaml", "Resources:\n  A: &a\n    Type: *a\n", "inside the value that it repeats"),
    ];
    for (name, text, wanted) in cases {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        let told = import(&path, &Options::default()).unwrap_err();
        assert!(told.contains(wanted), "{name}: {told}");
    }
    let told = import(&folder.join("none"), &Options::default()).unwrap_err();
    assert!(told.contains("cannot read"), "{told}");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn everything_left_out_has_a_place() {
    for case in sources() {
        let named = ["source.yaml", "source.json"].map(|name| case.join(name));
        let source = named.into_iter().find(|path| path.is_file()).unwrap_or_else(|| case.clone());
        let imported = import(&source, &Options { folder: case.clone(), ..Options::default() }).unwrap();
        for remark in imported.remarks.iter().filter(|remark| remark.grade == Grade::LeftOut) {
            assert!(!remark.place.file.is_empty() && !remark.about.is_empty(), "{remark:?}");
        }
    }
}
