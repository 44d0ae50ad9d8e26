//! Recorded values against ours: `<name>` stands for one text throughout a case, `<*name>` for any.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// Members of AWS's day, which no answer repeats.
const HEADERS: [&str; 4] = ["SdkHttpMetadata", "SdkResponseMetadata", "ResponseMetadata", "Headers"];
/// Members that some recordings have and some have not.
const OPTIONAL: [&str; 6] = [
    "inputDetails",
    "outputDetails",
    "assignedVariablesDetails",
    "truncated",
    "redriveCount",
    "billingDetails",
];

/// What the placeholders of a case have come to stand for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Match {
    pub(crate) bound: BTreeMap<String, String>,
}

/// A recorded text in pieces.
#[derive(Debug)]
pub(crate) enum Piece<'a> {
    Literal(&'a str),
    /// `<name>`.
    Named(&'a str),
    /// `<*name>`.
    Any,
}

/// Cuts a text at its placeholders.
pub(crate) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut rest, mut from) = (text, 0);
    while let Some(open) = rest.get(from..).and_then(|tail| tail.find('<')).map(|at| at + from) {
        match hole(rest.get(open..).unwrap_or_default()) {
            Some((name, length)) => {
                pieces.push(Piece::Literal(rest.get(..open).unwrap_or_default()));
                pieces.push(name.strip_prefix('*').map_or(Piece::Named(name), |_| Piece::Any));
                rest = rest.get(open + length..).unwrap_or_default();
                from = 0;
            }
            None => from = open + 1,
        }
    }
    pieces.push(Piece::Literal(rest));
    pieces
}

/// The name of the placeholder with which a text begins, and its length in bytes.
fn hole(text: &str) -> Option<(&str, usize)> {
    let end = text.find('>')?;
    let name = text.get(1..end)?;
    let bare = name.strip_prefix('*').unwrap_or(name);
    let begins = bare.chars().next().is_some_and(|c| c.is_ascii_alphabetic());
    let right = bare.chars().all(|c| c.is_alphanumeric() || "_.:~-".contains(c));
    (begins && right).then_some((name, end + 1))
}

impl Match {
    /// # Errors
    /// Where the values differ, and how.
    pub(crate) fn value(&mut self, want: &Value, got: &Value, at: &str) -> Result<(), String> {
        match (want, got) {
            (Value::String(text), Value::String(_)) => self.text(text, got, at),
            (Value::String(text), other) => {
                let alone = matches!(pieces(text).as_slice(), [Piece::Literal(""), _, Piece::Literal("")]);
                if alone && !other.is_null() { Ok(()) } else { differ(want, got, at) }
            }
            (Value::Object(_) | Value::Array(_), Value::String(text)) => match serde_json::from_str(text) {
                Ok(parsed) => self.parsed(want, &parsed, at),
                Err(_) => differ(want, got, at),
            },
            _ => self.parsed(want, got, at),
        }
    }

    fn parsed(&mut self, want: &Value, got: &Value, at: &str) -> Result<(), String> {
        match (want, got) {
            (Value::Object(want), Value::Object(got)) => self.members(want, got, at),
            (Value::Array(wanted), Value::Array(given)) if wanted.len() == given.len() => {
                for (number, (want, got)) in wanted.iter().zip(given).enumerate() {
                    self.value(want, got, &format!("{at}[{number}]"))?;
                }
                Ok(())
            }
            (Value::Number(a), Value::Number(b)) if a.as_f64() == b.as_f64() => Ok(()),
            (want, got) if want == got => Ok(()),
            _ => differ(want, got, at),
        }
    }

    fn members(
        &mut self,
        want: &Map<String, Value>,
        got: &Map<String, Value>,
        at: &str,
    ) -> Result<(), String> {
        let names: BTreeSet<&String> = want.keys().chain(got.keys()).collect();
        for name in names {
            let at = format!("{at}.{name}");
            let missing = Value::String("(absent)".to_owned());
            match (want.get(name), got.get(name)) {
                _ if HEADERS.contains(&name.as_str()) => {}
                (Some(want), Some(got)) => self.value(want, got, &at)?,
                _ if OPTIONAL.contains(&name.as_str()) => {}
                (want, got) => return differ(want.unwrap_or(&missing), got.unwrap_or(&missing), &at),
            }
        }
        Ok(())
    }

    fn text(&mut self, want: &str, got: &Value, at: &str) -> Result<(), String> {
        let text = got.as_str().unwrap_or_default();
        if want == text {
            return Ok(());
        }
        let pieces = pieces(want);
        if pieces.len() > 1 {
            let mut bound = self.bound.clone();
            if fits(&pieces, text, &mut bound) {
                self.bound = bound;
                return Ok(());
            }
        }
        let parse =
            |text: &str| serde_json::from_str::<Value>(text).ok().filter(|v| v.is_object() || v.is_array());
        match (parse(want), parse(text)) {
            (Some(want), Some(got)) => self.parsed(&want, &got, at),
            _ => differ(&Value::String(want.to_owned()), got, at),
        }
    }
}

fn differ(want: &Value, got: &Value, at: &str) -> Result<(), String> {
    let short = |value: &Value| value.to_string().chars().take(300).collect::<String>();
    Err(format!("{at}: {} must be {}", short(got), short(want)))
}

/// Whether a text is what the pieces say; what they name is bound.
fn fits(pieces: &[Piece<'_>], text: &str, bound: &mut BTreeMap<String, String>) -> bool {
    let Some((piece, rest)) = pieces.split_first() else { return text.is_empty() };
    let known = match piece {
        Piece::Literal(literal) => Some((*literal).to_owned()),
        Piece::Named(name) => bound.get(*name).cloned(),
        Piece::Any => None,
    };
    if let Some(known) = known {
        return text.strip_prefix(known.as_str()).is_some_and(|tail| fits(rest, tail, bound));
    }
    let shortest = usize::from(matches!(piece, Piece::Named(_)));
    let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]).skip(shortest);
    for end in ends {
        let (Some(head), Some(tail)) = (text.get(..end), text.get(end..)) else { continue };
        let mut trial = bound.clone();
        if let Piece::Named(name) = piece {
            trial.insert((*name).to_owned(), head.to_owned());
        }
        if fits(rest, tail, &mut trial) {
            *bound = trial;
            return true;
        }
    }
    false
}
