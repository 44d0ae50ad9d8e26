//! The form of a request in AWS's query protocol: `Name=value`, lists as `Name.member.1`.

use aws::api::CLOUDFORMATION;
use form_urlencoded::Serializer;

/// A request's members, in their order.
#[derive(Clone, Debug)]
pub struct Form {
    pairs: Vec<Pair>,
}

/// One member as it is sent.
#[derive(Clone, Debug)]
struct Pair {
    name: String,
    value: String,
}

impl Form {
    /// The request of an operation, without members.
    pub fn new(action: &str) -> Self {
        let form = Self { pairs: Vec::new() };
        form.with("Action", action).with("Version", CLOUDFORMATION.version)
    }

    /// With a member.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.pairs.push(Pair { name: name.into(), value: value.into() });
        self
    }

    /// With a member that may be absent.
    #[must_use]
    pub fn with_some(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// With a list of texts; an empty list is no member.
    #[must_use]
    pub fn with_all<'v>(self, name: &str, values: impl IntoIterator<Item = &'v str>) -> Self {
        let numbered = values.into_iter().zip(1_u32..);
        numbered.fold(self, |form, (value, number)| form.with(format!("{name}.member.{number}"), value))
    }

    /// The operation's name.
    pub fn action(&self) -> &str {
        self.pairs.first().map_or("", |pair| pair.value.as_str())
    }

    /// As it is sent.
    pub fn body(&self) -> String {
        let mut body = Serializer::new(String::new());
        for pair in &self.pairs {
            body.append_pair(&pair.name, &pair.value);
        }
        body.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Form;

    #[test]
    fn lists_are_numbered_from_one() {
        let form = Form::new("DeleteStack").with("StackName", "a b").with_all("RetainResources", ["X", "Y"]);
        assert_eq!(form.action(), "DeleteStack");
        assert_eq!(
            form.with_some("RoleARN", None).body(),
            "Action=DeleteStack&Version=2010-05-15&StackName=a+b&RetainResources.member.1=X&RetainResources.member.2=Y"
        );
    }
}
