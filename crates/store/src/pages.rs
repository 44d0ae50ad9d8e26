//! The engine's pages, read without the engine: what is still there in a file that the engine refuses, and where.
//!
//! Only reads; believes nothing. Page format: redb 4's `docs/design.md`, file format 3. Page checksums are the engine's
//! to verify: here each record's own checksum says whether it is intact.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use crate::keyspace::KEYSPACE;

/// The deepest tree that is believed; a real one of 4 KiB pages has six levels for a billion records.
const DEPTH_MAX: usize = 16;
/// The longest page that is believed, in bytes: a record's limit is far below.
const PAGE_BYTES_MAX: u64 = 1 << 30;

const LEAF: u8 = 1;
const BRANCH: u8 = 2;

/// A file of the engine, open to be read page by page.
#[derive(Debug)]
pub(crate) struct Pages {
    file: File,
    file_bytes: u64,
    page_bytes: u64,
    region_header_pages: u64,
    region_bytes: u64,
    slots: [Slot; 2],
}

/// One of the two places where a commit's root is noted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    pub(crate) commit: u64,
    root: Option<u64>,
}

/// What a walk meets.
#[derive(Debug)]
pub(crate) enum PageItem<'a> {
    /// A record; its bytes may be damaged.
    Record {
        /// Where its value begins in the file.
        offset: u64,
        key: &'a [u8],
        value: &'a [u8],
    },
    /// Bytes that say where others are, and cannot be right.
    Broken { offset: u64, what: &'static str },
}

type Visit<'v> = dyn FnMut(PageItem<'_>) + 'v;

