//! The resources of a pipeline: a table of their kinds, one file each, which owns its section of the file, its reading, its
//! mistakes, what is wanted of it, and its verbs.

/// The name of a resource that is known by its name alone, as it is displayed.
macro_rules! named_id {
    ($about:literal, $word:literal) => {
        #[doc = $about]
        #[derive(
            Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
        )]
        pub struct Id {
            /// Its name.
            pub name: String,
        }

        impl std::fmt::Display for Id {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}{}", $word, self.name)
            }
        }
    };
}

pub mod api_destination;
pub mod archive;
pub mod bus;
pub mod connection;
pub mod event_stream;
pub mod function;
pub mod layer;
pub mod log_group;
pub mod permission;
pub mod queue;
pub mod role;
pub mod rule;
pub mod state_machine;
pub mod subscription;
pub mod table;
pub mod target;

mod platform;
pub(crate) mod runtimes;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::api::{Api, ApiError, found};
use crate::change::Change;
use crate::secrets::Secrets;

/// What can be set of a resource, under AWS's names. JSON inside text (`EventPattern`, `RedrivePolicy`) is here as a
/// value, so that two ways to write the same are the same.
pub type Settings = BTreeMap<String, Value>;

/// A resource and how it should be.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// Which.
    pub id: Id,
    /// How.
    pub settings: Settings,
    /// The secrets that belong into the settings.
    pub secrets: Secrets,
}

impl Resource {
    pub(crate) fn new(id: impl Into<Id>, settings: Settings) -> Self {
        Self { id: id.into(), settings, secrets: Secrets::default() }
    }
}

/// How a resource is to be, when it is made or changed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) secrets: &'a Secrets,
}

/// What is done to one resource; `self` is its name.
pub(crate) trait Verbs: fmt::Display {
    /// What goes away first has the lowest: a target before its rule, a rule before its bus.
    const REMOVAL_RANK: u8;

    /// How it is, in the form in which it is wanted; `None` where there is none.
    async fn look(&self, api: &impl Api) -> Result<Option<Settings>, ApiError>;

