//! `${...}` in a value: `${env:NAME}`, `${env:NAME:-default}` and `${file:PATH}` are replaced while the file is read,
//! `${queue:NAME}` and `${wrapUp:NAME}` (ids of the Genesys org) when the pipeline is planned, and `$${` is a plain `${`.

use std::path::Path;

use crate::input;
use crate::mistake::{Mistake, Span, kind};

/// Looks up a variable of the environment.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Looks up the id of a Genesys queue by its name, or of a wrap-up code by `wrapUp:NAME`.
pub type QueueIds<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What stands for the `$` of a `$${` between reading and planning, so that it is not taken for a reference: a
/// character that a YAML file must not have (chapter 5.1), and that JSON does not escape.
const ESCAPED: char = '\u{ffff}';
/// What a value may name of the file or of the org: it is replaced when the pipeline is planned.
const KINDS: &[&str] = &["queue", WRAP_UP, "function", "table", "stateMachine"];
/// A wrap-up code of the org.
const WRAP_UP: &str = "wrapUp";
/// Between a variable and its default.
const DEFAULT: &str = ":-";

/// A piece of a value.
enum Piece<'a> {
    Plain(&'a str),
    Escaped,
    /// What stands between `${` and `}`.
    Reference(&'a str),
    /// From a `${` without its `}` to the end.
    Unclosed(&'a str),
}

/// The first piece of a text, and what comes after it.
fn next(text: &str) -> Option<(Piece<'_>, &str)> {
    if text.is_empty() {
        return None;
    }
    if let Some(rest) = text.strip_prefix("$${") {
        return Some((Piece::Escaped, rest));
    }
    if let Some(rest) = text.strip_prefix("${") {
        return Some(match rest.split_once('}') {
            Some((inside, rest)) => (Piece::Reference(inside), rest),
            None => (Piece::Unclosed(text), ""),
        });
    }
    let end = match (text.find("$${"), text.find("${")) {
        (Some(escaped), Some(reference)) => escaped.min(reference),
        (_, Some(reference)) => reference,
        _ => text.len(),
    };
    text.split_at_checked(end).map(|(plain, rest)| (Piece::Plain(plain), rest))
}

/// Replaces the references to the environment; those to queues stay. `None` where a reference is wrong, which is told.
pub(crate) fn expand(
    value: &str,
    source: &str,
    span: Span,
    env: Env<'_>,
    mistakes: &mut Vec<Mistake>,
) -> Option<String> {
    let told = mistakes.len();
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some((piece, after)) = next(rest) {
        rest = after;
        match piece {
            Piece::Plain(text) => out.push_str(text),
            Piece::Escaped => {
                out.push(ESCAPED);
                out.push('{');
            }
            Piece::Unclosed(text) => {
                let mistake =
                    Mistake::new(kind::REFERENCE, locate(text, source, span), "this `${` has no `}`");
                mistakes.push(mistake.with_suggestion("write `$${` where a plain `${` is meant"));
            }
            Piece::Reference(inside) => match resolve(inside, env) {
                Ok(text) => out.push_str(&text),
                Err(mut mistake) => {
                    mistake.span = locate(&format!("${{{inside}}}"), source, span);
                    mistakes.push(*mistake);
                }
            },
        }
    }
    (mistakes.len() == told).then_some(out)
}

fn resolve(inside: &str, env: Env<'_>) -> Result<String, Box<Mistake>> {
    let wrong = |sentence: String| Mistake::new(kind::REFERENCE, Span::default(), sentence);
    match inside.split_once(':') {
        Some((kind, name)) if KINDS.contains(&kind) && !name.is_empty() => Ok(format!("${{{kind}:{name}}}")),
        Some(("env", name)) if !name.is_empty() => {
            let (name, default) = match name.split_once(DEFAULT) {
                Some((name, default)) => (name, Some(default)),
                None => (name, None),
            };
            env(name).or_else(|| default.map(str::to_owned)).ok_or_else(|| {
                Box::new(
                    wrong(format!("the environment has no variable `{name}`"))
                        .with_suggestion(format!("set it, or give a default: ${{env:{name}:-...}}")),
                )
            })
        }
        Some(("file", path)) if !path.is_empty() => {
            input::secret(Path::new(path)).map_err(|sentence| Box::new(wrong(sentence)))
        }
        _ => Err(Box::new(
            wrong(format!("`${{{inside}}}` is not a reference")).with_suggestion(
                "there are ${env:NAME}, ${env:NAME:-default}, ${file:PATH}, ${queue:NAME}, ${wrapUp:NAME}, ${function:NAME}, ${table:NAME} and ${stateMachine:NAME}; write `$${` where a plain `${` is meant",
            ),
        )),
    }
}

/// Whether a text as it stands in the file has its value from outside, and no default.
pub(crate) fn is_from_outside(written: &str) -> bool {
    let mut rest = written;
    let mut is_from_outside = false;
    while let Some((piece, after)) = next(rest) {
        rest = after;
        match piece {
            Piece::Reference(inside) if inside.starts_with("file:") => is_from_outside = true,
            Piece::Reference(inside) if inside.starts_with("env:") => {
                if inside.contains(DEFAULT) {
                    return false;
                }
                is_from_outside = true;
            }
            Piece::Reference(_) | Piece::Plain(_) | Piece::Escaped | Piece::Unclosed(_) => {}
        }
    }
    is_from_outside
}

/// Where a piece of a scalar stands: in the scalar's text if it stands there as it is, else the whole scalar.
fn locate(piece: &str, source: &str, span: Span) -> Span {
    let scalar = source.get(span.start..span.end).unwrap_or_default();
    let Some((before, _)) = scalar.split_once(piece) else { return span };
    let start = span.start + before.len();
    let (line, column) = match before.rsplit_once('\n') {
        Some((lines, last)) => (span.line + lines.matches('\n').count() + 1, last.chars().count() + 1),
        None => (span.line, span.column + before.chars().count()),
    };
    Span { start, end: start + piece.len(), line, column }
}

/// A reference that a text makes to something of the file or of the org.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reference<'a> {
    /// The byte where the name begins.
    pub(crate) offset: usize,
    /// One of `queue`, `wrapUp`, `function`, `table`, `stateMachine`.
    pub(crate) kind: &'a str,
    pub(crate) name: &'a str,
}

/// What a text refers to.
pub(crate) fn all(text: &str) -> Vec<Reference<'_>> {
    const OPENING: &str = "${";
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((piece, after)) = next(rest) {
        let at = text.len() - rest.len();
        rest = after;
        if let Piece::Reference(inside) = piece
            && let Some((kind, name)) = inside.split_once(':')
            && KINDS.contains(&kind)
        {
            found.push(Reference { offset: at + OPENING.len() + kind.len() + 1, kind, name });
        }
    }
    found
}

