//! A mistake in a pipeline file: where it is, what is wrong, what was probably meant, and how that is shown.

pub mod kind;

use std::fmt::Write as _;

/// A place in the file's text. Bytes to cut with, line and column (in characters, from 1) to show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// Line of the first byte, from 1.
    pub line: usize,
    /// Column of the first byte in characters, from 1.
    pub column: usize,
}

impl Span {
    /// The same place where so many bytes stand before its text.
    pub(crate) fn after(self, bytes: usize) -> Self {
        Self { start: self.start + bytes, end: self.end + bytes, ..self }
    }
}

/// A value and where it stands in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marked<T> {
    /// The value.
    pub value: T,
    /// Its place.
    pub span: Span,
}

impl<T> Marked<T> {
    /// A value at a place.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

/// One thing that is wrong in a pipeline file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// What kind of mistake: its id, one of [`kind::ALL`] or the name of a check.
    pub rule: &'static str,
    /// The offending text.
    pub span: Span,
    /// What is wrong, in a sentence without a full stop.
    pub sentence: String,
    /// What to do about it, in a sentence without a full stop.
    pub suggestion: Option<String>,
    /// Whether the line of the file is not to be shown: there is a secret in it.
    pub hides_line: bool,
    /// Where the same stands first; the sentence says it once all texts are known.
    pub first: Option<Box<Span>>,
}

impl Mistake {
    /// A mistake that explains itself.
    pub fn new(rule: &'static str, span: Span, sentence: impl Into<String>) -> Self {
        Self { rule, span, sentence: sentence.into(), suggestion: None, hides_line: false, first: None }
    }

    /// A secret that stands in the file itself.
    pub(crate) fn of_secret(span: Span, sentence: &str) -> Self {
        let advice = "keep it in the environment, ${env:NAME}, or in a file of its own, ${file:PATH}";
        Self { hides_line: true, ..Self::new(kind::SECRET_IN_FILE, span, sentence).with_suggestion(advice) }
    }

    /// The same with a way out.
    #[must_use]
    pub fn with_suggestion(mut self, suggestion: impl Into<String>) -> Self {
        self.suggestion = Some(suggestion.into());
        self
    }

    /// The same beside the first of its kind.
    #[must_use]
    pub(crate) fn with_first(self, first: Span) -> Self {
        Self { first: Some(Box::new(first)), ..self }
    }

    /// The same with the name that was probably meant, if one of `candidates` is near.
    #[must_use]
    pub fn with_near<'a>(self, name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Self {
        match crate::near(name, candidates) {
            Some(candidate) => self.with_suggestion(format!("did you mean `{candidate}`?")),
            None => self,
        }
    }
}

/// A part of a rendered mistake, for callers that have colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `file:line:col`.
    Place,
    /// The sentence.
    Sentence,
    /// The id of the rule, in brackets.
    Rule,
    /// Line numbers and the bars beside them.
    Margin,
    /// The line of the file.
    Source,
    /// The carets under the offending text.
    Caret,
    /// The suggestion.
    Suggestion,
}

/// How a part looks: the text with or without escape codes around it.
pub type Style<'a> = &'a dyn Fn(Part, &str) -> String;

/// Every part as it is.
pub fn plain(_: Part, text: &str) -> String {
    text.to_owned()
}

/// The file that mistakes are shown in.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Its name as the user gave it.
    pub name: &'a str,
    /// Its text.
    pub text: &'a str,
}

/// The characters of a source line that are shown; a longer one is cut around the caret.
const WIDTH_MAX: usize = 120;

impl Source<'_> {
    /// All mistakes, a blank line between them, in the order of the file.
    pub fn render(&self, mistakes: &[Mistake], style: Style<'_>) -> String {
        let mut sorted: Vec<&Mistake> = mistakes.iter().collect();
        sorted.sort_by_key(|mistake| (mistake.span.line, mistake.span.column));
        let shown: Vec<String> = sorted.iter().map(|mistake| self.render_one(mistake, style)).collect();
        shown.join("\n")
    }

    /// One mistake: place and sentence, the line of the file, carets under the offending text, the suggestion.
    pub fn render_one(&self, mistake: &Mistake, style: Style<'_>) -> String {
        let Span { line, column, .. } = mistake.span;
        let place = format!("{}:{line}:{column}", self.name);
        let mut out = String::new();
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "{}: {} {}",
            style(Part::Place, &place),
            style(Part::Sentence, &mistake.sentence),
            style(Part::Rule, &format!("[{}]", mistake.rule))
        );
        let number = line.to_string();
        let empty = " ".repeat(number.len());
        let source: Vec<char> = self.line(line).chars().collect();
        if !source.is_empty() && !mistake.hides_line {
            let at = column.saturating_sub(1).min(source.len());
            let from = window(source.len(), at);
            let cut: String = source.iter().skip(from).take(WIDTH_MAX).map(visible).collect();
            let carets =
                self.carets(mistake.span, source.len() - at).min((from + WIDTH_MAX).saturating_sub(at));
            let under = format!("{}{}", " ".repeat(at - from), "^".repeat(carets.max(1)));
            let _ = writeln!(out, "{}", style(Part::Margin, &format!("{empty} |")));
            let _ = writeln!(
                out,
                "{} {}",
                style(Part::Margin, &format!("{number} |")),
                style(Part::Source, cut.trim_end())
            );
            let _ = writeln!(
                out,
                "{} {}",
                style(Part::Margin, &format!("{empty} |")),
                style(Part::Caret, &under)
            );
        }
        if let Some(suggestion) = &mistake.suggestion {
            let _ = writeln!(
                out,
                "{} {}",
                style(Part::Margin, &format!("{empty} =")),
                style(Part::Suggestion, suggestion)
            );
        }
        out
    }

    fn line(&self, line: usize) -> &str {
        self.text.lines().nth(line.saturating_sub(1)).unwrap_or_default()
    }

    /// How many characters of the first line the span covers, trailing white space left out.
    fn carets(&self, span: Span, rest: usize) -> usize {
        let text = self.text.get(span.start..span.end).unwrap_or_default();
        text.lines().next().unwrap_or_default().trim_end().chars().count().min(rest)
    }
}

/// The first character that is shown of a line, so that the caret stands in view.
fn window(len: usize, at: usize) -> usize {
    if len <= WIDTH_MAX || at < WIDTH_MAX * 2 / 3 { 0 } else { at - WIDTH_MAX / 3 }
}

/// A tab or a control character would move the carets; a space keeps them under their text.
fn visible(c: &char) -> char {
    if c.is_control() { ' ' } else { *c }
}
