//! Checking a data folder, and saving what is intact of a damaged one.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use redb::{Database, ReadableDatabase as _, ReadableTable as _, ReadableTableMetadata as _};

use crate::engine;
use crate::error::{Error, OpenError};
use crate::folder::Folder;
use crate::guard::engine as guarded_engine;
use crate::keyspace::{EngineTable, KEYSPACE, Layout, sequence_key, write_limit};
use crate::overlay::Overlay;
use crate::pages::{PageItem, Pages, Slot};
use crate::record::{intact, seal, sealed_again, unseal};
use crate::scopes::SCOPES;
use crate::store::Store;
use crate::table::{PREFIX_BYTES, prefix};
use crate::view::{HOME, Number};

/// Damage beyond so many places is counted, not listed.
const LISTED_MAX: usize = 1000;
/// Records saved in one commit.
const RECORDS_PER_COMMIT: usize = 4096;
/// Where numbers go on when it is not known how far they had come: beyond any that can have been given out.
const LOST_SEQUENCE: u64 = 1 << 48;

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The file.
    pub file: PathBuf,
    /// The folder's format, as docs/format.md counts them.
    pub format: u32,
    /// Its length in bytes.
    pub file_bytes: u64,
    /// Intact records by table number.
    pub tables: BTreeMap<u8, u64>,
    /// Damage, in the order in which it was met, at most 1,000 places.
    pub damage: Vec<Damage>,
    /// Places of damage, also those not listed.
    pub damaged_places: u64,
    /// Records that should be there, and neither are intact nor were met damaged.
    pub missing: u64,
    /// Whether the file was closed; otherwise its process ended without a chance to, which is no damage.
    pub closed: bool,
    /// Why the engine refuses the file, if it does: it also checks pages that hold no records.
    pub refusal: Option<String>,
}

/// A damaged place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Where in the file, in bytes from its beginning.
    pub offset: u64,
    /// The number of the table, where it can be told.
    pub table: Option<u8>,
    /// The number of the scope, 0 for the home scope, where it can be told.
    pub scope: Option<u16>,
    /// The key inside the table and the scope, where it can be told. It may be what is damaged.
    pub key: Option<Vec<u8>>,
    /// What is wrong.
    pub what: &'static str,
}

impl Report {
    /// Whether everything is as it was written.
    pub fn is_clean(&self) -> bool {
        self.damaged_places == 0 && self.missing == 0 && self.refusal.is_none()
    }

    /// Intact records.
    pub fn records(&self) -> u64 {
        self.tables.values().sum()
    }

    fn add(&mut self, damage: Damage) {
        self.damaged_places += 1;
        if self.damage.len() < LISTED_MAX {
            self.damage.push(damage);
        }
    }
}

/// What a look at the records of an open store found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuickReport {
    /// Records that were looked at.
    pub looked_at: u64,
    /// Those of them whose checksum does not fit.
    pub damaged: u64,
    /// Records that there are.
    pub records: u64,
}

impl Store {
    /// Compares the checksum of the first `most` records, while the store goes on. Blocks.
    ///
    /// # Errors
    /// The engine's, where a page cannot be read.
    pub fn quick_check(&self, most: u64) -> Result<QuickReport, Error> {
        let look = || -> Result<_, redb::Error> {
            let records = self.database().begin_read()?.open_table(KEYSPACE)?;
            let mut report = QuickReport { looked_at: 0, damaged: 0, records: records.len()? };
            for record in records.iter()? {
                if report.looked_at == most {
                    break;
                }
                let (key, value) = record?;
                report.looked_at += 1;
                report.damaged += u64::from(!intact(key.value(), value.value()));
            }
            Ok(report)
        };
        guarded_engine(look).map_err(|cause| Error::Stopped { cause })
    }
}

/// Checks the store of a data folder without changing it: the engine's check of every page, and the checksum of every
/// record.
///
/// # Errors
/// [`OpenError`] where there is no store, or another process has it open.
pub fn check(folder: &Path) -> Result<Report, OpenError> {
    let folder = Folder::existing(folder)?;
    let (report, _) = look(&folder)?;
    Ok(report)
}

