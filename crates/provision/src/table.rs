//! What may stand in a pipeline file, as tables: the reader, the messages and the schema for editors come from them.

/// A mapping with fixed keys.
#[derive(Debug)]
pub(crate) struct Section {
    /// What it describes, with its article: `a queue`.
    pub(crate) noun: &'static str,
    pub(crate) keys: &'static [Key],
    /// Groups of keys that exclude each other.
    pub(crate) choices: &'static [Choice],
    /// Keys of a later version, and what to do meanwhile.
    pub(crate) later: &'static [(&'static str, &'static str)],
}

/// One key.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    /// What it means, with its unit and default: editors show it.
    pub(crate) about: &'static str,
    pub(crate) is_required: bool,
    pub(crate) kind: Kind,
}

/// Keys of which one is given.
#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) among: &'static [&'static str],
    /// Whether none of them is a mistake.
    pub(crate) is_required: bool,
}

/// What a value may be.
#[derive(Debug)]
pub(crate) enum Kind {
    /// Exactly this number.
    Version(u64),
    /// Not empty, in characters.
    Text {
        chars_max: usize,
    },
    /// A name that AWS accepts.
    Name(&'static NameRule),
    Flag,
    Integer {
        min: u64,
        max: u64,
    },
    /// More than nothing.
    Number {
        max: f64,
    },
    /// Seconds, or text like `30s`, `5m`, `12h`, `4d`.
    Duration {
        seconds_min: u64,
        seconds_max: u64,
    },
    OneOf(&'static [&'static str]),
    /// Any value.
    Json,
    /// Any mapping.
    JsonObject,
    /// A mapping, or JSON text.
    Pattern,
    /// A mapping, JSON text, or the path of a file.
    Definition,
    /// Any keys, each with text.
    Texts {
        chars_max: usize,
    },
    /// Names, each with a part of a pipeline that changes the file.
    Profiles,
    Object(&'static Section),
    List(&'static Kind),
}

/// Which names AWS accepts.
#[derive(Debug)]
pub(crate) struct NameRule {
    /// What is named, with its article.
    pub(crate) noun: &'static str,
    /// Characters beside ASCII letters and digits.
    pub(crate) signs: &'static str,
    pub(crate) chars_max: usize,
}

impl Section {
    pub(crate) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

impl NameRule {
    pub(crate) fn accepts(&self, c: char) -> bool {
        c.is_ascii_alphanumeric() || self.signs.contains(c)
    }

    /// The name with what is not accepted replaced.
    pub(crate) fn corrected(&self, name: &str) -> String {
        name.chars().map(|c| if self.accepts(c) { c } else { '-' }).take(self.chars_max).collect()
    }
}

/// A key that must be there.
pub(crate) const fn must(name: &'static str, about: &'static str, kind: Kind) -> Key {
    Key { name, about, is_required: true, kind }
}

/// A key that may be there.
pub(crate) const fn may(name: &'static str, about: &'static str, kind: Kind) -> Key {
    Key { name, about, is_required: false, kind }
}
