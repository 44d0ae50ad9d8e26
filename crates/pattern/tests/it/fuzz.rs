//! The fuzz targets' corpus and some thousands of mutations of it, in the ordinary tests.

use std::fs;
use std::path::Path;

use crate::dice::Dice;
use crate::targets;

/// How many mutations of each file are tried.
const MUTATIONS: u64 = 60;

fn each_file(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    for path in files {
        let bytes = fs::read(&path).unwrap();
        check(&bytes);
        for seed in 0..MUTATIONS {
            check(&mutated(&bytes, &mut Dice::new(seed)));
        }
    }
}

/// The bytes with a few of them changed, removed, doubled or replaced by what JSON is made of.
fn mutated(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=dice.below(4) {
        if bytes.is_empty() {
            return bytes;
        }
        let at = dice.below(bytes.len());
        match dice.below(5) {
            0 => drop(bytes.remove(at)),
            1 => bytes[at] = *dice.pick(b"{}[]\",:\\*1x.e-n\xc3\xff\0"),
            2 => bytes.insert(at, *dice.pick(b"{}[]\",:\\*1x.e-n")),
            3 => {
                let end = at + dice.below(bytes.len() - at);
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
            _ => bytes.truncate(at),
        }
    }
    bytes
}

#[test]
fn pattern_text() {
    each_file("pattern_text", targets::pattern_text);
}

#[test]
fn event_bytes() {
    each_file("event_bytes", targets::event_bytes);
}

#[test]
fn both() {
    each_file("both", targets::both);
}
