//! `equals-ignore-case`, alone and inside `prefix`, `suffix` and `anything-but`.

/// A string, each character of which stands for its lower and its upper case form.
///
/// The forms are those of the *pattern's* characters, one by one and whatever the language: `ß` accepts `ß` and `SS`
/// but not `ss`. Characters beyond U+FFFF have one form only, their own (event-ruler, `EqualsIgnoreCaseParser`).
///
/// ```
/// let pattern = pattern::EventPattern::parse(r#"{"state": [{"equals-ignore-case": "RUNNING"}]}"#).unwrap();
/// assert!(pattern.matches(br#"{"state": "Running"}"#).unwrap());
///
/// let start = pattern::EventPattern::parse(r#"{"f": [{"prefix": {"equals-ignore-case": "img_"}}]}"#).unwrap();
/// assert!(start.matches(br#"{"f": "IMG_0815"}"#).unwrap());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IgnoreCase {
    text: String,
    /// Per character of the text: its lower and its upper case form. None where the text is ASCII: its forms are too.
    forms: Vec<[String; 2]>,
}

impl IgnoreCase {
    /// Accepts `text` in any case.
    #[must_use]
    pub fn new(text: String) -> IgnoreCase {
        let forms = if text.is_ascii() { vec![] } else { text.chars().map(forms).collect() };
        IgnoreCase { text, forms }
    }

    /// The text as the pattern spells it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether `found`, the bytes of a string, is the text but for case.
    #[must_use]
    pub fn equals(&self, found: &[u8]) -> bool {
        if self.forms.is_empty() {
            return found.eq_ignore_ascii_case(self.text.as_bytes());
        }
        self.rests(found).contains(&&b""[..])
    }

    /// Whether `found`, the bytes of a string, starts with the text but for case. A closing quotation mark is taken as
    /// [`Prefix`](crate::matcher::prefix::Prefix::accepts) takes it.
    #[must_use]
    pub fn starts(&self, found: &[u8]) -> bool {
        let starts = if self.forms.is_empty() {
            let start = found.get(..self.text.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(self.text.as_bytes()))
        } else {
            !self.rests(found).is_empty()
        };
        starts
            || self.text.strip_suffix('"').is_some_and(|text| IgnoreCase::new(text.to_owned()).equals(found))
    }

    /// Whether `found`, the bytes of a string, ends with the text but for case. An opening quotation mark is taken as
    /// [`Suffix`](crate::matcher::suffix::Suffix::accepts) takes it.
    #[must_use]
    pub fn ends(&self, found: &[u8]) -> bool {
        let ends = if self.forms.is_empty() {
            let end = found.len().checked_sub(self.text.len()).and_then(|at| found.get(at..));
            end.is_some_and(|end| end.eq_ignore_ascii_case(self.text.as_bytes()))
        } else {
            !rests(self.forms.iter().rev(), found, |rest, form| rest.strip_suffix(form)).is_empty()
        };
        ends || self.text.strip_prefix('"').is_some_and(|text| IgnoreCase::new(text.to_owned()).equals(found))
    }

    /// What may remain of `found` after the text.
    fn rests<'a>(&self, found: &'a [u8]) -> Vec<&'a [u8]> {
        rests(self.forms.iter(), found, |rest, form| rest.strip_prefix(form))
    }
}

/// What may remain of `found` when one form of each character is stripped. More than one rest is rare: both forms of a
/// character must be there, one the start of the other.
fn rests<'a, 'f>(
    forms: impl Iterator<Item = &'f [String; 2]>,
    found: &'a [u8],
    strip: impl Fn(&'a [u8], &'f [u8]) -> Option<&'a [u8]>,
) -> Vec<&'a [u8]> {
    let mut rests = vec![found];
    for both in forms {
        let next = rests.iter().flat_map(|rest| both.iter().filter_map(|form| strip(rest, form.as_bytes())));
        let mut next: Vec<&[u8]> = next.collect();
        next.dedup();
        rests = next;
    }
    rests
}

/// The forms that a character of the pattern stands for.
pub(crate) fn forms(c: char) -> [String; 2] {
    if c > '\u{ffff}' {
        return [c.to_string(), c.to_string()];
    }
    [c.to_lowercase().collect(), c.to_uppercase().collect()]
}
