//! Making the target's input: the whole event, a part of it, a constant, or a template with values put in.
//!
//! Everything that can be wrong is wrong when the target is put ([`InputMaker::compile`]); what is left at delivery is a
//! path that selects nothing in this event. Values are copied out of the event as they are written there, so numbers and
//! escapes keep their bytes (contract C3).

pub mod json;
pub mod path;
pub mod template;

use std::borrow::Cow;
use std::fmt;

use aws::{Arn, Error, Timestamp};

use crate::limits::quotas;
use crate::target::Input;
use crate::target::input::path::Path;
use crate::target::input::template::Template;

/// A target's input, parsed.
#[derive(Clone, Debug)]
pub enum InputMaker {
    /// The whole envelope.
    Whole,
    /// The part of it that a path selects.
    Path(Path),
    /// Always this text.
    Constant(String),
    /// A template with values put in.
    Template(Template),
}

/// What a template may mention beside the event.
#[derive(Clone, Copy, Debug)]
pub struct InputContext<'a> {
    /// The rule that matched.
    pub rule_arn: &'a Arn,
    /// Its name.
    pub rule_name: &'a str,
    /// When the event was accepted.
    pub accepted: Timestamp,
}

/// Why an input could not be made. The delivery is a dead letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFailure(String);

impl fmt::Display for InputFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InputFailure {}

impl InputFailure {
    /// An object or array in quotes of a JSON template. AWS tells no more than that the delivery failed.
    fn quoted(name: &str) -> Self {
        Self(format!(
            "The InputTemplate has <{name}> inside quotes, and in this event it is an object or array: the result is no \
             JSON. Write <{name}> without quotes, as a value of its own."
        ))
    }
}

impl InputMaker {
    /// Parses the input of the target `id`.
    ///
    /// # Errors
    /// `ValidationException` in AWS's words where they are known, else in ours.
    pub fn compile(input: &Input, id: &str) -> Result<Self, Error> {
        match input {
            Input::Whole => Ok(Self::Whole),
            Input::Path(path) if path == "$" => Ok(Self::Whole),
            Input::Path(path) => Self::compile_path(path, id).map(Self::Path),
            Input::Constant(text) => {
                // Words: measured by the rules of the project cdk-preflight on 2026-09-07.
                serde_json::from_str::<serde::de::IgnoredAny>(text)
                    .map_err(|_| Error::validation(format!("JSON syntax error in input for target {id}")))?;
                Ok(Self::Constant(text.clone()))
            }
            Input::Transformer { paths, template } => {
                if paths.len() > quotas::INPUT_PATHS_MAX {
                    return Err(Error::validation(format!(
                        "InputPathsMap for target {id} has {} paths: at most {} are allowed.",
                        paths.len(),
                        quotas::INPUT_PATHS_MAX
                    )));
                }
                let paths = paths
                    .iter()
                    .map(|(name, path)| Ok((name.clone(), Self::compile_path(path, id)?)))
                    .collect::<Result<_, Error>>()?;
                Template::compile(template, &paths, id).map(Self::Template)
            }
        }
    }

    fn compile_path(path: &str, id: &str) -> Result<Path, Error> {
        Path::parse(path).map_err(|reason| {
            Error::validation(format!("The JSON path '{path}' for target {id} is not valid: {reason}"))
        })
    }

    /// The input for one event, which is given as its whole JSON text.
    ///
    /// # Errors
    /// Where an InputPath selects nothing in this event, a template puts an object or array in quotes, or makes more of it
    /// than any target takes.
    pub fn make(&self, event: &str, about: InputContext<'_>) -> Result<String, InputFailure> {
        match self {
            Self::Whole => Ok(event.to_owned()),
            Self::Constant(text) => Ok(text.clone()),
            Self::Path(path) => path.select(event).map(Cow::into_owned).ok_or_else(|| {
                InputFailure(format!("The InputPath {} selects nothing in this event.", path.text()))
            }),
            Self::Template(template) => template.fill(event, about),
        }
    }
}
