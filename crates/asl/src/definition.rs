//! A state machine's definition, parsed: plain enums, in which nothing can be wrong any more.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::expr::choice::Rule;
use crate::expr::jsonata::Template;
use crate::expr::jsonpath::{Path, ReferencePath};
use crate::expr::template::{Dynamic, PayloadTemplate};
use crate::resource::Resource;

/// What a state machine promises: history and durability, or speed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum MachineType {
    /// Exactly once, with a history, up to a year.
    #[default]
    Standard,
    /// At least once, without a history of its own, up to five minutes.
    Express,
}

/// In which language a state's fields are evaluated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QueryLanguage {
    /// Paths, payload templates, intrinsic functions.
    #[default]
    JsonPath,
    /// `{% ... %}`.
    Jsonata,
}

/// Where a `States` block is in [`Machine::blocks`].
pub type BlockId = usize;

/// A whole definition. Block 0 is the machine's own; Parallel branches and Map processors have the others.
#[derive(Debug)]
pub struct Machine {
    /// Standard or Express.
    pub kind: MachineType,
    /// The machine's own language, which every state takes that names none.
    pub query_language: QueryLanguage,
    /// How long an execution may take, in seconds.
    pub timeout_seconds: Option<u64>,
    /// Every `States` block, outer ones first.
    pub blocks: Vec<Block>,
    /// Whether any field may read the context object, which is large: it holds the execution's input.
    pub(crate) reads_context: bool,
}

/// One `States` block: a machine's, a branch's, an item processor's.
#[derive(Debug)]
pub struct Block {
    /// The name of the first state.
    pub start_at: String,
    /// The states in the order of the text.
    pub states: Vec<State>,
    pub(crate) index: BTreeMap<String, usize>,
}

/// One state.
#[derive(Debug)]
pub struct State {
    /// Unique in the whole machine.
    pub name: String,
    /// The state's own language.
    pub query_language: QueryLanguage,
    /// How data passes through it.
    pub flow: Flow,
    /// Where it leads. A Choice has its own; Succeed and Fail end.
    pub transition: Transition,
    /// What it does.
    pub kind: Kind,
}

/// What comes after a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transition {
    /// The state of this name, in the same block.
    Next(String),
    /// The block ends with this state's output.
    End,
}

/// How data passes through a state; what the state's type or language does not have stays at its default.
#[derive(Debug, Default)]
pub struct Flow {
    /// `InputPath`.
    pub input_path: Selection,
    /// `Parameters`, or `Arguments` in JSONata.
    pub parameters: Option<Payload>,
    /// `ResultSelector`.
    pub result_selector: Option<Payload>,
    /// `ResultPath`.
    pub result_path: Placement,
    /// `OutputPath`.
    pub output_path: Selection,
    /// `Output`, JSONata only.
    pub output: Option<Payload>,
    /// `Assign`.
    pub assign: Option<Payload>,
}

/// What a path field chooses.
#[derive(Debug, Default)]
pub enum Selection {
    /// The field is absent: everything.
    #[default]
    All,
    /// The field is null: an empty object.
    Nothing,
    /// The field is a path.
    Path(PathField),
}

/// A path, with its text for AWS's messages.
#[derive(Debug)]
pub struct PathField {
    /// As the definition has it.
    pub text: String,
    /// What it finds.
    pub path: Path,
}

/// Where a result goes in the state's input.
#[derive(Debug, Default)]
pub enum Placement {
    /// It replaces the input.
    #[default]
    Whole,
    /// It is dropped.
    Discard,
    /// It is put here.
    At(ReferencePath),
}

/// A value that a state evaluates in its language.
#[derive(Debug)]
pub enum Payload {
    /// A payload template: keys that end in `.$`.
    Paths(PayloadTemplate),
    /// `{% ... %}` anywhere in the value.
    Jsonata(Template),
}

/// A number that may be computed.
#[derive(Debug)]
pub enum Amount {
    /// Written in the definition.
    Fixed(f64),
    /// Found by a `...Path` field.
    Path(PathField),
    /// Computed.
    Jsonata(Template),
}

/// A text that may be computed.
#[derive(Debug)]
pub enum Text {
    /// Written in the definition.
    Fixed(String),
    /// A path or an intrinsic function.
    Dynamic(Dynamic),
    /// Computed.
    Jsonata(Template),
}

