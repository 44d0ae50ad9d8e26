//! The texts of a pipeline: its file and those that it includes, one behind the other. A place counts bytes through all of
//! them, and lines in its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::fields::Fields;
use crate::input;
use crate::mistake::{Marked, Mistake, Source, Span, Style, kind};
use crate::reference::Env;
use crate::tree;

/// The most files of one pipeline.
pub const FILES_MAX: usize = 64;
/// The key that names them.
pub(crate) const INCLUDE: &str = "include";

/// A pipeline file and what it includes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Texts {
    /// All of them, a line break behind each.
    text: String,
    /// The file itself comes first.
    files: Vec<File>,
    /// What could not be included.
    pub(crate) failures: Vec<Mistake>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct File {
    /// As it is shown.
    path: PathBuf,
    /// Its first byte.
    start: usize,
}

/// One text of several.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part<'a> {
    pub(crate) text: &'a str,
    /// Its first byte among all.
    pub(crate) start: usize,
}

impl Texts {
    /// One text alone, under a name: what it includes is not looked for.
    pub fn of_text(name: &Path, text: String) -> Self {
        let file = File { path: name.to_path_buf(), start: 0 };
        Self { text, files: vec![file], failures: Vec::new() }
    }

    /// A file from disk, and what it includes. What cannot be included is a mistake of the file.
    ///
    /// # Errors
    /// A sentence that names the file, where it cannot be read itself.
    pub fn read(path: &Path, env: Env<'_>) -> Result<Self, String> {
        let mut texts = Self::of_text(path, input::read(path)?);
        let mut next = 0;
        while let Some(part) = texts.part(next) {
            for include in includes(part, env) {
                texts.include(next, &include);
            }
            next += 1;
        }
        Ok(texts)
    }

    /// Adds a file that the file with this index names.
    fn include(&mut self, by: usize, include: &Marked<String>) {
        let folder = self.files.get(by).and_then(|file| file.path.parent()).unwrap_or(Path::new(""));
        let path = folder.join(&include.value);
        if let Some(known) = self.files.iter().position(|file| is_same(&file.path, &path)) {
            if known == by {
                self.failures.push(Mistake::new(kind::INCLUDE, include.span, "this file includes itself"));
            }
            return;
        }
        if self.files.len() >= FILES_MAX {
            let sentence = format!("a pipeline has at most {FILES_MAX} files");
            self.failures.push(Mistake::new(kind::INCLUDE, include.span, sentence));
            return;
        }
        match input::read(&path) {
            Ok(text) => {
                self.text.push('\n');
                self.files.push(File { path, start: self.text.len() });
                self.text.push_str(&text);
            }
            Err(sentence) => self.failures.push(Mistake::new(kind::INCLUDE, include.span, sentence)),
        }
    }

    /// The name of the file itself.
    pub fn name(&self) -> &Path {
        self.files.first().map_or(Path::new(""), |file| &file.path)
    }

    /// The folder that the file stands in.
    pub fn folder(&self) -> &Path {
        match self.name().parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        }
    }

    /// The text of the file itself.
    pub fn main(&self) -> &str {
        self.part(0).map_or("", |part| part.text)
    }

    /// Whether files are included.
    pub fn has_several(&self) -> bool {
        self.files.len() > 1
    }

    /// All texts, for places to be cut from.
    pub fn all(&self) -> &str {
        &self.text
    }

    pub(crate) fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        (0..self.files.len()).filter_map(|index| self.part(index))
    }

    fn part(&self, index: usize) -> Option<Part<'_>> {
        let start = self.files.get(index)?.start;
        let end = self.files.get(index + 1).map_or(self.text.len(), |next| next.start.saturating_sub(1));
        Some(Part { text: self.text.get(start..end)?, start })
    }

    fn index_of(&self, span: Span) -> usize {
        self.files.iter().rposition(|file| file.start <= span.start).unwrap_or_default()
    }

    /// The file that a place is in.
    pub fn name_of(&self, span: Span) -> &Path {
        self.files.get(self.index_of(span)).map_or(Path::new(""), |file| &file.path)
    }

    /// The folder of an included file, from that of the file itself; `None` where it is the same.
    pub(crate) fn folder_of(&self, span: Span) -> Option<PathBuf> {
        let folder = self.name_of(span).parent()?;
        let own = self.name().parent()?;
        let folder = folder.strip_prefix(own).unwrap_or(folder);
        (!folder.as_os_str().is_empty()).then(|| folder.to_path_buf())
    }

    /// Mistakes as a person reads them, in the order of the files.
    pub fn render(&self, mistakes: &[Mistake], style: Style<'_>) -> String {
        let mut sorted: Vec<&Mistake> = mistakes.iter().collect();
        sorted.sort_by_key(|mistake| mistake.span.start);
        let shown: Vec<String> = sorted.iter().map(|mistake| self.render_one(mistake, style)).collect();
        shown.join("\n")
    }

    /// One mistake, in its file.
    pub fn render_one(&self, mistake: &Mistake, style: Style<'_>) -> String {
        let index = self.index_of(mistake.span);
        let Some(part) = self.part(index) else { return mistake.sentence.clone() };
        let name = self.name_of(mistake.span).display().to_string();
        let Span { start, end, .. } = mistake.span;
        let span = Span {
            start: start.saturating_sub(part.start),
            end: end.saturating_sub(part.start),
            ..mistake.span
        };
        Source { name: &name, text: part.text }.render_one(&Mistake { span, ..mistake.clone() }, style)
    }

    /// A name that leads nowhere is one mistake, however often it is used: the first has the places of the others.
    pub(crate) fn once(&self, mistakes: Vec<Mistake>) -> Vec<Mistake> {
        let mut out: Vec<Mistake> = Vec::with_capacity(mistakes.len());
        let mut more: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for mistake in mistakes {
            let is_same = |one: &Mistake| one.rule == kind::UNKNOWN_NAME && one.sentence == mistake.sentence;
            let Some(first) = out.iter().position(is_same) else {
                out.push(mistake);
                continue;
            };
            let (own, span) = (out.get(first).map(|first| first.span).unwrap_or_default(), mistake.span);
            let place = if self.index_of(own) == self.index_of(span) {
                format!("{}:{}", span.line, span.column)
            } else {
                format!("{}:{}:{}", self.name_of(span).display(), span.line, span.column)
            };
            more.entry(first).or_default().push(place);
        }
        for (index, places) in more {
            if let Some(mistake) = out.get_mut(index) {
                mistake.sentence = format!("{}; also at {}", mistake.sentence, places.join(", "));
            }
        }
        out
    }

    /// Says in each sentence where the same stands first.
    pub(crate) fn place_firsts(&self, mistakes: &mut [Mistake]) {
        for mistake in mistakes {
            let Some(first) = mistake.first.take().map(|first| *first) else { continue };
            let place = if self.index_of(first) == self.index_of(mistake.span) {
                format!("on line {}", first.line)
            } else {
                format!("in {}:{}", self.name_of(first).display(), first.line)
            };
            mistake.sentence = format!("{}; the first is {place}", mistake.sentence);
        }
    }
}

/// The files that a text names.
fn includes(part: Part<'_>, env: Env<'_>) -> Vec<Marked<String>> {
    // What is wrong is told when the whole is read.
    let Some(root) = tree::read(part.text, env, &mut Vec::new()) else { return Vec::new() };
    let mut paths = Fields { node: &root, source: part.text }.texts(INCLUDE);
    for path in &mut paths {
        path.span = path.span.after(part.start);
    }
    paths
}

/// Whether two paths lead to one file.
fn is_same(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}
