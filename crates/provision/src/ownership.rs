//! What a pipeline owns at an endpoint: Trunkline remembers it, by operations of its own, from before each thing is made.

use serde_json::{Value, json};

use crate::api::{Api, ApiError, Request};
use crate::owner::Owner;
use crate::resource::Id;

/// What is owned at an endpoint.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ownership {
    /// Whether the pipeline was ever applied there. Where it was not, it takes over what it names: so it is with what an
    /// earlier version of Trunkline made and did not remember.
    pub is_known: bool,
    /// What the pipeline owns, in the order in which it was made: only this is ever deleted.
    pub own: Vec<Id>,
    /// What other pipelines own.
    pub others: Vec<OwnedByOther>,
}

/// A resource of another pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedByOther {
    /// Which.
    pub id: Id,
    /// Whose.
    pub owner: Owner,
}

impl Ownership {
    /// What is owned, as the endpoint remembers it.
    ///
    /// # Errors
    /// What the API answered.
    pub async fn ask(api: &impl Api, owner: &Owner) -> Result<Self, ApiError> {
        let answer = api.call(Request::trunkline("ListOwnership", json!({"Owner": owner.0}))).await?;
        let list = |name: &str| answer.get(name).and_then(Value::as_array).into_iter().flatten();
        let other = |row: &Value| {
            let owner = Owner(row.get("Owner")?.as_str()?.to_owned());
            Some(OwnedByOther { id: id_of(row.get("Resource")?)?, owner })
        };
        Ok(Self {
            is_known: answer.get("IsKnown").and_then(Value::as_bool).unwrap_or_default(),
            own: list("Resources").filter_map(id_of).collect(),
            others: list("Others").filter_map(other).collect(),
        })
    }

    /// The pipeline that owns a resource, where it is another one.
    pub fn other_owner(&self, id: &Id) -> Option<&Owner> {
        self.others.iter().find(|other| other.id == *id).map(|other| &other.owner)
    }
}

/// Has it remembered that a pipeline owns a resource, or is about to make it.
pub(crate) async fn record(api: &impl Api, owner: &Owner, id: &Id) -> Result<(), ApiError> {
    let body = json!({"Owner": owner.0, "Resource": text_of(id)});
    api.call(Request::trunkline("RecordOwnership", body)).await.map(drop)
}

/// Has it forgotten that a pipeline owns a resource, which is gone.
pub(crate) async fn forget(api: &impl Api, owner: &Owner, id: &Id) -> Result<(), ApiError> {
    let body = json!({"Owner": owner.0, "Resource": text_of(id)});
    api.call(Request::trunkline("ForgetOwnership", body)).await.map(drop)
}

/// A resource as the text that is remembered: JSON with its kind and names.
fn text_of(id: &Id) -> String {
    serde_json::to_string(id).unwrap_or_default()
}

/// The resource of such a text. What a later version remembered and this one does not know is left alone.
fn id_of(text: &Value) -> Option<Id> {
    serde_json::from_str(text.as_str()?).ok()
}
