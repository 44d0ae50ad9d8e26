//! From texts to the pipeline: trees, layers, form, names.

use std::path::Path;

use crate::fields::Fields;
use crate::layers;
use crate::mistake::{Mistake, Span};
use crate::pipeline::{self, Pipeline, check, sorted};
use crate::reference::Env;
use crate::resource::function::Code;
use crate::resource::state_machine::Definition;
use crate::shape;
use crate::table::Kind;
use crate::texts::Texts;
use crate::tree;

/// Texts, and how they are read.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    /// The file and what it includes.
    pub texts: &'a Texts,
    /// Which of the file's profiles is laid over it.
    pub profile: Option<&'a str>,
    /// The environment.
    pub env: Env<'a>,
    /// Whether the files that it names (code, definitions) are looked for.
    pub files: Files,
}

/// Whether files that a pipeline names are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Files {
    /// From the folder that the pipeline file stands in.
    Sought,
    /// The text stands nowhere.
    Unknown,
}

impl std::fmt::Debug for Reading<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reading").field("profile", &self.profile).finish_non_exhaustive()
    }
}

impl Reading<'_> {
    /// The names of the profiles, in the order of the file.
    pub fn profiles(&self) -> Vec<String> {
        let root =
            self.texts.parts().next().and_then(|part| tree::read(part.text, self.env, &mut Vec::new()));
        let names = root.as_ref().map(layers::profiles).unwrap_or_default();
        names.into_iter().map(str::to_owned).collect()
    }

    /// Reads: the form, not yet whether its names fit together (see [`check`]).
    ///
    /// # Errors
    /// All mistakes of form, in the order of the files. Text that is no YAML is one mistake, at the first place where
    /// it cannot be read.
    pub fn parse(&self) -> Result<Pipeline, Vec<Mistake>> {
        match self.read() {
            (Some(pipeline), mistakes) if mistakes.is_empty() => Ok(pipeline),
            (_, mistakes) => Err(self.told(mistakes)),
        }
    }

    /// Reads and checks.
    ///
    /// # Errors
    /// All mistakes at once, those of form and those that [`check`] finds in what can be read in spite of them.
    pub fn load(&self) -> Result<Pipeline, Vec<Mistake>> {
        let (pipeline, mut mistakes) = self.read();
        if let Some(pipeline) = &pipeline {
            // A value whose form is wrong has been told; what follows from it is noise.
            let told: Vec<Span> = mistakes.iter().map(|mistake| mistake.span).collect();
            mistakes.extend(check(pipeline).into_iter().filter(|mistake| !told.contains(&mistake.span)));
        }
        match pipeline {
            Some(pipeline) if mistakes.is_empty() => Ok(pipeline),
            _ => Err(self.told(mistakes)),
        }
    }

    fn told(&self, mut mistakes: Vec<Mistake>) -> Vec<Mistake> {
        self.texts.place_firsts(&mut mistakes);
        self.texts.once(sorted(mistakes))
    }

    fn read(&self) -> (Option<Pipeline>, Vec<Mistake>) {
        let mut mistakes = self.texts.failures.clone();
        let mut roots = Vec::new();
        for part in self.texts.parts() {
            let mut told = Vec::new();
            let root = tree::read(part.text, self.env, &mut told);
            for mistake in &mut told {
                mistake.span = mistake.span.after(part.start);
                mistake.first = mistake.first.take().map(|first| Box::new(first.after(part.start)));
            }
            mistakes.extend(told);
            roots.extend(root.map(|mut root| {
                root.shift(part.start);
                root
            }));
        }
        // Where a file is missing, all that it would name is missing too: that is one mistake.
        if roots.len() < self.texts.parts().count() || !self.texts.failures.is_empty() {
            return (None, mistakes);
        }
        let mut roots = roots.into_iter();
        let Some(mut root) = roots.next() else { return (None, mistakes) };
        for more in roots {
            layers::include(&mut root, more, &pipeline::SECTION, &mut mistakes);
        }
        let dropped = layers::choose(&mut root, self.profile, &pipeline::SECTION, &mut mistakes);
        let is_dropped =
            |span: Span| dropped.iter().any(|one| one.start <= span.start && span.start < one.end);
        mistakes.retain(|mistake| !is_dropped(mistake.span));
        shape::check(&root, &Kind::Object(&pipeline::SECTION), &mut mistakes);
        let mut pipeline = pipeline::read(Fields { node: &root, source: self.texts.all() });
        if self.files == Files::Sought {
            pipeline.folder = Some(self.texts.folder().to_path_buf());
        }
        self.place_paths(&mut pipeline);
        (Some(pipeline), mistakes)
    }

    /// What an included file names is looked for in its own folder.
    fn place_paths(&self, pipeline: &mut Pipeline) {
        let place = |span: Span, path: &mut String| {
            if let Some(folder) = self.texts.folder_of(span) {
                *path = folder.join(&*path).display().to_string();
            }
        };
        for function in &mut pipeline.functions {
            if let Code::Folder(folder) = &mut function.code.value {
                place(function.code.span, folder);
            }
        }
        for layer in &mut pipeline.layers {
            place(layer.code.span, &mut layer.code.value);
        }
        for bucket in &mut pipeline.buckets {
            place(bucket.folder.span, &mut bucket.folder.value);
        }
        for machine in &mut pipeline.state_machines {
            if let Definition::File(path) = &mut machine.definition {
                place(path.span, &mut path.value);
            }
        }
    }
}

/// Reads a text: its form, not yet whether its names fit together (see [`check`]).
///
/// # Errors
/// As [`Reading::parse`].
pub fn parse(text: &str, env: Env<'_>) -> Result<Pipeline, Vec<Mistake>> {
    let texts = Texts::of_text(Path::new(""), text.to_owned());
    Reading { texts: &texts, profile: None, env, files: Files::Unknown }.parse()
}

/// Reads and checks a text.
///
/// # Errors
/// As [`Reading::load`].
pub fn load(text: &str, env: Env<'_>) -> Result<Pipeline, Vec<Mistake>> {
    let texts = Texts::of_text(Path::new(""), text.to_owned());
    Reading { texts: &texts, profile: None, env, files: Files::Unknown }.load()
}
