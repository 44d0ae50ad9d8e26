//! `wildcard`: a string of a certain shape.

/// A string of the shape `literal*literal*...`; `*` stands for any characters or none, also line ends. `\*` and `\\`
/// are the characters themselves. Nothing but strings matches.
///
/// ```
/// let pattern = pattern::EventPattern::parse(r#"{"arn": [{"wildcard": "arn:aws:s3:*:bucket/*"}]}"#).unwrap();
/// assert!(pattern.matches(br#"{"arn": "arn:aws:s3:eu:1:bucket/"}"#).unwrap());
/// assert!(!pattern.matches(br#"{"arn": "arn:aws:s3:eu:1:bucket"}"#).unwrap());
///
/// let star = pattern::EventPattern::parse(r#"{"x": [{"wildcard": "2 \\* *"}]}"#).unwrap();
/// assert!(star.matches(br#"{"x": "2 * 3"}"#).unwrap());
/// assert!(!star.matches(br#"{"x": "2 + 3"}"#).unwrap());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wildcard {
    text: String,
    literals: Vec<String>,
}

/// Why a text is no wildcard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidWildcard {
    /// `**`: where, as a byte offset in the text in its quotes, as AWS counts.
    ConsecutiveStars(usize),
    /// A `\` before anything but `*` and `\`: where, likewise.
    InvalidEscape(usize),
}

impl Wildcard {
    /// Reads the shape, escapes undone.
    ///
    /// # Errors
    /// [`InvalidWildcard`] on `**` and on a wrong escape.
    pub fn new(text: String) -> Result<Wildcard, InvalidWildcard> {
        let mut literals = vec![];
        let mut literal = String::new();
        // The offset counts the opening quotation mark.
        let mut chars = text.char_indices().map(|(i, c)| (i + 1, c)).peekable();
        while let Some((at, c)) = chars.next() {
            let next = chars.peek().map(|(_, c)| *c);
            match c {
                '*' if next == Some('*') => return Err(InvalidWildcard::ConsecutiveStars(at)),
                '*' => literals.push(std::mem::take(&mut literal)),
                '\\' => match next {
                    Some(escaped @ ('*' | '\\')) => {
                        literal.push(escaped);
                        chars.next();
                    }
                    _ => return Err(InvalidWildcard::InvalidEscape(at)),
                },
                _ => literal.push(c),
            }
        }
        literals.push(literal);
        Ok(Wildcard { text, literals })
    }

    /// The shape as the pattern spells it, escapes kept.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What stands between the stars, escapes undone: the first is where the string starts, the last where it ends;
    /// one literal means no star at all. Inner literals are not empty.
    #[must_use]
    pub fn literals(&self) -> &[String] {
        &self.literals
    }

    /// Whether `found`, the bytes of a string, has this shape. Linear in `found` for each literal: the first place is
    /// always the best one.
    #[must_use]
    pub fn accepts(&self, found: &[u8]) -> bool {
        let Some((last, firsts)) = self.literals.split_last() else { return false };
        let Some((first, inner)) = firsts.split_first() else { return found == last.as_bytes() };
        let Some(rest) = found.strip_prefix(first.as_bytes()) else { return false };
        // The end first, which is one look, then what is between.
        let Some(mut rest) = rest.strip_suffix(last.as_bytes()) else { return false };
        for literal in inner {
            let Some(at) = memchr::memmem::find(rest, literal.as_bytes()) else { return false };
            rest = rest.get(at + literal.len()..).unwrap_or_default();
        }
        true
    }
}
