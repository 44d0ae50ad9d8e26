//! The help of every command, as it is shown on a terminal of 80 columns: `data/help`, one file a command.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::client::trunkline;

/// The help of `words`, without what the environment adds to it.
fn help(words: &[String]) -> String {
    let mut command = trunkline(&[]);
    command.args(words).arg("--help").env("COLUMNS", "80");
    for variable in ["AWS_ENDPOINT_URL", "GENESYS_ORG", "GENESYS_CLIENT_ID", "TRUNKLINE_ALLOW_PRIVATE"] {
        command.env_remove(variable);
    }
    for variable in ["TRUNKLINE_CA_FILE", "TRUNKLINE_LOG", "TRUNKLINE_LOG_FORMAT", "TRUNKLINE_RUNTIMES"] {
        command.env_remove(variable);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{words:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The subcommands that a help lists.
fn subcommands(help: &str) -> Vec<String> {
    let list = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let list = list.take_while(|line| !line.is_empty());
    // The text of a command may go on in lines that are further in.
    let names = list.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

/// Every command's help, by the name of its file.
fn all() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut left = vec![Vec::new()];
    while let Some(words) = left.pop() {
        let text = help(&words);
        for name in subcommands(&text) {
            left.push([words.as_slice(), &[name]].concat());
        }
        let name = [&["trunkline".to_owned()], words.as_slice()].concat().join("-");
        found.insert(name, text);
    }
    found
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/help").join(format!("{name}.txt"))
}

#[test]
fn every_help_is_as_it_was_and_fits_80_columns() {
    let all = all();
    assert!(all.len() > 25, "{:?}", all.keys());
    if std::env::var_os("TRUNKLINE_BLESS").is_some() {
        let folder = file("trunkline");
        std::fs::create_dir_all(folder.parent().unwrap()).unwrap();
        all.iter().for_each(|(name, text)| std::fs::write(file(name), text).unwrap());
    }
    for (name, text) in &all {
        // A usage is one line, however long.
        let lines = text.lines().filter(|line| !line.starts_with("Usage: "));
        let wide: Vec<&str> = lines.filter(|line| line.chars().count() > 80).collect();
        assert!(wide.is_empty(), "{name}: {wide:#?}");
        let expected = std::fs::read_to_string(file(name)).unwrap_or_default();
        assert_eq!(*text, expected, "{name}: TRUNKLINE_BLESS=1 writes it anew");
    }
    let folder = std::fs::read_dir(file("trunkline").parent().unwrap()).unwrap();
    let names = folder.map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned());
    let stale: Vec<String> = names.filter(|name| !all.contains_key(name)).collect();
    assert!(stale.is_empty(), "the help of commands that are gone: {stale:?}");
}
