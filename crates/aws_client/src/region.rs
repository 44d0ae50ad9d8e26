//! The region that is named, in the environment or in the profile.

use crate::profiles::Profiles;
use crate::settings::Settings;

/// The region, if anybody names one.
///
/// # Errors
/// A sentence about a file that cannot be read.
pub fn named(settings: &Settings) -> Result<Option<String>, String> {
    let said = settings.variable("AWS_REGION").or_else(|| settings.variable("AWS_DEFAULT_REGION"));
    if said.is_some() {
        return Ok(said);
    }
    let profiles = Profiles::read(settings)?;
    let profile = profiles.profile(&settings.profile_name().name);
    Ok(profile.and_then(|profile| profile.get("region").cloned()))
}
