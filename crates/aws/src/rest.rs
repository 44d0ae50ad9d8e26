//! Where an operation of a REST-JSON service is on the wire: method, path, and which members travel outside the body.
//!
//! Source: <https://smithy.io/2.0/spec/http-bindings.html>. The operation itself reads and writes one JSON object, as on the
//! other wires: the door puts labels, query parameters and headers into it, and takes an answer's headers out of it. A caller
//! fills the path ([`Route::path_of`]).

use crate::encoding::{ALL_BUT_PATH, ALL_BUT_UNRESERVED, percent_encoded};

/// An operation on the wire.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// AWS's name of it.
    pub operation: &'static str,
    /// For example `POST`.
    pub method: &'static str,
    /// For example `/2015-03-31/functions/{FunctionName}/invocations`; `{Name+}` takes slashes too.
    pub path: &'static str,
    /// A query parameter that tells it from another operation at the same method and path.
    pub only_with: Option<Parameter>,
    /// Members that are query parameters.
    pub query: &'static [Binding],
    /// Members that are headers.
    pub headers: &'static [Binding],
    /// What the request's body is.
    pub body: RequestBody,
    /// The status of success.
    pub status: u16,
    /// Members of the answer that are headers.
    pub answer_headers: &'static [Binding],
}

/// A query parameter with a fixed value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    pub name: &'static str,
    pub value: &'static str,
}

/// A member and its name outside the body.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// The member.
    pub member: &'static str,
    /// The parameter or header.
    pub name: &'static str,
    /// What its text stands for.
    pub kind: Kind,
}

/// What the text of a query parameter or header stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Itself.
    Text,
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// One of a list: the parameter may come more than once.
    Texts,
}

/// What a request's body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestBody {
    /// A JSON object with the members that are nowhere else; may be missing.
    Members,
    /// The bytes of one member, whatever they are ([`crate::Call::payload`]).
    Blob,
}

impl Binding {
    /// A member whose parameter or header is text.
    pub const fn text(member: &'static str, name: &'static str) -> Self {
        Self { member, name, kind: Kind::Text }
    }

    /// A member whose parameter or header is a whole number.
    pub const fn integer(member: &'static str, name: &'static str) -> Self {
        Self { member, name, kind: Kind::Integer }
    }

    /// A member whose parameter or header is `true` or `false`.
    pub const fn boolean(member: &'static str, name: &'static str) -> Self {
        Self { member, name, kind: Kind::Boolean }
    }

    /// A member whose parameter may come more than once.
    pub const fn texts(member: &'static str, name: &'static str) -> Self {
        Self { member, name, kind: Kind::Texts }
    }
}

impl Route {
    /// An operation whose request is a JSON object and its path's labels, answered with 200.
    pub const fn new(operation: &'static str, method: &'static str, path: &'static str) -> Self {
        Self {
            operation,
            method,
            path,
            only_with: None,
            query: &[],
            headers: &[],
            body: RequestBody::Members,
            status: 200,
            answer_headers: &[],
        }
    }

    /// The same with query parameters.
    #[must_use]
    pub const fn query(self, query: &'static [Binding]) -> Self {
        Self { query, ..self }
    }

    /// The same, meant only where the request has this parameter.
    #[must_use]
    pub const fn only_with(self, parameter: Parameter) -> Self {
        Self { only_with: Some(parameter), ..self }
    }

    /// The same with headers.
    #[must_use]
    pub const fn headers(self, headers: &'static [Binding]) -> Self {
        Self { headers, ..self }
    }

    /// The same with a body of any bytes.
    #[must_use]
    pub const fn blob(self) -> Self {
        Self { body: RequestBody::Blob, ..self }
    }

    /// The same, answered with another status.
    #[must_use]
    pub const fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// The same with members of the answer in headers.
    #[must_use]
    pub const fn answer_headers(self, answer_headers: &'static [Binding]) -> Self {
        Self { answer_headers, ..self }
    }

    /// The path with its labels filled in; `label` gives the text of a member.
    pub fn path_of(&self, mut label: impl FnMut(&str) -> String) -> String {
        let mut path = String::new();
        for part in self.path.trim_matches('/').split('/') {
            path.push('/');
            match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
                Some(name) => {
                    let encoded = if name.ends_with('+') { ALL_BUT_PATH } else { ALL_BUT_UNRESERVED };
                    path.push_str(&percent_encoded(&label(name.trim_end_matches('+')), encoded));
                }
                None => path.push_str(part),
            }
        }
        path
    }

    /// The labels of a path that is this operation's, percent-encoded as they came; `None` where it is another's.
    /// A trailing slash makes no difference (Lambda's own model has paths with and without).
    pub fn labels<'p>(&self, path: &'p str) -> Option<Vec<(&'static str, &'p str)>> {
        let mut labels = Vec::new();
        let mut rest = path.strip_prefix('/')?;
        let mut template = self.path.strip_prefix('/')?.split('/').filter(|part| !part.is_empty()).peekable();
        while let Some(part) = template.next() {
            let label = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
            let is_last = template.peek().is_none();
            let (segment, after) = match label {
                Some(label) if label.ends_with('+') && is_last => (rest, ""),
                _ => rest.split_once('/').unwrap_or((rest, "")),
            };
            match label {
                Some(label) if !segment.is_empty() => labels.push((label.trim_end_matches('+'), segment)),
                None if segment == part => {}
                _ => return None,
            }
            rest = after;
        }
        rest.is_empty().then_some(labels)
    }
}

#[cfg(test)]
mod tests {
    use super::Route;

    #[test]
    fn a_path_is_one_operation_s_or_none_s() {
        let invoke = Route::new("Invoke", "POST", "/2015-03-31/functions/{FunctionName}/invocations");
        let labels = invoke.labels("/2015-03-31/functions/a%3Ab/invocations");
        assert_eq!(labels, Some(vec![("FunctionName", "a%3Ab")]));
        for other in [
            "/",
            "",
            "/2015-03-31/functions/f",
            "/2015-03-31/functions//invocations",
            "/x/functions/f/invocations",
            "/2015-03-31/functions/f/invocations/more",
        ] {
            assert_eq!(invoke.labels(other), None, "{other}");
        }
        assert_eq!(invoke.path_of(|_| "a:b/c".to_owned()), "/2015-03-31/functions/a%3Ab%2Fc/invocations");
        let list = Route::new("ListFunctions", "GET", "/2015-03-31/functions/");
        assert_eq!(list.labels("/2015-03-31/functions"), Some(vec![]));
        assert_eq!(list.labels("/2015-03-31/functions/"), Some(vec![]));
        assert_eq!(list.labels("/2015-03-31/functions/f"), None);
        let tags = Route::new("ListTags", "GET", "/2017-03-31/tags/{ARN+}");
        assert_eq!(tags.labels("/2017-03-31/tags/arn/with/slashes"), Some(vec![("ARN", "arn/with/slashes")]));
        assert_eq!(tags.path_of(|_| "arn/with a".to_owned()), "/2017-03-31/tags/arn/with%20a");
    }
}
