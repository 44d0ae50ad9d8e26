//! What the file's own checks refuse is taken out again and told, until nothing is left to refuse.

use crate::document;
use crate::import::Options;
use crate::import::remark::{Grade, Remarks};
use crate::import::sections::File;
use crate::import::stack::Place;
use crate::mistake::Mistake;
use crate::reading::{Files, Reading};
use crate::texts::Texts;

/// An entry of a section, or a target of a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Spot {
    line: usize,
    section: &'static str,
    entry: usize,
    target: Option<usize>,
}

/// The text of the file without what is refused.
pub(super) fn settled(file: &mut File, options: &Options, remarks: &mut Remarks) -> String {
    loop {
        let text = file.text();
        let mistakes = mistakes(&text, options);
        let spots = spots(file, &text);
        let mut refused: Vec<(Spot, String)> = Vec::new();
        for mistake in &mistakes {
            let sentence = match &mistake.suggestion {
                Some(suggestion) => format!("{}; {suggestion}", mistake.sentence),
                None => mistake.sentence.clone(),
            };
            match spots.iter().rfind(|spot| spot.line <= mistake.span.line) {
                Some(spot) if is_within(spot, &spots, &text, mistake) => {
                    refused.push((spot.clone(), sentence))
                }
                _ => remarks.add(
                    Grade::Advice,
                    (&Place::default(), ""),
                    format!("to be mended by hand: {sentence}"),
                ),
            }
        }
        if refused.is_empty() {
            return text;
        }
        // From the end, so that the numbers of those before stay what they are.
        refused.sort();
        refused.dedup_by(|one, other| one.0 == other.0);
        for (spot, sentence) in refused.iter().rev() {
            take_out(file, spot, sentence, remarks);
        }
    }
}

fn mistakes(text: &str, options: &Options) -> Vec<Mistake> {
    let env = |name: &str| Some(format!("value-of-{name}"));
    let texts = Texts::of_text(&options.folder.join("trunkline.yaml"), text.to_owned());
    let reading = Reading { texts: &texts, profile: None, env: &env, files: Files::Sought };
    let mut mistakes = reading.load().err().unwrap_or_default();
    // What depends on a variable cannot be judged here.
    mistakes.retain(|mistake| {
        let written = text.get(mistake.span.start..mistake.span.end).unwrap_or_default();
        !written.contains("${env:") && !written.contains("${file:")
    });
    mistakes
}

/// Where the entries begin, in the order of the lines.
fn spots(file: &File, text: &str) -> Vec<Spot> {
    let lines = document::read_with_lines(text).unwrap_or_default();
    let mut out = Vec::new();
    for (section, entries) in &file.entries {
        for (entry, members) in entries.iter().enumerate() {
            let at = |pointer: &str| lines.line(&format!("/{section}/{entry}{pointer}"));
            out.push(Spot { line: at(""), section, entry, target: None });
            let targets = members.members.get("targets").and_then(serde_json::Value::as_array);
            for target in 0..targets.map_or(0, Vec::len) {
                let line = at(&format!("/targets/{target}"));
                out.push(Spot { line, section, entry, target: Some(target) });
            }
        }
    }
    out.sort();
    out
}

/// Whether a mistake is in an entry, and not in a section after it that has none.
fn is_within(spot: &Spot, spots: &[Spot], text: &str, mistake: &Mistake) -> bool {
    let next = spots.iter().find(|other| other.line > spot.line).map_or(usize::MAX, |other| other.line);
    let lines = text.lines().skip(spot.line).take(mistake.span.line.saturating_sub(spot.line));
    mistake.span.line < next && lines.into_iter().all(|line| line.starts_with([' ', '#']) || line.is_empty())
}

fn take_out(file: &mut File, spot: &Spot, sentence: &str, remarks: &mut Remarks) {
    let Some(entries) = file.entries.get_mut(spot.section) else { return };
    match spot.target {
        None if spot.entry < entries.len() => {
            let entry = entries.remove(spot.entry);
            remarks.left_out(&entry.place, &entry.about, sentence);
        }
        Some(target) => {
            let Some(entry) = entries.get_mut(spot.entry) else { return };
            let list = entry.members.get_mut("targets").and_then(serde_json::Value::as_array_mut);
            if let Some(list) = list.filter(|list| target < list.len()) {
                list.remove(target);
                remarks.left_out(&entry.place, &format!("{}.Targets[{target}]", entry.about), sentence);
            }
        }
        None => {}
    }
}
