//! Whether the tree is what the tables allow: unknown, missing and clashing keys, and values of the wrong kind.

use std::time::Duration;

use crate::duration;
use crate::mistake::{Mistake, Span, kind};
use crate::table::{Choice, Key, Kind, NameRule, Section};
use crate::tree::{Entry, Node, Shape};

/// Adds what is wrong with `node`. Recursion is bounded by the tables, and by the tree's depth.
pub(crate) fn check(node: &Node, kind: &Kind, out: &mut Vec<Mistake>) {
    if matches!(node.shape, Shape::Unknown) {
        return;
    }
    match kind {
        Kind::Object(section) => object(node, section, out),
        Kind::List(kind) => match &node.shape {
            Shape::List(items) => items.iter().for_each(|item| check(item, kind, out)),
            _ => out.push(unexpected(node, "a list").with_suggestion("begin each entry with `- `")),
        },
        Kind::Texts { chars_max } => texts(node, *chars_max, out),
        Kind::JsonObject => {
            if !matches!(node.shape, Shape::Map(_)) {
                out.push(unexpected(node, "a mapping"));
            }
        }
        Kind::Pattern => {
            if !matches!(node.shape, Shape::Map(_) | Shape::Text(_)) {
                out.push(unexpected(node, "an event pattern: a mapping, or JSON text"));
            }
        }
        Kind::Definition => {
            if !matches!(node.shape, Shape::Map(_) | Shape::Text(_)) {
                out.push(unexpected(node, "a definition: a mapping, JSON text, or the path of a file"));
            }
        }
        // Anything may be JSON. What a profile changes is read where it is laid over the file.
        Kind::Json | Kind::Profiles => {}
        leaf => {
            if let Err(mistake) = scalar(node, leaf) {
                out.push(*mistake);
            }
        }
    }
}

fn unexpected(node: &Node, expected: &str) -> Mistake {
    Mistake::new(kind::WRONG_KIND, node.span, format!("expected {expected}, found {}", node.noun()))
}

fn texts(node: &Node, chars_max: usize, out: &mut Vec<Mistake>) {
    let Shape::Map(entries) = &node.shape else {
        out.push(unexpected(node, "a mapping of names to text"));
        return;
    };
    for entry in entries {
        check(&entry.value, &Kind::Text { chars_max }, out);
    }
}

fn object(node: &Node, section: &Section, out: &mut Vec<Mistake>) {
    let Shape::Map(entries) = &node.shape else {
        out.push(unexpected(node, &format!("{}: a mapping", section.noun)));
        return;
    };
    let mut strangers: Vec<&str> = Vec::new();
    for entry in entries {
        match section.key(&entry.key) {
            Some(key) => {
                let told = out.len();
                check(&entry.value, &key.kind, out);
                if let Some(last) = out.get_mut(told..).and_then(<[Mistake]>::last_mut) {
                    advise_unit(key, &entry.value, last);
                }
            }
            // An empty key has been told.
            None if entry.key.is_empty() => {}
            None => {
                strangers.push(&entry.key);
                out.push(unknown(entry, section));
            }
        }
    }
    let at = entries.first().map_or(node.span, |first| first.key_span);
    for key in section.keys.iter().filter(|key| key.is_required) {
        // What is missing may be there under a wrong name, which has been told.
        let is_misspelt = strangers.iter().any(|stranger| crate::near(stranger, [key.name]).is_some());
        if node.get(key.name).is_none() && !is_misspelt {
            let mistake =
                Mistake::new(kind::MISSING_KEY, at, format!("{} needs `{}`", section.noun, key.name));
            out.push(mistake.with_suggestion(format!("`{}`: {}", key.name, key.about)));
        }
    }
    for choice in section.choices {
        let given: Vec<&Entry> =
            entries.iter().filter(|entry| choice.among.contains(&entry.key.as_str())).collect();
        match given.as_slice() {
            [] if choice.is_required && strangers.is_empty() => out.push(none_of(choice, section, at)),
            [first, second, ..] if first.key != second.key => out.push(both_of(first, second, section)),
            _ => {}
        }
    }
}

