//! The catalogue's text files: reading them, and walking the shapes that they describe.

use std::collections::HashMap;

use super::{DEPTH_MAX, Field, FieldAt, Kind, Origin, Topic};

/// A type in the notation of the files.
#[derive(Clone, Debug)]
pub(super) enum Type {
    Plain(Kind),
    Enum(usize),
    Shape(usize),
    Array(Box<Type>),
    Map(Box<Type>),
}

/// The files as read. Indices are those of the vectors; a name that no line defines is an error of [`read`].
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    enums: Vec<Vec<&'static str>>,
    shapes: Vec<Vec<(&'static str, Type)>>,
    pub(super) topics: Vec<Topic>,
    pub(super) envelope: usize,
    pub(super) partner_detail: usize,
}

/// The lines of the files, still in words: `(name, words)` in file order.
#[derive(Default)]
struct Blocks {
    enums: Vec<(&'static str, Vec<&'static str>)>,
    shapes: Vec<(&'static str, Vec<&'static str>)>,
    topics: Vec<Vec<&'static str>>,
    open: Open,
}

/// Which block takes the words of an indented line.
#[derive(Default)]
enum Open {
    #[default]
    Nothing,
    Enum,
    Shape,
}

/// Index of each name, so that types can refer to what comes later.
struct Names {
    enums: HashMap<&'static str, usize>,
    shapes: HashMap<&'static str, usize>,
}

