//! Rows as people read them: columns as wide as their widest entry, two spaces between.

use crate::output;

/// Prints a heading and rows. Where there are no rows, `nothing` instead.
pub(crate) fn print(heading: &[&str], rows: &[Vec<String>], nothing: &str) {
    if rows.is_empty() {
        return output::line(nothing);
    }
    let widths: Vec<usize> = heading
        .iter()
        .enumerate()
        .map(|(column, name)| {
            let entries = rows.iter().filter_map(|row| row.get(column)).map(|entry| entry.chars().count());
            entries.max().unwrap_or(0).max(name.chars().count())
        })
        .collect();
    let heading: Vec<String> = heading.iter().map(|&name| name.to_owned()).collect();
    output::line(output::styled(output::FAINT, line_of(&heading, &widths)));
    for row in rows {
        output::line(line_of(row, &widths));
    }
}

fn line_of(row: &[String], widths: &[usize]) -> String {
    let cells = row.iter().zip(widths).map(|(entry, &width)| format!("{entry:<width$}"));
    cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::line_of;

    #[test]
    fn columns_line_up() {
        assert_eq!(line_of(&["a".to_owned(), "b".to_owned()], &[3, 5]), "a    b");
    }
}
