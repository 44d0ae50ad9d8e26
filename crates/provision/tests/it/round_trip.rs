//! What `export` writes, `import` reads: the file that comes back wants the same as the one that went out.

use std::path::{Path, PathBuf};

use provision::cloudformation::{Exported, export};
use provision::import::{Grade, Options, Remark, import_text};
use serde_json::Value;

use crate::{env, load_in, shown};

/// All examples, the sample, and the cases of the templates.
pub(crate) fn files() -> Vec<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![here.join("assets/trunkline.yaml")];
    for example in std::fs::read_dir(here.join("../../examples")).unwrap() {
        files.push(example.unwrap().path().join("trunkline.yaml"));
    }
    for case in std::fs::read_dir(here.join("tests/data/cloudformation")).unwrap() {
        files.push(case.unwrap().path());
    }
    files.retain(|path| path.extension().is_some_and(|end| end == "yaml"));
    files.sort();
    assert!(files.len() >= 8, "the cases are gone");
    files
}

/// The template of a text, which stands in a folder.
fn template(folder: &Path, text: &str) -> Exported {
    let pipeline =
        load_in(folder, text, &env).map_err(|mistakes| format!("{}\n{text}", shown(text, &mistakes)));
    let pipeline = pipeline.unwrap_or_else(|told| panic!("{}: {told}", folder.display()));
    export(text, &pipeline).unwrap()
}

#[test]
fn a_template_is_imported_as_the_file_that_it_was() {
    for path in files() {
        let folder = path.parent().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let first = template(folder, &text);
        for written in [first.pretty(), first.minified(), first.clone().into_sam().pretty()] {
            comes_back(&path, &first, &written);
        }
    }
}

/// Imports a template of a file: nothing is left out, and the file wants what the first one did.
fn comes_back(path: &Path, first: &Exported, written: &str) {
    let folder = path.parent().unwrap();
    let options = Options { folder: folder.to_path_buf(), ..Options::default() };
    let imported = import_text(written, "template.json", &options).unwrap();
    let is_told = |remark: &&Remark| remark.grade != Grade::Implied;
    let left: Vec<&Remark> = imported.remarks.iter().filter(is_told).collect();
    assert!(left.is_empty(), "{}: {left:#?}\n{}", path.display(), imported.text);
    let again = template(folder, &imported.text);
    // The order of a template's members says nothing.
    let [first, again] = [first, &again].map(|made| serde_json::from_str::<Value>(&made.minified()).unwrap());
    for (name, section) in first.as_object().unwrap() {
        assert_eq!(again[name], *section, "{}: {name}\n{}", path.display(), imported.text);
    }
}