    /// Makes it.
    async fn create(&self, api: &impl Api, wanted: Wanted<'_>) -> Result<(), ApiError>;

    /// Changes one that is there: `changes` is what differs.
    async fn update(&self, api: &impl Api, wanted: Wanted<'_>, changes: &[Change]) -> Result<(), ApiError>;

    /// Deletes it.
    async fn delete(&self, api: &impl Api) -> Result<(), ApiError>;

    /// Adds to `actual` what only a comparison with what is wanted tells.
    async fn compare(
        &self,
        _api: &impl Api,
        _wanted: Wanted<'_>,
        _actual: &mut Settings,
    ) -> Result<(), ApiError> {
        Ok(())
    }

    /// Its ARN, where the service makes up the end of it; `None` where there is none, or where its name tells it.
    async fn arn(&self, _api: &impl Api) -> Result<Option<Value>, ApiError> {
        Ok(None)
    }
}

/// Makes [`Id`] and passes each verb on to the kind that it is about.
macro_rules! resources {
    ($($(#[$about:meta])* $kind:ident in $file:ident,)*) => {
        /// Which resource. Its JSON (`{"kind":"queue","name":...}`) is what an endpoint remembers of what a file owns.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase", tag = "kind")]
        pub enum Id {
            $($(#[$about])* $kind($file::Id),)*
        }

        impl fmt::Display for Id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$kind(id) => id.fmt(f),)*
                }
            }
        }

        $(
            impl From<$file::Id> for Id {
                fn from(id: $file::Id) -> Self {
                    Self::$kind(id)
                }
            }
        )*

        impl Id {
            pub(crate) fn removal_rank(&self) -> u8 {
                match self {
                    $(Self::$kind(_) => $file::Id::REMOVAL_RANK,)*
                }
            }

            pub(crate) async fn look(&self, api: &impl Api) -> Result<Option<Settings>, ApiError> {
                match self {
                    $(Self::$kind(id) => id.look(api).await,)*
                }
            }

            pub(crate) async fn create(&self, api: &impl Api, wanted: Wanted<'_>) -> Result<(), ApiError> {
                match self {
                    $(Self::$kind(id) => id.create(api, wanted).await,)*
                }
            }

            pub(crate) async fn update(
                &self,
                api: &impl Api,
                wanted: Wanted<'_>,
                changes: &[Change],
            ) -> Result<(), ApiError> {
                match self {
                    $(Self::$kind(id) => id.update(api, wanted, changes).await,)*
                }
            }

            pub(crate) async fn delete(&self, api: &impl Api) -> Result<(), ApiError> {
                match self {
                    $(Self::$kind(id) => id.delete(api).await,)*
                }
            }

            pub(crate) async fn compare(
                &self,
                api: &impl Api,
                wanted: Wanted<'_>,
                actual: &mut Settings,
            ) -> Result<(), ApiError> {
                match self {
                    $(Self::$kind(id) => id.compare(api, wanted, actual).await,)*
                }
            }

            async fn arn(&self, api: &impl Api) -> Result<Option<Value>, ApiError> {
                match self {
                    $(Self::$kind(id) => id.arn(api).await,)*
                }
            }
        }
    };
}

resources! {
    /// An SQS queue.
    Queue in queue,
    /// An event bus.
    Bus in bus,
    /// A connection.
    Connection in connection,
    /// An API destination.
    ApiDestination in api_destination,
    /// A rule on a bus.
    Rule in rule,
    /// A target of a rule.
    Target in target,
    /// A DynamoDB table.
    Table in table,
    /// A log group.
    LogGroup in log_group,
    /// A role that the pipeline needs.
    Role in role,
    /// A layer of functions.
    Layer in layer,
    /// A Lambda function.
    Function in function,
    /// A statement of a function's policy.
    Permission in permission,
    /// A state machine.
    StateMachine in state_machine,
    /// An archive of a bus.
    Archive in archive,
    /// A subscription to derived events.
    Subscription in subscription,
    /// An event stream.
    EventStream in event_stream,
}

/// What the words for an ARN begin with that a service makes up the end of; the resource's JSON follows.
const ARN_OF: &str = "the ARN of ";

/// What stands for the ARN of a resource where that is not known before it is made.
pub(crate) fn arn_of(id: impl Into<Id>) -> Value {
    json!(format!("{ARN_OF}{}", id.into()))
}

/// The resource whose ARN a value stands for.
pub(crate) fn of_arn(value: &Value) -> Option<Id> {
    let words = value.as_str()?.strip_prefix(ARN_OF)?;
    let connection = connection::Id::of_words(words).map(Id::from);
    connection.or_else(|| api_destination::Id::of_words(words).map(Id::from))
}

/// Puts the words for an ARN where `actual` has that ARN and `desired` those words, so that the two are the same.
pub(crate) async fn recognize(
    api: &impl Api,
    desired: &Settings,
    actual: &mut Settings,
) -> Result<(), ApiError> {
    for (field, value) in desired {
        let (Some(id), Some(is)) = (of_arn(value), actual.get_mut(field)) else { continue };
        if id.arn(api).await?.as_ref() == Some(&*is) {
            *is = value.clone();
        }
    }
    Ok(())
}

/// The settings with every ARN as it is.
pub(crate) async fn settle(api: &impl Api, settings: &Settings) -> Result<Settings, ApiError> {
    let mut settled = settings.clone();
    for value in settled.values_mut() {
        let Some(id) = of_arn(value) else { continue };
        *value = id.arn(api).await?.ok_or_else(|| ApiError {
            code: "ResourceNotFoundException".to_owned(),
            message: format!("the {id} was deleted after it was created"),
            status: 400,
        })?;
    }
    Ok(settled)
}

/// The member of an answer that holds an ARN.
fn arn_in(answer: Result<Value, ApiError>, member: &str) -> Result<Option<Value>, ApiError> {
    let Some(answer) = found(answer)? else { return Ok(None) };
    answer.get(member).cloned().map(Some).ok_or_else(|| ApiError::strange("a question", member))
}

/// Adds the description, where there is one.
fn describe(settings: &mut Settings, description: &str) {
    if !description.is_empty() {
        settings.insert("Description".to_owned(), json!(description));
    }
}

/// The members of an answer that a pipeline decides, without those that are not set.
fn decided(answer: &Value, names: &[&str]) -> Settings {
    let is_set = |value: &&Value| !value.is_null() && value.as_str() != Some("");
    let members = names.iter();
    members.filter_map(|name| Some(((*name).to_owned(), answer.get(*name).filter(is_set)?.clone()))).collect()
}

/// JSON in the text of a setting as a value.
fn as_value(settings: &mut Settings, name: &str) {
    if let Some(value) = settings.get_mut(name)
        && let Some(parsed) = value.as_str().and_then(|text| serde_json::from_str(text).ok())
    {
        *value = parsed;
    }
}

/// What an update leaves out stays as it was; a description that is no longer wanted is made empty.
fn emptied(settings: &Settings) -> Settings {
    let mut settings = settings.clone();
    settings.entry("Description".to_owned()).or_insert_with(|| json!(""));
    settings
}

/// A request's members with the name beside them.
fn named(settings: &Settings, member: &str, name: &str) -> Value {
    let mut body = settings.clone();
    body.insert(member.to_owned(), json!(name));
    json!(body)
}
