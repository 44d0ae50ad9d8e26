//! `stateMachines:` the state machines of Step Functions.

use std::path::Path;

use asl::{MachineType, Severity};
use serde_json::{Value, json};

use crate::api::{Api, ApiError, Request, found, place};
use crate::change::Change;
use crate::fields::Fields;
use crate::json::JsonText;
use crate::maker::Maker;
use crate::mistake::{Marked, Mistake, kind};
use crate::names::{self, Names};
use crate::resource::{Resource, Settings, Verbs, Wanted, as_value, decided};
use crate::role_user::RoleUser;
use crate::table::{Kind, NameRule, Section, may, must};
use crate::{input, reference};

/// A state machine.
#[derive(Clone, Debug)]
pub struct StateMachine {
    /// Its name.
    pub name: Marked<String>,
    /// `STANDARD` or `EXPRESS`.
    pub kind: String,
    /// Its definition. References to what the file makes are still in it.
    pub definition: Definition,
    /// The ARN of the role that it runs in; `None`: one of the pipeline's.
    pub role: Option<Marked<String>>,
}

/// A definition in Amazon States Language.
#[derive(Clone, Debug)]
pub enum Definition {
    /// In the pipeline file.
    Inline(JsonText),
    /// In a file of its own, from the folder that the pipeline file stands in.
    File(Marked<String>),
}

/// Source: the shape `Name` of the Step Functions API.
const NAME: NameRule = NameRule { noun: "a state machine", signs: "-_", chars_max: 80 };
const TYPES: &[&str] = &["STANDARD", "EXPRESS"];

pub(crate) const SECTION: Section = Section {
    noun: "a state machine",
    keys: &[
        must("name", "Its name: letters, digits, `-` and `_`, at most 80.", Kind::Name(&NAME)),
        may("type", "STANDARD or EXPRESS. Default STANDARD.", Kind::OneOf(TYPES)),
        must(
            "definition",
            "The definition in Amazon States Language: a mapping, JSON text, or the path of a file that ends in .json or .yaml. `${function:NAME}` is a function's ARN, `${queue:NAME}` a queue's URL, `${table:NAME}` a table's name, `${stateMachine:NAME}` a state machine's ARN.",
            Kind::Definition,
        ),
        may(
            "role",
            "The ARN of the role that it runs in. Default: one that the file makes.",
            Kind::Text { chars_max: 256 },
        ),
    ],
    choices: &[],
    later: &[],
};

pub(crate) fn read(fields: Fields<'_>) -> StateMachine {
    let file = fields.text("definition").filter(|text| !text.value.trim_start().starts_with('{'));
    let definition = match file {
        Some(file) => Definition::File(file),
        None => Definition::Inline(fields.json_or_text("definition").unwrap_or_default()),
    };
    StateMachine {
        name: fields.name("name"),
        kind: fields.text("type").map_or_else(|| "STANDARD".to_owned(), |kind| kind.value),
        definition,
        role: fields.text("role"),
    }
}

impl StateMachine {
    /// Whether it is Standard or Express.
    pub fn machine_type(&self) -> MachineType {
        if self.kind == "EXPRESS" { MachineType::Express } else { MachineType::Standard }
    }

    /// The definition as JSON text, references to what the file makes still in it. A file is looked for in `folder`.
    ///
    /// # Errors
    /// The mistake, where a file cannot be read.
    pub fn text(&self, folder: &Path) -> Result<JsonText, Box<Mistake>> {
        match &self.definition {
            Definition::Inline(json) => Ok(json.clone()),
            Definition::File(path) => {
                let wrong =
                    |sentence: String| Box::new(Mistake::new(kind::STATE_MACHINE, path.span, sentence));
                let text = input::read(&folder.join(&path.value)).map_err(wrong)?;
                let is_yaml = path.value.ends_with(".yaml") || path.value.ends_with(".yml");
                if !is_yaml {
                    return Ok(JsonText::of_file(text, path.span));
                }
                let mut mistakes = Vec::new();
                let read = crate::tree::read(&text, &|_| None, &mut mistakes);
                match (read, mistakes.first()) {
                    (Some(node), None) => Ok(JsonText::of_file(JsonText::of_node(&node).text, path.span)),
                    (_, first) => {
                        let (line, sentence) = first.map_or((1, "it is empty"), |mistake| {
                            (mistake.span.line, mistake.sentence.as_str())
                        });
                        Err(wrong(format!("{}:{line}: {sentence}", path.value)))
                    }
                }
            }
        }
    }

    /// A definition in which what a reference stands for has the form of what it will be; `None` where one is wrong.
    pub fn stand_ins(json: &JsonText) -> Option<String> {
        let stand_in = |kind: &str, name: &str| {
            Some(match kind {
                "function" => format!("arn:aws:lambda:us-east-1:000000000000:function:{name}"),
                "stateMachine" => format!("arn:aws:states:us-east-1:000000000000:stateMachine:{name}"),
                _ => name.to_owned(),
            })
        };
        reference::settle(&json.text, &stand_in).ok()
    }

    /// The definition as AWS gets it.
    ///
    /// # Errors
    /// The mistake, where a file cannot be read or something that is named is not there.
    pub(crate) fn settled(&self, maker: &Maker<'_>) -> Result<String, Box<Mistake>> {
        let json = self.text(maker.folder)?;
        maker.settle_resources(&json.text, json.span)
    }

