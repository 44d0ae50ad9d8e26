//! Lines and columns of a text.

/// Line and column, from 1, of the byte at `at`; a column is as wide as `width` says of each character.
pub(crate) fn line_and_column(text: &str, at: usize, width: fn(char) -> usize) -> (usize, usize) {
    let mut counted = LineCount::default();
    counted.advance_by(text, at, width);
    (counted.line, counted.column)
}

/// How far lines and columns are counted, both from 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LineCount {
    at: usize,
    pub(crate) line: usize,
    pub(crate) column: usize,
    after_return: bool,
}

impl Default for LineCount {
    fn default() -> LineCount {
        LineCount { at: 0, line: 1, column: 1, after_return: false }
    }
}

impl LineCount {
    /// Counts on to the byte at `at`, columns in characters.
    pub(crate) fn advance(&mut self, text: &str, at: usize) {
        self.advance_by(text, at, |_| 1);
    }

    fn advance_by(&mut self, text: &str, at: usize, width: fn(char) -> usize) {
        for c in text.get(self.at..at).unwrap_or_default().chars() {
            match c {
                '\n' if self.after_return => {}
                '\n' | '\r' => (self.line, self.column) = (self.line + 1, 1),
                _ => self.column += width(c),
            }
            self.after_return = c == '\r';
        }
        self.at = self.at.max(at);
    }
}
