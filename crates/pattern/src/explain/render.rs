//! An explanation for people: their own pattern with carets under what failed.

use std::fmt;

use crate::explain::{Below, Change, Explanation, FieldReport, Step};
use crate::matcher::describe::cut;
use crate::pattern::Span;

/// What a piece of text is, for those who give it a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// That something matched.
    Matched,
    /// That something failed.
    Failed,
    /// The pattern's own text.
    Pattern,
    /// Line numbers and bars.
    Margin,
    /// A hint.
    Hint,
    /// The edit that would match.
    Edit,
}

/// How much of a long line is shown before what failed, and in all.
const BEFORE_MAX: usize = 60;
const LINE_MAX: usize = 110;

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text(&|_, text| text.to_owned()))
    }
}

impl Explanation {
    /// The explanation as text, each piece through `style`.
    #[must_use]
    pub fn to_text(&self, style: &dyn Fn(Style, &str) -> String) -> String {
        let mut out = String::new();
        let fields = self.fields();
        if self.matched {
            let matched = fields.iter().filter(|field| field.matched).count();
            out.push_str(&style(Style::Matched, "match"));
            out.push_str(&format!(": {matched} of {} fields of the pattern match\n", fields.len()));
            return out;
        }
        let blamed = self.blamed();
        out.push_str(&style(Style::Failed, "no match"));
        let needed = blamed.len();
        let each = if needed == 1 { "field keeps" } else { "fields keep" };
        out.push_str(&format!(": {needed} {each} the pattern from matching\n"));
        if let Some((closest, all)) = closest_branch(&self.steps) {
            out.push_str(&format!("branch {closest} of {all} of `$or` came closest\n"));
        }
        for field in blamed {
            out.push('\n');
            self.show_field(field, style, &mut out);
        }
        let excluding = self.excluding();
        if !excluding.is_empty() {
            let paths: Vec<String> = excluding.iter().map(|field| format!("`{}`", field.path)).collect();
            out.push_str("\nthis event is one that the pattern means to exclude; drop the condition on ");
            out.push_str(&format!("{} if it should match\n", paths.join(" and ")));
        }
        if let Some(edit) = &self.edit {
            out.push_str("\nthe smallest edit that was found to match:\n");
            edit.changes.iter().for_each(|change| show_change(change, style, &mut out));
        }
        out
    }

    fn show_field(&self, field: &FieldReport, style: &dyn Fn(Style, &str) -> String, out: &mut String) {
        // Under the one leaf, or under the whole list where there are several.
        let span = match field.leaves.as_slice() {
            [leaf] => leaf.span,
            _ => field.span,
        };
        let (line, indent, carets) = excerpt(&self.pattern, span);
        let number = span.line.to_string();
        let margin = " ".repeat(number.len());
        let bar = |number: &str| style(Style::Margin, &format!(" {number} |"));
        out.push_str(&format!("{} {}\n", bar(&number), style(Style::Pattern, &line)));
        let carets = style(Style::Failed, &"^".repeat(carets));
        out.push_str(&format!("{} {}{carets}\n", bar(&margin), " ".repeat(indent)));
        out.push_str(&format!("{} {}\n", bar(&margin), field.reason));
        for hint in &field.hints {
            out.push_str(&format!("{} {}: {}\n", bar(&margin), style(Style::Hint, "hint"), hint.text));
        }
    }
}

fn show_change(change: &Change, style: &dyn Fn(Style, &str) -> String, out: &mut String) {
    let or_nothing = |text: &str| if text.is_empty() { "(nothing)".to_owned() } else { cut(text.to_owned()) };
    let old = style(Style::Failed, &or_nothing(&change.old));
    let new = style(Style::Edit, &or_nothing(&change.new));
    out.push_str(&format!("  {}:{}: {old} -> {new}\n", change.span.line, change.span.column));
}

/// The line of a span, cut where it is long; how far in the span starts; how many characters it has on this line.
fn excerpt(text: &str, span: Span) -> (String, usize, usize) {
    let before = text.get(..span.start).unwrap_or_default();
    let line_start = before.rfind(['\n', '\r']).map_or(0, |at| at + 1);
    let line = text.get(line_start..).unwrap_or_default();
    let line = line.split(['\n', '\r']).next().unwrap_or_default();
    let chars: Vec<char> = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let indent = span.column.saturating_sub(1);
    let width = text.get(span.start..span.end).unwrap_or_default();
    let width = width.split(['\n', '\r']).next().unwrap_or_default().chars().count();
    let skipped = if chars.len() > LINE_MAX { indent.saturating_sub(BEFORE_MAX) } else { 0 };
    let shown: String = chars.iter().skip(skipped).take(LINE_MAX).collect();
    let opening = if skipped > 0 { "..." } else { "" };
    let closing = if chars.len() > skipped + LINE_MAX { "..." } else { "" };
    let indent = indent - skipped + opening.len();
    let width = width.clamp(1, (LINE_MAX + opening.len()).saturating_sub(indent).max(1));
    (format!("{opening}{shown}{closing}"), indent, width)
}

/// Which branch of the outermost `$or` came closest, from 1, and how many there are.
fn closest_branch(steps: &[Step]) -> Option<(usize, usize)> {
    steps.iter().find_map(|step| match &step.below {
        Below::Object(steps) => closest_branch(steps),
        Below::Or(branches) => {
            branches.iter().position(|branch| branch.closest).map(|closest| (closest + 1, branches.len()))
        }
        Below::Field(_) => None,
    })
}