/// Says so where a number fits in the other unit.
fn advise_unit(key: &Key, node: &Node, mistake: &mut Mistake) {
    if mistake.span != node.span {
        return;
    }
    let written = match &node.shape {
        Shape::Number(number) => number.parse::<u64>().ok(),
        Shape::Text(text) => text.strip_suffix("ms").and_then(|number| number.trim().parse().ok()),
        _ => None,
    };
    match (&key.kind, written) {
        (Kind::Duration { seconds_min, seconds_max }, Some(number)) => {
            let fits = number % 1000 == 0 && (*seconds_min..=*seconds_max).contains(&(number / 1000));
            let advice = format!("`{}` is in seconds: {number} ms are `{}`", key.name, spoken(number / 1000));
            mistake.suggestion = if fits { Some(advice) } else { mistake.suggestion.take() };
        }
        (Kind::Integer { min, max }, Some(number)) if key.name.ends_with("Ms") => {
            let ms = number.saturating_mul(1000);
            if (*min..=*max).contains(&ms) {
                mistake.suggestion = Some(format!("`{}` is in ms: {number} s are {ms}", key.name));
            }
        }
        _ => {}
    }
}

fn none_of(choice: &Choice, section: &Section, at: Span) -> Mistake {
    let names = list(choice.among.iter().copied(), "or");
    Mistake::new(kind::MISSING_KEY, at, format!("{} needs one of {names}", section.noun))
}

fn both_of(first: &Entry, second: &Entry, section: &Section) -> Mistake {
    let sentence = format!("{} has `{}` or `{}`, not both", section.noun, first.key, second.key);
    Mistake::new(kind::EXCLUDED_KEY, second.key_span, sentence).with_suggestion("keep one of the two")
}

fn unknown(entry: &Entry, section: &Section) -> Mistake {
    if let Some((name, advice)) = section.later.iter().find(|(name, _)| *name == entry.key) {
        let mistake = Mistake::new(
            kind::UNKNOWN_KEY,
            entry.key_span,
            format!("`{name}` comes in a later version of Trunkline"),
        );
        return mistake.with_suggestion(*advice);
    }
    let mistake = Mistake::new(
        kind::UNKNOWN_KEY,
        entry.key_span,
        format!("unknown key `{}` in {}", entry.key, section.noun),
    );
    let names = section.keys.iter().map(|key| key.name);
    if entry.key == "<<" {
        mistake.with_suggestion("YAML 1.2 has no merge keys; repeat the keys")
    } else if crate::near(&entry.key, names.clone()).is_some() {
        mistake.with_near(&entry.key, names)
    } else {
        mistake.with_suggestion(format!("{} has {}", section.noun, list(names, "and")))
    }
}

/// What there is instead of a name that is not there.
pub(crate) fn there_is<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let names: Vec<&str> = names.into_iter().filter(|name| !name.is_empty()).collect();
    let verb = if names.len() == 1 { "is" } else { "are" };
    (!names.is_empty()).then(|| format!("there {verb} {}", list(names, "and")))
}

/// "`a`, `b` and `c`".
pub(crate) fn list<'a>(names: impl IntoIterator<Item = &'a str>, word: &str) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} {word} {last}", first.join(", ")),
    }
}

fn scalar(node: &Node, kind: &Kind) -> Result<(), Box<Mistake>> {
    match kind {
        Kind::Version(only) => {
            if integer(node, 0, u64::MAX)? == *only {
                return Ok(());
            }
            let mistake = Mistake::new(
                kind::WRONG_VALUE,
                node.span,
                "this version of the pipeline file is not known here",
            );
            Err(Box::new(mistake.with_suggestion(format!("this Trunkline reads `version: {only}`"))))
        }
        Kind::Text { chars_max } => text(node, *chars_max).map(drop),
        Kind::Name(rule) => name(node, rule),
        Kind::Flag => match node.shape {
            Shape::Flag(_) => Ok(()),
            _ => Err(Box::new(unexpected(node, "true or false"))),
        },
        Kind::Integer { min, max } => integer(node, *min, *max).map(drop),
        Kind::Number { max } => number(node, *max),
        Kind::Duration { seconds_min, seconds_max } => seconds(node, *seconds_min, *seconds_max).map(drop),
        Kind::OneOf(words) => {
            let word = text(node, usize::MAX)?;
            if words.contains(&word) {
                return Ok(());
            }
            let sentence = format!("`{word}` is not among {}", list(words.iter().copied(), "and"));
            Err(Box::new(
                Mistake::new(kind::WRONG_VALUE, node.span, sentence).with_near(word, words.iter().copied()),
            ))
        }
        _ => Ok(()),
    }
}

