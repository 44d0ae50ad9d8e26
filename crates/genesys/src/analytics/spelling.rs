//! Enumerations are spelled `CONSULT_TRANSFER` in detail events and `consultTransfer` in analytics.

/// `CONSULT_TRANSFER` as `consultTransfer`.
#[must_use]
pub fn to_analytics(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    let mut is_first_of_part = false;
    for c in word.chars() {
        match c {
            '_' => is_first_of_part = true,
            c if is_first_of_part => {
                out.push(c.to_ascii_uppercase());
                is_first_of_part = false;
            }
            c => out.push(c.to_ascii_lowercase()),
        }
    }
    out
}

/// `consultTransfer` as `CONSULT_TRANSFER`.
#[must_use]
pub fn to_detail(word: &str) -> String {
    let mut out = String::with_capacity(word.len() + 2);
    for c in word.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(c.to_ascii_uppercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{to_analytics, to_detail};

    #[test]
    fn a_word_goes_there_and_back() {
        for (detail, analytics) in
            [("CONSULT_TRANSFER", "consultTransfer"), ("PEER", "peer"), ("SESSION_EXPIRED", "sessionExpired")]
        {
            assert_eq!(to_analytics(detail), analytics);
            assert_eq!(to_detail(analytics), detail);
        }
    }
}
