//! What people read: styles where the terminal has them, plain text elsewhere.

use std::fmt::Display;
use std::io::{IsTerminal, Write};

use anstyle::{AnsiColor, Effects, Style};
use serde_json::{Map, Value};

/// Something worth noticing at once.
pub(crate) const STRONG: Style = Style::new().effects(Effects::BOLD);
/// Something that is there when looked for.
pub(crate) const FAINT: Style = Style::new().effects(Effects::DIMMED);
/// It went well.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// It did not.
pub(crate) const BAD: Style = AnsiColor::Red.on_default();

/// For whom an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// `text` in `style`; anstream takes the codes away where the output is no terminal.
pub(crate) fn styled(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// Writes a line to standard output.
pub(crate) fn line(text: impl Display) {
    written(writeln!(anstream::stdout().lock(), "{text}"));
}

/// Version of everything that `--json` prints; it rises when a member is renamed or removed, or changes its meaning.
const JSON_VERSION: u64 = 1;

/// Writes an object as one line of JSON, the version of its members first.
pub(crate) fn json(object: Value) {
    let mut whole = Map::new();
    whole.insert("version".to_owned(), JSON_VERSION.into());
    match object {
        Value::Object(members) => whole.extend(members),
        other => drop(whole.insert("value".to_owned(), other)),
    }
    line(Value::Object(whole));
}

/// Members of answers that hold what somebody else wrote.
const FOREIGN: &[&str] = &["Event", "Attributes", "Targets"];

/// An answer of an operation with its members in camel case, which is the case of all our JSON. What somebody else wrote
/// stays as it is.
pub(crate) fn camel_case(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let member = |(name, value): (String, Value)| {
                let value = if FOREIGN.contains(&name.as_str()) { value } else { camel_case(value) };
                (lower_first(&name), value)
            };
            Value::Object(members.into_iter().map(member).collect())
        }
        Value::Array(items) => items.into_iter().map(camel_case).collect(),
        other => other,
    }
}

fn lower_first(name: &str) -> String {
    let mut characters = name.chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}

/// Writes text as it is, without a line end, and shows it at once.
pub(crate) fn raw(text: impl Display) {
    let mut stdout = anstream::stdout().lock();
    written(write!(stdout, "{text}").and_then(|()| stdout.flush()));
}

/// A reader that has gone away (`| head`) is no error of ours: the process ends as other tools do. Output that cannot be
/// written for another reason ends it too, and says so; what was acknowledged is kept either way.
fn written(outcome: std::io::Result<()>) {
    match outcome {
        Ok(()) => {}
        Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => std::process::exit(0),
        Err(e) => {
            error(&format_args!("could not write to standard output: {e}"));
            std::process::exit(2);
        }
    }
}

/// Shows how far something has come, in place of what was shown before, where standard error is a terminal.
pub(crate) fn progress(text: &str) {
    if std::io::stderr().is_terminal() {
        // Nothing depends on it.
        let _ = write!(anstream::stderr().lock(), "\r\x1b[2K{text}");
    }
}

/// Whether standard output is a terminal.
pub(crate) fn is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// Writes what is worth knowing beside the answer to standard error.
pub(crate) fn note(text: &str) {
    // Nothing depends on it.
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// Writes `error: ...` to standard error.
pub(crate) fn error(error: &impl Display) {
    // Nowhere is left to report that standard error is closed.
    let _ = writeln!(anstream::stderr().lock(), "{}: {error}", styled(BAD.effects(Effects::BOLD), "error"));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::camel_case;

    #[test]
    fn our_members_are_in_camel_case_and_those_of_others_stay() {
        let answer =
            json!({"EventBusName": "b", "Rules": [{"RuleArn": "a"}], "Event": {"detail-type": "D", "X": 1}});
        let shown =
            json!({"eventBusName": "b", "rules": [{"ruleArn": "a"}], "event": {"detail-type": "D", "X": 1}});
        assert_eq!(camel_case(answer), shown);
    }
}
