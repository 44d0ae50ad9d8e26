//! What users have in hand as a pipeline file: templates of CloudFormation and SAM, `cdk.out`, `terraform show -json`.
//!
//! [`import`] reads sources and gives a file that passes its own checks, with a remark for everything that is not in it or not as it
//! was. Nothing is invented: what cannot be said in a pipeline file is left out and told, with its place.

mod deployed;
mod kinds;
mod naming;
mod properties;
mod pruning;
mod remark;
mod sam;
mod sections;
mod source;
mod stack;
mod template;
mod terraform;
mod value;
mod yaml;

use std::collections::BTreeMap;
use std::path::Path;

pub use crate::import::remark::{Grade, Remark};
pub use crate::import::stack::Place;

use crate::import::remark::Remarks;
use crate::import::sections::File;

/// What whoever imports says.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Values of parameters, by name.
    pub parameters: BTreeMap<String, String>,
    /// The bus whose rules are imported; `None`: the one with the most rules.
    pub bus: Option<String>,
    /// The folder that the file will stand in; empty: the one that the command runs in.
    pub folder: std::path::PathBuf,
    /// Where the stack is deployed: what its resources are called there, by logical id.
    pub deployed: Option<BTreeMap<String, String>>,
}

/// A pipeline file, and what is said of it.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The file's text.
    pub text: String,
    /// In the order of the sources.
    pub remarks: Vec<Remark>,
}

/// Imports a file, or a folder such as `cdk.out`.
///
/// # Errors
/// A sentence where nothing can be read, or nothing of it is a resource.
pub fn import(path: &Path, options: &Options) -> Result<Imported, String> {
    let mut remarks = Remarks::default();
    let stacks = source::read(path, &mut remarks)?;
    make(&stacks, options, remarks)
}

/// Imports a template whose text is at hand, such as a deployed stack's.
///
/// # Errors
/// As [`import`].
pub fn import_text(text: &str, name: &str, options: &Options) -> Result<Imported, String> {
    let mut remarks = Remarks::default();
    let mut stacks = source::of_text(text, (name, name), Path::new("."), &mut remarks)?;
    if let Some(deployed) = &options.deployed {
        stacks.iter_mut().for_each(|stack| deployed::settle(stack, deployed));
    }
    make(&stacks, options, remarks)
}

fn make(stacks: &[stack::Stack], options: &Options, mut remarks: Remarks) -> Result<Imported, String> {
    if stacks.iter().all(|stack| stack.items.is_empty()) {
        return Err("there are no resources in it".to_owned());
    }
    let mut file = File::of(stacks, options, &mut remarks);
    let text = pruning::settled(&mut file, options, &mut remarks);
    let mut remarks = remarks.0;
    remarks.sort_by(|one, other| one.place.cmp(&other.place));
    Ok(Imported { text, remarks })
}
