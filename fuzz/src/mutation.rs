//! The corpus of a fuzz target, and mutations of it, for the ordinary tests.

use std::path::Path;

/// What JSON, YAML, forms and paths are made of, and a few bytes that they are not made of.
const PIECES: &[&[u8]] = &[
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b",",
    b":",
    b"\\",
    b"*",
    b"1",
    b"-",
    b".",
    b"e",
    b"\n",
    b"  ",
    b"- ",
    b"${",
    b"&",
    b"=",
    b"%",
    b"+",
    b"/",
    b"?",
    b"#",
    b"\xc3",
    b"\xff",
    b"\0",
    b"null",
    b"true",
    b"99999999999999999999",
    b"\\ud800",
];

/// One change of some bytes.
#[derive(Clone, Copy, Debug)]
pub struct Edit {
    /// What is done.
    pub kind: u8,
    /// Where, as a share of the length in 65,536ths.
    pub place: u16,
    /// With what, or with how many bytes.
    pub piece: u8,
}

/// The bytes after the edits.
pub fn mutated(bytes: &[u8], edits: &[Edit]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for edit in edits {
        let at = bytes.len() * usize::from(edit.place) / 65_536;
        let end = bytes.len().min(at + usize::from(edit.piece % 32) + 1);
        let piece = PIECES[usize::from(edit.piece) % PIECES.len()];
        match edit.kind % 5 {
            0 => drop(bytes.drain(at..end)),
            1 => drop(bytes.splice(at..at, piece.iter().copied())),
            2 => drop(bytes.splice(at..end, piece.iter().copied())),
            3 => {
                let part = bytes[at..end].to_vec();
                drop(bytes.splice(at..at, part));
            }
            _ => bytes.truncate(at.max(1)),
        }
    }
    bytes
}

/// The files of a target's corpus, in the order of their names. `fuzz` is the folder of the fuzz targets.
pub fn corpus(fuzz: &Path, target: &str) -> Vec<Vec<u8>> {
    let folder = fuzz.join("corpus").join(target);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "the corpus of {target} is gone");
    files.iter().map(|file| std::fs::read(file).unwrap()).collect()
}
