//! Values that a field never has: of another type, or near one of a list that is known.

use aws::Uuid;
use genesys::catalogue::{Field as Known, Kind, Origin, Topic};
use pattern::matcher::Matcher;
use pattern::pattern::{Field, Leaf};

use crate::unsatisfiable::Finding;

/// The entries of a field's list that no topic of those can satisfy.
pub(crate) fn findings(field: &Field, topics: &[&'static Topic]) -> Vec<Finding> {
    let known: Vec<(&Topic, Known)> =
        topics.iter().filter_map(|topic| Some((*topic, topic.field(&field.path)?))).collect();
    let of_leaf = |leaf: &Leaf| {
        let mut dead = known.iter().map(|(topic, known)| dead(&field.path, &leaf.matcher, topic, known));
        // Every topic must say no; the first one's words will do.
        let first = dead.next()??;
        dead.all(|other| other.is_some()).then_some(Finding {
            span: leaf.span,
            sentence: first.sentence,
            suggestion: first.suggestion,
        })
    };
    field.leaves.iter().filter_map(of_leaf).collect()
}

/// Why a field never satisfies a matcher.
struct Reason {
    sentence: String,
    suggestion: Option<String>,
}

impl Reason {
    fn new(sentence: String, suggestion: Option<String>) -> Self {
        Self { sentence, suggestion }
    }
}

/// Why a field of this topic never satisfies a matcher.
fn dead(path: &str, matcher: &Matcher, topic: &Topic, known: &Known) -> Option<Reason> {
    let name = topic.short_name();
    match known.kind {
        Kind::Any => None,
        Kind::Object => match matcher {
            Matcher::Exists(false) => None,
            _ => Some(Reason::new(
                format!("`{path}` of `{name}` is an object, and a pattern matches only what is in it"),
                inside(path, topic),
            )),
        },
        Kind::Integer | Kind::Number if asks_for_text(matcher) => {
            let number = as_number(matcher).map(|text| format!("write it without quotes: {text}"));
            Some(Reason::new(format!("`{path}` of `{name}` is a number, and this matches text"), number))
        }
        Kind::Integer | Kind::Number => None,
        Kind::Boolean
            if asks_for_text(matcher) || matches!(matcher, Matcher::Numeric(_) | Matcher::Number(_)) =>
        {
            Some(Reason::new(
                format!("`{path}` of `{name}` is true or false"),
                Some("write it without quotes".to_owned()),
            ))
        }
        Kind::Boolean => None,
        Kind::Text | Kind::Time => match matcher {
            Matcher::Numeric(_) => {
                Some(Reason::new(format!("`{path}` of `{name}` is text, and this matches numbers"), None))
            }
            Matcher::Boolean(_) => {
                Some(Reason::new(format!("`{path}` of `{name}` is text, not true or false"), None))
            }
            Matcher::String(value) => {
                named(path, value, topic).or_else(|| misspelt(path, value, topic, known))
            }
            _ => None,
        },
    }
}

fn asks_for_text(matcher: &Matcher) -> bool {
    matches!(
        matcher,
        Matcher::String(_)
            | Matcher::Address { .. }
            | Matcher::Cidr { .. }
            | Matcher::Prefix(_)
            | Matcher::PrefixIgnoreCase(_)
            | Matcher::Suffix(_)
            | Matcher::SuffixIgnoreCase(_)
            | Matcher::EqualsIgnoreCase(_)
            | Matcher::Wildcard(_)
    )
}

fn as_number(matcher: &Matcher) -> Option<&str> {
    match matcher {
        Matcher::String(text) => Some(text.as_str()).filter(|text| text.parse::<f64>().is_ok()),
        _ => None,
    }
}

/// Fields that hold the id of something which people know by its name.
const IDS: &[&str] = &["queueId", "userId", "wrapUpCode"];
/// Wrap-up codes that the system writes are words, all beginning so. Source: Genesys Cloud, `ININ-WRAP-UP-TIMEOUT`.
const SYSTEM_CODE: &str = "ININ-";

/// A name where an id belongs.
fn named(path: &str, value: &str, topic: &Topic) -> Option<Reason> {
    let key = path.rsplit('.').next().unwrap_or(path);
    // A reference is an id once it is settled, and an id without hyphens or in a test may be anything short of words.
    let is_id = value.starts_with("${") || value.starts_with(SYSTEM_CODE) || Uuid::parse(value).is_some();
    let is_name = value.starts_with(|c: char| c.is_uppercase()) || value.contains(' ');
    if !IDS.contains(&key) || is_id || !is_name {
        return None;
    }
    let sentence = format!("`{key}` of `{}` is an id, and `{value}` is a name", topic.short_name());
    let suggestion = match key {
        "queueId" => format!("write `${{queue:{value}}}`"),
        "wrapUpCode" => format!("write `${{wrapUp:{value}}}`"),
        _ => "write the id, a UUID".to_owned(),
    };
    Some(Reason::new(sentence, Some(suggestion)))
}

/// A value of a list. Genesys Cloud's lists grow, so that only what is nearly one of theirs is wrong; ours are whole.
fn misspelt(path: &str, value: &str, topic: &Topic, known: &Known) -> Option<Reason> {
    // A reference to a queue is an id once it is settled.
    if known.values.is_empty() || known.values.contains(&value) || value.starts_with("${") {
        return None;
    }
    let key = path.rsplit('.').next().unwrap_or(path);
    let sentence = format!("`{value}` is no value of `{key}` in `{}`", topic.short_name());
    if let Some(near) =
        known.near_value(value).or_else(|| provision::near(value, known.values.iter().copied()))
    {
        return Some(Reason::new(sentence, Some(format!("did you mean `{near}`?"))));
    }
    let values: Vec<String> = known.values.iter().map(|value| format!("`{value}`")).collect();
    let all = format!("it is one of {}", values.join(", "));
    (topic.origin() == Origin::Derived).then(|| Reason::new(sentence, Some(all)))
}

/// What is in an object, if it is not too much to say.
fn inside(path: &str, topic: &Topic) -> Option<String> {
    let prefix = format!("{path}.");
    let fields = topic.fields();
    let keys: Vec<String> = fields
        .iter()
        .filter_map(|at| at.path.strip_prefix(&prefix))
        .filter(|key| !key.contains('.'))
        .map(|key| format!("`{key}`"))
        .collect();
    (1..=8).contains(&keys.len()).then(|| format!("it has {}", keys.join(", ")))
}
