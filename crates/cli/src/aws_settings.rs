//! What the environment says of AWS.

use aws_client::{Settings, region};

/// The variables that AWS's own tools read.
pub(crate) fn of_environment() -> Settings {
    Settings::new(|name| std::env::var(name).ok())
}

/// The same, by the profile that the command line names.
pub(crate) fn of_profile(profile: Option<&String>) -> Settings {
    profile.map_or_else(of_environment, |name| of_environment().with_profile(name))
}

/// The region that the command line names, else the environment, else the profile.
///
/// # Errors
/// A sentence about a file that cannot be read.
pub(crate) fn region(named: Option<&String>, settings: &Settings) -> Result<Option<String>, String> {
    named.map_or_else(|| region::named(settings), |named| Ok(Some(named.clone())))
}
