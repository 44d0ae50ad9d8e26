//! Advice for a pattern that no known topic can satisfy, and the topic that a wrong name probably means.

use crate::tracker::derived::SOURCE;

use super::{Origin, Topic, topic, topic_of, topics};

/// How the sources of Genesys' partner event buses begin: `aws.partner/genesys.com/cloud/{orgId}/{suffix}`.
const PARTNER_SOURCE: &str = "aws.partner/genesys.com";
/// The family whose short names people use.
pub(super) const CONVERSATION_FAMILY: &str = "v2.detail.events.conversation.{id}.";
/// Detail-types of Trunkline's own renderings: they carry what the consumer's dialect wants, so no advice is given about them.
const RENDERED: [&str; 3] = ["ConversationEvent", "Interaction Updated", "Conversation Updated"];
/// How many alternatives a sentence names before it gets longer than useful.
const NAMED_MAX: usize = 3;

/// One reason why a pattern can never match, and what would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// The path at fault, as it was asked; `None` where a detail-type, or paths only together, are at fault.
    pub path: Option<String>,
    /// The detail-type at fault, as it was asked.
    pub detail_type: Option<String>,
    /// The whole advice as one sentence without a final stop.
    pub sentence: String,
    /// Detail-types that would satisfy it, the nearest first.
    pub detail_types: Vec<&'static str>,
    /// The path to write instead, where the same field is found elsewhere.
    pub path_instead: Option<String>,
}

/// Who sends the events of this source, or of sources that begin so; `None` where the catalogue knows nothing about them.
pub fn origin_of(source: &str) -> Option<Origin> {
    match source {
        SOURCE => Some(Origin::Derived),
        partner if partner.starts_with(PARTNER_SOURCE) => Some(Origin::Genesys),
        _ => None,
    }
}

/// Whether events of this source, or of sources that begin so, are Genesys Cloud's or derived from them. The catalogue knows
/// nothing about others, so their patterns get no advice.
pub fn is_source(source: &str) -> bool {
    origin_of(source).is_some()
}

/// Says what in a pattern no known topic can satisfy: `detail_types` are its exact detail-types (empty: any Genesys topic),
/// `paths` the dotted paths that it requires to exist. Empty where something may match, and for detail-types that are neither
/// Genesys Cloud's nor ours nor near one of them: the catalogue knows nothing about other people's events.
///
/// Leave out paths under `{"exists": false}` and under `$or`: they are not required.
pub fn unsatisfiable(detail_types: &[&str], paths: &[&str]) -> Vec<Advice> {
    let misnamed: Vec<Advice> = detail_types.iter().filter_map(|name| misnamed(name)).collect();
    let selected: Vec<&'static Topic> = match detail_types {
        [] => topics().iter().collect(),
        names => names.iter().filter_map(|name| topic(name)).collect(),
    };
    if selected.is_empty()
        || (!detail_types.is_empty() && selected.len() + misnamed.len() < detail_types.len())
    {
        // Nothing is known about at least one of the detail-types, so its events may carry any path.
        return misnamed;
    }
    let carries = |path: &str| selected.iter().any(|topic| topic.field(path).is_some());
    let missing: Vec<Advice> = paths
        .iter()
        .filter(|path| !carries(path))
        .map(|path| missing(path, detail_types, &selected))
        .collect();
    let mut advice = misnamed;
    if missing.is_empty()
        && !selected.iter().any(|topic| paths.iter().all(|path| topic.field(path).is_some()))
    {
        advice.push(apart(paths, &selected));
    }
    advice.extend(missing);
    advice
}

