//! Tables by reference: what names a table in a function's variables or in a definition waits for it.

use std::path::Path;

use crate::cloudformation::logical::LogicalIds;
use crate::cloudformation::marks;
use crate::mistake::Mistake;
use crate::pipeline::Pipeline;
use crate::resource::state_machine::Definition;

/// The pipeline with a mark for each `${table:NAME}`.
///
/// # Errors
/// The mistake, where the file of a definition cannot be read.
pub(super) fn marked(pipeline: &Pipeline) -> Result<Pipeline, Box<Mistake>> {
    let mut out = pipeline.clone();
    // As the resources' ids are given: in the order of the file.
    let mut ids = LogicalIds::default();
    let tables: Vec<(String, String)> = pipeline
        .tables
        .iter()
        .map(|table| {
            (format!("${{table:{}}}", table.name.value), marks::mark(&ids.of("Table", &table.name.value)))
        })
        .collect();
    let replaced =
        |text: &str| tables.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
    for variable in out.functions.iter_mut().flat_map(|function| &mut function.environment) {
        variable.value.value = replaced(&variable.value.value);
    }
    let folder = pipeline.folder.as_deref().unwrap_or(Path::new("."));
    for machine in &mut out.state_machines {
        let mut json = machine.text(folder)?;
        json.text = replaced(&json.text);
        machine.definition = Definition::Inline(json);
    }
    Ok(out)
}
