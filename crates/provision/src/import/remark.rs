//! What the importer says besides the file: what was left out, what is not as it was, and what follows by itself.

use serde::Serialize;

use crate::import::stack::Place;

/// How a remark is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// It is not in the file.
    LeftOut,
    /// It is in the file, and not quite as it was.
    Changed,
    /// It is in no section of the file, because it follows from others.
    Implied,
    /// What a person should look at.
    Advice,
}

/// One remark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// How it is meant.
    pub grade: Grade,
    /// Where it stands.
    pub place: Place,
    /// What it is about: a logical id, with a property after a dot.
    pub about: String,
    /// Why, in a sentence without a full stop.
    pub sentence: String,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Remarks(pub(super) Vec<Remark>);

impl Remarks {
    pub(super) fn add(&mut self, grade: Grade, (place, about): (&Place, &str), sentence: impl Into<String>) {
        let remark =
            Remark { grade, place: place.clone(), about: about.to_owned(), sentence: sentence.into() };
        if !self.0.contains(&remark) {
            self.0.push(remark);
        }
    }

    pub(super) fn left_out(&mut self, place: &Place, about: &str, sentence: impl Into<String>) {
        self.add(Grade::LeftOut, (place, about), sentence);
    }
}
