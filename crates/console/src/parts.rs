//! The parts that pages are made of: sections with their command, figures, tables, states.

use aws::Timestamp;
use maud::{Markup, Render, html};
use serde_json::Value;

use crate::payload::line;

/// A part of a page: its heading, the command line that prints the same, what it shows.
#[derive(Debug)]
pub(crate) struct Section<'s> {
    pub(crate) title: &'s str,
    /// Empty: no command prints this.
    pub(crate) command: String,
    pub(crate) body: Markup,
}

impl Render for Section<'_> {
    fn render(&self) -> Markup {
        html! {
            section {
                div.head { h2 { (self.title) } (command(&self.command)) }
                (self.body)
            }
        }
    }
}

/// A command line that can be copied.
pub(crate) fn command(command: &str) -> Markup {
    html! {
        @if !command.is_empty() {
            span.cmd { code { (command) } button.copy.verb type="button" data-copy=(command) aria-label={ "Copy: " (command) } { "Copy" } }
        }
    }
}

/// A number with a name.
#[derive(Debug)]
pub(crate) struct Figure<'f> {
    pub(crate) name: &'f str,
    pub(crate) value: String,
    /// The key of the live stream; empty: it stands still.
    pub(crate) key: String,
    /// Where it leads; empty: nowhere.
    pub(crate) href: String,
    /// The command line that prints it.
    pub(crate) command: &'f str,
    pub(crate) tone: Tone,
}

impl Render for Figure<'_> {
    fn render(&self) -> Markup {
        let class = format!("figure {}", self.tone.class());
        html! {
            div class=(class) title=(self.command) {
                dt {
                    @if self.href.is_empty() { (self.name) } @else { a href=(self.href) { (self.name) } }
                }
                dd { (live(&self.key, &self.value)) }
            }
        }
    }
}

/// Figures beside each other.
pub(crate) fn figures(figures: &[Figure<'_>]) -> Markup {
    html! { dl.figures { @for figure in figures { (figure) } } }
}

/// A text that the stream replaces.
pub(crate) fn live(key: &str, value: &str) -> Markup {
    html! {
        @if key.is_empty() { span.num { (value) } } @else { span.num data-live=(key) { (value) } }
    }
}

/// How something stands; never told by colour alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Good,
    Wait,
    Bad,
}

impl Tone {
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Good => "good",
            Self::Wait => "wait",
            Self::Bad => "bad",
        }
    }

    fn sign(self) -> &'static str {
        match self {
            Self::Plain => "·",
            Self::Good => "✓",
            Self::Wait => "…",
            Self::Bad => "✕",
        }
    }
}

/// A word for how something stands, with a sign and a colour.
pub(crate) fn badge(tone: Tone, word: &str) -> Markup {
    let class = format!("badge {}", tone.class());
    html! { span class=(class) { span aria-hidden="true" { (tone.sign()) " " } (line(word)) } }
}

/// A remark in small type.
pub(crate) fn note(text: impl Render) -> Markup {
    html! { p.note { (text) } }
}

/// What stands where a list has nothing: what would be there, and the next step.
pub(crate) fn nothing(text: impl Render) -> Markup {
    html! { p.nothing { (text) } }
}

/// A table whose rows the filter and the keys `j` and `k` know.
#[derive(Debug)]
pub(crate) struct Table<'t> {
    /// What it lists, for those who hear it.
    pub(crate) caption: &'t str,
    /// Column headings; one that begins with `#` is of numbers.
    pub(crate) columns: &'t [&'t str],
    /// Each row's cells.
    pub(crate) rows: Vec<Vec<Markup>>,
}

impl Render for Table<'_> {
    fn render(&self) -> Markup {
        let is_number = |at: usize| self.columns.get(at).is_some_and(|column| column.starts_with('#'));
        let class = |at: usize| is_number(at).then_some("n");
        html! {
            div.scroll tabindex="0" role="region" aria-label=(self.caption) {
                table {
                    caption { (self.caption) }
                    thead { tr {
                        @for (at, column) in self.columns.iter().enumerate() {
                            th scope="col" class=[class(at)] { (column.trim_start_matches('#')) }
                        }
                    } }
                    tbody {
                        @for row in &self.rows {
                            tr data-row="" { @for (at, cell) in row.iter().enumerate() { td class=[class(at)] { (cell) } } }
                        }
                    }
                }
            }
        }
    }
}

/// The field that filters the rows of the page as one types; nothing without JavaScript.
pub(crate) fn filter(of: &str) -> Markup {
    html! {
        div.filter.verb {
            label for="filter" { "Filter " (of) }
            input #filter type="search" data-filter="" autocomplete="off" spellcheck="false" placeholder="text in a row";
            kbd { "/" }
        }
    }
}

/// A moment, short, with its whole text for those who ask.
pub(crate) fn moment(iso: &str) -> Markup {
    let short = iso.get(11..23).or_else(|| iso.get(11..19)).unwrap_or(iso);
    html! { time datetime=(iso) title=(iso) { (short) } }
}

/// A moment with its day.
pub(crate) fn day_moment(iso: &str) -> Markup {
    let short = iso.get(..19).map(|text| text.replace('T', " "));
    html! { time datetime=(iso) title=(iso) { (short.unwrap_or_else(|| iso.to_owned())) } }
}

/// A moment as Step Functions writes it: seconds since 1970, or ISO 8601.
pub(crate) fn seconds(value: Option<&Value>) -> Markup {
    match value {
        Some(Value::String(text)) => day_moment(text),
        Some(other) => {
            let at = other.as_f64().and_then(Timestamp::from_unix_seconds_f64);
            at.map(|at| day_moment(&at.to_iso_millis())).unwrap_or_default()
        }
        None => html! {},
    }
}

/// A moment in ms since 1970.
pub(crate) fn stamp(unix_ms: u64) -> Markup {
    day_moment(&Timestamp::from_unix_ms(unix_ms).to_iso_millis())
}

/// A number with spaces between its thousands.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    grouped
}

/// Bytes for people.
pub(crate) fn bytes(number: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut rest = number;
    let mut tenths = 0;
    let mut unit = 0;
    while rest >= 1024 && unit + 1 < UNITS.len() {
        tenths = (rest % 1024) * 10 / 1024;
        rest /= 1024;
        unit += 1;
    }
    let unit_name = UNITS.get(unit).copied().unwrap_or_default();
    if unit > 0 && rest < 10 { format!("{rest}.{tenths} {unit_name}") } else { format!("{rest} {unit_name}") }
}

/// How long ago, or how long it takes, from ms.
pub fn span_of(ms: u64) -> String {
    let s = ms / 1_000;
    match s {
        0 => format!("{ms} ms"),
        1..60 => format!("{s} s"),
        60..3_600 => format!("{} min {} s", s / 60, s % 60),
        3_600..86_400 => format!("{} h {} min", s / 3_600, s % 3_600 / 60),
        _ => format!("{} d {} h", s / 86_400, s % 86_400 / 3_600),
    }
}

#[cfg(test)]
mod tests {
    use super::{bytes, grouped, span_of};

    #[test]
    fn numbers_are_for_people() {
        assert_eq!(grouped(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(
            (bytes(999), bytes(1_536), bytes(20 << 30)),
            ("999 B".to_owned(), "1.5 KiB".to_owned(), "20 GiB".to_owned())
        );
        assert_eq!(
            (span_of(12), span_of(61_000), span_of(90_000_000)),
            ("12 ms".to_owned(), "1 min 1 s".to_owned(), "1 d 1 h".to_owned())
        );
    }
}
