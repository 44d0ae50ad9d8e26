//! JSON text, written straight into a string. Keys and most values are ours and need no escapes; what might is escaped.

use aws::Uuid;

/// An object that is being written: each method appends one field.
#[derive(Debug)]
pub(super) struct Object<'a> {
    out: &'a mut String,
    is_first: bool,
}

impl<'a> Object<'a> {
    /// Opens an object at the end of `out`; [`Object::end`] closes it.
    pub(super) fn begin(out: &'a mut String) -> Self {
        out.push('{');
        Self { out, is_first: true }
    }

    /// Goes on with an object that has been opened, and has fields, at the end of `out`.
    pub(super) fn resume(out: &'a mut String) -> Self {
        Self { out, is_first: false }
    }

    pub(super) fn end(self) {
        self.out.push('}');
    }

    fn key(&mut self, key: &str) {
        if !self.is_first {
            self.out.push(',');
        }
        self.is_first = false;
        push_text(self.out, key);
        self.out.push(':');
    }

    pub(super) fn text(&mut self, key: &str, value: &str) {
        self.key(key);
        push_text(self.out, value);
    }

    pub(super) fn id(&mut self, key: &str, value: Uuid) {
        self.key(key);
        push_id(self.out, value);
    }

    pub(super) fn number(&mut self, key: &str, value: u64) {
        self.key(key);
        push_number(self.out, value);
    }

    pub(super) fn truth(&mut self, key: &str, value: Truth) {
        self.key(key);
        self.out.push_str(match value {
            Truth::Yes => "true",
            Truth::No => "false",
        });
    }

    /// ISO 8601 with milliseconds, in UTC.
    pub(super) fn time(&mut self, key: &str, at_ms: u64) {
        self.raw_text(key, |out| push_time(out, at_ms, Precision::Millis));
    }

    /// Text that `push` writes and that needs no escapes.
    pub(super) fn raw_text(&mut self, key: &str, push: impl FnOnce(&mut String)) {
        self.key(key);
        self.out.push('"');
        push(self.out);
        self.out.push('"');
    }

    pub(super) fn texts(&mut self, key: &str, values: &[&str]) {
        self.list(key, values.iter(), |out, value| push_text(out, value));
    }

    pub(super) fn ids(&mut self, key: &str, values: impl Iterator<Item = Uuid>) {
        self.list(key, values, push_id);
    }

    pub(super) fn list<T>(
        &mut self,
        key: &str,
        values: impl Iterator<Item = T>,
        mut push: impl FnMut(&mut String, T),
    ) {
        self.key(key);
        self.out.push('[');
        for (at, value) in values.enumerate() {
            if at > 0 {
                self.out.push(',');
            }
            push(self.out, value);
        }
        self.out.push(']');
    }

    /// A field that is an object itself.
    pub(super) fn object(&mut self, key: &str, fill: impl FnOnce(&mut Object<'_>)) {
        self.key(key);
        let mut inner = Object::begin(self.out);
        fill(&mut inner);
        inner.end();
    }
}

/// A JSON boolean.
#[derive(Clone, Copy, Debug)]
pub(super) enum Truth {
    Yes,
    No,
}

/// How exactly a time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Precision {
    Seconds,
    Millis,
}

fn push_id(out: &mut String, id: Uuid) {
    out.push('"');
    id.push_to(out);
    out.push('"');
}

fn push_text(out: &mut String, text: &str) {
    out.push('"');
    if text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        out.push_str(text);
    } else {
        for c in text.chars() {
            match c {
                '"' | '\\' => out.extend(['\\', c]),
                // Control characters do not occur in what is simulated; a space keeps the text valid if one ever does.
                c if c < ' ' => out.push(' '),
                c => out.push(c),
            }
        }
    }
    out.push('"');
}

pub(super) fn push_number(out: &mut String, value: u64) {
    if value >= 10 {
        push_number(out, value / 10);
    }
    out.push(digit(value % 10));
}

/// `2026-03-19T22:04:48.128Z`, or without the milliseconds.
pub(super) fn push_time(out: &mut String, at_ms: u64, precision: Precision) {
    let (days, ms) = (at_ms / 86_400_000, at_ms % 86_400_000);
    let Date { year, month, day } = civil(days);
    push_padded(out, year, 4);
    for (mark, value) in
        [('-', month), ('-', day), ('T', ms / 3_600_000), (':', ms / 60_000 % 60), (':', ms / 1_000 % 60)]
    {
        out.push(mark);
        push_padded(out, value, 2);
    }
    if precision == Precision::Millis {
        out.push('.');
        push_padded(out, ms % 1_000, 3);
    }
    out.push('Z');
}

fn push_padded(out: &mut String, value: u64, width: u32) {
    for place in (0..width).rev() {
        out.push(digit(value / 10_u64.pow(place) % 10));
    }
}

fn digit(value: u64) -> char {
    char::from(b'0' + u8::try_from(value).unwrap_or_default())
}

/// A day of the Gregorian calendar.
struct Date {
    year: u64,
    month: u64,
    day: u64,
}

/// The date of a count of days since 1970: eras of 400 years that begin on 1 March.
fn civil(days: u64) -> Date {
    let from_march = days + 719_468;
    let (era, day_of_era) = (from_march / 146_097, from_march % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    Date { year: era * 400 + year_of_era + u64::from(month <= 2), month, day }
}

#[cfg(test)]
mod tests {
    use super::{Precision, push_text, push_time};

    #[test]
    fn times_are_those_of_the_calendar() {
        let cases = [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_773_957_888_128, "2026-03-19T22:04:48.128Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ];
        for (at_ms, expected) in cases {
            let mut text = String::new();
            push_time(&mut text, at_ms, Precision::Millis);
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn text_is_escaped() {
        let mut text = String::new();
        push_text(&mut text, "say \"hi\" \\");
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), "say \"hi\" \\");
    }
}
