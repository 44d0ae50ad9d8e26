//! The bodies of a torture's messages: each says its number, and the number decides every byte of it. What is posted to a
//! webhook twice is told by its `id`.

use crate::commands::torture::dice::Dice;

/// Runs of characters that a careless writer of JSON would change.
const PIECES: [&str; 12] = [
    "plain text ",
    "\\\" quoted \\\" ",
    "\\\\ ",
    "\u{e9}\u{e8}\u{fc} ",
    "\u{1F980} ",
    "\u{4e2d}\u{6587} ",
    "1.0 1e3 -0 ",
    "\\n\\t",
    "</x>&amp; ",
    "{}[],: ",
    "\\u0007",
    "\u{2028}\u{feff}",
];

/// The body of message `number`: a JSON object, so that it can be an event's detail as well.
pub(crate) fn body(number: u64) -> String {
    let mut dice = Dice::new(number, 1);
    // Most are small, some are far larger than a page of the store.
    let pieces = if dice.chance(2) { 600 } else { dice.below(24) };
    let mut text = format!("{{\"number\":{number},\"id\":\"once-{number}\",\"text\":\"");
    for _ in 0..pieces {
        let piece = usize::try_from(dice.below(12)).ok().and_then(|index| PIECES.get(index));
        text.push_str(piece.copied().unwrap_or_default());
    }
    text.push_str("\"}");
    text
}

/// The number that a body says it has.
pub(crate) fn number_of(body: &str) -> Option<u64> {
    let (number, _) = body.strip_prefix("{\"number\":")?.split_once(',')?;
    number.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{body, number_of};

    #[test]
    fn a_body_is_json_and_says_its_number() {
        for number in (0..300).chain([u64::MAX]) {
            let text = body(number);
            assert_eq!(number_of(&text), Some(number));
            assert_eq!(text, body(number));
            let read: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(read["number"], number);
        }
        assert_eq!(number_of("{}"), None);
    }
}
