//! `functions:` the Lambda functions.

mod code;
mod layers;

use std::path::Path;

use serde_json::{Map, Value, json};

pub use self::code::Code;
use crate::api::{Api, ApiError, Request, found};
use crate::change::Change;
use crate::fields::Fields;
use crate::maker::Maker;
use crate::mistake::{Marked, Mistake, kind};
use crate::names::{self, Names};
use crate::resource::permission::{self, Permission};
use crate::resource::runtimes::RUNTIMES;
use crate::resource::{Resource, Settings, Verbs, Wanted, decided, describe, emptied, named};
use crate::role_user::RoleUser;
use crate::table::{Choice, Kind, NameRule, Section, may, must};

/// A function.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its name.
    pub name: Marked<String>,
    /// What it is for; empty where nothing is said.
    pub description: String,
    /// AWS's name of its runtime.
    pub runtime: Marked<String>,
    /// What is called.
    pub handler: Marked<String>,
    /// Where its code is.
    pub code: Marked<Code>,
    /// What lies at /opt: layers of the file by their names, others by the ARNs of their versions; the last one on top.
    pub layers: Vec<Marked<String>>,
    /// Its variables.
    pub environment: Vec<Variable>,
    /// How long an invocation may take, in seconds.
    pub timeout_s: u64,
    /// In MB.
    pub memory_mb: u64,
    /// So many invocations at a time, at most.
    pub concurrency: Option<u64>,
    /// Who may call it besides the rules of the file.
    pub permissions: Vec<Permission>,
    /// The ARN of the role that it runs in; `None`: one of the pipeline's.
    pub role: Option<Marked<String>>,
    /// Whether the pipeline does without it where its interpreter is not installed.
    pub is_optional: bool,
}

/// A variable of a function's environment.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Its name.
    pub name: Marked<String>,
    /// Its value.
    pub value: Marked<String>,
    /// Whether nobody is to be shown the value: it comes from the environment or from a file of its own.
    pub is_secret: bool,
}

/// Source: the shape `FunctionName` of the Lambda API.
const NAME: NameRule = NameRule { noun: "a function", signs: "-_", chars_max: 64 };
/// Source: CreateFunction in the Lambda API reference.
const TIMEOUT_S: u64 = 3;
const MEMORY_MB: u64 = 128;
/// All variables together. Source: Lambda quotas.
const VARIABLES_BYTES_MAX: usize = 4096;

pub(crate) const SECTION: Section = Section {
    noun: "a function",
    keys: &[
        must("name", "The function's name: letters, digits, `-` and `_`, at most 64.", Kind::Name(&NAME)),
        may("description", "What it is for.", Kind::Text { chars_max: 256 }),
        must("runtime", "What runs it, for example `nodejs20.x` or `python3.12`.", Kind::OneOf(RUNTIMES)),
        may(
            "handler",
            "What is called: the file without its ending, a dot, the function. Default `index.handler`.",
            Kind::Text { chars_max: 128 },
        ),
        may(
            "code",
            "The folder with the code; an edit is live at the next invocation.",
            Kind::Text { chars_max: 4096 },
        ),
        may("inline", "The code itself, one file of Node or Python.", Kind::Text { chars_max: 65_536 }),
        may(
            "layers",
            "What lies at /opt, the last one on top: layers of the file by name, others by the ARN of a version. At most 5.",
            Kind::List(&Kind::Text { chars_max: 256 }),
        ),
        may(
            "environment",
            "Variables of its environment; `${table:NAME}`, `${queue:NAME}` and `${function:NAME}` name what the file makes.",
            Kind::Texts { chars_max: 4096 },
        ),
        may(
            "timeout",
            "How long an invocation may take, 1s to 15m. Default 3s.",
            Kind::Duration { seconds_min: 1, seconds_max: 900 },
        ),
        may("memory", "Memory in MB, 128 to 10240. Default 128.", Kind::Integer { min: 128, max: 10_240 }),
        may(
            "concurrency",
            "Maximum number of invocations at a time; asynchronous ones wait. Default: as many as there are.",
            Kind::Integer { min: 0, max: 900 },
        ),
        may(
            "permissions",
            "Who may call it, besides the rules of this file.",
            Kind::List(&Kind::Object(&permission::SECTION)),
        ),
        may(
            "role",
            "The ARN of the role that it runs in. Default: one that the file makes.",
            Kind::Text { chars_max: 256 },
        ),
        may(
            "optional",
            "Whether the pipeline does without it where its interpreter is not installed. Default false.",
            Kind::Flag,
        ),
    ],
    choices: &[Choice { among: &["code", "inline"], is_required: true }],
    later: &[],
};

