//! Texts with wildcards and policy variables. Source: IAM User Guide, "IAM policy elements: Variables and tags".

use crate::policy::Version;
use crate::policy::request::Context;

/// A character of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Char(char),
    /// `?`
    One,
    /// `*`
    Many,
}

/// A text of a document with its variables filled in; what a variable stands for is no wildcard.
#[derive(Clone, Debug)]
pub(crate) struct Pattern(Vec<Token>);

impl Pattern {
    /// A text without variables.
    pub(crate) fn plain(text: &str) -> Self {
        Self(text.chars().map(wild).collect())
    }

    /// A text whose variables are those of the request. `None`: one of them has no value there, and "any attempt to match it
    /// fails and causes the statement to be invalid".
    pub(crate) fn filled(text: &str, version: Version, context: &Context) -> Option<Self> {
        if version == Version::V2008 {
            return Some(Self::plain(text));
        }
        let mut tokens = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            tokens.extend(before.chars().map(wild));
            let Some((name, after)) = after.split_once('}') else {
                tokens.extend("${".chars().chain(after.chars()).map(wild));
                return Some(Self(tokens));
            };
            tokens.extend(value_of(name, context)?.chars().map(Token::Char));
            rest = after;
        }
        tokens.extend(rest.chars().map(wild));
        Some(Self(tokens))
    }

    /// Whether the whole of `text` is described, `*` and `?` being wildcards.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        glob(&self.0, &text, |a, b| a == b)
    }

    /// The same, whatever the case of ASCII letters.
    pub(crate) fn matches_ignoring_case(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        glob(&self.0, &text, |a, b| a.eq_ignore_ascii_case(&b))
    }

    /// The text itself, for operators that know no wildcards.
    pub(crate) fn text(&self) -> String {
        let char_of = |token: &Token| match token {
            Token::Char(c) => *c,
            Token::One => '?',
            Token::Many => '*',
        };
        self.0.iter().map(char_of).collect()
    }

    /// Whether an ARN is described: "Each of the six colon-delimited components of the ARN is checked separately".
    pub(crate) fn matches_arn(&self, arn: &str) -> bool {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let wanted: Vec<&[Token]> = self.0.splitn(6, |token| *token == Token::Char(':')).collect();
        if wanted.len() != parts.len() {
            return false;
        }
        wanted.iter().zip(parts).all(|(wanted, part)| {
            let part: Vec<char> = part.chars().collect();
            glob(wanted, &part, |a, b| a == b)
        })
    }

    /// Whether a resource is described: `*` alone is every one, and an ARN that ends early goes on with `*`, as the service's
    /// own errors show it (`"a:b:cadfsdf"` is `"arn:b:cadfsdf:*:*:*"` there).
    pub(crate) fn matches_resource(&self, resource: &str) -> bool {
        if self.0 == [Token::Many] {
            return true;
        }
        let colons = self.0.iter().filter(|token| **token == Token::Char(':')).count();
        if colons >= 5 || colons == 0 {
            return self.matches_arn(resource);
        }
        let mut completed = self.0.clone();
        for _ in colons..5 {
            completed.extend([Token::Char(':'), Token::Many]);
        }
        Self(completed).matches_arn(resource)
    }
}

fn wild(c: char) -> Token {
    match c {
        '*' => Token::Many,
        '?' => Token::One,
        c => Token::Char(c),
    }
}

/// What stands between `${` and `}`: `*`, `?` and `$` themselves, or a key of the request, perhaps with a default:
/// `aws:userid, 'anonymous'`.
fn value_of(name: &str, context: &Context) -> Option<String> {
    if matches!(name, "*" | "?" | "$") {
        return Some(name.to_owned());
    }
    let (key, default) = match name.split_once(',') {
        Some((key, default)) => (key.trim(), default.trim().strip_prefix('\'')?.strip_suffix('\'')),
        None => (name, None),
    };
    match context.values(key) {
        [value] => Some(value.clone()),
        // A key with several values is none that could stand in a text.
        _ => default.map(str::to_owned),
    }
}

/// The usual walk with one point to come back to: the last `*`. Linear for each of them.
fn glob(pattern: &[Token], text: &[char], same: impl Fn(char, char) -> bool) -> bool {
    let (mut at, mut position) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(c) = text.get(position) {
        match pattern.get(at) {
            Some(Token::Many) => {
                star = Some((at + 1, position));
                at += 1;
                continue;
            }
            Some(Token::One) => (at, position) = (at + 1, position + 1),
            Some(Token::Char(wanted)) if same(*wanted, *c) => (at, position) = (at + 1, position + 1),
            _ => match star {
                Some((after, from)) => {
                    star = Some((after, from + 1));
                    (at, position) = (after, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(at).all(|token| *token == Token::Many)
}

#[cfg(test)]
mod tests {
    use super::Pattern;
    use crate::policy::{Context, Version};

    #[test]
    fn wildcards() {
        for (pattern, text, matches) in [
            ("*", "", true),
            ("a*c", "abbbc", true),
            ("a*c", "abbbd", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*a*a*", "bab", false),
            ("*a*a*", "baba", true),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(Pattern::plain(pattern).matches(text), matches, "{pattern} {text}");
        }
        assert!(Pattern::plain("sqs:send*").matches_ignoring_case("SQS:SendMessage"));
    }

    #[test]
    fn what_a_variable_stands_for_is_no_wildcard() {
        let context = Context::default().with("aws:username", "a*b").with("many", "1").with("many", "2");
        let filled = |text: &str| Pattern::filled(text, Version::V2012, &context);
        let pattern = filled("home/${aws:UserName}/*").unwrap();
        assert!(pattern.matches("home/a*b/c"));
        assert!(!pattern.matches("home/axb/c"));
        assert_eq!(filled("${*}${?}${$}").unwrap().text(), "*?$");
        assert!(!filled("${*}").unwrap().matches("x"));
        assert!(filled("${aws:userid}").is_none());
        assert!(filled("${many}").is_none());
        assert_eq!(filled("${aws:userid, 'anonymous'}").unwrap().text(), "anonymous");
        assert_eq!(filled("open ${").unwrap().text(), "open ${");
        let old = Pattern::filled("${aws:username}", Version::V2008, &context).unwrap();
        assert_eq!(old.text(), "${aws:username}");
    }
}