/// What a state does.
#[derive(Debug)]
pub enum Kind {
    /// Hands its input on, or a fixed result.
    Pass {
        /// `Result`.
        result: Option<Value>,
    },
    /// Asks somebody to do something.
    Task(Box<Task>),
    /// Chooses the next state.
    Choice(Choice),
    /// Lets time pass.
    Wait(Until),
    /// Ends its block well.
    Succeed,
    /// Ends its block badly.
    Fail(Fail),
    /// Runs its branches side by side.
    Parallel(Parallel),
    /// Runs its processor for each item.
    Map(Box<Map>),
}

/// What a Task state asks for.
#[derive(Debug)]
pub struct Task {
    /// Of whom.
    pub resource: Resource,
    /// How long it may take, in seconds.
    pub timeout: Option<Amount>,
    /// How long it may be silent, in seconds.
    pub heartbeat: Option<Amount>,
    /// `Credentials`: the role to take.
    pub credentials: Option<Payload>,
    /// What to do when it fails.
    pub guard: Guard,
}

/// Retriers and catchers.
#[derive(Debug, Default)]
pub struct Guard {
    /// In order; the first that matches decides.
    pub retry: Vec<Retrier>,
    /// In order; the first that matches decides.
    pub catch: Vec<Catcher>,
}

/// When a failed state is tried again.
#[derive(Debug)]
pub struct Retrier {
    /// Error names.
    pub error_equals: Vec<String>,
    /// The first delay, in seconds.
    pub interval_seconds: f64,
    /// Attempts beyond the first.
    pub max_attempts: u32,
    /// What each further delay is multiplied by.
    pub backoff_rate: f64,
    /// The longest delay, in seconds.
    pub max_delay_seconds: Option<f64>,
    /// Whether the delay is drawn from 0 to what it would be.
    pub jitter: Jitter,
}

/// `JitterStrategy`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Jitter {
    /// The delay as computed.
    #[default]
    None,
    /// Uniform between 0 and the delay.
    Full,
}

/// Where a failed state leads.
#[derive(Debug)]
pub struct Catcher {
    /// Error names.
    pub error_equals: Vec<String>,
    /// Where the error output goes in the raw input; JSONPath.
    pub result_path: Placement,
    /// The output; JSONata.
    pub output: Option<Payload>,
    /// Variables to set.
    pub assign: Option<Payload>,
    /// The next state.
    pub next: String,
}

/// A Choice state's rules.
#[derive(Debug)]
pub struct Choice {
    /// In order; the first that matches decides.
    pub rules: Vec<ChoiceRule>,
    /// The next state when none matches.
    pub default: Option<String>,
}

/// One rule of a Choice.
#[derive(Debug)]
pub struct ChoiceRule {
    /// When it applies.
    pub condition: Condition,
    /// Variables to set when it does.
    pub assign: Option<Payload>,
    /// The output when it does; JSONata.
    pub output: Option<Payload>,
    /// The next state.
    pub next: String,
}

/// When a rule applies.
#[derive(Debug)]
pub enum Condition {
    /// Comparison operators.
    Rule(Box<Rule>),
    /// `Condition`.
    Jsonata(Template),
}

/// How long a Wait state waits.
#[derive(Debug)]
pub enum Until {
    /// So many seconds.
    Seconds(Amount),
    /// Until this moment, in milliseconds since 1970.
    Moment(i64),
    /// Until the moment that a path finds.
    MomentPath(PathField),
    /// Until the moment that is computed.
    MomentJsonata(Template),
}

/// What a Fail state says.
#[derive(Debug)]
pub struct Fail {
    /// `Error` or `ErrorPath`.
    pub error: Option<Text>,
    /// `Cause` or `CausePath`.
    pub cause: Option<Text>,
}

/// Branches that run side by side.
#[derive(Debug)]
pub struct Parallel {
    /// One block a branch.
    pub branches: Vec<BlockId>,
    /// What to do when one fails.
    pub guard: Guard,
}

/// A processor and the items for which it runs.
#[derive(Debug)]
pub struct Map {
    /// The block that runs for each item, or for each batch.
    pub processor: BlockId,
    /// Where the items are.
    pub items: Items,
    /// `ItemSelector`, or `Parameters` in the old form: an iteration's input.
    pub item_selector: Option<Payload>,
    /// How many iterations run at once; 0 is as many as there are.
    pub max_concurrency: Option<Amount>,
    /// Inline, or as a map run.
    pub mode: Mode,
    /// What to do when it fails.
    pub guard: Guard,
}

/// Where a Map's items are.
#[derive(Debug)]
pub enum Items {
    /// Where a path finds them in the input.
    Path(Selection),
    /// What `Items` says; JSONata.
    Jsonata(Template),
    /// The state's input, JSONata without `Items`.
    Input,
    /// An array in the definition; JSONata.
    Fixed(Template),
}

