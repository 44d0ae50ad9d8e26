//! A change set in people's words.

use provision::stack::loss::{self, Loss};
use provision::stack::{ChangeSet, Detail, ResourceChange, noun};
use serde_json::{Value, json};

use crate::output::{self, BAD, FAINT, GOOD, STRONG, styled};

/// Characters of a value that are shown.
const VALUE_CHARS_MAX: usize = 160;

/// What becomes of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Add,
    Change,
    Replace,
    MayReplace,
    Delete,
    LetGo,
    Adopt,
    Other,
}

impl Fate {
    fn of(change: &ResourceChange) -> Self {
        match (change.action.as_str(), change.replacement.as_str()) {
            ("Add", _) => Self::Add,
            ("Import", _) => Self::Adopt,
            ("Remove", _) if change.policy_action == "Retain" => Self::LetGo,
            ("Remove", _) => Self::Delete,
            ("Modify", "True") => Self::Replace,
            ("Modify", "Conditional") => Self::MayReplace,
            ("Modify" | "SyncWithActual", _) => Self::Change,
            _ => Self::Other,
        }
    }

    /// The sign before the line, and what follows the name.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Add => ("+  ", ""),
            Self::Change => ("~  ", ""),
            Self::Replace => ("-/+", "  WILL BE REPLACED"),
            Self::MayReplace => ("-/+", "  MAY BE REPLACED"),
            Self::Delete => ("-  ", "  WILL BE DELETED"),
            Self::LetGo => ("<  ", "  leaves the stack and stays in the account"),
            Self::Adopt => (">  ", "  is there already, and becomes part of the stack"),
            Self::Other => ("?  ", "  CloudFormation knows only while it is done"),
        }
    }

    fn json(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Change => "change",
            Self::Replace => "replace",
            Self::MayReplace => "mayReplace",
            Self::Delete => "delete",
            Self::LetGo => "letGo",
            Self::Adopt => "adopt",
            Self::Other => "unknown",
        }
    }
}

/// `queue support-tickets`, and its logical id where that is another.
pub(crate) fn named(kind: &str, logical_id: &str, physical_id: &str) -> String {
    let name = noun::name(logical_id, physical_id);
    let also = if name == logical_id { String::new() } else { format!(" ({logical_id})") };
    format!("{} {name}{also}", noun::word(kind))
}

/// Shows what a change set would do, what is deleted or replaced last.
pub(crate) fn show(changes: &ChangeSet) {
    let mut all: Vec<&ResourceChange> = changes.changes.iter().collect();
    all.sort_by_key(|change| (is_loud(Fate::of(change)), change.kind.clone(), change.logical_id.clone()));
    let losses = loss::losses(changes);
    for change in all {
        let fate = Fate::of(change);
        let (sign, after) = fate.words();
        let style = match fate {
            Fate::Add | Fate::Adopt => GOOD,
            Fate::Replace | Fate::MayReplace | Fate::Delete => BAD,
            Fate::Change | Fate::LetGo | Fate::Other => STRONG,
        };
        let name = named(&change.kind, &change.logical_id, &change.physical_id);
        output::line(styled(style, format_args!("{sign} {name}{after}")));
        for detail in &change.details {
            output::line(styled(FAINT, format_args!("      {}", detail_line(detail))));
        }
        for loss in losses.iter().filter(|loss| loss.logical_id == change.logical_id) {
            output::line(styled(BAD, format_args!("      ! {}", loss.sentence)));
        }
    }
    output::line(styled(STRONG, summary(changes)));
}

fn is_loud(fate: Fate) -> bool {
    matches!(fate, Fate::Replace | Fate::MayReplace | Fate::Delete)
}

fn detail_line(detail: &Detail) -> String {
    let place = detail.place();
    let values = match (&detail.before, &detail.after) {
        (None, None) => String::new(),
        (before, after) => format!(": {} -> {}", short(before.as_deref()), short(after.as_deref())),
    };
    let cause = match detail.cause.as_str() {
        "" => String::new(),
        cause => format!("  (because of {cause})"),
    };
    let recreation = match detail.recreation.as_str() {
        "Always" => "  replaces it",
        "Conditionally" => "  may replace it",
        _ => "",
    };
    format!("{place}{values}{cause}{recreation}")
}

fn short(value: Option<&str>) -> String {
    let Some(value) = value else { return "nothing".to_owned() };
    if value.chars().count() <= VALUE_CHARS_MAX {
        return value.to_owned();
    }
    value.chars().take(VALUE_CHARS_MAX).chain("...".chars()).collect()
}

fn summary(changes: &ChangeSet) -> String {
    let count = |fates: &[Fate]| changes.changes.iter().filter(|one| fates.contains(&Fate::of(one))).count();
    let mut text = format!(
        "{} to add, {} to change, {} to replace, {} to delete",
        count(&[Fate::Add]),
        count(&[Fate::Change, Fate::Other]),
        count(&[Fate::Replace, Fate::MayReplace]),
        count(&[Fate::Delete])
    );
    for (fate, words) in [(Fate::Adopt, "to adopt"), (Fate::LetGo, "to let go")] {
        match count(&[fate]) {
            0 => {}
            number => text.push_str(&format!(", {number} {words}")),
        }
    }
    if changes.changes.is_empty() {
        text.push_str("; outputs or other parts of the template change");
    }
    text
}

/// The same for programs.
pub(crate) fn json(changes: &ChangeSet) -> Value {
    let losses = loss::losses(changes);
    let all = changes.changes.iter();
    all.map(|change| one_json(change, losses.iter().find(|loss| loss.logical_id == change.logical_id)))
        .collect()
}

fn one_json(change: &ResourceChange, loss: Option<&Loss>) -> Value {
    let detail = |detail: &Detail| {
        json!({
            "field": detail.place(), "from": detail.before, "to": detail.after,
            "replaces": matches!(detail.recreation.as_str(), "Always" | "Conditionally"),
        })
    };
    json!({
        "action": Fate::of(change).json(), "resource": change.logical_id, "type": change.kind,
        "physicalId": if change.physical_id.is_empty() { Value::Null } else { json!(change.physical_id) },
        "loses": loss.map(|loss| &loss.sentence),
        "changes": change.details.iter().map(detail).collect::<Vec<_>>(),
    })
}