/// The known topic whose name is nearest to `name`: by its last words (`customer.end`), or by edit distance when at most a
/// quarter of the name would have to change.
pub fn nearest_topic(name: &str) -> Option<&'static Topic> {
    let ending = format!(".{name}");
    if let Some(found) =
        topics().iter().find(|topic| topic.origin() == Origin::Genesys && topic.name().ends_with(&ending))
    {
        return Some(found);
    }
    let lower = name.to_lowercase();
    let by_distance =
        topics().iter().map(|topic| (edit_distance(&lower, &topic.name().to_lowercase()), topic));
    let (distance, found) = by_distance.min_by_key(|(distance, _)| *distance)?;
    (distance * 4 <= name.chars().count()).then_some(found)
}

fn misnamed(name: &str) -> Option<Advice> {
    if topic(name).is_some() || RENDERED.contains(&name) {
        return None;
    }
    let (sentence, found) = if let Some(found) = topic_of(name) {
        let template = found.name();
        (
            format!(
                "a detail-type carries the literal `{{id}}`, so write `{template}`; the concrete id is only in `detail.topicName`"
            ),
            found,
        )
    } else {
        let found = nearest_topic(name)?;
        (format!("no topic is called `{name}`; the nearest is `{}`", found.name()), found)
    };
    Some(Advice {
        path: None,
        detail_type: Some(name.to_owned()),
        sentence,
        detail_types: vec![found.name()],
        path_instead: None,
    })
}

