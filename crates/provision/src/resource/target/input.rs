//! `input:`, `inputPath:` and `inputTransformer:` of a target: what it receives.

use serde_json::{Value, json};

use crate::fields::Fields;
use crate::json::JsonText;
use crate::maker::Maker;
use crate::mistake::{Marked, Mistake, Span, kind};
use crate::resource::Settings;
use crate::table::{Kind, Section, may, must};

/// What a target receives.
#[derive(Clone, Debug, Default)]
pub enum Input {
    /// The event as it is.
    #[default]
    Event,
    /// Always this JSON text.
    Constant(JsonText),
    /// The part of the event at this path.
    Path(Marked<String>),
    /// A template filled from the event.
    Transformer {
        /// Names and the paths of the event that they stand for.
        paths: Vec<(Marked<String>, Marked<String>)>,
        /// The text with `<name>` where a value goes.
        template: Marked<String>,
    },
}

/// The constant input and the template may have this many characters (EventBridge API, `TargetInput`, `TransformerInput`).
const INPUT_CHARS_MAX: usize = 8192;
/// Paths of one input transformer (EventBridge API, `TransformerPaths`).
const PATHS_MAX: usize = 100;

pub(super) const TRANSFORMER: Section = Section {
    noun: "an input transformer",
    keys: &[
        may(
            "paths",
            "Names, and the paths of the event they stand for: `id: $.detail.conversationId`.",
            Kind::Texts { chars_max: 256 },
        ),
        must(
            "template",
            "The text to send, with `<name>` where a value goes.",
            Kind::Text { chars_max: INPUT_CHARS_MAX },
        ),
    ],
    choices: &[],
    later: &[],
};

pub(super) fn read(fields: Fields<'_>) -> Input {
    if let Some(constant) = fields.json("input") {
        Input::Constant(constant)
    } else if let Some(path) = fields.text("inputPath") {
        Input::Path(path)
    } else if let Some(fields) = fields.object("inputTransformer") {
        let template = fields.unsettled("template").unwrap_or_else(|| fields.name("template"));
        Input::Transformer { paths: fields.pairs("paths"), template }
    } else {
        Input::Event
    }
}

impl Input {
    /// Adds what a target is to receive to its settings.
    ///
    /// # Errors
    /// The mistake, at the target, where a Genesys queue has no id.
    pub(super) fn put(
        &self,
        settings: &mut Settings,
        maker: &Maker<'_>,
        at: Span,
    ) -> Result<(), Box<Mistake>> {
        let mut set = |name: &str, value: Value| settings.insert(name.to_owned(), value);
        match self {
            Self::Event => {}
            Self::Constant(input) => {
                set("Input", json!(maker.settle(&input.text, at)?));
            }
            Self::Path(path) => {
                set("InputPath", json!(path.value));
            }
            Self::Transformer { paths, template } => {
                let template = maker.settle(&template.value, at)?;
                let mut transformer = json!({"InputTemplate": template});
                let map = paths.iter().map(|(name, path)| (name.value.clone(), json!(path.value)));
                if let (false, Some(members)) = (paths.is_empty(), transformer.as_object_mut()) {
                    members.insert("InputPathsMap".to_owned(), Value::Object(map.collect()));
                }
                set("InputTransformer", transformer);
            }
        }
        Ok(())
    }
}

pub(super) fn check(input: &Input, out: &mut Vec<Mistake>) {
    match input {
        Input::Event => {}
        Input::Constant(json) => {
            let chars = json.text.chars().count();
            if chars > INPUT_CHARS_MAX {
                let sentence = format!(
                    "this input has {chars} characters as JSON; AWS allows at most {INPUT_CHARS_MAX}"
                );
                out.push(Mistake::new(kind::INPUT, json.span, sentence));
            }
        }
        Input::Path(path) => check_path(path, out),
        Input::Transformer { paths, template } => {
            if let Some((name, _)) = paths.get(PATHS_MAX) {
                out.push(Mistake::new(
                    kind::INPUT,
                    name.span,
                    format!("an input transformer has at most {PATHS_MAX} paths"),
                ));
            }
            for (name, path) in paths {
                check_variable(name, out);
                check_path(path, out);
            }
            check_template(template, paths, out);
        }
    }
}

fn check_path(path: &Marked<String>, out: &mut Vec<Mistake>) {
    if !path.value.starts_with('$') {
        let mistake = Mistake::new(
            kind::INPUT,
            path.span,
            format!("the path `{}` does not begin with `$`", path.value),
        );
        out.push(mistake.with_suggestion(format!("write `$.{}`", path.value.trim_start_matches('.'))));
    }
}

/// Source: the shape `InputTransformerPathKey`; "AWS" at the beginning is kept for AWS (InputTransformer, API reference).
fn check_variable(name: &Marked<String>, out: &mut Vec<Mistake>) {
    let is_plain = name.value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if !is_plain || name.value.is_empty() {
        let sentence =
            format!("`{}` is not a name for a value: use letters, digits, `-` and `_`", name.value);
        out.push(Mistake::new(kind::INPUT, name.span, sentence));
    } else if name.value.starts_with("AWS") {
        let sentence = format!("`{}` begins with AWS, which AWS keeps for itself", name.value);
        out.push(Mistake::new(kind::INPUT, name.span, sentence));
    }
}

/// Every `<name>` of the template must have a path; `aws.events...` are AWS's own.
fn check_template(
    template: &Marked<String>,
    paths: &[(Marked<String>, Marked<String>)],
    out: &mut Vec<Mistake>,
) {
    for piece in template.value.split('<').skip(1) {
        let Some((name, _)) = piece.split_once('>') else { continue };
        let is_name = !name.is_empty()
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
        let is_known = name.starts_with("aws.events.") || paths.iter().any(|(known, _)| known.value == name);
        if is_name && !is_known {
            let mistake = Mistake::new(
                kind::INPUT,
                template.span,
                format!("the template has `<{name}>`, but `paths` has no `{name}`"),
            );
            out.push(mistake.with_near(name, paths.iter().map(|(known, _)| known.value.as_str())));
        }
    }
}
