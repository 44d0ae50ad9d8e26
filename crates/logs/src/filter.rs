//! A filter pattern of words: which messages FilterLogEvents shows.
//!
//! Source: CloudWatch Logs user guide, "Filter pattern syntax": words that all must be in the message, `?word` of which one
//! must, `-word` that must not, phrases in double quotes; upper and lower case differ. Patterns over JSON fields (`{`), columns
//! (`[`) and regular expressions (`%`) are not evaluated here, and refused.

use aws::Error;

use crate::error;

/// A filter pattern.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    all: Vec<String>,
    any: Vec<String>,
    none: Vec<String>,
}

impl Filter {
    /// Reads a pattern.
    ///
    /// # Errors
    /// `InvalidParameterException` where it is none, or one of a form that is not evaluated here.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let mut rest = text.trim();
        if rest.starts_with(['{', '[', '%']) {
            return Err(error::invalid_parameter(format!(
                "Invalid filter pattern: '{text}' is a pattern of fields or a regular expression, which this Trunkline does not evaluate; \
                 words, \"phrases\", ?any and -none are."
            )));
        }
        let mut filter = Self::default();
        while !rest.is_empty() {
            let (list, after) = match (rest.strip_prefix('?'), rest.strip_prefix('-')) {
                (Some(after), _) => (&mut filter.any, after),
                (_, Some(after)) => (&mut filter.none, after),
                (None, None) => (&mut filter.all, rest),
            };
            let (word, after) = term(after).ok_or_else(|| {
                let sentence =
                    format!("Invalid filter pattern: '{text}' has an empty word or an open quote.");
                error::invalid_parameter(sentence)
            })?;
            list.push(word);
            rest = after.trim_start();
        }
        Ok(filter)
    }

    /// Whether a message is shown.
    pub(crate) fn matches(&self, message: &str) -> bool {
        self.all.iter().all(|word| message.contains(word.as_str()))
            && (self.any.is_empty() || self.any.iter().any(|word| message.contains(word.as_str())))
            && !self.none.iter().any(|word| message.contains(word.as_str()))
    }
}

/// The first word or phrase of a text, and what follows.
fn term(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        return (!word.is_empty()).then(|| (word.to_owned(), rest));
    };
    let mut phrase = String::new();
    let mut chars = quoted.chars();
    loop {
        match chars.next()? {
            '"' => return (!phrase.is_empty()).then_some((phrase, chars.as_str())),
            // A quote, or a backslash, of the phrase itself.
            '\\' => phrase.push(chars.next()?),
            other => phrase.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::proptest;

    use super::Filter;

    #[test]
    fn words_phrases_any_and_none() {
        // Pattern, message, whether it is shown. Source: the examples of the user guide, "Filter pattern syntax".
        let cases = [
            ("", "anything", true),
            ("ERROR", "[ERROR 400] BAD REQUEST", true),
            ("ERROR", "[error 400]", false),
            ("ERROR ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", true),
            ("ERROR ARGUMENTS", "[ERROR 401] UNAUTHORIZED REQUEST", false),
            ("?ERROR ?ARGUMENTS", "[ERROR 401] UNAUTHORIZED REQUEST", true),
            ("?ERROR ?ARGUMENTS", "[INFO 200] OK", false),
            ("ERROR -ARGUMENTS", "[ERROR 400] BAD REQUEST", true),
            ("ERROR -ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", false),
            ("\"INTERNAL SERVER ERROR\"", "[ERROR 500] INTERNAL SERVER ERROR", true),
            ("\"INTERNAL SERVER ERROR\"", "INTERNAL ERROR of a SERVER", false),
            ("-\"SERVER ERROR\" ERROR", "SERVER ERROR", false),
            ("\"a \\\"b\\\"\"", "{a \"b\"}", true),
        ];
        for (pattern, message, shown) in cases {
            assert_eq!(Filter::parse(pattern).unwrap().matches(message), shown, "{pattern} on {message}");
        }
    }

    #[test]
    fn what_is_not_evaluated_is_refused() {
        for pattern in ["{ $.a = 1 }", "[ip, user]", "%4[0-9]%", "\"open", "? x", "\"\""] {
            let error = Filter::parse(pattern).unwrap_err();
            assert_eq!(error.code, "InvalidParameterException", "{pattern}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_pattern_or_refused(text: String, message: String) {
            if let Ok(filter) = Filter::parse(&text) {
                let _ = filter.matches(&message);
            }
        }
    }
}
