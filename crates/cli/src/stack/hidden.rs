//! Secrets in what CloudFormation tells of properties: a function's variables, a connection's passwords.
//!
//! CloudFormation shows the values of `NoEcho` parameters as stars where it knows a property by its parameter. What was changed beside a stack,
//! or stands in a whole object, it shows as it is.

use std::collections::BTreeMap;

use aws::secret::Secret;
use provision::cloudformation::Exported;
use serde_json::Value;

/// Instead of a secret.
const STARS: &str = "****";
/// Shorter values are found within other words.
const CHARS_MIN: usize = 4;

/// Places of a resource where secrets may stand.
const SECRET_PLACES: [&str; 2] = ["/Environment", "/AuthParameters"];

/// What is not shown.
#[derive(Debug)]
pub(crate) struct Hidden {
    template: Value,
    known: BTreeMap<String, Secret>,
}

impl Hidden {
    pub(crate) fn of(exported: &Exported) -> Self {
        Self { template: exported.template().clone(), known: exported.known.clone() }
    }

    /// A value at a place of a resource as it may be shown. A variable is shown where the template writes it out; one that
    /// the template does not know, and an object with several, is not.
    pub(crate) fn shown(&self, logical_id: &str, path: &str, value: &str) -> String {
        if value.is_empty() {
            return String::new();
        }
        let path = format!("/{}", path.trim_start_matches("/Properties").trim_start_matches('/'));
        if SECRET_PLACES.iter().any(|place| path.starts_with(place)) && !self.is_written(logical_id, &path) {
            return STARS.to_owned();
        }
        let secrets = self.known.values().map(Secret::reveal).filter(|secret| secret.len() >= CHARS_MIN);
        secrets.fold(value.to_owned(), |text, secret| text.replace(secret, STARS))
    }

    /// Whether the template has a text of its own at a place.
    fn is_written(&self, logical_id: &str, path: &str) -> bool {
        let of = self.template.pointer(&format!("/Resources/{logical_id}/Properties{path}"));
        of.is_some_and(|value| value.is_string() || value.is_number() || value.is_boolean())
    }
}

#[cfg(test)]
mod tests {
    use provision::cloudformation::export;

    use super::Hidden;

    const FILE: &str = "version: 1\nname: crm\nfunctions:\n  - name: f\n    runtime: nodejs22.x\n    inline: \"exports.handler = async () => 1\"\n    \
                        environment: { STAGE: prod, TOKEN: \"${env:TOKEN}\" }\n";

    #[test]
    fn variables_are_shown_only_where_the_template_writes_them_out() {
        let env = |name: &str| (name == "TOKEN").then(|| "tok-123456".to_owned());
        let pipeline = provision::load(FILE, &env).unwrap();
        let hidden = Hidden::of(&export(FILE, &pipeline).unwrap());
        let shown = |path: &str, value: &str| hidden.shown("FFunction", path, value);
        assert_eq!(shown("/Environment/Variables/STAGE", "test"), "test");
        assert_eq!(shown("/Properties/Environment/Variables/STAGE", "test"), "test");
        assert_eq!(shown("/Environment/Variables/TOKEN", "tok-9"), "****");
        assert_eq!(shown("/Environment/Variables/BY_HAND", "x"), "****");
        assert_eq!(shown("/Environment", "{\"Variables\":{\"STAGE\":\"prod\"}}"), "****");
        assert_eq!(shown("/Description", "with tok-123456"), "with ****");
        assert_eq!((shown("/Timeout", "30").as_str(), shown("/Environment", "").as_str()), ("30", ""));
    }
}
