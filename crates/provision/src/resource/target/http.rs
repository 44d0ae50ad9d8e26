//! `http:` of a target: what the request to an API destination gets in addition.

use serde_json::{Map, Value, json};

use crate::fields::Fields;
use crate::maker::Maker;
use crate::mistake::{Marked, Mistake, Span, kind};
use crate::resource::connection::PARAMETERS;
use crate::resource::target::{Destination, Target};
use crate::table::{Kind, Section, may};

/// What the request to an API destination gets in addition: text, or the value at a path of the event (`$.detail.id`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Http {
    /// What fills the `*` of the path, in order.
    pub path: Vec<Marked<String>>,
    /// Parameters of the query.
    pub query: Vec<(Marked<String>, Marked<String>)>,
    /// Headers.
    pub headers: Vec<(Marked<String>, Marked<String>)>,
    /// Where it stands.
    pub span: Span,
}

/// Source: the shape `HttpParameters` of the EventBridge API.
pub(super) const SECTION: Section = Section {
    noun: "the HTTP parameters",
    keys: &[
        may(
            "path",
            "What fills each `*` of the endpoint's path, in order: text, or a path of the event.",
            Kind::List(&Kind::Text { chars_max: 256 }),
        ),
        may("query", "Parameters of the query: text, or a path of the event.", PARAMETERS),
        may("headers", "Headers: text, or a path of the event.", PARAMETERS),
    ],
    choices: &[],
    later: &[],
};

impl Http {
    pub(super) fn read(fields: Fields<'_>) -> Self {
        Self {
            path: fields.unsettled_texts("path"),
            query: fields.unsettled_pairs("query"),
            headers: fields.unsettled_pairs("headers"),
            span: fields.span(),
        }
    }

    /// `HttpParameters` of the target that stands at a place.
    ///
    /// # Errors
    /// The mistake, at the target, where a Genesys queue has no id.
    pub(super) fn wanted(&self, maker: &Maker<'_>, at: Span) -> Result<Value, Box<Mistake>> {
        let mut members = Map::new();
        if !self.path.is_empty() {
            let path = self.path.iter().map(|value| maker.settle(&value.value, at));
            members.insert("PathParameterValues".to_owned(), json!(path.collect::<Result<Vec<_>, _>>()?));
        }
        for (name, pairs) in [("QueryStringParameters", &self.query), ("HeaderParameters", &self.headers)] {
            let map = pairs
                .iter()
                .map(|(key, value)| Ok((key.value.clone(), json!(maker.settle(&value.value, at)?))));
            let map = map.collect::<Result<Map<_, _>, Box<Mistake>>>()?;
            if !map.is_empty() {
                members.insert(name.to_owned(), Value::Object(map));
            }
        }
        Ok(Value::Object(members))
    }
}

/// AWS gives up each event whose request it has no path for.
pub(super) fn check_wildcards(target: &Target, name: &str, wanted: usize, out: &mut Vec<Mistake>) {
    let given = target.http.as_ref().map_or(0, |http| http.path.len());
    if wanted != given {
        let sentence = format!(
            "the endpoint of `{name}` has {wanted} `*` to fill, but `http.path` of this target fills {given}"
        );
        out.push(Mistake::new(
            kind::TARGET,
            target.http.as_ref().map_or(target.span, |http| http.span),
            sentence,
        ));
    }
}

pub(super) fn check(http: &Http, destination: &Destination, out: &mut Vec<Mistake>) {
    if !matches!(destination, Destination::ApiDestination(_) | Destination::Arn(_)) {
        let mistake =
            Mistake::new(kind::TARGET, http.span, "`http` is for a target that is an API destination");
        out.push(mistake.with_suggestion("leave it out"));
    }
}