fn text(node: &Node, chars_max: usize) -> Result<&str, Box<Mistake>> {
    match &node.shape {
        Shape::Text(text) if text.is_empty() => {
            Err(Box::new(Mistake::new(kind::WRONG_VALUE, node.span, "this text is empty")))
        }
        Shape::Text(text) if text.chars().count() > chars_max => {
            let sentence =
                format!("this text has {} characters; AWS allows at most {chars_max}", text.chars().count());
            Err(Box::new(Mistake::new(kind::WRONG_VALUE, node.span, sentence)))
        }
        Shape::Text(text) => Ok(text),
        Shape::Number(number) => {
            Err(Box::new(unexpected(node, "text").with_suggestion(format!("put it in quotes: \"{number}\""))))
        }
        Shape::Flag(_) => Err(Box::new(unexpected(node, "text").with_suggestion("put it in quotes"))),
        Shape::Null | Shape::List(_) | Shape::Map(_) | Shape::Unknown => {
            Err(Box::new(unexpected(node, "text")))
        }
    }
}

fn name(node: &Node, rule: &NameRule) -> Result<(), Box<Mistake>> {
    let name = text(node, usize::MAX)?;
    let mistake = if let Some(c) = name.chars().find(|c| !rule.accepts(*c)) {
        let signs =
            list(rule.signs.chars().map(String::from).collect::<Vec<_>>().iter().map(String::as_str), "and");
        let c = crate::reference::unescape(&c.to_string());
        format!("the name of {} has only letters, digits, {signs}; this one has `{c}`", rule.noun)
    } else if name.len() > rule.chars_max {
        format!(
            "the name of {} has at most {} characters; this one has {}",
            rule.noun,
            rule.chars_max,
            name.len()
        )
    } else {
        return Ok(());
    };
    Err(Box::new(
        Mistake::new(kind::NAME, node.span, mistake)
            .with_suggestion(format!("for example `{}`", rule.corrected(name))),
    ))
}

fn integer(node: &Node, min: u64, max: u64) -> Result<u64, Box<Mistake>> {
    let wanted = || match (min, max) {
        (0, u64::MAX) => "a whole number".to_owned(),
        _ => format!("a whole number from {min} to {max}"),
    };
    let Shape::Number(number) = &node.shape else { return Err(Box::new(not_a_number(node, &wanted()))) };
    match number.parse::<u64>() {
        Ok(value) if (min..=max).contains(&value) => Ok(value),
        _ => Err(Box::new(Mistake::new(
            kind::WRONG_VALUE,
            node.span,
            format!("expected {}, found {number}", wanted()),
        ))),
    }
}

fn not_a_number(node: &Node, wanted: &str) -> Mistake {
    let mistake = unexpected(node, wanted);
    match &node.shape {
        Shape::Text(text) if serde_json::from_str::<serde_json::Number>(text).is_ok() => {
            mistake.with_suggestion(format!("without quotes it is a number: {text}"))
        }
        _ => mistake,
    }
}

fn number(node: &Node, max: f64) -> Result<(), Box<Mistake>> {
    let wanted = format!("a number above 0, at most {max}");
    let Shape::Number(number) = &node.shape else { return Err(Box::new(not_a_number(node, &wanted))) };
    match number.parse::<f64>() {
        Ok(value) if value > 0.0 && value <= max => Ok(()),
        _ => Err(Box::new(Mistake::new(
            kind::WRONG_VALUE,
            node.span,
            format!("expected {wanted}, found {number}"),
        ))),
    }
}

/// The seconds that a duration says, if it is one.
pub(crate) fn seconds_of(node: &Node) -> Option<u64> {
    match &node.shape {
        Shape::Number(number) => number.parse().ok(),
        Shape::Text(text) => duration::parse(text).map(|duration| duration.as_secs()),
        _ => None,
    }
}

fn seconds(node: &Node, min: u64, max: u64) -> Result<u64, Box<Mistake>> {
    let wanted = format!("a duration from {} to {}", spoken(min), spoken(max));
    match seconds_of(node) {
        Some(value) if (min..=max).contains(&value) => Ok(value),
        Some(value) => Err(Box::new(Mistake::new(
            kind::WRONG_VALUE,
            node.span,
            format!("expected {wanted}, found {}", spoken(value)),
        ))),
        None => Err(Box::new(
            Mistake::new(kind::WRONG_VALUE, node.span, format!("expected {wanted}, found {}", found(node)))
                .with_suggestion(format!("a number of seconds, or {}", duration::FORM)),
        )),
    }
}

fn found(node: &Node) -> String {
    match &node.shape {
        Shape::Text(text) => format!("`{text}`"),
        Shape::Number(number) => number.clone(),
        _ => node.noun().to_owned(),
    }
}

/// So many seconds, as they are written.
pub(crate) fn spoken(seconds: u64) -> String {
    duration::written(Duration::from_secs(seconds))
}
