//! Texts of strangers, shown as what they are: escaped, bounded, and with what nobody sees made visible.

use maud::{Markup, html};

/// The most of a payload that a page holds, in bytes; the command line prints the whole.
pub(crate) const SHOWN_BYTES_MAX: usize = 32 << 10;
/// The most of a name, an error or an answer that stands in a line, in bytes.
const LINE_BYTES_MAX: usize = 400;

/// A payload in a block: indented where it is JSON, token for token as it came.
pub(crate) fn payload(text: &str) -> Markup {
    let is_json = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    let (shown, left) = bounded(text, SHOWN_BYTES_MAX);
    let shown = if is_json { indented(shown) } else { shown.to_owned() };
    html! {
        pre.payload tabindex="0" dir="ltr" { code { (visible(&shown, LineEnd::Kept)) } }
        @if left > 0 {
            p.note { "The first " (SHOWN_BYTES_MAX) " of " (text.len()) " bytes." }
        }
    }
}

/// A text in a line.
pub(crate) fn line(text: &str) -> Markup {
    let (shown, left) = bounded(text, LINE_BYTES_MAX);
    html! { bdi { (visible(shown, LineEnd::Escaped)) @if left > 0 { "…" } } }
}

/// A line of a log, its tabs and breaks as they are.
pub(crate) fn log_line(text: &str) -> Markup {
    let (shown, left) = bounded(text, REASON_BYTES_MAX);
    html! { code.log { (visible(shown, LineEnd::Kept)) @if left > 0 { "…" } } }
}

/// The most of a reason that is shown, in bytes: it may hold the policy statement that would help.
const REASON_BYTES_MAX: usize = 1_500;

/// A sentence of ours that quotes names between backticks.
pub(crate) fn reason(sentence: &str) -> Markup {
    let (shown, left) = bounded(sentence, REASON_BYTES_MAX);
    html! {
        bdi {
            @for (at, part) in shown.split('`').enumerate() {
                @if at % 2 == 1 { code { (visible(part, LineEnd::Escaped)) } } @else { (visible(part, LineEnd::Escaped)) }
            }
            @if left > 0 { "…" }
        }
    }
}

/// The beginning of a text up to a whole character, and how many bytes are left.
fn bounded(text: &str, bytes_max: usize) -> (&str, usize) {
    let end = (0..=bytes_max.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    (text.get(..end).unwrap_or_default(), text.len() - end)
}

/// What becomes of line ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineEnd {
    /// They stay.
    Kept,
    /// They are written as escapes.
    Escaped,
}

/// The text with control characters and marks that change the direction of writing as JSON's escapes: they would hide or turn
/// round what stands beside them.
pub(crate) fn visible(text: &str, ends: LineEnd) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        let is_end = matches!(character, '\n' | '\t');
        if (is_end && ends == LineEnd::Kept) || !is_hidden(character) {
            shown.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                shown.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    shown
}

/// Unicode's bidirectional controls (UAX 9), zero-width characters, and controls.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{61c}' | '\u{feff}')
        || matches!(character, '\u{e0000}'..='\u{e007f}')
}

/// JSON with line breaks, every token as it is written: a number keeps all its digits. Takes what was cut off as well.
fn indented(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    let mut before = ' ';
    let mut characters = json.chars().peekable();
    while let Some(character) = characters.next() {
        if in_string {
            out.push(character);
            in_string = character != '"' || escaped;
            escaped = character == '\\' && !escaped;
            before = '"';
            continue;
        }
        if character.is_ascii_whitespace() {
            continue;
        }
        while characters.next_if(char::is_ascii_whitespace).is_some() {}
        let is_empty = matches!((before, character), ('{', '}') | ('[', ']'));
        match character {
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                if !is_empty {
                    line_break(&mut out, depth);
                }
                out.push(character);
            }
            '{' | '[' => {
                out.push(character);
                depth += 1;
                if !matches!(characters.peek(), Some('}' | ']')) {
                    line_break(&mut out, depth);
                }
            }
            ',' => {
                out.push(',');
                line_break(&mut out, depth);
            }
            ':' => out.push_str(": "),
            other => {
                out.push(other);
                in_string = other == '"';
            }
        }
        before = character;
    }
    out
}

/// So deep lines are indented at most, so that a text of brackets alone does not grow with the square of its length.
const INDENTED_MAX: usize = 40;

fn line_break(out: &mut String, depth: usize) {
    out.push('\n');
    for _ in 0..depth.min(INDENTED_MAX) {
        out.push_str("  ");
    }
}

#[cfg(test)]
mod tests {
    use super::{LineEnd, indented, line, payload, visible};

    #[test]
    fn json_is_indented_and_its_tokens_stay() {
        let json =
            r#"{"a": 123456789012345678901234567890, "b":[ ],"c":{"d":"x: {\"y\"}, [z]"} , "e":[1,2]}"#;
        let expected = "{\n  \"a\": 123456789012345678901234567890,\n  \"b\": [],\n  \"c\": {\n    \"d\": \"x: {\\\"y\\\"}, [z]\"\n  },\n  \"e\": [\n    1,\n    2\n  ]\n}";
        assert_eq!(indented(json), expected);
    }

    #[test]
    fn a_script_is_text() {
        let shown = payload(r#"{"a":"</code></pre><script>alert(1)</script>"}"#).into_string();
        assert!(shown.contains("&lt;/code&gt;&lt;/pre&gt;&lt;script&gt;alert(1)"), "{shown}");
        assert!(!shown.contains("<script"), "{shown}");
        let shown = line("<img src=x onerror=alert(1)>\n\"").into_string();
        assert_eq!(shown, "<bdi>&lt;img src=x onerror=alert(1)&gt;\\u000a&quot;</bdi>");
    }

    #[test]
    fn what_turns_the_writing_round_is_seen() {
        assert_eq!(
            visible("a\u{202e}b\u{0}\u{1b}[2J\u{2066}", LineEnd::Kept),
            "a\\u202eb\\u0000\\u001b[2J\\u2066"
        );
        assert_eq!(visible("עברית 日本 é\t\n", LineEnd::Kept), "עברית 日本 é\t\n");
    }

    #[test]
    fn a_mebibyte_and_ten_thousand_keys_are_bounded() {
        let keys: Vec<String> = (0..10_000).map(|n| format!("\"key{n}\":{{\"value\":{n}}}")).collect();
        for text in ["ü".repeat(1 << 19), format!("{{{}}}", keys.join(",")), "[".repeat(1 << 20)] {
            let shown = payload(&text).into_string();
            assert!(shown.len() < 4 << 20, "{}", shown.len());
            assert!(shown.contains(&format!("of {} bytes", text.len())), "{}", text.len());
        }
    }
}
