//! Arrows between crates point where the design's table lets them, in manifests and in source.

use crate::tidy::finding::Finding;
use crate::tidy::manifest;
use crate::tidy::rooms::{self, Room};
use crate::tidy::tree::{File, Tree};

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, folder) in tree.crates() {
        let path = format!("{folder}/Cargo.toml");
        let Some(room) = rooms::room(&name) else {
            let right = "a crate of the design's table; a new room needs its line there and in tidy/rooms.rs";
            findings.push(Finding::fails(&path, 1, format!("crate `{name}` is no room of the house"), right));
            continue;
        };
        findings.extend(tree.files.get(&path).into_iter().flat_map(|file| in_manifest(room, &path, file)));
    }
    for (path, file) in tree.rust() {
        if let Some(room) = rooms::room_of(path) {
            findings.extend(in_source(room, path, file));
        }
    }
    findings
}

fn in_manifest(room: &Room, path: &str, file: &File) -> Vec<Finding> {
    let lines = manifest::dependencies(&file.text).into_iter();
    let wrong = lines.filter_map(|line| Some((rooms::room(&line.name)?, line)));
    let wrong = wrong.filter(|(to, line)| !(if line.dev { test_may } else { product_may })(room, to));
    wrong.map(|(to, line)| finding(room, to, path, line.line)).collect()
}

fn in_source(room: &Room, path: &str, file: &File) -> Vec<Finding> {
    let own_names = own_names(file);
    let mut findings: Vec<Finding> = Vec::new();
    for used in &file.code.paths {
        let first = used.segments.first().map_or("", String::as_str);
        let Some(to) = rooms::room(first).filter(|to| to.name != room.name && !own_names.contains(&to.name))
        else {
            continue;
        };
        let may = if used.in_test || file.is_test { test_may } else { product_may };
        if !may(room, to) {
            findings.push(finding(room, to, path, used.line));
        }
    }
    findings.dedup();
    findings
}

/// The modules that the file declares or imports from its own crate, which hide a crate of the same name.
fn own_names(file: &File) -> Vec<&str> {
    let declared = file.code.mods.iter().map(|line| line.name.as_str());
    let inside = |first: &String| ["crate", "self", "super"].contains(&first.as_str());
    let imported = file.code.paths.iter().filter(|used| used.segments.first().is_some_and(inside));
    // `use crate::noun::queue::{self, Queue}` brings `queue`.
    let imported = imported.filter_map(|used| used.segments.iter().rfind(|name| *name != "self"));
    let imported = imported.map(String::as_str);
    declared.chain(imported).collect()
}

/// Product code follows the table.
fn product_may(from: &Room, to: &Room) -> bool {
    from.may_import(to)
}

/// A test may reach for any room below its own as well.
fn test_may(from: &Room, to: &Room) -> bool {
    product_may(from, to) || to.floor < from.floor
}

fn finding(from: &Room, to: &Room, path: &str, line: usize) -> Finding {
    let what = format!("`{}` (floor {}) imports `{}` (floor {})", from.name, from.floor, to.name, to.floor);
    let right = match (from.may_import, from.all_up_to) {
        (_, Some(floor)) => format!("`{}` may import rooms up to floor {floor}", from.name),
        ([], None) => format!("`{}` imports no room of the house", from.name),
        (rooms, None) => {
            format!("`{}` may import {}; let a room above join the two", from.name, rooms.join(", "))
        }
    };
    Finding::fails(path, line, what, right)
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::tree::sample;

    #[test]
    fn an_arrow_up_or_sideways_is_found_in_manifest_and_source() {
        let tree = sample(&[
            ("crates/store/Cargo.toml", "[dependencies]\nqueue.workspace = true\n"),
            ("crates/events/src/lib.rs", "//! x\nuse genesys::Tracker;\nuse queue::Message;\n"),
            ("crates/pattern/src/lib.rs", "fn f() { store::open() }\n"),
        ]);
        let places: Vec<(String, usize)> = check(&tree).into_iter().map(|f| (f.path, f.line)).collect();
        let wanted = [
            ("crates/store/Cargo.toml", 2),
            ("crates/events/src/lib.rs", 2),
            ("crates/pattern/src/lib.rs", 1),
        ];
        assert_eq!(places, wanted.map(|(path, line)| (path.to_owned(), line)));
    }

    #[test]
    fn a_crate_outside_the_table_is_found() {
        assert_eq!(check(&sample(&[("crates/utils/Cargo.toml", "")])).len(), 1);
    }

    #[test]
    fn a_test_may_look_down_but_never_up() {
        let tree = sample(&[
            ("crates/delivery/tests/it/main.rs", "use store::Store;\n"),
            ("crates/store/tests/it/main.rs", "use delivery::Porter;\n"),
        ]);
        let paths: Vec<String> = check(&tree).into_iter().map(|f| f.path).collect();
        assert_eq!(paths, ["crates/store/tests/it/main.rs"]);
    }

    #[test]
    fn a_module_with_the_name_of_a_room_is_no_arrow() {
        assert_eq!(check(&sample(&[("crates/aws/src/lib.rs", "mod events;\nuse events::Envelope;\n")])), []);
        let imported = "use crate::noun::{queue::{self, Queue}, rule};\nfn f() { queue::read() }\n";
        assert_eq!(check(&sample(&[("crates/provision/src/lib.rs", imported)])), []);
        assert_eq!(check(&sample(&[("crates/aws/src/lib.rs", "use crate::events::Envelope;\n")])), []);
    }
}
