//! Zips: unpacked into a folder of their own, and nothing outside of it.

use std::collections::HashSet;
use std::fs;
use std::io::{Cursor, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use runner::code::check as check_zips;
use runner::{CodeError, CodeStore};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

enum Entry<'a> {
    File(&'a str, &'a [u8], u32),
    Folder(&'a str),
    Link(&'a str, &'a str),
}

fn zipped(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for entry in entries {
        match entry {
            Entry::File(name, bytes, mode) => {
                zip.start_file(*name, options.unix_permissions(*mode)).unwrap();
                zip.write_all(bytes).unwrap();
            }
            Entry::Folder(name) => zip.add_directory(*name, options).unwrap(),
            Entry::Link(name, target) => zip.add_symlink(*name, *target, options).unwrap(),
        }
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn a_zip_is_kept_under_its_digest_and_its_folder_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let store = CodeStore::open(folder.path()).unwrap();
    let entries = [
        Entry::File("bootstrap", b"#!/bin/sh\n", 0o755),
        Entry::File("a/b.txt", b"text", 0o200),
        Entry::Folder("empty/"),
        Entry::Link("node_modules/.bin/x", "../../a/b.txt"),
        Entry::Link("dangling", "nowhere"),
    ];
    let zip = zipped(&entries);
    let digest = store.put(&zip).unwrap();
    assert_eq!((digest.len(), store.put(&zip).unwrap()), (64, digest.clone()));
    let check = |store: &CodeStore| {
        let code = store.folder(&digest).unwrap();
        let mode = |name: &str| fs::metadata(code.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("bootstrap"), mode("a/b.txt")), (0o755, 0o600));
        assert_eq!(fs::read(code.join("node_modules/.bin/x")).unwrap(), b"text");
        assert!(code.join("empty").is_dir());
    };
    check(&store);
    let again = CodeStore::open(folder.path()).unwrap();
    check(&again);
    assert_eq!((again.list().unwrap(), again.read(&digest).unwrap()), (vec![digest.clone()], zip.clone()));
    let kept = zip;
    fs::write(folder.path().join("zips").join(format!("{digest}.zip")), "damaged").unwrap();
    assert!(matches!(again.read(&digest), Err(CodeError::Io(_))));
    let checked = check_zips(folder.path()).unwrap();
    assert_eq!((checked.whole.len(), checked.damaged.len()), (0, 1));
    again.put(&kept).unwrap();
    assert_eq!(check_zips(folder.path()).unwrap().whole.len(), 1, "what is damaged is written anew");
    let nobody = HashSet::new();
    let hour = Duration::from_secs(3600);
    assert!(again.sweep(&nobody, hour).unwrap().is_empty(), "it may be named by a commit to come");
    assert!(again.sweep(&HashSet::from([digest.clone()]), Duration::ZERO).unwrap().is_empty(), "it is named");
    assert_eq!(again.sweep(&nobody, Duration::ZERO).unwrap(), std::slice::from_ref(&digest));
    again.remove(&digest).unwrap();
    assert!(again.list().unwrap().is_empty() && again.folder(&digest).is_err());
}

#[test]
fn what_leads_out_of_the_folder_is_refused_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = CodeStore::open(&folder.path().join("code")).unwrap();
    let outside = folder.path().join("outside");
    fs::create_dir(&outside).unwrap();
    let absolute = outside.display().to_string();
    let deep = [Entry::Folder("p/q/"), Entry::Link("p/q/s", "../.."), Entry::Link("t", "p/q/s/../x")];
    let cases: [&[Entry<'_>]; 8] = [
        &[Entry::File("../evil", b"x", 0o644)],
        &[Entry::File("a/../../evil", b"x", 0o644)],
        &[Entry::File("/evil", b"x", 0o644)],
        &[Entry::Link("link", &absolute)],
        &[Entry::Link("link", "../../outside")],
        &[Entry::Link("link", "../../outside/not-there")],
        &[Entry::Link("a", "../../../outside"), Entry::Link("a/b/c", "x")],
        &deep,
    ];
    for (number, entries) in cases.iter().enumerate() {
        let refused = store.put(&zipped(entries));
        // An absolute name of a file is read as one inside, as unzip does.
        let is_inside =
            refused.as_ref().is_ok_and(|digest| store.folder(digest).unwrap().join("evil").exists());
        assert!(is_inside || matches!(refused, Err(CodeError::Outside(_))), "{number}: {refused:?}");
    }
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn bombs_and_garbage_have_awss_words() {
    let folder = tempfile::tempdir().unwrap();
    let store = CodeStore::open(folder.path()).unwrap();
    let words = |zip: &[u8]| store.put(zip).unwrap_err().to_string();
    let no_zip = "Could not unzip uploaded file. Please check your file, then try to upload again.";
    assert_eq!(words(b"garbage"), no_zip);
    assert_eq!(words(b""), no_zip);
    let mut torn = zipped(&[Entry::File("a", &[7; 10_000], 0o644)]);
    torn[40] ^= 0xff;
    assert_eq!(words(&torn), no_zip);
    let clash = zipped(&[Entry::File("a", b"file", 0o644), Entry::File("a/b", b"in a file", 0o644)]);
    assert_eq!(words(&clash), no_zip);
    let zeros = zipped(&[Entry::File("0", &vec![0; 64 << 20], 0o644)]);
    let mut zeros = ZipArchive::new(Cursor::new(zeros)).unwrap();
    let mut bomb = ZipWriter::new(Cursor::new(Vec::new()));
    for number in 0..5 {
        bomb.raw_copy_file_rename(zeros.by_index(0).unwrap(), number.to_string()).unwrap();
    }
    let bomb = bomb.finish().unwrap().into_inner();
    assert!(bomb.len() < 1 << 20);
    assert_eq!(words(&bomb), "Unzipped size must be smaller than 262144000 bytes");
    assert_eq!(words(&vec![0; 52_428_801]), "Zipped size must be smaller than 52428800 bytes");
    assert_eq!(fs::read_dir(folder.path().join("unpacked")).unwrap().count(), 0);
    assert!(store.list().unwrap().is_empty());
}