/// Writes every intact record of a data folder into a new one: what was lost, and how many were saved. The new folder has
/// the newest format, also where the old one has not: what had no scope is then of the home scope.
///
/// # Errors
/// [`OpenError`] as for [`check`], and where the new folder holds a store already or cannot be written.
pub fn salvage(folder: &Path, into: &Path) -> Result<Report, OpenError> {
    let folder = Folder::existing(folder)?;
    let (_, slot) = look(&folder)?;
    let new = Folder::open(into)?;
    if new.has_store() {
        return Err(OpenError::NotEmpty { folder: into.to_path_buf() });
    }
    let mut report = None;
    new.engine_file(|path| {
        let database = engine::create(path, 64 << 20)?;
        let layout = Layout::of(folder.format());
        let mut saved = Saved::new(&database, path, layout);
        if let Some(slot) = slot {
            let (file, mut pages) = open_pages(&folder)?;
            let mut found = empty(&folder);
            walk(&mut pages, slot, &mut found, &mut |key, value| saved.add(key, value))
                .map_err(|source| io_error("read", &file, source))??;
            report = Some(found);
        }
        saved.finish()
    })?;
    Ok(report.unwrap_or_else(|| empty(&folder)))
}

type Keep<'k> = dyn FnMut(&[u8], &[u8]) -> Result<(), OpenError> + 'k;

/// The report, and the commit that it is about.
fn look(folder: &Folder) -> Result<(Report, Option<Slot>), OpenError> {
    let file = folder.store_file();
    let file_bytes = std::fs::metadata(&file).map_err(|source| io_error("look at", &file, source))?.len();
    let overlay = Overlay::open(&file).map_err(|source| io_error("open", &file, source))?;
    let verdict = engine::verify(&file, overlay, Layout::of(folder.format()));
    let opened = Pages::open(&file).map_err(|source| io_error("read", &file, source))?;
    let mut best = None;
    let mut unreadable = None;
    match opened {
        Ok(mut pages) => {
            for slot in pages.commits() {
                let mut report = empty(folder);
                walk(&mut pages, slot, &mut report, &mut |_, _| Ok(()))
                    .map_err(|source| io_error("read", &file, source))??;
                let worse = |(best, _): &(Report, Slot)| lost(best) > lost(&report);
                if best.as_ref().is_none_or(worse) {
                    best = Some((report, slot));
                }
            }
        }
        Err(what) => unreadable = Some(Damage { offset: 0, table: None, scope: None, key: None, what }),
    }
    let (mut report, slot) = match best {
        Some((report, slot)) => (report, Some(slot)),
        None => (empty(folder), None),
    };
    if let Some(damage) = unreadable {
        report.add(damage);
    }
    report.file_bytes = file_bytes;
    report.closed = verdict.closed;
    report.refusal = verdict.refusal;
    Ok((report, slot))
}

fn lost(report: &Report) -> u64 {
    report.damaged_places + report.missing
}

fn empty(folder: &Folder) -> Report {
    Report {
        file: folder.store_file(),
        format: folder.format(),
        file_bytes: 0,
        tables: BTreeMap::new(),
        damage: Vec::new(),
        damaged_places: 0,
        missing: 0,
        closed: true,
        refusal: None,
    }
}

/// Notes every record of a commit in `report`, and hands the intact ones on.
fn walk(
    pages: &mut Pages,
    slot: Slot,
    report: &mut Report,
    keep: &mut Keep<'_>,
) -> io::Result<Result<(), OpenError>> {
    let layout = Layout::of(report.format);
    let mut last: Vec<u8> = Vec::new();
    let mut met = 0;
    let mut outcome = Ok(());
    let expected = pages.walk(slot, &mut |found| match found {
        PageItem::Record { offset, key, value } => {
            met += 1;
            let table = key.first().copied();
            let what = if !intact(key, value) {
                Some("a record does not match its checksum")
            } else if key <= last.as_slice() {
                Some("a record lies where it does not belong")
            } else {
                None
            };
            if let Some(what) = what {
                let scope = scope_of(layout, key);
                let key = key.get(prefix_bytes(layout)..).map(<[u8]>::to_vec);
                return report.add(Damage { offset, table, scope, key, what });
            }
            last = key.to_vec();
            *report.tables.entry(table.unwrap_or_default()).or_default() += 1;
            if outcome.is_ok() {
                outcome = keep(key, value);
            }
        }
        PageItem::Broken { offset, what } => {
            report.add(Damage { offset, table: None, scope: None, key: None, what });
        }
    })?;
    report.missing = expected.unwrap_or_default().saturating_sub(met);
    Ok(outcome)
}

