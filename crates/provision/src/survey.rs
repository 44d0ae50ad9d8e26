//! Looks up what is there, of all that is wanted or owned.

use std::collections::BTreeSet;

use crate::api::{Api, ApiError};
use crate::desired::Desired;
use crate::plan::Actual;
use crate::resource::{self, Id, Wanted};

/// Asks the API for every resource that is wanted or owned.
///
/// # Errors
/// The first answer that is neither the resource nor "there is none".
pub async fn survey(api: &impl Api, desired: &Desired, own: &[Id]) -> Result<Actual, ApiError> {
    let wanted = desired.resources.iter().map(|resource| &resource.id);
    let ids: BTreeSet<&Id> = wanted.chain(own).collect();
    let mut actual = Actual::default();
    for id in ids {
        let found = id.look(api).await?;
        actual.resources.extend(found.map(|settings| (id.clone(), settings)));
    }
    for resource in &desired.resources {
        if let Some(actual) = actual.resources.get_mut(&resource.id) {
            resource::recognize(api, &resource.settings, actual).await?;
            let wanted = Wanted { settings: &resource.settings, secrets: &resource.secrets };
            resource.id.compare(api, wanted, actual).await?;
        }
    }
    Ok(actual)
}
