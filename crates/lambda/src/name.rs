//! Names of functions: a name, a partial or a full ARN, each with or without a qualifier.

use aws::{Arn, Error, Scope};

use crate::error;

/// The version that is edited.
pub const LATEST: &str = "$LATEST";

/// Which function a request means, and which version or alias of it, if it says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionName {
    pub name: String,
    /// A version, an alias, or `$LATEST`.
    pub qualifier: Option<String>,
}

/// The pattern of the service's model, which its errors quote.
const PATTERN: &str = r"(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?";

impl FunctionName {
    /// Reads `FunctionName` and the parameter `Qualifier`.
    ///
    /// # Errors
    /// Where it is no name, names a function of another account or region, or the two say different things.
    pub fn parse(text: &str, qualifier: Option<&str>, home: &Scope) -> Result<Self, Error> {
        let parts: Vec<&str> = text.split(':').collect();
        let (place, rest) = match parts.as_slice() {
            ["arn", partition, "lambda", region, account, "function", rest @ ..]
                if partition.starts_with("aws") =>
            {
                (Some((Some(*region), *account)), rest)
            }
            [account, "function", rest @ ..] if is_account(account) => (Some((None, *account)), rest),
            ["function", rest @ ..] => (None, rest),
            rest => (None, rest),
        };
        let (name, own) = match rest {
            [name] => (*name, None),
            [name, own] => (*name, Some(*own)),
            _ => return Err(malformed(text)),
        };
        if !is_name(name) || own.is_some_and(|own| own != LATEST && !is_name(own)) {
            return Err(malformed(text));
        }
        if let (Some(own), Some(other)) = (own, qualifier)
            && own != other
        {
            return Err(error::invalid_parameter(
                "The derived qualifier from the function name does not match the specified qualifier.",
            ));
        }
        let qualifier = own.or(qualifier).map(str::to_owned);
        let found = Self { name: name.to_owned(), qualifier };
        match place {
            Some((region, account))
                if account != &*home.account || region.is_some_and(|r| r != &*home.region) =>
            {
                let region = region.unwrap_or(&home.region);
                Err(error::no_function(&Arn::new("lambda", region, account, found.resource())))
            }
            _ => Ok(found),
        }
    }

    fn resource(&self) -> String {
        match &self.qualifier {
            Some(qualifier) => format!("function:{}:{qualifier}", self.name),
            None => format!("function:{}", self.name),
        }
    }

    /// Its ARN, with the qualifier if it has one.
    pub fn arn(&self, home: &Scope) -> Arn {
        home.arn("lambda", self.resource())
    }

    /// The qualifier, or `$LATEST`.
    pub fn qualifier(&self) -> &str {
        self.qualifier.as_deref().unwrap_or(LATEST)
    }
}

/// The ARN of a function, or of one of its versions or aliases.
pub(crate) fn arn(home: &Scope, name: &str, qualifier: Option<&str>) -> Arn {
    let name = FunctionName { name: name.to_owned(), qualifier: qualifier.map(str::to_owned) };
    name.arn(home)
}

/// Whether a qualifier is a version's number.
pub(crate) fn is_number(qualifier: &str) -> bool {
    !qualifier.is_empty() && qualifier.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && is_number(text)
}

fn is_name(text: &str) -> bool {
    (1..=140).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

fn malformed(text: &str) -> Error {
    Error::validation(format!(
        "1 validation error detected: Value '{text}' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: {PATTERN}"
    ))
}

#[cfg(test)]
mod tests {
    use aws::Scope;

    use super::FunctionName;

    #[test]
    fn all_forms_of_a_name_are_read() {
        let home = Scope::new("123456789012", "eu-west-1");
        let read = |text: &str, qualifier: Option<&str>| {
            FunctionName::parse(text, qualifier, &home)
                .map(|name| (name.name, name.qualifier))
                .map_err(|e| e.code)
        };
        let named = |qualifier: Option<&str>| Ok(("f".to_owned(), qualifier.map(str::to_owned)));
        let full = "arn:aws:lambda:eu-west-1:123456789012:function:f";
        assert_eq!(read("f", None), named(None));
        assert_eq!(read("f:1", None), named(Some("1")));
        assert_eq!(read("f:$LATEST", Some("$LATEST")), named(Some("$LATEST")));
        assert_eq!(read("function:f", Some("live")), named(Some("live")));
        assert_eq!(read("123456789012:function:f:live", None), named(Some("live")));
        assert_eq!(read(full, None), named(None));
        assert_eq!(read(&format!("{full}:2"), None), named(Some("2")));
        assert_eq!(read("f:1", Some("2")), Err("InvalidParameterValueException".into()));
        for text in ["", "a b", "f:1:2", "arn:aws:sqs:eu-west-1:123456789012:f"] {
            assert_eq!(read(text, None), Err("ValidationException".into()), "{text}");
        }
        let elsewhere = "arn:aws:lambda:us-east-1:123456789012:function:f";
        assert_eq!(read(elsewhere, None), Err("ResourceNotFoundException".into()));
    }
}