    /// The machine and the permissions that its role needs are the pipeline's own.
    ///
    /// # Errors
    /// As [`Self::settled`].
    pub(crate) fn wanted(&self, maker: &Maker<'_>) -> Result<Resource, Box<Mistake>> {
        let text = self.settled(maker)?;
        let definition: Value = serde_json::from_str(&text).map_err(|error| {
            Box::new(Mistake::new(
                kind::STATE_MACHINE,
                self.name.span,
                format!("the definition is not JSON: {error}"),
            ))
        })?;
        let role = match &self.role {
            Some(role) => role.value.clone(),
            None => maker.role_arn(RoleUser::StateMachines),
        };
        let settings = Settings::from([
            ("definition".to_owned(), definition),
            ("roleArn".to_owned(), json!(role)),
            ("type".to_owned(), json!(self.kind)),
        ]);
        Ok(Resource::new(Id { name: self.name.value.clone() }, settings))
    }
}

/// `folder` is the one that the file stands in; where it is not known, files are not looked for.
pub(crate) fn check(
    machines: &[StateMachine],
    folder: Option<&Path>,
    names: &Names<'_>,
    out: &mut Vec<Mistake>,
) {
    names::unique("state machine", machines.iter().map(|machine| &machine.name), out);
    for machine in machines {
        let json = match (&machine.definition, folder) {
            (Definition::File(_), None) => continue,
            (_, folder) => machine.text(folder.unwrap_or(Path::new("."))),
        };
        match json {
            Ok(json) => check_definition(machine, &json, names, out),
            Err(mistake) => out.push(*mistake),
        }
    }
}

fn check_definition(machine: &StateMachine, json: &JsonText, names: &Names<'_>, out: &mut Vec<Mistake>) {
    if json.text.is_empty() {
        return;
    }
    let told = out.len();
    names.check_resources_in(json, out);
    if out.len() > told {
        return;
    }
    let Some(settled) = StateMachine::stand_ins(json) else { return };
    for found in asl::parse(&settled, machine.machine_type()).diagnostics {
        if found.severity != Severity::Error {
            continue;
        }
        let place = found.location.as_deref().and_then(|location| asl::place::find(&json.text, location));
        let span = place.map_or(json.span, |place| json.locate_line_of(place.line, place.column));
        let at = found.location.as_deref().map(|at| format!(" at {at}")).unwrap_or_default();
        let mistake = Mistake::new(
            kind::STATE_MACHINE,
            span,
            format!("the state machine cannot be made: {}", found.message),
        );
        out.push(mistake.with_suggestion(format!("AWS says: {}{at}", found.code)));
    }
}

named_id!("A state machine.", "state machine ");

/// The settings that a pipeline decides.
const SETTINGS: &[&str] = &["definition", "roleArn", "type"];

impl Id {
    async fn machine_arn(&self, api: &impl Api) -> Result<String, ApiError> {
        let place = place(api).await?;
        Ok(format!("arn:aws:states:{}:{}:stateMachine:{}", place.region, place.account, self.name))
    }
}

/// The members of a request, the definition as text.
fn body_of(settings: &Settings, (member, value): (&str, String)) -> Value {
    let mut body = settings.clone();
    if let Some(definition) = body.get_mut("definition") {
        *definition = json!(definition.to_string());
    }
    body.insert(member.to_owned(), json!(value));
    json!(body)
}

impl Verbs for Id {
    const REMOVAL_RANK: u8 = 42;

    async fn look(&self, api: &impl Api) -> Result<Option<Settings>, ApiError> {
        let body = json!({"stateMachineArn": self.machine_arn(api).await?});
        let answer = api.call(Request::states("DescribeStateMachine", body)).await;
        let Some(answer) = found(answer)? else { return Ok(None) };
        if answer.get("status").and_then(Value::as_str) == Some("DELETING") {
            return Ok(None);
        }
        let mut settings = decided(&answer, SETTINGS);
        as_value(&mut settings, "definition");
        Ok(Some(settings))
    }

    async fn create(&self, api: &impl Api, wanted: Wanted<'_>) -> Result<(), ApiError> {
        let body = body_of(wanted.settings, ("name", self.name.clone()));
        api.call(Request::states("CreateStateMachine", body)).await.map(drop)
    }

    async fn update(&self, api: &impl Api, wanted: Wanted<'_>, changes: &[Change]) -> Result<(), ApiError> {
        if changes.iter().any(|change| change.field == "type") {
            return Err(ApiError {
                code: "ValidationException".to_owned(),
                message: "the type of a state machine cannot be changed; give it another name".to_owned(),
                status: 400,
            });
        }
        let mut settings = wanted.settings.clone();
        settings.remove("type");
        let body = body_of(&settings, ("stateMachineArn", self.machine_arn(api).await?));
        api.call(Request::states("UpdateStateMachine", body)).await.map(drop)
    }

    async fn delete(&self, api: &impl Api) -> Result<(), ApiError> {
        let body = json!({"stateMachineArn": self.machine_arn(api).await?});
        api.call(Request::states("DeleteStateMachine", body)).await.map(drop)
    }
}