pub(crate) fn read(fields: Fields<'_>) -> Function {
    let variables = fields.unsettled_pairs("environment").into_iter();
    let variables = variables.map(|(name, value)| Variable {
        is_secret: fields.comes_from_outside(value.span),
        name,
        value,
    });
    let code = match (fields.text("inline"), fields.text("code")) {
        (Some(text), _) => Marked::new(Code::Inline(text.value), text.span),
        (None, Some(folder)) => Marked::new(Code::Folder(folder.value), folder.span),
        (None, None) => Marked::new(Code::Inline(String::new()), fields.span()),
    };
    let handler = fields.text("handler");
    Function {
        name: fields.name("name"),
        description: fields.text("description").map(|text| text.value).unwrap_or_default(),
        runtime: fields.name("runtime"),
        handler: handler.unwrap_or_else(|| Marked::new("index.handler".to_owned(), code.span)),
        code,
        layers: fields.texts("layers"),
        environment: variables.collect(),
        timeout_s: fields.seconds("timeout").unwrap_or(TIMEOUT_S),
        memory_mb: fields.integer("memory").unwrap_or(MEMORY_MB),
        concurrency: fields.integer("concurrency"),
        permissions: fields.list("permissions").map(permission::read).collect(),
        role: fields.text("role"),
        is_optional: fields.flag("optional").unwrap_or_default(),
    }
}

/// `folder` is the one that the file stands in; where it is not known, code is not looked for.
pub(crate) fn check(
    functions: &[Function],
    folder: Option<&Path>,
    names: &Names<'_>,
    out: &mut Vec<Mistake>,
) {
    names::unique("function", functions.iter().map(|function| &function.name), out);
    for function in functions {
        code::check(function, folder, out);
        layers::check(function, names, out);
        for variable in &function.environment {
            names.check_resources(&variable.value.value, variable.value.span, out);
        }
        let bytes = function.environment.iter().map(|one| one.name.value.len() + one.value.value.len() + 6);
        let bytes: usize = bytes.sum();
        if let (true, Some(first)) = (bytes > VARIABLES_BYTES_MAX, function.environment.first()) {
            let sentence =
                format!("the variables have {bytes} bytes; AWS allows {VARIABLES_BYTES_MAX} in all");
            out.push(Mistake::new(kind::LIMIT, first.name.span, sentence));
        }
    }
}

named_id!("A function.", "function ");

/// The settings that a pipeline decides, as GetFunction shows them in `Configuration`.
const SETTINGS: &[&str] = &["Runtime", "Handler", "Role", "Description", "Timeout", "MemorySize"];
const CODE: &str = "Code";
const LAYERS: &str = "Layers";
const ENVIRONMENT: &str = "Environment";
const CONCURRENCY: &str = "ReservedConcurrentExecutions";
/// What stands for a variable that is secret, where it is that of the file.
const SECRET_OF_FILE: &str = "as in the pipeline file";

impl Function {
    /// The function, and the permissions that the file names.
    ///
    /// # Errors
    /// The mistake, where something that is named has no id, or the code cannot be read.
    pub(crate) fn wanted(&self, maker: &Maker<'_>) -> Result<Vec<Resource>, Box<Mistake>> {
        let role = match &self.role {
            Some(role) => role.value.clone(),
            None => maker.role_arn(RoleUser::Functions),
        };
        let mut settings = Settings::from([
            ("Runtime".to_owned(), json!(self.runtime.value)),
            ("Handler".to_owned(), json!(self.handler.value)),
            ("Role".to_owned(), json!(role)),
            ("Timeout".to_owned(), json!(self.timeout_s)),
            ("MemorySize".to_owned(), json!(self.memory_mb)),
        ]);
        describe(&mut settings, &self.description);
        if let Some(most) = self.concurrency {
            settings.insert(CONCURRENCY.to_owned(), json!(most));
        }
        let id = Id { name: self.name.value.clone() };
        let mut resource = Resource::new(id, settings);
        code::put(self, &mut resource, maker)?;
        layers::put(self, &mut resource, maker);
        self.put_environment(&mut resource, maker)?;
        let mut out = vec![resource];
        let permissions = self.permissions.iter().enumerate();
        out.extend(permissions.map(|(index, one)| one.wanted(&self.name.value, index + 1)));
        Ok(out)
    }

    fn put_environment(&self, resource: &mut Resource, maker: &Maker<'_>) -> Result<(), Box<Mistake>> {
        let mut variables = Map::new();
        for Variable { name, value, is_secret } in &self.environment {
            let text = maker.settle_resources(&value.value, value.span)?;
            let shown = if *is_secret { SECRET_OF_FILE } else { &text };
            variables.insert(name.value.clone(), json!(shown));
            if *is_secret {
                let pointer = format!("/{ENVIRONMENT}/Variables/{}", name.value);
                resource.secrets.put(pointer, &aws::secret::Secret::new(text));
            }
        }
        if !variables.is_empty() {
            resource.settings.insert(ENVIRONMENT.to_owned(), json!({"Variables": variables}));
        }
        Ok(())
    }
}

