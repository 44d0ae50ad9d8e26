//! Only `store` touches disk; `runner`'s folders, `provision`'s input and the command line's arguments excepted.

use crate::tidy::finding::Finding;
use crate::tidy::outside::{self, Outside, is_in};
use crate::tidy::tree::Tree;

/// The modules outside `store` that may read or write a file, each the one place of its room.
const EXCEPTIONS: &[&str] = &[
    // A function is a folder of code that its process runs.
    "crates/runner/",
    // Asks /proc who holds the port, which is the system's memory and no disk.
    "crates/server/src/port_user.rs",
    // The configuration and tokens of AWS's own tools.
    "crates/aws_client/src/files.rs",
    // Asks the system how much is free on the store's disk, and opens nothing.
    "crates/server/src/door/console/describe.rs",
    // A backup is a folder that the user names, and becomes whole by a rename.
    "crates/server/src/backup.rs",
    // The files of tables, which are the engine's and not the store's.
    "crates/tables/src/file.rs",
    // The pipeline file.
    "crates/provision/src/input.rs",
    // The templates that `import` is given, in files or in a folder.
    "crates/provision/src/import/source.rs",
    // A layer is a folder that the pipeline file names; it is read whole and published.
    "crates/provision/src/resource/layer/folder.rs",
    // A bucket is a folder that the pipeline file names.
    "crates/delivery/src/machines/folders.rs",
    // The files that a user names as arguments (a pattern, an event, `init`'s new pipeline file).
    "crates/cli/src/input.rs",
    // `torture` keeps its own journal, in the folder that the user names: the judge may not lean on the store it judges.
    "crates/cli/src/commands/torture/journal.rs",
];

const FILE: Outside = Outside {
    what: "a file is touched",
    right: "keep it in `store`; what a user names on the command line is read by crates/cli/src/input.rs alone",
    paths: &["fs", "File::open", "File::create", "File::options", "OpenOptions"],
    may: |path| is_in(path, &["crates/store/", "xtask/"]) || is_in(path, EXCEPTIONS),
};

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    outside::check(tree, &FILE)
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::tree::sample;

    #[test]
    fn a_file_touched_outside_its_rooms_is_found() {
        let read = "use std::fs;\n";
        let found = check(&sample(&[
            ("crates/server/src/lib.rs", "fn f() { tokio::fs::read(p) }\n"),
            ("crates/cli/src/explain.rs", read),
            ("crates/cli/src/input.rs", read),
            ("crates/store/src/disk.rs", read),
            ("crates/pattern/tests/it/main.rs", read),
        ]));
        let paths: Vec<&str> = found.iter().map(|f| f.path.as_str()).collect();
        assert_eq!(paths, ["crates/cli/src/explain.rs", "crates/server/src/lib.rs"]);
    }
}
