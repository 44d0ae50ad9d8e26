//! Which pages may call a function URL: its `Cors` setting, and what a browser is told by it.
//!
//! Source: AWS, "Creating and managing Lambda function URLs", "Cross-origin resource sharing (CORS)", and the Fetch standard.

use aws::Error;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::check::Faults;
use crate::limits;

/// The setting, as it was given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Cors {
    allow_credentials: Option<bool>,
    allow_headers: Option<Vec<String>>,
    allow_methods: Option<Vec<String>>,
    allow_origins: Option<Vec<String>>,
    expose_headers: Option<Vec<String>>,
    max_age: Option<i64>,
}

/// A header of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorsHeader {
    /// In lower case.
    pub name: &'static str,
    pub value: String,
}

const ANY: &str = "*";

impl Cors {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Refuses what breaks the service's model.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let mut faults = Faults::default();
        let lists = [
            ("cors.allowHeaders", &self.allow_headers, limits::CORS_LISTED_MAX, 1024),
            ("cors.allowMethods", &self.allow_methods, limits::CORS_METHODS_MAX, 6),
            ("cors.allowOrigins", &self.allow_origins, limits::CORS_LISTED_MAX, 253),
            ("cors.exposeHeaders", &self.expose_headers, limits::CORS_LISTED_MAX, 1024),
        ];
        for (at, values, most, characters_max) in lists {
            let values = values.as_deref().unwrap_or_default();
            let shown = || format!("[{}]", values.join(", "));
            if values.len() > most {
                faults.add(shown(), at, &format!("Member must have length less than or equal to {most}"));
            }
            if values.iter().any(|value| value.chars().count() > characters_max) {
                let words = format!(
                    "Member must satisfy constraint: [Member must have length less than or equal to {characters_max}]"
                );
                faults.add(shown(), at, &words);
            }
        }
        faults.within("cors.maxAge", self.max_age, 0, limits::CORS_MAX_AGE_SECONDS);
        faults.result()
    }

    pub(crate) fn shown(&self) -> Value {
        let members = [
            ("AllowCredentials", self.allow_credentials.map(|is| json!(is))),
            ("AllowHeaders", self.allow_headers.as_ref().map(|all| json!(all))),
            ("AllowMethods", self.allow_methods.as_ref().map(|all| json!(all))),
            ("AllowOrigins", self.allow_origins.as_ref().map(|all| json!(all))),
            ("ExposeHeaders", self.expose_headers.as_ref().map(|all| json!(all))),
            ("MaxAge", self.max_age.map(|seconds| json!(seconds))),
        ];
        let present = members.into_iter().filter_map(|(member, value)| Some((member.to_owned(), value?)));
        Value::Object(present.collect::<Map<String, Value>>())
    }

    /// Whether pages of an origin may call.
    pub fn lets(&self, origin: &str) -> bool {
        self.allow_origins.iter().flatten().any(|allowed| allowed == ANY || allowed == origin)
    }

    fn origin_headers(&self, origin: &str) -> Vec<CorsHeader> {
        let has_credentials = self.allow_credentials.unwrap_or_default();
        let is_any = self.allow_origins.iter().flatten().any(|allowed| allowed == ANY);
        // With credentials browsers take no wildcard.
        let value = if is_any && !has_credentials { ANY } else { origin }.to_owned();
        let mut headers = vec![CorsHeader { name: "access-control-allow-origin", value }];
        if !is_any || has_credentials {
            headers.push(CorsHeader { name: "vary", value: "Origin".to_owned() });
        }
        if has_credentials {
            headers.push(CorsHeader { name: "access-control-allow-credentials", value: "true".to_owned() });
        }
        headers
    }

    /// The headers of an answer to a page; none for an origin that may not call.
    pub fn answer_headers(&self, origin: &str) -> Vec<CorsHeader> {
        if !self.lets(origin) {
            return Vec::new();
        }
        let mut headers = self.origin_headers(origin);
        let exposed = list("access-control-expose-headers", self.expose_headers.as_deref());
        headers.extend(exposed);
        headers
    }

    /// The headers of the answer to a preflight; none for an origin that may not call.
    pub fn preflight_headers(&self, origin: &str) -> Vec<CorsHeader> {
        if !self.lets(origin) {
            return Vec::new();
        }
        let mut headers = self.origin_headers(origin);
        headers.extend(list("access-control-allow-methods", self.allow_methods.as_deref()));
        headers.extend(list("access-control-allow-headers", self.allow_headers.as_deref()));
        let age = self
            .max_age
            .map(|seconds| CorsHeader { name: "access-control-max-age", value: seconds.to_string() });
        headers.extend(age);
        headers
    }
}

fn list(name: &'static str, values: Option<&[String]>) -> Option<CorsHeader> {
    let values = values.filter(|values| !values.is_empty())?;
    Some(CorsHeader { name, value: values.join(",") })
}

#[cfg(test)]
mod tests {
    use super::Cors;

    fn cors(text: &str) -> Cors {
        serde_json::from_str(text).unwrap()
    }

    fn lines(headers: Vec<super::CorsHeader>) -> Vec<String> {
        headers.into_iter().map(|header| format!("{}: {}", header.name, header.value)).collect()
    }

    #[test]
    fn any_origin_is_told_so() {
        let any = cors(
            r#"{"AllowOrigins":["*"],"AllowMethods":["GET","PUT"],"AllowHeaders":["x-a"],"MaxAge":60,"ExposeHeaders":["x-b"]}"#,
        );
        assert_eq!(
            lines(any.preflight_headers("https://a.example")),
            [
                "access-control-allow-origin: *",
                "access-control-allow-methods: GET,PUT",
                "access-control-allow-headers: x-a",
                "access-control-max-age: 60",
            ]
        );
        assert_eq!(
            lines(any.answer_headers("https://a.example")),
            ["access-control-allow-origin: *", "access-control-expose-headers: x-b"]
        );
    }

    #[test]
    fn a_listed_origin_is_named_and_others_get_nothing() {
        let one = cors(r#"{"AllowOrigins":["https://a.example"],"AllowCredentials":true}"#);
        assert_eq!(
            lines(one.answer_headers("https://a.example")),
            [
                "access-control-allow-origin: https://a.example",
                "vary: Origin",
                "access-control-allow-credentials: true",
            ]
        );
        assert!(one.answer_headers("https://b.example").is_empty());
        assert!(one.preflight_headers("https://b.example").is_empty());
        assert!(!cors("{}").lets("https://a.example"));
    }

    #[test]
    fn with_credentials_there_is_no_wildcard() {
        let any = cors(r#"{"AllowOrigins":["*"],"AllowCredentials":true}"#);
        let told = lines(any.answer_headers("https://a.example"));
        assert_eq!(told.first().map(String::as_str), Some("access-control-allow-origin: https://a.example"));
    }

    #[test]
    fn more_than_the_model_allows_is_refused() {
        assert!(cors(r#"{"MaxAge":86400,"AllowMethods":["DELETE"]}"#).check().is_ok());
        assert!(cors(r#"{"MaxAge":86401}"#).check().is_err());
        assert!(cors(r#"{"AllowMethods":["OPTIONS"]}"#).check().is_err());
        assert!(cors(r#"{"AllowMethods":["GET","GET","GET","GET","GET","GET","GET"]}"#).check().is_err());
    }
}