impl Id {
    async fn limit(&self, api: &impl Api, most: Option<&Value>) -> Result<(), ApiError> {
        let mut body = json!({"FunctionName": self.name});
        let operation = match (most, body.as_object_mut()) {
            (Some(most), Some(members)) => {
                members.insert(CONCURRENCY.to_owned(), most.clone());
                "PutFunctionConcurrency"
            }
            _ => "DeleteFunctionConcurrency",
        };
        api.call(Request::lambda(operation, body)).await.map(drop)
    }

    /// The configuration alone, with its secrets.
    async fn configuration(&self, api: &impl Api, wanted: Wanted<'_>) -> Result<Value, ApiError> {
        let mut settings = wanted.settings.clone();
        settings.remove(CODE);
        settings.remove(CONCURRENCY);
        layers::settle(api, &mut settings).await?;
        Ok(wanted.secrets.fill(named(&settings, "FunctionName", &self.name)))
    }
}

impl Verbs for Id {
    const REMOVAL_RANK: u8 = 44;

    async fn look(&self, api: &impl Api) -> Result<Option<Settings>, ApiError> {
        let answer = api.call(Request::lambda("GetFunction", json!({"FunctionName": self.name}))).await;
        let Some(answer) = found(answer)? else { return Ok(None) };
        let configuration = answer.get("Configuration").unwrap_or(&Value::Null);
        let mut settings = decided(configuration, SETTINGS);
        let variables = configuration.pointer("/Environment/Variables").and_then(Value::as_object);
        if let Some(variables) = variables.filter(|variables| !variables.is_empty()) {
            settings.insert(ENVIRONMENT.to_owned(), json!({"Variables": variables}));
        }
        if let Some(most) = answer.pointer("/Concurrency/ReservedConcurrentExecutions") {
            settings.insert(CONCURRENCY.to_owned(), most.clone());
        }
        layers::of_configuration(configuration, &mut settings);
        let shown = code::of_answer(&answer).unwrap_or_default();
        settings.insert(CODE.to_owned(), shown);
        Ok(Some(settings))
    }

    async fn create(&self, api: &impl Api, wanted: Wanted<'_>) -> Result<(), ApiError> {
        let mut body = self.configuration(api, wanted).await?;
        if let Some(members) = body.as_object_mut() {
            members.insert(CODE.to_owned(), code::sent(wanted));
        }
        api.call(Request::lambda("CreateFunction", body)).await?;
        match wanted.settings.get(CONCURRENCY) {
            Some(most) => self.limit(api, Some(most)).await,
            None => Ok(()),
        }
    }

    async fn update(&self, api: &impl Api, wanted: Wanted<'_>, changes: &[Change]) -> Result<(), ApiError> {
        let differs = |name: &str| changes.iter().any(|change| change.field == name);
        if differs(CODE) {
            let mut body = code::sent(wanted);
            if let Some(members) = body.as_object_mut() {
                members.insert("FunctionName".to_owned(), json!(self.name));
            }
            api.call(Request::lambda("UpdateFunctionCode", body)).await?;
        }
        if differs(CONCURRENCY) {
            self.limit(api, wanted.settings.get(CONCURRENCY)).await?;
        }
        if changes.iter().all(|change| [CODE, CONCURRENCY].contains(&change.field.as_str())) {
            return Ok(());
        }
        let mut settings = emptied(wanted.settings);
        settings.entry(ENVIRONMENT.to_owned()).or_insert_with(|| json!({"Variables": {}}));
        settings.entry(LAYERS.to_owned()).or_insert_with(|| json!([]));
        let wanted = Wanted { settings: &settings, ..wanted };
        let body = self.configuration(api, wanted).await?;
        api.call(Request::lambda("UpdateFunctionConfiguration", body)).await.map(drop)
    }

    async fn delete(&self, api: &impl Api) -> Result<(), ApiError> {
        api.call(Request::lambda("DeleteFunction", json!({"FunctionName": self.name}))).await.map(drop)
    }

    /// A variable that is secret is not shown, only whether it is that of the file; a version of a layer is that of the file
    /// where its bytes are.
    async fn compare(
        &self,
        api: &impl Api,
        wanted: Wanted<'_>,
        actual: &mut Settings,
    ) -> Result<(), ApiError> {
        layers::compare(api, wanted.settings, actual).await?;
        let filled = wanted.secrets.fill(json!(wanted.settings));
        let shown = wanted.settings.get(ENVIRONMENT).and_then(|value| value.get("Variables"));
        let there = actual.get_mut(ENVIRONMENT).and_then(|value| value.get_mut("Variables"));
        let (Some(shown), Some(Value::Object(there))) = (shown.and_then(Value::as_object), there) else {
            return Ok(());
        };
        for (name, is) in there {
            if shown.get(name).is_some_and(|shown| shown == SECRET_OF_FILE) {
                let meant = filled.pointer(&format!("/{ENVIRONMENT}/Variables/{name}"));
                *is = json!(if meant == Some(&*is) { SECRET_OF_FILE } else { "another value" });
            }
        }
        Ok(())
    }
}