fn missing(path: &str, detail_types: &[&str], selected: &[&'static Topic]) -> Advice {
    let field =
        path.strip_prefix("detail.eventBody.").or_else(|| path.strip_prefix("detail.")).unwrap_or(path);
    if detail_types.is_empty() {
        let found = selected.iter().find_map(|topic| elsewhere(topic, field).map(|at| (*topic, at)));
        let remedy = found
            .as_ref()
            .map(|(topic, at)| format!("; `{}` carries `{at}`", topic.short_name()))
            .unwrap_or_default();
        return Advice {
            path: Some(path.to_owned()),
            detail_type: None,
            sentence: format!("no known topic carries `{field}`{remedy}"),
            detail_types: found.iter().map(|(topic, _)| topic.name()).collect(),
            path_instead: found.map(|(_, at)| at),
        };
    }
    if let Some((topic, at)) =
        selected.iter().find_map(|topic| elsewhere(topic, field).map(|at| (*topic, at)))
    {
        let sentence =
            format!("{}; `{}` has it as `{at}`", nobody_carries(path, selected), topic.short_name());
        return Advice {
            path: Some(path.to_owned()),
            detail_type: None,
            sentence,
            detail_types: vec![topic.name()],
            path_instead: Some(at),
        };
    }
    let carriers = carriers(path, selected);
    let mut remedies = Vec::new();
    if !carriers.is_empty() {
        let verb = if carriers.len() == 1 { "does" } else { "do" };
        remedies.push(format!("{} {verb}", list(carriers.iter().map(|topic| topic.short_name()))));
    }
    let derived = derived_with(field, selected);
    if let Some(DerivedField { topic, path: at }) = &derived {
        remedies.push(format!("use the derived `{}`, where it is `{at}`", topic.name()));
    }
    let remedy = if remedies.is_empty() { String::new() } else { format!("; {}", remedies.join(", or ")) };
    Advice {
        path: Some(path.to_owned()),
        detail_type: None,
        sentence: format!("{}{remedy}", nobody_carries(field, selected)),
        detail_types: carriers
            .iter()
            .chain(derived.iter().map(|found| &found.topic))
            .map(|topic| topic.name())
            .collect(),
        path_instead: None,
    }
}

/// Each path exists in some topic of the pattern, but no single topic has them all.
fn apart(paths: &[&str], selected: &[&'static Topic]) -> Advice {
    let whole: Vec<&'static Topic> =
        near(selected, |topic| paths.iter().all(|path| topic.field(path).is_some()));
    let remedy = match whole.as_slice() {
        [] => String::new(),
        topics => format!("; {} would", list(topics.iter().map(|topic| topic.short_name()))),
    };
    let sentence =
        format!("no topic of this pattern carries {} together{remedy}", list(paths.iter().copied()));
    Advice {
        path: None,
        detail_type: None,
        sentence,
        detail_types: whole.iter().map(|topic| topic.name()).collect(),
        path_instead: None,
    }
}

fn nobody_carries(field: &str, selected: &[&'static Topic]) -> String {
    match selected {
        [one] => format!("`{}` carries no `{field}`", one.short_name()),
        some if some.len() <= NAMED_MAX => {
            format!("{} carry no `{field}`", list(some.iter().map(|topic| topic.short_name())))
        }
        many => format!("none of the {} topics of this pattern carries `{field}`", many.len()),
    }
}

/// Where the same field is in this very topic: same last key at another level or in another case, or a key one slip away.
fn elsewhere(topic: &Topic, field: &str) -> Option<String> {
    let wanted = last_key(field);
    let fields = topic.fields();
    let shallowest = |accept: &dyn Fn(&str) -> bool| {
        let found = fields.iter().filter(|at| accept(last_key(&at.path)));
        found.min_by_key(|at| at.path.split('.').count()).map(|at| at.path.clone())
    };
    shallowest(&|key| key == wanted)
        .or_else(|| shallowest(&|key| key.eq_ignore_ascii_case(wanted)))
        .or_else(|| shallowest(&|key| wanted.len() > 4 && edit_distance(key, wanted) <= 1))
}

/// Up to three topics of the same family that carry the path, those with the same last word first (`.end` for `.end`).
fn carriers(path: &str, selected: &[&'static Topic]) -> Vec<&'static Topic> {
    near(selected, |topic| topic.origin() == Origin::Genesys && topic.field(path).is_some())
}

fn near(selected: &[&'static Topic], accept: impl Fn(&Topic) -> bool) -> Vec<&'static Topic> {
    let Some(like) = selected.first() else { return Vec::new() };
    let mut found: Vec<&'static Topic> = topics().iter().filter(|topic| accept(topic)).collect();
    let family = |topic: &Topic| topic.name().starts_with(CONVERSATION_FAMILY);
    if found.iter().any(|topic| family(topic) && family(like)) {
        found.retain(|topic| family(topic));
    }
    // Stable, so that equally near topics stay in the order of their names.
    found.sort_by_key(|topic| {
        (family(topic) != family(like), last_key(topic.name()) != last_key(like.name()))
    });
    found.truncate(NAMED_MAX);
    found
}

/// Where a derived event has the field that was looked for.
struct DerivedField {
    topic: &'static Topic,
    path: String,
}

/// The derived event that carries the field, for topics of conversations: that with the same last word first.
fn derived_with(field: &str, selected: &[&'static Topic]) -> Option<DerivedField> {
    let like = selected.first().filter(|topic| topic.name().contains("conversation"))?;
    let ours = topics().iter().filter(|topic| topic.origin() == Origin::Derived);
    let at = |topic| elsewhere(topic, field).map(|path| DerivedField { topic, path });
    let mut found: Vec<DerivedField> = ours.filter_map(at).collect();
    let words = |topic: &Topic| topic.name().split('.').count();
    found.sort_by_key(|DerivedField { topic, .. }| {
        (last_key(topic.name()) != last_key(like.name()), words(topic))
    });
    found.into_iter().next()
}

fn last_key(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// "`a`, `b` and `c`".
fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut quoted: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    match (quoted.pop(), quoted.is_empty()) {
        (Some(last), false) => format!("{} and {last}", quoted.join(", ")),
        (last, _) => last.unwrap_or_default(),
    }
}

/// Levenshtein distance in characters.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut next = Vec::with_capacity(row.len());
        next.push(i + 1);
        for ((above_left, above), other) in row.iter().zip(row.iter().skip(1)).zip(&b) {
            let left = next.last().copied().unwrap_or_default();
            next.push((above_left + usize::from(letter != *other)).min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
