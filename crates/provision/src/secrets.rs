//! The secrets of a resource, apart from its settings: they are sent, and never shown.

use aws::secret::Secret;
use serde_json::Value;

/// Where in a request each secret belongs, and the secret. Its `Debug` shows the places.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Secrets(Vec<(String, Secret)>);

impl Secrets {
    /// Adds the secret that belongs at a JSON pointer (RFC 6901).
    pub(crate) fn put(&mut self, pointer: impl Into<String>, secret: &Secret) {
        self.0.push((pointer.into(), secret.clone()));
    }

    /// The JSON pointers of the secrets.
    pub(crate) fn places(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(pointer, _)| pointer.as_str())
    }

    /// The secret that belongs at a JSON pointer.
    pub(crate) fn at(&self, place: &str) -> Option<&Secret> {
        self.0.iter().find(|(pointer, _)| pointer == place).map(|(_, secret)| secret)
    }

    /// A request with the secrets in it.
    pub(crate) fn fill(&self, mut request: Value) -> Value {
        for (pointer, secret) in &self.0 {
            let Some((object, member)) = pointer.rsplit_once('/') else { continue };
            if let Some(members) = request.pointer_mut(object).and_then(Value::as_object_mut) {
                members.insert(member.to_owned(), Value::from(secret.reveal()));
            }
        }
        request
    }
}

#[cfg(test)]
mod tests {
    use aws::secret::Secret;
    use serde_json::json;

    use super::Secrets;

    #[test]
    fn they_are_filled_in_and_not_shown() {
        let mut secrets = Secrets::default();
        secrets.put("/a/0/Value", &Secret::new("hunter2"));
        assert_eq!(
            secrets.fill(json!({"a": [{"Key": "k"}]})),
            json!({"a": [{"Key": "k", "Value": "hunter2"}]})
        );
        assert!(!format!("{secrets:?}").contains("hunter2"));
    }
}
