//! Sentences within the width of the terminal: broken between words, the rest under the first.

use std::fmt::Display;

use crate::{output, table};

/// Prints a line. What does not fit goes on below, behind so many spaces; where nobody looks it stays one line.
pub(crate) fn line(text: impl Display, indent: usize) {
    output::line(wrapped(&text.to_string(), table::width(), indent));
}

/// A word that is longer than a line stays whole: it may be an id that somebody copies.
fn wrapped(text: &str, width: Option<u16>, indent: usize) -> String {
    let Some(width) = width.map(usize::from).filter(|width| *width > indent) else { return text.to_owned() };
    let mut out = String::with_capacity(text.len());
    let (mut column, mut is_begun) = (0, false);
    for (index, word) in text.split(' ').enumerate() {
        let length = visible(word);
        if index > 0 && is_begun && length > 0 && column + 1 + length > width {
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            (column, is_begun) = (indent, false);
        } else if index > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
        is_begun |= length > 0;
    }
    out
}

/// Characters that are seen: none of those that only colour.
fn visible(word: &str) -> usize {
    let mut count = 0;
    let mut is_code = false;
    for c in word.chars() {
        match c {
            '\u{1b}' => is_code = true,
            'm' if is_code => is_code = false,
            _ if is_code => {}
            _ => count += 1,
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::{visible, wrapped};

    #[test]
    fn a_sentence_is_broken_between_words_and_a_long_word_stays() {
        let text = "     3  nearest rule orders: detail.total: the pattern wants a number";
        for width in [30, 40, 80, 100, 140] {
            let shown = wrapped(text, Some(width), 8);
            assert!(shown.lines().all(|line| line.chars().count() <= usize::from(width)), "{shown}");
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(words(&shown), words(text));
        }
        assert_eq!(wrapped(text, None, 8), text);
        assert_eq!(wrapped("ab 0123456789012 c", Some(10), 2), "ab\n  0123456789012\n  c");
    }

    #[test]
    fn colours_take_no_room() {
        assert_eq!(visible("\u{1b}[1mab\u{1b}[0m"), 2);
    }
}
