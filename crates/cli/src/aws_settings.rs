//! What the environment says of AWS.

use aws_client::Settings;

/// The variables that AWS's own tools read.
pub(crate) fn of_environment() -> Settings {
    Settings::new(|name| std::env::var(name).ok())
}
