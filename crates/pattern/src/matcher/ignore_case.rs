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

    /// Whether `found` is the text but for case.
    #[must_use]
    pub fn equals(&self, found: &str) -> bool {
        if self.forms.is_empty() {
            return found.eq_ignore_ascii_case(&self.text);
        }
        self.rests(found).contains(&"")
    }

    /// Whether `found` starts with the text but for case. A closing quotation mark is taken as
    /// [`Prefix`](crate::matcher::prefix::Prefix::accepts) takes it.
    #[must_use]
    pub fn starts(&self, found: &str) -> bool {
        let starts = if self.forms.is_empty() {
            let start = found.as_bytes().get(..self.text.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(self.text.as_bytes()))
        } else {
            !self.rests(found).is_empty()
        };
        starts
            || self.text.strip_suffix('"').is_some_and(|text| IgnoreCase::new(text.to_owned()).equals(found))
    }

    /// Whether `found` ends with the text but for case. An opening quotation mark is taken as
    /// [`Suffix`](crate::matcher::suffix::Suffix::accepts) takes it.
    #[must_use]
    pub fn ends(&self, found: &str) -> bool {
        let ends = if self.forms.is_empty() {
            let end = found.len().checked_sub(self.text.len()).and_then(|at| found.as_bytes().get(at..));
            end.is_some_and(|end| end.eq_ignore_ascii_case(self.text.as_bytes()))
        } else {
            let strip = |rest, form| str::strip_suffix(rest, form);
            !rests(self.forms.iter().rev(), found, strip).is_empty()
        };
        ends || self.text.strip_prefix('"').is_some_and(|text| IgnoreCase::new(text.to_owned()).equals(found))
    }

    /// What may remain of `found` after the text.
    fn rests<'a>(&self, found: &'a str) -> Vec<&'a str> {
        rests(self.forms.iter(), found, |rest, form| str::strip_prefix(rest, form))
    }
}

/// What may remain of `found` when one form of each character is stripped. More than one rest is rare: both forms of a
/// character must be there, one the start of the other.
fn rests<'a, 'f>(
    forms: impl Iterator<Item = &'f [String; 2]>,
    found: &'a str,
    strip: impl Fn(&'a str, &'f str) -> Option<&'a str>,
) -> Vec<&'a str> {
    let mut rests = vec![found];
    for both in forms {
        let next = rests.iter().flat_map(|rest| both.iter().filter_map(|form| strip(rest, form.as_str())));
        let mut next: Vec<&str> = next.collect();
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
