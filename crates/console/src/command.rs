//! The command line that prints what a page shows.

/// `trunkline` with these words, quoted for a shell.
pub(crate) fn trunkline(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    format!("trunkline {}", words.join(" "))
}

fn quoted(word: &str) -> String {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./:=@,+%".contains(&b);
    if !word.is_empty() && word.bytes().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::trunkline;

    #[test]
    fn a_shell_reads_back_what_was_meant() {
        assert_eq!(trunkline(&["queue", "show", "a.fifo"]), "trunkline queue show a.fifo");
        assert_eq!(trunkline(&["rule", "it's $HOME; rm"]), "trunkline rule 'it'\\''s $HOME; rm'");
    }
}
