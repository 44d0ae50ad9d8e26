//! ARNs that a service makes up the end of: a pipeline says whose they are, and apply asks for them.

use serde_json::{Value, json};

use crate::api::{Api, ApiError, Request, found};
use crate::desired::{Id, Settings};

/// The ARN of a connection or an API destination as it is now.
async fn ask(api: &impl Api, id: &Id) -> Result<Option<Value>, ApiError> {
    let (operation, name, member) = match id {
        Id::Connection { name } => ("DescribeConnection", name, "ConnectionArn"),
        Id::ApiDestination { name } => ("DescribeApiDestination", name, "ApiDestinationArn"),
        Id::Queue { .. } | Id::Bus { .. } | Id::Rule { .. } | Id::Target { .. } => return Ok(None),
    };
    let Some(answer) = found(api.call(Request::events(operation, json!({"Name": name}))).await)? else {
        return Ok(None);
    };
    answer.get(member).cloned().map(Some).ok_or_else(|| ApiError::strange(operation, member))
}

/// Puts the words for an ARN where `actual` has that ARN and `desired` those words, so that the two are the same.
pub(crate) async fn recognize(
    api: &impl Api,
    desired: &Settings,
    actual: &mut Settings,
) -> Result<(), ApiError> {
    for (field, value) in desired {
        let (Some(id), Some(is)) = (Id::of_arn(value), actual.get_mut(field)) else { continue };
        if ask(api, &id).await?.as_ref() == Some(&*is) {
            *is = value.clone();
        }
    }
    Ok(())
}

/// The settings with every ARN as it is.
pub(crate) async fn settle(api: &impl Api, settings: &Settings) -> Result<Settings, ApiError> {
    let mut settled = settings.clone();
    for value in settled.values_mut() {
        let Some(id) = Id::of_arn(value) else { continue };
        *value = ask(api, &id).await?.ok_or_else(|| ApiError {
            code: "ResourceNotFoundException".to_owned(),
            message: format!("the {id} was deleted after it was created"),
            status: 400,
        })?;
    }
    Ok(settled)
}