/// Reads catalogue files. The error is the first line or word that does not follow the notation.
pub(super) fn read(files: &[&'static str]) -> Result<Catalogue, String> {
    let mut blocks = Blocks::default();
    for line in files.iter().flat_map(|file| file.lines()) {
        blocks.add(line)?;
    }
    let index = |list: &[(&'static str, Vec<&'static str>)]| {
        list.iter().enumerate().map(|(at, (name, _))| (*name, at)).collect()
    };
    let names = Names { enums: index(&blocks.enums), shapes: index(&blocks.shapes) };
    let shape =
        |name: &str| names.shapes.get(name).copied().ok_or_else(|| format!("no shape is called {name}"));
    let mut catalogue = Catalogue {
        envelope: shape("Envelope")?,
        partner_detail: shape("PartnerDetail")?,
        ..Catalogue::default()
    };
    for (_, fields) in &blocks.shapes {
        let fields = fields.iter().map(|word| {
            let (name, kind) = word.split_once(':').unwrap_or((word, ""));
            Ok((name, names.parse(kind)?))
        });
        catalogue.shapes.push(fields.collect::<Result<_, String>>()?);
    }
    for words in &blocks.topics {
        catalogue.topics.push(names.topic(words)?);
    }
    catalogue.enums = blocks.enums.into_iter().map(|(_, values)| values).collect();
    Ok(catalogue)
}

impl Blocks {
    fn add(&mut self, line: &'static str) -> Result<(), String> {
        if line.starts_with('#') || line.trim().is_empty() {
            return Ok(());
        }
        let mut words = line.split_whitespace();
        let refused = || format!("not in the catalogue's notation: {line}");
        if line.starts_with(' ') {
            let block = match self.open {
                Open::Enum => self.enums.last_mut(),
                Open::Shape => self.shapes.last_mut(),
                Open::Nothing => None,
            };
            block.ok_or_else(refused)?.1.extend(words);
            return Ok(());
        }
        let (kind, name) = (words.next().unwrap_or_default(), words.next().ok_or_else(refused)?);
        self.open = match kind {
            "enum" => Open::Enum,
            "shape" => Open::Shape,
            "topic" => Open::Nothing,
            _ => return Err(refused()),
        };
        match self.open {
            Open::Enum => self.enums.push((name, Vec::new())),
            Open::Shape => self.shapes.push((name, Vec::new())),
            Open::Nothing => self.topics.push(std::iter::once(name).chain(words).collect()),
        }
        Ok(())
    }
}

impl Names {
    fn parse(&self, word: &str) -> Result<Type, String> {
        let unknown = || format!("not a type of the catalogue: {word}");
        if let Some(name) = word.strip_prefix('=') {
            return self.enums.get(name).map(|at| Type::Enum(*at)).ok_or_else(unknown);
        }
        if let Some(name) = word.strip_prefix('@') {
            return self.shapes.get(name).map(|at| Type::Shape(*at)).ok_or_else(unknown);
        }
        if let Some(inner) = word.strip_prefix('[') {
            return Ok(Type::Array(Box::new(self.parse(inner)?)));
        }
        if let Some(inner) = word.strip_prefix('{') {
            return Ok(Type::Map(Box::new(self.parse(inner)?)));
        }
        match word {
            "" => Ok(Type::Plain(Kind::Text)),
            "int" => Ok(Type::Plain(Kind::Integer)),
            "num" => Ok(Type::Plain(Kind::Number)),
            "bool" => Ok(Type::Plain(Kind::Boolean)),
            "time" => Ok(Type::Plain(Kind::Time)),
            "any" => Ok(Type::Plain(Kind::Any)),
            _ => Err(unknown()),
        }
    }

    fn topic(&self, words: &[&'static str]) -> Result<Topic, String> {
        let [name, body, marks @ ..] = words else {
            return Err(format!("a topic needs a name and a type: {words:?}"));
        };
        Ok(Topic {
            name,
            body: self.parse(body)?,
            origin: if marks.contains(&"derived") { Origin::Derived } else { Origin::Genesys },
            seen_on_event_bridge: marks.contains(&"bridge"),
        })
    }
}

impl Catalogue {
    /// The field at `path` below a value of type `kind`.
    pub(super) fn walk(&'static self, kind: &Type, path: &[&str]) -> Option<Field> {
        let [key, rest @ ..] = path else { return Some(self.describe(kind)) };
        match kind {
            Type::Array(inner) => self.walk(inner, path),
            // A key of the map may hold dots, so it takes as many words as the rest leaves it.
            Type::Map(inner) => {
                (0..=rest.len()).find_map(|taken| self.walk(inner, rest.get(taken..).unwrap_or_default()))
            }
            Type::Shape(at) => {
                let (_, inner) = self.shapes.get(*at)?.iter().find(|(name, _)| name == key)?;
                self.walk(inner, rest)
            }
            Type::Plain(Kind::Any) => Some(self.describe(kind)),
            Type::Plain(_) | Type::Enum(_) => None,
        }
    }

    /// Appends the fields below `kind` to `found`; `open` holds the shapes that are being listed, which bounds recursion.
    pub(super) fn collect(
        &'static self,
        kind: &Type,
        at: &str,
        open: &mut Vec<usize>,
        found: &mut Vec<FieldAt>,
    ) {
        match kind {
            Type::Array(inner) => self.collect(inner, at, open, found),
            Type::Shape(shape) if !open.contains(shape) && open.len() < DEPTH_MAX => {
                open.push(*shape);
                for (name, inner) in self.shapes.get(*shape).into_iter().flatten() {
                    let path = format!("{at}.{name}");
                    found.push(FieldAt { path: path.clone(), field: self.describe(inner) });
                    self.collect(inner, &path, open, found);
                }
                open.pop();
            }
            _ => {}
        }
    }

    fn describe(&'static self, kind: &Type) -> Field {
        let plain = |kind| Field { kind, is_array: false, values: &[] };
        match kind {
            Type::Plain(kind) => plain(*kind),
            Type::Enum(at) => {
                Field { values: self.enums.get(*at).map_or(&[], Vec::as_slice), ..plain(Kind::Text) }
            }
            Type::Shape(_) | Type::Map(_) => plain(Kind::Object),
            Type::Array(inner) => Field { is_array: true, ..self.describe(inner) },
        }
    }
}
