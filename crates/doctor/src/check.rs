//! What a check is.

use provision::{Mistake, Pipeline};

/// One check of a pipeline file.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// Its stable name, in lower case with hyphens.
    pub name: &'static str,
    /// The question that it answers.
    pub asks: &'static str,
    /// Why a finding matters.
    pub why: &'static str,
    /// How a finding is fixed.
    pub fix: &'static str,
    /// Its findings, each at its place in the file. What the file's reader has told already is not told again.
    pub run: fn(&Pipeline) -> Vec<Mistake>,
}