/// How a Map's iterations run.
#[derive(Debug)]
pub enum Mode {
    /// Inside the execution, with events in its history.
    Inline,
    /// As child executions of a map run.
    Distributed(Box<Distributed>),
}

/// What only a distributed Map has.
#[derive(Debug)]
pub struct Distributed {
    /// Standard or Express children.
    pub execution_type: MachineType,
    /// Part of the children's ARNs; None: to be generated.
    pub label: Option<String>,
    /// `ItemReader`: where the items come from.
    pub reader: Option<ItemReader>,
    /// `ItemBatcher`: how many items make one child's input.
    pub batcher: Option<ItemBatcher>,
    /// `ResultWriter`: where the results go.
    pub writer: Option<ResultWriter>,
    /// How many children may fail.
    pub tolerated_count: Option<Amount>,
    /// What part of the children may fail, 0 to 100.
    pub tolerated_percentage: Option<Amount>,
}

/// Where a map run's items come from.
#[derive(Debug)]
pub struct ItemReader {
    /// `arn:aws:states:::s3:getObject` or `listObjectsV2`.
    pub resource: String,
    /// `Parameters` or `Arguments`.
    pub parameters: Option<Payload>,
    /// `ReaderConfig` without `MaxItems`, as the definition has it.
    pub config: Value,
    /// `MaxItems`.
    pub max_items: Option<Amount>,
}

/// How a map run's items are put together.
#[derive(Debug)]
pub struct ItemBatcher {
    /// Items a batch.
    pub max_items: Option<Amount>,
    /// Bytes a batch.
    pub max_bytes: Option<Amount>,
    /// What every batch has besides.
    pub batch_input: Option<Payload>,
}

/// Where a map run's results go.
#[derive(Debug)]
pub struct ResultWriter {
    /// `arn:aws:states:::s3:putObject`; None: they come back, transformed.
    pub resource: Option<String>,
    /// `Parameters` or `Arguments`.
    pub parameters: Option<Payload>,
    /// `WriterConfig`, as the definition has it.
    pub config: Value,
}

impl Machine {
    /// The state of a block.
    pub fn state(&self, block: BlockId, name: &str) -> Option<&State> {
        self.blocks.get(block)?.state(name)
    }

    /// The state of this name, wherever it is: names are unique in a machine.
    pub fn find(&self, name: &str) -> Option<&State> {
        self.blocks.iter().find_map(|block| block.state(name))
    }

    /// The ARNs of the activities that its Tasks wait for.
    pub fn activities(&self) -> impl Iterator<Item = &str> {
        self.states().filter_map(|state| match &state.kind {
            Kind::Task(task) => match &task.resource {
                Resource::Activity { arn } => Some(arn.as_str()),
                _ => None,
            },
            _ => None,
        })
    }

    /// Every state with its block.
    pub fn states(&self) -> impl Iterator<Item = &State> {
        self.blocks.iter().flat_map(|block| &block.states)
    }
}

impl Block {
    /// The state of this name.
    pub fn state(&self, name: &str) -> Option<&State> {
        self.states.get(*self.index.get(name)?)
    }
}

impl State {
    /// `Pass`, `Task`: the value of `Type`, with which the names of its history events begin.
    pub fn type_name(&self) -> &'static str {
        match &self.kind {
            Kind::Pass { .. } => "Pass",
            Kind::Task(_) => "Task",
            Kind::Choice(_) => "Choice",
            Kind::Wait(_) => "Wait",
            Kind::Succeed => "Succeed",
            Kind::Fail(_) => "Fail",
            Kind::Parallel(_) => "Parallel",
            Kind::Map(_) => "Map",
        }
    }

    /// Its retriers and catchers; None where its type has none.
    pub fn guard(&self) -> Option<&Guard> {
        match &self.kind {
            Kind::Task(task) => Some(&task.guard),
            Kind::Parallel(parallel) => Some(&parallel.guard),
            Kind::Map(map) => Some(&map.guard),
            Kind::Pass { .. } | Kind::Choice(_) | Kind::Wait(_) | Kind::Succeed | Kind::Fail(_) => None,
        }
    }

    /// Every state name to which it can lead.
    pub fn targets(&self) -> Vec<&str> {
        let mut targets = Vec::new();
        if let Transition::Next(next) = &self.transition {
            targets.push(next.as_str());
        }
        if let Kind::Choice(choice) = &self.kind {
            targets.extend(choice.rules.iter().map(|rule| rule.next.as_str()));
            targets.extend(choice.default.as_deref());
        }
        if let Some(guard) = self.guard() {
            targets.extend(guard.catch.iter().map(|catcher| catcher.next.as_str()));
        }
        targets
    }
}
