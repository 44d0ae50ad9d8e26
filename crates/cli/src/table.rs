//! Rows as people read them: in columns, within the width of the terminal.

use std::io::IsTerminal;

use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets};

use crate::output;

/// Prints a heading and rows. Where there are no rows, `nothing` instead.
pub(crate) fn print(heading: &[&str], rows: &[Vec<String>], nothing: &str) {
    if rows.is_empty() {
        return output::line(nothing);
    }
    let mut lines = lines_of(heading, rows, width()).into_iter();
    if let Some(heading) = lines.next() {
        output::line(output::styled(output::FAINT, heading));
    }
    lines.for_each(output::line);
}

/// The terminal's width in characters, or what `COLUMNS` says where there is none; `None` where nobody looks at it, so that
/// programs get one line a row.
pub(crate) fn width() -> Option<u16> {
    let terminal = std::io::stdout().is_terminal().then(terminal_size::terminal_size).flatten();
    let of_terminal = terminal.map(|(width, _)| width.0);
    of_terminal.or_else(|| std::env::var("COLUMNS").ok()?.parse().ok())
}

/// The heading's line, then those of the rows. A column is never narrower than its heading.
fn lines_of(heading: &[&str], rows: &[Vec<String>], width: Option<u16>) -> Vec<String> {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(heading).add_rows(rows);
    match width {
        Some(width) => table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width),
        None => table.set_content_arrangement(ContentArrangement::Disabled),
    };
    for (column, name) in table.column_iter_mut().zip(heading) {
        column.set_padding((0, 2));
        let characters = u16::try_from(name.chars().count()).unwrap_or(u16::MAX);
        column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(characters.saturating_add(2))));
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::lines_of;

    fn rows() -> Vec<Vec<String>> {
        vec![vec!["a".to_owned(), "arn:aws:sqs:us-east-1:000000000000:support-tickets".to_owned()]]
    }

    #[test]
    fn a_row_is_a_line_where_nobody_looks() {
        let lines = lines_of(&["queue", "target"], &rows(), None);
        assert_eq!(lines, ["queue  target", "a      arn:aws:sqs:us-east-1:000000000000:support-tickets"]);
    }

    #[test]
    fn a_terminal_is_not_left_at_its_right_side() {
        let lines = lines_of(&["queue", "target"], &rows(), Some(30));
        assert!(lines.len() > 2 && lines.iter().all(|line| line.chars().count() <= 30), "{lines:#?}");
        assert_eq!(lines.first().map(String::as_str), Some("queue  target"));
    }
}
