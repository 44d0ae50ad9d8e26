//! `trunkline fsck`: is everything in the data folder what was written, and what can be saved if it is not.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aws::encoding::hex;
use clap::Args;
use queue::mend::{Repairs, after_salvage};
use runner::code::{self, CodeCheck};
use serde_json::json;
use store::check::{Damage, Report, check, salvage};
use store::folder::FORMAT;
use store::{Options, Store};
use tables::backup;
use tables::file::{self, FileReport};

use crate::output;

/// The page that lists every table; what it says is what people read here.
const FORMAT_PAGE: &str = include_str!("../../../../docs/format.md");

/// Arguments of `trunkline fsck`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The data folder; stop the Trunkline that uses it first
    #[arg(long, value_name = "DIR", default_value = ".trunkline")]
    data_dir: PathBuf,
    /// Write everything that is intact to this new data folder
    #[arg(long, value_name = "NEW_DIR")]
    salvage_to: Option<PathBuf>,
    /// Print one JSON object instead of text
    #[arg(long)]
    json: bool,
}

/// Exit status 0 where everything is as it was written, 1 where it is not.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let found = Found::in_folder(&arguments.data_dir)?;
    let saved = match &arguments.salvage_to {
        Some(into) => Some(save(&arguments.data_dir, into, &found)?),
        None => None,
    };
    if arguments.json {
        output::json(as_json(&found, saved.as_ref()));
    } else {
        show(&found.report);
        show_zips(&found.zips);
        found.tables.iter().for_each(show_tables);
        show_end(&found);
        if let (Some(saved), Some(into)) = (&saved, &arguments.salvage_to) {
            output::line(format_args!("saved {} records to {}", saved.records, into.display()));
            for left in &saved.left {
                output::line(format_args!("not saved: {left}"));
            }
            let Repairs { places, messages } = saved.mended;
            if places + messages > 0 {
                output::line(format_args!(
                    "discarded because a part of them is lost: {places} messages without their content, {messages} without their queue"
                ));
            }
        }
    }
    Ok(if found.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What a check found, in all that the folder holds.
#[derive(Debug)]
struct Found {
    /// The store.
    report: Report,
    /// The zips of functions, of all accounts and regions.
    zips: CodeCheck,
    /// The files of DynamoDB's tables.
    tables: Vec<FileReport>,
}

impl Found {
    fn in_folder(data_dir: &Path) -> Result<Self, String> {
        let report = check(data_dir).map_err(|error| error.to_string())?;
        let unreadable = |error: io::Error| format!("{} cannot be read: {error}", data_dir.display());
        let zips = code::check_all(data_dir).map_err(unreadable)?;
        let tables = file::check(data_dir).map_err(unreadable)?;
        Ok(Self { report, zips, tables })
    }

    /// Whether everything is as it was written, as far as that can be seen.
    fn is_clean(&self) -> bool {
        let tables_are = self.tables.iter().all(|file| file.damage.is_empty());
        self.report.is_clean() && self.zips.damaged.is_empty() && tables_are
    }
}

/// What was saved.
#[derive(Clone, Debug)]
struct Saved {
    records: u64,
    mended: Repairs,
    /// Files of tables that could not be copied, and why.
    left: Vec<String>,
}

/// Saves what is intact, and puts in order what hangs together, so that no queue waits for what is lost.
fn save(from: &Path, into: &Path, found: &Found) -> Result<Saved, String> {
    let records = salvage(from, into).map_err(|error| error.to_string())?.records();
    let options = Options { leaves_secrets_sealed: true, ..Options::default() };
    let store = Store::open(into, &options).map_err(|error| error.to_string())?;
    let mut mended = Repairs::default();
    for scope in store.scopes() {
        let store = store.in_scope(&scope).map_err(|error| error.to_string())?;
        let more = after_salvage(&store).map_err(|error| error.to_string())?;
        mended.places += more.places;
        mended.messages += more.messages;
    }
    code::copy_whole(from, into, &found.zips).map_err(|error| error.to_string())?;
    let left = found.tables.iter().filter_map(|file| save_tables(file, into).err()).collect();
    Ok(Saved { records, mended, left })
}

/// Copies a file of tables that is whole; of one that is not, nothing is guessed.
fn save_tables(report: &FileReport, into: &Path) -> Result<(), String> {
    let file = &report.file;
    if !report.damage.is_empty() {
        return Err(format!(
            "{} is damaged; `sqlite3 {} .recover` prints what can be read of it",
            file.display(),
            file.display()
        ));
    }
    let name = file.file_name().unwrap_or_default();
    backup::copy(file, &into.join(name)).map_err(|error| error.to_string())
}

fn show_tables(report: &FileReport) {
    let file = report.file.display();
    for sentence in &report.damage {
        output::line(format_args!("{file}: {sentence}"));
    }
    let state =
        if report.damage.is_empty() { "structure intact (pages have no checksums)" } else { "damaged" };
    output::line(format_args!("{file}: {} bytes of tables, {state}", report.file_bytes));
}

/// The last word on the folder.
fn show_end(found: &Found) {
    if found.is_clean() {
        output::line(output::styled(output::GOOD, "no damage"));
        return;
    }
    output::line(output::styled(output::BAD, "damaged"));
    output::line(
        "copy the data folder before doing anything else; `trunkline fsck --salvage-to NEW_DIR` saves what is intact",
    );
}

fn show_zips(zips: &CodeCheck) {
    for zip in &zips.damaged {
        output::line(format_args!(
            "{}: its bytes are not those of its name; update the function's code",
            zip.display()
        ));
    }
    if !zips.whole.is_empty() {
        output::line(format_args!("{} zips of functions intact", zips.whole.len()));
    }
}

fn show(report: &Report) {
    let file = report.file.display();
    for damage in &report.damage {
        output::line(format_args!("{file}:{}: {}", damage.offset, sentence(damage)));
    }
    let listed = u64::try_from(report.damage.len()).unwrap_or(u64::MAX);
    if report.damaged_places > listed {
        output::line(format_args!("and {} more places", report.damaged_places - listed));
    }
    if report.missing > 0 {
        output::line(format_args!("{} records are missing", report.missing));
    }
    if let Some(refusal) = &report.refusal {
        output::line(format_args!("{file}: the storage engine cannot open it: {refusal}"));
    }
    let end = if report.closed {
        "closed cleanly"
    } else {
        "not closed: its process was killed, which is not damage"
    };
    output::line(format_args!(
        "{file}: {} bytes, {} records intact, {end}",
        report.file_bytes,
        report.records()
    ));
    if report.format < FORMAT {
        output::line(format_args!(
            "its format is {}, and this Trunkline serves format {FORMAT}; `trunkline fsck --salvage-to NEW_DIR` writes everything into a new folder",
            report.format
        ));
    }
}

/// What is wrong, in which table and under which key.
fn sentence(damage: &Damage) -> String {
    let table = damage.table.map(|number| format!(", table '{}'", table_name(number))).unwrap_or_default();
    let scope =
        damage.scope.filter(|scope| *scope > 0).map(|scope| format!(", scope {scope}")).unwrap_or_default();
    let key = damage.key.as_deref().map(|key| format!(", key {}", hex(key))).unwrap_or_default();
    format!("{}{table}{scope}{key}", damage.what)
}

fn as_json(found: &Found, saved: Option<&Saved>) -> serde_json::Value {
    let Found { report, zips, tables } = found;
    let not_saved = saved.map(|saved| &saved.left);
    let given_up = saved.map(|saved| {
        json!({"messagesWithoutContent": saved.mended.places, "messagesWithoutQueue": saved.mended.messages})
    });
    let saved = saved.map(|saved| saved.records);
    let damage: Vec<_> = report
        .damage
        .iter()
        .map(|damage| {
            json!({
                "offset": damage.offset,
                "what": damage.what,
                "table": damage.table.map(table_name),
                "scope": damage.scope,
                "key": damage.key.as_deref().map(hex),
            })
        })
        .collect();
    let tables_files = tables.iter().map(
        |file| json!({"file": file.file, "bytes": file.file_bytes, "clean": file.damage.is_empty(), "damage": file.damage}),
    );
    let tables_files: Vec<_> = tables_files.collect();
    json!({
        "file": report.file, "format": report.format, "bytes": report.file_bytes, "clean": found.is_clean(), "closed": report.closed,
        "records": report.records(), "damagedPlaces": report.damaged_places, "missing": report.missing,
        "refusal": report.refusal, "damage": damage, "saved": saved, "givenUp": given_up,
        "zips": zips.whole.len(), "damagedZips": zips.damaged, "tablesFiles": tables_files, "notSaved": not_saved,
    })
}

/// The name that docs/format.md gives to a table.
fn table_name(number: u8) -> String {
    let rows = FORMAT_PAGE.lines().filter_map(|line| {
        let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
        Some((cells.next()?.parse::<u8>().ok()?, cells.next()?))
    });
    rows.into_iter()
        .find(|(row, _)| *row == number)
        .map_or_else(|| format!("number {number}"), |(_, name)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::table_name;

    #[test]
    fn tables_are_named_as_the_format_page_names_them() {
        assert_eq!(table_name(0), "meta");
        assert_eq!(table_name(13), "message contents");
        assert_eq!(table_name(250), "number 250");
    }
}
