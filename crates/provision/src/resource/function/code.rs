//! `code:` and `inline:` of a function: a folder that is read anew at each invocation, or one file as a zip.

use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};

use aws::secret::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::{CODE, Function};
use crate::maker::Maker;
use crate::mistake::{Mistake, kind};
use crate::resource::{Resource, Wanted};

/// Where a function's code is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Code {
    /// In a folder, from the one that the pipeline file stands in.
    Folder(String),
    /// In the pipeline file: the text of one file.
    Inline(String),
}

/// The bucket whose keys are folders of this machine. LocalStack's name, which tools know.
const HOT_RELOAD: &str = "hot-reload";

impl Function {
    /// The name of the file that inline code is.
    pub fn inline_file(&self) -> &'static str {
        let Code::Inline(text) = &self.code.value else { return "" };
        let is_module = text.lines().any(|line| line.starts_with("export ") || line.starts_with("import "));
        match (self.runtime.value.starts_with("python"), is_module) {
            (true, _) => "index.py",
            (false, true) => "index.mjs",
            (false, false) => "index.js",
        }
    }
}

/// The folder of a path that stands in a file of another folder.
fn absolute(folder: &Path, code: &str) -> PathBuf {
    let path = folder.join(code);
    path.canonicalize().unwrap_or(path)
}

/// What can be seen of the code without running it.
pub(super) fn check(function: &Function, folder: Option<&Path>, out: &mut Vec<Mistake>) {
    let (handler, code) = (&function.handler, &function.code);
    let is_own_program = function.runtime.value.starts_with("provided");
    let Some((file, _)) = handler.value.rsplit_once('.').or(is_own_program.then_some(("bootstrap", "")))
    else {
        let mistake =
            Mistake::new(kind::FUNCTION_CODE, handler.span, format!("`{}` names no function", handler.value));
        out.push(
            mistake.with_suggestion("the file without its ending, a dot, the function: `index.handler`"),
        );
        return;
    };
    match &code.value {
        Code::Inline(text) if text.is_empty() => {}
        Code::Inline(_) if is_own_program => {
            let mistake = Mistake::new(kind::FUNCTION_CODE, code.span, "`inline` is for Node and Python");
            out.push(mistake.with_suggestion("`code:` names the folder with the `bootstrap`"));
        }
        Code::Inline(_) if file != "index" => {
            let sentence = format!("inline code is the file `index`; the handler is in `{file}`");
            out.push(
                Mistake::new(kind::FUNCTION_CODE, handler.span, sentence)
                    .with_suggestion("for example `index.handler`"),
            );
        }
        Code::Inline(_) => {}
        Code::Folder(name) => {
            let Some(folder) = folder.map(|folder| absolute(folder, name)) else { return };
            if !folder.is_dir() {
                out.push(Mistake::new(
                    kind::FUNCTION_CODE,
                    code.span,
                    format!("there is no folder {}", folder.display()),
                ));
            } else if !has_file(&folder, file, &function.runtime.value) {
                let sentence = format!(
                    "the folder {} has no file for the handler `{}`",
                    folder.display(),
                    handler.value
                );
                out.push(
                    Mistake::new(kind::FUNCTION_CODE, code.span, sentence)
                        .with_suggestion(looked_for(file, &function.runtime.value)),
                );
            }
        }
    }
}

/// The endings that a runtime looks for.
fn endings(runtime: &str) -> &'static [&'static str] {
    match runtime {
        _ if runtime.starts_with("nodejs") => &[".js", ".mjs", ".cjs"],
        _ if runtime.starts_with("python") => &[".py", "/__init__.py"],
        _ => &[""],
    }
}

fn has_file(folder: &Path, file: &str, runtime: &str) -> bool {
    // A handler of Python may have dots for slashes.
    let file = if runtime.starts_with("python") { file.replace('.', "/") } else { file.to_owned() };
    endings(runtime).iter().any(|ending| folder.join(format!("{file}{ending}")).exists())
}

fn looked_for(file: &str, runtime: &str) -> String {
    let names: Vec<String> = endings(runtime).iter().map(|ending| format!("{file}{ending}")).collect();
    format!("it was looked for as {}", crate::shape::list(names.iter().map(String::as_str), "and"))
}

/// Adds the code to what is wanted. An inline file is known by the digest of its zip, which goes with the secrets, so that a
/// plan shows no zip.
///
/// # Errors
/// The mistake, where the code cannot be packed.
pub(super) fn put(
    function: &Function,
    resource: &mut Resource,
    maker: &Maker<'_>,
) -> Result<(), Box<Mistake>> {
    let code = match &function.code.value {
        Code::Folder(name) => {
            let folder = absolute(maker.folder, name);
            json!({"S3Bucket": HOT_RELOAD, "S3Key": folder.display().to_string()})
        }
        Code::Inline(text) => {
            let zip = zipped(function.inline_file(), text).map_err(|error| {
                Box::new(Mistake::new(
                    kind::FUNCTION_CODE,
                    function.code.span,
                    format!("the code cannot be packed: {error}"),
                ))
            })?;
            resource.secrets.put(format!("/{CODE}/ZipFile"), &Secret::new(STANDARD.encode(&zip)));
            json!({"Sha256": STANDARD.encode(Sha256::digest(&zip))})
        }
    };
    resource.settings.insert(CODE.to_owned(), code);
    Ok(())
}

/// The code as CreateFunction and UpdateFunctionCode take it.
pub(super) fn sent(wanted: Wanted<'_>) -> Value {
    let filled = wanted.secrets.fill(json!(wanted.settings));
    let mut code = filled.get(CODE).cloned().unwrap_or_default();
    if let Some(members) = code.as_object_mut() {
        members.remove("Sha256");
    }
    code
}

/// The code of a function that is there, in the form in which it is wanted.
pub(super) fn of_answer(answer: &Value) -> Option<Value> {
    let location = answer.pointer("/Code/Location").and_then(Value::as_str);
    if let Some(folder) = location.and_then(|location| location.strip_prefix("file://")) {
        return Some(json!({"S3Bucket": HOT_RELOAD, "S3Key": folder}));
    }
    Some(json!({"Sha256": answer.pointer("/Configuration/CodeSha256")?}))
}

/// One file as a zip: the same bytes each time.
fn zipped(name: &str, text: &str) -> zip::result::ZipResult<Vec<u8>> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    writer.start_file(name, options)?;
    writer.write_all(text.as_bytes())?;
    Ok(writer.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::zipped;

    #[test]
    fn the_same_text_is_the_same_zip() {
        let zip = zipped("index.mjs", "export const handler = () => 1;\n").unwrap();
        assert_eq!(zip, zipped("index.mjs", "export const handler = () => 1;\n").unwrap());
        assert!(zip.starts_with(b"PK"));
    }
}