/// Replaces what a text refers to by what it stands for, by kind and name, and the escapes by what they stand for.
///
/// # Errors
/// The first name that stands for nothing.
pub(crate) fn settle(text: &str, of: &dyn Fn(&str, &str) -> Option<String>) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((piece, after)) = next(rest) {
        rest = after;
        match piece {
            Piece::Reference(inside) => {
                let (kind, name) = inside.split_once(':').unwrap_or(("queue", inside));
                out.push_str(&of(kind, name).ok_or_else(|| name.to_owned())?);
            }
            Piece::Plain(text) | Piece::Unclosed(text) => out.push_str(text),
            Piece::Escaped => out.push_str("$${"),
        }
    }
    Ok(unescape(&out))
}

/// The same with the ids of the Genesys org alone.
///
/// # Errors
/// The name of the first queue or wrap-up code that has no id.
pub(crate) fn settle_queues(text: &str, ids: QueueIds<'_>) -> Result<String, String> {
    settle(text, &|kind, name| of_org(kind, name, ids))
}

/// The id of a queue or a wrap-up code; `None` for other kinds, too.
pub(crate) fn of_org(kind: &str, name: &str, ids: QueueIds<'_>) -> Option<String> {
    match kind {
        "queue" => ids(name),
        WRAP_UP => ids(&format!("{WRAP_UP}:{name}")),
        _ => None,
    }
}

/// The text with every escape as what it stands for.
pub(crate) fn unescape(text: &str) -> String {
    text.replace([ESCAPED], "$")
}
