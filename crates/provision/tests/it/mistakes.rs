//! Every file of `data/mistakes` is wrong in the ways that the text beside it tells.

use std::path::{Path, PathBuf};

use crate::{env, expect_file, shown};

#[test]
fn each_file_tells_its_mistakes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/mistakes");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    assert!(files.len() >= 20, "the cases are gone");
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let Err(mistakes) = provision::load(&text, &env) else {
            panic!("{}: no mistake found", file.display())
        };
        expect_file(&file.with_extension("txt"), &shown(&text, &mistakes));
    }
}

/// Each kind of mistake is told by a file of `data`, but for tests that fail and what needs files beside it.
#[test]
fn each_kind_of_mistake_has_a_case() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let mut said = String::new();
    for part in ["mistakes", "layers"] {
        for entry in std::fs::read_dir(folder.join(part)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "txt") {
                said.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    for kind in provision::mistake::kind::ALL {
        let is_elsewhere = ["test", "function-code"].contains(&kind.id);
        assert!(is_elsewhere || said.contains(&format!(" [{}]\n", kind.id)), "no case of `{}`", kind.id);
    }
}

/// Carets and columns count characters, and a tab does not move them.
#[test]
fn the_caret_stands_under_its_text() {
    let text = "version: 1\nbus: größe # ü\n";
    let mistakes = provision::load(text, &env).unwrap_err();
    let shown = shown(text, &mistakes);
    assert!(shown.contains("trunkline.yaml:2:6"), "{shown}");
    assert!(shown.contains("  |      ^^^^^\n"), "{shown}");
}

/// A pattern on one long line is cut around what is wrong in it.
#[test]
fn a_long_line_is_cut() {
    let many: Vec<String> = (0..200).map(|n| format!("\"value-{n}\"")).collect();
    let text = format!(
        "version: 1\nrules:\n  - name: r\n    targets: []\n    pattern: '{{\"source\": [{}], \"detail\": 7}}'\n",
        many.join(", ")
    );
    let mistakes = provision::load(&text, &env).unwrap_err();
    let shown = shown(&text, &mistakes);
    let column = text.lines().last().unwrap().rfind('7').unwrap() + 1;
    assert!(shown.contains(&format!("trunkline.yaml:5:{column}: ")), "{shown}");
    let source = shown.lines().find(|line| line.contains("value-")).unwrap();
    assert!(source.chars().count() < 130, "{shown}");
    let caret = shown.lines().find(|line| line.contains('^')).unwrap().find('^').unwrap();
    assert_eq!(source.chars().nth(caret), Some('7'), "{shown}");
}

#[test]
fn colours_go_around_the_parts() {
    let text = "version: 2\n";
    let mistakes = provision::load(text, &env).unwrap_err();
    let source = provision::Source { name: "f", text };
    let loud = source.render(&mistakes, &|part, text| format!("<{part:?}>{text}</>"));
    assert!(loud.starts_with("<Place>f:1:10</>: <Sentence>"), "{loud}");
    assert!(loud.contains("<Caret>         ^</>"), "{loud}");
}