impl Pages {
    /// Opens a file and reads its header; the words say what is wrong with it.
    pub(crate) fn open(path: &Path) -> io::Result<Result<Self, &'static str>> {
        let mut file = open_file(path)?;
        let file_bytes = file.metadata()?.len();
        let mut header = [0; 320];
        if file_bytes < header.len() as u64 {
            return Ok(Err("the file is shorter than its header"));
        }
        file.read_exact(&mut header)?;
        let number = |at| u64::from(u32_at(&header, at).unwrap_or_default());
        let (page_bytes, region_header_pages, region_pages) = (number(12), number(16), number(20));
        if !page_bytes.is_power_of_two() || !(512..=1 << 20).contains(&page_bytes) || region_pages == 0 {
            return Ok(Err("the header's sizes cannot be right"));
        }
        let slot = |at: usize| Slot {
            commit: u64_at(&header, at + 104).unwrap_or_default(),
            root: (header.get(at + 1) != Some(&0)).then(|| u64_at(&header, at + 8)).flatten(),
        };
        let slots = [slot(64), slot(192)];
        let region_bytes = (region_header_pages + region_pages) * page_bytes;
        Ok(Ok(Self { file, file_bytes, page_bytes, region_header_pages, region_bytes, slots }))
    }

    /// The commits that the file notes, the newer one first.
    pub(crate) fn commits(&self) -> [Slot; 2] {
        let [a, b] = self.slots;
        if a.commit >= b.commit { [a, b] } else { [b, a] }
    }

    /// Walks the records of a commit in the order in which they lie; how many there should be, if that can be read.
    pub(crate) fn walk(&mut self, slot: Slot, visit: &mut Visit<'_>) -> io::Result<Option<u64>> {
        let Some(root) = slot.root else {
            visit(PageItem::Broken { offset: 64, what: "no commit is noted in the header" });
            return Ok(None);
        };
        let mut table = None;
        let mut broken = None;
        self.tree(root, DEPTH_MAX, &mut |found| match found {
            PageItem::Record { key, value, .. } if key == redb::TableHandle::name(&KEYSPACE).as_bytes() => {
                table = Some((u64_at(value, 1), u64_at(value, 10).filter(|_| value.get(9) != Some(&0))));
            }
            PageItem::Record { .. } => {}
            PageItem::Broken { offset, what } => broken = Some((offset, what)),
        })?;
        if let Some((offset, what)) = broken {
            visit(PageItem::Broken { offset, what });
        }
        match table {
            Some((records, Some(root))) => {
                self.tree(root, DEPTH_MAX, visit)?;
                Ok(records)
            }
            Some((records, None)) => Ok(records),
            None => {
                visit(PageItem::Broken { offset: 64, what: "the table of records is not found" });
                Ok(None)
            }
        }
    }

    fn tree(&mut self, page: u64, depth: usize, visit: &mut Visit<'_>) -> io::Result<()> {
        let Some(depth) = depth.checked_sub(1) else {
            visit(PageItem::Broken { offset: 0, what: "pages lead to one another without end" });
            return Ok(());
        };
        let Some((offset, bytes)) = self.page(page)? else {
            visit(PageItem::Broken { offset: 0, what: "a page number leads outside the file" });
            return Ok(());
        };
        match bytes.first() {
            Some(&LEAF) => leaf(offset, &bytes, visit),
            Some(&BRANCH) => {
                let children = usize::from(u16_at(&bytes, 2).unwrap_or_default()) + 1;
                for child in 0..children {
                    match u64_at(&bytes, 8 + 16 * children + 8 * child) {
                        Some(page) => self.tree(page, depth, visit)?,
                        None => {
                            visit(PageItem::Broken { offset, what: "a page's count is not its own" });
                            break;
                        }
                    }
                }
            }
            Some(_) | None => visit(PageItem::Broken { offset, what: "a page is of no known kind" }),
        }
        Ok(())
    }

    /// Where a page lies, and its bytes; `None` where its number cannot be right.
    fn page(&mut self, number: u64) -> io::Result<Option<(u64, Vec<u8>)>> {
        let order = number >> 59;
        let index = number & (0xF_FFFF >> order);
        let region = (number >> 20) & 0xF_FFFF;
        let Some(page_bytes) = self.page_bytes.checked_shl(u32::try_from(order).unwrap_or(u32::MAX)) else {
            return Ok(None);
        };
        let offset = self.page_bytes
            + region.saturating_mul(self.region_bytes)
            + self.region_header_pages * self.page_bytes
            + index.saturating_mul(page_bytes);
        if page_bytes > PAGE_BYTES_MAX || offset.saturating_add(page_bytes) > self.file_bytes {
            return Ok(None);
        }
        let Ok(length) = usize::try_from(page_bytes) else { return Ok(None) };
        let mut bytes = vec![0; length];
        self.file.seek(SeekFrom::Start(offset))?;
        self.file.read_exact(&mut bytes)?;
        Ok(Some((offset, bytes)))
    }
}

/// The entries of a leaf. An end that is wrong costs the two records that it parts, no more.
fn leaf(offset: u64, bytes: &[u8], visit: &mut Visit<'_>) {
    let count = usize::from(u16_at(bytes, 2).unwrap_or_default());
    let end = |index: usize| u32_at(bytes, 4 + 4 * index).and_then(|end| usize::try_from(end).ok());
    let keys_from = 4 + 8 * count;
    let mut broken = false;
    for entry in 0..count {
        let key_from = entry.checked_sub(1).map_or(Some(keys_from), end);
        let value_from = entry.checked_sub(1).map_or_else(|| end(count - 1), |before| end(count + before));
        let (key_to, value_to) = (end(entry), end(count + entry));
        let key = key_from.zip(key_to).and_then(|(from, to)| bytes.get(from..to));
        let value = value_from.zip(value_to).and_then(|(from, to)| bytes.get(from..to));
        match (key, value, value_from) {
            (Some(key), Some(value), Some(from)) => {
                visit(PageItem::Record { offset: offset + from as u64, key, value });
            }
            _ => broken = true,
        }
    }
    if broken {
        visit(PageItem::Broken { offset, what: "records of a page end outside it" });
    }
}

#[expect(clippy::disallowed_methods, reason = "this room is the one that opens files")]
fn open_file(path: &Path) -> io::Result<File> {
    File::open(path)
}

fn bytes_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes_at(bytes, at).map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes_at(bytes, at).map(u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes_at(bytes, at).map(u64::from_le_bytes)
}
