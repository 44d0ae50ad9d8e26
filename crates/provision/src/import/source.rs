//! What is read from disk: a template, a plan, or a folder of CDK's.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::import::remark::Remarks;
use crate::import::stack::Stack;
use crate::import::{template, terraform};

/// The most bytes of a file: a state of Terraform's may be large.
const BYTES_MAX: u64 = 64 << 20;

/// The stacks of a file or a folder.
///
/// # Errors
/// A sentence that names the file.
pub(super) fn read(path: &Path, remarks: &mut Remarks) -> Result<Vec<Stack>, String> {
    if !path.is_dir() {
        return file(path, None, remarks);
    }
    let manifest = path.join("manifest.json");
    let mut stacks = Vec::new();
    if manifest.is_file() {
        for (template, name) in templates_of(&text(&manifest)?) {
            stacks.extend(file(&path.join(template), Some(name), remarks)?);
        }
        return Ok(stacks);
    }
    let files =
        std::fs::read_dir(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let mut files: Vec<PathBuf> = files.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    let name =
        |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let is_template = |path: &PathBuf| {
        let name = name(path);
        name.ends_with(".template.json")
            || ["template.yaml", "template.yml", "template.json"].contains(&name.as_str())
    };
    for template in files.iter().filter(|path| is_template(path)) {
        stacks.extend(file(template, None, remarks)?);
    }
    if stacks.is_empty() {
        return Err(format!(
            "{} has no manifest.json of CDK's and no template: name the file, or run `cdk synth` first",
            path.display()
        ));
    }
    Ok(stacks)
}

/// The templates of a cloud assembly. Source: cloud-assembly-schema of the AWS CDK.
fn templates_of(manifest: &str) -> Vec<(String, String)> {
    let manifest: Value = serde_json::from_str(manifest).unwrap_or_default();
    let artifacts = manifest.get("artifacts").and_then(Value::as_object).into_iter().flatten();
    let stacks = artifacts
        .filter(|(_, artifact)| artifact.get("type").is_some_and(|kind| kind == "aws:cloudformation:stack"));
    stacks
        .filter_map(|(id, artifact)| {
            let text = |pointer: &str| artifact.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
            let name = text("/properties/stackName").unwrap_or_else(|| id.clone());
            Some((text("/properties/templateFile")?, name))
        })
        .collect()
}

fn file(path: &Path, name: Option<String>, remarks: &mut Remarks) -> Result<Vec<Stack>, String> {
    let shown = path.display().to_string();
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let name = name.unwrap_or_else(|| stem.trim_end_matches(".template").to_owned());
    let folder = path.parent().unwrap_or(Path::new(""));
    of_text(&text(path)?, (&shown, &name), folder, remarks)
}

/// The stacks of a text.
///
/// # Errors
/// A sentence that names the file.
pub(super) fn of_text(
    text: &str,
    (file, name): (&str, &str),
    folder: &Path,
    remarks: &mut Remarks,
) -> Result<Vec<Stack>, String> {
    let document = template::document(text).map_err(|reason| format!("{file}: {reason}"))?;
    let root = &document.value;
    if terraform::is_terraform(root) {
        return Ok(vec![terraform::stack(root, (file, name), remarks)]);
    }
    if root.get("Resources").is_none() {
        let is_state = root.get("terraform_version").is_some() && root.get("lineage").is_some();
        let advice = if is_state {
            "this is Terraform's state itself: import what `terraform show -json` writes"
        } else {
            "it is no template (it has no `Resources`) and not what `terraform show -json` writes"
        };
        return Err(format!("{file}: {advice}"));
    }
    Ok(vec![template::stack(&document, (file, name), folder, remarks)])
}

fn text(path: &Path) -> Result<String, String> {
    let name = path.display();
    let wrong = |error: std::io::Error| format!("cannot read {name}: {error}");
    if std::fs::metadata(path).map_err(wrong)?.len() > BYTES_MAX {
        return Err(format!("{name} has more than {BYTES_MAX} bytes"));
    }
    let text = std::fs::read(path).map_err(wrong)?;
    let text = String::from_utf8(text).map_err(|_| {
        format!(
            "{name} is not UTF-8; a plan that `terraform plan -out` writes is shown by `terraform show -json`"
        )
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}