fn prefix_bytes(layout: Layout) -> usize {
    match layout {
        Layout::Scoped => PREFIX_BYTES,
        Layout::Unscoped => 1,
    }
}

/// The scope that a key is of; `None` where the key is too short to say.
fn scope_of(layout: Layout, key: &[u8]) -> Option<Number> {
    match layout {
        Layout::Scoped => key.get(1..)?.first_chunk().map(|number| Number::from_be_bytes(*number)),
        Layout::Unscoped => Some(HOME),
    }
}

fn open_pages(folder: &Folder) -> Result<(PathBuf, Pages), OpenError> {
    let file = folder.store_file();
    let pages = Pages::open(&file).map_err(|source| io_error("read", &file, source))?;
    match pages {
        Ok(pages) => Ok((file, pages)),
        Err(what) => Err(OpenError::Damaged { file, cause: what.to_owned() }),
    }
}

fn io_error(action: &str, file: &Path, source: io::Error) -> OpenError {
    OpenError::Io { action: format!("{action} {}", file.display()), source }
}

/// The new store that takes what is saved.
struct Saved<'d> {
    database: &'d Database,
    path: &'d Path,
    /// The layout of the keys that come.
    layout: Layout,
    records: Vec<(Vec<u8>, Vec<u8>)>,
    /// Whether the limit of the numbers given out is among what is saved.
    numbers: bool,
    /// The scopes that records are of, and those whose names are saved.
    scopes: BTreeSet<Number>,
    named: BTreeSet<Number>,
}

impl<'d> Saved<'d> {
    fn new(database: &'d Database, path: &'d Path, layout: Layout) -> Self {
        let (records, numbers) = (Vec::new(), false);
        let named = BTreeSet::from([HOME]);
        Self { database, path, layout, records, numbers, scopes: BTreeSet::new(), named }
    }

    fn add(&mut self, key: &[u8], value: &[u8]) -> Result<(), OpenError> {
        let (key, value) = match self.layout {
            Layout::Scoped => (key.to_vec(), value.to_vec()),
            Layout::Unscoped => {
                let Some((table, rest)) = key.split_first() else { return Ok(()) };
                let under = [prefix(*table, HOME).as_slice(), rest].concat();
                let Some(value) = sealed_again(key, value, &under) else { return Ok(()) };
                (under, value)
            }
        };
        self.numbers |= key == sequence_key();
        self.scopes.extend(scope_of(Layout::Scoped, &key));
        if key.starts_with(&prefix(SCOPES.number(), HOME)) {
            let number = unseal::<u64>(&key, &value);
            self.named.extend(number.and_then(|number| Number::try_from(number).ok()));
        }
        self.records.push((key, value));
        if self.records.len() < RECORDS_PER_COMMIT { Ok(()) } else { self.commit(|_| Ok(())) }
    }

    /// Names the scopes whose names are lost: their numbers must not be given to another account.
    fn name_scopes(&mut self) {
        for number in self.scopes.difference(&self.named) {
            let name = ("lost".to_owned(), format!("scope-{number}"));
            let key = SCOPES.full_key(HOME, &name);
            if let Some(value) = seal(&key, &u64::from(*number)) {
                self.records.push((key, value));
            }
        }
    }

    fn finish(mut self) -> Result<(), OpenError> {
        self.name_scopes();
        let numbers = self.numbers;
        self.commit(|table| if numbers { Ok(()) } else { write_limit(table, LOST_SEQUENCE) })
    }

    fn commit(
        &mut self,
        also: impl FnOnce(&mut EngineTable<'_>) -> Result<(), redb::Error>,
    ) -> Result<(), OpenError> {
        let records = std::mem::take(&mut self.records);
        engine::attempt(self.path, || -> Result<(), redb::Error> {
            let transaction = self.database.begin_write()?;
            {
                let mut table = transaction.open_table(KEYSPACE)?;
                for (key, value) in &records {
                    table.insert(key.as_slice(), value.as_slice())?;
                }
                also(&mut table)?;
            }
            Ok(transaction.commit()?)
        })
    }
}
