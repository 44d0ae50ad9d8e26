//! Paging by NextToken: a token is the name of the last item shown, spelled so that nobody builds on it.

use crate::encoding::hex;
use crate::error::Error;

/// One page of a list and the token of the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// Give it back as `NextToken` to go on; `None` on the last page.
    pub next_token: Option<String>,
}

/// Cuts one page out of `items`, which are in the order of their `name`s: those after the one that `token` names, at
/// most `limit`.
///
/// # Errors
/// `ValidationException` where the token is not one of ours.
pub fn page<T>(
    items: impl IntoIterator<Item = T>,
    name: impl Fn(&T) -> &str,
    token: Option<&str>,
    limit: usize,
) -> Result<Page<T>, Error> {
    let after = token.map(decode).transpose()?;
    let mut rest = items.into_iter().filter(|item| after.as_deref().is_none_or(|after| name(item) > after));
    let items: Vec<T> = rest.by_ref().take(limit.max(1)).collect();
    let next_token = match (rest.next(), items.last()) {
        (Some(_), Some(last)) => Some(hex(name(last).as_bytes())),
        _ => None,
    };
    Ok(Page { items, next_token })
}

fn decode(token: &str) -> Result<String, Error> {
    let invalid = || Error::validation("The NextToken is not valid: give back the one of the page before.");
    let digits: Vec<u8> = token
        .chars()
        .map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok()))
        .collect::<Option<_>>()
        .ok_or_else(invalid)?;
    let bytes: Vec<u8> = digits
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(high * 16 + low),
            _ => None,
        })
        .collect::<Option<_>>()
        .ok_or_else(invalid)?;
    String::from_utf8(bytes).map_err(|_| invalid())
}

#[cfg(test)]
mod tests {
    use super::page;

    #[test]
    fn every_item_once_in_pages_of_any_size() {
        let names: Vec<String> = (0..10).map(|i| format!("rule-{i}")).collect();
        for limit in 1..12 {
            let mut seen = Vec::new();
            let mut token = Some(String::new());
            while let Some(after) = token {
                let page = page(
                    names.iter(),
                    |n| n.as_str(),
                    Some(&after).filter(|t| !t.is_empty()).map(String::as_str),
                    limit,
                )
                .unwrap();
                seen.extend(page.items.into_iter().cloned());
                token = page.next_token;
            }
            assert_eq!(seen, names);
        }
    }

    #[test]
    fn a_foreign_token_is_refused() {
        for token in ["zz", "abc", "ff"] {
            assert_eq!(page(["a"], |n| n, Some(token), 1).unwrap_err().code, "ValidationException");
        }
    }
}
