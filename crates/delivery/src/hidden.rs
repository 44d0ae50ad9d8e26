//! Takes secrets out of what others sent back, before it is kept: an endpoint may answer with what it was asked.

use std::ops::Range;

/// What is shown in a secret's place.
const MASK: &str = "***";
/// A secret's first bytes at the very end of a text are hidden from this many on: the text may have been cut there.
const CUT_BYTES_MIN: usize = 4;

/// The text without the secrets, as they are and in the forms in which they travel: percent-encoded, form-encoded, and
/// escaped as JSON once and twice. Secrets that overlap leave nothing of either.
pub(crate) fn hidden<'s>(text: &str, secrets: impl IntoIterator<Item = &'s str>) -> String {
    let mut found: Vec<Range<usize>> = Vec::new();
    for secret in secrets.into_iter().filter(|secret| !secret.is_empty()) {
        for form in forms(secret) {
            found.extend(text.match_indices(form.as_str()).map(|(at, _)| at..at + form.len()));
            found.extend(cut_off(text, &form));
        }
    }
    found.sort_by_key(|range| (range.start, range.end));
    let mut out = String::with_capacity(text.len());
    // Up to here the text is written or hidden.
    let mut done = 0;
    for Range { start, end } in found {
        if start >= done {
            out.push_str(text.get(done..start).unwrap_or_default());
            out.push_str(MASK);
        }
        done = done.max(end);
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

/// The longest beginning of a secret that the text ends with.
fn cut_off(text: &str, form: &str) -> Option<Range<usize>> {
    let is_end = |len: &usize| form.get(..*len).is_some_and(|head| text.ends_with(head));
    let len = (CUT_BYTES_MIN..form.len()).rev().find(is_end)?;
    Some(text.len() - len..text.len())
}

/// The texts that a secret may have become on its way.
fn forms(secret: &str) -> Vec<String> {
    let once = json_escaped(secret);
    let mut forms = vec![secret.to_owned(), json_escaped(&once), once.clone(), once.replace('/', "\\/")];
    let escapes: [fn(u8) -> String; 2] = [|byte| format!("%{byte:02X}"), |byte| format!("%{byte:02x}")];
    for escape in escapes {
        // RFC 3986, 2.3; and the URL standard's "application/x-www-form-urlencoded".
        forms.push(percent_encoded(secret, b"-._~", escape));
        forms.push(percent_encoded(secret, b"*-._ ", escape).replace(' ', "+"));
    }
    forms.sort_unstable();
    forms.dedup();
    forms
}

fn percent_encoded(text: &str, plain: &[u8], escape: fn(u8) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || plain.contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&escape(byte));
        }
    }
    out
}

/// As it stands between the quotes of a JSON string.
fn json_escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(&quoted).to_owned()
}

#[cfg(test)]
mod tests {
    use super::hidden;

    #[test]
    fn secrets_are_hidden_in_every_form() {
        let cases: &[(&str, &[&str], &str)] = &[
            ("no secret", &["s3cret", ""], "no secret"),
            ("a s3cret, a s3cret", &["s3cret"], "a ***, a ***"),
            ("k=p%40ss%2Fword%20x.", &["p@ss/word x"], "k=***."),
            ("k=p%40ss%2fword%20x.", &["p@ss/word x"], "k=***."),
            ("k=p%40ss%2Fword+x&l=1", &["p@ss/word x"], "k=***&l=1"),
            ("k=a*b%7Ec&l", &["a*b~c"], "k=***&l"),
            (r#"{"k":"a\"b\\c"}"#, &[r#"a"b\c"#], r#"{"k":"***"}"#),
            (r#"{"k":"{\"l\":\"a\\\"b\\\\c\"}"}"#, &[r#"a"b\c"#], r#"{"k":"{\"l\":\"***\"}"}"#),
            (r#"{"k":"a\/b"}"#, &["a/b"], r#"{"k":"***"}"#),
            // One in another, in either order, and two that overlap.
            ("token-and-more.", &["token", "token-and-more"], "***."),
            ("token-and-more.", &["token-and-more", "token"], "***."),
            ("abcdefgh.", &["abcdef", "defgh"], "***."),
            ("one two", &["one", " two"], "******"),
            // Cut off by the end of what was looked at; three bytes are too few to be told from words.
            ("long-sec", &["long-secret"], "***"),
            ("é long", &["long-secret"], "é ***"),
            ("a lon", &["long-secret"], "a lon"),
        ];
        for (text, secrets, wanted) in cases {
            assert_eq!(hidden(text, secrets.iter().copied()), *wanted, "{text}");
        }
    }
}
